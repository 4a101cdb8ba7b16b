"""Stick figures and frames for the tests."""
import time
from typing import Any, Iterable, Tuple

from posesuite.pose.pose import Fault, Frame, Keypoint, Point, Pose
from posesuite.pose.skeleton import KEYPOINT_TYPES

import numpy as np

IMAGE = np.full((480, 640, 3), 90, np.uint8)


def frame(seconds: float, fault: str = '', image: np.ndarray = IMAGE, **more: Any) -> Frame:
    """A frame of a source with 10 frames a second; fault: its text."""
    return Frame(image, round(seconds * 10), seconds, time.monotonic(),
                 Fault.from_text(fault) if fault else None, **more)


def diagonal(scores: Iterable[float], score: float = 0.9) -> Pose:
    """Keypoint k lies at (100 + 10 k, 50 + 5 k); scores: of the keypoints in order."""
    return Pose({part: Keypoint(Point(100. + 10 * part, 50. + 5 * part), score)
                 for part, score in zip(KEYPOINT_TYPES, scores)}, score)


def standing(x: float = 320, feet: float = 400, **moved: Any) -> Pose:
    """Someone 300 pixels tall, hands down; moved: where other keypoints are, None if not sure."""
    falls = dict.fromkeys(('NOSE', 'LEFT_EYE', 'RIGHT_EYE', 'LEFT_EAR', 'RIGHT_EAR'), 300)
    for part, fall in (('SHOULDER', 250), ('ELBOW', 200), ('WRIST', 150), ('HIP', 150),
                       ('KNEE', 75), ('ANKLE', 0)):
        falls['LEFT_' + part] = falls['RIGHT_' + part] = fall
    keypoints = {}
    for part in KEYPOINT_TYPES:
        side = 10 * (part.name.startswith('LEFT') - part.name.startswith('RIGHT'))
        point = moved.get(part.name, (x + side, feet - falls[part.name]))
        keypoints[part] = Keypoint(Point(*(point or (0, 0))), 0.9 if point else 0.1)
    return Pose(keypoints, 0.8)


def row(x: float = 1.0, score: float = .5) -> Pose:
    """Keypoint k lies at (x + k, 2 k); all scores are the same."""
    return Pose({part: Keypoint(Point(x + part, 2.0 * part), score) for part in KEYPOINT_TYPES},
                score)


def numbered(number: int, seconds: float, size: Tuple[int, int] = (64, 48), fault: str = '',
             **more: Any) -> Frame:
    """A black frame of a number, a time and a width and height in pixels; fault: its text."""
    return Frame(np.zeros((size[1], size[0], 3), np.uint8), number, seconds, 0.0,
                 Fault.from_text(fault) if fault else None, **more)
