"""Stick figures and frames for the tests."""
import time
from typing import Any, Iterable, Sequence, Tuple

from posesuite.pose.pose import Fault, Frame, Keypoint, Point, Pose
from posesuite.pose.skeleton import KEYPOINT_TYPES, KeypointType

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


def standing(x: float = 320, feet: float = 400, tall: float = 300, **moved: Any) -> Pose:
    """Someone so many pixels tall, hands down; moved: where other keypoints are, None if unsure."""
    falls = dict.fromkeys(('NOSE', 'LEFT_EYE', 'RIGHT_EYE', 'LEFT_EAR', 'RIGHT_EAR'), 300)
    for part, fall in (('SHOULDER', 250), ('ELBOW', 200), ('WRIST', 150), ('HIP', 150),
                       ('KNEE', 75), ('ANKLE', 0)):
        falls['LEFT_' + part] = falls['RIGHT_' + part] = fall
    keypoints = {}
    for part in KEYPOINT_TYPES:
        side = 10 * (part.name.startswith('LEFT') - part.name.startswith('RIGHT'))
        point = moved.get(part.name, (x + side, feet - falls[part.name] * tall / 300))
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


LEFT_HALF = (20, 30, 40)  # RGB of the left half of coloured frames


def coloured(number: int, seconds: float, size: Tuple[int, int] = (320, 240), fault: str = '',
             **more: Any) -> Frame:
    """A frame whose right half has the colour (number % 256, 100, 200), the left half LEFT_HALF;
    size: width and height in pixels; fault: its text."""
    image = np.full((size[1], size[0], 3), (number % 256, 100, 200), np.uint8)
    image[:, :size[0] // 2] = LEFT_HALF
    return frame(seconds, fault, image, **more)._replace(number=number)


def sure() -> Pose:
    """diagonal() with scores of 0.9."""
    return diagonal([0.9] * 17)


# People who stand and look ahead, to their left and up, in metres; a child has a larger head.
ADULT = np.array([(0, 1.55), (.03, 1.59), (-.03, 1.59), (.08, 1.57), (-.08, 1.57), (.18, 1.38),
                  (-.18, 1.38), (.23, 1.1), (-.23, 1.1), (.25, .86), (-.25, .86), (.1, .92),
                  (-.1, .92), (.1, .5), (-.1, .5), (.1, .08), (-.1, .08)])
CHILD = np.array([(0, .97), (.03, 1.01), (-.03, 1.01), (.08, .99), (-.08, .99), (.12, .82),
                  (-.12, .82), (.15, .66), (-.15, .66), (.16, .5), (-.16, .5), (.07, .51),
                  (-.07, .51), (.07, .28), (-.07, .28), (.07, .05), (-.07, .05)])
HAND_ABOVE_HEAD = 1.8  # torsos from the hips to the wrist


def musician(right: float = .5, left: float = .5, body: np.ndarray = ADULT, distance: float = 3.0,
             off: Sequence[float] = (0, 0), hidden: Iterable[KeypointType] = (),
             x: float = 320.0) -> Pose:
    """Someone with wrists so high between the hips (0) and above the head (1).

    distance: to the camera in metres; off: of the right wrist, in metres. 480 pixels are the
    height of the picture.
    """
    K = KeypointType
    body, hips = body.copy(), body[K.LEFT_HIP, 1]
    reach = HAND_ABOVE_HEAD * (body[K.LEFT_SHOULDER, 1] - hips)
    body[K.LEFT_WRIST, 1] = hips + left * reach
    body[K.RIGHT_WRIST, 1] = hips + right * reach
    body[K.RIGHT_WRIST] += off
    points = (body - (0, 1.2)) * (620 / distance, -620 / distance) + (x, IMAGE.shape[0] / 2)
    return Pose({part: Keypoint(Point(*point), 0.1 if part in hidden else 0.9)
                 for part, point in zip(KEYPOINT_TYPES, points.tolist())}, 0.9)
