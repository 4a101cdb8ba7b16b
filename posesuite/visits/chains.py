"""Joins visits of which one begins where another has just ended: somebody was lost from sight for a
moment, behind a pillar or in a crowd. All numbers count the person once.
"""
from typing import Optional, Tuple

import numpy as np

LOST = 4.0  # seconds for which somebody may be lost
FASTER = 1.3  # times their pace before, to which they may have hurried on meanwhile
OFF, OFF_A_SECOND = 0.5, 0.2  # heights of a person that they may be off that way, and each second
MOVES = 0.15  # heights, on the first or last part of a visit; who moves less may go anywhere
STRAIGHT = 0.7  # cosine of the largest turn of others, which who leaves and who enters exceed
ENDS = 2  # positions of that part
FORESHORTENED = 0.5  # length of a way towards the camera in the picture, of the same way across


def chains(visit: np.ndarray, when: np.ndarray, points: np.ndarray, height: np.ndarray,
           size: Tuple[int, int], feet: Optional[np.ndarray] = None) -> np.ndarray:
    """The number of the chain of each visit, [visits]; that of its first visit.

    visit: index of the visit of each position, [n] by visit and time. when: seconds. points: feet,
    [n, 2] in thousandths. height: thousandths. size: width and height of the picture.
    feet: whether they are seen, bool [n].
    """
    count = int(visit.max(initial=-1)) + 1
    chain = np.arange(count)
    if not count:
        return chain
    places = points * size / (1, FORESHORTENED) / 1000
    tall = np.maximum(height * (size[1] / 1000), 1)  # as int16, the product would overflow
    first = np.searchsorted(visit, np.arange(count))
    last = np.searchsorted(visit, np.arange(count), 'right') - 1
    has = last >= first
    first = np.minimum(first, len(visit) - 1)
    enters, leaves = first.copy(), last.copy()  # the positions next to those whose feet are seen
    for step in range(ENDS, -1, -1) if feet is not None else ():
        for at, near in ((enters, first + step), (leaves, last - step)):
            near = np.clip(near, first, np.maximum(last, first))
            at[feet[near]] = near[feet[near]]
    comes = places[np.minimum(enters + ENDS, last)] - places[enters]
    before = np.maximum(leaves - ENDS, first)
    goes = places[leaves] - places[before]
    pace = goes / np.maximum(when[leaves] - when[before], 0.5)[:, None]  # pixels a second
    order = np.flatnonzero(has)[np.argsort(when[first[has]], kind='stable')]
    begins, found = when[first[order]], []
    for one in np.flatnonzero(has):
        end = when[last[one]]
        low, high = np.searchsorted(begins, (end, end + LOST), 'right')
        for other in order[low:high]:
            here, there = enters[other], leaves[one]
            scale = (tall[there] + tall[here]) / 2
            seconds = when[here] - when[there]
            way = FASTER * seconds * pace[one]
            moved = places[here] - places[there]
            part = np.clip(moved @ way / max(way @ way, 1e-9), 0, 1)
            off = np.hypot(*(moved - part * way)) / scale
            paces = np.hypot(*comes[other]), np.hypot(*goes[one])
            turns = min(paces) > MOVES * scale and (
                comes[other] @ goes[one] < STRAIGHT * paces[0] * paces[1])
            if not turns and off <= OFF + OFF_A_SECOND * seconds:
                found.append((off + seconds, one, other))
    followed, preceded = set(), set()
    after = {}
    for _, one, other in sorted(found):  # the nearest first
        if one not in followed and other not in preceded:
            followed.add(one)
            preceded.add(other)
            after[other] = one
    for other in order:  # who was there before has its chain already
        if other in after:
            chain[other] = chain[after[other]]
    return chain
