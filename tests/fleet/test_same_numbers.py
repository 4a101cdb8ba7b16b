"""The same numbers, to the digit, from the stores by NumPy and from their fleet by each engine."""
import contextlib
import csv
import os
import sqlite3
import subprocess
import sys
from typing import Any, Dict, List

from fleets import contents
from helpers import ROOT, need, need_package
from posesuite.fleet import report as fleets
from posesuite.fleet import schema, statements
from posesuite.fleet.engines import engine_of
from posesuite.fleet.rooms import measure_fleet, read_areas
from posesuite.fleet.storage import Storage
from posesuite.visits.report import make_report

import pytest

STATEMENTS = ('HOURS', 'PEAK', 'DWELL', 'MAP', 'AREA_HOURS', 'QUARTILES', 'ALL_QUARTILES',
              'HUNDREDTHS', 'AREA_QUARTILES')
SPARK = 'local-cluster[2,1,1024]'  # two workers, each a process of its own


def read(folder: Any, name: str) -> List[Dict[str, str]]:
    with open(os.path.join(str(folder), f'{name}.csv'), encoding='utf-8', newline='') as file:
        return list(csv.DictReader(file))


def without_site(rows: List[Dict[str, str]]) -> List[Dict[str, str]]:
    return [dict(row, camera=row['camera'].replace('museum/', '')) for row in rows
            if row['camera'] != fleets.ALL]


@pytest.fixture(scope='module')
def of_stores(museum, tmp_path_factory) -> Any:
    need_package('jinja2')
    folder = tmp_path_factory.mktemp('stores')
    for min_visits in (1, 5):
        make_report([str(museum / 'hall.db'), str(museum / 'shop.db')], str(folder / 'page.html'),
                    str(museum / 'areas.json'), str(folder / str(min_visits)), min_visits)
    return folder


@pytest.fixture(scope='module')
def of_duckdb(museum, whole_fleet, tmp_path_factory) -> Any:
    need_package('duckdb')
    folder = tmp_path_factory.mktemp('duckdb')
    for min_visits in (1, 5):
        fleets.make_report(whole_fleet, str(folder / 'page.html'), areas=str(museum / 'areas.json'),
                           csv_folder=str(folder / str(min_visits)), min_visits=min_visits)
    return folder


def test_stores_and_duckdb(of_stores, of_duckdb):
    compared = 0
    for name in fleets.TABLES:
        found, expected = (read(folder / '1', name) for folder in (of_duckdb, of_stores))
        columns = found[0].keys()
        assert without_site(found) == [{column: row[column] for column in columns}
                                       for row in expected]
        compared += len(expected)
    assert compared > 700
    assert int(read(of_duckdb / '1', 'visits')[1]['visits']) > 500


def test_what_is_told_of_few_visits_is_the_same_number(of_stores, of_duckdb):
    blank = told = 0
    for name in ('hours', 'days'):
        found = without_site(read(of_duckdb / '5', name))
        expected = read(of_stores / '5', name)
        assert len(found) == len(expected)
        for row, other in zip(found, expected):
            assert row['camera'] == other['camera']
            for column, value in row.items():
                assert value in ('', other[column])  # a fleet's sums may make a number blank
                told, blank = told + (value != ''), blank + (value != other[column])
    assert told > 500 and 0 < blank < 60


def test_sqlite_takes_the_same_statements(museum, whole_fleet):
    need_package('duckdb')
    storage = Storage(whole_fleet)
    areas = read_areas(str(museum / 'areas.json'), storage.cameras())
    with engine_of('duckdb', storage) as engine, contextlib.closing(
            sqlite3.connect(':memory:')) as sqlite:
        measure_fleet(engine, areas, maps=False)  # adds the table spans
        for table in ('spans', *schema.TABLES):
            rows = engine.query(f'SELECT * FROM {table}')
            sqlite.execute(f'CREATE TABLE {table} ({", ".join(rows.column_names)})')
            sqlite.executemany(
                f'INSERT INTO {table} VALUES ({", ".join("?" * rows.num_columns)})',
                zip(*(column.to_pylist() for column in rows.columns)))
        for name in STATEMENTS:
            found = sqlite.execute(getattr(statements, name)).fetchall()
            expected = engine.query(getattr(statements, name))
            assert found == list(zip(*(column.to_pylist() for column in expected.columns))), name
            assert found


def test_all_cameras_are_the_sums(of_duckdb):
    every, hall, shop = read(of_duckdb / '1', 'visits')
    assert int(every['visits']) == int(hall['visits']) + int(shop['visits'])
    rows = read(of_duckdb / '1', 'days')
    for day in {row['begin'] for row in rows}:
        every, *each = (int(row['visits'] or 0) for row in rows if row['begin'] == day)
        assert every == sum(each)


def test_duckdb_and_a_cluster_of_spark(museum, whole_fleet, of_duckdb, tmp_path):
    """In a process of its own: Java's ends with it."""
    need_package('duckdb')
    need_package('pyspark')
    need('java')
    subprocess.run([sys.executable, os.path.join(ROOT, 'visits.py'), 'fleet', whole_fleet,
                    '-o', str(tmp_path / 'page.html'), '--areas', str(museum / 'areas.json'),
                    '--csv', str(tmp_path / 'tables'), '--min-visits', '1', '--engine', SPARK,
                    '--set', 'spark.sql.shuffle.partitions=2'], check=True)
    spark, duckdb = contents(tmp_path / 'tables'), contents(of_duckdb / '1')
    assert spark == duckdb and len(spark) == len(fleets.TABLES)
    assert all(table.count(b'\n') > 2 for table in spark.values())
