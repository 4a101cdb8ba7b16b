"""Who stands, who walks and how fast, and which positions are those of feet. Pure functions.

All take positions by visit and time, [n]; visit: the number of the visit of each.
"""
from typing import Optional, Tuple

import numpy as np

STILL = 0.25  # share of a person's height; who moves less from span to span stands
SPAN = 2  # positions before, and after, one at which a person may stand; 4 s in all
MIN_WAY = 2.0  # metres of walking that have a speed
MIN_SECONDS = 0.5  # from position to position; in less, noise would be speed
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


def speeds(visit: np.ndarray, when: np.ndarray, still: np.ndarray, metres: Optional[np.ndarray],
           visits: int) -> np.ndarray:
    """The metres a second of each visit while it walks, [visits]; NaN if it walks less than
    MIN_WAY; empty without metres.

    Half of the way is walked faster than that: steps in which somebody sets off or stops are short
    and hardly count.

    when: seconds. metres: places on the floor, [n, 2]. visits: number.
    """
    if metres is None:
        return np.zeros(0)
    seconds, way = np.diff(when), np.hypot(*np.diff(metres, axis=0).T)
    walks = np.flatnonzero((visit[1:] == visit[:-1]) & ~still[:-1] & np.isfinite(way)
                           & (seconds >= MIN_SECONDS))
    visit, way, seconds = visit[walks], way[walks], seconds[walks]
    order = np.lexsort((way / seconds, visit))
    visit, way, speed = visit[order], way[order], (way / seconds)[order]
    whole = np.bincount(visit, way, visits)
    walked = np.append(0, np.cumsum(way))
    begin = np.searchsorted(visit, np.arange(visits))
    found = np.full(visits, np.nan)
    known = np.flatnonzero(whole >= MIN_WAY)
    half = np.searchsorted(walked, (walked[begin] + whole / 2)[known]) - 1
    found[known] = speed[np.clip(half, begin[known], len(speed) - 1)]
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
