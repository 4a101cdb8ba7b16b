"""visits.py: stores on real files, written by real processes that are killed, and what is read."""
import datetime
import glob
import os
import re
import resource  # noqa: F401  for the children
import signal
import sqlite3
import subprocess
import sys
import time
from typing import Any, Dict, List, Optional, Set

from helpers import ROOT
from posesuite.pose.pose import Frame, Keypoint, Point, Pose
from posesuite.pose.skeleton import KEYPOINT_TYPES
from posesuite.visits import database as visits_file
from posesuite.visits import recorder as visits
from posesuite.visits.database import (
    FEET,
    HAND_RAISED,
    HEAD,
    SITTING,
    UPRIGHT,
    open_store,
    read_gaps,
    read_positions,
    read_runs,
    read_visits,
    read_watched,
)
from posesuite.visits.recorder import DAY, VisitStore

import numpy as np
import pytest

SCRIPT = os.path.join(ROOT, 'visits.py')
START = datetime.datetime(2025, 5, 1, 8, tzinfo=datetime.timezone.utc)
BEGIN = round(START.timestamp() * 1000)
IMAGE = np.zeros((480, 640, 3), np.uint8)


def standing(x: float = 320, feet: float = 400, **moved: Any) -> Pose:
    """Someone 300 pixels tall, hands down; moved: where other keypoints are, None if not sure."""
    falls = dict.fromkeys(('NOSE', 'LEFT_EYE', 'RIGHT_EYE', 'LEFT_EAR', 'RIGHT_EAR'), 300)
    for part, fall in (('SHOULDER', 250), ('ELBOW', 200), ('WRIST', 150), ('HIP', 150),
                       ('KNEE', 75), ('ANKLE', 0)):
        falls['LEFT_' + part] = falls['RIGHT_' + part] = fall
    keypoints = {}
    for part in KEYPOINT_TYPES:
        side = 10 * (part.name.startswith('LEFT') - part.name.startswith('RIGHT'))
        point = moved.get(part.name, (x + side, feet - falls[part.name]))
        keypoints[part] = Keypoint(Point(*(point or (0, 0))), 0.9 if point else 0.1)
    return Pose(keypoints, 0.8)


def frame(seconds: float, fault: str = '', image: np.ndarray = IMAGE) -> Frame:
    return Frame(image, round(seconds * 10), seconds, time.monotonic(), fault)


def fill(path: Any, people: Dict[int, Any], seconds: float, start: Optional[Any] = START,
         fps: int = 1, **options: Any) -> None:
    """A run in which people by id are there from and to some seconds."""
    options.setdefault('keep_days', 36500)
    with VisitStore(str(path), start=start, **options) as store:
        for i in range(round(seconds * fps) + 1):
            now = i / fps
            store.write(frame(now), {id: standing() for id, (begin, end) in people.items()
                                   if begin <= now <= end})


def everything(path: Any) -> Dict[str, List[Any]]:
    with open_store(str(path)) as store:
        positions = [row for part in read_positions(store) for row in part.tolist()]
        return {'runs': read_runs(store), 'gaps': read_gaps(store), 'positions': positions,
                'watched': read_watched(store).tolist(), 'visits': read_visits(store).tolist()}


def is_whole(path: Any) -> bool:
    db = sqlite3.connect(str(path))
    found = db.execute('PRAGMA integrity_check').fetchall()
    db.close()
    return found == [('ok',)]


def run(*arguments: Any, status: int = 0) -> 'subprocess.CompletedProcess[str]':
    done = subprocess.run([sys.executable, SCRIPT, *map(str, arguments)], capture_output=True,
                          text=True)
    assert done.returncode == status, done.stderr
    return done


def child(code: str, *arguments: Any, **options: Any) -> 'subprocess.Popen[str]':
    """A process that runs code in which this module's names are known."""
    code = f'import sys; sys.path[:0] = [{ROOT!r}, {os.path.dirname(__file__)!r}]\n' + (
        'from test_visits import *\n' + code)
    return subprocess.Popen([sys.executable, '-c', code, *map(str, arguments)],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


@pytest.fixture
def path(tmp_path) -> Any:
    return tmp_path / 'visits.db'


def test_a_visit_has_a_position_a_second_and_its_exact_length(path):
    fill(path, {1: (0, 10), 2: (3.1, 5.5)}, 12, fps=10, title='hall')
    found = everything(path)
    assert found['runs'] == [(1, BEGIN, BEGIN + 12000, 'hall', 640, 480)]
    assert found['visits'] == [(1, 1, BEGIN, BEGIN + 10000), (2, 1, BEGIN + 3100, BEGIN + 5500)]
    assert [row[:2] for row in found['positions']] == [
        (1, BEGIN + 1000 * i) for i in range(11)] + [(2, BEGIN + 3100 + 1000 * i) for i in range(3)]
    assert found['positions'][0][2:] == (500, 833, 625, FEET + HEAD + UPRIGHT)
    assert found['gaps'] == []
    assert found['watched'] == [[BEGIN, BEGIN + 12000]]


def test_who_comes_back_is_a_new_visit(path):
    """The tracker itself gives an id to the next person; runs begin again at 1."""
    with VisitStore(str(path), start=START) as store:
        for now in np.arange(0, 20, 0.5):
            store.write(frame(now), {1: standing()} if now <= 5 or now >= 10 else {})
    fill(path, {1: (0, 5)}, 5, START + datetime.timedelta(hours=1))
    found = everything(path)
    assert [(id, run, begun - BEGIN, ended - BEGIN) for id, run, begun, ended in found['visits']
            ] == [(1, 1, 0, 5000), (2, 1, 10000, 19500), (3, 2, 3600000, 3605000)]
    assert found['gaps'] == [(BEGIN + 19500, BEGIN + 3600000, 'not running')]


@pytest.mark.parametrize('fault, people, why', [
    ('camera lost since 14:03', {}, 'camera lost since 14:03'),
    ('black', {}, 'black'),
    ('frozen since 14:03', {1: standing()}, 'frozen since 14:03'),
    ('covered', {1: standing()}, None)])
def test_faults_are_gaps_not_empty_rooms(path, fault, people, why):
    with VisitStore(str(path), start=START) as store:
        for now in range(30):
            lost = 10 <= now < 20
            store.write(frame(now, fault if lost else ''), people if lost else {1: standing()})
    found = everything(path)
    gap = (BEGIN + 9000, BEGIN + 20000)
    assert found['gaps'] == ([(*gap, why)] if why else [])
    assert found['watched'] == ([[BEGIN, gap[0]], [gap[1], BEGIN + 29000]] if why
                                else [[BEGIN, BEGIN + 29000]])
    assert len(found['positions']) == (20 if why else 30)


def test_no_frames_are_a_gap(path):
    with VisitStore(str(path), start=START) as store:
        for now in (0, 4, 8, 60, 61):
            store.write(frame(now), {})
    assert everything(path)['gaps'] == [(BEGIN + 8000, BEGIN + 60000, 'no frames')]


def test_a_store_that_others_could_read_is_theirs_no_more(path):
    fill(path, {}, 1)
    path.chmod(0o644)
    fill(path, {}, 1)
    assert path.stat().st_mode & 0o777 == 0o600


def test_nothing_was_watched_in_an_empty_store(path):
    with VisitStore(str(path)):
        pass
    found = everything(path)
    assert set(map(len, found.values())) == {0}


def test_another_size_is_another_run(path):
    with VisitStore(str(path), start=START) as store:
        for now in range(10):
            store.write(frame(now, image=IMAGE if now < 5 else IMAGE[:240, :320]), {1: standing()})
    found = everything(path)
    assert [row[4:] for row in found['runs']] == [(640, 480), (320, 240)]
    assert [row[1] for row in found['visits']] == [1, 2]


def position(**moved: Any) -> Any:
    return visits._position(standing(**moved), 640, 480)


def test_feet():
    assert position()[:3] == (500, 833, 625)
    assert position(LEFT_ANKLE=None)[0] == 484  # the right one alone
    x, y, height, flags = position(LEFT_ANKLE=None, RIGHT_ANKLE=None)
    assert (y, height, flags & FEET) == (677, 469, 0)  # the knees
    assert position(**{part.name: None for part in KEYPOINT_TYPES}) is None
    assert position(LEFT_ANKLE=(700, 500), RIGHT_ANKLE=(700, 500))[:2] == (1000, 1000)
    assert position(LEFT_ANKLE=(float('nan'), 400))[0] == 484


def test_pose_features():
    assert position()[3] == FEET + HEAD + UPRIGHT
    assert position(LEFT_WRIST=(300, 100))[3] == FEET + HEAD + UPRIGHT + HAND_RAISED
    assert position(LEFT_WRIST=(300, 100))[2] == 625  # the hand makes nobody taller
    knees = {'LEFT_KNEE': (340, 260), 'RIGHT_KNEE': (300, 260)}
    assert position(**knees)[3] == FEET + HEAD + SITTING
    assert position(LEFT_KNEE=None, RIGHT_KNEE=None)[3] == FEET + HEAD
    faceless = {part.name: None for part in KEYPOINT_TYPES[:5]}
    assert position(**faceless)[2:] == (521, FEET + UPRIGHT)


def test_permissions(path):
    """Whatever the umask."""
    mask = os.umask(0)
    try:
        with VisitStore(str(path)) as store:
            store.write(frame(0), {1: standing()})
            modes = {name: os.stat(str(path.parent / name)).st_mode & 0o777
                     for name in os.listdir(str(path.parent))}
    finally:
        os.umask(mask)
    assert modes == dict.fromkeys(['visits.db', 'visits.db-wal', 'visits.db-shm'], 0o600)
    assert os.listdir(str(path.parent)) == ['visits.db']


def test_an_open_store_can_be_read(path, monkeypatch):
    monkeypatch.setattr(visits, 'FLUSH', 0.01)
    with VisitStore(str(path)) as store:
        store.write(frame(0), {1: standing()})
        deadline = time.monotonic() + 10
        while not everything(path)['positions'] and time.monotonic() < deadline:
            time.sleep(0.01)
        assert len(everything(path)['visits']) == 1
        with open_store(str(path)) as reading:  # which sees one moment
            store.write(frame(1.5), {1: standing()})
            time.sleep(0.1)
            assert len(read_visits(reading)) == 1


def test_parts_hold_whole_visits(path, monkeypatch):
    fill(path, dict.fromkeys(range(5), (0, 9)), 9)
    monkeypatch.setattr(visits_file, 'PART', 7)
    with open_store(str(path)) as store:
        parts = [part['visit'].tolist() for part in read_positions(store)]
    assert [len(part) for part in parts] == [10] * 5
    assert parts[1] == [2] * 10


def test_since_and_until(path):
    for hour in range(3):
        fill(path, {1: (0, 5)}, 5, START + datetime.timedelta(hours=hour))
    with open_store(str(path)) as store:
        some = BEGIN + 3600000, BEGIN + 2 * 3600000
        assert read_visits(store, *some)['id'].tolist() == [2]
        assert [part['visit'].tolist() for part in read_positions(store, *some)] == [[2] * 6]


KILLED = """
import random
visits.FLUSH, visits.BATCH = 0.003, 20
write = visits.VisitFile.write
def acknowledge(file, rows):
    write(file, rows)
    for visit, when in rows['positions']:
        os.write(out, b'%d %d\\n' % (file._base[1] + visit, when))
visits.VisitFile.write = acknowledge
path, begun, acknowledged = sys.argv[1], 0, set()
for kill in range(200):
    inlet, out = os.pipe()
    pid = os.fork()
    if not pid:
        store = VisitStore(path, start=START + datetime.timedelta(seconds=1000 * kill))
        for i in range(900):
            store.write(frame(i), {id: standing() for id in range(1 + i % 7)})
            time.sleep(0.0005)
        os._exit(0)
    os.close(out)
    time.sleep(random.uniform(0.02, 0.08))
    os.kill(pid, signal.SIGKILL)
    assert os.WIFSIGNALED(os.waitpid(pid, 0)[1])
    with open(inlet) as lines:
        acknowledged.update(tuple(map(int, line.split())) for line in lines if line[-1:] == '\\n')
    if kill % 10 == 9:
        assert is_whole(path)
        found = everything(path)
        assert acknowledged <= {row[:2] for row in found['positions']}
        assert {row[0] for row in found['positions']} <= {row[0] for row in found['visits']}
        assert {row[1] for row in found['visits']} <= {row[0] for row in found['runs']}
print(len(acknowledged), len(found['runs']), len(found['gaps']))
"""


def test_killed_200_times_in_mid_write(path):
    process = child(KILLED, path)
    out, errors = process.communicate()
    assert (process.returncode, errors) == (0, '')
    acknowledged, runs, gaps = map(int, out.split())
    assert acknowledged > 2000
    assert 150 < runs <= 200
    assert gaps == runs - 1
    fill(path, {1: (0, 5)}, 5, START + datetime.timedelta(days=30))
    assert len(everything(path)['gaps']) == runs


FULL = """
visits.FLUSH = 0.01
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
store = VisitStore(sys.argv[1], start=START, keep_days=36500)
visits.MOST = 200
def add(since, until):
    for i in range(since, until):
        store.write(frame(i), {1: standing(), 2: standing()})
def wait(failing):
    while store._failing != failing:
        time.sleep(0.01)
add(0, 100)
while any(store._waiting.values()):
    time.sleep(0.01)
resource.setrlimit(resource.RLIMIT_FSIZE, (30000, hard))
add(100, 1000)
wait(True)
add(1000, 2000)
assert max(map(len, store._waiting.values())) <= 200, store._waiting
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
wait(False)
for first in (2000, 2050):  # fewer than may wait
    while any(store._waiting.values()):
        time.sleep(0.01)
    add(first, first + 50)
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
    # A write may succeed in between, in what the disk still had; then it is lost a second time.
    gaps = found['gaps']
    lost = 2 * 2100 - len(found['positions'])
    assert lost > 1500
    counts = [re.fullmatch(r'the disk took nothing: (\d+) positions are lost', why).group(1)
              for _, _, why in gaps]
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
    assert out == f'the disk did not take the end of {path}\n'
    assert errors.startswith('error: cannot write')


def test_a_disk_that_is_full_from_the_start_is_waited_for(path):
    process = child("""
visits.FLUSH = 0.01
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
with VisitStore(sys.argv[1], start=START, keep_days=36500) as store:
    for i in range(10):
        store.write(frame(i), {1: standing()})
    time.sleep(0.2)
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
""", path)
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert len(errors.splitlines()) == 2
    assert len(everything(path)['positions']) == 10


def refusal(path: Any, uid: int = 0) -> str:
    """What a process says that cannot open a store."""
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


def test_a_second_process_is_one_clear_line(path):
    with VisitStore(str(path)):
        assert refusal(path) == f'cannot open the store {path}: another process uses it'
        assert run('forget', path, status=1).stderr.endswith('another process uses it\n')


def test_other_versions_and_other_databases_are_left_alone(path):
    fill(path, {}, 5)
    db = sqlite3.connect(str(path))
    db.execute('PRAGMA user_version = 9')
    db.close()
    assert refusal(path) == f'{path} is of version 9, need 1'
    with pytest.raises(ValueError, match='version 9'), open_store(str(path)):
        pass
    other = path.parent / 'other.db'
    db = sqlite3.connect(str(other))
    db.execute('CREATE TABLE music (title)')
    db.close()
    before = other.read_bytes()
    assert refusal(other) == f'{other} is a database, but no store of visits'
    assert run('forget', other, status=1).stderr == f'error: {other} is no store of visits\n'
    assert other.read_bytes() == before


@pytest.mark.parametrize('name, why', [
    ('no folder/visits.db', 'No such file or directory'), ('', 'Is a directory')])
def test_a_wrong_path_is_refused_at_once(tmp_path, name, why):
    with pytest.raises(OSError, match=why):
        VisitStore(str(tmp_path / name))
    with pytest.raises(ValueError, match='null'):
        VisitStore('a\0b')


@pytest.mark.skipif(os.geteuid() != 0, reason='only root becomes somebody else')
def test_somebody_elses_store_is_refused(path):
    fill(path, {}, 5)
    for folder in (path.parent, path.parent.parent, path.parent.parent.parent):
        os.chmod(str(folder), 0o755)
    assert 'Permission denied' in refusal(path, 65534)


@pytest.mark.skipif(os.geteuid() != 0, reason='only root becomes somebody else')
def test_a_read_only_folder_is_waited_for(path):
    fill(path, {1: (0, 5)}, 5)
    os.chown(str(path), 65534, 65534)
    for folder in (path.parent.parent, path.parent.parent.parent):
        os.chmod(str(folder), 0o755)
    os.chmod(str(path.parent), 0o555)
    process = child("""
os.setuid(65534)
visits.FLUSH = 0.01
with VisitStore(sys.argv[1], start=START + datetime.timedelta(days=1)) as store:
    print('open', flush=True)
    for i in range(10):
        store.write(frame(i), {1: standing()})
    sys.stdin.readline()
    while store._failing:
        time.sleep(0.01)
""", path, stdin=subprocess.PIPE)
    assert process.stdout.readline() == 'open\n'
    os.chmod(str(path.parent), 0o777)
    out, errors = process.communicate('go on\n', timeout=60)
    assert process.returncode == 0, errors
    first, second = errors.splitlines()
    assert first.startswith('error: cannot write the store')
    assert second.endswith('is written again; 0 positions are lost')
    assert len(everything(path)['positions']) == 16


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
def test_a_damaged_store_is_set_aside(path, kind, capfd):
    fill(path, dict.fromkeys(range(5), (0, 300)), 300)
    damage(path, kind)
    before = path.read_bytes()
    fill(path, {1: (0, 5)}, 5, START + datetime.timedelta(days=1))
    said = capfd.readouterr().err
    assert said.startswith(f'error: the store {path} is damaged (')
    assert said.count('\n') == 1
    aside, = glob.glob(f'{path}.damaged-*')
    assert time.strftime('%Y%m%d', time.gmtime(time.time() - 60)) in aside
    assert f'it is now {aside}' in said
    with open(aside, 'rb') as file:
        assert file.read() == before
    assert is_whole(path)
    assert len(everything(path)['positions']) == 6
    run('forget', path)
    assert os.listdir(str(path.parent)) == []


def test_a_store_that_is_damaged_while_it_is_open_is_set_aside(path, monkeypatch, capfd):
    fill(path, dict.fromkeys(range(5), (0, 3000)), 3000)
    monkeypatch.setattr(visits, 'FLUSH', 0.01)
    later = START + datetime.timedelta(days=1)
    with VisitStore(str(path), start=later, keep_days=0.5) as store:
        # By another process: closing the file in this one would end SQLite's own locks.
        subprocess.run(['dd', 'if=/dev/zero', f'of={path}', 'bs=4096', 'seek=5', 'count=100',
                        'conv=notrunc'], check=True, stderr=subprocess.DEVNULL)
        store._file._db.execute('PRAGMA shrink_memory')  # of the pages that it remembers
        store.write(frame(0), {1: standing()})  # deletes old rows, and so comes upon it
        deadline = time.monotonic() + 20
        while not glob.glob(f'{path}.damaged-*') and time.monotonic() < deadline:
            time.sleep(0.01)
        for i in range(1, 10):
            store.write(frame(i), {1: standing()})
    assert 'is damaged' in capfd.readouterr().err
    assert is_whole(path)
    found = everything(path)
    assert [row[1] - BEGIN - DAY for row in found['positions']][-9:] == [
        1000 * i for i in range(1, 10)]
    assert [row[2:] for row in found['visits']] == [(BEGIN + DAY, BEGIN + DAY + 9000)]
    assert len(found['runs']) == 1


def test_a_file_of_another_kind_is_left_alone(path):
    path.write_text('Dear diary')
    path.chmod(0o644)
    assert refusal(path) == f'{path} is no store of visits'
    assert run('forget', path, status=1).stderr == f'error: {path} is no store of visits\n'
    assert path.read_text() == 'Dear diary'
    assert path.stat().st_mode & 0o777 == 0o644


class Clock:
    """Stands for the module time; both clocks can be set."""

    def __init__(self) -> None:
        self.now, self.uptime = START.timestamp(), 1000.0

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.uptime

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)


def test_a_clock_that_jumps_by_a_year_changes_no_length_and_deletes_nothing(path, monkeypatch):
    clock = Clock()
    monkeypatch.setattr(visits, 'time', clock)
    with VisitStore(str(path)) as store:
        for i in range(300):
            clock.now += 0.1
            clock.uptime += 0.1
            clock.now += 366 * DAY / 1000 * ((i == 100) - (i == 200))
            store.write(frame(clock.uptime)._replace(captured=clock.uptime), {1: standing()})
    found = everything(path)
    assert [(id, run, ended - begun) for id, run, begun, ended in found['visits']] == [
        (1, 1, 9900), (2, 2, 9900), (3, 3, 9900)]
    assert [row[1] for row in found['runs']] == [BEGIN + 100, BEGIN + 20100,
                                                 BEGIN + 10100 + 366 * DAY]
    assert len(found['positions']) == 30


def test_summer_time_makes_no_difference(path, monkeypatch):
    monkeypatch.setenv('TZ', 'Europe/Berlin')
    time.tzset()
    try:
        for month, day, hours in ((3, 30, 23), (10, 26, 25), (5, 1, 24)):
            begin, end = (visits._date(f'2025-{month:02}-{number:02}')
                          for number in (day, day + 1))
            assert (end - begin).total_seconds() / 3600 == hours
            store = path.parent / f'{month}.db'
            seconds = 3600 * hours
            with VisitStore(str(store), start=begin, keep_days=36500) as writer:
                for now in range(0, seconds + 1, 4):
                    writer.add(frame(now), {})
            (begun, ended), = everything(store)['watched']
            assert ended - begun == seconds * 1000
    finally:
        monkeypatch.undo()
        time.tzset()


def times_in(folder: Any) -> Set[int]:
    """What may be times of the store's month, by their bytes in the folder's files."""
    month = BEGIN.to_bytes(6, 'big')[:2]
    return {int.from_bytes(found, 'big') for file in folder.iterdir()
            for found in re.findall(b'(?s)(?=(' + re.escape(month) + b'.{4}))', file.read_bytes())}


def test_what_is_too_old_is_gone_to_the_byte(path, monkeypatch):
    monkeypatch.setattr(visits, 'FLUSH', 0.01)
    fill(path, {id: (50 * id, 50 * id + 400) for id in range(40)}, 2400, title='canary')
    size = path.stat().st_size
    old = {BEGIN + 1000 * second for second in range(2351)}
    assert old <= times_in(path.parent)
    aside = path.parent / 'visits.db.damaged-20250501-080000'
    aside.write_bytes(BEGIN.to_bytes(6, 'big'))
    os.utime(str(aside), (BEGIN // 1000,) * 2)

    with VisitStore(str(path), start=START + datetime.timedelta(days=30), keep_days=30) as store:
        store.write(frame(1200), {1: standing()})
        deadline = time.monotonic() + 20
        while store._purge_due == 0 and time.monotonic() < deadline:
            time.sleep(0.01)
        left = times_in(path.parent)  # while it is open
    found = everything(path)
    assert not aside.exists()
    assert path.stat().st_size < 0.8 * size
    assert {when for when in old if when >= BEGIN + 1200000} <= {
        row[1] for row in found['positions']}
    begun = {row[2] for row in found['visits']} | {found['runs'][0][1]}
    assert not {when for when in old & left - begun if when < BEGIN + 1200000}

    fill(path, {}, 0, START + datetime.timedelta(days=300), keep_days=30)
    assert not old & times_in(path.parent)
    assert b'canary' not in path.read_bytes()


def test_forget_leaves_nothing(path):
    process = child("""
store = VisitStore(sys.argv[1], start=START, keep_days=36500)
for i in range(2000):
    store.write(frame(i), {1: standing()})
while any(store._waiting['positions']):
    time.sleep(0.01)
os.kill(os.getpid(), signal.SIGKILL)
""", path)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    assert sorted(os.listdir(str(path.parent))) == ['visits.db', 'visits.db-shm', 'visits.db-wal']
    assert run('forget', path).stdout == ''
    assert os.listdir(str(path.parent)) == []
    assert run('forget', path, status=1).stderr == f'error: no store {path}\n'


def test_a_day_of_three_people_is_small_and_its_log_stays_level(path):
    random = np.random.default_rng(1)
    logs, descriptors = [], []
    with VisitStore(str(path), start=START, keep_days=36500) as store:
        for minute in range(12 * 60):
            people = {(minute + i) % 5: standing(*random.uniform((20, 300), (620, 470)))
                      for i in range(3)}  # who stay for three minutes
            for second in range(60):
                store.write(frame(60 * minute + second), people)
            logs.append(os.path.getsize(f'{path}-wal'))
            descriptors.append(len(os.listdir('/proc/self/fd')))
    with open_store(str(path)) as reading:
        assert sum(len(part) for part in read_positions(reading)) == 12 * 3600 * 3
        assert len(read_visits(reading)) == 12 * 60 + 2
    assert path.stat().st_size < 6e6
    assert max(logs) < 6e6
    assert len(set(descriptors[60:])) == 1


def test_memory_stays_bounded_while_the_disk_is_full(path):
    process = child("""
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
visits.MOST = 5000
store = VisitStore(sys.argv[1], start=START)
memory = []
for i in range(30000):
    store.write(frame(i, fault='black' if i % 9 < 3 else ''),
              {} if i % 9 < 3 else {i // 9 % 5: standing(), 7: standing()})
    if i % 10000 == 9999:
        memory.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
print(*memory, *map(len, store._waiting.values()), max(map(len, store._waiting.values())))
os._exit(0)
""", path)
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    first, _, last, *_, rows = map(int, out.split())
    assert rows <= 5000
    assert last - first < 12000  # KiB
    assert len(errors.splitlines()) == 1


def test_without_a_path_nothing_is_stored(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with VisitStore(None) as store:
        store.write(frame(0), {1: standing()})
    assert os.listdir(str(tmp_path)) == []


def test_command_line(path, tmp_path):
    assert 'visits.py report visits.db -o report.html' in run('--help').stdout
    assert run('--version').stdout.strip() == visits.__version__
    for wrong in ([], ['report', 'a.db'], ['report', 'a.db', '-o', 'a.html', '--min-visits', '0'],
                  ['report', 'a.db', '-o', 'a.html', '--since', 'yesterday']):
        done = run(*wrong, status=2)
        assert done.stdout == ''
        assert 'usage:' in done.stderr
    missing = run('report', tmp_path / 'no.db', '-o', tmp_path / 'a.html', status=1)
    assert missing.stderr.startswith('error: ')
    assert missing.stderr.count('\n') == 1
    assert os.listdir(str(tmp_path)) == []


@pytest.mark.parametrize('text, days', [('30d', 30), ('12h', 0.5), ('1d', 1)])
def test_keep(text, days):
    assert visits.keep_days(text) == days


@pytest.mark.parametrize('text', ['', '30', '0d', '-1d', '1.5d', '999999d', 'd'])
def test_keep_refuses(text):
    with pytest.raises(visits.argparse.ArgumentTypeError, match='30d'):
        visits.keep_days(text)
