"""posesuite/visits/walking.py: hidden feet, standing and speed."""
from posesuite.visits.areas import Line
from posesuite.visits.crossings import find_crossings
from posesuite.visits.walking import is_still, on_their_feet, speeds

import numpy as np
import pytest

SIZE = 640, 480


def test_nobody_crosses_a_line_because_the_ankles_are_hidden():
    """Somebody stands before the line, behind whom a hip would be."""
    feet = np.array([1, 1, 0, 1, 0, 0, 1, 1], bool)
    visit, when, height = np.zeros(8, int), np.arange(8.0), np.full(8, 300.0)
    points = np.stack([np.full(8, 500.0), np.where(feet, 560, 420)], 1)
    line = Line('door', [(0, 500), (1000, 500)], '')
    everything, = find_crossings([line], visit, when, points, height, SIZE)
    assert len(everything.when) == 4
    kept = on_their_feet(visit, feet)
    assert kept.tolist() == feet.tolist()
    found, = find_crossings([line], visit[kept], when[kept], points[kept], height[kept], SIZE)
    assert len(found.when) == 0


def test_those_whose_feet_are_never_seen_count_as_they_are():
    visit = np.array([0, 0, 0, 1, 1, 1])
    assert on_their_feet(visit, np.array([1, 0, 0, 1, 1, 0], bool)).tolist() == [True] * 5 + [False]
    assert on_their_feet(visit[:0], np.zeros(0, bool)).tolist() == []


def test_who_stands_and_how_fast_the_others_walk():
    x = [100, 100, 101, 100, 100, 102, 200, 300, 400, 500]
    points = np.array([(place, 500) for place in x], float)
    visit, height = np.zeros(10, int), np.full(10, 300.0)
    still = is_still(visit, points, height, SIZE)
    assert still.tolist() == [False] * 2 + [True] * 2 + [False] * 6
    found = speeds(visit, np.arange(10.0), still, points / 100, 2)
    assert found[0] == pytest.approx(1, abs=0.03) and np.isnan(found[1])
    assert speeds(visit, np.arange(10.0), still, None, 2).size == 0


def test_the_steps_in_which_somebody_sets_off_or_stops_are_not_their_speed():
    x = np.cumsum([0, 1.2, 1.2, 1.2, 0.3, 0.05, 0.04, 0.05, 0.04, 0.05, 0.04, 0.7, 1.2, 1.2])
    visit, metres = np.zeros(len(x), int), np.stack([x, np.zeros(len(x))], 1)
    still = is_still(visit, metres * 100, np.full(len(x), 300.0), SIZE)
    assert 0 < still.sum() < 5
    assert speeds(visit, np.arange(len(x)) * 1.0, still, metres, 1) == pytest.approx(1.2)
    assert np.isnan(speeds(visit[:2], np.arange(2.0), still[:2], metres[:2], 1))  # too short
