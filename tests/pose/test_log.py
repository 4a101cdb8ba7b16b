"""posesuite/pose/log.py: logs that are written, replayed and checked."""
import hashlib
import os
import resource
import signal
import stat
import subprocess
import sys

from figures import numbered, row
from helpers import ROOT, TESTS
from logs import HEADER, SAMPLES, line, written
from posesuite.pose.json_poses import pose_as_json
from posesuite.pose.log import PoseLog, read_log
from posesuite.pose.pose import Fault, FaultKind

import numpy as np
import pytest


@pytest.mark.parametrize('path', SAMPLES, ids=os.path.basename)
def test_samples_replay_identically(path, tmp_path):
    header, frames = read_log(path)
    assert (header['width'], header['height'], header['fps']) == (640, 480, 30)
    again = str(tmp_path / 'again.jsonl')
    with PoseLog(again, 'samples', fps=header['fps']) as log:
        for frame in frames:
            log.write(numbered(frame.number, frame.time, (640, 480)), frame.people)
    copy, copied = read_log(again)
    assert copy['width'] == 640
    copied = list(copied)
    assert len(copied) == 300
    assert copied == list(read_log(path)[1])


def test_a_replay_of_a_replay_is_the_same_to_the_byte(tmp_path):
    first, second = str(tmp_path / 'first.jsonl'), str(tmp_path / 'second.jsonl')
    rng = np.random.default_rng(1)
    with PoseLog(first, 'a') as log:
        for number in range(50):
            log.write(numbered(number, rng.uniform(0, 9)), {
                id: row(rng.normal(0, 300), rng.uniform()) for id in range(3)})
    with PoseLog(second, 'a') as log:
        for frame in read_log(first)[1]:
            log.write(numbered(frame.number, frame.time), frame.people)
    with open(first) as a, open(second) as b:
        lines, again = a.readlines(), b.readlines()
    assert len(lines) == 51
    assert lines[1:] == again[1:]


def test_header(tmp_path):
    model = tmp_path / 'net.tflite'
    model.write_bytes(b'network')
    path = str(tmp_path / 'a.jsonl')
    with PoseLog(path, '<b>cam\n\udcff', str(model), fps=29.97) as log:
        log.write(numbered(0, 0.0), {})
    header, frames = read_log(path)
    start = header.pop('start')
    assert start.endswith('+00:00')
    assert header == {'version': 1, 'source': '<b>cam??', 'fps': 29.97, 'model': 'net.tflite',
                      'sha256': hashlib.sha256(b'network').hexdigest(), 'width': 64, 'height': 48}
    assert len(list(frames)) == 1


def test_a_fault_is_kept(tmp_path):
    path = str(tmp_path / 'a.jsonl')
    with PoseLog(path, 'a') as log:
        log.write(numbered(3, 0.1, fault='camera lost since 14:03'), {})
        log.write(numbered(4, 0.2), {1: row()})
    frames = list(read_log(path)[1])
    assert [(f.number, f.fault, list(f.people)) for f in frames] == [
        (3, Fault(FaultKind.LOST, 'camera lost since 14:03'), []), (4, None, [1])]


def test_a_frame_that_no_log_may_have_is_lost_and_reported(tmp_path, caplog):
    path = str(tmp_path / 'a.jsonl')
    with pytest.raises(OSError, match='lacks 1 frames'), PoseLog(path, 'a') as log:
        log.write(numbered(0, 0.0, (20000, 1), name='wide.png'), {1: row()})
        log.write(numbered(1, 0.1), {})
    assert [frame.number for frame in read_log(path)[1]] == [1]
    assert [record.getMessage() for record in caplog.records] == [
        f'cannot write the log {path}: wide.png has 20000x1 pixels, the limit is 16384 a side and '
        '67108864 in all']


def test_no_path_does_nothing():
    with PoseLog(None, 'a', '/nowhere') as log:
        log.write(None, {})


def test_numpy_numbers_are_written(tmp_path):
    path = str(tmp_path / 'a.jsonl')
    with PoseLog(path, 'a') as log:
        log.write(numbered(0, 0.0), {np.int64(2): row(np.float32(1.5), np.float32(.25))})
    people = next(read_log(path)[1]).people
    assert people == {2: row(1.5, .25)}


def test_a_log_is_never_written_over(tmp_path):
    path = written(tmp_path, 'dear')
    with pytest.raises(OSError, match='exists already'):
        PoseLog(path, 'a')
    with open(path) as file:
        assert file.read() == 'dear'


def test_only_its_owner_may_read_a_log(tmp_path):
    path = str(tmp_path / 'a.jsonl')
    before = os.umask(0)
    try:
        with PoseLog(path, 'a') as log:
            log.write(numbered(0, 0.0), {})
    finally:
        os.umask(before)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


def test_a_log_without_a_frame_is_removed(tmp_path):
    path = str(tmp_path / 'a.jsonl')
    with PoseLog(path, 'a'):
        assert os.path.exists(path)
    assert not os.path.exists(path)


@pytest.mark.parametrize('path', ['nowhere/a.jsonl', 'a\0b', 'x' * 300])
def test_a_path_that_cannot_be_written_is_one_line(path, tmp_path):
    with pytest.raises(OSError) as error:
        PoseLog(os.path.join(str(tmp_path), path), 'a')
    assert len(str(error.value).splitlines()) == 1
    assert repr(path)[1:-1] in str(error.value)


FULL_DISK = '''
import resource, sys
sys.path[:0] = {paths!r}
from figures import numbered, row
from posesuite import script
from posesuite.pose.log import PoseLog
script.talk()
log = PoseLog({path!r}, 'a')
log.write(numbered(0, 0.0), {{1: row()}})
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, resource.RLIM_INFINITY))
for number in range(1, 5):
    log.write(numbered(number, number / 10), {{1: row(), 2: row()}})
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
log.write(numbered(5, .5), {{1: row()}})
try:
    log.close()
except OSError as error:
    print(error)
'''


def test_a_full_disk_loses_whole_frames_and_is_reported_once(tmp_path):
    path = str(tmp_path / 'a.jsonl')
    done = subprocess.run([sys.executable, '-c', FULL_DISK.format(paths=[ROOT, TESTS], path=path)],
                          capture_output=True, text=True)
    assert [frame.number for frame in read_log(path)[1]] == [0, 5]
    assert done.stderr.count('error: cannot write the log') == 1
    assert done.stdout == f'{path} lacks 4 frames that could not be written\n'


KILLED = '''
import os, signal, sys
sys.path[:0] = {paths!r}
from figures import numbered, row
from posesuite import script
from posesuite.pose.log import PoseLog
log = PoseLog({path!r}, 'a')
for number in range(100):
    log.write(numbered(number, number / 10), {{1: row()}})
os.kill(os.getpid(), signal.SIGKILL)
'''


def test_a_killed_process_loses_nothing(tmp_path):
    path = str(tmp_path / 'a.jsonl')
    done = subprocess.run([sys.executable, '-c', KILLED.format(paths=[ROOT, TESTS], path=path)])
    assert done.returncode == -signal.SIGKILL
    assert len(list(read_log(path)[1])) == 100


def test_a_cut_last_line_is_reported_and_left_out(tmp_path, caplog):
    whole = HEADER + line() + line(frame=1)
    for cut in (1, 2, 40, len(line(frame=1)) - 1):
        path = written(tmp_path, whole[:-cut])
        frames = list(read_log(path)[1])
        said = [record.getMessage() for record in caplog.records]
        caplog.clear()
        if cut == 1:  # only the line's end is missing
            assert ([f.number for f in frames], said) == ([0, 1], [])
        else:
            assert [f.number for f in frames] == [0]
            assert said == [f'{path}:3: the last line was cut off; it is left out']


@pytest.mark.parametrize('text', [
    '', '\n', 'hello\n', '\0' * 100, b'\xff\xfe\xfa', '[]\n', '1\n', 'null\n', '{}\n', '[' * 100000,
    'x' * (3 << 20), '{"version": 2, "source": "a", "width": 1, "height": 1}\n',
    '{"version": "<b>\\u001b[31m", "source": "a", "width": 1, "height": 1}\n',
    HEADER.replace('640', '0'), HEADER.replace('640', '1e9'), HEADER.replace('640', '"640"'),
    HEADER.replace('640', 'true'), HEADER.replace('640, "height": 480', '16000, "height": 16000'),
    HEADER.replace('640, "height": 480', '8000000, "height": 1'), HEADER.replace('480', '8000000'),
    HEADER.replace('}', ', "background": ["a.jpg"]}'),
    HEADER.replace('}', ', "background": "' + 'a' * 2000 + '"}'),
    HEADER.replace('"a"', '7'), HEADER.replace('"a"', '"a\\nb"'),
    HEADER.replace('"a"', '"' + 'a' * 2000 + '"'), HEADER.replace('}', ', "fps": NaN}'),
    HEADER.replace('}', ', "fps": 0}'), HEADER[:-9]], ids=lambda text: repr(text[:40]))
def test_what_is_no_log_is_refused_in_one_line(text, tmp_path):
    path = written(tmp_path, text)
    with pytest.raises(ValueError) as error:
        read_log(path)
    message = str(error.value)
    assert message.startswith(path)
    assert len(message.splitlines()) == 1
    assert len(message) < len(path) + 200
    assert message.isprintable()


def changed(**changes: object) -> str:
    one = dict(id=1, **pose_as_json(row()))
    one['keypoints'][3].update(changes)
    return line(poses=[one])


@pytest.mark.parametrize('bad', [
    'hello\n', '\n', '[' * 100000 + '\n', '{"a": ' * 50000 + '\n', '[]\n', '{}\n', 'x' * (3 << 20),
    '1' * 1000000 + '\n', line(frame=-1), line(frame=1.5), line(frame='1'), line(frame=True),
    line(time=-1), line(time=float('nan')), line(time=float('inf')), line(time=None),
    line().replace('"time": 0.0', '"time": 1e999'), line(poses=None), line(poses=[1]),
    line(poses=[{'id': 1}]), line(poses=[{'id': 1, 'score': .5, 'keypoints': []}]),
    line(poses=[dict(id=1, **pose_as_json(row()))] * 2), line(poses=[pose_as_json(row())]),
    changed(part='leftEye'), changed(part='tail'), changed(part=None), changed(score=2),
    changed(score=float('nan')), changed(position=[1, 2]), changed(position={'x': 1}),
    changed(position={'x': 1, 'y': 1e30}), changed(position={'x': '1', 'y': 1}),
    line(width=8000000, height=1), line(width=1, height=16385), line(width=640),
    line(fault=7), line(fault='a\nb'), line(fault='\ud800'), line(fault='a' * 2000)],
    ids=lambda text: repr(text[:40]))
def test_a_broken_line_is_named_by_its_number(bad, tmp_path):
    path = written(tmp_path, HEADER + line(frame=5) + bad + line(frame=6))
    _, frames = read_log(path)
    assert next(frames).number == 5
    with pytest.raises(ValueError) as error:
        next(frames)
    message = str(error.value)
    assert message.startswith(f'{path}:3: ')
    assert len(message.splitlines()) == 1
    assert len(message) < len(path) + 200
    assert message.isprintable()


def test_markup_stays_text(tmp_path):
    path = written(tmp_path, HEADER + line(fault='<script>alert(1)</script>'))
    assert next(read_log(path)[1]).fault.text == '<script>alert(1)</script>'


def test_a_long_log_is_read_in_little_memory(tmp_path):
    path = tmp_path / 'long.jsonl'
    with open(str(path), 'w') as file:
        file.write(HEADER)
        for _ in range(30):
            file.write(line() * 1000)  # 45 MB in all
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert sum(len(frame.people) for frame in read_log(str(path))[1]) == 30000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 10000  # KiB
