"""Angles that rules measure, in degrees as the picture shows them."""
import math
from typing import List, Optional, Sequence

from posesuite.activities.view import View, mean, quantity
from posesuite.pose.body import (
    ANKLES,
    ELBOWS,
    HIPS,
    KNEES,
    SHOULDERS,
    WRISTS,
    chosen,
    facing,
    hips,
    shoulders,
)
from posesuite.pose.pose import Point


@quantity('degrees')
def torso_tilt(view: View) -> Optional[float]:
    """The torso's angle from upright: 0 upright, 90 level, 180 head down."""
    return _tilt(shoulders(view.points), hips(view.points))


@quantity('degrees')
def leg_tilt(view: View) -> Optional[float]:
    """The angle from upright of the line from the ankles to the hips."""
    return _tilt(hips(view.points), view.feet)


@quantity('degrees')
def bent_knee(view: View) -> Optional[float]:
    """The angle of the knee that is bent more: 180 is straight."""
    return min(_angles(view, HIPS, KNEES, ANKLES), default=None)


@quantity('degrees')
def straight_knee(view: View) -> Optional[float]:
    """The angle of the knee that is straighter; both must be seen."""
    found = _angles(view, HIPS, KNEES, ANKLES)
    return max(found) if len(found) == 2 else None


@quantity('degrees')
def straightest_knee(view: View) -> Optional[float]:
    """The angle of the knee that is straighter; one is enough, as in profile."""
    return max(_angles(view, HIPS, KNEES, ANKLES), default=None)


@quantity('degrees')
def bent_elbow(view: View) -> Optional[float]:
    """The angle of the elbow that is bent more: 180 is straight."""
    return min(_angles(view, SHOULDERS, ELBOWS, WRISTS), default=None)


@quantity('degrees')
def hip_angle(view: View) -> Optional[float]:
    """The mean angle between torso and thighs: 180 is straight."""
    return mean(_angles(view, SHOULDERS, HIPS, KNEES))


@quantity('degrees')
def hip_bend(view: View) -> Optional[float]:
    """How far the body bends at the hips between shoulders and ankles: 0 is straight, more than 0
    where the hips are higher in the picture than the straight line, less where they sag.
    """
    top, low, end = shoulders(view.points), hips(view.points), view.feet
    if not top or not low or not end or abs(end.x - top.x) < 1:
        return None
    line = top.y + (low.x - top.x) / (end.x - top.x) * (end.y - top.y)
    bend = 180 - _angle(top, low, end)
    return bend if low.y < line else -bend


@quantity('degrees')
def legs_apart(view: View) -> Optional[float]:
    """The angle between the legs, from the middle of the hips to both ankles."""
    ends, low = chosen(view.points, ANKLES), hips(view.points)
    return _angle(ends[0], low, ends[1]) if len(ends) == 2 and low else None


@quantity('degrees')
def higher_arm(view: View) -> Optional[float]:
    """The angle of the more raised arm from hanging: 0 hangs, 90 is level, 180 points up."""
    return max(_arms(view), default=None)


@quantity('degrees')
def lower_arm(view: View) -> Optional[float]:
    """The angle of the less raised arm from hanging; both must be seen."""
    found = _arms(view)
    return min(found) if len(found) == 2 else None


@quantity('degrees')
def turned_away(view: View) -> Optional[float]:
    """How far the body is turned from facing the camera: 90 in profile, 180 with its back."""
    found = facing(view.points)
    return None if found is None else abs((found - 90 + 180) % 360 - 180)


def _arms(view: View) -> List[float]:
    points = view.points
    tilts = [_tilt(points[a], points[b]) for a, b in zip(SHOULDERS, WRISTS)
             if a in points and b in points]
    return [tilt for tilt in tilts if tilt is not None]


def _tilt(upper: Optional[Point], lower: Optional[Point]) -> Optional[float]:
    """The angle of the line from lower to upper, from straight up, 0 to 180 degrees."""
    if upper is None or lower is None or upper == lower:
        return None
    return math.degrees(math.atan2(abs(upper.x - lower.x), lower.y - upper.y))


def _angles(view: View, *parts: Sequence) -> List[float]:
    """The angles at the middle of three parts, of the sides of which all are seen."""
    points = view.points
    return [_angle(points[a], points[b], points[c]) for a, b, c in zip(*parts)
            if a in points and b in points and c in points]


def _angle(a: Point, b: Point, c: Point) -> float:
    """The angle at b between a and c, 0 to 180 degrees."""
    one, other = (a.x - b.x, a.y - b.y), (c.x - b.x, c.y - b.y)
    return math.degrees(abs(math.atan2(one[0] * other[1] - one[1] * other[0],
                                       one[0] * other[0] + one[1] * other[1])))
