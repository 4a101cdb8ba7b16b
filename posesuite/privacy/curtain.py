"""The curtain between the camera and everybody: the background of the room, or grey."""
import logging
import re
from typing import List, Optional, Set, Tuple

from posesuite.pose.pose import Frame, Pose
from posesuite.privacy.background import Background
from posesuite.privacy.composition import GREY

import numpy as np

WAITING = 'Waiting for everyone to leave the frame...'
CHECKING = 'Nobody seen, checking the room...'
PROGRESS = re.compile(r' \d+ %')  # is not logged
SET = 'Background set.'
SET_SHOWN = 5.0  # seconds for which SET is shown
LOGGER = logging.getLogger(__name__)


class Curtain:
    """What is shown of a room: its background, or grey.

    background: None for grey only.
    live_at_first: whether the camera's image is shown until the first background is set.
    """

    def __init__(self, background: Optional[Background], live_at_first: bool = False) -> None:
        self._background, self._live = background, live_at_first
        self._renewed = False  # whether renew was called since the latest frame
        self._set_at: Optional[float] = None  # timestamp of the background, None without one
        self._logged: Set[str] = set()  # texts since the background was set or dropped

    def renew(self) -> None:
        """Drops the background at the next frame; may be called by any thread."""
        self._renewed = True

    def close(self, frame: Frame, poses: List[Pose]) -> Tuple[Frame, str]:
        """Replaces a frame's image. Returns that frame and a line of text, which is logged once,
        without the progress in it.

        poses: all in the frame that score EVIDENCE or more.
        """
        if self._background is None:
            return self._grey(frame), ''
        if self._renewed:
            self._renewed = False
            self._background.drop('')
        self._background.update(frame, poses)
        if self._background.image is None:
            frame, text = self._wait(frame)
        else:
            frame, text = self._show(frame)
        lasting = PROGRESS.sub('', text)
        if lasting and lasting not in self._logged:
            self._logged.add(lasting)
            LOGGER.info('%s', lasting)
        return frame, text

    def _wait(self, frame: Frame) -> Tuple[Frame, str]:
        if self._set_at is not None:
            self._set_at, self._logged = None, set()
        doubt, progress = self._background.doubt, self._background.progress
        text = f'{CHECKING} {100 * progress:.0f} %' if progress else WAITING
        if doubt:
            text += f' (last time: {doubt})' if progress else f' ({doubt})'
        return frame if self._live else self._grey(frame), text

    def _show(self, frame: Frame) -> Tuple[Frame, str]:
        if self._set_at is None:
            self._set_at, self._logged, self._live = frame.time, set(), False
        text = SET if frame.time - self._set_at < SET_SHOWN else ''
        return frame._replace(image=self._background.image), text

    @staticmethod
    def _grey(frame: Frame) -> Frame:
        return frame._replace(image=np.full_like(frame.image, GREY))
