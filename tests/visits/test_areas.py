"""posesuite/visits/areas.py: areas.json is read, checked and written."""
import json
import os

from posesuite.visits.areas import Area, Plan, read_areas, write_plan
from posesuite.visits.polygons import crosses_itself

import pytest

TILL = Area('Till', [(100, 100), (500, 100), (500, 500)], '')
DOOR = Area('Tür é', [(0, 0), (100, 0), (100, 100)], 'hall.db')
SQUARE = [[0, 0], [9, 0], [9, 9]]


@pytest.mark.parametrize('text, reason', [
    ('{', 'is not JSON'), ('[]', 'an object with lists'),
    ('{"areas": {}}', 'list 99 areas or fewer'),
    (json.dumps({'areas': [{}] * 100}), 'list 99 areas or fewer'),
    ([3], 'area 1: need "name"'),
    ([{'name': 'a' * 61, 'polygon': SQUARE}], 'text of 1 to 60'),
    ([{'name': 'a\nb', 'polygon': SQUARE}], 'printable'),
    ([{'name': 'till'}], r"area 1 \('till'\): need \"polygon\""),
    ([{'name': 'till', 'polygon': SQUARE[:2]}], 'a list of 3 to 100 points'),
    ([{'name': 'till', 'polygon': [[i, i * i % 999] for i in range(101)]}], 'of 3 to 100 points'),
    ([{'name': 'till', 'polygon': [[0, 0], [90, 90], [90, 0], [0, 70]]}], 'crosses itself'),
    ([{'name': 'till', 'polygon': [*SQUARE, [1001, 0]]}], r'from 0 to 1000, got \[1001, 0\]'),
    ([{'name': 'till', 'polygon': [*SQUARE, [True, 0]]}], 'from 0 to 1000'),
    ([{'name': 'till', 'polygon': [[0, 0], [5, 5], [9, 9]]}], 'has no area'),
    ([{'name': 'till', 'polygon': SQUARE}] * 2, 'area 2 .*another area of this name'),
    ([{'name': 'till', 'polygon': SQUARE, 'store': 'x.db'}], "one of shop.db; got 'x.db'"),
    (' ' * (1 << 20) + '{}', 'at most 1048576 bytes'),
])
def test_wrong_areas_are_one_line(tmp_path, text, reason):
    path = tmp_path / 'areas.json'
    path.write_text(text if isinstance(text, str) else json.dumps({'areas': text}))
    with pytest.raises(ValueError, match=reason) as error:
        read_areas(str(path), ['/a/shop.db'])
    assert '\n' not in str(error.value)
    assert str(path) in str(error.value)


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


def test_a_file_is_read_as_it_was_written(tmp_path):
    path = str(tmp_path / 'areas.json')
    write_plan(path, Plan([TILL, DOOR]))
    assert read_areas(path) == [TILL, DOOR]
    assert os.listdir(str(tmp_path)) == ['areas.json']


def test_a_file_that_cannot_be_written_is_one_line_and_stays(tmp_path):
    with pytest.raises(OSError, match='cannot write .*: No such file or directory$'):
        write_plan(str(tmp_path / 'none' / 'areas.json'), Plan([TILL]))
    (tmp_path / 'areas.json').mkdir()
    with pytest.raises(OSError, match='cannot write .*: Is a directory$'):
        write_plan(str(tmp_path / 'areas.json'), Plan([TILL]))
    assert os.listdir(str(tmp_path)) == ['areas.json']
