"""What rules measure of a person: heights, angles, movement, and who is near.

    value_of('torso_tilt', View(track, tracks, {}))

Lengths are in body lengths, the height that the person has, or had, in the picture when standing
there. A quantity is None where something that it needs is not seen.
"""
from typing import Iterable, Optional

from posesuite.activities import angles, heights
from posesuite.activities.heights import trunk_upright
from posesuite.activities.track import Track
from posesuite.activities.view import QUANTITIES, View, quantity, value_of
from posesuite.pose.body import feet
from posesuite.pose.pose import Point

__all__ = ['QUANTITIES', 'View', 'angles', 'ground', 'heights', 'value_of']

NEAR = 1.5  # body lengths within which somebody is a neighbour
ALIKE = 1.6  # ratio of two bodies' lengths beyond which they are not at one distance
STILL_TIME = 1.0  # seconds


@quantity('body lengths')
def descent(view: View) -> Optional[float]:
    """How far the shoulders are below their highest place within the last 0.7 seconds."""
    return view.track.descent


@quantity('body lengths')
def fall_depth(view: View) -> Optional[float]:
    """The largest descent within 0.4 seconds, of the last 3 seconds, plus 0.3 of trunk_upright
    as it is now: whoever lies with the head towards the camera has come down in the picture more
    than in truth, and whoever lies with the head away from it, less.
    """
    deepest, trunk = view.track.deepest_fall, trunk_upright(view)
    return deepest + 0.3 * trunk if deepest is not None and trunk is not None else None


@quantity('body lengths a second')
def speed(view: View) -> Optional[float]:
    """How fast the trunk moves, over the last second."""
    return view.track.moved('trunk', STILL_TIME)


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
