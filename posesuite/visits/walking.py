"""Who stands, who walks and how fast, and which positions are those of feet. Pure functions.

All take positions by visit and time, [n]; visit: the number of the visit of each.
"""
from typing import Optional, Tuple

import numpy as np

STILL = 0.25  # share of a person's height; who moves less from span to span stands
SPAN = 2  # positions before, and after, one at which a person may stand; 4 s in all
ON_FEET = 0.5  # share of a visit's positions with feet from which on the others do not count


def is_still(visit: np.ndarray, points: np.ndarray, height: np.ndarray,
             size: Tuple[int, int]) -> np.ndarray:
    """Whether the person stands, bool [n].

    points: feet, [n, 2] in thousandths. height: thousandths. size: of the picture.
    """
    still, around = np.zeros(len(visit), bool), 2 * SPAN
    if len(visit) > around:
        moved = np.hypot(*((points[around:] - points[:-around]) * size).T)
        still[SPAN:-SPAN] = (visit[around:] == visit[:-around]) & (
            moved < STILL * height[SPAN:-SPAN] * size[1])
    return still


def speeds(visit: np.ndarray, seconds: np.ndarray, still: np.ndarray,
           metres: Optional[np.ndarray], visits: int) -> np.ndarray:
    """The median metres a second of each visit while it walks, [visits], NaN if it does not; empty
    without metres.

    seconds: to the next position of the visit. metres: places on the floor, [n, 2]. visits: number.
    """
    if metres is None:
        return np.zeros(0)
    walks = np.flatnonzero((visit[1:] == visit[:-1]) & ~still[:-1] & (seconds[:-1] > 0))
    speed = np.hypot(*(metres[walks + 1] - metres[walks]).T) / seconds[walks]
    walks, speed = walks[np.isfinite(speed)], speed[np.isfinite(speed)]
    order = np.lexsort((speed, visit[walks]))
    first, behind = (np.searchsorted(visit[walks], np.arange(visits), side)
                     for side in ('left', 'right'))
    found = np.full(visits, np.nan)
    known = behind > first
    found[known] = speed[order][(first + behind - 1)[known] // 2]
    return found


def on_their_feet(visit: np.ndarray, feet: np.ndarray) -> np.ndarray:
    """Which positions tell where feet are, bool [n].

    Where the ankles are hidden for a moment, a position is that of a hip or a knee, and the person
    only seems to jump. Those of whom feet are hardly ever seen are taken as they are.

    feet: whether a position is that of an ankle.
    """
    if not len(visit):
        return feet
    share = np.bincount(visit, feet) / np.maximum(np.bincount(visit), 1)
    return feet | (share < ON_FEET)[visit]
