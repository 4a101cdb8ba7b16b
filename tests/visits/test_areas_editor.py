"""posesuite/visits/areas_editor.py: areas are drawn with a real mouse in a real window."""
import os
import subprocess
import sys
from typing import Any, List

from figures import frame
from helpers import ROOT, bundled_model, need, wait_for
from posesuite.visits.areas import Area, Plan, read_areas, write_plan
from posesuite.visits.areas_editor import BEGUN_COLOR, AreasEditor, edge_drawing, room_to_draw_on

import cv2
import numpy as np
import pytest

ROOM = np.full((480, 640, 3), 90, np.uint8)
TILL = Area('Till', [(100, 100), (500, 100), (500, 500)], '')
DOOR = Area('Door', [(0, 0), (100, 0), (100, 100)], 'hall.db')


def editor_with(*areas: Area) -> AreasEditor:
    return AreasEditor(ROOM, list(areas))


def click(editor: AreasEditor, *points: Any, button: int = cv2.EVENT_LBUTTONDOWN) -> None:
    for x, y in points:
        editor.on_mouse(button, x, y, 0)


def type_in(editor: AreasEditor, text: str) -> None:
    for key in text:
        editor.press(key)


@pytest.mark.parametrize('close', ['\r', 'right', 'first corner'])
def test_corners_and_a_name_make_an_area(close):
    editor = editor_with()
    click(editor, (64, 48), (320, 48), (320, 240))
    if close == '\r':
        editor.press(close)
    elif close == 'right':
        click(editor, (5, 5), button=cv2.EVENT_RBUTTONDOWN)
    else:
        click(editor, (67, 50))
    assert not editor.areas
    type_in(editor, 'tall\b\b\bill \r')
    assert editor.areas == [Area('Till', [(100, 100), (500, 100), (500, 500)], '')]
    editor.press('q')
    assert not editor.editing


def test_what_is_wrong_is_reported_and_nothing_is_lost():
    editor = editor_with(TILL)
    empty = editor.picture()

    def said_something() -> bool:
        """On top, where nothing else is."""
        return bool((editor.picture()[:30] != empty[:30]).any())

    click(editor, (10, 400), (50, 400))
    assert not said_something()
    editor.press('\r')
    assert said_something()
    editor.press('q')
    assert editor.editing
    click(editor, (50, 440))
    type_in(editor, '\rTill\r')  # there is one
    assert editor.areas == [TILL] and said_something()
    type_in(editor, '\b\b\b\b\r')  # no name
    assert editor.areas == [TILL]
    type_in(editor, 'q\r')
    assert [area.name for area in editor.areas] == ['Till', 'Q']


def test_an_area_that_crosses_itself_is_refused():
    """The corner that would do so is not taken, and neither is the line that closes it."""
    editor = editor_with()
    click(editor, (64, 48), (320, 240), (320, 48))
    before = editor.picture()
    click(editor, (64, 400))  # under the first line
    assert (editor.picture()[:30] != before[:30]).any()
    click(editor, (576, 48), (576, 400))
    type_in(editor, '\rTill\r')
    assert editor.areas == []
    type_in(editor, '\b\b\rTill\r')
    assert [len(area.polygon) for area in editor.areas] == [3]


def test_names_in_other_scripts_are_typed_and_drawn():
    editor = editor_with()
    click(editor, (64, 48), (320, 48), (320, 240))
    empty = editor.picture()
    type_in(editor, '\réü ß я\t\x00')
    assert (editor.picture()[440:] != empty[440:]).any()
    editor.press('\r')
    assert [area.name for area in editor.areas] == ['Éü ß я']


def test_going_back():
    editor = editor_with(TILL)
    click(editor, (10, 400), (50, 400))
    type_in(editor, '\b\b')
    assert editor.areas == [TILL]
    editor.press('\b')
    assert editor.areas == []
    click(editor, (10, 400), (50, 400), (50, 440))
    type_in(editor, '\rname\x1b')
    assert editor.areas == [] and editor.editing
    editor.press('\x1b')
    assert not editor.editing


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
    demo = subprocess.Popen(
        [sys.executable, os.path.join(ROOT, 'anonymizer.py'), '--edit-areas', path, '--store',
         'shop.db', '--device', 'cpu', '--videosrc', *frames], cwd=str(tmp_path), env=screen,
        stderr=subprocess.PIPE, text=True)

    def xdotool(*arguments: str) -> str:
        return subprocess.run(['xdotool', *arguments], env=screen,
                              stdout=subprocess.PIPE).stdout.decode()

    try:
        window = wait_for(lambda: xdotool('search', '--onlyvisible', '--name',
                                          '^areas$')).split()[0]

        def picture() -> np.ndarray:
            subprocess.run(['import', '-window', window, 'window.png'], cwd=str(tmp_path),
                           env=screen, check=True)
            return cv2.imread(str(tmp_path / 'window.png'))[:, :, ::-1].astype(int)

        wait_for(lambda: picture()[200:].std() > 5)  # it is drawn
        if not background:  # nothing of the picture but its edges, which have no colour
            assert np.ptp(picture()[100:400], axis=2).max() == 0
        for x, y in ((64, 48), (320, 48), (320, 240)):
            xdotool('mousemove', '--sync', '--window', window, str(x), str(y), 'click', '1')
            wait_for(lambda x=x, y=y: (picture()[y + 3, x] == BEGUN_COLOR).all())  # its dot
        xdotool('windowfocus', '--sync', window, 'key', '--delay', '100', 'Return', 't', 'i',
                'Left', 'eacute', 'udiaeresis', 'Return')
        wait_for(lambda: len(read_areas(path)) == 2)
        xdotool('key', 'q')
        _, errors = demo.communicate(timeout=20)
    finally:
        demo.kill()
    assert demo.returncode == 0, errors
    assert f'1 areas in {path}' in errors
    kept, drawn = read_areas(path)
    assert kept == DOOR
    assert (drawn.name, drawn.store, len(drawn.polygon)) == ('Tiéü', 'shop.db', 3)
    assert np.abs(np.array(drawn.polygon) - [(100, 100), (500, 100), (500, 500)]).max() <= 2


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
