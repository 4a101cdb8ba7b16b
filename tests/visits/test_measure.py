"""posesuite/visits/measure.py and statistics.py against the truth about simulated visitors."""
import datetime
import time
from typing import List

import visitors
from posesuite.pose.log import read_log
from posesuite.pose.pose import Frame
from posesuite.visits import statistics
from posesuite.visits.areas import Area
from posesuite.visits.measure import local_hours, measure
from posesuite.visits.store import VisitStore

import numpy as np
import pytest

MONDAY = datetime.date(2026, 3, 2)


def everybody(days: List[visitors.Day]) -> List[visitors.Visitor]:
    return [visitor for day in days for visitor in day.visitors]


def test_visits_dwell_and_people(room, days):
    people = everybody(days)
    dwell = [visitor.path[-1, 0] - visitor.path[0, 0] for visitor in people]
    assert len(room.begins) == len(people) > 1000
    assert np.median(room.dwell) == pytest.approx(np.median(dwell), rel=0.05)
    assert room.people.sum() == pytest.approx(sum(dwell), rel=0.05)
    begins = np.array([visitor.path[0, 0] for visitor in people])
    assert (room.begun == np.histogram(begins, room.edges)[0]).all()
    assert room.watched.sum() == pytest.approx(sum(day.end - day.begin for day in days))


def test_areas_by_hour(room, days):
    seconds = {area['name']: np.zeros(24) for area in visitors.areas()}
    dwell = {name: [] for name in seconds}
    for visitor in everybody(days):
        times = np.arange(visitor.path[0, 0], visitor.path[-1, 0], 0.5)
        hour = [time.localtime(moment).tm_hour for moment in times]
        for name, inside in visitor.inside(times).items():
            seconds[name] += np.bincount(hour, inside * 0.5, 24)
            dwell[name].append(visitor.dwell()[name])
    watched = np.bincount(room.hour, room.watched, 24)
    assert [use.area.name for use in room.areas] == list(seconds)
    for use in room.areas:
        people = statistics.occupancy(room, use, 5)
        # One or two people are still there when it closes; the emptiest other hour would tell that.
        late = use.present[room.hour == 18].sum()
        assert late < 5
        shown = np.arange(11 if late else 10, 18)
        assert np.flatnonzero(np.isfinite(people)).tolist() == shown.tolist()
        expected = seconds[use.area.name][shown] / watched[shown]
        assert people[shown] == pytest.approx(expected, rel=0.05)
        stayed = [value for value in dwell[use.area.name] if value >= statistics.STAY]
        assert len(use.dwell) == pytest.approx(len(stayed), rel=0.02)
        assert np.median(use.dwell) == pytest.approx(np.median(stayed), rel=0.05)


def test_order_of_visits(room, days):
    names = [use.area.name for use in room.areas]
    expected = np.zeros((5, 5))
    for visitor in everybody(days):
        times = np.arange(visitor.path[0, 0], visitor.path[-1, 0], 0.5)
        where = np.max([(i + 1) * visitor.inside(times)[name] for i, name in enumerate(names)], 0)
        cuts = np.flatnonzero(np.diff(where)) + 1
        stays = [part[0] for part in np.split(where, cuts)
                 if part[0] and len(part) * 0.5 >= statistics.STAY]
        pairs = set(zip([0, *stays], [*stays, 5]))
        for origin, following in pairs:
            expected[origin, following - 1] += 1
    assert room.steps.sum() > 3000
    assert room.steps == pytest.approx(expected, rel=0.05, abs=15)


def test_waits_of_the_last_half_hour(room):
    queue = room.areas[-1]
    recent, usual = statistics.waits(room, queue)
    assert len(recent) >= 5
    assert len(usual) >= 50
    assert len(recent) == len(set(queue.stayed[queue.ended > room.now - 1800]))


def test_a_visit_that_waits_often_is_one(tmp_path):
    begin = datetime.datetime(2026, 3, 2, 12).timestamp()
    path = [(begin + 40 * i + after, *(visitors.TILL if after < 20 else visitors.EXHIBITS['loom']))
            for i in range(9) for after in (0, 18, 20, 38)]
    visitors.write_store([visitors.Day(begin, begin + 600, [
        visitors.Visitor(1, np.array(path), 1.7)], [])], str(tmp_path / 'shop.db'))
    room = measure(str(tmp_path / 'shop.db'), areas=[
        Area(area['name'], area['polygon'], '') for area in visitors.areas()[2:]])
    use = room.areas[1]
    assert len(use.stays) == 9
    recent, usual = statistics.waits(room, use)
    assert recent.tolist() == [use.stays[-1]] and not len(usual)


def test_a_log_through_the_store_gives_the_same(tmp_path):
    day, = days = visitors.simulate(MONDAY, 1, per_hour=60, seed=3, hours=(10, 11), gap=0)
    day = day._replace(gaps=[(day.begin + 1200, day.begin + 1800)])
    visitors.write_log(day, str(tmp_path / 'day.jsonl'))
    visitors.write_store([day], str(tmp_path / 'tables.db'))
    header, frames = read_log(str(tmp_path / 'day.jsonl'))
    image = np.zeros((header['height'], header['width'], 3), np.uint8)
    start = datetime.datetime.fromtimestamp(day.begin, datetime.timezone.utc)
    with VisitStore(str(tmp_path / 'store.db'), keep_days=36500, start=start) as store:
        for frame in frames:
            store.write(Frame(image, frame.number, frame.time, 0.0, frame.fault, frame.people),
                      frame.people)
    listed = [Area(area['name'], area['polygon'], '') for area in visitors.areas()]
    straight, stored = (measure(str(tmp_path / name), '', listed)
                        for name in ('tables.db', 'store.db'))
    assert len(days[0].visitors) > 20
    assert len(stored.begins) == pytest.approx(len(straight.begins), abs=1)
    assert np.median(stored.dwell) == pytest.approx(np.median(straight.dwell), rel=0.05)
    assert stored.watched.sum() == pytest.approx(straight.watched.sum(), abs=10)
    assert stored.people.sum() == pytest.approx(straight.people.sum(), rel=0.05)
    for one, other in zip(stored.areas, straight.areas):
        assert one.people.sum() == pytest.approx(other.people.sum(), rel=0.05)


def test_gaps_are_not_zero_people(tmp_path):
    days = visitors.simulate(MONDAY, 7, per_hour=20, seed=2, gap=2700)
    visitors.write_store(days, str(tmp_path / 'shop.db'))
    room = measure(str(tmp_path / 'shop.db'))
    assert len(room.gaps) == 7
    in_gap = room.hour == 11
    assert np.bincount(room.hour, room.watched, 24)[11] == pytest.approx(7 * 900)
    # Who comes in the gap and is there after it has a visit then.
    came = sum(gap_end <= visitor.path[0, 0] < gap_end + 900 for day in days
               for _, gap_end in day.gaps for visitor in day.visitors)
    there = sum(visitor.path[0, 0] < gap_end < visitor.path[-1, 0] for day in days
                for _, gap_end in day.gaps for visitor in day.visitors)
    assert room.begun[in_gap].sum() == pytest.approx(came + there, abs=2)
    week = statistics.week_rate(room, 5)
    assert np.nanmin(week[:, 11]) > 0.5 * np.nanmin(week[:, 10])
    assert np.isnan(week[:, :10]).all()
    assert np.isnan(week[:, 19:]).all()


def test_paths_point_where_people_walk(tmp_path):
    """Towards the loom from the door is to the left and down in the picture."""
    time = datetime.datetime(2026, 3, 2, 12).timestamp()
    path = np.array([(time, *visitors.DOOR), (time + 5, *visitors.EXHIBITS['loom'])])
    people = [visitors.Visitor(i, path + [60 * i, 0, 0], 1.7) for i in range(20)]
    visitors.write_store([visitors.Day(time, time + 1800, people, [])], str(tmp_path / 'shop.db'))
    flow = measure(str(tmp_path / 'shop.db')).flow.sum((0, 1))
    (x, y), (to_x, to_y) = visitors.project(np.append(path[:, 1:], [[0], [0]], 1))
    degrees = np.degrees(np.arctan2(to_y - y, to_x - x))
    assert flow.sum() >= 40
    assert flow[[3, 4]].sum() > 0.95 * flow.sum()  # 135 and 180 degrees clockwise from the right
    assert 135 < degrees < 180


def test_since_and_until(folder, days):
    since, until = (datetime.datetime.combine(MONDAY + datetime.timedelta(days=day),
                                              datetime.time()) for day in (2, 4))
    room = measure(str(folder / 'shop.db'), since=since, until=until)
    assert len(room.begins) == sum(len(day.visitors) for day in days[2:4])
    assert room.watched.sum() == pytest.approx(sum(day.end - day.begin for day in days[2:4]))


@pytest.fixture
def zone(monkeypatch):
    """Sets the local time zone."""
    def change(name: str) -> None:
        monkeypatch.setenv('TZ', name)
        time.tzset()
    yield change
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize('name, day, hours', [
    ('CET-1CEST,M3.5.0,M10.5.0/3', (2026, 3, 29), 23),
    ('CET-1CEST,M3.5.0,M10.5.0/3', (2026, 10, 25), 25),
    ('<+1030>-10:30<+11>-11,M10.1.0,M4.1.0', (2026, 10, 4), 23.5), ('IST-5:30', (2026, 3, 29), 24)])
def test_days_of_23_and_25_hours_add_up(zone, tmp_path, name, day, hours):
    zone(name)
    midnight = datetime.datetime(*day).timestamp()
    edges, weekday, hour = local_hours(midnight + 1, midnight + 7200)
    assert len(hour) == len(weekday) == len(edges) - 1 == np.ceil(hours)
    assert edges[-1] - edges[0] == 3600 * hours
    assert set(weekday) == {6}
    assert (np.bincount(hour, minlength=24) != 1).sum() == (hours in (23, 25))
    begin = datetime.datetime(*day) - datetime.timedelta(days=1)
    days = [visitors.Day(begin.timestamp(), midnight + 3600 * hours, [], [])]
    visitors.write_store(days, str(tmp_path / 'shop.db'))
    room = measure(str(tmp_path / 'shop.db'))
    assert room.watched[room.weekday == 6].sum() == pytest.approx(3600 * hours)
    assert room.watched.sum() == pytest.approx(3600 * (24 + hours))


@pytest.mark.parametrize('day, hours', [((2026, 3, 29), [1, 3, 4]), ((2026, 10, 25), [1, 2, 2])])
def test_visits_are_of_their_local_hour_and_day_when_the_clocks_change(zone, tmp_path, day, hours):
    """Somebody comes at each half hour from half past one on, and before and after midnight."""
    zone('CET-1CEST,M3.5.0,M10.5.0/3')
    midnight = datetime.datetime(*day).timestamp()
    begins = [midnight + 5400 + 3600 * i for i in range(3)]
    following = (datetime.datetime(*day) + datetime.timedelta(days=1)).timestamp()
    begins = [midnight - 60, *begins, following - 60, following + 60]
    people = [visitors.Visitor(i, np.array([(begin, 4, 4), (begin + 30, 4, 4)]), 1.7)
              for i, begin in enumerate(begins)]
    visitors.write_store([visitors.Day(midnight - 3600, following + 3600, people, [])],
                         str(tmp_path / 'shop.db'))
    room = measure(str(tmp_path / 'shop.db'))
    assert np.repeat(room.hour, room.begun).tolist() == [23, *hours, 23, 0]
    assert statistics.count_days(room, 1)[1].tolist()[1:] == [4, 1]
    assert np.repeat(room.weekday, room.begun).tolist() == [5, 6, 6, 6, 6, 0]
    assert np.bincount(room.hour, room.watched, 24)[2] == 3600 * hours.count(2)
