"""Gait of one person from the ankles: steps a minute, and how alike left and right steps are.

    gait = gait_of(times, left, right, trunk, leg)

The feet's distance along the way swings once a stride; its turning points are the moments at which
one foot is farthest ahead, and from one to the next is a step.
"""
from typing import List, NamedTuple, Optional, Tuple

import numpy as np

RATE = 60.0  # samples a second that are worked with
MAX_GAP = 0.25  # seconds without sure ankles that are bridged
MIN_TIME = 1.5  # seconds of the shortest walk
SMOOTH = 0.1  # seconds over which noise is averaged
MIN_SWING = 0.12  # of the feet's distance, in legs, of somebody who walks
STEP = 0.2, 1.5  # seconds of the shortest and longest step
MAX_SPREAD = 0.35  # of the steps' durations, as a share of their mean
MIN_STEPS = 4
LONG = 1.6  # median steps, beyond which one was missed
TURN = 0.5  # share of the swing to which the feet must part for a step
PASSING = 0.07  # seconds for which the feet are nearer than that between two steps, at least
TOP = 0.94  # share of their largest distance, whose middle is the turning point
DIRECTED = 0.3  # legs of way that tell which foot is ahead
MIN_VOTE = 0.5  # agreement of a walk's turning points on that
Walk = List[Tuple[float, float]]  # turning points: time, and whether the left foot is ahead


class Gait(NamedTuple):
    """How somebody walks, each value with its standard deviation."""
    steps: int
    cadence: float  # steps a minute
    cadence_deviation: float
    symmetry: float  # of the durations of left and right steps, the shorter to the longer
    symmetry_deviation: float
    left: float  # seconds of a step that ends with the left foot ahead; NaN if that is not known
    right: float


def gait_of(times: np.ndarray, left: np.ndarray, right: np.ndarray, trunk: np.ndarray,
            leg: float) -> Optional[Gait]:
    """The gait of one person; None if they do not walk, or too little of it is sure.

    times: seconds, [n]. left, right, trunk: places of the ankles and of the hips in pixels, [n, 2],
    NaN where they are not sure. leg: length in pixels.
    """
    steps: Tuple[List[float], List[float]] = ([], [])
    known = True
    for part in _parts(times, np.isfinite(left).all(1) & np.isfinite(right).all(1)):
        for walk in _walks(times[part], (left - right)[part] / leg, trunk[part] / leg):
            # Left and right alternate, so that a few that the network has swapped change nothing.
            vote = sum(ahead * (-1) ** i for i, (_, ahead) in enumerate(walk)) / len(walk)
            known &= abs(vote) > MIN_VOTE
            for i, ((before, _), (after, _)) in enumerate(zip(walk, walk[1:])):
                steps[(i % 2 == 0) == (vote > 0)].append(after - before)
    every = steps[0] + steps[1]
    if len(every) < MIN_STEPS or min(map(len, steps)) < MIN_STEPS // 2:
        return None
    mean, spread = float(np.mean(every)), float(np.std(every))
    if spread > MAX_SPREAD * mean:
        return None
    means = [float(np.mean(side)) for side in steps]
    errors = [np.std(side, ddof=1) / np.sqrt(len(side)) / middle
              for side, middle in zip(steps, means)]
    symmetry = min(means) / max(means)
    return Gait(len(every), 60 / mean, 60 / mean ** 2 * spread / len(every) ** 0.5, symmetry,
                symmetry * float(np.hypot(*errors)), *(means if known else (np.nan, np.nan)))


def _parts(times: np.ndarray, sure: np.ndarray) -> List[np.ndarray]:
    """Indices of the sure frames of each walk without long gaps."""
    found = np.flatnonzero(sure)
    if not len(found):
        return []
    parts = np.split(found, np.flatnonzero(np.diff(times[found]) > MAX_GAP) + 1)
    return [part for part in parts if times[part[-1]] - times[part[0]] >= MIN_TIME]


def _walks(times: np.ndarray, apart: np.ndarray, trunk: np.ndarray) -> List[Walk]:
    """The turning points of some frames in a row, as they follow each other without a break.

    apart: from right to left ankle, trunk: the hips, both in legs, [n, 2].
    """
    moved = trunk[np.isfinite(trunk).all(1)]
    axis = np.linalg.svd(apart - apart.mean(0), full_matrices=False)[2][0]
    way = (moved[-1] - moved[0]) @ axis if len(moved) else 0.0
    swing = apart @ axis
    size = float(np.sqrt(2) * swing.std())
    if size < MIN_SWING:
        return []
    even = np.arange(times[0], times[-1], 1 / RATE)
    distance = _mean(np.interp(even, times, np.abs(swing)), SMOOTH)
    known = np.sign(swing * way) if abs(way) > DIRECTED else 0 * swing
    turns = [(even[0] + at / RATE, ahead) for at, ahead in _turns(
        distance, np.interp(even, times, known), TURN * size)]
    lengths = np.diff([moment for moment, _ in turns])
    usual = np.median(lengths) if len(lengths) else 0
    walks: List[Walk] = [turns[:1]]
    for turn, length in zip(turns[1:], lengths):
        if STEP[0] <= length <= STEP[1] and length < LONG * usual:
            walks[-1].append(turn)
        else:
            walks.append([turn])
    return [walk for walk in walks if len(walk) > 2]


def _turns(distance: np.ndarray, left_ahead: np.ndarray, least: float) -> Walk:
    """When the feet are farthest apart, as fractional indices, and how sure it is that the left one
    is ahead, -1 to 1. Those at the ends may be no turning points and are left out.

    distance: of the feet; left_ahead: -1 to 1, 0 if that is not known.
    """
    outside = np.flatnonzero(distance >= least)
    found = []
    for part in np.split(outside, np.flatnonzero(np.diff(outside) > PASSING * RATE) + 1):
        if len(part) and part[0] > 0 and part[-1] < len(distance) - 1:
            top = distance[part]
            weights = np.maximum(top - TOP * top.max(), 0)
            found.append((float(part @ weights / weights.sum()), float(left_ahead[part].mean())))
    return found


def _mean(values: np.ndarray, seconds: float) -> np.ndarray:
    """The moving mean; at the ends of what there is."""
    width = max(1, int(seconds * RATE)) | 1
    kernel = np.ones(width)
    if len(values) < width:
        return np.full(len(values), values.mean())
    return np.convolve(values, kernel, 'same') / np.convolve(np.ones(len(values)), kernel, 'same')
