"""One image of a room from many frames, and what moved in them."""
from typing import List, Tuple

from posesuite.privacy.evidence import CELL

import cv2
import numpy as np

# A pixel is at rest if it varies by no more than NOISE_FACTOR times the median variation.
NOISE_FACTOR = 3.0
MIN_NOISE, MAX_NOISE = 10.0, 30.0  # levels of 255, bounds of this limit
# Divisors of the width: moving pixels that are closer than the first part of it count as
# one thing, and the second part around them is excluded.
JOIN, MARGIN = 8, 20


def compose(samples: List[np.ndarray]) -> Tuple[np.ndarray, np.ndarray]:
    """The median of frames of one size, uint8 [Y, X, RGB], and where something moved, bool [Y, X].

    What movement surrounds counts as moving too: the inside of a person in plain clothes who sways
    a little never changes.
    """
    stack = np.stack(samples)
    still = np.partition(stack, len(samples) // 2, axis=0)[len(samples) // 2]
    variation = _variation(samples)
    noise = min(max(MIN_NOISE, NOISE_FACTOR * float(np.median(variation))), MAX_NOISE)
    height, width = still.shape[:2]
    moving = cv2.resize(np.uint8(variation > noise), (width, height),
                        interpolation=cv2.INTER_NEAREST)
    return still, surrounded(moving)


def surrounded(moving: np.ndarray) -> np.ndarray:
    """What moves, uint8 [Y, X] of 0 and 1, and what it surrounds, with a margin: bool [Y, X]."""
    width = moving.shape[1]
    moving = _with_rim(moving, cv2.MORPH_CLOSE, round(width / JOIN) | 1)
    moving = _with_rim(moving, cv2.MORPH_DILATE, round(width / MARGIN) | 1)
    contours = cv2.findContours(moving, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[-2]
    for contour in contours:
        cv2.fillConvexPoly(moving, cv2.convexHull(contour), 1)
    return moving > 0


def _variation(samples: List[np.ndarray]) -> np.ndarray:
    """How much the pixels of half the size vary, in levels of 255; [Y, X]."""
    height, width = samples[0].shape[:2]
    smooth = np.float32([cv2.blur(cv2.resize(image, (width // 2, height // 2),
                                             interpolation=cv2.INTER_AREA), (3, 3))
                         for image in samples])
    # A lamp that flickers and a camera that adapts change the whole image by one factor.
    sparse = smooth[:, ::4, ::4] + 1
    smooth *= np.median(sparse[:1] / sparse, axis=(1, 2))[:, None, None]
    return (smooth.max(0) - smooth.min(0)).max(2)


def _with_rim(mask: np.ndarray, operation: int, size: int) -> np.ndarray:
    """A morphological operation that also closes gaps at the image's rim. mask: uint8 [Y, X]."""
    rimmed = cv2.copyMakeBorder(mask, size, size, size, size, cv2.BORDER_CONSTANT)
    rimmed = cv2.morphologyEx(rimmed, operation, np.ones((size, size), np.uint8))
    return np.ascontiguousarray(rimmed[size:-size, size:-size])


def levels(samples: List[np.ndarray]) -> np.ndarray:
    """The mean of frames of one size, float32 [Y, X, RGB], a cell for CELL x CELL pixels.

    The noise of a camera is no more than a few tenths of a level in it.
    """
    height, width = samples[0].shape[:2]
    cells = -(-width // CELL), -(-height // CELL)
    return np.mean([cv2.resize(np.float32(image), cells, interpolation=cv2.INTER_AREA)
                    for image in samples], axis=0, dtype=np.float32)


def gain(image: np.ndarray, other: np.ndarray) -> float:
    """The factor by which an image has to be multiplied to be as bright as another, float32."""
    return float(np.median((other + 1) / (image + 1)))
