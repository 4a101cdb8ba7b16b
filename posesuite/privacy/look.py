"""One look at a room: frames of a few seconds, the picture they make, and what may be a person."""
from typing import Any, Iterator, List, NamedTuple, Optional, Tuple

from posesuite.engine.choice import is_bundled
from posesuite.errors import DeviceFault
from posesuite.pose.pose import Frame, Pose
from posesuite.privacy.composition import compose, levels
from posesuite.privacy.evidence import CELL, ENLARGEMENTS, Evidence, View, number_of_views, views

import cv2
import numpy as np

SAMPLES = 16  # frames that the picture is composed of
MAX_GAP = 10.0  # seconds between two frames of a look; a slow machine needs several to compose
MAX_MOVING = 0.25  # share of the picture; with more of it moving it shows no room
# Factors of the scores for evidence, for a bundled network, which misses more: without a BodyPix,
# and with one.
BUNDLED = 0.2, 0.85
WITNESS_ENLARGEMENTS = ENLARGEMENTS[:1]  # of the parts that the witness examines


class Look(NamedTuple):
    """What a look has found."""
    picture: np.ndarray  # uint8 [Y, X, RGB]: the median of the frames
    moving: np.ndarray  # bool [Y, X]
    levels: np.ndarray  # float32 [Y, X, RGB]: the mean of the frames, by cells
    evidence: Evidence

    @property
    def moving_cells(self) -> np.ndarray:
        """The cells in which anything moves, bool [Y, X]."""
        rows, columns = self.levels.shape[:2]
        return cv2.resize(np.float32(self.moving), (columns, rows),
                          interpolation=cv2.INTER_AREA) > 0


class Looking:
    """A look that is going on.

    engine: finds poses with scores from EVIDENCE up; it also examines the picture.
    witness: a PoseEngine with another network that examines the picture as well; None for none.
    delay: seconds of the frames, from 0.
    views_per_frame: views of the picture that are examined for each frame.

    Attributes: found (a Look once it is complete, None before), progress (from 0 to 1; the second
    half is the examination).
    """

    def __init__(self, engine: Any, witness: Any, delay: float, views_per_frame: int) -> None:
        self._engine, self._witness, self._delay = engine, witness, delay
        self._views_per_frame = views_per_frame
        self._factors = BUNDLED if is_bundled(engine.model_path) else (1.0, 1.0)
        self._samples: List[np.ndarray] = []
        self._first_time = self._latest_time = 0.0  # timestamps of frames, valid with samples
        self._composed: Optional[Look] = None
        self._views: Iterator[Tuple[View, Any]] = iter(())  # not yet examined, and by which engine
        self._examined, self._to_examine = 0, number_of_views()
        if witness is not None:
            self._to_examine += number_of_views(WITNESS_ENLARGEMENTS)
        self._evidence: Optional[Evidence] = None
        self.found: Optional[Look] = None

    @property
    def progress(self) -> float:
        return (len(self._samples) / SAMPLES + self._examined / self._to_examine) / 2

    def update(self, frame: Frame, poses: List[Pose]) -> Optional[str]:
        """Goes on with a frame and all poses in it that score EVIDENCE or more.

        Returns None, or why the look has failed; '' where everybody sees why.
        """
        if frame.fault:
            return frame.fault.text
        if self._samples and (frame.image.shape != self._samples[0].shape
                              or not 0 <= frame.time - self._latest_time <= MAX_GAP):
            return ''
        if self._evidence is None:
            self._evidence = Evidence(frame.image.shape[1::-1], self._factors)
        self._evidence.add_poses(poses)
        self._latest_time = frame.time
        return self._sample(frame) if self._composed is None else self._examine()

    def _sample(self, frame: Frame) -> Optional[str]:
        if not self._samples:
            self._first_time = frame.time
        due = self._delay * len(self._samples) / (SAMPLES - 1)
        if frame.time - self._first_time >= due - 1e-6:
            self._samples.append(frame.image)
        if len(self._samples) < SAMPLES:
            return None
        picture, moving = compose(self._samples)
        if moving.mean() > MAX_MOVING:
            return 'too much movement'
        self._composed = Look(picture, moving, levels(self._samples), self._evidence)
        self._views = self._all_views(picture)
        return None

    def _all_views(self, picture: np.ndarray) -> Iterator[Tuple[View, Any]]:
        for view in views(picture):
            yield view, self._engine
        if self._witness is not None:
            for view in views(picture, WITNESS_ENLARGEMENTS):
                yield view, self._witness

    def _examine(self) -> Optional[str]:
        for _ in range(self._views_per_frame):
            view, engine = next(self._views, (None, None))
            if view is None:
                self.found = self._composed
                return None
            self._examined += 1
            try:
                self._evidence.examine(view, engine)
            except DeviceFault as error:
                return f'{error.what} lost'
        return None


def in_pixels(cells: np.ndarray, shape: Tuple[int, ...]) -> np.ndarray:
    """Cells, bool [Y, X], as the pixels [Y, X] of an image of a shape."""
    large = np.repeat(np.repeat(cells, CELL, axis=0), CELL, axis=1)
    return large[:shape[0], :shape[1]]
