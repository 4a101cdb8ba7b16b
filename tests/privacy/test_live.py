"""What is seen in a window and in browsers while the anonymizer runs with a live camera."""
import contextlib
import glob
import json
import os
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


class Screen:
    """The anonymizer's window on a screen, as its user sees and uses it."""

    def __init__(self, environment, folder):
        need('xdotool'), need('import')
        self._environment, self._path = environment, str(folder / 'window.png')
        self._window = wait_for(self._find)[0]

    def _find(self):
        return subprocess.run(['xdotool', 'search', '--onlyvisible', '--name', '^anonymizer$'],
                              env=self._environment, stdout=subprocess.PIPE).stdout.decode().split()

    def picture(self) -> np.ndarray:
        subprocess.run(['import', '-window', self._window, self._path], env=self._environment,
                       check=True)
        image = cv2.imread(self._path)
        os.remove(self._path)
        return image

    def press(self, key: str) -> None:
        subprocess.run(['xdotool', 'windowfocus', '--sync', self._window, 'key', key],
                       env=self._environment)

    def click(self, x: int, y: int) -> None:
        subprocess.run(['xdotool', 'mousemove', '--window', self._window, str(x), str(y), 'click',
                        '1'], env=self._environment)


def is_grey(part: np.ndarray) -> bool:
    return np.abs(part.astype(int) - GREY).max() < 4


def test_a_window_is_live_at_most_until_the_first_background(tmp_path, room, screen):
    camera = RoomCamera(room)
    with mjpeg_server(camera) as source, running(
            tmp_path, '--videosrc', source, '--show-live-while-waiting', '--background-delay', 1.5,
            DISPLAY=screen['DISPLAY']) as stderr:
        window = Screen(screen, tmp_path)
        wait_for(lambda: window.picture().shape == room.shape)
        wait_for(lambda: np.abs(window.picture()[:400].astype(int) - room[:400]).mean() < 8)
        assert SET not in stderr()
        wait_for(lambda: SET in stderr())
        # Two patterns in turn are movement, which stays grey. Five frames long, so that samples of
        # every second frame see both.
        camera.show(*[planted(room)] * 3, *[planted(room, 255 - NOISE)] * 2)
        assert not is_planted(window.picture())
        window.press('b')
        wait_for(lambda: stderr().count(CHECKING) > 1)
        wait_for(lambda: (np.abs(window.picture()[:400].astype(int) - GREY) < 4).mean() > 0.95)
        window.press('s')
        wait_for(lambda: stderr().count(SET) == 2)
        assert not is_planted(window.picture())
        wait_for(lambda: is_grey(window.picture()[CANARY]))
        window.click(320, 240)  # does nothing, as it was not asked for
        camera.show(room)
        assert is_grey(window.picture()[CANARY])
        window.press('q')
    assert_no_canary(tmp_path)
    assert not glob.glob(str(tmp_path / 'anonymizer_*.png'))


def test_an_operator_settles_a_doubt(tmp_path, room, screen):
    camera = RoomCamera(*[planted(room)] * 3, *[planted(room, 255 - NOISE)] * 2)
    with mjpeg_server(camera) as source, running(
            tmp_path, '--videosrc', source, '--settle-doubts', '--background-delay', 1.5,
            '--store', 'visits.db', '--log', 'log.jsonl', DISPLAY=screen['DISPLAY']) as stderr:
        window = Screen(screen, tmp_path)
        wait_for(lambda: SET in stderr())
        assert ' % of it is shown' in stderr()
        for key in 'ny':
            wait_for(lambda: is_grey(window.picture()[CANARY]))
            # A busy machine may see the patch too late; each click shows it anew.
            wait_for(lambda: window.click(320, 240) or not is_grey(window.picture()[CANARY]))
            window.press('s')  # saves nothing
            wait_for(lambda: is_grey(window.picture()[CANARY]))  # two seconds later
            window.press(key)
        wait_for(lambda: not is_grey(window.picture()[CANARY]))
        window.press('q')
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
