"""Windows, video files and pages, as their users have them; a demo in a process of its own."""
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from typing import Any, List, Tuple
from urllib.parse import parse_qs, urlsplit

from helpers import ROOT, need, wait_for

import cv2
import numpy as np
import pytest

# Frames of a colour that tells their number, one person on them, until it is stopped.
DEMO = '''
import argparse, signal, sys, time
sys.path.insert(0, ROOT)
import numpy as np
from posesuite.pose.pose import Frame
from posesuite.display.display import Display, DisplayError, add_display_options
from posesuite.pose.pose import Keypoint, Point, Pose
from posesuite.pose.skeleton import KeypointType

parser = argparse.ArgumentParser()
add_display_options(parser)
parser.add_argument('--videosrc')
parser.add_argument('--frames', type=int, default=1000000)
parser.add_argument('--step', type=float, default=1 / 30, help='seconds between frames')
parser.add_argument('--size', default='320x240', help='or several, which take turns')
parser.add_argument('--fault', default='')
parser.add_argument('--text', default='text')
parser.add_argument('--fast', action='store_true', help='do not wait between frames')
parser.add_argument('--no-saving', action='store_true')
args = parser.parse_args()
sizes = [tuple(map(int, size.split('x'))) for size in args.size.split(',')]
stopped = []
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda *_: stopped.append(1))
try:
    with Display(args, 'demo', may_save=not args.no_saving) as display:
        for n in range(args.frames):
            width, height = sizes[n % len(sizes)]
            image = np.full((height, width, 3), (n % 256, 100, 200), np.uint8)
            image[:, :width // 2] = 20, 30, 40
            pose = Pose({part: Keypoint(Point(20. + 3 * part, 60. + 5 * part), 0.9)
                         for part in KeypointType}, 0.9)
            frame = Frame(image, n, n * args.step, time.monotonic(), args.fault)
            go_on = display.show(frame, {3: pose}, args.text)
            if n == 0:
                print('shown', flush=True)
            if not go_on or stopped:
                break
            if not args.fast:
                time.sleep(args.step)
except DisplayError as error:
    parser.exit(1, f'error: {error}\\n')
'''
LEFT = (20, 30, 40)  # the colour of that half


@pytest.fixture(scope='session')
def demo_script(tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp('demo') / 'demo.py'
    path.write_text(f'ROOT = {ROOT!r}\n{DEMO}')
    return str(path)


@pytest.fixture(params=['script', 'pose_camera'])
def any_demo(request, demo_script) -> List[str]:
    """A command with a demo that goes on for some seconds; --output is to be added."""
    if request.param == 'script':
        return [sys.executable, demo_script]
    script = os.path.join(ROOT, 'pose_camera.py')
    if not os.path.exists(script):
        pytest.skip('no pose_camera.py')
    return [sys.executable, script, '--realtime', '--videosrc',
            os.path.join(ROOT, 'samples', 'three_people.jsonl')]


@pytest.fixture
def start(demo_script):
    """Starts a demo, and ends it if the test does not."""
    started = []

    def start_demo(*arguments: str, **options: Any) -> 'subprocess.Popen[bytes]':
        started.append(subprocess.Popen([sys.executable, demo_script, *arguments],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options))
        return started[-1]

    yield start_demo
    for demo in started:
        demo.kill()
        demo.communicate()


def run(demo_script: str, *arguments: str, **options: Any) -> 'subprocess.CompletedProcess[bytes]':
    return subprocess.run([sys.executable, demo_script, *arguments], capture_output=True,
                          timeout=60, **options)


def frames_of(path: Any) -> List[np.ndarray]:
    """All pictures of a video file, RGB."""
    video, frames = cv2.VideoCapture(str(path)), []
    while True:
        read, image = video.read()
        if not read:
            return frames
        frames.append(image[:, :, ::-1])


def without(program: str, tmp_path: Any) -> Any:
    """An environment in which a program is not found, but Python is."""
    folder = tmp_path / 'programs'
    folder.mkdir()
    os.symlink(sys.executable, str(folder / 'python'))
    return dict(os.environ, PATH=str(folder))


# Files

@pytest.mark.parametrize('name, codec', [('out.mp4', 'h264'), ('out.avi', 'mjpeg')])
def test_a_video_has_every_frame_at_the_rate_of_the_source(demo_script, tmp_path, name, codec):
    need('ffmpeg')
    path = tmp_path / name
    done = run(demo_script, '--fast', '--frames', '90', '--output', str(path))
    assert done.returncode == 0, done.stderr
    probe = subprocess.run(
        ['ffprobe', '-v', 'error', '-count_frames', '-of', 'json', '-show_streams', str(path)],
        stdout=subprocess.PIPE, check=True)
    stream, = json.loads(probe.stdout)['streams']
    assert int(stream['nb_read_frames']) == 90
    assert (stream['codec_name'], stream['width'], stream['height']) == (codec, 320, 240)
    assert stream['pix_fmt'] in ('yuv420p', 'yuvj420p')
    assert stream['avg_frame_rate'] == '30/1'
    frames = frames_of(path)
    assert len(frames) == 90
    for n in (0, 45, 89):
        assert np.abs(np.mean(frames[n][100:140, 200:], axis=(0, 1)) - (n, 100, 200)).max() < 12
    assert np.abs(np.float32(frames[0][60, 20]) - (255, 255, 255)).max() < 90  # the nose, sure


@pytest.mark.parametrize('name', ['out.mp4', 'out.avi'])
def test_without_ffmpeg_opencv_writes_and_says_so(demo_script, tmp_path, name):
    done = run(demo_script, '--fast', '--frames', '30', '--output', str(tmp_path / name),
               env=without('ffmpeg', tmp_path))
    assert done.returncode == 0
    assert b'no ffmpeg program' in done.stderr
    assert len(frames_of(tmp_path / name)) == 30


@pytest.mark.parametrize('step, frames', [(1 / 10, 28), (1 / 60, 5)])
def test_the_time_of_the_frames_decides(demo_script, tmp_path, step, frames):
    """Ten frames: at 10 a second the last one is shown at 0.9 s, which is frame 27 at 30."""
    need('ffmpeg')
    path = tmp_path / 'out.mp4'
    run(demo_script, '--fast', '--frames', '10', '--step', str(step), '--output', str(path))
    assert len(frames_of(path)) == frames


def test_a_jump_of_the_clock_fills_no_disk(demo_script, tmp_path):
    need('ffmpeg')
    path = tmp_path / 'out.mp4'
    run(demo_script, '--fast', '--frames', '5', '--step', '1e7', '--output', str(path))
    assert len(frames_of(path)) == 5


def test_odd_and_changing_sizes(demo_script, tmp_path):
    need('ffmpeg')
    path = tmp_path / 'out.mp4'
    done = run(demo_script, '--fast', '--frames', '6', '--size', '321x241,640x200', '--output',
               str(path))
    assert done.returncode == 0, done.stderr
    frames = frames_of(path)
    assert [frame.shape for frame in frames] == [(242, 322, 3)] * 6
    assert frames[1][:60].max() < 40  # the rim above a wide picture


def test_png_is_the_last_picture(demo_script, tmp_path):
    path = tmp_path / 'out.png'
    assert run(demo_script, '--fast', '--frames', '5', '--output', str(path)).returncode == 0
    picture = cv2.imread(str(path))[:, :, ::-1]
    assert picture[120, 300].tolist() == [4, 100, 200]
    assert (picture[80:140, 10:160] != LEFT).any()  # the skeleton
    assert [file.name for file in tmp_path.iterdir()] == ['out.png']


def test_mirror_flips_the_picture_and_the_skeleton(demo_script, tmp_path):
    pictures = []
    for option in ([], ['--mirror']):
        path = str(tmp_path / 'out.png')
        run(demo_script, '--fast', '--frames', '1', '--text', '', '--output', path, *option)
        pictures.append(cv2.imread(path).astype(int))
    plain, mirrored = pictures
    assert mirrored[120, 10].tolist() == plain[120, 309].tolist()
    assert (np.abs(mirrored[:, ::-1] - plain).max(axis=2) > 30).mean() < 0.01
    assert (plain[50:150, 10:100] != plain[0, 0]).any()


def test_the_fault_is_on_the_picture(demo_script, tmp_path):
    path = str(tmp_path / 'out.png')
    run(demo_script, '--fast', '--frames', '1', '--fault', 'camera lost since 14:03', '--output',
        path)
    picture = cv2.imread(path)[:, :, ::-1]
    # OpenCV 4's letters are thinner, so most of their pixels are mixed with the shadow.
    assert (np.abs(picture[:40].astype(int) - (240, 228, 66)).max(axis=2) < 60).sum() > 50


@pytest.mark.parametrize('signals, count', [((signal.SIGINT, signal.SIGTERM), 20),
                                            ((signal.SIGKILL,), 4)])
def test_the_file_plays_whatever_ends_the_demo_and_whenever(any_demo, tmp_path, signals, count):
    """Some at once, in sessions of their own, where a terminal's Ctrl-C reaches the whole group."""
    need('ffmpeg')
    for first in range(0, count, 4):
        demos = []
        for i in range(first, first + 4):
            path = tmp_path / (f'{i}.avi' if i % 3 == 2 else f'{i}.mp4')
            demos.append((i, path, subprocess.Popen(
                [*any_demo, '--output', str(path)], start_new_session=True,
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)))
        for i, path, demo in demos:
            wait_for(lambda path=path, demo=demo: path.exists() or demo.poll() is not None)
            time.sleep(0.03 * i)
            os.killpg(demo.pid, signals[i % len(signals)])
        for i, path, demo in demos:
            _, errors = demo.communicate(timeout=10)
            sent = signals[i % len(signals)]
            assert demo.returncode == (-sent if sent == signal.SIGKILL else 0), errors
            wait_for(lambda path=path: frames_of(path))


def test_a_service_that_is_stopped_has_its_ffmpeg_stopped_too(start, tmp_path):
    """systemd signals all of a service's processes."""
    need('ffmpeg')
    path = tmp_path / 'out.mp4'
    demo = start('--output', str(path))
    wait_for(path.exists)
    time.sleep(0.5)
    for pid in children(demo):
        os.kill(pid, signal.SIGTERM)
    assert demo.wait(10) == 0, demo.stderr.read()
    assert frames_of(path)


@pytest.mark.parametrize('arguments, reason', [
    (['--output', 'full.avi'], 'No space left on device'),
    (['--output', 'nowhere/out.mp4'], 'a folder that is there'),
    (['--output', 'nowhere/out.png'], 'a folder that is there'),
    (['--output', 'read.mp4', '--videosrc', './read.mp4'], 'what is read'),
    (['--serve', '203.0.113.1:8080'], 'cannot listen on 203.0.113.1:8080'),
    (['--serve', 'no host at all:8080'], 'cannot listen on no host at all:8080'),
])
def test_what_cannot_be_used_gets_one_line(demo_script, tmp_path, arguments, reason):
    need('ffmpeg')
    os.symlink('/dev/full', str(tmp_path / 'full.avi'))
    (tmp_path / 'read.mp4').write_bytes(b'')
    done = run(demo_script, '--fast', '--frames', '500', *arguments, cwd=str(tmp_path))
    assert done.returncode == 1
    line, = done.stderr.decode().splitlines()
    assert line.startswith('error: ') and reason in line


@pytest.mark.parametrize('arguments', [
    ['--output', 'out.gif'], ['--output', 'out'], ['--serve', 'port'], ['--serve', '65536'],
    ['--serve', ':80'], ['--serve', '::1:80'], ['--serve', '-1'], ['--serve', '80', '--token', 'x'],
])
def test_wrong_usage_is_status_2(demo_script, arguments):
    done = run(demo_script, *arguments)
    assert done.returncode == 2
    assert b'must' in done.stderr.splitlines()[-1] or b'expected' in done.stderr


@pytest.mark.parametrize('name', ['-vf.mp4', 'a%d$(touch x);b.mp4', 'tcp:host.avi'])
def test_a_name_is_only_a_name(demo_script, tmp_path, name):
    need('ffmpeg')
    done = run(demo_script, '--fast', '--frames', '3', f'--output={name}', cwd=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert len(frames_of(f'{tmp_path}/{name}')) == 3


def test_stats(demo_script):
    done = run(demo_script, '--headless', '--frames', '10', '--stats')
    line, = done.stderr.decode().splitlines()
    p50, p95, frames = re.match(
        r'from capture to display: p50 ([\d.]+) ms, p95 ([\d.]+) ms; (\d+) frames', line).groups()
    assert 0 <= float(p50) <= float(p95) and frames == '10'


def children(demo: 'subprocess.Popen[bytes]') -> List[int]:
    with open(f'/proc/{demo.pid}/task/{demo.pid}/children') as file:
        found = file.read().split()
    threads = os.listdir(f'/proc/{demo.pid}/task')
    for thread in threads:
        with open(f'/proc/{demo.pid}/task/{thread}/children') as file:
            found += file.read().split()
    return [int(pid) for pid in set(found)]


# Windows

@pytest.mark.parametrize('display', [None, ':987', 'no such thing'])
def test_without_a_display_the_message_names_the_ways_out(demo_script, display):
    env = {name: value for name, value in os.environ.items()
           if name not in ('DISPLAY', 'WAYLAND_DISPLAY')}
    done = run(demo_script, env=dict(env, DISPLAY=display) if display else env)
    assert done.returncode == 1
    line, = done.stderr.decode().splitlines()
    assert line.startswith('error: no display')
    assert all(option in line for option in ('--serve', '--output', '--headless'))


class Window:
    """A demo's window, and hands on its keys."""

    def __init__(self, demo: 'subprocess.Popen[bytes]', screen: Any, folder: Any) -> None:
        self.demo, self._screen, self._folder = demo, screen, folder
        demo.stdout.readline()
        self._id = wait_for(lambda: self._do('search', '--onlyvisible', '--name', '^demo$')
                            ).split()[0]

    def _do(self, *command: str) -> str:
        return subprocess.run(['xdotool', *command], env=self._screen,
                              stdout=subprocess.PIPE).stdout.decode()

    def press(self, key: str) -> None:
        self._do('windowfocus', '--sync', self._id, 'key', key)

    def resize(self, width: int, height: int) -> None:
        self._do('windowsize', '--sync', self._id, str(width), str(height))

    def picture(self) -> np.ndarray:
        """The window's pixels, RGB."""
        path = str(self._folder / 'window.png')
        subprocess.run(['import', '-window', self._id, path], env=self._screen, check=True)
        return cv2.imread(path)[:, :, ::-1].astype(int)


@pytest.fixture
def window(start, screen, tmp_path):
    need('import')

    def open_window(*arguments: str) -> Window:
        return Window(start(*arguments, env=screen, cwd=str(tmp_path)), screen, tmp_path)

    return open_window


@pytest.mark.parametrize('key', ['q', 'Escape'])
def test_a_window_ends(window, key):
    shown = window()
    shown.press(key)
    assert shown.demo.wait(10) == 0, shown.demo.stderr.read()


def test_a_window_is_closed(window, screen):
    """As its close button does."""
    shown = window()
    wait_for(lambda: subprocess.run([need('wmctrl'), '-c', 'demo'], env=screen,
                                    stderr=subprocess.DEVNULL).returncode == 0)
    assert shown.demo.wait(10) == 0, shown.demo.stderr.read()


def test_the_keys_of_a_window(window, tmp_path):
    shown = window('--text', '')

    def is_left(x: int) -> bool:
        return np.abs(shown.picture()[200, x] - LEFT).max() < 4

    wait_for(lambda: is_left(5) and not is_left(315))
    shown.press('h')
    wait_for(lambda: (shown.picture()[40:130, 5:20] > 200).all(axis=2).any())
    shown.press('m')
    wait_for(lambda: is_left(315) and not is_left(5))
    shown.press('s')
    path, = wait_for(lambda: list(tmp_path.glob('demo_*.png')))
    saved = cv2.imread(str(path))[:, :, ::-1]
    assert saved.shape == (240, 320, 3)
    assert saved[200, 315].tolist() == list(LEFT)
    shown.resize(640, 480)
    wait_for(lambda: shown.picture().shape == (480, 640, 3) and is_left(630))
    shown.press('q')
    _, errors = shown.demo.communicate(timeout=10)
    assert shown.demo.returncode == 0
    said = [line for line in errors.decode().splitlines() if not line.startswith('qt.')]
    assert said == [f'saved {path}']


def test_s_saves_nothing_where_it_may_not(window, tmp_path):
    shown = window('--no-saving')
    shown.press('s')
    shown.press('q')
    assert shown.demo.wait(10) == 0
    assert not list(tmp_path.glob('demo_*.png'))


# Pages

@pytest.fixture
def serve(start):
    """Starts a demo that serves; returns it and its address."""
    def start_server(*arguments: str, on: str = '0') -> Tuple['subprocess.Popen[bytes]', str]:
        demo = start('--serve', on, *arguments)
        return demo, demo.stderr.readline().decode().split()[-1]

    return start_server


def get(url: str, path: str, method: str = 'GET', **headers: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    connection.request(method, path, headers=headers)
    response = connection.getresponse()
    response.body = response.read() if path != '/poses' or response.status != 200 else b''
    response.connection = connection
    return response


def events(response: http.client.HTTPResponse) -> Any:
    """(name, data) of a stream's events, as they come."""
    name = ''
    for line in response:
        key, _, value = line.decode().rstrip('\n').partition(': ')
        if key == 'event':
            name = value
        elif key == 'data':
            yield name, json.loads(value)
            name = ''


def test_poses_stream_in_the_posenet_convention_and_end(serve):
    demo, url = serve('--fault', 'frozen since 14:03', '--text', '<b>&')
    stream = events(get(url, '/poses'))
    name, setup = next(stream)
    assert name == 'setup'
    assert (setup['title'], len(setup['edges']), len(setup['colors'])) == ('demo', 16, 7)
    name, event = next(stream)
    assert name == ''
    assert (event['fault'], event['text']) == ('frozen since 14:03', '<b>&')
    assert [pose['id'] for pose in event['poses']] == [3]
    assert event['poses'][0]['keypoints'][5] == {
        'part': 'leftShoulder', 'score': 0.9, 'position': {'x': 35., 'y': 85.}}
    demo.send_signal(signal.SIGTERM)
    assert [name for name, _ in stream][-1] == 'end'
    assert demo.wait(5) == 0


def test_the_picture_has_no_skeleton(serve):
    _, url = serve('--mirror')
    response = get(url, '/snapshot.jpg')
    assert (response.status, response.headers['Content-Type']) == (200, 'image/jpeg')
    picture = cv2.imdecode(np.frombuffer(response.body, np.uint8), cv2.IMREAD_COLOR)[:, :, ::-1]
    assert picture.shape == (240, 320, 3)
    assert np.abs(picture[:, 170:].astype(int) - LEFT).max() < 12


def test_health(serve):
    demo, url = serve()
    response = get(url, '/healthz')
    assert (response.status, json.loads(response.body)['state']) == (200, 'ok')
    demo.send_signal(signal.SIGSTOP)
    response = get(url, '/healthz')
    demo.send_signal(signal.SIGCONT)
    assert (response.status, json.loads(response.body)['state']) == (503, 'stalled')
    _, url = serve('--fault', 'black')
    response = get(url, '/healthz')
    assert (response.status, json.loads(response.body)['fault']) == (503, 'black')


def test_only_get_and_only_for_us(serve):
    _, url = serve()
    port = urlsplit(url).port
    for method in ('POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH', 'TRACE', 'BREW'):
        response = get(url, '/', method)
        assert (response.status, response.headers['Allow']) == (405, 'GET'), method
    for path in ('/../display.py', '/etc/passwd', '/display.py', '/poses/'):
        assert get(url, path).status == 404
    for host in ('evil.example', f'evil.example:{port}', '', '203.0.113.1', '[', 'localhost.evil'):
        assert get(url, '/', Host=host).status == 403, host
    for host in (f'127.0.0.1:{port}', f'localhost:{port}', 'localhost'):
        assert get(url, '/', Host=host).status == 200, host


def test_headers_keep_the_page_to_itself(serve):
    _, url = serve()
    for path in ('/', '/snapshot.jpg', '/healthz', '/poses', '/nothing'):
        headers = get(url, path).headers
        policy = headers['Content-Security-Policy']
        assert policy.startswith("default-src 'none';") and "frame-ancestors 'none'" in policy
        assert 'unsafe' not in policy and '*' not in policy
        assert headers['X-Content-Type-Options'] == 'nosniff'
        assert headers['Cache-Control'] == 'no-store'
        assert headers['X-Frame-Options'] == 'DENY'
    first, second = get(url, '/'), get(url, '/')
    nonce = re.search(r"script-src 'nonce-([^']+)'", first.headers['Content-Security-Policy'])
    assert first.body.count(nonce.group(1).encode()) == 2
    assert nonce.group(1).encode() not in second.body


def test_beyond_this_machine_a_token_is_demanded(serve):
    demo, url = serve(on='0.0.0.0:0')
    token = parse_qs(urlsplit(url).query)['token'][0]
    assert len(token) >= 20
    assert b'unencrypted' in demo.stderr.readline()
    url = f'http://127.0.0.1:{urlsplit(url).port}'
    for path in ('/', '/poses', '/snapshot.jpg', '/healthz'):
        assert get(url, path).status == 403
        assert get(url, f'{path}?token={token[:-1]}').status == 403
        assert get(url, f'{path}?token=%ff').status == 403
    assert get(url, f'/?token={token}').status == 200
    assert get(url, f'/?token={token}', Host='evil.example').status == 403


def test_a_token_may_be_chosen(serve):
    _, url = serve('--token', 'open & sesame')
    assert url.endswith('/?token=open%20%26%20sesame')
    assert get(url, '/').status == 403
    assert get(url, url[url.index('/?'):]).status == 200


def test_a_port_in_use_gets_one_line(serve, demo_script):
    _, url = serve()
    done = run(demo_script, '--serve', str(urlsplit(url).port))
    assert done.returncode == 1
    line, = done.stderr.decode().splitlines()
    assert 'Address already in use' in line


def test_a_browser_that_takes_nothing_holds_up_nobody(serve):
    """It gets the newest when it looks again: the system holds little for it."""
    _, url = serve('--fast')
    lazy = get(url, '/poses')
    other = events(get(url, '/poses'))
    time.sleep(2)
    start = [next(other) for _ in range(50)][-1][1]['frame']
    stream = events(lazy)
    frames = [next(stream)[1].get('frame', 0) for _ in range(300)]
    gaps = np.diff(frames[2:])
    assert (gaps > 0).all() and gaps.max() > 1
    assert frames[-1] > start


def test_rubbish_ends_nothing(serve):
    demo, url = serve()
    for rubbish in (b'\0' * 100, b'GET ' + b'a' * 100000, b'GET /\r\n', b'GET http://[ HTTP/1.1\r\n'
                    b'Host: localhost\r\n\r\n', b'GET /snapshot.jpg?id=' + b'9' * 5000 +
                    b' HTTP/1.1\r\nHost: localhost\r\n\r\n'):
        with socket.create_connection(('127.0.0.1', urlsplit(url).port), timeout=1) as connection:
            connection.sendall(rubbish)
    assert get(url, '/healthz').status == 200
    demo.send_signal(signal.SIGINT)
    assert demo.wait(10) == 0
    assert demo.stderr.read() == b''


class Chrome:
    """A Chromium without a window, by chromedriver's own protocol."""

    def __init__(self, folder: Any, width: int, height: int) -> None:
        self._driver = subprocess.Popen(['chromedriver', '--port=0'], stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL)
        port = next(found.group(1) for line in self._driver.stdout for found in
                    [re.search(br'started successfully on port (\d+)', line)] if found).decode()
        self._url = f'http://127.0.0.1:{port}/session'
        switches = ['headless=new', 'no-sandbox', 'disable-gpu', 'disable-quic', 'no-first-run',
                    'disable-background-networking', 'disable-component-update', 'disable-sync',
                    f'user-data-dir={folder}']
        phone = {'deviceMetrics': {'width': width, 'height': height, 'pixelRatio': 2}}
        options = {'args': [f'--{switch}' for switch in switches], 'mobileEmulation': phone}
        capabilities = {'goog:chromeOptions': options, 'goog:loggingPrefs': {'browser': 'ALL'}}
        self._url += '/' + self('', capabilities={'alwaysMatch': capabilities})['sessionId']

    def __call__(self, path: str, **arguments: Any) -> Any:
        request = urllib.request.Request(self._url + path, json.dumps(arguments).encode(),
                                         {'Content-Type': 'application/json'})
        return json.loads(urllib.request.urlopen(request, timeout=30).read())['value']

    def run(self, script: str) -> Any:
        return self('/execute/sync', script='return ' + script, args=[])

    def close(self) -> None:
        request = urllib.request.Request(self._url, method='DELETE')
        urllib.request.urlopen(request, timeout=30).close()
        self._driver.terminate()
        self._driver.wait()


@pytest.mark.parametrize('width, height', [(1280, 800), (390, 844)])
def test_a_browser_shows_the_picture_with_its_people(serve, tmp_path, width, height):
    need('chromedriver')
    need('chromium')
    demo, url = serve('--token', 'sesame12', '--text', '<b>Nposes</b> 1', '--fault', 'covered')
    chrome = Chrome(tmp_path, width, height)
    try:
        chrome('/url', url=url)
        wait_for(lambda: chrome.run('canvas.width') == 320)
        assert chrome.run('document.title') == 'demo'
        assert chrome.run("document.getElementById('text').textContent") == '<b>Nposes</b> 1'
        assert chrome.run("document.getElementById('fault').textContent") == 'covered'
        assert chrome.run("document.getElementById('state').textContent") == 'fault'
        assert chrome.run('[innerWidth, document.documentElement.scrollWidth,'
                          'document.documentElement.scrollHeight]') == [width, width, height]
        joint = chrome.run('Array.from(pen.getImageData(35, 85, 1, 1).data)')
        assert min(joint[:3]) > 200  # the left shoulder's middle, which is sure
        bone = chrome.run('Array.from(pen.getImageData(50, 110, 1, 1).data)')
        demo.send_signal(signal.SIGTERM)
        wait_for(lambda: chrome.run("document.getElementById('state').textContent") == 'ended')
        assert bone
        assert not [entry for entry in chrome('/se/log', type='browser')
                    if 'Content Security Policy' in entry['message']]
    finally:
        chrome.close()
