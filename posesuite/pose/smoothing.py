"""Steadies keypoints: the One Euro filter, with lengths in torsos.

Casiez et al. 2012, https://doi.org/10.1145/2207676.2208639
"""
import math
from typing import Union

import numpy as np

MIN_CUTOFF = 0.5  # Hz, cutoff frequency for a still keypoint
BETA = 2.0  # Hz that the cutoff frequency rises for each torso a second
SPEED_CUTOFF = 2.0  # Hz, cutoff frequency for the speed
MAX_STEP = 0.5  # seconds between two measurements; after more the filter starts over


class OneEuroFilter:
    """Filters the keypoints of one person.

    points: the first measurement, float [N, 2], pixels.

    Attribute: points, the filtered ones.
    """

    def __init__(self, points: np.ndarray) -> None:
        self.points = points
        self._speed = np.zeros_like(points)  # torsos a second

    def update(self, points: np.ndarray, step: float, torso: float) -> None:
        """Adds a measurement.

        points: float [N, 2], pixels; step: seconds since the last one; torso: its length, pixels.
        """
        if not 0 < step <= MAX_STEP:
            self.points, self._speed = points, np.zeros_like(points)
            return
        speed = (points - self.points) / (step * torso)
        self._speed = self._speed + _gain(SPEED_CUTOFF, step) * (speed - self._speed)
        cutoff = MIN_CUTOFF + BETA * np.hypot(*self._speed.T)[:, None]
        self.points = self.points + _gain(cutoff, step) * (points - self.points)


def _gain(cutoff: Union[float, np.ndarray], step: float) -> Union[float, np.ndarray]:
    """Weight of a new value in a low-pass filter; cutoff in Hz, step in seconds."""
    return 1 / (1 + 1 / (2 * math.pi * cutoff * step))
