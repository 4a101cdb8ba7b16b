"""A window in which somebody clicks on a person of a pose log."""
from typing import Iterable, Optional

from posesuite.display.keys import ESCAPE
from posesuite.display.overlay import YELLOW, draw_people, shadow_text
from posesuite.display.window import Window
from posesuite.pose.log import LogFrame
from posesuite.pose.subject import clicked

import numpy as np

WAIT = 30  # milliseconds between looks at the mouse
HELP = 'click on a person; space: later, q: none'


def choose_person(frames: Iterable[LogFrame], title: str) -> Optional[int]:
    """The id of the person that is clicked in one of some frames; None if the window is closed.

    Raises DisplayError.
    """
    later, chosen = iter(frames), []  # type: ignore[var-annotated]
    frame = next(later, None)

    def on_mouse(event: int, x: int, y: int, _: int) -> None:
        found = clicked(frame, x, y) if event == 1 and frame else None  # 1: the left button
        chosen.extend([] if found is None else [found])

    if frame is None:
        return None
    window = Window(title, on_mouse, 'no display to open a window on: use --click X,Y or --id N')
    try:
        picture = picture_of(frame)
        while not chosen:
            key = window.show(picture, WAIT)
            if key is None or key in ('q', ESCAPE):
                return None
            if key == ' ':
                frame = next(later, frame)
                picture = picture_of(frame)
        return chosen[0]
    finally:
        window.close()


def picture_of(frame: LogFrame) -> np.ndarray:
    """The people of a frame on black, uint8 [Y, X, RGB]."""
    picture = np.zeros((frame.height, frame.width, 3), np.uint8)
    draw_people(picture, frame.people)
    margin = 0.02 * frame.width
    shadow_text(picture, margin, frame.height - margin, f'{frame.time:.1f} s: {HELP}', YELLOW)
    return picture


def spread(frames: Iterable[LogFrame], start: float, step: float = 1.0) -> Iterable[LogFrame]:
    """Those frames with people that are a step of seconds apart, or where somebody new appears."""
    due, known = start, set()  # type: ignore[var-annotated]
    for frame in frames:
        if frame.people and frame.time >= start and (
                frame.time >= due or not known.issuperset(frame.people)):
            due = frame.time + step
            known.update(frame.people)
            yield frame
