"""Ratios and angles of one body, each with its uncertainty. Pure functions.

    found = measured(pose)
    found['left_knee'].value, found['left_knee'].deviation

Lengths and angles are those that the picture shows: a body that is turned, or leans towards the
camera, looks shorter. Where a keypoint is needed that scores less than MIN_SCORE, nothing is told.
"""
import math
from typing import Callable, Dict, NamedTuple, Optional, Sequence, Tuple

from posesuite.pose.body import (
    ANKLES,
    ELBOWS,
    HIPS,
    KNEES,
    SHOULDERS,
    WRISTS,
    Points,
    chosen,
    sure_points,
)
from posesuite.pose.pose import Point, Pose
from posesuite.pose.skeleton import KeypointType

MIN_SCORE = 0.3  # lowest score of a keypoint that counts
# Standard deviation of a sure keypoint, in torsos: how far people who label pictures differ, which
# COCO has measured in roots of a person's area (https://cocodataset.org/#keypoints-eval), of which
# a torso is 0.7. The square of a keypoint's deviation is divided by its score.
ROOT_AREA = 1 / 0.7
SPREADS = {KeypointType.NOSE: 0.026, **{part: spread for parts, spread in (
    (SHOULDERS, 0.079), (ELBOWS, 0.072), (WRISTS, 0.062), (HIPS, 0.107), (KNEES, 0.087),
    (ANKLES, 0.089)) for part in parts}}


class Measured(NamedTuple):
    """A value and its standard deviation."""
    value: float
    deviation: float


class Measure(NamedTuple):
    """Something that is measured on a body."""
    parts: Tuple[KeypointType, ...]  # that must be sure
    value: Callable[[Points], Optional[float]]  # None if it is not known
    unit: str
    text: str


def measured(pose: Pose) -> Dict[str, Measured]:
    """What is known of a pose, by the names of MEASURES."""
    points = sure_points(pose, MIN_SCORE)
    if any(part not in points for part in SHOULDERS + HIPS):
        return {}
    top, low = _spine(points)
    torso, found = top.distance(low), {}
    for name, measure in MEASURES.items():
        value = measure.value(points) if torso and all(
            part in points for part in measure.parts) else None
        if value is not None:
            deviations = {part: SPREADS[part] * ROOT_AREA * torso / math.sqrt(
                pose.keypoints[part].score) for part in measure.parts}
            found[name] = Measured(value, _deviation(measure, points, deviations, value))
    return found


def _deviation(measure: Measure, points: Points, deviations: Dict[KeypointType, float],
               value: float) -> float:
    """What a measure changes by when each coordinate changes by its deviation, all together."""
    total = 0.0
    for part, step in deviations.items():
        x, y = points[part]
        for moved in (Point(x + step, y), Point(x, y + step)):
            other = measure.value({**points, part: moved})
            total += (other - value) ** 2 if other is not None else 0.0
    return math.sqrt(total)


def _spine(points: Points) -> Tuple[Point, Point]:
    """The middles of the shoulders and of the hips, all of which must be known."""
    top, low = (Point((one.x + other.x) / 2, (one.y + other.y) / 2)
                for one, other in (chosen(points, SHOULDERS), chosen(points, HIPS)))
    return top, low


def _leg(points: Points) -> float:
    """The mean length of the legs, from hips to ankles along the knees."""
    return sum(points[hip].distance(points[knee]) + points[knee].distance(points[ankle])
               for hip, knee, ankle in zip(HIPS, KNEES, ANKLES)) / 2


def _arm_span_to_height(points: Points) -> Optional[float]:
    arms = sum(points[shoulder].distance(points[elbow]) + points[elbow].distance(points[wrist])
               for shoulder, elbow, wrist in zip(SHOULDERS, ELBOWS, WRISTS))
    top, low = _spine(points)
    height = points[KeypointType.NOSE].distance(top) + top.distance(low) + _leg(points)
    return (arms + points[SHOULDERS[0]].distance(points[SHOULDERS[1]])) / height if height else None


def _torso_to_leg(points: Points) -> Optional[float]:
    (top, low), leg = _spine(points), _leg(points)
    return top.distance(low) / leg if leg else None


def _shoulder_tilt(points: Points) -> Optional[float]:
    left, right = (points[part] for part in SHOULDERS)
    if left == right:
        return None
    return math.degrees(math.atan2(right.y - left.y, abs(right.x - left.x)))


def _angle(parts: Sequence[KeypointType]) -> Callable[[Points], Optional[float]]:
    """The angle at the second of three parts, 0 to 180 degrees."""
    def value(points: Points) -> Optional[float]:
        a, b, c = (points[part] for part in parts)
        if b in (a, c):
            return None
        one, other = (a.x - b.x, a.y - b.y), (c.x - b.x, c.y - b.y)
        return math.degrees(abs(math.atan2(one[0] * other[1] - one[1] * other[0],
                                           one[0] * other[0] + one[1] * other[1])))
    return value


def _joints() -> Dict[str, Measure]:
    """The angles of eight joints."""
    found = {}
    for joint, parts in (('elbow', (SHOULDERS, ELBOWS, WRISTS)),
                         ('shoulder', (ELBOWS, SHOULDERS, HIPS)),
                         ('hip', (SHOULDERS, HIPS, KNEES)), ('knee', (HIPS, KNEES, ANKLES))):
        for side, three in zip(('left', 'right'), zip(*parts)):
            found[f'{side}_{joint}'] = Measure(tuple(three), _angle(three), 'degrees',
                                               f'{side} {joint}, 180 straight')
    return found


MEASURES: Dict[str, Measure] = {
    'arm_span_to_height': Measure(
        (KeypointType.NOSE, *SHOULDERS, *ELBOWS, *WRISTS, *HIPS, *KNEES, *ANKLES),
        _arm_span_to_height, '', 'arm span to height, from wrist to wrist and from nose to ankles'),
    'torso_to_leg': Measure((*SHOULDERS, *HIPS, *KNEES, *ANKLES), _torso_to_leg, '',
                            'torso to leg'),
    'shoulder_tilt': Measure(SHOULDERS, _shoulder_tilt, 'degrees',
                             'shoulder tilt, positive if the left one is higher'),
    **_joints()}
