"""Counting lines, routes, attention and the floor in metres against people whose ways are known."""
import csv
import datetime
from typing import Any, Dict, List

import passers
import visitors
from posesuite.visits import crossings, routes
from posesuite.visits.areas import Line, Plan, write_plan
from posesuite.visits.attention import stages
from posesuite.visits.blanks import blanked
from posesuite.visits.measure import measure
from posesuite.visits.statistics import Room
from stores import run_visits

import numpy as np
import pytest

MONDAY = datetime.date(2026, 3, 2)


@pytest.fixture(scope='module')
def days() -> List[List[passers.Passer]]:
    return passers.people(MONDAY, 3, 120, seed=1)


@pytest.fixture(scope='module')
def folder(tmp_path_factory, days) -> Any:
    """Has hall.db."""
    folder = tmp_path_factory.mktemp('passers')
    passers.write_store(days, str(folder / 'hall.db'))
    return folder


@pytest.fixture(scope='module')
def room(folder) -> Room:
    return measure(str(folder / 'hall.db'), 'hall', [passers.display()], lines=passers.lines(),
                   floor=passers.floor())


def everybody(days: List[List[passers.Passer]]) -> List[passers.Passer]:
    return [passer for day in days for passer in day]


def test_everybody_who_crosses_a_line_is_counted_once(room, days):
    expected = passers.crossings(days)
    assert [line.line.name for line in room.lines] == list(passers.DOORS)
    for line in room.lines:
        found = crossings.by_day(room, line, 1)
        assert len(found) == 3
        assert [[day.came, day.went] for day in found] == expected[line.line.name].tolist()
        hours = crossings.by_hour(room, line, 5)
        assert sum(hour.came for hour in hours if np.isfinite(hour.came)) > 0.8 * expected[
            line.line.name][:, 0].sum()
        for hour in hours:
            assert not hour.came < 5 and not hour.went < 5
        came, went = crossings.today(room, line, 5)
        shown = np.where(expected[line.line.name][-1] < 5, np.nan, expected[line.line.name][-1])
        assert np.array([came.visits, went.visits]) == pytest.approx(shown, nan_ok=True)
        assert came.usual == pytest.approx(expected[line.line.name][:2, 0].mean())


def test_who_comes_in_over_two_lines_one_behind_the_other_counts_once(monkeypatch, folder, days):
    outer = passers.lines()
    monkeypatch.setattr(passers, 'LINE_AWAY', 1.3)
    room = measure(str(folder / 'hall.db'), lines=[*outer, *passers.lines()])
    assert sum(line.inward.sum() for line in room.lines) > 1.5 * len(everybody(days))
    when, visits = crossings.came_in(room, room.lines)
    assert len(set(visits)) == len(when) == len(everybody(days))
    assert np.histogram(when, [*room.edges[::24]])[0].tolist() == [len(day) for day in days]


def walk(tmp_path, *places: Any) -> List[bool]:
    """The crossings, inwards or not, of somebody who walks from place to place across the east
    door's line: metres before it (inside) and metres along it.
    """
    ends = passers.door_ends('east')
    along = (ends[1] - ends[0]) / np.linalg.norm(ends[1] - ends[0])
    inwards = np.array([4.4, 3.6]) - passers.DOORS['east']
    inwards /= np.linalg.norm(inwards)
    path = [(datetime.datetime(2026, 3, 2, 12).timestamp(),
             *(ends.mean(0) + places[0][0] * inwards + places[0][1] * along))]
    for inside, aside in places[1:]:
        visitors._walk(path, ends.mean(0) + inside * inwards + aside * along)
    visitor = visitors.Visitor(1, np.array(path), 1.72)
    visitors.write_store([visitors.Day(path[0][0] - 10, path[-1][0] + 10, [visitor], [])],
                         str(tmp_path / 'one.db'))
    line, = measure(str(tmp_path / 'one.db'), lines=passers.lines()[:1]).lines
    assert len(line.when) == len(line.inward) == len(line.visit)
    assert all(path[0][0] <= when <= path[-1][0] for when in line.when)
    return line.inward.tolist()


@pytest.mark.parametrize('places, expected', [
    ([(-.8, 0), (2, 0)], [True]),
    ([(2, 0), (-.8, 0)], [False]),
    ([(-.8, 0), (2, 0), (-.8, 0)], [True, False]),
    ([(2, 0), (0.8, 0), (2, 1)], []),
    # Who loiters on the line and then comes in, or turns back.
    ([(-.8, 0), *[(0.05, 0), (-.05, 0)] * 20, (2, 0)], [True]),
    ([(-.8, 0), *[(0.05, 0), (-.05, 0)] * 20, (-.8, 0)], []),
    # Around the line's end.
    ([(-.8, 0), (-.8, 2), (1.5, 2), (2, 0)], []),
    # Seen first, or last, just beside the line.
    ([(-.1, 0), (2, 0)], [True]),
    ([(2, 0), (-.1, 0)], [False])])
def test_a_crossing_is_counted_where_the_way_meets_the_line(tmp_path, monkeypatch, places,
                                                            expected):
    monkeypatch.setattr(visitors, 'NOISE', 0.3)
    assert walk(tmp_path, *places) == expected


def test_the_direction_of_a_line_says_what_is_inside(folder, room):
    turned = [Line(line.name, line.line[::-1], '') for line in passers.lines()]
    found = measure(str(folder / 'hall.db'), lines=turned).lines
    for line, other in zip(room.lines, found):
        assert (line.inward == ~other.inward).all()
        assert line.when == pytest.approx(other.when)


def test_routes_and_their_shares(room, days):
    ways = np.bincount([passer.way for passer in everybody(days)])
    found = room.routes
    assert len(found.doors) == 3
    assert found.whole == ways.sum() and found.parts == 0
    places = {name: passers.in_picture(place)[0] for name, place in passers.DOORS.items()}
    near = [min(places, key=lambda name: np.hypot(*(places[name] - door.point)))
            for door in found.doors]
    assert sorted(near) == sorted(passers.DOORS)
    for name, door in zip(near, found.doors):
        assert np.hypot(*(places[name] - door.point)) < 30
        assert door.entered == sum(n for n, way in zip(ways, passers.WAYS) if way[0] == name)
        assert door.left == sum(n for n, way in zip(ways, passers.WAYS) if way[1] == name)
    assert len(found.routes) == len(passers.WAYS)
    taken = sorted((near[route.origin], near[route.goal], route.share) for route in found.routes)
    expected = sorted((origin, goal, number / ways.sum())
                      for number, (origin, goal, *_) in zip(ways, passers.WAYS))
    for one, other in zip(taken, expected):
        assert one[:2] == other[:2]
        assert one[2] == pytest.approx(other[2], abs=0.01)
    for route in found.routes:
        for door, point in ((route.origin, route.path[0]), (route.goal, route.path[-1])):
            assert np.hypot(*(found.doors[door].point - point)) < 40
    often = [number for number in sorted(ways, reverse=True) if number >= 30]
    assert 0 < ways.sum() - sum(often) < 30  # which the smallest would tell
    assert [route.visits for route in routes.shown(found, 30).routes] == often[:-1]


def test_who_stops_faces_and_reaches(room, days):
    people = everybody(days)
    use, = room.areas
    assert use.attention.passed == sum(passer.way in (0, 2) for passer in people)
    assert use.attention.stopped == pytest.approx(sum(p.stops for p in people), rel=0.03)
    assert use.attention.faced == pytest.approx(sum(p.faces for p in people), rel=0.05)
    assert use.attention.reached == pytest.approx(sum(p.reaches for p in people), rel=0.05)
    found = stages(room, use, 5)
    assert [stage.name for stage in found] == ['passed', 'stopped', 'faced', 'reached']
    assert found[0].share == use.attention.passed / len(people)
    assert found[3].share == use.attention.reached / use.attention.passed
    hidden = stages(room, use, 100)
    assert np.isnan([stage.share for stage in hidden]).tolist() == [False, False, True, True]


@pytest.mark.parametrize('place, before', [
    ((4.6, 4.2), (5.2, 4.7)), ((6.0, 4.4), (5.4, 4.9)), ((5.6, 4.1), (5.4, 4.9))])
def test_who_faces_a_display_that_stands_free(monkeypatch, tmp_path, place, before):
    """To the left, to the right and towards the camera; with and without the floor in metres."""
    for name, value in (('DISPLAY', place), ('BEFORE', before), ('DISPLAY_TALL', (0, 1.6))):
        monkeypatch.setattr(passers, name, value)
    day, = passers.people(MONDAY, 1, 60, seed=2)
    passers.write_store([day], str(tmp_path / 'hall.db'))
    for floor in (None, passers.floor()):
        use, = measure(str(tmp_path / 'hall.db'), areas=[passers.display()], floor=floor).areas
        assert [use.attention.stopped, use.attention.faced, use.attention.reached] == [
            sum(passer[action] for passer in day) for action in (2, 3, 4)]


def test_an_old_store_tells_who_stopped_but_not_who_faced(tmp_path, days):
    visitors.write_store([passers.day_of(days[0])], str(tmp_path / 'old.db'))
    use, = measure(str(tmp_path / 'old.db'), areas=[passers.display()]).areas
    assert use.attention.stopped == sum(passer.stops for passer in days[0])
    assert np.isnan(use.attention.faced) and np.isnan(use.attention.reached)


def test_speed_is_in_metres(folder, room):
    assert np.isfinite(room.speed).all() and len(room.speed) == len(room.begins)
    assert np.median(room.speed) == pytest.approx(passers.SPEED, rel=0.03)
    assert measure(str(folder / 'hall.db')).speed.size == 0


def test_the_report_and_its_tables_have_them(folder, tmp_path, days):
    write_plan(str(tmp_path / 'plan.json'), Plan([passers.display()], passers.lines(), [],
                                                 [passers.floor()]))
    run_visits('report', folder / 'hall.db', '-o', tmp_path / 'report.html', '--areas',
               tmp_path / 'plan.json', '--csv', tmp_path, '--min-stay', 2)
    made = (tmp_path / 'report.html').read_text()
    assert 'east' in made and 'display' in made

    def table(name: str) -> List[Dict[str, str]]:
        with open(str(tmp_path / f'{name}.csv'), newline='') as file:
            return list(csv.DictReader(file))

    visits, = table('visits')
    assert visits['short_visits'] == ''
    assert float(visits['median_speed_m_s']) == pytest.approx(passers.SPEED, rel=0.03)
    assert 0 < float(visits['mean_people']) < 1 < float(visits['peak_people']) < 20
    expected = passers.crossings(days)
    lines = table('lines')
    assert len(lines) == 9
    for row in lines:
        day = (datetime.date.fromisoformat(row['day']) - MONDAY).days
        for way, name in enumerate(('came_in', 'went_out')):
            count = blanked(expected[row['line']][:, way], 5)[day]
            assert row[name] == ('' if np.isnan(count) else f'{count:.0f}')
    attention, = table('attention')
    stopped = sum(passer.stops for passer in everybody(days))
    assert float(attention['stopped']) == pytest.approx(stopped, rel=0.03)
    assert sum(float(row['share']) for row in table('routes')) == pytest.approx(1, abs=0.01)
    assert len(table('doors')) == 3
    assert [row['what'] for row in table('compared')] == ['day', 'week']
    assert sum(int(row['visits']) for row in table('busy_hours')) == len(everybody(days))


def test_a_stay_must_be_a_number_of_seconds(folder, tmp_path):
    done = run_visits('report', folder / 'hall.db', '-o', tmp_path / 'report.html', '--min-stay',
                      '-1', status=2)
    assert 'must be 0 to 3600' in done.stderr
