"""posesuite/visits/tally.py: it counts what the report counts of the same rows."""
import datetime
from typing import Any, List

import visitors
from posesuite.visits import tally as tally_module
from posesuite.visits.areas import Line, Plan, read_plan
from posesuite.visits.crossings import find_crossings
from posesuite.visits.live import stored_rows
from posesuite.visits.measure import measure
from posesuite.visits.rows import FEET, no_rows
from posesuite.visits.tally import Tally

import numpy as np
import pytest

SIZE = visitors.WIDTH, visitors.HEIGHT
SATURDAY = 5  # the busiest day of the week


def line_across(x: float) -> Line:
    """A line across the room at so many metres; the exhibits are on its inner side."""
    ends = visitors.project(np.array([(x, 0.2, 0.07), (x, 5.2, 0.07)])) * 1000 / SIZE
    line = Line('door', [tuple(end) for end in ends.tolist()], '')
    globe = visitors.project(np.array([(*visitors.EXHIBITS['globe'], 0.07)])) * 1000 / SIZE
    return line if line.inner_side(globe)[0] > 0 else line._replace(line=line.line[::-1])


@pytest.fixture(scope='module')
def plan(folder) -> Plan:
    areas = read_plan(str(folder / 'areas.json'), [str(folder / 'shop.db')]).areas
    return Plan(areas, [line_across(6.7), line_across(5.5)])


@pytest.fixture(scope='module')
def saturday(days) -> Any:
    """Its begin and end."""
    return tuple(datetime.datetime.fromtimestamp(when, datetime.timezone.utc)
                 for when in (days[SATURDAY].begin - 1, days[SATURDAY].end + 1))


@pytest.fixture(scope='module')
def tally(folder, plan, saturday) -> Tally:
    tally = Tally(plan)
    tally.add(stored_rows(str(folder / 'shop.db'), list(range(1, 8)),
                          *(round(when.timestamp() * 1000) for when in saturday)), SIZE)
    tally.end()
    return tally


def test_everybody_comes_in_and_goes_out(tally, days):
    count = len(days[SATURDAY].visitors)
    assert count > 100 and len(tally.people()) == count
    for line in (0, 1):
        ways = [crossing.inward for crossing in tally.crossings() if crossing.line == line]
        assert (ways.count(True), ways.count(False)) == (count, count) or line == 1
    assert list(tally.runs) == [-6]


def test_lines_are_crossed_as_in_the_report(tally, folder, plan, saturday):
    room = measure(str(folder / 'shop.db'), 'shop', (), *saturday, lines=plan.lines)
    for i, expected in enumerate(room.lines):
        for way in (True, False):
            mine = sorted(crossing.when / 1000 for crossing in tally.crossings()
                          if (crossing.line, crossing.inward) == (i, way))
            theirs = np.sort(expected.when[expected.inward == way])
            assert len(mine) == len(theirs) > 100
            assert np.abs(np.array(mine) - theirs).max() < 0.01


def test_stays_are_as_in_the_report(tally, folder, plan, saturday):
    room = measure(str(folder / 'shop.db'), 'shop', plan.areas, *saturday)
    for i, use in enumerate(room.areas):
        mine = sorted(stay.seconds for stay in tally.stays() if stay.area == i)
        assert len(mine) == len(use.stays) > 30
        assert np.abs(np.array(mine) - np.sort(use.stays)).max() <= 1  # after the last position


def walk(*places: Any, visit: int = 1, tally: Any = None) -> Tally:
    """What somebody does who is at places, (x, y) in thousandths, a second each."""
    tally = tally or Tally(Plan([], [Line('gate', [(500, 800), (500, 200)], '')]))
    rows = no_rows()
    for second, (x, y) in enumerate(places):
        rows['positions'][visit, 1000 * second] = x, y, 300, FEET
    tally.add(rows, (640, 480))
    tally.end()
    return tally


def ways(tally: Tally) -> List[bool]:
    return [crossing.inward for crossing in tally.crossings()]


def test_inside_is_to_the_left_of_a_line_that_is_gone_along():
    assert ways(walk((600, 500), (400, 500))) == [True]
    assert ways(walk((400, 500), (600, 500), (400, 500))) == [False, True]


@pytest.mark.parametrize('places, expected', [
    ([(600, 500), (505, 500), (498, 500), (503, 500), (497, 500), (400, 500)], [True]),
    ([(600, 500), (505, 500), (498, 500), (503, 500), (600, 500)], []),  # loiters at the line
    ([(600, 900), (400, 900)], []),  # goes around it
    ([(600, 500), (400, 500), (400, 900), (600, 900), (600, 500)], [True]),  # and back around it
    ([(600, 500)], [])])
def test_who_loiters_at_a_line_or_goes_around_it(places, expected):
    assert ways(walk(*places)) == expected


def test_who_stands_for_hours_costs_little(monkeypatch):
    monkeypatch.setattr(tally_module, 'LONG', 10)
    monkeypatch.setattr(tally_module, 'find_crossings', lambda lines, visit, *rest: (
        lengths.append(len(visit)), find_crossings(lines, visit, *rest))[1])
    lengths = []
    shakes = [(600 + second % 7, 500 - second % 3) for second in range(1000)]
    assert ways(walk(*shakes, (560, 500), (450, 500), (400, 500))) == [True]
    assert lengths and max(lengths) < 20


def test_who_is_lost_from_sight_at_a_line_crosses_it_once():
    """As in the report; who does not come back for long is somebody else."""
    for seconds, expected in ((2, [True]), (20, [])):
        tally = Tally(Plan([], [Line('gate', [(500, 800), (500, 200)], '')]))
        rows = no_rows()
        for visit, begin, places in ((1, 0, (800, 700, 600)), (2, 2 + seconds, (400, 300, 200))):
            for second, x in enumerate(places, begin):
                rows['positions'][visit, 1000 * second] = x, 500, 300, FEET
        rows['visits'] = {1: (1, 0, 2000), 2: (1, 2000 + 1000 * seconds, 4000 + 1000 * seconds)}
        tally.add(rows, (640, 480))
        tally.end([], 1000 * (4 + seconds))
        assert [crossing.inward for crossing in tally.crossings()] == expected
        tally.end()
        assert ways(tally) == expected and len(tally.people()) == (1 if expected else 2)


def test_a_clock_that_is_set_moves_all():
    tally = walk((600, 500), (400, 500))
    rows = no_rows()
    rows['runs'][1], rows['visits'][1] = (0, 9000), (1, 0, 1000)
    rows['gaps'][1, 5000] = 6000, 'black'
    tally.add(rows, SIZE)
    tally.shift(100)
    assert [crossing.when for crossing in tally.crossings()] == [600]
    assert tally.runs[1][:2] == (100, 9100) and tally.visits[1][:2] == (100, 1100)
    assert tally.gaps == {(1, 5100): (5100, 6100, 'black')}
    tally.forget(5000)
    assert not tally.crossings() and not tally.visits and tally.runs and tally.gaps
