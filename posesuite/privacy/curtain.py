"""The curtain between the camera and everybody: the background of the room, or grey."""
import logging
from typing import List, Optional, Set, Tuple

from posesuite.pose.pose import Frame, Pose
from posesuite.privacy.background import Background, Patch
from posesuite.privacy.evidence import GREY

import numpy as np

WAITING = 'Waiting for everyone to leave the frame...'
CHECKING = 'Checking the room...'
SET = 'Background set.'
ENOUGH = 0.5  # share of the picture; with less shown, the text says what to change
SHARE = ' {:.0f} % of it is shown; the grey rest may be people.'
LITTLE = ' Only {:.0f} % is shown: move the camera or what looks like people, then press b.'
SHOWN_FOR = 5.0  # seconds for which the text about a background is shown
QUESTION = 'Is nobody in the patch that you clicked? y: show it, n: leave it grey'
PEEK, ASKED_FOR = 2.0, 15.0  # seconds for which a patch is shown, and the question about it
LOGGER = logging.getLogger(__name__)


class Curtain:
    """What is shown of a room: its background, or grey.

    background: None for grey only.
    live_at_first: whether the camera's image is shown until the first background is set.
    """

    def __init__(self, background: Optional[Background], live_at_first: bool = False) -> None:
        self._background, self._live = background, live_at_first
        self._renewed = False  # whether renew was called since the latest frame
        self._text_since: Optional[float] = None  # timestamp of the text, None without a background
        self._share = 0.0  # of the background that the text is about
        self._logged: Set[str] = set()  # texts since the background was set or dropped
        self._clicked: Optional[Tuple[int, int]] = None  # x, y since the latest frame
        self._answer: Optional[bool] = None  # since the latest frame
        self._patch: Optional[Patch] = None  # that the question is about
        self._asked_at = 0.0  # timestamp

    @property
    def share(self) -> Optional[float]:
        """The share of the picture that shows the room, 0 to 1; None without a background."""
        if self._background is None:
            return None
        return 0.0 if self._background.image is None else self._background.share

    def renew(self) -> None:
        """Drops the background at the next frame; may be called by any thread."""
        self._renewed = True

    def click(self, x: int, y: int) -> None:
        """Shows the grey patch at a pixel for PEEK seconds, and asks about it; may be called by any
        thread. Only for a screen that nobody but the operator sees.
        """
        self._clicked = x, y

    def answer(self, nobody: bool) -> None:
        """Answers whether nobody is in the patch; may be called by any thread."""
        self._answer = nobody

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
        return self._wait(frame) if self._background.image is None else self._show(frame)

    def _wait(self, frame: Frame) -> Tuple[Frame, str]:
        if self._text_since is not None:
            self._text_since, self._logged, self._patch = None, set(), None
        self._clicked = self._answer = None
        doubt, progress = self._background.doubt, self._background.progress
        if doubt:
            doubt = f' (last time: {doubt})' if progress else f' ({doubt})'
        self._log((CHECKING if progress else WAITING) + doubt)
        text = f'{CHECKING} {100 * progress:.0f} %' if progress else WAITING
        return frame if self._live else self._grey(frame), text + doubt

    def _show(self, frame: Frame) -> Tuple[Frame, str]:
        share = self._background.share
        if self._text_since is None:
            self._logged, self._live = set(), False
        if self._text_since is None or abs(share - self._share) >= 0.01:
            self._text_since, self._share = frame.time, share
        image, text = self._peek(frame.time)
        if not text and frame.time - self._text_since < SHOWN_FOR:
            text = SET
            if share < 0.995:
                text += (SHARE if share >= ENOUGH else LITTLE).format(100 * share)
            self._log(text)
        return frame._replace(image=image), text

    def _peek(self, now: float) -> Tuple[np.ndarray, str]:
        """The picture, with the patch that an operator has clicked, and the question about it."""
        clicked, answer = self._clicked, self._answer
        self._clicked = self._answer = None
        if clicked is not None:
            self._patch, self._asked_at = self._background.patch(*clicked), now
        elif self._patch is not None and answer is not None:
            if answer:
                self._patch.settle()
            self._patch = None
        if self._patch is None or not 0 <= now - self._asked_at < ASKED_FOR:
            self._patch = None
            return self._background.image, ''
        return (self._patch.image if now - self._asked_at < PEEK else self._background.image,
                QUESTION)

    def _log(self, text: str) -> None:
        if text not in self._logged:
            self._logged.add(text)
            LOGGER.info('%s', text)

    @staticmethod
    def _grey(frame: Frame) -> Frame:
        return frame._replace(image=np.full_like(frame.image, GREY))
