"""Draws the areas of an areas.json with the mouse, over a picture of the room."""
import logging
import os
import sys
from typing import Iterable, List, Optional, Tuple

from posesuite.display import overlay
from posesuite.display.window import Window
from posesuite.pose.pose import Frame
from posesuite.privacy.background import Background
from posesuite.privacy.curtain import WAITING
from posesuite.visits.areas import LONGEST_NAME, Area, area_from, read_areas, write_areas

import cv2
import numpy as np

LOGGER = logging.getLogger(__name__)
ENTER, BACKSPACE, ESCAPE = '\r\n', '\b\x7f', '\x1b'
NEAR = 15  # thousandths of the width from the first corner: a click there closes the area
BEGUN, NAMED = (240, 228, 66), (86, 180, 233)  # RGB


def edit_areas(path: str, room: np.ndarray, store: str = '') -> None:
    """Opens a window to draw areas in; each one is written to path as soon as it has a name.

    room: uint8 [Y, X, RGB]. store: the name of the store whose areas these are, or ''; areas of
    others stay in the file as they are. Raises ValueError, OSError or DisplayError with one line.
    """
    areas = read_areas(path) if os.path.exists(path) else []
    mine = [area for area in areas if area.store in ('', store)]
    others = [area for area in areas if area not in mine]
    editor = AreasEditor(room, mine, store)
    window = Window('areas', editor.on_mouse, 'no display to draw areas on')
    try:
        while editor.editing:
            key = window.show(editor.picture(), wait=20)
            if key is None:
                break
            editor.press(key)
            if editor.areas != mine:
                mine = list(editor.areas)
                write_areas(path, others + mine)
    finally:
        window.close()
    print(f'{len(mine)} areas in {os.path.abspath(path)}' if mine else 'no areas were drawn',
          file=sys.stderr)


class AreasEditor:
    """Areas on a picture, and the one that is being drawn; knows no window.

    Attributes: areas, editing (False once the user is done).
    """

    def __init__(self, room: np.ndarray, areas: List[Area], store: str = '') -> None:
        self.areas, self.editing = list(areas), True
        self._room, self._store = room, store
        self._corners: List[Tuple[int, int]] = []  # in thousandths
        self._name: Optional[str] = None  # what is typed of it
        self._pointer = 0, 0
        self._said = ''

    def on_mouse(self, event: int, x: int, y: int, _: int) -> None:
        """Takes what OpenCV says of the mouse, in pixels of the picture."""
        height, width = self._room.shape[:2]
        self._pointer = tuple(int(np.clip(round(1000 * value / size), 0, 1000))
                              for value, size in ((x, width), (y, height)))
        if self._name is not None:
            return
        if event == cv2.EVENT_LBUTTONDOWN:
            self._said = ''
            if len(self._corners) > 2 and np.hypot(
                    self._pointer[0] - self._corners[0][0],
                    (self._pointer[1] - self._corners[0][1]) * height / width) < NEAR:
                self._close()
            else:
                self._corners.append(self._pointer)
        elif event == cv2.EVENT_RBUTTONDOWN and self._corners:
            self._close()

    def press(self, key: str) -> None:
        """Takes a key, as Window.show gives it."""
        if not key:
            return
        self._said = ''
        if key == ESCAPE:
            if self._name is None and not self._corners:
                self.editing = False
            self._name, self._corners = None, []
        elif self._name is not None:
            self._type(key)
        elif key in BACKSPACE:
            if self._corners:
                self._corners.pop()
            elif self.areas:
                self._said = f'removed {self.areas.pop().name}'
        elif key in ENTER and self._corners:
            self._close()
        elif key in 'qQ':
            if self._corners:
                self._said = 'first close the area, or discard it with Esc'
            else:
                self.editing = False

    def _close(self) -> None:
        """The corners are all there; what is missing is a name."""
        if len(self._corners) < 3:
            self._said = f'an area needs 3 corners, this one has {len(self._corners)}'
        else:
            self._name = ''

    def _type(self, key: str) -> None:
        if key in BACKSPACE:
            self._name = self._name[:-1]
        elif key in ENTER:
            try:
                area = area_from({'name': self._name.strip(), 'store': self._store or None,
                                  'polygon': [list(corner) for corner in self._corners]}, None)
                if area.name in (other.name for other in self.areas):
                    raise ValueError('there is another area of this name')
            except ValueError as error:
                self._said = str(error)
                return
            self.areas.append(area)
            self._name, self._corners = None, []
        elif ' ' <= key <= '~' and len(self._name) < LONGEST_NAME:
            # OpenCV's windows on Linux know no capital letters.
            self._name += key if self._name else key.upper()

    def picture(self) -> np.ndarray:
        """The room with all areas, and a line that says what to do next; uint8 [Y, X, RGB]."""
        image = self._room.copy()
        for area in self.areas:
            points = self._pixels(area.polygon)
            cv2.polylines(image, [points], True, NAMED, overlay.line_width(image), cv2.LINE_AA)
            x, y = points.mean(0)
            overlay.shadow_text(image, x - 0.008 * image.shape[1] * len(area.name), y, area.name,
                                NAMED)
        if self._corners:
            closed = self._name is not None
            points = self._pixels(self._corners + [self._pointer] * (not closed))
            cv2.polylines(image, [points], closed, BEGUN, overlay.line_width(image), cv2.LINE_AA)
            for point in self._pixels(self._corners):
                cv2.circle(image, tuple(map(int, point)), 2 * overlay.line_width(image), BEGUN, -1,
                           cv2.LINE_AA)
        if self._name is not None:
            text = f'its name, then Enter: {self._name}_'
        elif self._corners:
            text = 'click corners; a right click or Enter closes; Backspace: one back; Esc: discard'
        else:
            text = 'click the corners of an area; Backspace: remove the last one; q: done'
        margin = 0.02 * image.shape[1]
        overlay.shadow_text(image, margin, image.shape[0] - margin, text)
        overlay.shadow_text(image, margin, 2.5 * margin, self._said, BEGUN)
        return image

    def _pixels(self, points: List[Tuple[float, float]]) -> np.ndarray:
        """Points in thousandths as int32 [N, 2] in pixels."""
        height, width = self._room.shape[:2]
        return np.round(np.array(points) * (width / 1000, height / 1000)).astype(np.int32)


def room_to_draw_on(frames: Iterable[Frame], background: Optional[Background]
                    ) -> Optional[np.ndarray]:
    """The empty room, or its edges where there is to be no background; None if it is not known."""
    if background is None:
        return next((edge_drawing(frame.image) for frame in frames if not frame.fault), None)
    LOGGER.info(WAITING)
    for frame in frames:
        background.look(frame)
        if background.image is not None:
            return background.image
    LOGGER.info('no picture of the empty room; with --no-background areas are drawn on its edges')
    return None


def edge_drawing(image: np.ndarray) -> np.ndarray:
    """The edges of a picture, light on dark, uint8 [Y, X, RGB]: a room, and nobody's face."""
    grey = cv2.GaussianBlur(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), (0, 0), image.shape[1] / 400)
    edges = cv2.Canny(grey, 25, 60)
    return cv2.cvtColor(cv2.addWeighted(edges, 0.6, np.full_like(edges, 40), 1, 0),
                        cv2.COLOR_GRAY2RGB)
