"""What a classifier sees of a pose: numbers that are the same near and far, left and right in the
picture, for tall and small people.

    values, known = features(places_of([pose]))

Each is a place of one part as seen from another, such as a wrist from its shoulder, in torsos. So a
body of which only the upper half is in the picture has the numbers of that half, and the others are
unknown.
Two more numbers say where the body faces, as body.facing has it.
"""
from typing import NamedTuple, Sequence, Tuple

from posesuite.pose.body import NOSE_AHEAD, SHOULDERS_WIDE
from posesuite.pose.pose import Pose
from posesuite.pose.skeleton import KEYPOINT_TYPES, MIRRORED, KeypointType

import numpy as np

NAME = 'places in torsos'  # of this definition, in a file
MIN_SCORE = 0.3  # lowest score of a keypoint that counts
# Lengths in torsos (0.288 of the body height: Drillis and Contini 1966, after Winter, Biomechanics
# and Motor Control of Human Movement). A part that points at the camera looks shorter, so the
# longest of what these make of the parts is nearest to the torso's length.
TORSO, THIGH, SHIN = 1.0, 0.85, 0.85
FACING_WEIGHT = 0.5  # of the numbers for facing, beside places in torsos
_K = KeypointType
ROOTS = {'shoulders': (_K.LEFT_SHOULDER, _K.RIGHT_SHOULDER), 'hips': (_K.LEFT_HIP, _K.RIGHT_HIP),
          'head': (_K.NOSE, _K.LEFT_EYE, _K.RIGHT_EYE, _K.LEFT_EAR, _K.RIGHT_EAR),
          'ears': (_K.LEFT_EAR, _K.RIGHT_EAR)}


class _Pair(NamedTuple):
    """A place as seen from another one; each is a keypoint or the middle of several."""
    part: str
    origin: str
    weight: float


def _sides(part: str, origin: str, weight: float) -> Tuple[_Pair, _Pair]:
    return tuple(_Pair(f'{side}_{part}', f'{side}_{origin}', weight) for side in ('LEFT', 'RIGHT'))


def _limb(pair: _Pair) -> int:
    if pair.part in ROOTS:
        return 4
    (side, part), (other, _) = (name.split('_') for name in (pair.part, pair.origin))
    return 5 if side != other else (side == 'RIGHT') + 2 * (part in ('KNEE', 'ANKLE'))


PAIRS = (
    _Pair('hips', 'shoulders', 2.0), _Pair('head', 'shoulders', 1.0),
    *_sides('ELBOW', 'SHOULDER', 1.0), *_sides('WRIST', 'ELBOW', 1.0),
    *_sides('WRIST', 'SHOULDER', 0.7),
    *_sides('KNEE', 'HIP', 1.0), *_sides('ANKLE', 'KNEE', 1.0), *_sides('ANKLE', 'HIP', 0.7),
    # A mirror turns these about, so they stand for their own reflection.
    _Pair('LEFT_WRIST', 'RIGHT_WRIST', 0.3), _Pair('LEFT_ANKLE', 'RIGHT_ANKLE', 0.5),
)
NAMES = tuple(f'{pair.part.lower()} from {pair.origin.lower()}, {axis}' for pair in PAIRS
              for axis in 'xy') + ('facing the camera', 'facing the right')
# Which limb each number belongs to: left and right arm, left and right leg, trunk; 5 is none.
LIMBS = np.array([_limb(pair) for pair in PAIRS for _ in 'xy'] + [5, 5])
WEIGHTS = np.array([pair.weight for pair in PAIRS for _ in 'xy'] + [FACING_WEIGHT] * 2, np.float32)


def _reflection() -> Tuple[np.ndarray, np.ndarray]:
    """Where each number of a reflected body comes from, and its sign."""
    names = [(pair.part, pair.origin) for pair in PAIRS]
    order, signs = [], []
    for i, pair in enumerate(names):
        other = tuple(name if name in ROOTS else _K(MIRRORED[_K[name]]).name for name in pair)
        within = other in names
        order += [2 * (names.index(other) if within else i) + axis for axis in (0, 1)]
        signs += [-1, 1] if within else [1, -1]
    return np.array(order + [2 * len(names), 2 * len(names) + 1]), np.array(signs + [1, -1])


ORDER, SIGNS = _reflection()


def places_of(poses: Sequence[Pose]) -> np.ndarray:
    """The places of poses, float [N, 17, 2] in pixels, NaN where a keypoint is not sure."""
    values = np.array([[(*point, score) for point, score in pose.keypoints.values()]
                       for pose in poses], float).reshape(-1, len(KEYPOINT_TYPES), 3)
    places = values[:, :, :2].copy()
    places[~((values[:, :, 2] >= MIN_SCORE) & np.isfinite(places).all(2))] = np.nan
    return places


def features(places: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """The numbers of bodies, float32 [N, len(NAMES)], and which of them are known, bool.

    places: of their keypoints, float [N, 17, 2] in pixels, NaN where one is not known. What is not
    known is 0. Without shoulders, or without any length to measure by, nothing is.
    """
    scale = torsos(places)[:, None]
    values = np.empty((len(places), len(NAMES)))
    for i, pair in enumerate(PAIRS):
        values[:, 2 * i:2 * i + 2] = (_at(places, pair.part) - _at(places, pair.origin)) / scale
    across = places[:, _K.LEFT_SHOULDER, :1] - places[:, _K.RIGHT_SHOULDER, :1]
    aside = (places[:, _K.NOSE] - _at(places, 'ears'))[:, :1]
    values[:, -2:] = np.clip(np.hstack([across / (SHOULDERS_WIDE * scale),
                                        aside / (NOSE_AHEAD * scale)]), -1, 1)
    known = np.isfinite(values)
    return np.where(known, np.clip(values, -4, 4), 0).astype(np.float32), known


def torsos(places: np.ndarray) -> np.ndarray:
    """How long the torsos must at least be, in pixels, float [N], NaN where nothing tells.

    places: float [N, 17, 2], NaN where one is not known.
    """
    shoulders, hips = _at(places, 'shoulders'), _at(places, 'hips')
    width = places[:, _K.LEFT_SHOULDER] - places[:, _K.RIGHT_SHOULDER]
    lengths = [_length(shoulders - hips) / TORSO, _length(width) / SHOULDERS_WIDE]
    for side in ('LEFT', 'RIGHT'):
        hip, knee, ankle = (places[:, _K[f'{side}_{part}']] for part in ('HIP', 'KNEE', 'ANKLE'))
        lengths += [_length(hip - knee) / THIGH, _length(knee - ankle) / SHIN]
    longest = np.fmax.reduce(lengths)
    return np.where((longest > 1) & np.isfinite(shoulders[:, 0]), longest, np.nan)


def reflected(values: np.ndarray, known: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """The numbers of somebody who moves alike in a mirror, with left and right changed over."""
    return values[:, ORDER] * SIGNS, known[:, ORDER]


def _at(places: np.ndarray, name: str) -> np.ndarray:
    """A keypoint's places, or the means of the known ones of several, float [N, 2]."""
    if name not in ROOTS:
        return places[:, _K[name]]
    some = places[:, ROOTS[name]]
    known = np.isfinite(some)
    count = known.sum(1)
    return np.where(count > 0, np.where(known, some, 0).sum(1) / np.maximum(count, 1), np.nan)


def _length(vectors: np.ndarray) -> np.ndarray:
    return np.hypot(vectors[:, 0], vectors[:, 1])
