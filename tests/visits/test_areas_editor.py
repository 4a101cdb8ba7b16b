"""posesuite/visits/areas_editor.py: areas are drawn with a real mouse in a real window."""
import os
import subprocess
import sys
from typing import List

from figures import frame
from helpers import ROOT, bundled_model, need, wait_for
from posesuite.visits.areas import Area, Plan, read_areas, write_plan
from posesuite.visits.areas_editor import edge_drawing, room_to_draw_on
from posesuite.visits.plan_editor import BEGUN_COLOR

import cv2
import numpy as np
import pytest

ROOM = np.full((480, 640, 3), 90, np.uint8)
DOOR = Area('Door', [(0, 0), (100, 0), (100, 100)], 'hall.db')


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
