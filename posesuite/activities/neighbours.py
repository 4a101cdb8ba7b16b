"""k nearest neighbours: which samples a body is like, how like, and when it is like none.

The distance of two bodies is in torsos: the root of the mean square by which the places of their
parts differ, where the limb that differs most counts a quarter of all. So somebody with one
arm up is far from somebody with none up, and one wrong keypoint of many is little. Parts that are
not known make the distance longer.
"""
from typing import List, NamedTuple

from posesuite.activities.features import LIMBS, NAMES, WEIGHTS, turned

import numpy as np

NEIGHBOURS = 3  # samples of a label whose mean distance counts
WORST_LIMB = 0.25  # weight of the limb that differs most, beside all together
MIN_SHARED = 0.5  # share of what is known of a sample that must be known of the body, too
MISSING = 0.03  # square torsos that count for what is not known of the body, if that is all
MIN_KNOWN = 0.3  # share of all numbers that must be known of both
FAR = 9.0  # torsos, where too little is known to compare
CHUNK = 512  # bodies that are compared at once
MAX_SAMPLES = 160  # of a label that are kept
TURNS = -15, 15  # degrees by which a sample is known to turn, too
NEAR = 0.03  # torsos between samples of which one is enough


class Bodies(NamedTuple):
    """The numbers of some bodies."""
    values: np.ndarray  # float32 [N, len(NAMES)]
    known: np.ndarray  # how sure they are, 0 to 1, float32

    def chosen(self, which: np.ndarray) -> 'Bodies':
        return Bodies(self.values[which], self.known[which])

    @property
    def usable(self) -> np.ndarray:
        """Of which enough is known to compare them, bool [N]."""
        return self.known @ WEIGHTS >= MIN_KNOWN * WEIGHTS.sum()

    @classmethod
    def joined(cls, several: List["Bodies"]) -> 'Bodies':
        return cls(*(np.concatenate(parts) for parts in zip(*several)))


NOBODY = Bodies(*np.zeros((2, 0, len(NAMES)), np.float32))


def with_turns(samples: Bodies) -> Bodies:
    """Samples as they are, and turned by all TURNS, one turn after the other."""
    return Bodies.joined([samples, *(Bodies(*turned(*samples, degrees)) for degrees in TURNS)])


def distances(bodies: Bodies, samples: Bodies) -> np.ndarray:
    """How far each body is from each sample, in torsos, float32 [bodies, samples]."""
    parts = [_distances(bodies.chosen(slice(start, start + CHUNK)), samples)
             for start in range(0, len(bodies.values), CHUNK)]
    return np.concatenate(parts) if parts else np.zeros((0, len(samples.values)), np.float32)


def _distances(bodies: Bodies, samples: Bodies) -> np.ndarray:
    total = shared = worst = np.zeros((len(bodies.values), len(samples.values)), np.float32)
    for limb in range(6):
        at = np.flatnonzero(limb == LIMBS)
        weights = WEIGHTS[at]
        a, b = bodies.values[:, at], samples.values[:, at]
        known_a, known_b = bodies.known[:, at] * weights, samples.known[:, at]
        both = known_a @ known_b.T
        squares = ((a * a * known_a) @ known_b.T + known_a @ (b * b * known_b).T
                   - 2 * (a * known_a) @ (b * known_b).T).clip(0)
        total, shared = total + squares, shared + both
        if limb < 5:
            enough = both > 0.3 * weights.sum()
            worst = np.maximum(worst, np.where(enough, squares / np.maximum(both, 1e-6), 0))
    mean = total / np.maximum(shared, 1e-6)
    share = shared / np.maximum(samples.known @ WEIGHTS, 1e-6)
    found = np.sqrt((1 - WORST_LIMB) * mean + WORST_LIMB * worst
                    + MISSING * (1 - share).clip(0))
    found[(share < MIN_SHARED) | (shared < MIN_KNOWN * WEIGHTS.sum())] = FAR
    return found


def by_label(bodies: Bodies, samples: Bodies, labels: np.ndarray, count: int) -> np.ndarray:
    """The distance of each body from each of the labels 0 … count - 1, float [bodies, count].

    It is the mean of the distances from the NEIGHBOURS nearest samples. labels: int [samples].
    """
    found = np.full((len(bodies.values), count), FAR, np.float32)
    every = distances(bodies, samples)
    for label in range(count):
        own = every[:, labels == label]
        if own.shape[1]:
            k = min(NEIGHBOURS, own.shape[1])
            found[:, label] = np.partition(own, k - 1, 1)[:, :k].mean(1)
    return found


def thinned(bodies: Bodies, most: int = MAX_SAMPLES) -> np.ndarray:
    """The indices of at most so many bodies that stand for all: each next one is the farthest from
    those before, until none is farther than NEAR.
    """
    values = bodies.values * np.sqrt(WEIGHTS / WEIGHTS.mean())
    if not len(values):
        return np.zeros(0, int)
    first = int(np.argmin(((values - np.median(values, 0)) ** 2).mean(1)))
    chosen, nearest = [first], np.full(len(values), np.inf)
    while len(chosen) < most:
        nearest = np.minimum(nearest, ((values - values[chosen[-1]]) ** 2).mean(1))
        farthest = int(nearest.argmax())
        if nearest[farthest] <= NEAR ** 2:
            break
        chosen.append(farthest)
    return np.array(sorted(chosen))


