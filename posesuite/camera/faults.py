"""Frames that show nothing of the room: black, blown out, covered and frozen ones."""
import logging
import time
from typing import Optional

from posesuite.pose.pose import Fault, FaultKind, Frame

import cv2
import numpy as np

GRID = 40, 30  # width and height in pixels of the reduced green channel that is examined
OUTLIERS = 0.02  # share of these pixels that may differ from all others
BLACK = 24  # level of 255 that no pixel of a black frame reaches
BLOWN_OUT = 245  # level of 255 that all pixels of a blown-out frame exceed
# Levels between neighbouring pixels, below which the lens counts as covered: under a hand there are
# 4, in photographs 28 or more.
COVERED = 10
FROZEN = 60.0  # seconds after which an unchanged image counts as frozen
LOGGER = logging.getLogger(__name__)


def fault_of(image: np.ndarray) -> Optional[Fault]:
    """The fault that an image itself shows: black, blown out or covered; None for a usable one.

    image: uint8 [Y, X, RGB].
    """
    small = cv2.resize(image[::4, ::4, 1], GRID, interpolation=cv2.INTER_AREA).astype(np.int16)
    outliers = int(small.size * OUTLIERS)
    levels = np.sort(small, axis=None)
    if levels[-outliers] < BLACK:
        return Fault.of(FaultKind.BLACK)
    if levels[outliers] > BLOWN_OUT:
        return Fault.of(FaultKind.BLOWN_OUT)
    steps = np.sort(np.abs(np.diff(small)), axis=None)
    return Fault.of(FaultKind.COVERED) if steps[-outliers] < COVERED else None


class FrozenWatch:
    """Detects that a live source repeats one image, and logs it.

    name: the source's name for the log.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._image = np.empty(0)  # every fourth pixel of the latest image that was a new one
        self._changed_at = 0.0  # when it was captured
        self._since = ''  # the text of a fault that would have begun then
        self._reported = False

    def check(self, frame: Frame) -> Optional[Fault]:
        """The fault of a frame whose image has not changed for more than FROZEN seconds."""
        image = frame.image[::4, ::4, 1]
        if not np.array_equal(image, self._image):
            self._image, self._changed_at = image.copy(), frame.captured
            self._since = time.strftime(f'{FaultKind.FROZEN.value} since %H:%M')
            self._reported = False
            return None
        if frame.captured - self._changed_at <= FROZEN:
            return None
        if not self._reported:
            self._reported = True
            LOGGER.warning('camera %s: %s repeats one image', self._since, self._name)
        return Fault(FaultKind.FROZEN, self._since)
