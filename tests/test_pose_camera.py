"""pose_camera.py, run as its user runs it, on the sample clips."""
import contextlib
import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from typing import Any, List

from helpers import ROOT, bundled_model, need, wait_for
from videos import frames_of, write_clip

import cv2
import numpy as np
import pytest

SCRIPT = os.path.join(ROOT, 'pose_camera.py')
SAMPLES = os.path.join(ROOT, 'samples')
CLIP = os.path.join(SAMPLES, 'three_people.mp4')
LOG = os.path.join(SAMPLES, 'three_people.jsonl')
FRAMES = 20


def run(*arguments: Any, status: int = 0) -> 'subprocess.CompletedProcess[str]':
    """pose_camera.py; what the runtime says of itself is left out of stderr."""
    done = subprocess.run([sys.executable, SCRIPT, *map(str, arguments)], capture_output=True,
                          text=True,
                          env=dict(os.environ, DISPLAY='', WAYLAND_DISPLAY=''))
    done.stderr = ''.join(line for line in done.stderr.splitlines(True)
                          if not line.startswith('INFO:'))
    assert done.returncode == status, done.stderr
    return done


def small_model() -> List[str]:
    return ['--model', bundled_model()]


def lines_of(path: Any) -> List[Any]:
    with open(str(path)) as file:
        return [json.loads(line) for line in file]


@pytest.fixture(scope='module')
def log(tmp_path_factory) -> str:
    """The log of the beginning of a clip with three people."""
    path = tmp_path_factory.mktemp('log') / 'poses.jsonl'
    run('--videosrc', CLIP, '--frames', FRAMES, '--headless', '--log', path, *small_model())
    return str(path)


def test_the_log_holds_every_frame_and_person(log):
    header, *frames = lines_of(log)
    assert len(frames) == FRAMES
    assert (header['width'], header['height'], header['fps']) == (640, 480, 30)
    assert header['model'] == os.path.basename(bundled_model())
    assert [frame['frame'] for frame in frames] == list(range(FRAMES))
    assert {len(frame['poses']) for frame in frames[5:]} == {3}
    assert {pose['id'] for frame in frames[5:] for pose in frame['poses']} == {
        pose['id'] for pose in frames[5]['poses']}


def test_a_log_repeats_itself_exactly_without_a_model(log, tmp_path):
    again = tmp_path / 'again.jsonl'
    run('--videosrc', log, '--headless', '--log', again, '--model', 'no such file')
    (header, *frames), (first, *others) = lines_of(log), lines_of(again)
    assert len(frames) == len(others) == FRAMES
    assert frames == others
    assert {key: header[key] for key in ('width', 'height', 'fps')} == {
        key: first[key] for key in ('width', 'height', 'fps')}


def picture(tmp_path: Any, *arguments: Any) -> np.ndarray:
    """The picture of a frame of the clip's exact truth, BGR, as pose_camera.py shows it."""
    path = str(tmp_path / 'picture.png')
    run('--videosrc', LOG, '--frames', FRAMES, '--output', path, *arguments)
    return cv2.imread(path)


def test_mirror_flips_the_picture_and_its_skeletons(tmp_path):
    plain, mirrored = picture(tmp_path), picture(tmp_path, '--mirror')
    skeletons = slice(0, 440)  # above the line of text
    assert (plain[skeletons] > 0).sum() > 5000
    difference = cv2.absdiff(plain[skeletons], mirrored[skeletons, ::-1])
    # A line is not drawn alike from both sides, at its rim, and numbers are not mirrored.
    assert (difference > 80).sum() < 0.15 * (plain[skeletons] > 0).sum()


def test_skeleton_only_leaves_nothing_of_the_picture(tmp_path):
    path = str(tmp_path / 'skeletons.png')
    run('--videosrc', CLIP, '--frames', 3, '--output', path, '--skeleton-only', *small_model())
    image = cv2.imread(path)[:440]
    drawn = (image > 0).any(2)
    assert 0.005 < drawn.mean() < 0.1


def test_heatmap_lights_up_where_the_part_is(log, tmp_path):
    pictures = {}
    for part in ('nose', 'leftAnkle'):
        path = str(tmp_path / f'{part}.png')
        run('--videosrc', CLIP, '--frames', 1, '--output', path, '--heatmap', part, *small_model())
        pictures[part] = cv2.imread(path).max(axis=2).astype(int)
    brighter = pictures['nose'] - pictures['leftAnkle']
    _, first, *_ = lines_of(log)
    assert len(first['poses']) == 3
    for pose in first['poses']:
        x, y = (round(pose['keypoints'][0]['position'][axis]) for axis in 'xy')
        assert brighter[y - 20:y + 20, x - 20:x + 20].mean() > 20
    _, frame = cv2.VideoCapture(CLIP).read()
    assert pictures['nose'][:100, :100].mean() < frame[:100, :100].max(axis=2).mean()


def test_the_picture_picks_the_model(tmp_path):
    """Whatever the camera, which this is not, would be asked for."""
    names = []
    for size in ((480, 360), (640, 480)):
        clip, log = tmp_path / f'{size[0]}.avi', tmp_path / f'{size[0]}.jsonl'
        write_clip(str(clip), [np.full((size[1], size[0], 3), 90, np.uint8)], 30)
        run(clip, '--headless', '--res', '1280x720', '--log', log)
        names.append(lines_of(log)[0]['model'])
    assert '353_481' in names[0]
    assert '481_641' in names[1]


def test_line_of_text(monkeypatch):
    import pose_camera
    now = [100.0]
    monkeypatch.setattr(pose_camera.time, 'monotonic', lambda: now[0])
    rate = pose_camera.Rate('PoseNet')
    for _ in range(40):
        now[0] += 1 / 29.97
        line = rate.line(0.014, 2)
    assert line == '2 people, 30.0 frames a second, PoseNet 14.0 ms'
    now[0] += 1 / 29.97
    assert rate.line(0, 1) == '1 person, 30.0 frames a second'  # no network ran
    assert rate.line(0, 0).startswith('nobody, ')


def test_a_replay_names_no_network(monkeypatch):
    import pose_camera
    texts = []
    monkeypatch.setattr(pose_camera.Display, 'show',
                        lambda display, frame, people, text, labels: texts.append(text) or True)
    monkeypatch.setattr(sys, 'argv', [SCRIPT, LOG, '--headless', '--frames', '40'])
    pose_camera.demo(pose_camera.parse_args())
    assert len(texts) == 40
    assert all(re.fullmatch(r'3 people, \d+\.\d frames a second', text) for text in texts)


@pytest.fixture
def shown_pictures(screen, tmp_path):
    """pose_camera.py with a folder of three pictures in a window, and a function that presses one
    of its keys until a condition holds. A window that has just appeared may miss the first one.
    """
    need('xdotool')
    for name in 'abc':
        cv2.imwrite(str(tmp_path / f'{name}.png'), np.full((240, 320, 3), 90, np.uint8))
    demo = subprocess.Popen(
        [sys.executable, SCRIPT, str(tmp_path), '--picture-time', '3600', '--log',
         str(tmp_path / 'log.jsonl'), *small_model()], env=screen, stderr=subprocess.DEVNULL)

    def xdotool(*command: str) -> str:
        return subprocess.run(['xdotool', *command], env=screen,
                              stdout=subprocess.PIPE).stdout.decode()

    window = wait_for(lambda: xdotool('search', '--onlyvisible', '--name', '^pose_camera$'))

    def press(key: str, until: Any) -> None:
        for _ in range(6):
            xdotool('windowfocus', '--sync', window.split()[0], 'key', key)
            with contextlib.suppress(AssertionError):
                wait_for(until, 10)
                return
        raise AssertionError(f'the window does not react to {key}')

    yield demo, press
    demo.kill()
    demo.wait()


def test_in_a_window_the_space_bar_goes_on_to_the_next_picture(shown_pictures, tmp_path):
    demo, press = shown_pictures
    wait_for(lambda: len(lines_of(tmp_path / 'log.jsonl')) == 2)
    for count in (3, 4):
        assert demo.poll() is None
        press('space', lambda count=count: len(lines_of(tmp_path / 'log.jsonl')) == count)
    press('space', lambda: demo.poll() is not None)
    assert demo.wait() == 0


def test_q_ends_a_picture_that_is_looked_at(shown_pictures, tmp_path):
    demo, press = shown_pictures
    wait_for(lambda: len(lines_of(tmp_path / 'log.jsonl')) == 2)
    press('q', lambda: demo.poll() is not None)
    assert demo.wait() == 0
    assert len(lines_of(tmp_path / 'log.jsonl')) == 2


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_is_a_normal_end(tmp_path, number):
    """The video plays and the log is whole."""
    log, video = tmp_path / 'log.jsonl', tmp_path / 'out.mp4'
    with subprocess.Popen([sys.executable, SCRIPT, '--videosrc', CLIP, '--realtime', '--log',
                           str(log), '--output', str(video), *small_model()],
                          stderr=subprocess.PIPE, text=True) as demo:
        wait_for(lambda: log.exists() and log.read_text().count('\n') > FRAMES)
        began = time.monotonic()
        demo.send_signal(number)
        _, err = demo.communicate(timeout=20)
    assert demo.returncode == 0
    assert time.monotonic() - began < 5
    assert 'Traceback' not in err
    count = len(lines_of(log)) - 1
    assert FRAMES <= count < 300
    capture = cv2.VideoCapture(str(video))
    assert len(list(iter(capture.read, (False, None)))) >= count


@pytest.mark.parametrize('name', ['out.mp4', 'out.avi', 'out.png'])
def test_when_the_disk_is_full_every_output_that_failed_is_named(tmp_path, name):
    """What was filmed until then plays, the log's last line is whole, and nothing else stays.

    A limit on the size of files stands for the disk; it holds for ffmpeg, too.
    """
    need('ffmpeg')
    log, output = tmp_path / 'log.jsonl', tmp_path / name
    done = subprocess.run(
        [sys.executable, SCRIPT, '--videosrc', LOG, '--log', str(log), '--output', str(output)],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (40000, 40000)),
        capture_output=True, text=True)
    assert done.returncode == 1
    said = done.stderr.splitlines()
    assert all(line.startswith('error: ') for line in said)
    assert any(f'cannot write {output}: ' in line and 'File too large' in line for line in said)
    full = [line for line in said if 'cannot write the log' in line]
    assert len(full) == 1 or name == 'out.avi' and not full  # which may be full before the log is
    assert any(f'{log} lacks ' in line for line in said) == bool(full)
    assert len(lines_of(log)) > 5
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {log.name} if name == 'out.png' else names == {log.name, name}
    assert name == 'out.png' or len(frames_of(output)) > 1


@pytest.mark.parametrize('arguments, reason', [
    (['--videosrc', '/dev/video99', '--headless'], 'samples/one_person.mp4'),
    (['--videosrc', CLIP, '--model', 'no.tflite', '--headless'], 'no.tflite'),
    (['--videosrc', CLIP], '--serve'),
    (['--videosrc', CLIP, '--headless', '--log', '/no/such/folder/a.jsonl'], '/no/such/folder'),
])
def test_failures_are_one_line(arguments, reason):
    if '--model' not in arguments:
        arguments = [*arguments, *small_model()]
    said = run(*arguments, status=1).stderr.splitlines()
    assert len(said) == 1
    assert said[0].startswith('error: ')
    assert reason in said[0]


@pytest.mark.parametrize('arguments', [
    ['--heatmap', 'tail'], ['--res', '800x600'], ['--threshold', '2'], ['--frames', '0'],
    ['--output', 'a.exe'], ['--serve', 'nowhere'], ['--jpeg', '--h264']])
def test_wrong_usage_is_status_2(arguments):
    said = run(*arguments, status=2).stderr
    assert said.startswith('error: ') and said.count('\n') == 1


def test_help_and_version():
    said = run('--help').stdout
    assert 'python3 pose_camera.py --serve 8080' in said
    assert all(option in said for option in ('--videosrc', '--model', '--mirror', '--log'))
    assert re.match(r'\d+\.\d+', run('--version').stdout)
