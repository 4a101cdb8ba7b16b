"""Draws areas, counting lines, blackouts and the floor's points with the mouse over a picture of
the room, and writes them to an areas.json.
"""
import logging
import os
from typing import Callable, Iterable, Optional

from posesuite.display.window import Window
from posesuite.pose.pose import Frame
from posesuite.visits.areas import Plan, read_plan, write_plan
from posesuite.visits.plan_editor import PlanEditor
from posesuite.visits.room import room_edges

import cv2
import numpy as np

LOGGER = logging.getLogger(__name__)
NOUNS = 'area', 'counting line', 'blackout', 'floor'  # of the parts of a plan


def edit_areas(path: str, room: np.ndarray, store: str = '') -> None:
    """Opens a window to draw in; each part is written to path as soon as it is complete.

    room: uint8 [Y, X, RGB]. store: the file name of the store that they belong to, or ''; the parts
    of other stores stay in the file as they are. Returns once the user is done.
    Raises ValueError, OSError or DisplayError with one line.
    """
    whole = read_plan(path) if os.path.exists(path) else Plan()
    others = whole.without(store)
    editor = PlanEditor(room, whole.of(store), store, others.floors)
    drawn = editor.plan
    window = Window('areas', editor.on_mouse, 'no display to draw areas on')
    try:
        while editor.editing:
            key = window.show(editor.picture(), wait=20)
            if key is None:
                break
            editor.press(key)
            if editor.plan != drawn:
                drawn = editor.plan
                write_plan(path, Plan(*(a + b for a, b in zip(others, drawn))))
    finally:
        window.close()
    counts = [f'{len(parts)} {noun}{"s" * (len(parts) > 1)}'
              for parts, noun in zip(drawn, NOUNS) if parts]
    if counts:
        LOGGER.info('%s in %s', ', '.join(counts), os.path.abspath(path))
    else:
        LOGGER.info('nothing was drawn')


def room_to_draw_on(frames: Iterable[Frame],
                    look: Optional[Callable[[Frame], Optional[np.ndarray]]]
                    ) -> Optional[np.ndarray]:
    """A picture of the room without anybody, uint8 [Y, X, RGB]; None if there is none.

    look: examines a frame and returns the picture of the empty room, once there is one. Without it
    the room is drawn as the edges of the first frame without a fault.
    """
    if look is None:
        return next((edge_drawing(frame.image) for frame in frames if not frame.fault), None)
    LOGGER.info('Waiting for everyone to leave the frame, to draw areas on the empty room...')
    for frame in frames:
        room = look(frame)
        if room is not None:
            return room
    LOGGER.info('there is no picture of the empty room; with --no-background areas are drawn on '
                'its edges')
    return None


def edge_drawing(image: np.ndarray) -> np.ndarray:
    """The edges of an image, light on dark, uint8 [Y, X, RGB]; they show a room but no face."""
    edges = room_edges(image)
    return cv2.cvtColor(cv2.addWeighted(edges, 0.6, np.full_like(edges, 40), 1, 0),
                        cv2.COLOR_GRAY2RGB)
