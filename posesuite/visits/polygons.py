"""Polygons and lines: whether they cross themselves, what lies in which, and how far points are."""
from typing import Any, Sequence

import cv2
import numpy as np


def crosses_itself(corners: Sequence[Sequence[float]], closed: bool = True) -> bool:
    """Whether lines from corner to corner cross or touch each other anywhere but at their ends.

    corners: x, y of each; closed: whether a line leads from the last one to the first.
    """
    points = [point for point, last in zip(corners, [None, *corners]) if point != last]
    if closed and points and points[0] == points[-1]:
        del points[-1]
    ends = np.array(points, float).reshape(-1, 2)
    begins, ends = (ends, np.roll(ends, -1, 0)) if closed else (ends[:-1], ends[1:])
    return any(_touch(begins[i], ends[i], begins[j], ends[j], j == i + 1,
                      closed and i == 0 and j == len(begins) - 1)
               for i in range(len(begins)) for j in range(i + 1, len(begins)))


def numbered(polygons: Sequence[Sequence[Sequence[float]]]) -> np.ndarray:
    """The number of the polygon, from 1, at each place in thousandths, uint8 [Y, X]; 0 is outside.

    polygons: fewer than 256, the corners of each in thousandths; the first one counts where they
    overlap.
    """
    mask = np.zeros((1000, 1000), np.uint8)
    for number, polygon in reversed(list(enumerate(polygons, 1))):
        cv2.fillPoly(mask, [np.round(polygon).astype(np.int32)], number)
    return mask


def distances(points: np.ndarray, begin: Any, end: Any) -> np.ndarray:
    """The distance of points, [n, 2], from the nearest place on the line from begin to end; [n].

    begin, end: x and y, of one line for all points or [n, 2] of a line for each.
    """
    along = np.subtract(end, begin)
    share = ((points - begin) * along).sum(-1) / np.maximum((along * along).sum(-1), 1e-9)
    return np.hypot(*(points - begin - np.clip(share, 0, 1)[:, None] * along).T)


def _touch(a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray, joined: bool,
           ringed: bool) -> bool:
    """Whether the lines ab and cd share a point; joined: apart from b = c; ringed: from a = d."""
    if joined and ringed:  # a polygon of two lines
        return True
    if joined or ringed:  # they share more only if one leads back over the other
        corner, one, other = (b, a, d) if joined else (a, b, c)
        return _side(corner, one, other) == 0 and np.dot(one - corner, other - corner) > 0
    sides = _side(a, b, c), _side(a, b, d), _side(c, d, a), _side(c, d, b)
    if sides[0] * sides[1] < 0 and sides[2] * sides[3] < 0:
        return True
    return any(side == 0 and (np.minimum(p, q) <= r).all() and (r <= np.maximum(p, q)).all()
               for side, p, q, r in zip(sides, (a, a, c, c), (b, b, d, d), (c, d, a, b)))


def _side(a: np.ndarray, b: np.ndarray, point: np.ndarray) -> float:
    """On which side of the line from a to b a point is: its sign; 0 on the line."""
    return (b[0] - a[0]) * (point[1] - a[1]) - (b[1] - a[1]) * (point[0] - a[0])
