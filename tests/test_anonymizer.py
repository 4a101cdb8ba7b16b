"""anonymizer.py, run as its user runs it: no pixel of the camera's is shown, served or written.

The camera is a folder of PNG files, whose pixels arrive as they are: the empty room, and then the
room with a pattern of noise planted in it, which nothing else in the world looks like.
"""
import contextlib
import glob
import json
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from typing import Any, Iterator, List

from helpers import ROOT, SIZES, google_model, need, wait_for
from streams import mjpeg_server

import cv2
import numpy as np
import pytest

SCRIPT = os.path.join(ROOT, 'anonymizer.py')
CLIP = os.path.join(ROOT, 'samples', 'in_and_out.mp4')
LOG = os.path.join(ROOT, 'samples', 'in_and_out.jsonl')
WAITING, SET = 'Waiting for everyone to leave the frame...', 'Background set.'
EMPTY = 45  # frames, until the background is set and for some more
CANARY = np.s_[160:320, 240:400]  # where the noise is planted
NOISE = np.random.RandomState(7).randint(0, 256, (160, 160, 3), np.uint8)
GREY = 128


def command(*arguments: Any) -> List[str]:
    model = [] if '--model' in arguments else ['--model', google_model(SIZES[0])]
    return [sys.executable, SCRIPT, '--background-delay', '0.4', '--device', 'cpu', *model,
            *map(str, arguments)]


ENVIRONMENT = dict(os.environ, DISPLAY='', WAYLAND_DISPLAY='', PYTHONDONTWRITEBYTECODE='1')


def run(*arguments: Any, status: int = 0, **options: Any) -> 'subprocess.CompletedProcess[str]':
    done = subprocess.run(command(*arguments), capture_output=True, text=True, env=ENVIRONMENT,
                          **options)
    assert done.returncode == status, done.stderr
    return done


def said(done: 'subprocess.CompletedProcess[str]') -> List[str]:
    """The lines of stderr that are the demo's own."""
    return [line for line in done.stderr.splitlines() if not line.startswith('INFO:')]


@pytest.fixture(scope='module')
def room() -> np.ndarray:
    """The empty room, BGR."""
    return cv2.VideoCapture(CLIP).read()[1]


@pytest.fixture(scope='module')
def canaries(tmp_path_factory, room) -> str:
    """A folder of pictures: the empty room for EMPTY frames, then 90 with the canary planted."""
    folder = tmp_path_factory.mktemp('canaries')
    planted = room.copy()
    planted[CANARY] = NOISE
    for name, image in (('empty', room), ('planted', planted)):
        cv2.imwrite(str(folder / f'{name}.png'), image, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    (folder / 'frames').mkdir()
    for i in range(EMPTY + 90):
        os.link(str(folder / f'{"empty" if i < EMPTY else "planted"}.png'),
                str(folder / 'frames' / f'{i:04}.png'))
    return str(folder / 'frames')


def is_planted(image: np.ndarray) -> bool:
    """Whether a picture shows the canary, if ever so faintly; as in a mirror, too."""
    seen = np.float32(image)[CANARY].ravel()
    if seen.std() == 0:
        return False
    return any(abs(np.corrcoef(seen, np.float32(noise).ravel())[0, 1]) > 0.05
               for noise in (NOISE, NOISE[:, ::-1], NOISE[:, :, ::-1]))


def assert_no_canary(folder: Any, *outputs: bytes) -> None:
    """No file below a folder, and no output, has as much as 24 bytes of the canary's rows."""
    rows = [part[::step].tobytes() for row in NOISE for step in (1, -1)
            for part in (row, row[:, ::-1])]
    needles = [row[48:72] for row in rows]
    found = [open(path, 'rb').read()  # noqa: SIM115
             for path in glob.glob(f'{folder}/**', recursive=True) if os.path.isfile(path)]
    for data in [*found, *outputs]:
        assert not any(needle in data for needle in needles)


def frames_of(path: Any) -> List[np.ndarray]:
    capture = cv2.VideoCapture(str(path))
    return [image for _, image in iter(capture.read, (False, None))]


def test_the_search_finds_what_is_there(tmp_path, canaries):
    planted = cv2.imread(os.path.join(canaries, f'{EMPTY:04}.png'))
    assert is_planted(planted)
    assert is_planted(cv2.imdecode(cv2.imencode('.jpg', planted)[1], 1))
    assert not is_planted(cv2.imread(os.path.join(canaries, '0000.png')))
    (tmp_path / 'core').write_bytes(b'x' * 1000 + np.ascontiguousarray(
        planted[:, :, ::-1]).tobytes())
    with pytest.raises(AssertionError):
        assert_no_canary(tmp_path)


def test_nothing_of_the_camera_is_kept(tmp_path, canaries, room):
    done = run('--videosrc', canaries, '--output', tmp_path / 'out.avi', '--log',
               tmp_path / 'log.jsonl', '--store', tmp_path / 'visits.db', cwd=str(tmp_path),
               stdin=subprocess.DEVNULL)
    lines = said(done)
    assert lines[0] == WAITING
    assert lines[-1] == SET
    images = frames_of(tmp_path / 'out.avi')
    assert len(images) == EMPTY + 90
    assert not any(map(is_planted, images))
    assert (images[0][:400] == GREY).mean() > 0.99
    assert np.abs(images[-1][:400].astype(int) - room[:400]).mean() < 8  # the room, and no more
    assert_no_canary(tmp_path, done.stderr.encode(), done.stdout.encode())
    with open(str(tmp_path / 'log.jsonl')) as log:
        assert len(log.readlines()) == 1 + EMPTY + 90


@pytest.mark.parametrize('end', [signal.SIGKILL, signal.SIGSEGV])
def test_nothing_is_left_by_a_crash(tmp_path, canaries, end):
    with cores_allowed(), open(str(tmp_path / 'stderr'), 'wb') as stderr:
        demo = subprocess.Popen(
            command('--videosrc', canaries, '--realtime', '--serve', 0, '--log', 'log.jsonl',
                    '--store', 'visits.db', '--no-background'),
            cwd=str(tmp_path), stderr=stderr, stdout=stderr, env=ENVIRONMENT)
    wait_for(lambda: os.path.exists(str(tmp_path / 'log.jsonl')))
    time.sleep(EMPTY / 30 + 0.5)
    with open('/proc/%d/limits' % demo.pid) as limits:
        assert re.search(r'Max core file size\s+0\s+0', limits.read())
    os.kill(demo.pid, end)
    _, status = os.waitpid(demo.pid, 0)
    demo.returncode = -end
    assert os.WTERMSIG(status) == end
    assert not os.WCOREDUMP(status)
    assert not glob.glob(str(tmp_path / 'core*'))
    assert_no_canary(tmp_path)


@contextlib.contextmanager
def cores_allowed() -> Iterator[None]:
    """As where cores are collected."""
    limits = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (limits[1], limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_CORE, limits)


@contextlib.contextmanager
def running(tmp_path: Any, *arguments: Any, **more: str) -> Iterator[Any]:
    """The demo as long as it is needed; yields a function that reads what it has said."""
    path = str(tmp_path / 'said')
    with open(path, 'wb') as stderr:
        demo = subprocess.Popen(command(*arguments), stderr=stderr,
                                env={**ENVIRONMENT, **more}, cwd=str(tmp_path))

    def read() -> str:
        assert demo.poll() in (None, 0)
        with open(path) as file:
            return file.read()
    try:
        yield read
    finally:
        demo.terminate()
        assert demo.wait(10) == 0


def snapshot(url: str) -> np.ndarray:
    with urllib.request.urlopen(url + 'snapshot.jpg', timeout=10) as answer:
        return cv2.imdecode(np.frombuffer(answer.read(), np.uint8), cv2.IMREAD_COLOR)


def room_camera(room: np.ndarray, then: List[np.ndarray], ready: Any) -> Any:
    """A camera that sees the room until ready(), and then other pictures in turn."""
    rng = np.random.default_rng(0)

    def script(send: Any, _: int) -> None:
        for i in range(3000):
            image = then[i % len(then)] if ready() else room
            image = np.uint8(np.clip(image + rng.normal(0, 1, image.shape), 0, 255))
            send(cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes())
            time.sleep(0.05)
    return script


@pytest.mark.usefixtures('quick_runtime')
def test_browsers_see_the_room_and_then_no_more_of_it(tmp_path, room):
    planted = room.copy()
    planted[CANARY] = NOISE
    moved = np.roll(planted, 64, axis=1)
    phase = []
    script = room_camera(room, [planted], lambda: phase)
    with mjpeg_server(lambda send, n: script(
            lambda jpeg: send(jpeg if len(phase) < 2 else cv2.imencode('.jpg', moved)[1].tobytes()),
            n)) as camera, running(tmp_path, '--videosrc', camera, '--serve', 0) as read:
        url = wait_for(lambda: re.search(r'serving at (\S+)', read())).group(1)
        wait_for(lambda: SET in read())
        phase.append('planted')
        time.sleep(1)
        for _ in range(3):
            image = snapshot(url)
            assert not is_planted(image)
            assert np.abs(image.astype(int) - room).mean() < 8
        phase.append('moved')
        wait_for(lambda: 'the camera was moved' in read())
        image = snapshot(url)
        assert not is_planted(np.roll(image, -64, axis=1))
        assert np.abs(image.astype(int) - GREY).max() < 4
    assert read().count(SET) == 1


@pytest.mark.usefixtures('quick_runtime')
def test_a_window_is_live_at_most_until_the_first_background(tmp_path, room, screen):
    need('xdotool'), need('import')
    planted = [room.copy(), room.copy()]
    planted[0][CANARY], planted[1][CANARY] = NOISE, 255 - NOISE  # which moves, and stays grey
    phase = []

    def picture() -> np.ndarray:
        path = str(tmp_path / 'window.png')
        subprocess.run(['import', '-window', window, path], env=screen, check=True)
        return cv2.imread(path)

    def press(key: str) -> None:
        subprocess.run(['xdotool', 'windowfocus', '--sync', window, 'key', key], env=screen)

    camera = room_camera(room, planted, lambda: phase)
    with mjpeg_server(camera) as url, running(
            tmp_path, '--videosrc', url, '--show-live-while-waiting', '--background-delay', 1.5,
            DISPLAY=screen['DISPLAY']) as read:
        window = wait_for(lambda: subprocess.run(
            ['xdotool', 'search', '--onlyvisible', '--name', '^anonymizer$'], env=screen,
            stdout=subprocess.PIPE).stdout.decode().split() or None)[0]
        wait_for(lambda: picture().shape == room.shape)
        wait_for(lambda: np.abs(picture()[:400].astype(int) - room[:400]).mean() < 8)
        assert SET not in read()
        wait_for(lambda: SET in read())
        phase.append('planted')
        time.sleep(0.5)
        assert not is_planted(picture())
        press('b')
        wait_for(lambda: read().count(WAITING) > 1)
        assert (np.abs(picture()[:400].astype(int) - GREY) < 4).mean() > 0.95
        press('s')
        wait_for(lambda: read().count(SET) == 2)
        assert not is_planted(picture())
        assert np.abs(picture()[CANARY].astype(int) - GREY).max() < 4
        press('q')
    assert_no_canary(tmp_path)
    assert not glob.glob(str(tmp_path / 'anonymizer_*.png'))


@pytest.mark.usefixtures('quick_runtime')
def test_a_lost_camera_shows_the_room_and_nobody(tmp_path, room):
    lost = []

    def script(send: Any, connection: int) -> None:
        if not connection:
            room_camera(room, [room], lambda: False)(
                lambda jpeg: send(jpeg) if not lost else send(None), connection)

    def cut(send: Any, connection: int) -> None:
        with contextlib.suppress(TypeError):  # the end of what is sent
            script(send, connection)
    with mjpeg_server(cut) as camera, running(tmp_path, '--videosrc', camera, '--serve', 0) as read:
        url = wait_for(lambda: re.search(r'serving at (\S+)', read())).group(1)
        wait_for(lambda: SET in read())
        lost.append(1)
        wait_for(lambda: 'camera lost since' in read())
        assert np.abs(snapshot(url).astype(int) - room).mean() < 8
        with urllib.request.urlopen(url + 'poses', timeout=10) as events:
            event = next(line for line in events if b'camera lost' in line)
        assert json.loads(event[6:])['poses'] == []


def test_grey_where_there_is_no_background(tmp_path, canaries):
    for i, arguments in enumerate((['--no-background', '--videosrc', canaries],
                                   ['--videosrc', LOG])):
        path = str(tmp_path / f'{i}.png')
        done = run(*arguments, '--frames', EMPTY + 45, '--output', path, '--headless')
        assert said(done) == []
        assert (cv2.imread(path) == GREY).mean() > 0.8
        assert not is_planted(cv2.imread(path))


def test_while_somebody_is_there_it_waits(tmp_path):
    path = str(tmp_path / 'out.png')
    clip = str(tmp_path / 'people.avi')
    frames = frames_of(CLIP)[60:110]
    writer = cv2.VideoWriter(clip, cv2.VideoWriter_fourcc(*'MJPG'), 30, (640, 480))
    for image in frames:
        writer.write(image)
    writer.release()
    done = run('--videosrc', clip, '--output', path)
    assert said(done) == [WAITING]
    image = cv2.imread(path)[:440]
    drawn = (image != GREY).any(2)
    assert 0.005 < drawn.mean() < 0.1  # a skeleton on grey


def test_the_model_fails_then_so_does_the_demo(tmp_path, canaries):
    done = run('--videosrc', canaries, '--model', '/no/such.tflite', '--output',
               tmp_path / 'out.png', status=1)
    assert len(said(done)) == 1
    assert not os.path.exists(str(tmp_path / 'out.png'))


def test_only_what_is_asked_for_is_written(tmp_path, canaries):
    """By what the system is asked; python's own caches are switched off."""
    strace = shutil.which('strace') or pytest.skip('no strace')
    trace = str(tmp_path / 'trace')
    done = subprocess.run(
        [strace, '-f', '-qq', '-o', trace, '-e',
         'trace=openat,creat,memfd_create',
         *command('--videosrc', canaries, '--headless', '--log', tmp_path / 'log.jsonl',
                  '--store', tmp_path / 'visits.db', '--frames', EMPTY + 10)],
        capture_output=True, env=ENVIRONMENT, cwd=str(tmp_path))
    if b'PTRACE' in done.stderr:
        pytest.skip('strace may not trace here')
    assert done.returncode == 0, done.stderr
    assert SET in done.stderr.decode()
    with open(trace) as file:
        lines = file.read().splitlines()
    assert len(lines) > 100
    assert not [line for line in lines if re.search(r'memfd_create|creat\(', line)]
    opened = {re.search(r'"([^"]*)"', line).group(1) for line in lines
              if re.search('O_WRONLY|O_RDWR|O_CREAT|O_TMPFILE', line) and '= -1' not in line}
    written = {path for path in opened if path != '/dev/null'}
    assert str(tmp_path / 'log.jsonl') in written
    assert {re.sub(r'(visits\.db)(-wal|-shm|-journal)$', r'\1', path) for path in written} == {
        str(tmp_path / 'log.jsonl'), str(tmp_path / 'visits.db')}


def test_systemd_is_told_while_frames_arrive(tmp_path, canaries):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(str(tmp_path / 'notify'))
        notify.settimeout(30)
        with running(tmp_path, '--videosrc', canaries, '--realtime', '--headless',
                     NOTIFY_SOCKET=str(tmp_path / 'notify')):
            told = [notify.recv(100) for _ in range(2)]  # a slow network sees the end soon after
    assert told == [b'READY=1', b'WATCHDOG=1']


def test_the_watchdog_starves_without_frames(monkeypatch):
    import anonymizer
    from posesuite.pose.pose import Frame
    told = []
    systemd = anonymizer.Systemd()
    monkeypatch.setattr(systemd, 'tell', told.append)
    frame = Frame(np.zeros((16, 16, 3), np.uint8), 0, 0.0, 0.0)
    for fault in ('camera lost since 12:00', 'frozen since 12:00'):
        systemd.feed(frame._replace(fault=fault))
    assert told == []
    for fault in ('black', ''):
        systemd._fed = 0.0
        systemd.feed(frame._replace(fault=fault))
    assert told == ['WATCHDOG=1'] * 2


def test_the_service_file_is_one(tmp_path):
    analyze = shutil.which('systemd-analyze') or pytest.skip('no systemd-analyze')
    with open(os.path.join(ROOT, 'anonymizer.service')) as file:
        unit = file.read()
    python = re.search(r'ExecStart=(\S+)', unit).group(1)
    folder = re.search(r'WorkingDirectory=(\S+)', unit).group(1)
    path = tmp_path / 'anonymizer.service'
    path.write_text(unit.replace(python, sys.executable).replace(folder, ROOT))
    done = subprocess.run([analyze, 'verify', str(path)], capture_output=True, text=True)
    assert [line for line in done.stderr.splitlines() if 'anonymizer' in line] == []
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize('arguments', [
    ['--background-delay', '-1'], ['--background-delay', 'nan'], ['--keep', 'long'],
    ['--show-live-while-waiting', '--serve', '0'],
    ['--show-live-while-waiting', '--output', 'a.mp4']])
def test_wrong_usage_is_status_2(arguments):
    assert 'usage:' in run(*arguments, status=2).stderr


def test_help_names_its_options():
    text = run('--help').stdout
    assert 'python3 anonymizer.py --mirror' in text
    assert all(option in text for option in (
        '--background-delay', '--no-background', '--show-live-while-waiting', '--store', '--keep'))
