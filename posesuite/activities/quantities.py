"""What rules measure of one person: angles, heights, speeds, distances. Pure functions of a View.

    QUANTITIES['torso_tilt'].measure(View(track, tracks, {}))

Lengths are in body lengths, the height that the person has, or had, in the picture when standing
there. Angles are in degrees as the picture shows them. None where something needed is not seen.
"""
import math
from typing import Callable, Dict, Iterable, List, NamedTuple, Optional, Sequence

from posesuite.activities.track import LEG, SHIN, THIGH, TORSO, Track
from posesuite.pose.body import (
    ANKLES,
    ELBOWS,
    HIPS,
    KNEES,
    SHOULDERS,
    WRISTS,
    Points,
    chosen,
    facing,
    feet,
    has_feet,
    hips,
    middle,
    shoulders,
)
from posesuite.pose.pose import Point
from posesuite.pose.skeleton import FACE

NEAR = 1.5  # body lengths within which somebody is a neighbour
ALIKE = 1.6  # ratio of two bodies' lengths beyond which they are not at one distance
STILL_TIME = 1.0  # seconds


class View(NamedTuple):
    """One person among those of a frame."""
    track: Track
    everybody: Sequence[Track]  # this one, too
    known: Dict[str, Optional[float]]  # quantities that were measured before

    @property
    def points(self) -> Points:
        return self.track.points


class Quantity(NamedTuple):
    """Something that a rule can measure."""
    measure: Callable[[View], Optional[float]]
    unit: str
    text: str  # what it is


QUANTITIES: Dict[str, Quantity] = {}


def quantity(unit: str) -> Callable[[Callable[[View], Optional[float]]],
                                    Callable[[View], Optional[float]]]:
    """Enters a function into QUANTITIES; its docstring is the text."""
    def enter(measure: Callable[[View], Optional[float]]) -> Callable[[View], Optional[float]]:
        text = ' '.join((measure.__doc__ or '').split())
        QUANTITIES[measure.__name__] = Quantity(measure, unit, text)
        return measure
    return enter


def value_of(name: str, view: View) -> Optional[float]:
    """A quantity by its name; None if it is not known, never NaN or infinite."""
    if name not in view.known:
        value = QUANTITIES[name].measure(view)
        view.known[name] = value if value is not None and math.isfinite(value) else None
    return view.known[name]


# Heights

@quantity('body lengths')
def head_height(view: View) -> Optional[float]:
    """How far the head is above the ankles: 0.9 standing, 0.1 lying across the picture."""
    return _above(view, middle(chosen(view.points, FACE)), _feet(view))


@quantity('body lengths')
def hip_height(view: View) -> Optional[float]:
    """How far the hips are above the ankles: 0.5 standing."""
    return _above(view, hips(view.points), _feet(view))


@quantity('body lengths')
def highest_hand(view: View) -> Optional[float]:
    """How far the higher wrist is above its shoulder."""
    return max(_hands(view), default=None)


@quantity('body lengths')
def lowest_hand(view: View) -> Optional[float]:
    """How far the lower wrist is above its shoulder; both wrists must be seen."""
    found = _hands(view)
    return min(found) if len(found) == 2 else None


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
    lengths = [low.distance(top) / TORSO] + ([_mean(shins) / SHIN] if shins else [])
    return _mean(thighs) / max(1.0, _mean(lengths)) / THIGH


# Movement

@quantity('body lengths')
def descent(view: View) -> Optional[float]:
    """How far the shoulders are below their highest place within the last 0.7 seconds."""
    return view.track.descent


@quantity('body lengths')
def fall_depth(view: View) -> Optional[float]:
    """The largest descent of the last 4 seconds, plus a quarter of trunk_upright as it is now:
    whoever lies with the head towards the camera has come down in the picture more than in truth.
    """
    deepest, trunk = view.track.deepest_descent, trunk_upright(view)
    return deepest + trunk / 4 if deepest is not None and trunk is not None else None


@quantity('body lengths a second')
def speed(view: View) -> Optional[float]:
    """How fast the trunk moves, over the last second."""
    return view.track.moved('trunk', STILL_TIME)


# Angles

@quantity('degrees')
def torso_tilt(view: View) -> Optional[float]:
    """The torso's angle from upright: 0 upright, 90 level, 180 head down."""
    return _tilt(shoulders(view.points), hips(view.points))


@quantity('degrees')
def leg_tilt(view: View) -> Optional[float]:
    """The angle from upright of the line from the ankles to the hips."""
    return _tilt(hips(view.points), _feet(view))


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
def bent_elbow(view: View) -> Optional[float]:
    """The angle of the elbow that is bent more: 180 is straight."""
    return min(_angles(view, SHOULDERS, ELBOWS, WRISTS), default=None)


@quantity('degrees')
def hip_angle(view: View) -> Optional[float]:
    """The mean angle between torso and thighs: 180 is straight."""
    return _mean(_angles(view, SHOULDERS, HIPS, KNEES))


@quantity('degrees')
def hip_bend(view: View) -> Optional[float]:
    """How far the body bends at the hips between shoulders and ankles: 0 is straight, more than 0
    where the hips are higher in the picture than the straight line, less where they sag.
    """
    top, low, end = shoulders(view.points), hips(view.points), _feet(view)
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


# People

@quantity('people')
def people(view: View) -> Optional[float]:
    """How many people are in the picture."""
    return float(len(view.everybody))


@quantity('people')
def neighbours(view: View) -> Optional[float]:
    """How many others stand within 1.5 body lengths."""
    return float(sum(gap < NEAR for gap in _gaps(view)))


@quantity('body lengths')
def nearest(view: View) -> Optional[float]:
    """How far away the nearest other person stands who looks about as tall."""
    return min(_gaps(view), default=None)


def ground(track: Track) -> Optional[Point]:
    """Where somebody stands: the middle of the ankles, or else the lowest keypoint."""
    return feet(track.points)


def _gaps(view: View) -> Iterable[float]:
    """The distances of those others who look about as tall, in body lengths."""
    own, here = view.track.length, ground(view.track)
    for other in view.everybody:
        there, length = ground(other), other.length
        if (other is not view.track and own and length and here and there
                and max(own, length) / min(own, length) < ALIKE):
            yield here.distance(there) * 2 / (own + length)


def _feet(view: View) -> Optional[Point]:
    return feet(view.points) if has_feet(view.points) else None


def _above(view: View, upper: Optional[Point], lower: Optional[Point]) -> Optional[float]:
    if upper is None or lower is None or not view.track.length:
        return None
    return (lower.y - upper.y) / view.track.length


def _hands(view: View) -> List[float]:
    points, length = view.points, view.track.length
    return [(points[a].y - points[b].y) / length for a, b in zip(SHOULDERS, WRISTS)
            if length and a in points and b in points]


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


def _mean(values: Sequence[float]) -> Optional[float]:
    return sum(values) / len(values) if values else None
