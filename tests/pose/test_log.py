import csv
import hashlib
import json
import os
import resource
import signal
import subprocess
import sys

from posesuite.pose.log import PoseLog, convert, pose_as_json, pose_from_json, read_log
from posesuite.pose.pose import Frame, Keypoint, Point, Pose
from posesuite.pose.skeleton import KeypointType

import numpy as np
import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SAMPLES = [os.path.join(ROOT, 'samples', name + '.jsonl') for name in (
    'one_person', 'two_crossing', 'three_people', 'in_and_out')]
HEADER = '{"version": 1, "source": "a", "width": 640, "height": 480}\n'


IMAGE = np.zeros((48, 64, 3), np.uint8)


def frame_of(number: int, time: float, image: np.ndarray = IMAGE, **more: str) -> Frame:
    return Frame(image, number, time, 0.0, **more)


def pose(x: float = 1.0, score: float = .5) -> Pose:
    return Pose({part: Keypoint(Point(x + part, 2.0 * part), score) for part in KeypointType},
                score)


def line(**changes: object) -> str:
    frame = {'frame': 0, 'time': 0.0, 'poses': [dict(id=1, **pose_as_json(pose()))]}
    return json.dumps(dict(frame, **changes)) + '\n'


def written(tmp_path: object, text: str) -> str:
    path = tmp_path / 'a.jsonl'
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


def run(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, os.path.join(ROOT, 'pose_log.py'), *arguments],
                          capture_output=True, text=True)


@pytest.mark.parametrize('path', SAMPLES, ids=os.path.basename)
def test_samples_replay_identically(path, tmp_path):
    header, frames = read_log(path)
    assert (header['width'], header['height'], header['fps']) == (640, 480, 30)
    image = np.zeros((480, 640, 3), np.uint8)
    again = str(tmp_path / 'again.jsonl')
    with PoseLog(again, 'samples', fps=header['fps']) as log:
        for frame in frames:
            log.write(frame_of(frame.number, frame.time, image), frame.people)
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
            log.write(frame_of(number, rng.uniform(0, 9)), {
                id: pose(rng.normal(0, 300), rng.uniform()) for id in range(3)})
    with PoseLog(second, 'a') as log:
        for frame in read_log(first)[1]:
            log.write(frame_of(frame.number, frame.time), frame.people)
    with open(first) as a, open(second) as b:
        lines, again = a.readlines(), b.readlines()
    assert len(lines) == 51
    assert lines[1:] == again[1:]


def test_header(tmp_path):
    model = tmp_path / 'net.tflite'
    model.write_bytes(b'network')
    path = str(tmp_path / 'a.jsonl')
    with PoseLog(path, '<b>cam\n\udcff', str(model), fps=29.97) as log:
        log.write(frame_of(0, 0.0), {})
    header, frames = read_log(path)
    start = header.pop('start')
    assert start.endswith('+00:00')
    assert header == {'version': 1, 'source': '<b>cam??', 'fps': 29.97, 'model': 'net.tflite',
                      'sha256': hashlib.sha256(b'network').hexdigest(), 'width': 64, 'height': 48}
    assert len(list(frames)) == 1


def test_a_fault_is_kept(tmp_path):
    path = str(tmp_path / 'a.jsonl')
    with PoseLog(path, 'a') as log:
        log.write(frame_of(3, 0.1, fault='camera lost since 14:03'), {})
        log.write(frame_of(4, 0.2), {1: pose()})
    frames = list(read_log(path)[1])
    assert [(f.number, f.fault, list(f.people)) for f in frames] == [
        (3, 'camera lost since 14:03', []), (4, '', [1])]


def test_pictures_keep_their_names_and_sizes(tmp_path):
    path, coco = str(tmp_path / 'a.jsonl'), str(tmp_path / 'coco.json')
    with PoseLog(path, 'photos') as log:
        log.write(frame_of(0, 0.0, name='a.jpg'), {})
        log.write(frame_of(1, 0.1, np.zeros((30, 20, 3), np.uint8), name='b.jpg'), {1: pose()})
    assert [(f.name, f.width, f.height) for f in read_log(path)[1]] == [
        ('a.jpg', 64, 48), ('b.jpg', 20, 30)]
    convert(path, coco)
    with open(coco) as file:
        images = json.load(file)['images']
    assert [(i['file_name'], i['width'], i['height']) for i in images] == [
        ('a.jpg', 64, 48), ('b.jpg', 20, 30)]


def test_no_path_does_nothing():
    with PoseLog(None, 'a', '/nowhere') as log:
        log.write(None, {})


def test_numpy_numbers_are_written(tmp_path):
    path = str(tmp_path / 'a.jsonl')
    with PoseLog(path, 'a') as log:
        log.write(frame_of(0, 0.0), {np.int64(2): pose(np.float32(1.5), np.float32(.25))})
    people = next(read_log(path)[1]).people
    assert people == {2: pose(1.5, .25)}


def test_a_log_is_never_written_over(tmp_path):
    path = written(tmp_path, 'dear')
    with pytest.raises(OSError, match='is there already'):
        PoseLog(path, 'a')
    with open(path) as file:
        assert file.read() == 'dear'


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
sys.path.insert(0, {root!r})
from tests.test_pose_log import PoseLog, frame_of, pose
log = PoseLog({path!r}, 'a')
log.write(frame_of(0, 0.0), {{1: pose()}})
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, resource.RLIM_INFINITY))
for number in range(1, 5):
    log.write(frame_of(number, number / 10), {{1: pose(), 2: pose()}})
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
log.write(frame_of(5, .5), {{1: pose()}})
try:
    log.close()
except OSError as error:
    print(error)
'''


def test_a_full_disk_loses_whole_frames_and_is_said_once(tmp_path):
    path = str(tmp_path / 'a.jsonl')
    done = subprocess.run([sys.executable, '-c', FULL_DISK.format(root=ROOT, path=path)],
                          capture_output=True, text=True)
    assert [frame.number for frame in read_log(path)[1]] == [0, 5]
    assert done.stderr.count('error: cannot write the log') == 1
    assert done.stdout == f'{path} lacks 4 frames that could not be written\n'


KILLED = '''
import os, signal, sys
sys.path.insert(0, {root!r})
from tests.test_pose_log import PoseLog, frame_of, pose
log = PoseLog({path!r}, 'a')
for number in range(100):
    log.write(frame_of(number, number / 10), {{1: pose()}})
os.kill(os.getpid(), signal.SIGKILL)
'''


def test_a_killed_process_loses_nothing(tmp_path):
    path = str(tmp_path / 'a.jsonl')
    done = subprocess.run([sys.executable, '-c', KILLED.format(root=ROOT, path=path)])
    assert done.returncode == -signal.SIGKILL
    assert len(list(read_log(path)[1])) == 100


def test_a_cut_last_line_is_said_and_left_out(tmp_path, capsys):
    whole = HEADER + line() + line(frame=1)
    for cut in (1, 2, 40, len(line(frame=1)) - 1):
        path = written(tmp_path, whole[:-cut])
        frames = list(read_log(path)[1])
        said = capsys.readouterr().err
        if cut == 1:  # only the line's end is missing
            assert ([f.number for f in frames], said) == ([0, 1], '')
        else:
            assert [f.number for f in frames] == [0]
            assert said == f'{path}:3: the last line was cut off; it is left out\n'


def test_parts_may_come_in_any_order():
    one = pose_as_json(pose())
    assert pose_from_json(dict(one, keypoints=one['keypoints'][::-1])) == pose()
    assert list(pose_from_json(dict(one, keypoints=one['keypoints'][::-1])).keypoints) == list(
        KeypointType)


@pytest.mark.parametrize('text', [
    '', '\n', 'hello\n', '\0' * 100, b'\xff\xfe\xfa', '[]\n', '1\n', 'null\n', '{}\n', '[' * 100000,
    'x' * (3 << 20), '{"version": 2, "source": "a", "width": 1, "height": 1}\n',
    '{"version": "<b>\\u001b[31m", "source": "a", "width": 1, "height": 1}\n',
    HEADER.replace('640', '0'), HEADER.replace('640', '1e9'), HEADER.replace('640', '"640"'),
    HEADER.replace('640', 'true'), HEADER.replace('640, "height": 480', '60000, "height": 60000'),
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
    one = dict(id=1, **pose_as_json(pose()))
    one['keypoints'][3].update(changes)
    return line(poses=[one])


@pytest.mark.parametrize('bad', [
    'hello\n', '\n', '[' * 100000 + '\n', '{"a": ' * 50000 + '\n', '[]\n', '{}\n', 'x' * (3 << 20),
    '1' * 1000000 + '\n', line(frame=-1), line(frame=1.5), line(frame='1'), line(frame=True),
    line(time=-1), line(time=float('nan')), line(time=float('inf')), line(time=None),
    line().replace('"time": 0.0', '"time": 1e999'), line(poses=None), line(poses=[1]),
    line(poses=[{'id': 1}]), line(poses=[{'id': 1, 'score': .5, 'keypoints': []}]),
    line(poses=[dict(id=1, **pose_as_json(pose()))] * 2), line(poses=[pose_as_json(pose())]),
    changed(part='leftEye'), changed(part='tail'), changed(part=None), changed(score=2),
    changed(score=float('nan')), changed(position=[1, 2]), changed(position={'x': 1}),
    changed(position={'x': 1, 'y': 1e30}), changed(position={'x': '1', 'y': 1}),
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
    assert next(read_log(path)[1]).fault == '<script>alert(1)</script>'


def test_a_long_log_is_read_in_little_memory(tmp_path):
    path = tmp_path / 'long.jsonl'
    with open(str(path), 'w') as file:
        file.write(HEADER)
        for _ in range(30):
            file.write(line() * 1000)  # 45 MB in all
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert sum(len(frame.people) for frame in read_log(str(path))[1]) == 30000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 10000  # KiB


def test_csv(tmp_path):
    output = str(tmp_path / 'b.csv')
    done = run('convert', SAMPLES[2], output)
    assert (done.returncode, done.stdout) == (0, '')
    assert done.stderr == f'{output}: 300 frames\n'
    with open(output, newline='') as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 900
    assert len(rows[0]) == 4 + 17 * 3
    first = next(read_log(SAMPLES[2])[1]).people[0]
    assert rows[0]['frame'] == '0'
    assert float(rows[0]['left_wrist_x']) == first.keypoints[KeypointType.LEFT_WRIST].point.x
    assert float(rows[0]['score']) == first.score


def test_coco(tmp_path):
    output = str(tmp_path / 'coco.json')
    assert run('convert', SAMPLES[1], output).returncode == 0
    with open(output) as file:
        coco = json.load(file)
    people = [(image, id, pose) for image, frame in enumerate(read_log(SAMPLES[1])[1], 1)
              for id, pose in frame.people.items()]
    assert len(coco['images']) == 300
    assert len(coco['annotations']) == len(people)
    category, = coco['categories']
    assert category['keypoints'][:2] == ['nose', 'left_eye']
    assert len(category['keypoints']) == 17
    assert {part for edge in category['skeleton'] for part in edge} == set(range(1, 18))
    assert len({a['id'] for a in coco['annotations']}) == len(people)
    for (image, id, truth), annotation in zip(people, coco['annotations']):
        assert (annotation['image_id'], annotation['track_id'], annotation['category_id']) == (
            image, id, 1)
        points = np.array(annotation['keypoints']).reshape(17, 3)
        assert (points[:, :2] == [k.point for k in truth.keypoints.values()]).all()
        seen = points[:, 2] == 2
        assert annotation['num_keypoints'] == seen.sum()
        x, y, width, height = annotation['bbox']
        if seen.any():
            low, high = points[seen, :2].min(axis=0), points[seen, :2].max(axis=0)
            assert np.allclose([x, y, x + width, y + height], [*low, *high], atol=.011)
        assert annotation['area'] == pytest.approx(width * height, abs=.01)


def test_commands(tmp_path):
    assert run('--version').stdout.count('\n') == 1
    assert 'examples:' in run('--help').stdout
    log = written(tmp_path, HEADER + line())
    same = str(tmp_path / 'a.json')
    os.link(log, same)
    for arguments in ([], ['convert', log], ['convert', log, 'b.txt'], ['convert', same, same]):
        done = run(*arguments)
        assert (done.returncode, done.stdout) == (2, '')


def test_what_fails_leaves_no_file_and_one_line(tmp_path):
    output = tmp_path / 'b.csv'
    bad = written(tmp_path, HEADER + line() + 'hello\n' + line())
    for arguments in ([bad, str(output)], [str(tmp_path / 'nowhere'), str(output)],
                      [SAMPLES[0], str(tmp_path / 'no' / 'b.csv')]):
        done = run('convert', *arguments)
        assert done.returncode == 1
        assert done.stderr.startswith('error: ')
        assert done.stderr.count('\n') == 1
    assert os.listdir(str(tmp_path)) == ['a.jsonl']
