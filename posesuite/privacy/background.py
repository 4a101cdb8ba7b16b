"""The picture of the room, part by part: what may be a person is grey in it.

    background = Background(engine, delay=2)
    for frame in camera:
        poses, _ = engine.DetectPosesInImage(frame.image)
        background.update(frame, poses)
        background.image  # the room, or None while nothing of it may be shown

At first the background waits until the network sees nobody, at a threshold far below the one for
display, but no longer than PATIENCE, because it may see posters. A look takes frames of `delay`
seconds. Their median is the picture. The network examines it, enlarged step by step and mirrored,
for any part of a body, and what moves or may be a person stays grey. More looks follow, at longer
and longer intervals, which settle or renew doubts: see room.py.
"""
from typing import Any, List, Optional

from posesuite.errors import DeviceFault
from posesuite.pose.pose import Fault, FaultKind, Frame, Pose
from posesuite.privacy.evidence import EVIDENCE
from posesuite.privacy.look import Look, Looking, in_pixels
from posesuite.privacy.room import Room
from posesuite.privacy.structure import Structure

import numpy as np

PATIENCE = 8.0  # seconds of frames for which the first look waits for people who are seen to leave
MIN_SHARE = 0.4  # of the picture; if less could be shown, nothing is
FIRST_DISTANCE, MAX_DISTANCE = 10.0, 80.0  # seconds between looks, each twice the one before
# Views of a picture that are examined in each frame's time: at first, and while the room is shown.
VIEWS_AT_FIRST, VIEWS_LATER = 4, 1
MOVED_FOR = 1.0  # seconds for which the view must differ until the camera counts as moved


class Background:
    """The picture of a room without people, or none.

    engine: finds poses with scores from EVIDENCE up; it also examines the picture.
    delay: seconds of frames that a picture is made of, from 0.
    witness: an engine with another network, a BodyPix, that examines it too; None for none.

    Attributes: image (uint8 [Y, X, RGB], grey in parts; None while nothing may be shown), share
    (how much of it is shown, 0 to 1), doubt (why the latest look failed, in a few words, or '') and
    progress (of the present look, 0 to 1; 0 between looks).
    """

    def __init__(self, engine: Any, delay: float, witness: Any = None) -> None:
        self._engine, self._delay, self._witness = engine, delay, witness
        self.doubt = ''
        self._room: Optional[Room] = None
        self._look: Optional[Look] = None  # the latest
        self._structure: Optional[Structure] = None  # of the image
        self._differs_since: Optional[float] = None  # timestamp from which the view is another
        self._waits_since: Optional[float] = None  # timestamp from which PATIENCE counts
        self._distance = FIRST_DISTANCE  # seconds to the next look
        self._looking: Optional[Looking] = None
        self._look_at: Optional[float] = None  # timestamp of the next look; None: at once

    @property
    def image(self) -> Optional[np.ndarray]:
        return None if self._room is None else self._room.image

    @property
    def share(self) -> float:
        return 0.0 if self._room is None else self._room.share

    @property
    def progress(self) -> float:
        return 0.0 if self._looking is None else self._looking.progress

    def drop(self, doubt: str) -> None:
        """Drops the picture and starts again; doubt: why."""
        self._room = self._look = self._structure = self._differs_since = self._looking = None
        self._waits_since, self._distance, self.doubt = None, FIRST_DISTANCE, doubt

    def update(self, frame: Frame, poses: List[Pose]) -> None:
        """Uses a frame and all poses in it that score EVIDENCE or more."""
        if self._room is not None:
            self._check_view(frame)
        if self._room is None:
            self._look_first(frame, poses)
        else:
            self._look_again(frame, poses)

    def look(self, frame: Frame) -> Optional[np.ndarray]:
        """Uses a frame whose poses are not known: the engine finds them. Returns the image."""
        try:
            poses, _ = self._engine.DetectPosesInImage(frame.image)
        except DeviceFault as error:
            fault = Fault.since(FaultKind(f'{error.what} lost'), error.since)
            frame, poses = frame._replace(fault=fault), []
        self.update(frame, poses)
        return self.image

    def _look_first(self, frame: Frame, poses: List[Pose]) -> None:
        if self._looking is None:
            self._looking = self._begin(VIEWS_AT_FIRST)
        if self._waits_since is None or frame.time < self._waits_since:
            self._waits_since = frame.time
        waits = frame.time - self._waits_since < PATIENCE
        if waits and not frame.fault and any(pose.score >= EVIDENCE for pose in poses):
            doubt: Optional[str] = ''
        else:
            doubt = self._looking.update(frame, poses)
        if doubt is None and self._looking.found:
            doubt = self._enter(self._looking.found, frame.time)
        if doubt is not None:
            self._looking, self.doubt = None, doubt

    def _enter(self, look: Look, seconds: float) -> str:
        """Shows the room that the first look found; returns '', or why it does not."""
        room = Room(look, seconds)
        if room.share < MIN_SHARE:
            return 'too much looks like people: clear the view or move the camera'
        self._room, self._look = room, look
        self._structure = Structure(room.image, ~room.shown)
        self._look_at = seconds + self._distance
        return ''

    def _look_again(self, frame: Frame, poses: List[Pose]) -> None:
        if self._looking is None:
            if 0 <= self._look_at - frame.time <= self._distance:
                return
            self._looking = self._begin(VIEWS_LATER)
        failed = self._looking.update(frame, poses) is not None
        if self._looking.found:
            self._look = self._looking.found
            self._room.add(self._look, frame.time)
            self._structure = Structure(self._room.image, ~self._room.shown)
            self._distance = min(2 * self._distance, MAX_DISTANCE)
        if failed or self._looking.found:
            self._looking, self._look_at = None, frame.time + self._distance

    def _begin(self, views_per_frame: int) -> Looking:
        return Looking(self._engine, self._witness, self._delay, views_per_frame)

    def _check_view(self, frame: Frame) -> None:
        if frame.image.shape != self.image.shape:
            self.drop('the image size changed')
        elif not frame.fault:
            if self._structure.is_in(frame.image):
                self._differs_since = None
            elif self._differs_since is None:
                self._differs_since = frame.time
            elif not 0 <= frame.time - self._differs_since < MOVED_FOR:
                self.drop('the camera was moved')

    def patch(self, x: int, y: int) -> Optional['Patch']:
        """The grey patch at a pixel, for an operator who decides on it; None if there is none."""
        cells = None if self._room is None else self._room.patch_at(x, y)
        return None if cells is None else Patch(self._room, self._look, cells)


class Patch:
    """A grey patch of the picture, as the latest look saw it.

    Attribute: image (uint8 [Y, X, RGB], the picture with the patch; what is in it may be a person).
    """

    def __init__(self, room: Room, look: Look, cells: np.ndarray) -> None:
        self._room, self._look, self._cells = room, look, cells
        self.image = np.where(in_pixels(cells, room.image.shape)[:, :, None], look.picture,
                              room.image)

    def settle(self) -> None:
        """Shows the patch from now on: nobody is in it."""
        self._room.settle(self._cells, self._look)
