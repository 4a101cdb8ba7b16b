"""What is seen in a window and in browsers while the anonymizer runs with a live camera."""
import contextlib
import glob
import json
import re
import subprocess
import urllib.request

from canary import (
    CANARY,
    CHECKING,
    GREY,
    NOISE,
    SET,
    RoomCamera,
    assert_no_canary,
    is_planted,
    planted,
    running,
)
from helpers import need, wait_for
from streams import mjpeg_server

import cv2
import numpy as np
import pytest

pytestmark = pytest.mark.usefixtures('quick_runtime')


def snapshot(url: str) -> np.ndarray:
    with urllib.request.urlopen(url + 'snapshot.jpg', timeout=10) as answer:
        return cv2.imdecode(np.frombuffer(answer.read(), np.uint8), cv2.IMREAD_COLOR)


def test_browsers_see_the_room_and_then_no_more_of_it(tmp_path, room):
    camera = RoomCamera(room)
    with mjpeg_server(camera) as source, \
            running(tmp_path, '--videosrc', source, '--serve', 0) as stderr:
        url = wait_for(lambda: re.search(r'serving at (\S+)', stderr())).group(1)
        wait_for(lambda: SET in stderr())
        camera.show(planted(room))
        for _ in range(3):
            image = snapshot(url)
            assert not is_planted(image)
            assert np.abs(image.astype(int) - room).mean() < 8
        camera.show(np.roll(planted(room), 64, axis=1))
        wait_for(lambda: 'the camera was moved' in stderr())
        image = snapshot(url)
        assert not is_planted(np.roll(image, -64, axis=1))
        assert np.abs(image.astype(int) - GREY).max() < 4
    assert stderr().count(SET) == 1


def test_a_window_is_live_at_most_until_the_first_background(tmp_path, room, screen):
    need('xdotool'), need('import')

    def picture() -> np.ndarray:
        path = str(tmp_path / 'window.png')
        subprocess.run(['import', '-window', window, path], env=screen, check=True)
        return cv2.imread(path)

    def press(key: str) -> None:
        subprocess.run(['xdotool', 'windowfocus', '--sync', window, 'key', key], env=screen)

    camera = RoomCamera(room)
    with mjpeg_server(camera) as source, running(
            tmp_path, '--videosrc', source, '--show-live-while-waiting', '--background-delay', 1.5,
            DISPLAY=screen['DISPLAY']) as stderr:
        window = wait_for(lambda: subprocess.run(
            ['xdotool', 'search', '--onlyvisible', '--name', '^anonymizer$'], env=screen,
            stdout=subprocess.PIPE).stdout.decode().split() or None)[0]
        wait_for(lambda: picture().shape == room.shape)
        wait_for(lambda: np.abs(picture()[:400].astype(int) - room[:400]).mean() < 8)
        assert SET not in stderr()
        wait_for(lambda: SET in stderr())
        # Two patterns in turn are movement, which stays grey. Five frames long, so that samples of
        # every second frame see both.
        camera.show(*[planted(room)] * 3, *[planted(room, 255 - NOISE)] * 2)
        assert not is_planted(picture())
        press('b')
        wait_for(lambda: stderr().count(CHECKING) > 1)
        wait_for(lambda: (np.abs(picture()[:400].astype(int) - GREY) < 4).mean() > 0.95)
        press('s')
        wait_for(lambda: stderr().count(SET) == 2)
        assert not is_planted(picture())
        wait_for(lambda: np.abs(picture()[CANARY].astype(int) - GREY).max() < 4)
        press('q')
    assert_no_canary(tmp_path)
    assert not glob.glob(str(tmp_path / 'anonymizer_*.png'))


def test_a_lost_camera_shows_the_room_and_nobody(tmp_path, room):
    camera = RoomCamera(room)
    with mjpeg_server(camera) as source, \
            running(tmp_path, '--videosrc', source, '--serve', 0) as stderr:
        url = wait_for(lambda: re.search(r'serving at (\S+)', stderr())).group(1)
        wait_for(lambda: SET in stderr())
        camera.cut()
        wait_for(lambda: 'camera lost since' in stderr())
        assert np.abs(snapshot(url).astype(int) - room).mean() < 8
        with contextlib.closing(urllib.request.urlopen(url + 'poses', timeout=10)) as events:
            event = next(line for line in events if b'camera lost' in line)
        assert json.loads(event[6:])['poses'] == []
