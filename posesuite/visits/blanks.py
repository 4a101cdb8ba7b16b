"""Which counts may be shown: those of enough visits, if no other can be computed from them.

Whoever knows a total can subtract the counts that are shown. So where the rest would be of too few
visits, the smallest other count is left out as well.
"""
import itertools
from typing import Any, Optional, Tuple

import numpy as np


def told(counts: Any, min_visits: int, may_be: Optional[np.ndarray] = None) -> np.ndarray:
    """Whether each of some counts may be shown, bool, of the same shape.

    counts: visits, [n] that make up a total, or [rows, columns] that make up one a row and column,
    and so on for more dimensions. may_be: those that may be shown as far as the caller knows.
    The last of [n], which may be today's, is the last to be left out.
    """
    counts = np.asarray(counts, float)
    shown = counts >= max(1, min_visits)
    if may_be is not None:
        shown &= may_be
    changed = True
    while changed:
        changed = False
        for part in _totals(counts.shape):
            before = shown[part].sum()
            shown[part] = _told(counts[part], shown[part], min_visits)
            changed |= bool(shown[part].sum() < before)
    return shown


def told_of_many(counts: np.ndarray, min_visits: int,
                 may_be: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """told for several cameras, [cameras, ...], and for the sums of all, [...]: nobody can compute
    what is left out of one camera from the others and the sum, or the other way round.

    may_be: the cameras of which anything may be shown, [cameras].
    """
    of_all = told(counts.sum(0), min_visits)
    cameras = may_be.reshape(-1, *[1] * of_all.ndim)
    return told(counts, min_visits, cameras & of_all), of_all


def blanked(counts: Any, min_visits: int) -> np.ndarray:
    """The counts, NaN in place of those that may not be shown; see told."""
    return np.where(told(counts, min_visits), counts, np.nan)


def _totals(shape: Tuple[int, ...]) -> Any:
    """Indices of what makes up a total each: all that differs in one dimension alone."""
    for axis in reversed(range(len(shape))):
        yield from itertools.product(*(range(size) if other != axis else (slice(None),)
                                       for other, size in enumerate(shape)))


def _told(counts: np.ndarray, shown: np.ndarray, min_visits: int) -> np.ndarray:
    """told for the parts of one total. shown: which may be shown as far as is known."""
    shown, others = shown.copy(), np.flatnonzero(shown)
    if len(others) and others[-1] == len(counts) - 1:
        others = np.append(others[:-1][np.argsort(counts[others[:-1]], kind='stable')], others[-1])
    else:
        others = others[np.argsort(counts[others], kind='stable')]
    for other in others:
        rest = counts[~shown]
        if not (0 < rest.sum() < min_visits or (rest > 0).sum() == 1):
            break
        shown[other] = False
    return shown
