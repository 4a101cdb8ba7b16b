"""How a room looks, which distinguishes a moved camera from people and lights."""
from typing import Tuple

import cv2
import numpy as np

COLUMNS = 16  # squares in a row of the image
SQUARE = 20  # width of a square in pixels, after the image was scaled to COLUMNS of them
MIN_CONTRAST = 4.0  # levels of 255, standard deviation below which a square is too plain to compare
UNCHANGED = 25  # % of the squares that must look as before
MIN_CORRELATION = 0.85  # lowest correlation of a square that looks as before


class Structure:
    """The squares of an image of a room, compared regardless of brightness and contrast.

    People and lights leave some squares as they are; a camera that was moved leaves none.
    """

    def __init__(self, image: np.ndarray, unknown: np.ndarray) -> None:
        """image: uint8 [Y, X, RGB]; unknown: bool [Y, X], where the image does not show the room.
        """
        self._squares, contrast = _normalize(_cut(image))
        hidden = _cut(np.repeat(np.uint8(unknown)[:, :, None] * 255, 3, axis=2)).any(1)
        self._used = (contrast >= max(MIN_CONTRAST, np.median(contrast))) & ~hidden

    def is_in(self, image: np.ndarray) -> bool:
        """Whether an image of the same size shows this room; True for a room without structure."""
        squares, _ = _normalize(_cut(image))
        correlations = (squares * self._squares).sum(1)[self._used]
        return (not correlations.size
                or np.percentile(correlations, 100 - UNCHANGED) >= MIN_CORRELATION)


def _cut(image: np.ndarray) -> np.ndarray:
    """The squares of an image, uint8 [Y, X, RGB], row by row: grey levels [N, SQUARE ** 2]."""
    rows = max(1, round(COLUMNS * image.shape[0] / image.shape[1]))
    small = cv2.resize(image, (COLUMNS * SQUARE, rows * SQUARE), interpolation=cv2.INTER_AREA)
    grey = np.float32(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY))
    squares = grey.reshape(rows, SQUARE, COLUMNS, SQUARE).swapaxes(1, 2)
    return squares.reshape(-1, SQUARE ** 2)


def _normalize(squares: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """Squares with mean 0 and length 1, [N, SQUARE ** 2], and their contrast, the standard
    deviation in levels of 255, [N].
    """
    squares = squares - squares.mean(1, keepdims=True)
    length = np.linalg.norm(squares, axis=1)
    return squares / np.maximum(length, 1)[:, None], length / SQUARE
