"""The picture of the empty room, which nobody sees before the room is proven to be empty.

    background = Background(engine, delay=2)
    for frame in camera:
        poses, _ = engine.DetectPosesInImage(frame.image)
        background.update(frame, poses)
        background.image  # the room, or None while it is not proven to be empty

For `delay` seconds the network must find nobody in any frame, at a threshold far below the one for
display. The median of frames sampled in that time is the picture; what moved becomes grey. Then the
network examines that picture again, enlarged step by step and mirrored, while it still watches the
frames. Any sign of a person restarts the process.
"""
from typing import Any, Iterator, List, Optional

from posesuite.errors import DeviceFault
from posesuite.pose.pose import Fault, FaultKind, Frame, Pose
from posesuite.privacy.composition import EVIDENCE, GREY, VIEWS, View, compose, views
from posesuite.privacy.structure import Structure

import numpy as np

SAMPLES = 16  # frames that the picture is composed of
MAX_GAP = 10.0  # seconds between two frames of a proof; a slow machine needs several to compose
MAX_MOVING = 0.25  # share of the picture; with more of it grey it shows no room
VIEWS_PER_FRAME = 4  # views of the composed picture that the network examines for each frame
MOVED_FOR = 1.0  # seconds for which the view must differ until the camera counts as moved


class Background:
    """The picture of an empty room, or none.

    engine: finds poses with scores from EVIDENCE up; it also examines the picture.
    delay: seconds for which nobody must be there, from 0.

    Attributes: image (uint8 [Y, X, RGB], or None while the room is not proven to be empty),
    doubt (why the latest proof failed, in a few words, or ''), progress (of the present proof, from
    0, while somebody is seen, to 1).
    """

    def __init__(self, engine: Any, delay: float) -> None:
        self._engine, self._delay = engine, delay
        self.image: Optional[np.ndarray] = None
        self.doubt = ''
        self._proof = Proof(engine, delay)
        self._structure: Optional[Structure] = None  # of the image
        self._differs_since: Optional[float] = None  # timestamp from which the view is another

    def drop(self, doubt: str) -> None:
        """Drops the picture and restarts the proof."""
        self.image = self._structure = self._differs_since = None
        self._restart(doubt)

    @property
    def progress(self) -> float:
        return self._proof.progress

    def update(self, frame: Frame, poses: List[Pose]) -> None:
        """Uses a frame and all poses in it that score EVIDENCE or more."""
        if self.image is not None:
            self._check_view(frame)
            return
        doubt = self._proof.update(frame, poses)
        if doubt is not None:
            self._restart(doubt)
        elif self._proof.complete:
            self.image = self._proof.image
            self._structure = Structure(self._proof.image, self._proof.moving)
            self._restart('')

    def look(self, frame: Frame) -> Optional[np.ndarray]:
        """Uses a frame whose poses are not known: the engine finds them. Returns the image."""
        try:
            poses, _ = self._engine.DetectPosesInImage(frame.image)
        except DeviceFault as error:
            frame, poses = frame._replace(fault=Fault.since(FaultKind.DEVICE, error.since)), []
        self.update(frame, poses)
        return self.image

    def _restart(self, doubt: str) -> None:
        self.doubt = doubt
        self._proof = Proof(self._engine, self._delay)

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


class Proof:
    """One attempt to prove that a room is empty. Parameters as for Background.

    Attributes: complete (whether it succeeded), progress (from 0 to 1; the second half is the
    examination of the picture), image (uint8 [Y, X, RGB]; the composed picture, to
    be used only when complete) and moving (bool [Y, X], where the picture is grey).
    """

    def __init__(self, engine: Any, delay: float) -> None:
        self._engine, self._delay = engine, delay
        self._samples: List[np.ndarray] = []
        self._first_time = self._latest_time = 0.0  # timestamps of frames, valid with samples
        self._views: Optional[Iterator[View]] = None  # of the composed picture, not yet examined
        self._examined = 0  # number of these that were
        self.complete = False
        self.image: Optional[np.ndarray] = None
        self.moving: Optional[np.ndarray] = None

    def update(self, frame: Frame, poses: List[Pose]) -> Optional[str]:
        """Goes on with a frame and all poses in it that score EVIDENCE or more.

        Returns None, or why the proof has failed; '' where everybody sees why.
        """
        if frame.fault:
            return frame.fault.text
        if any(pose.score >= EVIDENCE for pose in poses):
            return ''
        if self._samples and (frame.image.shape != self._samples[0].shape
                              or not 0 <= frame.time - self._latest_time <= MAX_GAP):
            return ''
        self._latest_time = frame.time
        return self._sample(frame) if self._views is None else self._examine()

    @property
    def progress(self) -> float:
        return (len(self._samples) / SAMPLES + self._examined / VIEWS) / 2

    def _sample(self, frame: Frame) -> Optional[str]:
        if not self._samples:
            self._first_time = frame.time
        due = self._delay * len(self._samples) / (SAMPLES - 1)
        if frame.time - self._first_time >= due - 1e-6:
            self._samples.append(frame.image)
        if len(self._samples) < SAMPLES:
            return None
        self.image, self.moving = compose(self._samples)
        if self.moving.mean() > MAX_MOVING:
            return 'too much movement'
        # The network examines it without the grey, which might hide what makes up a person.
        self._views = views(self.image.copy())
        self.image[self.moving] = GREY
        return None

    def _examine(self) -> Optional[str]:
        for _ in range(VIEWS_PER_FRAME):
            view = next(self._views, None)
            if view is None:
                self.complete = True
                return None
            self._examined += 1
            try:
                poses, _ = self._engine.DetectPosesInImage(view.image)
            except DeviceFault:
                return FaultKind.DEVICE.value
            if any(pose.score >= view.evidence for pose in poses):
                return f'possibly a person{view.place}'
        return None
