"""posesuite/visits/tables.py: the report's tables as CSV."""
import csv
from typing import Dict, List

from posesuite.visits.statistics import Room
from posesuite.visits.tables import COLUMNS, WEEKDAYS, csv_tables


def tables(room: Room, min_visits: int) -> Dict[str, List[Dict[str, str]]]:
    return {name: list(csv.DictReader(text.splitlines()))
            for name, text in csv_tables([room], min_visits).items()}


def test_every_table_has_its_columns(room):
    for name, text in csv_tables([room], 5).items():
        assert text.splitlines()[0].split(',') == ['camera', *COLUMNS[name].split()]
    found = tables(room, 5)
    assert int(found['visits'][0]['visits']) == len(room.begins)
    assert {row['camera'] for rows in found.values() for row in rows} == {'shop'}
    assert [row['area'] for row in found['areas']] == ['globe', 'clock', 'loom', 'queue']


def test_few_visits_are_blank(room):
    found = tables(room, 40)
    assert len(found['map']) == (room.map_visits >= 40).sum() > 20
    for row in found['hours']:
        i = (WEEKDAYS.index(row['weekday']), int(row['hour']))
        here = (room.weekday == i[0]) & (room.hour == i[1])
        for column, counts in (('visits_per_hour', room.begun), ('mean_people', room.present)):
            assert (row[column] == '') == (counts[here].sum() < 40 or not 10 <= i[1] < 18)
    for row in found['order']:
        assert row['visits'] == '' or int(row['visits']) >= 40
    assert any(row['visits'] == '' for row in found['order'])
    assert all(row['visits'] == '' or int(row['visits']) >= 40 for row in found['dwell'])


def test_of_too_few_visits_there_is_no_table(room):
    found = tables(room, 10 ** 6)
    assert not found['map'] and not found['hours'] and not found['dwell']
    assert found['visits'][0]['visits'] == ''


def test_no_name_is_a_formula(room):
    use = room.areas[0]
    named = use._replace(area=use.area._replace(name='=HYPERLINK("x")'))
    found = tables(room._replace(label='+1', areas=[named, *room.areas[1:]]), 5)
    assert found['areas'][0]['area'] == '\'=HYPERLINK("x")'
    assert found['areas'][0]['camera'] == "'+1"
