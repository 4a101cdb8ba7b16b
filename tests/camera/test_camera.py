"""Camera, whatever its source: pace, limits, ends, and two of them in one process."""
import argparse
import inspect
import itertools
import os
import shutil
import threading
import time

import streams
from cameras import CLIP, LOG, demo, error_of, frames, until
from posesuite.camera import Camera, CameraError, add_camera_options, camera, pictures
from posesuite.pose.pose import FaultKind

import numpy as np
import pytest
from PIL import Image


def test_frames_stops_after_so_many():
    assert [frame.number for frame in frames(CLIP, frames=7)] == list(range(7))


def test_a_file_is_read_a_little_ahead_and_no_further(tmp_path, monkeypatch):
    opened = []

    def open_image(path):
        opened.append(path)
        return Image.new('RGB', (16, 16), (200, 0, 0))
    monkeypatch.setattr(pictures, 'open_image', open_image)
    for i in range(50):
        (tmp_path / f'{i:02}.png').touch()
    with Camera(str(tmp_path)) as source:
        time.sleep(0.3)
        assert len(opened) <= camera.READ_AHEAD + 1  # one is in the thread's hand
        assert len(list(source)) == len(opened) == 50


@pytest.mark.parametrize('path', [CLIP, LOG])
def test_realtime_plays_at_its_own_pace_and_drops_late_frames(path):
    found, delays = [], []
    with Camera(path, realtime=True) as source:
        for frame in itertools.islice(source, 20):
            delays.append(time.monotonic() - frame.captured)
            if len(delays) == 10:
                before = frame.number
                time.sleep(0.5)  # a slow consumer
            found.append(frame)
    numbers = [frame.number for frame in found]
    assert numbers == sorted(set(numbers))
    assert numbers[10] - before >= 1 and numbers[11] - before > 10
    assert min(delays) >= 0  # none is early
    due = [frame.captured - frame.time for frame in found]
    assert max(due) - min(due) < 1e-6


def test_reading_ahead_is_no_delay_of_a_file():
    with Camera(CLIP) as source:
        time.sleep(0.5)  # READ_AHEAD frames wait
        delays = [time.monotonic() - frame.captured for frame in itertools.islice(source, 10)]
    assert len(delays) == 10 and max(delays) < 0.2


def test_two_cameras_in_one_process():
    with Camera(CLIP) as first, Camera(LOG) as second:
        pairs = list(itertools.islice(zip(first, second), 50))
        first.stop()
        assert list(first) == []
        rest = list(second)
    assert [(a.number, b.number) for a, b in pairs] == [(i, i) for i in range(50)]
    assert all(a.people is None and list(b.people) == [0] for a, b in pairs)
    assert rest[-1].number == 299


def test_a_camera_works_in_any_thread():
    found = []
    threads = [threading.Thread(target=lambda: found.append(len(frames(CLIP)))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [300, 300]


@pytest.mark.parametrize('wait', [False, True])
def test_stop_ends_opening(wait):
    with streams.silent_server() as (url, connected):
        source = Camera(url, wait=wait)

        def stop():
            connected()
            source.stop()
        threading.Thread(target=stop, daemon=True).start()
        with source:
            began = time.monotonic()
            assert list(source) == []
        assert time.monotonic() - began < 3


def test_stop_ends_iterating():
    source = Camera(CLIP, realtime=True)
    threading.Timer(0.3, source.stop).start()
    with source:
        assert 1 <= len(list(source)) < 100


def test_no_thread_is_left():
    threads = threading.active_count()
    for _ in range(5):
        frames(CLIP, frames=2)
        error_of('nothing.mp4')
    assert threading.active_count() <= threads  # one of an earlier test may end meanwhile


def test_the_size_is_that_of_the_frames_and_known_from_entering_on(tmp_path):
    Image.new('RGB', (64, 48)).save(str(tmp_path / 'a.png'))
    camera = Camera(str(tmp_path / 'a.png'), resolution='1280x720')
    assert camera.size is None
    with camera:
        assert camera.size == (64, 48)
    with Camera(CLIP) as clip, Camera(LOG) as log:
        assert clip.size == log.size == (640, 480)
    with Camera('nothing.mp4', wait=True) as missing:
        assert missing.size is None


def test_wait_waits_for_a_file(quick, tmp_path):
    path = tmp_path / 'late.mp4'
    with Camera(str(path), wait=True, resolution='1280x720') as source:
        assert until(source, FaultKind.LOST).image.shape == (720, 1280, 3)
        shutil.copyfile(CLIP, str(tmp_path / 'part'))
        os.rename(str(tmp_path / 'part'), str(path))
        assert until(source, None).number == 0
        assert len(list(source)) == 299


def test_a_lost_camera_has_grey_frames_without_people(quick):
    with Camera('nothing.mp4', wait=True) as source:
        frame = until(source, FaultKind.LOST)
    assert frame.people == {} and (frame.image == 128).all()
    assert frame.fault.text.startswith('camera lost since ') and frame.image.dtype == np.uint8


def parse(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument('--headless', action='store_true')
    parser.add_argument('--output')
    parser.add_argument('--serve')
    add_camera_options(parser)
    return parser.parse_args(arguments)


def keywords_of(monkeypatch, *arguments: str) -> dict:
    """What Camera.from_args gives to Camera."""
    found = []
    signature = inspect.signature(Camera)
    monkeypatch.setattr(Camera, '__init__', lambda _, *args, **options: found.append(
        signature.bind(*args, **options).arguments))
    Camera.from_args(parse(*arguments))
    return dict(found[0])


def test_options_are_keywords(monkeypatch):
    assert keywords_of(monkeypatch, '--videosrc', 'a.mp4', '--res', '1280x720', '--jpeg', '--fps',
                       '15', '--frames', '9', '--wait', '--loop', '--headless') == {
        'source': 'a.mp4', 'resolution': '1280x720', 'format': 'MJPG', 'fps': 15, 'frames': 9,
        'realtime': False, 'wait': True, 'loop': True, 'picture_time': 0}


@pytest.mark.parametrize('options, realtime', [
    ([], True), (['--serve', '0'], True), (['--serve', '0', '--headless'], True),
    (['--headless'], False), (['--output', 'a.mp4'], False),
    (['--output', 'a.mp4', '--serve', '0'], False), (['--headless', '--realtime'], True),
    (['--full-speed'], False), (['--serve', '0', '--full-speed'], False)])
def test_what_is_watched_plays_at_its_own_pace(monkeypatch, options, realtime):
    assert keywords_of(monkeypatch, *options)['realtime'] is realtime


@pytest.mark.parametrize('options', [
    ('--res', '1x1'), ('--frames', '0'), ('--fps', '-1'), ('--fps', 'nan'), ('--jpeg', '--h264'),
    ('--frames', '1e3'), ('--realtime', '--full-speed')])
def test_wrong_usage_is_2(options):
    with pytest.raises(SystemExit) as error:
        parse(*options)
    assert error.value.code == 2


def test_a_resolution_that_is_none_is_refused():
    for resolution in ('', '640', '0x480', '640x480x3', '-1x1', '99999999x1'):
        with pytest.raises(CameraError, match='resolution must be like'):
            Camera(CLIP, resolution=resolution)


def test_nothing_but_one_line_reaches_the_user():
    for source in ('nothing.mp4', '/dev/video77', __file__, 'rtsp://127.0.0.1:9/'):
        with demo('--videosrc', source) as process:
            out, err = process.communicate(timeout=20)
        lines = [line for line in err.splitlines() if not line.startswith('images travel')]
        assert process.returncode == 1
        assert out == '' and len(lines) == 1 and lines[0].startswith('error: ')
