"""Attention: who passed an area or display, stopped there, faced it, and reached into it.

Who stands in an area is at it; a display, which may hang on a wall, has people at it who are near
its polygon in the picture. Directions are those of body.facing, seen from above.
"""
from typing import List, NamedTuple, Optional, Sequence, Tuple

from posesuite.visits.areas import Area
from posesuite.visits.floor import Floor
from posesuite.visits.rows import DIRECTIONS, NOT_RECORDED
from posesuite.visits.statistics import AreaUse, Attention, Room

import cv2
import numpy as np

NEAR = 0.6  # heights of a person from a display; who is nearer is at it
STOP = 3.0  # seconds of standing that are a stop
FACE = 2.0  # seconds, while they stand there, for which people who face it are turned to it
REACH = 2.0  # seconds, while they stand there, for which people who reach have a wrist in it
TURNED = 45.0  # degrees from the direction to it, at most
# Lengths on the floor towards the camera look shorter than those across; so much where nothing is
# known of the floor, as seen from 30 degrees above.
FORESHORTENED = 0.5
# Hands that hang: at most so far aside from the feet, and from so high to so high, in heights. They
# cover what lies behind the person, and reach for nothing.
ASIDE, HANG = 0.3, (0.2, 0.6)
STEP = 10  # thousandths, by which directions on the floor are found
EDGE = 2  # thousandths around an area that belong to it, at most


class Stage(NamedTuple):
    """What visits did at an area. name: of the field of Attention; visits, share: NaN if they are
    fewer than min_visits, or not known. share: of all visits who passed, as far as that was
    recorded; of passed, of all visits.
    """
    name: str
    visits: float
    share: float


class Seen(NamedTuple):
    """Positions by visit and time, all arrays of n."""
    visit: np.ndarray  # index of the visit
    points: np.ndarray  # feet, [n, 2] in thousandths
    height: np.ndarray  # thousandths
    seconds: np.ndarray  # for which the person counts as being there
    still: np.ndarray  # whether the person stands
    facing: np.ndarray  # 16ths of a turn, UNKNOWN, or NOT_RECORDED
    wrists: np.ndarray  # x, y of the left and the right one in hundredths, or negative [n, 2, 2]


def stages(room: Room, use: AreaUse, min_visits: int) -> Tuple[Stage, ...]:
    """What visits did at an area, from passing by to reaching."""
    found = use.attention
    everybody = len(room.begins), found.passed, found.recorded, found.recorded
    return tuple(
        Stage(name, *((count, count / of) if count >= max(1, min_visits) else (np.nan, np.nan)))
        for name, count, of in zip(found._fields, found, everybody))


def at_areas(areas: Sequence[Area], position: Sequence[int],
             size: Tuple[int, int]) -> List[Area]:
    """The areas and displays, not the queues, at which somebody is.

    position: x, y and height in thousandths, first of more. size: of the picture.
    """
    scale = np.array(size) / 1000
    x, y, height = position[:3]
    return [area for area in areas if area.kind != 'queue' and _is_near(
        np.array(area.polygon, float) * scale, np.array([(x, y)]) * scale,
        np.array([max(EDGE, NEAR * height if area.kind == 'display' else 0) * scale[1]]))[0]]


def is_in(area: Area, wrist: Tuple[int, int], size: Tuple[int, int]) -> bool:
    """Whether a wrist, x and y in hundredths, is in an area."""
    scale = np.array(size) / 1000
    return bool(_is_near(np.array(area.polygon, float) * scale, np.array([wrist]) * 10 * scale,
                         np.zeros(1))[0])


def find_attention(area: Area, seen: Seen, inside: np.ndarray, size: Tuple[int, int], visits: int,
                   floor: Optional[Floor] = None) -> Attention:
    """What visits did at an area.

    inside: whether the feet are in it, [n]. size: width and height of the picture. visits: their
    number.
    """
    scale = np.array(size) / 1000
    polygon = np.array(area.polygon, float) * scale
    if area.kind == 'display':
        inside = _is_near(polygon, seen.points * scale, NEAR * seen.height * scale[1])
    at = np.flatnonzero(inside)
    standing = at[seen.still[at]]
    stopped = _seconds(seen, standing, visits) >= STOP
    passed, recorded = (len(np.unique(seen.visit[which])) for which in (
        at, at[seen.facing[at] != NOT_RECORDED]))
    if not recorded:
        return Attention(passed, int(stopped.sum()), np.nan, np.nan, 0)
    turned = seen.facing[standing].astype(float) * 360 / DIRECTIONS - directions(
        seen.points[standing], _target(area), size, floor)
    turned = np.abs((turned + 180) % 360 - 180)
    turned = (turned <= TURNED) & (seen.facing[standing] >= 0)
    faced = stopped & (_seconds(seen, standing[turned], visits) >= FACE)
    reaching = standing[_reaches(polygon, seen, standing, scale)]
    reached = _seconds(seen, reaching, visits) >= REACH
    return Attention(passed, int(stopped.sum()), int(faced.sum()), int(reached.sum()), recorded)


def _reaches(polygon: np.ndarray, seen: Seen, at: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Whether a wrist is in a polygon, in pixels, at each of some positions, and does not hang."""
    wrists = seen.wrists[at].astype(float) * 10 * scale
    feet, height = seen.points[at] * scale, np.maximum(seen.height[at] * scale[1], 1)
    found = np.zeros(len(at), bool)
    for side in (0, 1):
        aside, above = (np.abs(wrists[:, side] - feet) / height[:, None]).T
        hangs = (aside <= ASIDE) & (above >= HANG[0]) & (above <= HANG[1])
        known = np.flatnonzero((wrists[:, side].min(1) >= 0) & ~hangs)
        found[known] |= _is_near(polygon, wrists[known, side], np.zeros(len(known)))
    return found


def directions(points: np.ndarray, target: Tuple[float, float], size: Tuple[int, int],
               floor: Optional[Floor]) -> np.ndarray:
    """The directions in degrees from places, [n, 2], to a target; both in thousandths.

    As body.facing: clockwise from the picture's right, 90 is towards the camera.
    """
    # Many stand at the same thousandth.
    _, first, place = np.unique(points @ (1, 2000), return_index=True, return_inverse=True)
    points = points[first]
    across, towards = ((np.array(target) - points) * size / (1, FORESHORTENED)).T
    if floor is not None:
        here, there, ahead, right = (floor.to_metres(p, size[0] / size[1]) for p in (
            points, [target], points + (0, STEP), points + (STEP, 0)))
        ahead = (ahead - here) / np.linalg.norm(ahead - here, axis=1, keepdims=True)
        side = np.stack([-ahead[:, 1], ahead[:, 0]], 1)
        side *= np.sign(((right - here) * side).sum(1, keepdims=True))
        known = np.isfinite(there).all() & np.isfinite(ahead).all(1) & np.isfinite(side).all(1)
        across = np.where(known, ((there - here) * side).sum(1), across)
        towards = np.where(known, ((there - here) * ahead).sum(1), towards)
    return np.degrees(np.arctan2(towards, across))[place]


def _target(area: Area) -> Tuple[float, float]:
    """Where people look who face it: its middle, or below that the lower edge of a display."""
    moments = cv2.moments(np.array(area.polygon, np.float32))
    x, y = (moments[name] / moments['m00'] for name in ('m10', 'm01'))
    if area.kind == 'display':
        begins = np.array(area.polygon, float)
        (ax, ay), (bx, by) = begins.T, np.roll(begins, -1, 0).T
        crosses = (ax <= x) != (bx <= x)
        y = max((ay + (by - ay) * (x - ax) / np.where(crosses, bx - ax, 1))[crosses], default=y)
    return x, y


def _seconds(seen: Seen, at: np.ndarray, visits: int) -> np.ndarray:
    return np.bincount(seen.visit[at], seen.seconds[at], visits)


def _is_near(polygon: np.ndarray, points: np.ndarray, reach: np.ndarray) -> np.ndarray:
    """Whether points [n, 2] are in a polygon or at most reach [n] from it; all in pixels."""
    begins, ends = polygon, np.roll(polygon, -1, 0)
    inside, away = np.zeros(len(points), bool), np.full(len(points), np.inf)
    for (x, y), (to_x, to_y) in zip(begins, ends):
        along = np.array([to_x - x, to_y - y])
        part = (points - (x, y)) @ along / max(along @ along, 1e-9)
        nearest = np.clip(part, 0, 1)[:, None] * along + (x, y)
        away = np.minimum(away, np.linalg.norm(points - nearest, axis=1))
        rises = (y > points[:, 1]) != (to_y > points[:, 1])
        if to_y != y:
            inside ^= rises & (points[:, 0] < x + (points[:, 1] - y) / (to_y - y) * (to_x - x))
    return inside | (away <= reach)
