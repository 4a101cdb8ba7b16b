"""posesuite/visits/store.py under faults: killed processes, full and read-only disks, damage."""
import datetime
import glob
import os
import re
import sqlite3
import subprocess

from figures import frame, standing
from helpers import wait_for
from posesuite.visits import store as store_module
from posesuite.visits.rows import DAY
from posesuite.visits.store import VisitStore
from stores import BEGIN, FOREVER, START, child, everything, fill, is_whole

import pytest

SOMEBODY = {1: standing()}


KILLED = """
import random, select
store_module.FLUSH_INTERVAL, store_module.BATCH = 0.003, 20
write = store_module.VisitFile.write
def acknowledging(file, rows):
    write(file, rows)
    for (visit, when), (x, *_) in rows['positions'].items():
        os.write(out, b'%d %d\\n' % (when, x))
store_module.VisitFile.write = acknowledging
path, begun, acknowledged = sys.argv[1], 0, set()
for kill in range(200):
    inlet, out = os.pipe()
    pid = os.fork()
    if not pid:
        store = VisitStore(path, start=START + datetime.timedelta(seconds=1000 * kill))
        for i in range(900):
            store.write(frame(i), {id: standing(64 * id) for id in range(1 + i % 7)})
            time.sleep(0.0005)
        os._exit(0)
    os.close(out)
    if kill % 3:  # else it may still be opening the store
        select.select([inlet], [], [], 10)
    time.sleep(random.uniform(0, 0.04))
    os.kill(pid, signal.SIGKILL)
    assert os.WIFSIGNALED(os.waitpid(pid, 0)[1])
    with open(inlet) as lines:
        acknowledged.update(tuple(map(int, line.split())) for line in lines if line[-1:] == '\\n')
    if kill % 20 == 19:
        assert is_whole(path)
        found = everything(path)
        assert acknowledged <= {row[1:3] for row in found['positions']}
        assert {row[0] for row in found['positions']} <= {row[0] for row in found['visits']}
        assert {row[1] for row in found['visits']} <= {row[0] for row in found['runs']}
lasting = [run for run in found['runs'] if run[2] > run[1]]
assert [[run[1], run[2]] for run in lasting] == found['watched']  # the times between are not
print(len(acknowledged), len(found['runs']))
"""


def test_killed_200_times_in_mid_write(path):
    """People stand side by side, so that a position is known by its time and place."""
    process = child(KILLED, path)
    out, errors = process.communicate()
    assert (process.returncode, errors) == (0, '')
    acknowledged, runs = map(int, out.split())
    assert acknowledged > 2000
    assert 133 <= runs <= 200
    fill(path, {1: (0, 5)}, 5, START + datetime.timedelta(days=30))
    assert len(everything(path)['runs']) == runs + 1


FULL = """
store_module.FLUSH_INTERVAL = 0.01
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
path = sys.argv[1]
store = VisitStore(path, start=START, keep_days=FOREVER, max_queued=200)
def write(since, until):
    for i in range(since, until):
        store.write(frame(i), {1: standing(), 2: standing()})
def wait_until_stored(second):
    wait_for(lambda: last_time(path) == BEGIN + 1000 * second)
write(0, 100)
wait_until_stored(99)
resource.setrlimit(resource.RLIMIT_FSIZE, (30000, hard))
write(100, 1000)
wait_for(lambda: said)
write(1000, 2000)
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
wait_for(lambda: 'again' in said[-1])
wait_until_stored(1999)
for first in (2000, 2050):  # fewer than may wait
    write(first, first + 50)
    wait_until_stored(first + 49)
store.close()
"""


def test_a_full_disk_costs_the_oldest_positions_and_nothing_else(path):
    process = child(FULL, path)
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    said = errors.splitlines()
    assert len(said) >= 2
    assert said[0].startswith(f'error: cannot write the store {path}: ')
    assert f'the store {path} is written again' in said[1]
    assert is_whole(path)
    found = everything(path)
    times = [when - BEGIN for visit, when, *_ in found['positions'] if visit == 1]
    assert times[:100] == list(range(0, 100000, 1000))
    assert times[-100:] == list(range(2000000, 2100000, 1000))
    assert [visit[2:] for visit in found['visits']] == [(BEGIN, BEGIN + 2099000)] * 2
    # A write may succeed in between, in what the disk still had; then the store loses some twice.
    gaps = found['gaps']
    lost = 2 * 2100 - len(found['positions'])
    assert lost > 1500
    counts = [re.fullmatch(r'the disk could not be written: (\d+) positions were dropped',
                           why).group(1) for _, _, why in gaps]
    assert sum(map(int, counts)) == lost
    for when in set(range(0, 2100000, 1000)) - set(times):
        assert any(begun <= BEGIN + when <= ended for begun, ended, _ in gaps)
    assert not [when for when in times for begun, ended, _ in gaps
                if begun <= BEGIN + when <= ended]


def test_a_disk_that_stays_full_is_an_error_in_the_end(path):
    process = child("""
store = VisitStore(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
store.write(frame(0), {1: standing()})
try:
    store.close()
except OSError as error:
    print(error)
""", path)
    out, errors = process.communicate(timeout=60)
    assert out == f'the end of {path} could not be written\n'
    assert errors.startswith('error: cannot write')


def test_a_disk_that_is_full_from_the_start_is_waited_for(path):
    process = child("""
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
with VisitStore(sys.argv[1], start=START, keep_days=FOREVER) as store:
    assert said
    for i in range(10):
        store.write(frame(i), {1: standing()})
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
""", path)
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert len(errors.splitlines()) == 2
    assert len(everything(path)['positions']) == 10


@pytest.mark.skipif(os.geteuid() != 0, reason='only root becomes somebody else')
def test_a_read_only_folder_is_waited_for(public_folder):
    path = public_folder / 'visits.db'
    fill(path, {1: (0, 5)}, 5)
    os.chown(str(path), 65534, 65534)
    os.chmod(str(path.parent), 0o555)
    process = child("""
os.setuid(65534)
store_module.FLUSH_INTERVAL = 0.01
with VisitStore(sys.argv[1], start=START + datetime.timedelta(days=1)) as store:
    print('open', flush=True)
    for i in range(10):
        store.write(frame(i), {1: standing()})
    sys.stdin.readline()
    wait_for(lambda: 'again' in said[-1])
""", path, stdin=subprocess.PIPE)
    assert process.stdout.readline() == 'open\n'
    os.chmod(str(path.parent), 0o777)
    out, errors = process.communicate('go on\n', timeout=60)
    assert process.returncode == 0, errors
    first, second = errors.splitlines()
    assert first.startswith('error: cannot write the store')
    assert second.endswith('is written again; 0 positions were lost')
    assert len(everything(path)['positions']) == 16


def test_a_store_that_is_damaged_while_it_is_open_is_set_aside(path, monkeypatch, caplog):
    monkeypatch.setattr(store_module, 'FLUSH_INTERVAL', 0.01)
    fill(path, {1: (0, 10)}, 10)
    db = sqlite3.connect(str(path))  # more than SQLite keeps in memory
    db.executemany('INSERT INTO positions VALUES (1, ?, 1, 1, 1, 1)',
                   ((BEGIN + 10001 + i,) for i in range(200000)))
    db.commit()
    db.close()
    later = START + datetime.timedelta(days=1)
    with VisitStore(str(path), start=later, keep_days=0.5) as store:
        # By another process: closing the file in this one would end SQLite's own locks.
        subprocess.run(['dd', 'if=/dev/zero', f'of={path}', 'bs=4096', 'seek=5', 'count=100',
                        'conv=notrunc'], check=True, stderr=subprocess.DEVNULL)
        store.write(frame(0), SOMEBODY)  # deletes old rows, and so finds the damage
        wait_for(lambda: glob.glob(f'{path}.damaged-*'))
        for i in range(1, 10):
            store.write(frame(i), SOMEBODY)
    assert 'is damaged' in caplog.text
    assert is_whole(path)
    found = everything(path)
    assert [row[1] - BEGIN - DAY for row in found['positions']][-9:] == [
        1000 * i for i in range(1, 10)]
    assert [row[2:] for row in found['visits']] == [(BEGIN + DAY, BEGIN + DAY + 9000)]
    assert len(found['runs']) == 1


@pytest.mark.parametrize('how', ['removed', 'moved', 'replaced'])
def test_a_store_that_is_taken_away_is_begun_anew(path, monkeypatch, caplog, how):
    monkeypatch.setattr(store_module, 'FLUSH_INTERVAL', 0.01)
    fill(path.parent / 'other.db', {1: (0, 5)}, 5)
    with VisitStore(str(path), start=START, keep_days=FOREVER) as store:
        store.write(frame(0), SOMEBODY)
        wait_for(lambda: everything(path)['positions'])
        if how == 'removed':
            path.unlink()
        elif how == 'moved':
            path.rename(path.parent / 'kept.db')
        else:
            (path.parent / 'other.db').rename(path)
        wait_for(lambda: caplog.messages and path.exists())  # although nobody comes
        for i in range(1, 10):
            store.write(frame(i), SOMEBODY)
    said, = caplog.messages
    assert said.startswith(f'the store {path} was removed or replaced')
    assert is_whole(path)
    found = everything(path)
    before = 6 * (how == 'replaced')
    assert len(found['positions']) == before + 9
    assert len(found['runs']) == len(found['visits']) == 1 + (how == 'replaced')
    assert path.stat().st_mode & 0o777 == 0o600
    if how == 'moved':
        assert len(everything(path.parent / 'kept.db')['positions']) == 1
    assert not glob.glob(f'{path}-*')


def test_a_store_that_is_replaced_by_another_kind_of_file_waits(path, monkeypatch, caplog):
    """Whose file is left alone."""
    monkeypatch.setattr(store_module, 'FLUSH_INTERVAL', 0.01)
    monkeypatch.setattr(store_module, 'COMPLAINT_INTERVAL', 0.0)
    diary = path.parent / 'diary'
    diary.write_text('Dear diary')
    with VisitStore(str(path), start=START, keep_days=FOREVER) as store:
        store.write(frame(0), SOMEBODY)
        wait_for(lambda: everything(path)['positions'])
        diary.rename(path)
        wait_for(lambda: f'{path} is not a store of visits' in caplog.text)
        store.write(frame(1), SOMEBODY)
        assert path.read_text() == 'Dear diary'
        path.unlink()
        wait_for(lambda: 'is written again' in caplog.text)
    assert len(everything(path)['positions']) == 1


@pytest.mark.parametrize('end', ['-wal', '-shm'])
def test_a_store_whose_log_is_removed_loses_nothing(path, monkeypatch, caplog, end):
    monkeypatch.setattr(store_module, 'FLUSH_INTERVAL', 0.01)
    with VisitStore(str(path), start=START, keep_days=FOREVER) as store:
        store.write(frame(0), SOMEBODY)
        wait_for(lambda: everything(path)['positions'])
        os.unlink(f'{path}{end}')
        wait_for(lambda: os.path.exists(f'{path}{end}'))
        store.write(frame(1), SOMEBODY)
        wait_for(lambda: len(everything(path)['positions']) == 2)
    assert 'lost its -wal or -shm file' in caplog.text
    assert len(caplog.messages) == 1
    assert is_whole(path)


def test_memory_stays_bounded_while_the_disk_is_full(path):
    process = child("""
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
store = VisitStore(sys.argv[1], start=START, max_queued=1000)
memory = []
for i in range(9000):
    store.write(frame(i, fault='black' if i % 9 < 3 else ''),
              {} if i % 9 < 3 else {i // 9 % 5: standing(), 7: standing()})
    if i % 3000 == 2999:
        memory.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
print(*memory)
os._exit(0)
""", path)
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    first, *_, last = map(int, out.split())
    assert last - first < 2000  # KiB; unbounded it would be 5000
    assert len(errors.splitlines()) == 1
