"""What visits do: stored coarsely, read back, measured, and reported for enough visits only."""
import csv
import io
import sqlite3

from figures import frame, standing
from posesuite.pose.event import Event
from posesuite.visits.areas import Area
from posesuite.visits.doing import MINUTE, Doing, cell
from posesuite.visits.measure import measure
from posesuite.visits.queries import open_store, read_activities
from posesuite.visits.report import make_report
from posesuite.visits.store import VisitStore
from posesuite.visits.tables import csv_tables
from stores import BEGIN, FOREVER, START

import pytest


def fill(path, visits: int = 6, start=START, **options) -> str:
    """A store of visits a minute apart: 5 s of sitting on the left, one of them falls."""
    options.setdefault('keep_days', FOREVER)
    with VisitStore(str(path), start=start, **options) as store:
        for i in range(visits * 60 + 1):
            id, second = i // 60 + 1, i % 60
            there = second < 12 and id <= visits
            labels = {id: ['sitting', 'squats: 3'] if 2 <= second <= 7 else []}
            events = [Event('sitting', id, i)] if second == 2 else []
            events += [Event('fall', id, i)] if second == 9 and id == 1 else []
            events += [Event('crowd', None, i, 1.0)] if second == 9 else []
            store.write(frame(float(i)), {id: standing(100)} if there else {},
                        labels if there else {}, events if there else [])
    return str(path)


def rows(path: str):
    return sqlite3.connect(path).execute('SELECT * FROM activities').fetchall()


def test_a_minute_and_a_cell_are_all_that_is_kept():
    doing, place = Doing(), (130, 999, 400, 0)
    found = [doing.add(now, ['sitting'], ['sitting'] * (now == 1000), place)
             for now in range(1000, 7000, 500)]
    assert found[0] == {(0, 'sitting'): (0, 1, 2, 11)}
    assert found[-1] == {(0, 'sitting'): (6, 1, 2, 11)}
    assert doing.add(7000, [], [], None) == {}
    assert doing.add(61000, ['sitting'], [], place) == {}  # it is not known since when
    assert doing.add(62000, ['sitting'], [], place) == {(MINUTE, 'sitting'): (1, 0, 2, 11)}
    assert doing.add(92000, ['sitting'], [], place) == {(MINUTE, 'sitting'): (6, 0, 2, 11)}
    assert (cell((0, 0)), cell((1000, 1000))) == ((0, 0), (15, 11))


def test_rows_of_a_store(tmp_path):
    path = fill(tmp_path / 'a.db', 2)
    assert rows(path) == [(1, BEGIN, 'fall', 0, 1, 2, 9), (1, BEGIN, 'sitting', 5, 1, 2, 9),
                          (2, BEGIN + MINUTE, 'sitting', 5, 1, 2, 9)]
    with open_store(path) as store:
        names, parts = read_activities(store)
        assert names == ['fall', 'sitting']
        assert [row for part in parts for row in part.tolist()] == [
            (1, BEGIN, 0, 0, 1, 2, 9), (1, BEGIN, 1, 5, 1, 2, 9),
            (2, BEGIN + MINUTE, 1, 5, 1, 2, 9)]


def test_a_store_without_the_table_has_none(tmp_path):
    path = fill(tmp_path / 'a.db', 2)
    with sqlite3.connect(path) as store:
        store.execute('DROP TABLE activities')
    assert measure(path).activities == []
    assert rows(fill(path, 1)) == [(3, BEGIN, 'fall', 0, 1, 2, 9),
                                   (3, BEGIN, 'sitting', 5, 1, 2, 9)]


def test_what_is_too_old_is_deleted(tmp_path):
    path = fill(tmp_path / 'a.db', 2, keep_days=1)
    with VisitStore(path, keep_days=1, start=START.replace(day=5)) as store:
        for i in range(3):
            store.write(frame(float(i)), {1: standing()})
    assert rows(path) == []


def test_measured(tmp_path):
    areas = [Area('Bench', [(0, 700), (300, 700), (300, 1000), (0, 1000)], ''),
             Area('Door', [(600, 700), (900, 700), (900, 1000)], '')]
    sitting, fall = measure(fill(tmp_path / 'a.db'), areas=areas).activities
    assert sitting[:4] == ('sitting', 6, 30.0, 6)
    assert fall[:4] == ('fall', 1, 0.0, 1)
    assert sorted(sitting.by_hour.tolist())[-2:] == [0, 6]
    assert (sitting.map[9, 2], sitting.map_visits[9, 2], sitting.map.sum()) == (30, 6, 30)
    assert (sitting.places, fall.places) == ([6, 0], [1, 0])


def test_fewer_visits_than_five_are_not_told(tmp_path):
    path = fill(tmp_path / 'a.db')
    tables = csv_tables([measure(path, 'a')], 5)
    found = list(csv.DictReader(io.StringIO(tables['activities'])))
    assert [(row['activity'], row['visits'], row['seconds']) for row in found] == [
        ('sitting', '6', '30')]
    assert all('fall' not in text for text in tables.values())
    pages = []
    for least in (5, 1):
        make_report([path], str(tmp_path / 'a.html'), min_visits=least, language='en')
        pages.append((tmp_path / 'a.html').read_text())
    assert ['>fall<' in page for page in pages] == [False, True]
    assert 'What people do' in pages[0] and '>sitting<' in pages[0]


@pytest.mark.parametrize('name', ['<script>x</script>', "=cmd('x')", "'; DROP TABLE runs; --"])
def test_a_label_is_nothing_but_text(tmp_path, name):
    path = str(tmp_path / 'a.db')
    with VisitStore(path, FOREVER, start=START) as store:
        for i in range(4):
            store.write(frame(float(i)), {1: standing()}, {1: [name]}, [])
    assert rows(path)[0][2] == name
    make_report([path], str(tmp_path / 'a.html'), min_visits=1, csv_folder=str(tmp_path))
    assert '<script>x' not in (tmp_path / 'a.html').read_text()
    assert '\na,=' not in (tmp_path / 'activities.csv').read_text()
