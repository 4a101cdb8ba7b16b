"""posesuite/visits/areas_editor.py: areas are drawn with a real mouse in a real window."""
import os
import subprocess
import sys
from typing import Any, List

from figures import frame
from helpers import ROOT, bundled_model, need, wait_for
from posesuite.visits.areas import Area, Plan, read_plan, write_plan
from posesuite.visits.areas_editor import edge_drawing, room_to_draw_on
from posesuite.visits.floor import floor_from
from posesuite.visits.plan_editor import BEGUN_COLOR

import cv2
import numpy as np
import pytest

ROOM = np.full((480, 640, 3), 90, np.uint8)
DOOR = Area('Door', [(0, 0), (100, 0), (100, 100)], 'hall.db')


class Editor:
    """The editor in a window of its own, and the mouse and the keyboard in front of it."""

    def __init__(self, screen: Any, folder: Any, *arguments: str) -> None:
        self._screen, self._folder = screen, str(folder)
        self.demo = subprocess.Popen(
            [sys.executable, os.path.join(ROOT, 'anonymizer.py'), '--store', 'shop.db', '--device',
             'cpu', *arguments], cwd=self._folder, env=screen, stderr=subprocess.PIPE, text=True)
        self._window = wait_for(lambda: self._xdotool('search', '--onlyvisible', '--name',
                                                      '^areas$')).split()[0]
        # It is drawn, and no longer of the 640 x 480 pixels that Qt gives a new window.
        wait_for(lambda: self.picture()[200:480].std() > 5 and self.picture().shape[0] > 480)
        self._xdotool('windowfocus', '--sync', self._window)

    def _xdotool(self, *arguments: str) -> str:
        return subprocess.run(['xdotool', *arguments], env=self._screen,
                              stdout=subprocess.PIPE).stdout.decode()

    def picture(self) -> np.ndarray:
        """What the window shows, int [Y, X, RGB]."""
        subprocess.run(['import', '-window', self._window, 'window.png'], cwd=self._folder,
                       env=self._screen, check=True)
        return cv2.imread(os.path.join(self._folder, 'window.png'))[:, :, ::-1].astype(int)

    def click(self, *points: Any, color: Any = BEGUN_COLOR) -> None:
        """Clicks points, and waits until each has its dot in that colour; None for no dots."""
        for x, y in points:
            self._xdotool('mousemove', '--sync', '--window', self._window, str(x), str(y),
                          'click', '1')
            wait_for(lambda x=x, y=y: color is None or (self.picture()[y + 3, x] == color).all())

    def press(self, *keys: str, seen: bool = True) -> None:
        """Presses keys. OpenCV keeps only the last one: waits until each changes the picture."""
        for key in keys:
            before = self.picture()
            self._xdotool('key', key)
            wait_for(lambda before=before: not seen or (self.picture() != before).any())

    def end(self) -> str:
        """Ends the editor, and returns what it said."""
        self.press('q', seen=False)
        _, errors = self.demo.communicate(timeout=20)
        assert self.demo.returncode == 0, errors
        return errors


@pytest.mark.parametrize('background', [True, False])
def test_areas_are_drawn_with_the_mouse(screen, tmp_path, background):
    """On the proven background, or on edges; areas of other stores stay."""
    need('import')
    subprocess.run([need('setxkbmap'), 'ch'], env=screen, check=True)  # has é and ü
    path = str(tmp_path / 'areas.json')
    write_plan(path, Plan([DOOR]))
    frames = [os.path.join(ROOT, 'samples', 'in_and_out.mp4'), '--background-delay', '0.4',
              '--model', bundled_model()]  # which takes this room for empty
    if not background:
        cv2.imwrite(str(tmp_path / 'room.png'), room_picture())
        frames = [str(tmp_path / 'room.png'), '--no-background']
    editor = Editor(screen, tmp_path, '--edit-areas', path, '--videosrc', *frames)
    try:
        if not background:  # nothing of the picture but its edges, which have no colour
            assert np.ptp(editor.picture()[100:400], axis=2).max() == 0
        editor.click((64, 48), (320, 48), (320, 240))
        editor.press('Return', 't', 'i')
        editor.press('Left', seen=False)
        editor.press('eacute', 'udiaeresis', 'Return')
        wait_for(lambda: len(read_plan(path).areas) == 2)
        errors = editor.end()
    finally:
        editor.demo.kill()
    assert f'1 area in {path}' in errors
    kept, drawn = read_plan(path).areas
    assert kept == DOOR
    assert (drawn.name, drawn.store, len(drawn.polygon)) == ('Tiéü', 'shop.db', 3)
    assert np.abs(np.array(drawn.polygon) - [(100, 100), (500, 100), (500, 500)]).max() <= 2


def test_lines_blackouts_and_the_floor_are_drawn_with_the_mouse(screen, tmp_path):
    """Modes are chosen by their keys or with the mouse; what is blacked out is grey at once."""
    need('import')
    subprocess.run([need('setxkbmap'), 'us'], env=screen, check=True)
    path = str(tmp_path / 'areas.json')
    hall = floor_from({'points': [[100, 900], [900, 900], [700, 500], [300, 500]],
                       'metres': [[0, 0], [4, 0], [4, 6], [0, 6]]}, 'hall.db')
    write_plan(path, Plan(floors=[hall]))
    cv2.imwrite(str(tmp_path / 'room.png'), room_picture())
    editor = Editor(screen, tmp_path, '--edit-areas', path, '--no-background', '--videosrc',
                    str(tmp_path / 'room.png'))
    try:
        editor.press('l')
        editor.click((64, 432), (320, 432))
        editor.press('d', 'Return')
        wait_for(lambda: len(read_plan(path).lines) == 1)
        editor.click((480, 490), color=None)  # the blackout's button
        editor.click((400, 240), (580, 240), (580, 400))
        editor.press('Return')
        wait_for(lambda: len(read_plan(path).blackouts) == 1)
        assert np.abs(editor.picture()[300, 540] - 106).max() < 15
        editor.press('f')
        for point, keys in (((64, 432), '0 0'), ((576, 432), '3.5 0'), ((448, 240), '3.5 6'),
                            ((192, 240), '0 6')):
            editor.click(point)
            editor.press(*({' ': 'space', '.': 'period'}.get(key, key) for key in keys), 'Return')
        wait_for(lambda: len(read_plan(path).floors) == 2)
        errors = editor.end()
    finally:
        editor.demo.kill()
    assert f'1 counting line, 1 blackout, 1 floor in {path}' in errors
    plan = read_plan(path)
    assert plan.floors[0] == hall
    assert [part.store for parts in plan.without('hall.db') for part in parts] == ['shop.db'] * 3
    (line,), (blackout,), (_, floor) = plan.lines, plan.blackouts, plan.floors
    assert line.name == 'D' and floor.metres == [(0, 0), (3.5, 0), (3.5, 6), (0, 6)]
    for found, drawn in ((line.line, [(100, 900), (500, 900)]),
                         (blackout.polygon, [(625, 500), (906, 500), (906, 833)]),
                         (floor.points, hall.points)):
        assert np.abs(np.subtract(found, drawn)).max() <= 2


def room_picture() -> np.ndarray:
    """A wall, a floor and a box, BGR."""
    image = np.full((480, 640, 3), (180, 200, 190), np.uint8)
    image[300:] = 90, 110, 140
    cv2.rectangle(image, (420, 250), (560, 380), (60, 80, 160), -1)
    return image


def test_edges_are_no_picture():
    """Of a picture with little contrast there is nothing; of another one only lines."""
    image = np.zeros((480, 640, 3), np.uint8)
    cv2.rectangle(image, (100, 100), (300, 300), (200, 30, 30), -1)
    drawn = edge_drawing(image)
    assert drawn.shape == image.shape and drawn.dtype == np.uint8
    assert (drawn[150:250, 150:250] == drawn[400, 600]).all()  # inside as outside
    assert (drawn[95:105, 150:250] > 150).any(axis=(0, 2)).all()


def test_the_room_to_draw_on(caplog):
    """The edges of the first good frame, or the empty room once it is known."""
    caplog.set_level('INFO')
    frames = [frame(0, fault='black'), frame(1), frame(2)]
    assert (room_to_draw_on(frames, None) == edge_drawing(frames[1].image)).all()
    assert room_to_draw_on(frames[:1], None) is None
    seen = []
    assert room_to_draw_on(frames, lambda each: seen.append(each) or (
        ROOM if len(seen) == 2 else None)) is ROOM
    assert room_to_draw_on(frames, lambda each: None) is None
    assert 'there is no picture of the empty room' in caplog.messages[-1]


def test_no_display_is_one_line(tmp_path):
    cv2.imwrite(str(tmp_path / 'room.png'), room_picture())
    env = {name: value for name, value in os.environ.items()
           if name not in ('DISPLAY', 'WAYLAND_DISPLAY')}
    done = subprocess.run([sys.executable, os.path.join(ROOT, 'anonymizer.py'), '--edit-areas',
                           'areas.json', '--no-background', '--videosrc', 'room.png'],
                          cwd=str(tmp_path), env=env, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    lines: List[str] = done.stderr.splitlines()
    assert lines[-1] == 'error: no display to draw areas on'
