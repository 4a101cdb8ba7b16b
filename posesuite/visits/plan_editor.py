"""What the mouse and the keys do to a plan on a picture. Knows no window and no file."""
from typing import Any, Callable, List, NamedTuple, Optional, Sequence, Tuple

from posesuite.display import overlay
from posesuite.display.keys import ESCAPE
from posesuite.visits.areas import (
    MAX_CORNERS,
    MAX_NAME_LENGTH,
    MIN_LINE,
    Plan,
    area_from,
    blackout_from,
    line_from,
    refuse_conflicts,
)
from posesuite.visits.floor import MAX_METRES, Floor, floor_from, pair_from
from posesuite.visits.plan_drawing import (
    COLORS,
    draw_cover,
    draw_dot,
    draw_path,
    draw_plan,
    in_metres,
    pixels,
    write,
    write_centred,
)
from posesuite.visits.polygons import crosses_itself

import cv2
import numpy as np

ENTER, BACKSPACE = '\r\n', '\b\x7f'  # characters that each of these keys may send
CLOSING_DISTANCE = 15  # thousandths of the width; a click so near the first corner closes the area
BEGUN_COLOR = overlay.YELLOW
LINE = 0.045  # height of a line below the room, as a share of the width
BELOW, UNCHOSEN = (30, 30, 30), (75, 75, 75)  # colors there, of the ground and of other modes


class Mode(NamedTuple):
    """What is drawn next. parts: the field of a Plan; least, most: number of points."""
    key: str
    noun: str
    parts: str
    check: Callable[[Any, str], Any]  # makes the part of what areas.json lists
    color: Tuple[int, int, int]
    least: int
    most: int
    how: str  # to begin

    @property
    def closed(self) -> bool:
        """Whether the points are the corners of a polygon."""
        return self.most == MAX_CORNERS


CORNERS = 'click the corners'
MODES = (
    *(Mode(key, kind, 'areas', area_from, COLORS[kind], 3, MAX_CORNERS, CORNERS)
      for key, kind in (('a', 'area'), ('d', 'display'), ('w', 'queue'))),
    Mode('l', 'counting line', 'lines', line_from, COLORS['lines'], 2, 2,
         'click one end, then the other: in is to your left'),
    Mode('b', 'blackout', 'blackouts', blackout_from, COLORS['blackouts'], 3, MAX_CORNERS, CORNERS),
    Mode('f', 'floor', 'floors', floor_from, COLORS['floors'], 4, 4,
         'click 4 points of the floor that you measured'))


class PlanEditor:
    """The plan on a picture and the part that is being drawn.

    room: uint8 [Y, X, RGB]. plan: what belongs to the store of that file name, or ''.
    floors: those of other stores, which share the plan in metres.

    Attributes: plan, another one after each change; editing, False once the user is done.
    """

    def __init__(self, room: np.ndarray, plan: Plan, store: str = '',
                 floors: Sequence[Floor] = ()) -> None:
        self.plan, self.editing = plan, True
        self._room, self._store, self._floors = room, store, floors
        self._mode = MODES[0]
        self._corners: List[Tuple[int, int]] = []  # in thousandths
        self._metres: List[Tuple[float, float]] = []  # of the floor's corners
        self._text: Optional[str] = None  # the part of a name or place that is typed, or None
        self._pointer = 0, 0  # in thousandths
        self._message = ''  # about the latest action

    def on_mouse(self, event: int, x: int, y: int, _: int) -> None:
        """Handles a mouse event of OpenCV at x, y in pixels of the picture."""
        height, width = self._room.shape[:2]
        if y >= height:  # below the room
            if event == cv2.EVENT_LBUTTONDOWN and self._text is None and y < height + width * LINE:
                self.press(MODES[min(max(x, 0) * len(MODES) // width, len(MODES) - 1)].key)
            return
        self._pointer = tuple(int(np.clip(round(1000 * value / size), 0, 1000))
                              for value, size in ((x, width), (y, height)))
        if self._text is not None:
            return
        if event == cv2.EVENT_LBUTTONDOWN:
            self._message = ''
            self._click(height / width)
        elif event == cv2.EVENT_RBUTTONDOWN and self._corners:
            self._close()

    def press(self, key: str) -> None:
        """Handles a key, as Window.show returns it."""
        if not key:
            return
        self._message = ''
        if key == ESCAPE:
            if self._text is None and not self._corners:
                self.editing = False
            self._discard()
        elif self._text is not None:
            self._type(key)
        elif key in BACKSPACE:
            self._undo()
        elif key in ENTER and self._corners:
            self._close()
        elif self._corners:
            if key.lower() in [mode.key for mode in MODES] + ['q']:
                self._message = f'finish the {self._mode.noun} first, or discard it with Esc'
        elif key in 'qQ':
            self.editing = False
        else:
            self._mode = next((mode for mode in MODES if mode.key == key.lower()), self._mode)

    def _click(self, aspect: float) -> None:
        """Takes the pointer as the next corner. aspect: the picture's height per width."""
        mode, corners = self._mode, self._corners
        if mode.closed and len(corners) > 2 and np.hypot(
                self._pointer[0] - corners[0][0],
                (self._pointer[1] - corners[0][1]) * aspect) < CLOSING_DISTANCE:
            self._close()
        elif len(corners) == mode.most:
            self._message = f'the {mode.noun} has at most {mode.most} points'
        elif mode.parts == 'lines' and corners and np.abs(
                np.subtract(corners[0], self._pointer)).max() < MIN_LINE:
            self._message = 'the line would be too short'
        elif mode.closed and crosses_itself([*corners, self._pointer], closed=False):
            self._message = f'the {mode.noun} must not cross itself'
        else:
            corners.append(self._pointer)
            if mode.parts == 'floors':
                self._text = ''
            elif len(corners) == mode.most and not mode.closed:
                self._close()

    def _close(self) -> None:
        """Ends the points; a name is typed next where there is one."""
        mode, count = self._mode, len(self._corners)
        if count < mode.least:
            self._message = f'the {mode.noun} needs {mode.least} points, this one has {count}'
        elif mode.closed and crosses_itself(self._corners):
            self._message = f'the {mode.noun} must not cross itself: the line that closes it does'
        elif mode.parts in ('areas', 'lines'):
            self._text = ''
        else:
            self._complete()

    def _type(self, key: str) -> None:
        if key in BACKSPACE:
            if not self._text and self._mode.parts == 'floors':
                self._text = None
                self._undo()
            else:
                self._text = self._text[:-1]
        elif key in ENTER and self._mode.parts == 'floors':
            self._place()
        elif key in ENTER:
            self._complete()
        elif key.isprintable() and len(self._text) < MAX_NAME_LENGTH:
            # OpenCV's windows on Linux report no capital letters.
            self._text += key if self._text else key.upper()

    def _place(self) -> None:
        """Takes what was typed as the place of the floor's latest point."""
        try:
            self._metres.append(place_from(self._text))
        except ValueError as error:
            self._message = str(error)
            return
        self._text = None
        if len(self._corners) == self._mode.most:
            self._complete()

    def _complete(self) -> None:
        """Adds the part to the plan if it is right."""
        mode = self._mode
        corners = [list(corner) for corner in self._corners]
        item = {'name': (self._text or '').strip(), 'kind': mode.noun, 'polygon': corners,
                'line': corners, 'points': corners, 'metres': [list(at) for at in self._metres]}
        parts = [] if mode.parts == 'floors' else getattr(self.plan, mode.parts)
        try:
            part = mode.check(item, self._store)
            refuse_conflicts(part, [*parts, *self._floors] if mode.parts == 'floors' else parts)
        except ValueError as error:
            self._message = str(error)
            return
        self.plan = self.plan._replace(**{mode.parts: [*parts, part]})
        self._discard()

    def _undo(self) -> None:
        """Takes back the latest corner or, without one, the latest part of the mode."""
        if self._corners:
            self._corners.pop()
            del self._metres[len(self._corners):]
            return
        parts = list(getattr(self.plan, self._mode.parts))
        mine = [part for part in parts if getattr(part, 'kind', self._mode.noun) == self._mode.noun]
        if mine:
            parts.remove(mine[-1])
            self.plan = self.plan._replace(**{self._mode.parts: parts})
            self._message = f'removed the {self._mode.noun} {getattr(mine[-1], "name", "")}'.strip()
        else:
            self._message = f'there is no {self._mode.noun} to remove'

    def _discard(self) -> None:
        self._text, self._corners, self._metres = None, [], []

    def picture(self) -> np.ndarray:
        """The room with the plan, and below it what is drawn, what to do next, and a message; uint8
        [Y, X, RGB], as wide as the room.
        """
        room = self._room.copy()
        draw_plan(room, self.plan)
        if self._corners:
            self._draw_begun(room)
        height, width = room.shape[:2]
        line = LINE * width
        image = cv2.copyMakeBorder(room, 0, round(3.2 * line), 0, 0, cv2.BORDER_CONSTANT,
                                   value=BELOW)
        for number, mode in enumerate(MODES):
            left, right = (round((number + i) * width / len(MODES)) for i in (0, 1))
            chosen = mode is self._mode
            cv2.rectangle(image, (left, height), (right - 2, height + round(line)),
                          mode.color if chosen else UNCHOSEN, -1)
            write(image, left + line / 3, height + 0.72 * line,
                  f'{mode.key}: {mode.noun.split()[-1]}', overlay.WHITE)
        write(image, line / 3, height + 1.8 * line, self._instruction(), overlay.WHITE)
        write(image, line / 3, height + 2.8 * line, self._message or self._place_here(),
              BEGUN_COLOR)
        return image

    def _draw_begun(self, image: np.ndarray) -> None:
        whole = self._text is not None or len(self._corners) == self._mode.most
        points = pixels(image, self._corners + [self._pointer] * (not whole))
        if self._mode.parts == 'blackouts' and len(points) > 2:
            draw_cover(image, points)
        draw_path(image, points, BEGUN_COLOR, whole and len(points) > 2)
        for point in points[:len(self._corners)]:
            draw_dot(image, point, BEGUN_COLOR)
        for point, place in zip(points, self._metres):
            write_centred(image, point[0], point[1] - 0.015 * image.shape[1], in_metres(place),
                          BEGUN_COLOR)

    def _instruction(self) -> str:
        mode = self._mode
        if self._text is not None:
            asked = 'a name' if mode.parts != 'floors' else 'metres to the right and ahead'
            return f'type {asked}, then Enter: {self._text}_'
        if self._corners:
            close = 'right click or Enter: close; ' * mode.closed
            return f'{close}Backspace: undo; Esc: discard'
        return f'{mode.how}; Backspace: remove the last; q: done'

    def _place_here(self) -> str:
        """Where the pointer is on the floor, while that is not being drawn."""
        if self._mode.parts != 'floors' or self._corners or not self.plan.floors:
            return ''
        place = self.plan.floors[0].to_metres([self._pointer], above=0)[0]
        return f'here: {in_metres(place)}' if np.isfinite(place).all() else 'here: no floor'


def place_from(text: str) -> Tuple[float, float]:
    """Two numbers that somebody typed, with decimal points or commas. Raises ValueError."""
    words = text.replace(';', ' ').split()
    if len(words) == 1:
        words = words[0].split(',')
    try:
        x, y = (float(word.strip(',').replace(',', '.')) for word in words)
    except ValueError:
        raise ValueError('need two numbers, x and y, such as 2.5 0')
    return pair_from([x, y], -MAX_METRES, MAX_METRES)
