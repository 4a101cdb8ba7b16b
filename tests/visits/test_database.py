"""posesuite/visits/database.py: files that are refused, set aside, purged and forgotten."""
import datetime
import glob
import os
import signal
import sqlite3
import time
from typing import Any

from posesuite.visits.database import VisitFile, forget
from posesuite.visits.queries import open_store
from posesuite.visits.rows import no_rows
from posesuite.visits.store import VisitStore
from stores import START, child, everything, fill, is_whole

import pytest


def refusal(path: Any, uid: int = 0) -> str:
    """The message of a process that cannot open a store."""
    process = child("""
if int(sys.argv[2]):
    os.setgid(int(sys.argv[2]))
    os.setuid(int(sys.argv[2]))
try:
    VisitStore(sys.argv[1])
except (OSError, ValueError) as error:
    print(str(error) or repr(error))
""", path, uid)
    out, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, ''), errors
    assert out.count('\n') == 1
    return out.strip()


def test_rows_with_the_same_key_are_replaced(path):
    file = VisitFile(str(path))
    for ended in (1000, 2000):
        file.write(dict(no_rows(), visits={1: (1, 0, ended)}))
    file.close()
    assert everything(path)['visits'] == [(1, 1, 0, 2000)]


def test_a_store_that_others_could_read_is_its_owners_alone(path):
    fill(path, {}, 1)
    path.chmod(0o644)
    fill(path, {}, 1)
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_second_process_is_refused_with_one_line(path):
    with VisitStore(str(path)):
        assert refusal(path) == f'cannot open the store {path}: another process uses it'
        with pytest.raises(OSError, match='another process uses it'):
            forget(str(path))


def test_other_versions_and_other_databases_are_left_alone(path):
    fill(path, {}, 5)
    db = sqlite3.connect(str(path))
    db.execute('PRAGMA user_version = 9')
    db.close()
    assert refusal(path) == f'{path} has version 9, but this program needs version 1'
    with pytest.raises(ValueError, match='version 9'), open_store(str(path)):
        pass
    other = path.parent / 'other.db'
    db = sqlite3.connect(str(other))
    db.execute('CREATE TABLE music (title)')
    db.close()
    before = other.read_bytes()
    assert refusal(other) == f'{other} is a database, but not a store of visits'
    with pytest.raises(ValueError, match='is not a store of visits'):
        forget(str(other))
    assert other.read_bytes() == before


def test_a_file_of_another_kind_is_left_alone(path):
    path.write_text('Dear diary')
    path.chmod(0o644)
    assert refusal(path) == f'{path} is not a store of visits'
    with pytest.raises(ValueError, match='is not a store of visits'):
        forget(str(path))
    assert path.read_text() == 'Dear diary'
    assert path.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize('name, why', [
    ('no folder/visits.db', 'No such file or directory'), ('', 'Is a directory')])
def test_a_wrong_path_is_refused_at_once(tmp_path, name, why):
    with pytest.raises(OSError, match=why):
        VisitStore(str(tmp_path / name))
    with pytest.raises(ValueError, match='null'):
        VisitStore('a\0b')


@pytest.mark.skipif(os.geteuid() != 0, reason='only root becomes somebody else')
def test_somebody_elses_store_is_refused(public_folder):
    fill(public_folder / 'visits.db', {}, 5)
    assert 'Permission denied' in refusal(public_folder / 'visits.db', 65534)


def damage(path: Any, kind: str) -> None:
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    if kind == 'garbage in its middle':
        data[middle - 3000:middle + 3000] = bytes(range(250)) * 24
    elif kind == 'half of it':
        del data[middle:]
    elif kind == 'zeros':
        data[:] = bytes(len(data))
    elif kind == 'ones':
        data[:] = b'\xff' * len(data)
    path.write_bytes(data)


@pytest.mark.parametrize('kind', ['garbage in its middle', 'half of it', 'zeros', 'ones'])
def test_a_damaged_store_is_set_aside(path, kind, caplog):
    fill(path, dict.fromkeys(range(5), (0, 300)), 300)
    damage(path, kind)
    before = path.read_bytes()
    fill(path, {1: (0, 5)}, 5, START + datetime.timedelta(days=1))
    said, = caplog.messages
    aside, = glob.glob(f'{path}.damaged-*')
    assert said.startswith(f'the store {path} is damaged (')
    assert said.endswith(f'it was renamed to {aside}, and a new store begins')
    assert time.strftime('%Y%m%d', time.gmtime(time.time() - 60)) in aside
    with open(aside, 'rb') as file:
        assert file.read() == before
    assert is_whole(path)
    assert len(everything(path)['positions']) == 6
    forget(str(path))
    assert os.listdir(str(path.parent)) == []


def test_a_purge_deletes_what_has_ended(path):
    file = VisitFile(str(path))
    file.write({'runs': {1: (0, 1000, 'hall', 4, 3), 2: (2000, 9000, 'hall', 4, 3)},
                'gaps': {(1, 500): (900, 'black'), (2, 3000): (9000, 'black')},
                'visits': {1: (1, 0, 1000), 2: (2, 2000, 9000)},
                'positions': {(1, 0): (1, 1, 1, 0), (2, 2000): (1, 1, 1, 0),
                              (2, 9000): (1, 1, 1, 0)},
                'bodies': {(1, 0): (4, 1, 1, 1, 1), (2, 2000): (4, None, None, 1, 1),
                           (2, 9000): (None, 1, 1, 1, 1)}})
    file.purge({1: 5000, 2: 5000}, 5000)
    file.close()
    found = everything(path)
    assert [row[0] for row in found['runs']] == [row[0] for row in found['visits']] == [2]
    assert [row[:2] for row in found['positions']] == [(2, 9000)]
    assert found['bodies'] == [(2, 9000, -1, 1, 1, 1, 1)]
    assert found['gaps'] == [(3000, 9000, 'black')]


def test_forget_leaves_nothing(path):
    """Not even what a killed process left."""
    process = child("""
store = VisitStore(sys.argv[1], start=START, keep_days=FOREVER)
for i in range(2000):
    store.write(frame(i), {1: standing()})
wait_for(lambda: last_time(sys.argv[1]))
os.kill(os.getpid(), signal.SIGKILL)
""", path)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    assert sorted(os.listdir(str(path.parent))) == ['visits.db', 'visits.db-shm', 'visits.db-wal']
    forget(str(path))
    assert os.listdir(str(path.parent)) == []
    with pytest.raises(FileNotFoundError, match=f'no store {path}'):
        forget(str(path))
