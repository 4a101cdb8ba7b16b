"""The keys of a demo's window: what each one does, and the list of them on the picture."""
import logging
import os
import time
from typing import Callable, Dict, Optional, Tuple

from posesuite.display.overlay import shadow_text
from posesuite.display.picture_file import write_png

import numpy as np

KEYS = {'q, Esc': 'quit', 'm': 'mirror the picture', 's': 'save the picture',
        'h': 'show or hide the keys'}
ESCAPE = '\x1b'
# Baseline of the list's first line, and distance from one line to the next, as shares of the width.
LIST_TOP, LINE_HEIGHT = 0.16, 0.06
HINT_TIME = 6  # seconds from the first picture for which h is mentioned
LIST_SIZE = 1.4  # letter size, relative to the line of text at the bottom
LOGGER = logging.getLogger(__name__)

MoreKeys = Dict[str, Tuple[str, Callable[[], None]]]  # a help text and an action for each key


class Keys:
    """Does what a pressed key stands for.

    title: the beginning of the names of saved pictures.
    mirror: called for the key m.
    may_save: whether the key s saves the picture in the working directory.
    more: the demo's own keys.
    """

    def __init__(self, title: str, mirror: Callable[[], None], may_save: bool = True,
                 more: Optional[MoreKeys] = None) -> None:
        self._title, self._mirror, self._may_save = title, mirror, may_save
        self._more = more or {}
        self._listed = False
        self._hint_until: Optional[float] = None  # monotonic seconds

    def press(self, key: str, picture: np.ndarray) -> bool:
        """Reacts to a key as Window.show returns it. Returns False if it ends the demo.

        picture: what is on display, uint8 [Y, X, RGB].
        """
        key = {' ': 'space'}.get(key, key.lower())
        if key == 'm':
            self._mirror()
        elif key == 'h':
            self._listed = not self._listed
        elif key == 's':
            if self._may_save:
                save(self._title, picture)
        elif key in self._more:
            self._more[key][1]()
        return key not in ('q', ESCAPE)

    def listed_on(self, picture: np.ndarray) -> np.ndarray:
        """The picture, or a copy with the key list, or at first with a mention of it."""
        now = time.monotonic()
        if self._hint_until is None:
            self._hint_until = now + HINT_TIME
        lines = dict(KEYS, **{key: help_text for key, (help_text, _) in self._more.items()})
        if not self._may_save:
            del lines['s']
        if not self._listed:
            if now >= self._hint_until:
                return picture
            lines = {'h': lines['h']}
        picture, width = picture.copy(), picture.shape[1]
        for i, (key, help_text) in enumerate(lines.items()):
            shadow_text(picture, 0.02 * width, (LIST_TOP + LINE_HEIGHT * i) * width,
                        f'{key}: {help_text}', size=LIST_SIZE)
        return picture


def save(title: str, picture: np.ndarray) -> None:
    """Writes a picture, uint8 [Y, X, RGB], into the working directory; its name has the time."""
    path = os.path.abspath(title + time.strftime('_%Y-%m-%d_%H-%M-%S.png'))
    try:
        write_png(path, picture)
        LOGGER.info('saved %s', path)
    except OSError as error:  # the demo goes on
        LOGGER.warning('%s', error)
