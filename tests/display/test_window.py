"""Windows on a screen, as their users have them; the demo is a process of its own."""
import os
import subprocess
import sys
from typing import Any

from figures import LEFT_HALF
from helpers import ROOT, TESTS, need, wait_for
from posesuite.display.window import character, screen_size

import cv2
import numpy as np
import pytest


@pytest.mark.parametrize('display', [None, ':987', 'no such thing'])
def test_without_a_display_the_message_names_the_ways_out(demo_command, display):
    env = {name: value for name, value in os.environ.items()
           if name not in ('DISPLAY', 'WAYLAND_DISPLAY')}
    done = subprocess.run(demo_command, env=dict(env, DISPLAY=display) if display else env,
                          capture_output=True, text=True)
    assert done.returncode == 1
    line, = done.stderr.splitlines()
    assert line.startswith('error: no display')
    assert all(option in line for option in ('--serve', '--output', '--headless'))


class ShownWindow:
    """The window of a demo on a screen, with the keyboard."""

    def __init__(self, demo: 'subprocess.Popen[bytes]', screen: Any, folder: Any) -> None:
        self.demo, self._screen, self._folder = demo, screen, folder
        demo.stdout.readline()
        self._id = wait_for(lambda: self._xdotool('search', '--onlyvisible', '--name', '^demo$')
                            ).split()[0]

    def _xdotool(self, *command: str) -> str:
        return subprocess.run(['xdotool', *command], env=self._screen,
                              stdout=subprocess.PIPE).stdout.decode()

    def press(self, key: str) -> None:
        self._xdotool('windowfocus', '--sync', self._id, 'key', key)

    def resize(self, width: int, height: int) -> None:
        self._xdotool('windowsize', '--sync', self._id, str(width), str(height))

    def pixels(self) -> np.ndarray:
        """What the window shows, int [Y, X, RGB]."""
        path = str(self._folder / 'window.png')
        subprocess.run(['import', '-window', self._id, path], env=self._screen, check=True)
        return cv2.imread(path)[:, :, ::-1].astype(int)

    def is_left_half(self, x: int) -> bool:
        return np.abs(self.pixels()[200, x] - LEFT_HALF).max() < 4

    def end(self) -> str:
        """Waits for the demo to end well; returns its talk."""
        _, errors = self.demo.communicate(timeout=10)
        assert self.demo.returncode == 0, errors
        return ''.join(line for line in errors.decode().splitlines(True)
                       if not line.startswith('qt.'))


@pytest.fixture
def window(start, screen, tmp_path):
    """Starts a demo that has a window."""
    need('import')

    def open_window(*arguments: str) -> ShownWindow:
        return ShownWindow(start(*arguments, env=screen, cwd=str(tmp_path)), screen, tmp_path)

    return open_window


@pytest.mark.parametrize('key', ['q', 'Escape'])
def test_keys_end_a_demo(window, key):
    shown = window()
    shown.press(key)
    assert shown.end() == ''


def test_a_window_reacts_while_no_frame_comes(window, tmp_path):
    """As while a picture of a folder is looked at, or a network is slow."""
    shown = window('--interval', '3600')
    shown.press('s')
    wait_for(lambda: list(tmp_path.glob('demo_*.png')))
    shown.press('q')
    shown.end()


def test_the_close_button_ends_a_demo(window, screen):
    need('wmctrl')
    shown = window()
    wait_for(lambda: subprocess.run(['wmctrl', '-c', 'demo'], env=screen,
                                    stderr=subprocess.DEVNULL).returncode == 0)
    assert shown.end() == ''


def test_the_keys_of_a_window(window, tmp_path):
    shown = window('--text', '')
    wait_for(lambda: shown.is_left_half(5) and not shown.is_left_half(315))
    shown.press('h')
    wait_for(lambda: (shown.pixels()[80:130, 5:20] > 200).all(axis=2).any())
    shown.press('m')
    wait_for(lambda: shown.is_left_half(315) and not shown.is_left_half(5))
    shown.press('s')
    path, = wait_for(lambda: list(tmp_path.glob('demo_*.png')))
    saved = cv2.imread(str(path))[:, :, ::-1]
    assert saved.shape == (240, 320, 3)
    assert saved[200, 315].tolist() == list(LEFT_HALF)
    shown.resize(640, 480)
    wait_for(lambda: shown.pixels().shape == (480, 640, 3) and shown.is_left_half(630))
    shown.press('q')
    assert shown.end() == f'saved {path}\n'


def test_s_saves_nothing_where_it_may_not(window, tmp_path):
    shown = window('--no-saving')
    shown.press('s')
    shown.press('q')
    assert shown.end() == ''
    assert not list(tmp_path.glob('demo_*.png'))


def test_closing_one_of_two_windows_leaves_the_other_open(screen):
    script = '''
from figures import IMAGE
from posesuite.display.window import Window
one, other = Window('one'), Window('other')
assert one.show(IMAGE) == other.show(IMAGE) == ''
one.close()
assert other.show(IMAGE) == ''
other.close()
other.close()  # as after its close button
'''
    done = subprocess.run([sys.executable, '-c', script], capture_output=True, text=True,
                          timeout=60, env=dict(screen, PYTHONPATH=os.pathsep.join([ROOT, TESTS])))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize('code, key', [
    (-1, ''), (ord('a'), 'a'), (0xd, '\r'), (0x1b, '\x1b'), (0xff8d, '\r'), (0xff08, '\b'),
    (0xff51, ''), (0xffe1, ''), (0x250000, ''),  # arrows to the left, Shift
    (-55, 'é'), (-36, 'ü'), (0xe9, 'é'), (0x1000e9, 'é'),  # Qt, X11, GTK with NumLock
    (0x1f5, 'ő'), (0x6c1, 'а'), (0x7e1, 'α'), (0x10020ac, '€')])
def test_characters_of_keys(code, key):
    assert character(code) == key


def test_a_new_window_fits_the_screen(screen):
    """Below a picture the editor says what to do; that would not be seen."""
    script = '''
import cv2
import numpy as np
from posesuite.display.window import Window, screen_size
assert screen_size() == (1024, 768)
for height, width in ((1500, 800), (600, 2000), (480, 640)):
    window = Window('window')
    window.show(np.zeros((height, width, 3), np.uint8), wait=100)
    print(*cv2.getWindowImageRect('window')[2:])
    window.close()
'''
    done = subprocess.run([sys.executable, '-c', script], capture_output=True, text=True,
                          timeout=60, env=dict(screen, PYTHONPATH=ROOT))
    assert done.returncode == 0, done.stderr
    shown = [tuple(map(int, line.split())) for line in done.stdout.splitlines()]
    for found, expected in zip(shown, ((348, 653), (1024, 307), (640, 480))):
        assert np.abs(np.subtract(found, expected)).max() <= 2
    assert len(shown) == 3


def test_no_screen_has_no_size(monkeypatch):
    monkeypatch.setenv('DISPLAY', ':987')
    assert screen_size() is None
