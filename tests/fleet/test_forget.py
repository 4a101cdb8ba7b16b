"""posesuite/fleet/forget.py: what is forgotten is in no byte of the fleet's files."""
import datetime
import os
from typing import Any, Dict, Set, Tuple

from helpers import need_package
from posesuite.fleet.export import export
from posesuite.fleet.forget import forget_days
from posesuite.fleet.schema import TABLES, Camera
from posesuite.fleet.storage import Storage
from stores import run_visits

need_package('pyarrow')
HALL, SHOP = Camera('museum', 'hall'), Camera('museum', 'shop')
DAY = datetime.date(2026, 3, 4)


def files(address: str) -> Set[str]:
    return {os.path.join(folder, name) for folder, _, names in os.walk(address) for name in names}


def times(address: str, camera: Camera, day: datetime.date) -> Dict[str, Tuple[bytes, ...]]:
    """Times of a day by table, as the files store them: 8 bytes, the lowest first."""
    from pyarrow import parquet
    found: Dict[str, Any] = {}
    for table, column in (('visits', 'begun'), ('hours', 'slot'), ('positions', 'time')):
        rows = parquet.ParquetFile(os.path.join(
            address, camera.folder(table), f'day={day}', 'part.parquet')).read()
        found[table] = tuple(time.to_bytes(8, 'little') for time in (
            rows[column].to_pylist()[0], rows[column].to_pylist()[-1]))
    assert set(found) == set(TABLES)
    return found


def holding(address: str, needle: bytes) -> Set[str]:
    found = set()
    for path in files(address):
        with open(path, 'rb') as file:
            if needle in file.read():
                found.add(path)
    return found


def test_a_day_of_a_camera_is_in_no_byte(fleet, museum):
    export(str(museum / 'shop.db'), fleet, SHOP)
    before, needles = files(fleet), times(fleet, HALL, DAY)
    for table, (begin, end) in needles.items():  # the least and greatest are in a file's statistics
        for needle in (begin, end):
            assert any(f'/{table}/' in path and str(DAY) in path and 'hall' in path
                       for path in holding(fleet, needle)), table
    assert forget_days(fleet, HALL, DAY, DAY + datetime.timedelta(1)) == [(HALL, DAY)]
    gone = before - files(fleet)
    assert len(gone) == 3 and all(str(DAY) in path and 'camera=hall' in path for path in gone)
    # The shop's hours of that day begin at the same times.
    for table in ('visits', 'positions'):
        for needle in needles[table]:
            assert holding(fleet, needle) == set(), table
    assert all('camera=shop' in path for needle in needles['hours']
               for path in holding(fleet, needle))


def test_no_export_brings_it_back(fleet, museum):
    forget_days(fleet, HALL, DAY, DAY + datetime.timedelta(1))
    assert export(str(museum / 'hall.db'), fleet, HALL).written == []
    again = export(str(museum / 'hall.db'), fleet, HALL, since=DAY).written
    assert len(again) == 6 and DAY not in again


def test_keep_is_for_all_cameras_and_exports(fleet, museum):
    assert len(forget_days(fleet, keep_days=1)) == 9
    assert Storage(fleet).cameras() == [HALL] and Storage(fleet).stored(HALL) == []
    assert [path for path in files(fleet) if not path.endswith('fleet.json')] == []
    written = export(str(museum / 'hall.db'), fleet, HALL).written
    assert len(written) == 2  # of a day before its last moment


def test_the_command(fleet, museum, tmp_path):
    done = run_visits('forget', fleet, '--camera', 'museum/hall', '--since', '2026-03-04',
                      '--until', '2026-03-06')
    assert done.stdout == ('deleted museum/hall 2026-03-04\ndeleted museum/hall 2026-03-05\n')
    assert run_visits('forget', fleet, '--camera', 'museum/attic', status=1).stderr == (
        f'error: {fleet} has no camera museum/attic\n')
    assert run_visits('forget', museum, status=1).stderr.startswith(
        f'error: {museum} is not a fleet')
    for arguments in (['--keep', '3d', '--since', '2026-03-04'], ['--camera', 'hall']):
        assert run_visits('forget', fleet, *arguments, status=2).stdout == ''
    assert run_visits('forget', tmp_path / 'no.db', '--keep', '3d', status=2).stdout == ''
