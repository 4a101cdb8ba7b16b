"""What the suite hands around: points, keypoints, poses, and frames with their faults."""
import contextlib
import enum
import math
import time
from typing import Any, Dict, NamedTuple, Optional, Sequence

from posesuite.pose.skeleton import KeypointType

import numpy as np


class Point(NamedTuple):
    """A place in an image, in pixels; (0, 0) is the centre of the top left pixel."""
    x: float
    y: float

    def distance(self, other: 'Point') -> float:
        """Euclidean distance in pixels."""
        return math.hypot(self.x - other.x, self.y - other.y)


class Keypoint(NamedTuple):
    """Where a part of the body is, and how sure the network is of it, 0 to 1."""
    point: Point
    score: float


class Keypoints(Dict[KeypointType, Keypoint]):
    """A person's keypoints by their types, ids (9), or names ('leftWrist', 'LEFT_WRIST')."""

    def __missing__(self, part: Any) -> Keypoint:
        with contextlib.suppress(ValueError):
            if isinstance(part, str):
                return self[KeypointType(part)]  # type: ignore[arg-type]  # see its _missing_
        raise KeyError(f'need a KeypointType, its id 0 to 16 or its name, got {part!r}')


class Box(NamedTuple):
    """A rectangle around a person in an image, in pixels."""
    left: float
    top: float
    right: float
    bottom: float


class Pose(NamedTuple):
    """One person: all 17 keypoints, the score of the whole, 0 to 1, which is the mean of theirs
    unless the network has another one, and a box where the network finds it.
    """
    keypoints: Dict[KeypointType, Keypoint]
    score: float
    box: Optional[Box] = None


People = Dict[int, Pose]  # poses in the pixels of their frame, by the persons' lasting ids


class FaultKind(enum.Enum):
    """Why a frame proves nothing about the room."""
    LOST = 'camera lost'  # the frame stands for a camera that delivers none
    FROZEN = 'frozen'  # the camera repeats one frame
    BLACK = 'black'
    BLOWN_OUT = 'blown out'
    COVERED = 'covered'
    TRUNCATED = 'truncated'  # a JPEG whose end is missing
    DEVICE = 'Edge TPU lost'  # the network's device failed; nobody was looked for
    ENGINE = 'engine lost'  # the server of the network does not answer; nobody was looked for
    OTHER = 'other'  # a pose log of another program gives a reason of its own


class Fault(NamedTuple):
    """A fault and its text, which may say since when: 'camera lost since 14:03'."""
    kind: FaultKind
    text: str

    @classmethod
    def of(cls, kind: FaultKind) -> 'Fault':
        """A fault that needs no further words than its kind's."""
        return cls(kind, kind.value)

    @classmethod
    def since(cls, kind: FaultKind, moment: float) -> 'Fault':
        """A fault that has lasted since a moment, in seconds since 1970."""
        return cls(kind, time.strftime(f'{kind.value} since %H:%M', time.localtime(moment)))

    @classmethod
    def from_text(cls, text: str) -> 'Fault':
        """The fault that a pose log names."""
        return cls(next((kind for kind in FaultKind if text == kind.value
                         or text.startswith(kind.value + ' since ')), FaultKind.OTHER), text)


class Frame(NamedTuple):
    """One picture of a source."""
    image: np.ndarray  # uint8 [Y, X, RGB]; nobody writes into it
    number: int  # of the frame in its source, from 0; dropped frames leave gaps
    time: float  # seconds since the source began: of a file or log its own clock, else of capture
    captured: float  # time.monotonic() when the source handed the frame over
    fault: Optional[Fault] = None
    people: Optional[People] = None  # those the source itself knows of; None: ask the network
    name: str = ''  # of the picture's file, if each frame is a picture of its own
    events: Sequence[Any] = ()  # of a pose log: what began or was complete with it, see event.py
    camera: int = 0  # its source's place among several
