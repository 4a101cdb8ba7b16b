"""One image of an empty room from many frames, and the views of it that the network examines."""
from typing import Iterator, List, NamedTuple, Tuple

import cv2
import numpy as np

GREY = 128  # level of 255 of what is not known

# A pixel is at rest if it varies by no more than NOISE_FACTOR times the median variation.
NOISE_FACTOR = 3.0
MIN_NOISE, MAX_NOISE = 10.0, 30.0  # levels of 255, bounds of this limit
# Divisors of the image's width: moving pixels that are closer than the first part of it count as
# one thing, and the second part around them is excluded.
JOIN, MARGIN = 8, 20

# Far below the threshold for display: people, real and rendered, who are seated, turned away, far
# off or half hidden score from 0.2 up in their best view. Things in many an empty room do so too:
# of 8 photographs without people 3 pass with Google's model, and what keeps out the others (a
# bottle, a vase, a cat) scores up to 0.7. Agreement of several views would be no remedy: it would
# let people in before these photographs pass.
EVIDENCE = 0.15  # score from which a pose may be a person
EVIDENCE_ENLARGED = 0.2  # score from which a pose in an enlarged part may be one
# Widths of the grey around the whole image, in its size, for people who are too close.
RIMS = 0, 0.5, 1
ENLARGEMENTS = 2, 3  # factors by which parts are enlarged; the parts overlap by half
# Number of views, each also mirrored.
VIEWS = 2 * (len(RIMS) + sum((2 * factor - 1) ** 2 for factor in ENLARGEMENTS))


class View(NamedTuple):
    """A picture for the network to examine."""
    image: np.ndarray  # uint8 [Y, X, RGB]
    evidence: float  # score from which a pose may be a person
    place: str  # where in the whole image, for messages: ' near 320, 240', or ''


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
    moving = _with_rim(moving, cv2.MORPH_CLOSE, round(width / JOIN) | 1)
    moving = _with_rim(moving, cv2.MORPH_DILATE, round(width / MARGIN) | 1)
    contours = cv2.findContours(moving, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[-2]
    for contour in contours:
        cv2.fillConvexPoly(moving, cv2.convexHull(contour), 1)
    return still, moving > 0


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


def views(image: np.ndarray) -> Iterator[View]:
    """An image, uint8 [Y, X, RGB], as a whole, smaller, and in parts that the network enlarges;
    each also mirrored.
    """
    height, width = image.shape[:2]
    parts = [(cv2.copyMakeBorder(image, *[round(height * rim)] * 2, *[round(width * rim)] * 2,
                                 cv2.BORDER_CONSTANT, value=(GREY,) * 3), EVIDENCE, '')
             for rim in RIMS]
    for factor in ENLARGEMENTS:
        for row in range(2 * factor - 1):
            for column in range(2 * factor - 1):
                y, x = row * height // (2 * factor), column * width // (2 * factor)
                part = image[y:y + -(-height // factor), x:x + -(-width // factor)]
                parts.append((part, EVIDENCE_ENLARGED, f' near {x + part.shape[1] // 2}, '
                                                       f'{y + part.shape[0] // 2}'))
    for part, evidence, place in parts:
        for turned in (part, part[:, ::-1]):
            yield View(np.ascontiguousarray(turned), evidence, place)
