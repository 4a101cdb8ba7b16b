"""visits_report.py against the truth of simulated visitors."""
import csv
import datetime
import json
import os
import re
import subprocess
import sys
import time
from typing import Any, Dict, List

import visitors
from helpers import ROOT
from posesuite.pose.log import read_log
from posesuite.pose.pose import Frame
from posesuite.visits import areas
from posesuite.visits import report as visits_report
from posesuite.visits import statistics as visits_measure
from posesuite.visits import tables as visits_tables
from posesuite.visits.recorder import VisitStore

import numpy as np
import pytest

pytest.importorskip('matplotlib')
MONDAY = datetime.date(2026, 3, 2)


@pytest.fixture(scope='module')
def days() -> List[visitors.Day]:
    return visitors.simulate(MONDAY, 7, per_hour=50, seed=1)


@pytest.fixture(scope='module')
def folder(tmp_path_factory, days) -> Any:
    """Has shop.db and areas.json."""
    folder = tmp_path_factory.mktemp('report')
    visitors.write_store(days, str(folder / 'shop.db'), seed=1)
    (folder / 'areas.json').write_text(json.dumps({'areas': visitors.areas()}))
    return folder


@pytest.fixture(scope='module')
def room(folder) -> visits_measure.Room:
    stores = [str(folder / 'shop.db')]
    return visits_measure.measure(
        stores[0], 'shop', areas.read_areas(str(folder / 'areas.json'), stores))


def everybody(days: List[visitors.Day]) -> List[visitors.Visitor]:
    return [visitor for day in days for visitor in day.visitors]


def tables(folder: Any, *stores: str, **options: Any) -> Dict[str, List[Dict[str, str]]]:
    """Makes report.html and reads the tables beside it, but those of nothing."""
    visits_report.make_report([str(folder / name) for name in stores], str(folder / 'report.html'),
                              csv_folder=str(folder / 'tables'), **options)
    found = {}
    for name in os.listdir(str(folder / 'tables')):
        with open(str(folder / 'tables' / name), newline='') as file:
            found[name[:-4]] = list(csv.DictReader(file))
    return found


def test_visits_dwell_and_people(room, days):
    people = everybody(days)
    dwell = [visitor.path[-1, 0] - visitor.path[0, 0] for visitor in people]
    assert len(room.begins) == len(people) > 2500
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
        people = visits_measure.occupancy(room, use, 5)
        assert list(np.flatnonzero(np.isfinite(people))) == list(range(10, 18))
        expected = seconds[use.area.name][10:18] / watched[10:18]
        assert people[10:18] == pytest.approx(expected, rel=0.05)
        stayed = [value for value in dwell[use.area.name] if value >= visits_measure.STAY]
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
                 if part[0] and len(part) * 0.5 >= visits_measure.STAY]
        pairs = set(zip([0, *stays], [*stays, 5]))
        for origin, following in pairs:
            expected[origin, following - 1] += 1
    assert room.steps.sum() > 8000
    assert room.steps == pytest.approx(expected, rel=0.05, abs=15)


def test_waits_of_the_last_half_hour(room):
    queue = room.areas[-1]
    recent, usual = visits_measure.waits(room, queue)
    assert len(recent) >= 5
    assert len(usual) >= 50
    assert len(recent) == (queue.ended > room.now - 1800).sum()


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
    listed = [areas.Area(area['name'], area['polygon'], '') for area in visitors.areas()]
    straight, stored = (visits_measure.measure(str(tmp_path / name), '', listed)
                        for name in ('tables.db', 'store.db'))
    assert len(days[0].visitors) > 20
    assert len(stored.begins) == pytest.approx(len(straight.begins), abs=1)
    assert np.median(stored.dwell) == pytest.approx(np.median(straight.dwell), rel=0.05)
    assert stored.watched.sum() == pytest.approx(straight.watched.sum(), abs=10)
    assert stored.people.sum() == pytest.approx(straight.people.sum(), rel=0.05)
    for one, other in zip(stored.areas, straight.areas):
        assert one.people.sum() == pytest.approx(other.people.sum(), rel=0.05)


def test_gaps_are_not_zero_people(tmp_path):
    days = visitors.simulate(MONDAY, 7, per_hour=50, seed=2, gap=2700)
    visitors.write_store(days, str(tmp_path / 'shop.db'))
    room = visits_measure.measure(str(tmp_path / 'shop.db'))
    assert len(room.gaps) == 7
    in_gap = room.hour == 11
    assert np.bincount(room.hour, room.watched, 24)[11] == pytest.approx(7 * 900)
    # Who comes in the gap and is there after it has a visit then.
    came = sum(gap_end <= visitor.path[0, 0] < gap_end + 900 for day in days
               for _, gap_end in day.gaps for visitor in day.visitors)
    there = sum(visitor.path[0, 0] < gap_end < visitor.path[-1, 0] for day in days
                for _, gap_end in day.gaps for visitor in day.visitors)
    assert room.begun[in_gap].sum() == pytest.approx(came + there, abs=2)
    week = visits_measure.week_rate(room, 5)
    assert np.nanmin(week[:, 11]) > 0.5 * np.nanmin(week[:, 10])
    assert np.isnan(week[:, :10]).all()
    assert np.isnan(week[:, 19:]).all()


def test_few_visits_are_blank(folder, room):
    found = tables(folder, 'shop.db', areas=str(folder / 'areas.json'), min_visits=40)
    assert len(found['map']) == (room.map_visits >= 40).sum() > 20
    for row in found['hours']:
        i = (visits_tables.WEEKDAYS.index(row['weekday']), int(row['hour']))
        present = room.present[(room.weekday == i[0]) & (room.hour == i[1])].sum()
        assert (row['visits_per_hour'] == '') == (present < 40 or not 10 <= i[1] < 18)
    for row in found['order']:
        assert row['visits'] == '' or int(row['visits']) >= 40
    assert any(row['visits'] == '' for row in found['order'])
    assert all(row['visits'] == '' or int(row['visits']) >= 40 for row in found['dwell'])
    page = (folder / 'report.html').read_text()
    assert 'fewer than 40 visits are left blank' in page
    found = tables(folder, 'shop.db', areas=str(folder / 'areas.json'), min_visits=10 ** 6)
    assert not found['map'] and not found['hours'] and not found['dwell']
    page = (folder / 'report.html').read_text()
    assert '<img' not in page
    assert 'fewer than 1000000' in page


def test_two_stores_side_by_side(folder):
    visitors.write_store(visitors.simulate(MONDAY, 2, per_hour=50, seed=5), str(folder / 'hall.db'))
    listed = [dict(area, store=store) for store in ('shop.db', 'hall.db')
              for area in visitors.areas()]
    (folder / 'both.json').write_text(json.dumps({'areas': listed}))
    found = tables(folder, 'shop.db', 'hall.db', areas=str(folder / 'both.json'), title='Both')
    assert [row['camera'] for row in found['visits']] == ['shop', 'hall']
    assert len(found['areas']) == 8
    assert {row['camera'] for row in found['hours']} == {'shop', 'hall'}
    page = (folder / 'report.html').read_text()
    assert '<h1>Both</h1>' in page
    assert 'Side by side' in page
    assert 'shop: 4 queue' in page
    assert 'hall: 4 queue' in page
    with pytest.raises(ValueError, match='need "store", one of shop.db, hall.db'):
        tables(folder, 'shop.db', 'hall.db', areas=str(folder / 'areas.json'))


def test_paths_point_where_people_walk(tmp_path):
    """Towards the loom from the door is to the left and down in the picture."""
    time = datetime.datetime(2026, 3, 2, 12).timestamp()
    path = np.array([(time, *visitors.DOOR), (time + 5, *visitors.EXHIBITS['loom'])])
    people = [visitors.Visitor(i, path + [60 * i, 0, 0], 1.7) for i in range(20)]
    visitors.write_store([visitors.Day(time, time + 1800, people, [])], str(tmp_path / 'shop.db'))
    flow = visits_measure.measure(str(tmp_path / 'shop.db')).flow.sum((0, 1))
    (x, y), (to_x, to_y) = visitors.project(np.append(path[:, 1:], [[0], [0]], 1))
    degrees = np.degrees(np.arctan2(to_y - y, to_x - x))
    assert flow.sum() >= 40
    assert flow[[3, 4]].sum() > 0.95 * flow.sum()  # 135 and 180 degrees clockwise from the right
    assert 135 < degrees < 180


def test_since_and_until(folder, days):
    since, until = (datetime.datetime.combine(MONDAY + datetime.timedelta(days=day),
                                              datetime.time()) for day in (2, 4))
    room = visits_measure.measure(str(folder / 'shop.db'), since=since, until=until)
    assert len(room.begins) == sum(len(day.visitors) for day in days[2:4])
    assert room.watched.sum() == pytest.approx(sum(day.end - day.begin for day in days[2:4]))


def test_hostile_names_are_escaped(folder):
    listed = visitors.areas()
    for area, name in zip(listed, ('<script>alert(1)</script>', '"><img src=//x.y/z>', '$\\frac$',
                                   '=HYPERLINK("x")')):
        area['name'] = name
    (folder / 'hostile.json').write_text(json.dumps({'areas': listed}))
    found = tables(folder, 'shop.db', areas=str(folder / 'hostile.json'),
                   title='</title><script>alert(2)</script>')
    page = (folder / 'report.html').read_text()
    assert '<script' not in page.lower()
    assert '&lt;script&gt;alert(1)&lt;/script&gt;' in page
    assert '$\\frac$' in page
    assert "default-src 'none'" in page
    sources = re.findall(r'(?:src|href)="?([^" >]*)', page.replace('&gt;', '').replace(
        'src=//x.y/z', ''))
    assert len(sources) >= 11
    assert all(source.startswith('data:image/svg+xml;base64,') for source in sources)
    assert found['areas'][3]['area'] == '\'=HYPERLINK("x")'


def test_an_empty_store(tmp_path):
    visitors.write_store([], str(tmp_path / 'empty.db'))
    found = tables(tmp_path, 'empty.db')
    assert found['visits'][0]['visits'] == ''
    assert 'fewer than 5' in (tmp_path / 'report.html').read_text()


SQUARE = [[0, 0], [9, 0], [9, 9]]


@pytest.mark.parametrize('text, reason', [
    ('{', 'is not JSON'), ('[]', 'lists 99 areas or fewer'),
    ('{"areas": {}}', 'lists 99 areas or fewer'),
    (json.dumps({'areas': [{}] * 100}), 'lists 99 areas or fewer'),
    ([3], 'area 1: need "name"'),
    ([{'name': 'a' * 61, 'polygon': SQUARE}], 'text of 1 to 60'),
    ([{'name': 'a\nb', 'polygon': SQUARE}], 'printable'),
    ([{'name': 'till'}], r"area 1 \('till'\): need \"polygon\""),
    ([{'name': 'till', 'polygon': SQUARE[:2]}], 'at least 3 points'),
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
        areas.read_areas(str(path), ['/a/shop.db'])
    assert '\n' not in str(error.value)
    assert str(path) in str(error.value)


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
    edges, weekday, hour = visits_measure.local_hours(midnight + 1, midnight + 7200)
    assert len(hour) == len(weekday) == len(edges) - 1 == np.ceil(hours)
    assert edges[-1] - edges[0] == 3600 * hours
    assert set(weekday) == {6}
    assert (np.bincount(hour, minlength=24) != 1).sum() == (hours in (23, 25))
    begin = datetime.datetime(*day) - datetime.timedelta(days=1)
    days = [visitors.Day(begin.timestamp(), midnight + 3600 * hours, [], [])]
    visitors.write_store(days, str(tmp_path / 'shop.db'))
    room = visits_measure.measure(str(tmp_path / 'shop.db'))
    assert room.watched[room.weekday == 6].sum() == pytest.approx(3600 * hours)
    assert room.watched.sum() == pytest.approx(3600 * (24 + hours))


def test_without_matplotlib_the_cure_is_named(monkeypatch, folder):
    monkeypatch.setitem(sys.modules, 'matplotlib', None)
    with pytest.raises(ImportError, match='pip install matplotlib'):
        visits_report.make_report([str(folder / 'shop.db')], str(folder / 'none.html'))
    assert not (folder / 'none.html').exists()


def test_command(folder):
    done = subprocess.run(
        [sys.executable, os.path.join(ROOT, 'visits.py'), 'report', str(folder / 'shop.db'),
         '-o', str(folder / 'command.html'), '--areas', str(folder / 'areas.json')],
        capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert '4 queue' in (folder / 'command.html').read_text()
