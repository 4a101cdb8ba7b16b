"""Which counts may be told: those of enough visits, while no other can be computed from them.

Who knows a total can subtract what is told of it. So where the rest would be of too few visits, the
smallest other count is kept back as well.
"""
from typing import Any

import numpy as np


def told(counts: Any, min_visits: int) -> np.ndarray:
    """Whether each of some counts may be told, bool, of the same shape.

    counts: visits, [n] that make up a total, or [rows, columns] that make up one a row and column.
    The last of [n], which may be today's, is kept back after the others.
    """
    counts = np.asarray(counts, float)
    shown = counts >= max(1, min_visits)
    parts = [()] if counts.ndim == 1 else [
        *((row,) for row in range(len(counts))),
        *((slice(None), column) for column in range(counts.shape[1]))]
    changed = True
    while changed:
        changed = False
        for part in parts:
            before = shown[part].sum()
            shown[part] = _told(counts[part], shown[part], min_visits)
            changed |= bool(shown[part].sum() < before)
    return shown


def blanked(counts: Any, min_visits: int) -> np.ndarray:
    """The counts, NaN in place of those that may not be told; see told."""
    return np.where(told(counts, min_visits), counts, np.nan)


def _told(counts: np.ndarray, shown: np.ndarray, min_visits: int) -> np.ndarray:
    """Of one total. shown: the counts that may be told as far as they alone matter."""
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
