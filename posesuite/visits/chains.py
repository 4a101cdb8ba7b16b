"""Joins visits of which one begins where another has just ended: somebody was lost from sight for a
moment, behind a pillar or in a crowd. All numbers count the person once.
"""
from typing import Dict, Optional, Set, Tuple

from posesuite.visits.floor import FORESHORTENED
from posesuite.visits.polygons import distances

import numpy as np

LOST = 4.0  # seconds for which somebody may be lost, at most
FASTER = 1.3  # times the pace before, at which they may have gone on meanwhile
# Heights of a person from the way that they would have gone on, at most: at once, and for each
# second more.
OFF, OFF_A_SECOND = 0.5, 0.2
ENDS = 2  # steps from position to position that are the first, or last, part of a visit
MOVES = 0.15  # heights of movement in that part; who moves less may go on in any direction
STRAIGHT = 0.7  # cosine of the largest angle between the directions before and after


def chains(visit: np.ndarray, when: np.ndarray, points: np.ndarray, height: np.ndarray,
           size: Tuple[int, int], feet: Optional[np.ndarray] = None) -> np.ndarray:
    """The number of the chain of each visit, [visits]; that of its first visit.

    visit: index of the visit of each position, [n] by visit and time. when: seconds. points: feet,
    [n, 2] in thousandths. height: thousandths. size: width and height of the picture.
    feet: whether they are seen, bool [n].
    """
    chain = np.arange(int(visit.max(initial=-1)) + 1)
    if not len(visit):
        return chain
    places = points * size / (1, FORESHORTENED) / 1000
    tall = np.maximum(height * (size[1] / 1000), 1)  # as int16, the product would overflow
    first = np.flatnonzero(np.append(True, visit[1:] != visit[:-1]))
    last = np.append(first[1:], len(visit)) - 1
    before = _matched(*_candidates(when, places, tall, first, last, np.ones(len(visit), bool)
                                   if feet is None else feet))
    visits = visit[first]  # those that have positions
    for other in np.argsort(when[first], kind='stable'):  # who was there before has a chain already
        if other in before:
            chain[visits[other]] = chain[visits[before[other]]]
    return chain


def _candidates(when: np.ndarray, places: np.ndarray, tall: np.ndarray, first: np.ndarray,
                last: np.ndarray, feet: np.ndarray) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs of visits of which the other may go on where the one ended, and how little they fit;
    [pairs] each.

    places, tall: of each position, in pixels. first, last: the positions at which visits begin and
    end.
    """
    order = np.argsort(when[first], kind='stable')
    low, high = (np.searchsorted(when[first[order]], when[last] + later, 'right')
                 for later in (0, LOST))
    one = np.repeat(np.arange(len(first)), high - low)
    other = order[np.arange(len(one)) - np.repeat(np.cumsum(high - low) - high, high - low)]
    enters, leaves = first.copy(), last.copy()  # the next positions where feet are seen, if any
    for step in range(ENDS, -1, -1):
        for at, near in ((enters, np.minimum(first + step, last)),
                         (leaves, np.maximum(last - step, first))):
            at[feet[near]] = near[feet[near]]
    before = np.maximum(leaves - ENDS, first)
    goes = places[leaves] - places[before]
    pace = goes / np.maximum(when[leaves] - when[before], 0.5)[:, None]  # pixels a second
    comes = places[np.minimum(enters + ENDS, last)] - places[enters]
    goes, comes, here, there = goes[one], comes[other], enters[other], leaves[one]
    scale, seconds = (tall[there] + tall[here]) / 2, when[here] - when[there]
    off = distances(places[here] - places[there], (0, 0),
                    FASTER * seconds[:, None] * pace[one]) / scale
    moves = np.hypot(*comes.T), np.hypot(*goes.T)
    turns = (np.minimum(*moves) > MOVES * scale) & (
        (comes * goes).sum(1) < STRAIGHT * moves[0] * moves[1])
    fit = ~turns & (off <= OFF + OFF_A_SECOND * seconds)
    return one[fit], other[fit], (off + seconds)[fit]


def _matched(one: np.ndarray, other: np.ndarray, misfit: np.ndarray) -> Dict[int, int]:
    """The visit before each that goes on: of all pairs those that fit best, no visit twice."""
    before: Dict[int, int] = {}
    followed: Set[int] = set()
    for i in np.lexsort((other, one, misfit)):
        if one[i] not in followed and other[i] not in before:
            followed.add(one[i])
            before[other[i]] = one[i]
    return before
