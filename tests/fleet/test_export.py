"""posesuite/fleet/export.py: days are written whole, once, and again where more was seen."""
import datetime
import glob
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

import visitors
from fleets import contents
from helpers import ROOT, need_package, wait_for
from posesuite.fleet.export import export
from posesuite.fleet.schema import TABLES, Camera
from posesuite.fleet.storage import Storage

import pytest

need_package('pyarrow')
HALL, FIRST = Camera('museum', 'hall'), datetime.date(2026, 3, 2)
FOREVER = 10000.0  # days


def noon(day: int) -> float:
    return datetime.datetime.combine(FIRST + datetime.timedelta(day),
                                     datetime.time(12)).timestamp()


@pytest.fixture
def store(tmp_path) -> str:
    path = str(tmp_path / 'hall.db')
    visitors.write_store(visitors.simulate(FIRST, 3, 6, hours=(10, 14)), path)
    return path


def test_schema(fleet):
    from pyarrow import parquet
    for table, columns in TABLES.items():
        folder = os.path.join(fleet, HALL.folder(table), 'day=2026-03-03')
        assert os.listdir(folder) == ['part.parquet']
        path = os.path.join(folder, 'part.parquet')
        assert os.stat(path).st_mode & 0o777 == 0o600
        schema = parquet.read_schema(path)
        assert {field.name: str(field.type) for field in schema} == columns
        assert schema.metadata[b'posesuite.version'] == b'1'
    days = parquet.ParquetFile(os.path.join(fleet, HALL.folder('hours'), 'day=2026-03-03',
                                            'part.parquet')).read()
    assert days.num_rows == 24 and sum(days['watched'].to_pylist()) > 7 * 3600 * 1000


def test_a_day_that_goes_on_waits_and_is_replaced(store, tmp_path):
    address, days = str(tmp_path / 'fleet'), [FIRST + datetime.timedelta(day) for day in range(3)]
    assert export(store, address, HALL, FOREVER, clock=noon(2)).written == days[:2]
    before = contents(address)
    assert export(store, address, HALL, clock=noon(2)) == ([], [])
    assert contents(address) == before
    with sqlite3.connect(store) as db:  # a store of noon
        begin = int(noon(2) * 1000)
        db.execute('CREATE TABLE late AS SELECT * FROM visits WHERE begun > ?', [begin])
        db.execute('DELETE FROM visits WHERE begun > ?', [begin])
        ended = db.execute('SELECT max(ended) FROM runs').fetchone()
        db.execute('UPDATE runs SET ended = ? WHERE id = 3', [begin])
    assert export(store, address, HALL, today=True, clock=noon(2)).written == days[2:]
    first = contents(address)
    with sqlite3.connect(store) as db:
        db.execute('INSERT INTO visits SELECT * FROM late')
        db.execute('UPDATE runs SET ended = ? WHERE id = 3', ended)
    assert export(store, address, HALL, clock=noon(3)).written == days[2:]
    last = contents(address)
    changed = {name for name in last if last[name] != first[name]}
    assert len(changed) == 3 and all('day=2026-03-04' in name for name in changed)


def test_what_a_store_forgets_stays_in_the_fleet(store, tmp_path):
    address = str(tmp_path / 'fleet')
    export(store, address, HALL, FOREVER, clock=noon(9))
    before = contents(address)
    with sqlite3.connect(store) as db:
        db.execute('DELETE FROM positions WHERE visit < 10')
        db.execute('DELETE FROM visits WHERE id < 10')
    assert export(store, address, HALL, clock=noon(9)).written == []
    assert contents(address) == before
    assert len(export(store, address, HALL, since=FIRST, clock=noon(9)).written) == 3
    assert contents(address) != before


def test_a_damaged_or_missing_file_is_written_again(store, tmp_path):
    address = str(tmp_path / 'fleet')
    export(store, address, HALL, FOREVER, clock=noon(9))
    before = contents(address)
    for name, content in (('day=2026-03-02', b'PAR1'), ('day=2026-03-03', None)):
        path = os.path.join(address, HALL.folder('visits'), name, 'part.parquet')
        if content is None:
            os.unlink(path)
        else:
            with open(path, 'wb') as file:
                file.write(content)
    assert len(export(store, address, HALL, clock=noon(9)).written) == 2
    assert contents(address) == before


def test_killed_exports_leave_whole_files_alone(museum, tmp_path):
    """Whenever an export is killed, no file is partial, and the next one ends what it began."""
    from pyarrow import parquet
    address, whole = str(tmp_path / 'fleet'), str(tmp_path / 'whole')
    export(str(museum / 'hall.db'), whole, HALL, FOREVER)
    for files in (2, 9, 15):
        shutil.rmtree(address, ignore_errors=True)
        process = subprocess.Popen(
            [sys.executable, os.path.join(ROOT, 'visits.py'), 'export', str(museum / 'hall.db'),
             '--to', address, '--camera', 'museum/hall', '--keep', '10000d'],
            stdout=subprocess.DEVNULL)
        wait_for(lambda n=files: len(glob.glob(f'{address}/*/*/*/*/*')) >= n)
        process.send_signal(signal.SIGKILL)
        process.wait()
        for path in glob.glob(f'{address}/*/*/*/*/*.parquet'):
            parquet.read_table(path)
    export(str(museum / 'hall.db'), address, HALL)
    found, expected = contents(address), contents(whole)
    assert {name: content for name, content in found.items()
            if not name.endswith('.part')} == expected


def test_retention_deletes_the_oldest(store, tmp_path):
    address = str(tmp_path / 'fleet')
    export(store, address, HALL, 2, clock=noon(9))
    files = Storage(address)
    assert files.days('visits', HALL) == files.stored(HALL) == [
        FIRST + datetime.timedelta(day) for day in range(3)]  # the first ended 38 h before the last
    visitors.write_store(visitors.simulate(FIRST + datetime.timedelta(4), 1, 6, hours=(10, 14)),
                         str(tmp_path / 'later.db'))
    done = export(str(tmp_path / 'later.db'), address, HALL, clock=noon(9))
    assert done.deleted == [FIRST + datetime.timedelta(day) for day in range(2)]
    assert export(store, address, HALL, clock=noon(9)).written == done.deleted  # by its own clock


@pytest.mark.parametrize('name', ['hall', 'a/b/c', '../hall', 'a/..', 'a/_b', 'a/b\n', "a/b'", ''])
def test_names_of_cameras(name):
    from posesuite.fleet.schema import camera_from
    with pytest.raises(ValueError, match='must be SITE/CAMERA'):
        camera_from(name)


def test_other_folders_are_no_fleets(store, tmp_path):
    (tmp_path / 'mine').mkdir()
    (tmp_path / 'mine' / 'diary.txt').write_text('Dear diary')
    for address, message in ((tmp_path / 'mine', 'is not a fleet'),
                             ('http://there/fleet', 'a fleet is in a folder or at s3://'),
                             ('s3://user:secret@bucket/fleet', 'need s3://bucket/folder')):
        with pytest.raises(ValueError, match=message) as refusal:
            export(store, str(address), HALL)
        assert 'secret' not in str(refusal.value)
    assert os.listdir(str(tmp_path / 'mine')) == ['diary.txt']


def test_days_of_23_and_25_hours(tmp_path, monkeypatch):
    from pyarrow import parquet
    monkeypatch.setenv('TZ', 'Europe/Berlin')
    time.tzset()
    try:
        for day, hours in ((datetime.date(2026, 3, 29), 23), (datetime.date(2025, 10, 26), 25)):
            path = str(tmp_path / f'{hours}.db')
            visitors.write_store(visitors.simulate(day, 1, 6, hours=(0, 24)), path)
            export(path, str(tmp_path / 'fleet'), Camera('berlin', str(hours)), FOREVER)
            rows = parquet.ParquetFile(str(
                tmp_path / 'fleet' / 'hours' / 'site=berlin' / f'camera={hours}' / f'day={day}'
                / 'part.parquet')).read().to_pydict()
            assert len(rows['slot']) == hours and rows['hour'].count(2) == (hours - 23)
    finally:
        monkeypatch.undo()
        time.tzset()
