"""camera.py, each fault of its sources made for real."""
import argparse
import contextlib
import itertools
import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import threading
import time
from typing import Callable, Iterator, List

import streams
from helpers import ROOT, shared
from posesuite.camera import camera
from posesuite.camera import sources as camera_sources
from posesuite.camera.camera import Camera, CameraError
from posesuite.pose.pose import Frame
from streams import mjpeg_server, picture

import cv2
import numpy as np
import pytest
from PIL import Image

CLIP = os.path.join(ROOT, 'samples', 'one_person.mp4')
LOG = os.path.join(ROOT, 'samples', 'one_person.jsonl')
DEMO = """
import argparse, sys
from posesuite.camera import camera
parser = argparse.ArgumentParser()
camera.add_camera_options(parser)
try:
    with camera.Camera(parser.parse_args()) as source:
        for frame in source:
            print(frame.number, frame.fault, flush=True)
    print('end')
except camera.CameraError as error:
    parser.exit(1, f'error: {error}\\n')
"""


def open_camera(*arguments: str) -> Camera:
    parser = argparse.ArgumentParser()
    camera.add_camera_options(parser)
    return Camera(parser.parse_args(arguments))


def frames(source: str, *options: str) -> List[Frame]:
    with open_camera('--videosrc', source, *options) as source:
        return list(source)


def error_of(source: str, *options: str) -> str:
    """The one line of a source that does not serve."""
    with pytest.raises(CameraError) as error:
        frames(source, *options)
    assert '\n' not in str(error.value)
    return str(error.value)


def until(source: Iterator[Frame], fault: str, seconds: float = 8) -> Frame:
    """The first frame whose fault starts so; '' for a good one."""
    began = time.monotonic()
    for frame in source:
        if frame.fault.startswith(fault) and bool(frame.fault) == bool(fault):
            return frame
        assert time.monotonic() - began < seconds, frame.fault
    raise AssertionError('ended')


@contextlib.contextmanager
def demo(*arguments: str, code: str = DEMO, **env: str) -> Iterator['subprocess.Popen[str]']:
    """A demo in a process of its own; one that still runs afterwards is killed."""
    process = subprocess.Popen([sys.executable, '-c', code, *arguments], text=True,
                               env=dict(os.environ, PYTHONPATH=ROOT, **env), stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def quick(monkeypatch):
    """Waits tenths of the time."""
    monkeypatch.setattr(camera, 'TIMEOUT', 0.6)
    monkeypatch.setattr(camera_sources, 'TIMEOUT', 0.6)
    monkeypatch.setattr(camera, 'RETRIES', (0.1, 0.2))


# Files


def test_a_video_gives_every_frame_in_order():
    with open_camera('--videosrc', CLIP) as source:
        found = list(source)
        assert (source.source, source.fps, source.live) == (CLIP, 30, False)
    assert [frame.number for frame in found] == list(range(300))
    assert [frame.time for frame in found] == pytest.approx(np.arange(300) / 30, abs=0.002)
    assert all(frame.image.shape == (480, 640, 3) and frame.image.dtype == np.uint8
               for frame in found)
    assert {(frame.fault, frame.people) for frame in found} == {('', None)}


def test_frames_are_rgb():
    first = frames(CLIP, '--frames', '1')[0]
    expected = cv2.VideoCapture(CLIP).read()[1][..., ::-1]
    assert np.array_equal(first.image, expected)


def test_frames_stops_after_so_many():
    assert [frame.number for frame in frames(CLIP, '--frames', '7')] == list(range(7))


def test_a_file_is_read_a_little_ahead_and_no_further():
    with open_camera('--videosrc', CLIP) as source:
        time.sleep(0.5)
        assert len(source._frames) == camera.READ_AHEAD
        assert len(list(source)) == 300


@pytest.mark.parametrize('path', [CLIP, LOG])
def test_realtime_plays_at_its_own_pace_and_drops_what_comes_late(path):
    with open_camera('--videosrc', path, '--realtime') as source:
        found = list(itertools.islice(source, 10))
        time.sleep(0.5)
        found += itertools.islice(source, 10)
    numbers = [frame.number for frame in found]
    assert numbers[:10] == list(range(10))
    assert 10 < numbers[11] - numbers[9] < 25
    due = [frame.captured - frame.time for frame in found]
    assert max(due) - min(due) < 1e-6


def test_a_log_gives_its_people_on_black():
    found = frames(LOG)
    assert len(found) == 300
    assert all(list(frame.people) == [0] for frame in found)
    assert found[0].people[0].keypoints[0].point == (324.9, 201.54)
    assert found[0].image.shape == (480, 640, 3) and not found[0].image.any()


@pytest.fixture
def log(tmp_path):
    """Writes a log with a background and without people."""
    def write(background: str) -> str:
        header = {'version': 1, 'source': 'x', 'width': 32, 'height': 16, 'background': background}
        frame = {'frame': 5, 'time': 0.5, 'poses': [], 'fault': 'black'}
        path = tmp_path / 'log.jsonl'
        path.write_text(json.dumps(header) + '\n' + json.dumps(frame) + '\n')
        return str(path)
    return write


def test_a_log_takes_its_background_from_its_own_folder_alone(log, tmp_path):
    Image.new('RGB', (32, 16), (1, 2, 3)).save(str(tmp_path / 'wall.png'))
    Image.new('RGB', (32, 32)).save(str(tmp_path / 'other.png'))
    frame, = frames(log('wall.png'))
    assert (frame.number, frame.time, frame.fault, frame.people) == (5, 0.5, 'black', {})
    assert (frame.image == (1, 2, 3)).all()
    assert 'has 32x32 pixels' in error_of(log('other.png'))
    for name in ('../wall.png', '/etc/passwd', '..'):
        assert error_of(log(name)).endswith('must lie in the same folder')
    (tmp_path / 'link.png').symlink_to(CLIP)
    assert error_of(log('link.png')).endswith('must lie in the same folder')


def test_pictures_of_a_folder_or_a_glob_come_by_name(tmp_path):
    for name, shade in (('b.png', 1), ('a.webp', 2), ('c.BMP', 3), ('[d].jpg', 4)):
        Image.new('RGB', (16, 16), (shade,) * 3).save(str(tmp_path / name))
    (tmp_path / 'notes.txt').write_text('no picture')
    found = frames(str(tmp_path))
    assert [int(frame.image[0, 0, 0]) for frame in found] == [4, 2, 1, 3]
    assert [frame.number for frame in found] == [0, 1, 2, 3]
    assert len(frames(str(tmp_path / '?.png'))) == len(frames(str(tmp_path / '[d].jpg'))) == 1


def test_a_bad_picture_among_good_ones_is_said_and_left_out(tmp_path, capfd):
    Image.new('RGB', (16, 16)).save(str(tmp_path / 'a.png'))
    (tmp_path / 'b.png').write_bytes(b'')
    Image.new('RGB', (16, 16)).save(str(tmp_path / 'c.png'))
    assert [frame.number for frame in frames(str(tmp_path))] == [0, 2]
    assert capfd.readouterr().err == f'{tmp_path}/b.png: no JPEG, PNG, WebP or BMP picture\n'


def test_pictures_are_upright(tmp_path):
    exif = Image.Exif()
    exif[0x112] = 6
    Image.new('RGB', (32, 16)).save(str(tmp_path / 'a.jpg'), exif=exif)
    assert frames(str(tmp_path / 'a.jpg'))[0].image.shape == (32, 16, 3)


@pytest.mark.parametrize('name', ['grey.avi', 'mjpeg.avi'])
def test_videos_of_other_formats(tmp_path, name):
    path = str(tmp_path / name)
    writer = cv2.VideoWriter(path, cv2.VideoWriter_fourcc(*'MJPG'), 10, (320, 240), name[0] == 'm')
    image = np.asarray(Image.open(shared('photos', 'p1.jpg')).convert('RGB').resize((320, 240)))
    for _ in range(5):
        writer.write(image[..., ::-1] if name[0] == 'm' else image[..., 1])
    writer.release()
    found = frames(path)
    assert [frame.time for frame in found] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4], abs=0.002)
    expected = image if name[0] == 'm' else image[..., 1:2]
    assert np.abs(found[2].image.astype(int) - expected).mean() < 6


@pytest.fixture
def avi(tmp_path):
    """A video of 100 JPEGs."""
    path = str(tmp_path / 'whole.avi')
    writer = cv2.VideoWriter(path, cv2.VideoWriter_fourcc(*'MJPG'), 10, (320, 240))
    for i in range(100):
        writer.write(cv2.imdecode(np.frombuffer(picture(i), np.uint8), 1))
    writer.release()
    return path


def test_a_cut_off_video_is_said(avi, capfd):
    os.truncate(avi, os.path.getsize(avi) // 2)
    count = len(frames(avi))
    assert 30 < count < 70
    assert capfd.readouterr().err == (f'{avi} ends after {count} of 100 frames: it is cut off or '
                                      'damaged\n')


@pytest.mark.parametrize('name', ['a.mp4', 'a.txt', 'a.jpg', 'a.jsonl', 'a'])
@pytest.mark.parametrize('data', ['empty', 'text', 'half a video', 'zeros'])
def test_what_is_no_picture_video_or_log_is_a_line(tmp_path, capfd, name, data):
    path = tmp_path / name
    with open(CLIP, 'rb') as clip:
        path.write_bytes({'empty': b'', 'text': b'hello\n' * 1000, 'zeros': b'\0' * 5000,
                          'half a video': clip.read(100000)}[data])
    assert str(path) in error_of(str(path))
    assert capfd.readouterr().err == ''


@pytest.mark.parametrize('source', [
    '', ' ', '-', '--help', '../../nothing.mp4', '$(touch owned).mp4', '; touch owned', '*.jpg',
    'a\0b.mp4', 'a\0b.jsonl', 'x' * 5000, 'concat:a|b', 'file:///etc/passwd', 'ftp://x', '//', '\n',
    '::::', 'data:text/plain,x', '/dev/null', '/dev/zero', '/dev/nothing', '99', '9' * 30, '/proc'])
def test_hostile_names_are_a_line(tmp_path, monkeypatch, source, capfd):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CameraError) as error, Camera(argparse.Namespace(
            videosrc=source, res='640x480', format=None, fps=None, frames=None, realtime=False,
            wait=False)) as opened:
        list(opened)
    assert '\n' not in str(error.value) and '\0' not in str(error.value)
    assert capfd.readouterr().err == ''
    assert os.listdir(str(tmp_path)) == []


@pytest.mark.parametrize('name', ['bomb.png', 'bomb.mp4'])
def test_a_picture_bomb_is_refused(tmp_path, name):
    path = str(tmp_path / name)
    Image.new('1', (10000, 10000)).save(path, 'PNG')
    assert error_of(path).endswith(f'more than {Image.MAX_IMAGE_PIXELS} pixels')


def test_half_a_picture_is_a_line(tmp_path):
    path = tmp_path / 'half.jpg'
    path.write_bytes(picture()[:3000])
    assert error_of(str(path)).startswith(f'{path}: image file is truncated')


@pytest.mark.parametrize('options', [('--res', '1x1'), ('--frames', '0'), ('--fps', '-1'),
                                     ('--fps', 'nan'), ('--jpeg', '--h264'), ('--frames', '1e3')])
def test_wrong_usage_is_2(options):
    with pytest.raises(SystemExit) as error:
        open_camera(*options)
    assert error.value.code == 2


# Pictures that prove nothing


@pytest.mark.parametrize('fault, low, high', [('black', 0, 12), ('blown out', 250, 256),
                                              ('covered', 40, 56)])
def test_faults_that_a_picture_shows(fault, low, high):
    noise = np.random.RandomState(0).randint(low, high, (480, 640, 3)).astype(np.uint8)
    assert camera.fault_of(noise) == fault
    assert camera.fault_of(noise[:16, :16]) == fault


def test_a_hand_over_the_lens_is_covered():
    y, x = np.mgrid[:480, :640]
    glow = np.exp(-((x - 500) ** 2 + (y - 100) ** 2) / 2 / 250 ** 2)
    noise = np.random.RandomState(0).normal(0, 6, (480, 640))
    image = np.clip(40 + 40 * glow + noise, 0, 255).astype(np.uint8)
    assert camera.fault_of(np.stack([image] * 3, axis=-1)) == 'covered'


def test_no_photograph_and_no_clip_has_a_fault():
    clips = [os.path.join(ROOT, 'samples', name) for name in os.listdir(f'{ROOT}/samples')
             if name.endswith('.mp4')] + [shared('video', 'demo.mp4')]
    folders = [shared('photos'), shared('photos', 'evaluate'), shared('photos', 'empty')]
    faults = []
    for source in clips + folders:
        with open_camera('--videosrc', source) as opened:
            faults += [frame.fault for frame in opened]
    assert len(faults) == 4 * 300 + 5 + 7 + 24 + 8
    assert set(faults) == {''}


@pytest.mark.parametrize('shape, dtype', [((480, 640), 'uint8'), ((480, 640), 'uint16'),
                                          ((480, 640, 1), 'uint8'), ((480, 640, 4), 'uint8')])
def test_other_formats_become_rgb(shape, dtype):
    image = np.full(shape, 200 if dtype == 'uint8' else 200 << 8, dtype)
    rgb = camera_sources.as_rgb(image, 'x')
    assert (rgb.shape, rgb.dtype) == ((480, 640, 3), np.uint8)
    assert (rgb == 200).all()


def test_odd_strides_become_rgb():
    image = np.random.RandomState(0).randint(0, 255, (100, 100, 3)).astype(np.uint8)
    assert np.array_equal(camera_sources.as_rgb(image[::-2, ::3], 'x'), image[::-2, ::3, ::-1])


@pytest.mark.parametrize('shape, dtype', [((480, 640, 3), 'float32'), ((480, 640, 2), 'uint8'),
                                          ((1, 1, 3), 'uint8'), ((480,), 'uint8'),
                                          ((480, 640, 3), 'int32')])
def test_what_is_no_image_is_refused(shape, dtype):
    with pytest.raises(CameraError, match=f'x gives {dtype} .*, need 8 or 16 bit grey'):
        camera_sources.as_rgb(np.zeros(shape, dtype), 'x')


# Devices


def test_no_camera_names_what_is_there():
    if os.path.exists('/dev/video0'):
        pytest.skip('there is a camera')
    with pytest.raises(CameraError) as error, open_camera():
        pass
    assert str(error.value).startswith('no camera /dev/video0: there is ')
    assert str(error.value).endswith('try --videosrc samples/one_person.mp4')


@pytest.fixture(scope='session')
def stand_in(tmp_path_factory, gxx) -> str:
    """The library to load before, see v4l2_stand_in.c."""
    path = str(tmp_path_factory.mktemp('v4l2') / 'v4l2_stand_in.so')
    subprocess.run([gxx, '-x', 'c', '-shared', '-fPIC', '-o', path,
                    os.path.join(ROOT, 'tests', 'v4l2_stand_in.c'), '-ldl'], check=True)
    return path


@pytest.fixture
def device() -> Iterator[Callable[..., str]]:
    """Makes a camera for the stand-in of the frames that it gives; returns its path."""
    paths = []

    def make(*data: bytes, hangs: bool = False) -> str:
        paths.append(f'/dev/shm/video_test_{os.getpid()}_{len(paths)}')
        with open(paths[-1], 'wb') as file:
            for frame in data:
                file.write(struct.pack('<I', len(frame)) + frame)
            file.write(b'\xff' * 4 * hangs)
        return paths[-1]
    if not os.path.isdir('/dev/shm'):
        pytest.skip('no /dev/shm')
    yield make
    for path in paths:
        os.unlink(path)


def lines_of(*arguments: str, stand_in: str) -> List[List[str]]:
    """What the demo prints of each frame of the camera: [number, fault]."""
    with demo(*arguments, LD_PRELOAD=stand_in) as process:
        out, err = process.communicate(timeout=20)
    assert (process.returncode, 'Traceback' in err) == (0, False), err
    return [line.split(' ', 1) for line in out.splitlines()[:-1]]


@pytest.mark.parametrize('options', [(), ('--jpeg',)])
def test_a_camera_gives_frames_until_it_is_unplugged(device, stand_in, options):
    jpegs = [picture(i * 10, (640, 480)) for i in range(20)]
    blocks = np.random.RandomState(0).randint(0, 255, (24, 16)).astype(np.uint8)
    raw = [blocks.repeat(20, axis=0).repeat(80, axis=1).tobytes()] * 20  # 640x480 in YUYV
    found = lines_of('--videosrc', device(*(jpegs if options else raw)), '--frames', '40',
                     *options, stand_in=stand_in)
    assert len(found) == 40
    faults = [fault for fault, _ in itertools.groupby(fault for _, fault in found)]
    assert faults[:3] == ['', faults[1], ''] and faults[1].startswith('camera lost since ')


def test_half_a_jpeg_of_a_camera_is_truncated(device, stand_in):
    jpegs = [picture(i * 10, (640, 480)) for i in range(20)]
    jpegs[5::5] = [jpeg[:len(jpeg) // 2] for jpeg in jpegs[5::5]]
    found = lines_of('--videosrc', device(*jpegs), '--frames', '15', '--jpeg', stand_in=stand_in)
    assert 2 <= [fault for _, fault in found].count('truncated') <= 3


def test_a_driver_that_hangs_does_not_hang_the_demo(device, stand_in):
    path = device(*[picture(i, (640, 480)) for i in range(5)], hangs=True)
    with demo('--videosrc', path, '--jpeg', LD_PRELOAD=stand_in) as process:
        began = time.monotonic()
        while 'camera lost since ' not in process.stdout.readline():
            assert time.monotonic() - began < 7
        process.send_signal(signal.SIGINT)
        began = time.monotonic()
        assert process.communicate(timeout=10)[0].endswith('end\n')
        assert process.returncode == 0 and time.monotonic() - began < 3


def test_a_format_that_the_camera_has_not_is_a_line(device, stand_in):
    path = device(picture())
    with demo('--videosrc', path, '--h264', LD_PRELOAD=stand_in) as process:
        assert process.communicate(timeout=20) == (
            '', f'error: {path} gives YUYV where H264 is asked for\n')
    assert process.returncode == 1


def test_a_camera_is_found_again_by_its_id(device, tmp_path, monkeypatch):
    monkeypatch.setattr(camera_sources, 'BY_ID', str(tmp_path / '*'))
    first, second = device(), device()
    link = tmp_path / 'usb-Camera-1'
    link.symlink_to(first)
    reader = open_camera('--videosrc', first)._source
    assert reader._find() == first
    link.unlink()
    with pytest.raises(CameraError):
        reader._find()
    link.symlink_to(second)
    assert reader._find() == second


# Streams


def test_an_rtsp_stream_that_is_restarted(monkeypatch):
    monkeypatch.setattr(camera, 'RETRIES', (0.5,))
    port = streams.free_port()
    with contextlib.ExitStack() as stack:
        with streams.rtsp_server(port):
            source = stack.enter_context(
                open_camera('--videosrc', f'rtsp://me:secret@127.0.0.1:{port}/cam'))
            assert source.live and source.source == f'rtsp://127.0.0.1:{port}/cam'
            assert until(iter(source), '').image.shape == (240, 320, 3)
        until(iter(source), 'camera lost since ')
        with streams.rtsp_server(port):
            until(iter(source), '')


def test_a_slow_consumer_gets_the_newest_frames(capfd):
    with mjpeg_server(streams.endless) as url, open_camera('--videosrc', url) as source:
        assert source.live and source.source == url
        found = []
        for frame in source:
            found.append(frame)
            assert len(source._frames) <= 1
            time.sleep(0.2)
            if len(found) == 8:
                break
    numbers = np.array([frame.number for frame in found])
    assert (np.diff(numbers) > 2).all()
    assert all(time.monotonic() - frame.captured < 3 for frame in found)
    assert [frame.image[10, 10, 0] for frame in found] == pytest.approx(numbers % 25 * 10, abs=3)
    assert capfd.readouterr().err == f'images travel over the network from {url}\n'


def test_half_a_jpeg_is_truncated():
    def script(send, _):
        for i in range(300):
            jpeg = picture(i % 25 * 10)
            send(jpeg[:len(jpeg) // 2] if i % 3 == 1 else jpeg[:200] if i == 6 else jpeg)
            time.sleep(0.03)
    with mjpeg_server(script) as url:
        found = frames(url, '--frames', '20')
    assert len(found) == 20
    truncated = [frame for frame in found if frame.fault]
    assert 5 <= len(truncated) <= 8
    assert {frame.fault for frame in truncated} == {'truncated'}
    for frame in truncated:
        assert frame.people is None
        assert np.abs(np.diff(frame.image[-20:, :, 0].astype(int))).max() == 0


def test_the_size_may_change():
    def script(send, _):
        for i in range(300):
            send(picture(i % 25 * 10, (320, 240) if i < 10 else (640, 480)))
            time.sleep(0.03)
    with mjpeg_server(script) as url:
        shapes = [frame.image.shape for frame in frames(url, '--frames', '20')]
    assert sorted(set(shapes)) == [(240, 320, 3), (480, 640, 3)]
    assert shapes == sorted(shapes)


def test_a_frozen_stream_is_told_until_it_moves(monkeypatch, capfd):
    monkeypatch.setattr(camera, 'FROZEN', 0.3)

    def script(send, _):
        for i in range(300):
            send(picture(0 if i < 30 else i % 25 * 10))
            time.sleep(0.03)
    with mjpeg_server(script) as url, open_camera('--videosrc', url) as source:
        assert until(source, '').number < 5
        frozen = until(source, 'frozen since ')
        assert frozen.people is None and frozen.image.any()
        assert until(source, '').number > 25
    assert capfd.readouterr().err.count('repeats one frame') == 1


@pytest.mark.parametrize('stalls', [False, True])
def test_a_stream_that_is_lost_and_comes_back(quick, capfd, stalls):
    def script(send, connection):
        for i in range(12 if connection == 0 else 300):
            send(picture(i % 25 * 10))
            time.sleep(0.03)
        if stalls:
            time.sleep(5)
    with mjpeg_server(script) as url, open_camera('--videosrc', url) as source:
        good = until(source, '')
        began = time.monotonic()
        lost = until(source, 'camera lost since ')
        assert time.monotonic() - began < 3
        assert lost.fault[len('camera lost since '):] in (
            time.strftime('%H:%M'), time.strftime('%H:%M', time.localtime(time.time() - 60)))
        assert lost.people == {}
        assert lost.image.shape == good.image.shape and (lost.image == 128).all()
        back = until(source, '')
        assert back.people is None and back.number > lost.number and back.time > lost.time
    lines = capfd.readouterr().err.splitlines()
    assert lines == [f'images travel over the network from {url}',
                     f'{lost.fault}: {url} gives no more frames', f'{url} is back']


def test_frames_of_a_lost_camera_come_ten_a_second(quick):
    def script(send, connection):
        if connection == 0:
            send(picture())
    with mjpeg_server(script) as url, open_camera('--videosrc', url) as source:
        until(source, 'camera lost since ')
        began = time.monotonic()
        found = list(itertools.islice(source, 10))
    assert len(found) == 10
    assert 0.9 < time.monotonic() - began < 3
    assert all(frame.people == {} for frame in found)
    assert all(a.number < b.number and a.time < b.time for a, b in zip(found, found[1:]))


def test_wait_waits_for_a_stream(quick, capfd):
    port = streams.free_port()
    url = f'http://127.0.0.1:{port}/'
    with open_camera('--videosrc', url, '--wait') as source:
        lost = until(source, 'camera lost since ')
        assert lost.image.shape == (480, 640, 3) and lost.people == {}
        with mjpeg_server(streams.endless, port):
            assert until(source, '').image.shape == (240, 320, 3)
    assert f'{url} is back' in capfd.readouterr().err


def test_wait_waits_for_a_file(quick, tmp_path):
    path = tmp_path / 'late.mp4'
    with open_camera('--videosrc', str(path), '--wait') as source:
        until(source, 'camera lost since ')
        shutil.copyfile(CLIP, str(tmp_path / 'part'))
        os.rename(str(tmp_path / 'part'), str(path))
        assert until(source, '').number == 0
        assert len(list(source)) == 299


def test_a_stream_that_never_answers_or_is_not_there(quick):
    with streams.silent_server() as url:
        assert error_of(url) == f'{url} does not answer'
    assert error_of(f'http://127.0.0.1:{streams.free_port()}/').endswith(
        'is no stream that can be opened')


def test_credentials_are_never_said(quick, capfd):
    place = f'127.0.0.1:{streams.free_port()}/cam'
    for scheme in ('rtsp', 'http', 'RTSP', 'mms'):
        for user in ('me:secret', 'me:se/cr@et', 'secret'):
            error = error_of(f'{scheme}://{user}@{place}?password=secret')
            assert place in error and 'se' not in error.replace('opened', '').split(place)[0]
            assert 'secret' not in error
    assert 'secret' not in capfd.readouterr().err


def test_a_video_over_http_ends(avi):
    with subprocess.Popen([sys.executable, '-u', '-m', 'http.server', '--bind', '127.0.0.1', '0'],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          cwd=os.path.dirname(avi)) as server:
        url = server.stdout.readline().decode().split('(')[1].split(')')[0]
        with open_camera('--videosrc', url + os.path.basename(avi)) as source:
            assert not source.live
            assert [frame.number for frame in source] == list(range(100))
        server.kill()


# Ends


@pytest.mark.parametrize('state, number', [
    ('plays', signal.SIGINT), ('plays', signal.SIGTERM), ('live', signal.SIGINT),
    ('lost', signal.SIGTERM), ('waits', signal.SIGINT), ('opens', signal.SIGTERM)])
def test_a_signal_is_a_normal_end(state, number):
    def script(send, connection):
        for i in range(300 if state == 'live' else 5):
            send(picture(i % 25 * 10))
            time.sleep(0.03)
        time.sleep(8)
    with contextlib.ExitStack() as stack:
        source = CLIP if state == 'plays' else stack.enter_context(
            streams.silent_server() if state in ('opens', 'waits') else mjpeg_server(script))
        process = stack.enter_context(demo('--videosrc', source, *(
            ['--realtime'] if state == 'plays' else ['--wait'] if state == 'waits' else [])))
        if state in ('opens', 'waits'):
            time.sleep(1.5)
        else:
            process.stdout.readline()
        began = time.monotonic()
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
        assert time.monotonic() - began < 5
        assert process.returncode == 0
        assert out.endswith('end\n')
        assert 'Traceback' not in err


def test_a_second_signal_kills():
    busy = DEMO.replace('flush=True)', 'flush=True), time.sleep(60)').replace('sys', 'time')
    with demo('--videosrc', CLIP, code=busy) as process:
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        time.sleep(0.3)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert process.wait(5) == -signal.SIGINT


def test_the_handlers_and_the_thread_are_as_before():
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    threads = threading.active_count()
    for _ in range(20):
        frames(CLIP, '--frames', '2')
        error_of('nothing.mp4')
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
    assert threading.active_count() == threads


def test_nothing_but_the_line_reaches_the_user():
    for source in ('nothing.mp4', '/dev/video77', __file__, 'rtsp://127.0.0.1:9/'):
        with demo('--videosrc', source) as process:
            out, err = process.communicate(timeout=20)
        lines = [line for line in err.splitlines() if not line.startswith('images travel')]
        assert process.returncode == 1
        assert out == '' and len(lines) == 1 and lines[0].startswith('error: ')
