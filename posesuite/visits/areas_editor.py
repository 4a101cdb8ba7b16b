"""Draws areas with the mouse over a picture of the room, and writes them to an areas.json."""
import logging
import os
import unicodedata
from typing import Callable, Iterable, List, Optional, Tuple

from posesuite.display import overlay
from posesuite.display.keys import ESCAPE
from posesuite.display.window import Window
from posesuite.pose.pose import Frame
from posesuite.visits.areas import (
    MAX_CORNERS,
    MAX_NAME_LENGTH,
    Area,
    Plan,
    area_from,
    read_plan,
    write_plan,
)
from posesuite.visits.polygons import crosses_itself

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

LOGGER = logging.getLogger(__name__)
ENTER, BACKSPACE = '\r\n', '\b\x7f'  # characters that each of these keys may send
CLOSING_DISTANCE = 15  # thousandths of the width; a click so near the first corner closes the area
BEGUN_COLOR, NAMED_COLOR = overlay.YELLOW, (86, 180, 233)


def edit_areas(path: str, room: np.ndarray, store: str = '') -> None:
    """Opens a window to draw areas in; each area is written to path as soon as it has a name.

    room: uint8 [Y, X, RGB]. store: the file name of the store that the areas belong to, or ''; the
    areas of other stores stay in the file as they are. Returns once the user is done.
    Raises ValueError, OSError or DisplayError with one line.
    """
    plan = read_plan(path) if os.path.exists(path) else Plan()
    mine, others = plan.of(store).areas, plan.without(store).areas
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
                write_plan(path, plan._replace(areas=others + mine))
    finally:
        window.close()
    if mine:
        LOGGER.info('%d areas in %s', len(mine), os.path.abspath(path))
    else:
        LOGGER.info('no areas were drawn')


class AreasEditor:
    """The areas on a picture and the one that is being drawn. Knows no window.

    Attributes: areas; editing, False once the user is done.
    """

    def __init__(self, room: np.ndarray, areas: List[Area], store: str = '') -> None:
        self.areas, self.editing = list(areas), True
        self._room, self._store = room, store
        self._corners: List[Tuple[int, int]] = []  # in thousandths
        self._name: Optional[str] = None  # the part of the name that is typed, or None
        self._pointer = 0, 0  # in thousandths
        self._message = ''  # about the latest action

    def on_mouse(self, event: int, x: int, y: int, _: int) -> None:
        """Handles a mouse event of OpenCV at x, y in pixels of the picture."""
        height, width = self._room.shape[:2]
        self._pointer = tuple(int(np.clip(round(1000 * value / size), 0, 1000))
                              for value, size in ((x, width), (y, height)))
        if self._name is not None:
            return
        if event == cv2.EVENT_LBUTTONDOWN:
            self._message = ''
            if len(self._corners) > 2 and np.hypot(
                    self._pointer[0] - self._corners[0][0],
                    (self._pointer[1] - self._corners[0][1]) * height / width) < CLOSING_DISTANCE:
                self._close()
            elif len(self._corners) == MAX_CORNERS:
                self._message = f'an area has at most {MAX_CORNERS} corners'
            elif crosses_itself([*self._corners, self._pointer], closed=False):
                self._message = 'an area must not cross itself'
            else:
                self._corners.append(self._pointer)
        elif event == cv2.EVENT_RBUTTONDOWN and self._corners:
            self._close()

    def press(self, key: str) -> None:
        """Handles a key, as Window.show returns it."""
        if not key:
            return
        self._message = ''
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
                self._message = f'removed {self.areas.pop().name}'
        elif key in ENTER and self._corners:
            self._close()
        elif key in 'qQ':
            if self._corners:
                self._message = 'close the area first, or discard it with Esc'
            else:
                self.editing = False

    def _close(self) -> None:
        """Ends the polygon; its name is typed next."""
        if len(self._corners) < 3:
            self._message = f'an area needs 3 corners, this one has {len(self._corners)}'
        elif crosses_itself(self._corners):
            self._message = 'an area must not cross itself: the line that closes it does'
        else:
            self._name = ''

    def _type(self, key: str) -> None:
        if key in BACKSPACE:
            self._name = self._name[:-1]
        elif key in ENTER:
            try:
                area = area_from({'name': self._name.strip(), 'polygon':
                                  [list(corner) for corner in self._corners]}, self._store)
                if area.name in (other.name for other in self.areas):
                    raise ValueError('there is another area of this name')
            except ValueError as error:
                self._message = str(error)
                return
            self.areas.append(area)
            self._name, self._corners = None, []
        elif key.isprintable() and len(self._name) < MAX_NAME_LENGTH:
            # OpenCV's windows on Linux report no capital letters.
            self._name += key if self._name else key.upper()

    def picture(self) -> np.ndarray:
        """The room with all areas and a line on what to do next; uint8 [Y, X, RGB]."""
        image = self._room.copy()
        for area in self.areas:
            points = self._pixels(area.polygon)
            self._draw_line(image, points, NAMED_COLOR, closed=True)
            x, y = points.mean(0)
            write(image, x - 0.008 * image.shape[1] * len(area.name), y, area.name, NAMED_COLOR)
        if self._corners:
            closed = self._name is not None
            corners = self._corners + [self._pointer] * (not closed)
            self._draw_line(image, self._pixels(corners), BEGUN_COLOR, closed)
            for point in self._pixels(self._corners):
                cv2.circle(image, tuple(map(int, point)), 2 * overlay.line_width(image),
                           BEGUN_COLOR, -1, cv2.LINE_AA)
        margin = 0.02 * image.shape[1]
        write(image, margin, image.shape[0] - margin, self._instruction(), overlay.WHITE)
        write(image, margin, 2.5 * margin, self._message, BEGUN_COLOR)
        return image

    def _instruction(self) -> str:
        if self._name is not None:
            return f'type a name, then Enter: {self._name}_'
        if self._corners:
            return 'click corners; right click or Enter: close; Backspace: undo; Esc: discard'
        return 'click the corners of an area; Backspace: remove the last area; q: done'

    @staticmethod
    def _draw_line(image: np.ndarray, points: np.ndarray, color: Tuple[int, int, int],
                   closed: bool) -> None:
        cv2.polylines(image, [points], closed, color, overlay.line_width(image), cv2.LINE_AA)

    def _pixels(self, points: List[Tuple[float, float]]) -> np.ndarray:
        """Points in thousandths as int32 [N, 2] in pixels."""
        height, width = self._room.shape[:2]
        return np.round(np.array(points) * (width / 1000, height / 1000)).astype(np.int32)


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


def write(image: np.ndarray, x: float, y: float, text: str, color: Tuple[int, int, int]) -> None:
    """Writes a line in place, also with letters that OpenCV's fonts lack, such as é and ü.

    x, y: left end of the baseline in pixels. Without a font for them (Pillow before 10.1) letters
    lose their accents.
    """
    width = image.shape[1]
    try:
        font = None if text.isascii() else ImageFont.load_default(0.03 * width)
    except (ImportError, OSError, TypeError):
        font, text = None, unicodedata.normalize('NFKD', text).encode('ascii', 'ignore').decode()
    if font is None:
        overlay.shadow_text(image, x, y, text, color)
        return
    picture = Image.fromarray(image)
    ImageDraw.Draw(picture).text((x, y), text, color, font, 'ls', stroke_fill=overlay.BLACK,
                                 stroke_width=max(1, round(0.0015 * width)))
    image[:] = picture


def edge_drawing(image: np.ndarray) -> np.ndarray:
    """The edges of an image, light on dark, uint8 [Y, X, RGB]; they show a room but no face."""
    grey = cv2.GaussianBlur(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), (0, 0), image.shape[1] / 400)
    edges = cv2.Canny(grey, 25, 60)
    return cv2.cvtColor(cv2.addWeighted(edges, 0.6, np.full_like(edges, 40), 1, 0),
                        cv2.COLOR_GRAY2RGB)
