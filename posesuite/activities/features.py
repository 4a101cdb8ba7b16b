"""What a classifier sees of a pose: numbers that are the same near and far, left and right in the
picture, for tall and small people.

    values, known = features(places_of([pose]))

Each is a place of one part as seen from another, such as a wrist from its shoulder, in torsos. So a
body of which only the upper half is in the picture has the numbers of that half, and the others are
unknown.
Two more numbers say where the body faces, as body.facing has it.
"""
from typing import NamedTuple, Optional, Sequence, Tuple

from posesuite.pose.body import NOSE_AHEAD, SHOULDERS_WIDE
from posesuite.pose.pose import Pose
from posesuite.pose.skeleton import KEYPOINT_TYPES, MIRRORED, KeypointType

import numpy as np

NAME = 'places in torsos, the more the surer'  # of this definition, in a file
# A keypoint of a low score is often in its place: it counts the less, the less its score is, from
# nothing to all between these scores; lengths are measured between those that count half or more.
UNSURE, SURE, MEASURES = 0.1, 0.4, 0.5
RIM = 0.005  # share of the picture, at its rims, where a keypoint may stand for one outside
# Lengths in torsos (0.288 of the body height: Drillis and Contini 1966, after Winter, Biomechanics
# and Motor Control of Human Movement). A part that points at the camera looks shorter, so the
# longest of what these make of the parts is nearest to the torso's length.
TORSO, THIGH, SHIN = 1.0, 0.85, 0.85
# The lengths of limbs in torsos, as they look, by the part where they end; below 0: points back.
AHEAD = {'ELBOW': 0.59, 'WRIST': 0.47, 'KNEE': 0.78, 'ANKLE': -0.78}
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


_COLUMNS = {(pair.part, pair.origin): 2 * i for i, pair in enumerate(PAIRS)}  # of x


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


def places_of(poses: Sequence[Pose], size: Optional[Tuple[float, float]] = None) -> np.ndarray:
    """The places of poses and how sure each is, float [N, 17, 3]: x, y in pixels, 0 to 1.

    size: width and height of the picture. At its rim a keypoint may stand for one outside, and
    counts for nothing, as does one that is not finite.
    """
    values = np.array([[(*point, score) for point, score in pose.keypoints.values()]
                       for pose in poses], float).reshape(-1, len(KEYPOINT_TYPES), 3)
    places, sure = values[:, :, :2], np.clip((values[:, :, 2] - UNSURE) / (SURE - UNSURE), 0, 1)
    counts = np.isfinite(values).all(2)
    if size is not None:
        rim = RIM * np.array(size, float)
        counts &= ((places > rim) & (places < size - rim)).all(2)
    values[:, :, 2] = sure
    return np.where(counts[:, :, None], values, 0)


def features(places: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """The numbers of bodies and how sure they are, 0 to 1: both float32 [N, len(NAMES)].

    places: of their keypoints, as places_of has them. What is not known is 0. Without shoulders, or
    without any length to measure by, nothing is.
    """
    scale = torsos(places)
    values = np.zeros((len(places), len(NAMES)))
    known = np.zeros_like(values)
    for i, pair in enumerate(PAIRS):
        (part, sure), (origin, other) = _at(places, pair.part), _at(places, pair.origin)
        values[:, 2 * i:2 * i + 2] = (part - origin) / scale[:, None]
        known[:, 2 * i:2 * i + 2] = np.minimum(sure, other)[:, None]
    for i, one, other, length in ((-2, 'LEFT_SHOULDER', 'RIGHT_SHOULDER', SHOULDERS_WIDE),
                                  (-1, 'NOSE', 'ears', NOSE_AHEAD)):
        (a, sure), (b, also) = _at(places, one), _at(places, other)
        values[:, i] = np.clip((a - b)[:, 0] / (length * scale), -1, 1)
        known[:, i] = np.minimum(sure, also)
    known[np.isnan(scale)] = 0
    return (np.where(known > 0, np.clip(values, -4, 4), 0).astype(np.float32),
            known.astype(np.float32))


def torsos(places: np.ndarray) -> np.ndarray:
    """How long the torsos must at least be, in pixels, float [N], NaN where nothing tells."""
    pairs = [('shoulders', 'hips', TORSO), ('LEFT_SHOULDER', 'RIGHT_SHOULDER', SHOULDERS_WIDE)]
    for side in ('LEFT', 'RIGHT'):
        pairs += [(f'{side}_HIP', f'{side}_KNEE', THIGH), (f'{side}_KNEE', f'{side}_ANKLE', SHIN)]
    longest = np.zeros(len(places))
    for one, other, length in pairs:
        (a, sure), (b, also) = _at(places, one), _at(places, other)
        long = np.hypot(*(a - b).T) / length
        longest = np.where(np.minimum(sure, also) >= MEASURES, np.maximum(longest, long), longest)
    return np.where((longest > 1) & (_at(places, 'shoulders')[1] > 0), longest, np.nan)


def reflected(values: np.ndarray, known: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """The numbers of somebody who moves alike in a mirror, with left and right changed over."""
    return values[:, ORDER] * SIGNS, known[:, ORDER]


def turned(values: np.ndarray, known: np.ndarray, degrees: float) -> Tuple[np.ndarray, np.ndarray]:
    """The numbers of bodies that have turned on the spot by so much, to the picture's right.

    A limb that looks short points towards the camera or away from it: arms and thighs ahead, shins
    behind.
    """
    sine, cosine = np.sin(np.radians(degrees)), np.cos(np.radians(degrees))
    ahead = np.where((known[:, -2] > 0) & (values[:, -2] < 0), -1, 1)
    after = values.copy()
    for end, joint, top in (('WRIST', 'ELBOW', 'SHOULDER'), ('ANKLE', 'KNEE', 'HIP')):
        moves = []
        for side in ('LEFT', 'RIGHT'):
            total = np.zeros(len(values))
            for part, origin in ((joint, top), (end, joint)):
                at = _COLUMNS[f'{side}_{part}', f'{side}_{origin}']
                x, y = values[:, at], values[:, at + 1]
                depth = ahead * np.sign(AHEAD[part]) * np.sqrt(
                    np.maximum(AHEAD[part] ** 2 - x * x - y * y, 0))
                move = (x * (cosine - 1) + depth * sine) * (known[:, at] > 0)
                after[:, at] += move
                total += move
            after[:, _COLUMNS[f'{side}_{end}', f'{side}_{top}']] += total
            moves.append(total)
        after[:, _COLUMNS[f'LEFT_{end}', f'RIGHT_{end}']] += moves[0] - moves[1]
    after[:, -1] = np.clip(after[:, -1] + sine, -1, 1)
    return after * (known > 0), known


def _at(places: np.ndarray, name: str) -> Tuple[np.ndarray, np.ndarray]:
    """A keypoint's places, or the means of several, float [N, 2], and how sure they are [N]."""
    some = places[:, list(ROOTS.get(name, ())) or [_K[name]]]
    sure = some[:, :, 2:]
    return (some[:, :, :2] * sure).sum(1) / np.maximum(sure.sum(1), 1e-9), sure.max(1)[:, 0]
