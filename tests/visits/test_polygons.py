"""posesuite/visits/polygons.py: lines and polygons that cross themselves, masks, distances."""
from posesuite.visits.polygons import crosses_itself, distances, numbered

import numpy as np
import pytest


@pytest.mark.parametrize('corners, crosses', [
    ([(0, 0), (9, 0), (9, 9)], False),
    ([(0, 0), (9, 0), (9, 9), (0, 9)], False),
    ([(0, 0), (9, 9), (9, 0), (0, 9)], True),
    ([(0, 0), (9, 0), (4, 3), (9, 9), (0, 9)], False),  # not convex
    ([(0, 0), (5, 0), (9, 0), (9, 9)], False),  # straight on
    ([(0, 0), (9, 0), (5, 0), (5, 5)], True),  # back over the same line
    ([(0, 0), (4, 0), (4, 4), (8, 4), (8, 0), (4, 0), (2, -4)], True),  # through a corner
    ([(0, 0), (9, 0), (9, 9), (4, 0), (0, 9)], True),  # a corner on a line
    ([(0, 0), (0, 0), (9, 0), (9, 9), (0, 0)], False),  # corners given twice
    ([(0, 0), (9, 0), (0, 0), (9, 9)], True)])
def test_polygons_that_cross_themselves(corners, crosses):
    """In whatever order and direction their corners are given."""
    for start in range(len(corners)):
        turned = corners[start:] + corners[:start]
        assert crosses_itself(turned) == crosses_itself(turned[::-1]) == crosses


def test_lines_that_are_not_closed():
    assert not crosses_itself([], closed=False) and not crosses_itself([(1, 1)], closed=False)
    assert not crosses_itself([(0, 0), (9, 9), (9, 0)], closed=False)
    assert crosses_itself([(0, 0), (9, 9), (9, 0), (0, 9)], closed=False)


def test_the_first_polygon_counts_where_they_overlap():
    square = [(100, 100), (300, 100), (300, 300), (100, 300)]
    mask = numbered([square, [(x + 100, y) for x, y in square], [(0, 990), (10, 1000), (0, 1000)]])
    assert mask.shape == (1000, 1000)
    assert [mask[200, x] for x in (50, 150, 250, 350, 450)] == [0, 1, 1, 2, 0]
    assert mask[999, 0] == 3
    assert not numbered([]).any()


def test_distances_end_at_the_ends_of_a_line():
    points = np.array([(5, 3), (-3, 4), (13, -4), (0, 0)], float)
    assert distances(points, (0, 0), (10, 0)).tolist() == [3, 5, 5, 0]
    assert distances(points, (1, 3), (1, 3)).tolist() == pytest.approx(
        np.hypot(points[:, 0] - 1, points[:, 1] - 3).tolist())  # a line without a length
    assert distances(points[:2], np.zeros((2, 2)), np.array([(10, 0), (0, 9)])).tolist() == [3, 3]
