"""Heights that rules measure, in body lengths or as shares of those of somebody upright."""
from typing import List, Optional

from posesuite.activities.track import LEG, SHIN, THIGH, TORSO, UPPER_ARM
from posesuite.activities.view import View, mean, quantity
from posesuite.pose.body import (
    ANKLES,
    ELBOWS,
    HIPS,
    KNEES,
    SHOULDERS,
    WRISTS,
    chosen,
    hips,
    middle,
    shoulders,
)
from posesuite.pose.pose import Point
from posesuite.pose.skeleton import FACE

HEAD = 0.4  # torsos from the shoulders to the middle of the face
LEGS = (THIGH, HIPS, KNEES), (SHIN, KNEES, ANKLES)  # lengths in body heights, upper and lower ends
ARMS = ((UPPER_ARM, SHOULDERS, ELBOWS),)


@quantity('body lengths')
def head_height(view: View) -> Optional[float]:
    """How far the head is above the ankles: 0.9 standing, 0.1 lying across the picture. Where the
    face is not seen, the head is taken to go on from the torso.
    """
    head, top, low = middle(chosen(view.points, FACE)), shoulders(view.points), hips(view.points)
    if head is None and top and low:
        head = Point(top.x + HEAD * (top.x - low.x), top.y + HEAD * (top.y - low.y))
    return _above(view, head, view.feet)


@quantity('body lengths')
def hip_height(view: View) -> Optional[float]:
    """How far the hips are above the ankles: 0.5 standing."""
    return _above(view, hips(view.points), view.feet)


@quantity('body lengths')
def shoulder_height(view: View) -> Optional[float]:
    """How far the shoulders are above the ankles: 0.8 standing, 0 lying across the picture."""
    return _above(view, shoulders(view.points), view.feet)


@quantity('body lengths')
def highest_hand(view: View) -> Optional[float]:
    """How far the higher wrist is above its shoulder."""
    return max(_hands(view), default=None)


@quantity('body lengths')
def lowest_hand(view: View) -> Optional[float]:
    """How far the lower wrist is above its shoulder; both wrists must be seen."""
    found = _hands(view)
    return min(found) if len(found) == 2 else None


@quantity('body lengths')
def lowest_support(view: View) -> Optional[float]:
    """How far the lowest elbow or wrist is above its shoulder: less than 0 for arms that
    support.
    """
    points, length = view.points, view.track.length
    found = [points[a].y - points[b].y for parts in (ELBOWS, WRISTS)
             for a, b in zip(SHOULDERS, parts) if a in points and b in points]
    return min(found) / length if found and length else None


@quantity('body lengths')
def foot_lift(view: View) -> Optional[float]:
    """How far one ankle is above the other."""
    ends = chosen(view.points, ANKLES)
    length = view.track.length
    return abs(ends[0].y - ends[1].y) / length if len(ends) == 2 and length else None


@quantity('1 standing')
def trunk_upright(view: View) -> Optional[float]:
    """How far the shoulders are above the hips, as a share of what it is for somebody upright."""
    found = _above(view, shoulders(view.points), hips(view.points))
    return None if found is None else found / TORSO


@quantity('1 standing')
def legs_upright(view: View) -> Optional[float]:
    """How far the hips are above the ankles, or else the knees, as a share of what it is for
    somebody upright: about 0.5 when the thighs are level.
    """
    found, share = hip_height(view), LEG
    if found is None:
        found, share = _above(view, hips(view.points), middle(chosen(view.points, KNEES))), THIGH
    return None if found is None else found / share


@quantity('1 standing')
def upright(view: View) -> Optional[float]:
    """The larger of trunk_upright and legs_upright: about 1 for who stands, sits or bends, about 0
    for who lies across the picture, and less than 0.6 for who lies along the line of sight.
    """
    trunk, legs = trunk_upright(view), legs_upright(view)
    return max(trunk, legs) if trunk is not None and legs is not None else None


@quantity('1 standing')
def tallest_part(view: View) -> Optional[float]:
    """The largest of torso, thighs, shins and upper arms, each measured straight up as a share of
    what it is for somebody upright: only for who lies is it small, as who bends or crouches keeps
    the shins upright and lets the arms hang, who kneels keeps a thigh upright, who sits the torso.
    """
    points, length, trunk = view.points, view.track.length, trunk_upright(view)
    legs, arms = ([(points[b].y - points[a].y) / length / share for share, uppers, lowers in limbs
                   for a, b in zip(uppers, lowers) if length and a in points and b in points]
                  for limbs in (LEGS, ARMS))
    return max(trunk, *legs, *arms) if trunk is not None and legs else None


@quantity('difference')
def trunk_over_legs(view: View) -> Optional[float]:
    """trunk_upright less legs_upright: 0 for a straight body however it lies or stands, more for
    who sits or crouches, less for who bends or is on all fours.
    """
    trunk, legs = trunk_upright(view), legs_upright(view)
    return trunk - legs if trunk is not None and legs is not None else None


@quantity('1 standing')
def thigh_drop(view: View) -> Optional[float]:
    """How far the knees are below the hips, as a share of what it is for somebody who stands: it is
    compared with the lengths of torso and shins.
    """
    points, top, low = view.points, shoulders(view.points), hips(view.points)
    thighs = [points[b].y - points[a].y for a, b in zip(HIPS, KNEES) if a in points and b in points]
    shins = [points[a].distance(points[b]) for a, b in zip(KNEES, ANKLES)
             if a in points and b in points]
    if not thighs or not top or not low:
        return None
    lengths = [low.distance(top) / TORSO] + ([mean(shins) / SHIN] if shins else [])
    return mean(thighs) / max(1.0, mean(lengths)) / THIGH


def _above(view: View, upper: Optional[Point], lower: Optional[Point]) -> Optional[float]:
    if upper is None or lower is None or not view.track.length:
        return None
    return (lower.y - upper.y) / view.track.length


def _hands(view: View) -> List[float]:
    points, length = view.points, view.track.length
    return [(points[a].y - points[b].y) / length for a, b in zip(SHOULDERS, WRISTS)
            if length and a in points and b in points]
