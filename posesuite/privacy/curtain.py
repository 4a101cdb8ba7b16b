"""The curtain between the camera and everybody: the room's background, or grey."""
import logging
from typing import Optional, Tuple

from posesuite.pose.pose import Frame
from posesuite.privacy.background import GREY, Background

import numpy as np

WAITING, SET = 'Waiting for everyone to leave the frame...', 'Background set.'
SET_SHOWN = 5.0  # seconds
LOGGER = logging.getLogger(__name__)


class Curtain:
    """What anybody gets to see of a room: its background, or grey.

    background: None if there is to be none.
    live_at_first: the camera's own picture until there is one for the first time.
    """

    def __init__(self, background: Optional[Background], live_at_first: bool) -> None:
        self._background, self._live = background, live_at_first
        self._set_at: Optional[float] = None
        self._said = set()  # since the background came or went

    def close(self, frame: Frame) -> Tuple[Frame, str]:
        """A frame with another picture, and the line of text to it, which is also said."""
        image, text = np.full_like(frame.image, GREY), ''
        if self._background and self._background.image is None:
            if self._set_at is not None:
                self._set_at, self._said = None, set()
            doubt = self._background.doubt
            text = WAITING + (f' ({doubt})' if doubt else '')
            image = frame.image if self._live else image
        elif self._background:
            if self._set_at is None:
                self._set_at, self._said, self._live = frame.time, set(), False
            image = self._background.image
            text = SET if frame.time - self._set_at < SET_SHOWN else ''
        if text and text not in self._said:
            self._said.add(text)
            LOGGER.info(text)
        return frame._replace(image=image), text
