"""The geometry of one body: torso, hips, feet, height, sitting, a raised hand. Pure functions.

    points = sure_points(pose, 0.3)
    if is_sitting(points) and has_raised_hand(points):
        ...

All lengths are in pixels of the pose's image, where y grows downwards. A function answers from the
points that it gets: what it needs and does not find makes the answer None, or False.
"""
import math
from typing import Collection, Dict, Optional, Sequence, Tuple

from posesuite.pose.pose import Point, Pose
from posesuite.pose.skeleton import FACE, KEYPOINT_TYPES, KeypointType

Points = Dict[KeypointType, Point]  # the places of the keypoints that count, by type

SHOULDERS = KeypointType.LEFT_SHOULDER, KeypointType.RIGHT_SHOULDER
ELBOWS = KeypointType.LEFT_ELBOW, KeypointType.RIGHT_ELBOW
WRISTS = KeypointType.LEFT_WRIST, KeypointType.RIGHT_WRIST
HIPS = KeypointType.LEFT_HIP, KeypointType.RIGHT_HIP
KNEES = KeypointType.LEFT_KNEE, KeypointType.RIGHT_KNEE
ANKLES = KeypointType.LEFT_ANKLE, KeypointType.RIGHT_ANKLE
HEADS = FACE[:1], FACE[1:3], FACE[3:]  # nose, eyes, ears

# Thresholds of knee_drop. A thigh is 0.85 torsos long (0.245 and 0.288 of the body height: Drillis
# and Contini 1966, after Winter, Biomechanics and Motor Control of Human Movement), so that is the
# drop of somebody who stands; the thighs of somebody who sits are nearly level. Between the two
# thresholds a camera's view from above or a step may be the reason, and nothing is claimed.
SITTING_BELOW = 0.4
UPRIGHT_ABOVE = 0.65
# The width of the shoulders, and how far the nose is before the ears, in torsos, about; and the
# share of the shoulders' width from which on a body whose face is not known is frontal.
SHOULDERS_WIDE, NOSE_AHEAD, FRONTAL = 0.8, 0.25, 0.8


def sure_points(pose: Pose, threshold: float,
                parts: Sequence[KeypointType] = KEYPOINT_TYPES) -> Points:
    """The places of the keypoints that score `threshold` (0 to 1) or more, in the order of parts.

    Keypoints whose coordinates are not finite are left out.
    """
    points = {}
    for part in parts:
        point, score = pose.keypoints[part]
        if score >= threshold and math.isfinite(point.x) and math.isfinite(point.y):
            points[part] = point
    return points


def chosen(points: Points, parts: Sequence[KeypointType]) -> Sequence[Point]:
    """The places of those of the parts that are in points, in the order of parts."""
    return [points[part] for part in parts if part in points]


def middle(points: Collection[Point]) -> Optional[Point]:
    """The mean of some places; None if there are none."""
    if not points:
        return None
    return Point(sum(point.x for point in points) / len(points),
                 sum(point.y for point in points) / len(points))


def shoulders(points: Points) -> Optional[Point]:
    """The point midway between the shoulders, or the one shoulder that is known."""
    return middle(chosen(points, SHOULDERS))


def hips(points: Points) -> Optional[Point]:
    """The point midway between the hips, or the one hip that is known."""
    return middle(chosen(points, HIPS))


def neck(points: Points) -> Optional[Tuple[Point, Point]]:
    """From the nose to the middle of the shoulders: what joins the head to the body.

    Where the nose is not known, as from behind, it is the middle of the known eyes, else ears. None
    without a face or without both shoulders.
    """
    ends = chosen(points, SHOULDERS)
    head = next(filter(None, (middle(chosen(points, parts)) for parts in HEADS)), None)
    shoulders = middle(ends) if len(ends) == 2 else None
    return (head, shoulders) if head and shoulders else None


def shoulder_width(points: Points) -> Optional[float]:
    """The distance in pixels between the two shoulders, which is short for a body seen sideways."""
    found = chosen(points, SHOULDERS)
    return found[0].distance(found[1]) if len(found) == 2 else None


def torso(points: Points) -> Optional[float]:
    """The distance in pixels from the middle of the shoulders to the middle of the hips.

    One shoulder and one hip are enough.
    """
    top, bottom = shoulders(points), hips(points)
    return bottom.distance(top) if top and bottom else None


def has_feet(points: Points) -> bool:
    """Whether at least one ankle is known."""
    return any(part in points for part in ANKLES)


def has_head(points: Points) -> bool:
    """Whether at least one part of the face is known."""
    return any(part in points for part in FACE)


def feet(points: Points) -> Optional[Point]:
    """The point midway between the ankles, or the one known ankle, or else the lowest point."""
    return middle(chosen(points, ANKLES)) or max(points.values(), key=lambda point: point.y,
                                                 default=None)


def height(points: Points) -> Optional[float]:
    """The distance in pixels, straight up, from the feet to the face's highest part.

    Without a face it is the distance to the highest point; a raised hand makes nobody taller who
    has a face.
    """
    lowest = feet(points)
    if lowest is None:
        return None
    return lowest.y - min(point.y for point in chosen(points, FACE) or points.values())


def facing(points: Points) -> Optional[float]:
    """Where a body with its face is turned to, in degrees clockwise as seen from above: 0 is to the
    picture's right, 90 towards the camera, 180 to the left and 270 away from it.

    The order and the distance of the shoulders tell how far it faces the camera, the nose beside
    the ears to which side. None where these are not known; without a face only who faces the camera
    or turns the back has a direction. Within about 30 degrees.
    """
    ends, length = chosen(points, SHOULDERS), torso(points)
    if len(ends) < 2 or not length:
        return None
    towards = (ends[0].x - ends[1].x) / (SHOULDERS_WIDE * length)
    nose, ears = middle(chosen(points, HEADS[0])), middle(chosen(points, HEADS[2]))
    if nose is None or ears is None:
        return None if abs(towards) < FRONTAL else 90.0 if towards > 0 else 270.0
    aside = (nose.x - ears.x) / (NOSE_AHEAD * length)
    return math.degrees(math.atan2(towards, aside)) % 360


def has_raised_hand(points: Points) -> bool:
    """Whether a wrist is higher in the image than the shoulder of its side."""
    return any(points[wrist].y < points[shoulder].y for wrist, shoulder in zip(WRISTS, SHOULDERS)
               if wrist in points and shoulder in points)


def knee_drop(points: Points) -> Optional[float]:
    """How far the knees are below the hips, in torsos: about 0.85 for somebody who stands upright.

    It is the mean of the sides of which shoulder, hip and knee are known and the hip is below the
    shoulder; None if there is no such side. The torso here is that side's vertical extent.
    """
    drops = [(points[knee].y - points[hip].y) / (points[hip].y - points[shoulder].y)
             for shoulder, hip, knee in zip(SHOULDERS, HIPS, KNEES)
             if shoulder in points and hip in points and knee in points
             and points[hip].y > points[shoulder].y]
    return sum(drops) / len(drops) if drops else None


def is_sitting(points: Points) -> bool:
    """Whether the knees are so little below the hips that the thighs must be nearly level.

    Somebody may be neither sitting nor upright, when the knees are between the two thresholds.
    """
    drop = knee_drop(points)
    return drop is not None and bool(drop < SITTING_BELOW)


def is_upright(points: Points) -> bool:
    """Whether the knees are so far below the hips that the thighs must be nearly vertical."""
    drop = knee_drop(points)
    return drop is not None and bool(drop > UPRIGHT_ABOVE)
