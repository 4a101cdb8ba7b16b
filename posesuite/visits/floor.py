"""The floor in metres: a homography from a camera's picture to a plan that several cameras share.

Four points of the picture whose places on the floor are known determine it. The plan is seen from
above; its x and y axis may point where they like, the same for all cameras.
"""
import itertools
from typing import Any, List, NamedTuple, Optional, Tuple

import cv2
import numpy as np

MAX_METRES = 1000  # of a coordinate on the plan, either way
# Shortest distance of each of the four points from the line through two others.
MIN_OFFSET, MIN_OFFSET_METRES = 10.0, 0.1  # thousandths, metres
MAX_STRETCH = 0.1  # metres on the floor per thousandth of the picture; farther off is unknown
ANKLE = 0.08  # metres from the floor to the ankles, which stand for feet
# Focal lengths that cameras may have, and that most do, in widths of the picture.
FOCALS, USUAL_FOCAL = np.geomspace(0.4, 2.5, 60), 0.8
USUAL = 0.003  # weight of being usual against fitting the points


class Floor(NamedTuple):
    """Where four points of a picture lie on the floor. points: x, y in thousandths of the picture;
    metres: their x, y on the plan; store: the store's file name, or ''.
    """
    points: List[Tuple[float, float]]
    metres: List[Tuple[float, float]]
    store: str

    @property
    def y_up(self) -> bool:
        """Whether the plan's y axis points up where its x axis points right, seen from above; a
        drawing of the plan without this shows the room as in a mirror.
        """
        return _turns(self.points)[0] * _turns(self.metres)[0] < 0

    def to_metres(self, points: Any, aspect: float = 4 / 3, above: float = ANKLE) -> np.ndarray:
        """Places on the plan, float [N, 2] in metres, of people's feet in the picture.

        points: [N, 2] in thousandths, as stored. aspect: the picture's width per height.
        above: how far above the floor the points are, in metres; 0 for marks on the floor itself.
        Without it a camera at 2.7 m would put ankles 3 % too far off.
        NaN for points at or near the horizon or above it, which are not on the floor.
        """
        points = np.asarray(points, float).reshape(-1, 2)
        matrix = self._matrix()
        x, y, w = matrix[:, :2] @ points.T + matrix[:, 2:]
        # The horizon is where w is 0; the four points are on the side of the floor.
        ahead = w * np.sign((matrix @ [*self.points[0], 1])[2]) > 0
        with np.errstate(divide='ignore', invalid='ignore'):
            found = np.stack([x / w, y / w], 1)
            # The derivative of the place by the point, of which this is the square of the stretch.
            stretch = sum((matrix[i, j] - found[:, i] * matrix[2, j]) ** 2
                          for i in (0, 1) for j in (0, 1)) / w ** 2
        found[~(ahead & (stretch <= MAX_STRETCH ** 2))] = np.nan
        foot, share = self._nearer(aspect, above)
        return foot + (found - foot) * share

    def to_picture(self, metres: Any, aspect: float = 4 / 3, above: float = ANKLE) -> np.ndarray:
        """The reverse: points of the picture, float [N, 2] in thousandths, of places on the plan,
        [N, 2] in metres; NaN for places behind the camera.
        """
        foot, share = self._nearer(aspect, above)
        metres = foot + (np.asarray(metres, float).reshape(-1, 2) - foot) / share
        matrix = np.linalg.inv(self._matrix())
        x, y, w = matrix @ np.column_stack([metres, np.ones(len(metres))]).T
        ahead = np.sign((matrix @ [*self.metres[0], 1])[2])
        with np.errstate(divide='ignore', invalid='ignore'):
            return np.where((w * ahead > 0)[:, None], np.stack([x / w, y / w], 1), np.nan)

    def _matrix(self) -> np.ndarray:
        """The homography from thousandths to metres, [3, 3]."""
        return cv2.getPerspectiveTransform(np.array(self.points, np.float32),
                                           np.array(self.metres, np.float32))

    def _nearer(self, aspect: float, above: float) -> Tuple[np.ndarray, float]:
        """Of what is above the floor: the place under the camera, [2] in metres, and the share of
        the way from there to the floor behind it at which it is.
        """
        if above == 0:
            return np.zeros(2), 1.0
        foot, height = self._camera(aspect)
        return foot, 1 - above / max(height, 2 * above)

    def _camera(self, aspect: float) -> Tuple[np.ndarray, float]:
        """The place under the camera, [2] in metres, and its height above the floor in metres.

        Taken from the perspective, for a lens without distortion that points to the middle of the
        picture.
        """
        centred = np.array([[.001, 0, -.5], [0, .001 / aspect, -.5 / aspect], [0, 0, 1]])  # widths
        whole = centred @ np.linalg.inv(self._matrix())
        best: Optional[Tuple[float, np.ndarray]] = None
        for focal in FOCALS:
            seen = whole / [[focal], [focal], [1]]
            right, up = (np.linalg.norm(seen[:, i]) for i in (0, 1))
            misfit = ((seen[:, 0] @ seen[:, 1] / (right * up)) ** 2 + np.log(right / up) ** 2
                      + USUAL * np.log(focal / USUAL_FOCAL) ** 2)
            if best is None or misfit < best[0]:
                best = misfit, seen / np.sqrt(right * up)
        seen = best[1] * np.sign((best[1] @ [*self.metres[0], 1])[2])  # the floor is ahead
        left, _, right = np.linalg.svd(seen[:, :2], full_matrices=False)
        axes = left @ right  # the nearest pair of axes at a right angle
        along = -axes.T @ seen[:, 2]
        return along, float(abs(np.cross(*axes.T) @ seen[:, 2]))


def floor_from(item: Any, store: str) -> Floor:
    """Checks what an areas.json lists under "floor". Raises ValueError."""
    points, metres = (item.get(key) if isinstance(item, dict) else None
                      for key in ('points', 'metres'))
    pairs = tuple(_pairs(key, value, least, most) for key, value, least, most in (
        ('points', points, 0, 1000), ('metres', metres, -MAX_METRES, MAX_METRES)))
    for key, value, least, unit in (('points', pairs[0], MIN_OFFSET, 'thousandths'),
                                    ('metres', pairs[1], MIN_OFFSET_METRES, 'm')):
        if _offset(value) < least:
            raise ValueError(f'"{key}": three of the points are in one line or too close: each '
                             f'must be {least:g} {unit} or more from the line through two others')
    signs = np.sign(_turns(pairs[0])) * np.sign(_turns(pairs[1]))
    if (signs != signs[0]).any():
        raise ValueError('"points" and "metres" do not fit each other: no camera sees these places '
                         'so; are they in the same order?')
    return Floor(*pairs, store)


def _pairs(key: str, value: Any, least: float, most: float) -> List[Tuple[float, float]]:
    if not isinstance(value, list) or len(value) != 4:
        raise ValueError(f'need "{key}", a list of 4 points')
    return [pair_from(point, least, most) for point in value]


def pair_from(point: Any, least: float = 0, most: float = 1000) -> Tuple[float, float]:
    """Checks a point of an areas.json. Raises ValueError."""
    if not (isinstance(point, list) and len(point) == 2 and all(
            isinstance(v, (int, float)) and not isinstance(v, bool) and least <= v <= most
            for v in point)):
        raise ValueError(f'need points [x, y] with numbers from {least} to {most}, '
                         f'got {point!r:.40}')
    return point[0], point[1]


def _turns(points: List[Tuple[float, float]]) -> np.ndarray:
    """Twice the signed area of each triangle of four points, [4]."""
    a, b, c = np.array(list(itertools.combinations(points, 3)), float).transpose(1, 2, 0)
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _offset(points: List[Tuple[float, float]]) -> float:
    """The least distance of one of four points from the line through two others."""
    corners = np.array(list(itertools.combinations(points, 3)), float)
    longest = np.linalg.norm(corners - np.roll(corners, 1, 1), axis=2).max(1)
    return float((np.abs(_turns(points)) / longest.clip(1e-9)).min())
