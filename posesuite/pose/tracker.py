"""Gives poses lasting identities; knows keypoints, no pictures.

    tracker = PoseTracker(smooth=True)
    people = tracker.update(poses, frame.time)  # {1: Pose, 2: Pose}
"""
import itertools
import math
from typing import Dict, List, Optional, Tuple

from posesuite.pose.pose import Keypoint, People, Point, Pose
from posesuite.pose.skeleton import KEYPOINT_TYPES
from posesuite.pose.skeleton import KeypointType as K
from posesuite.pose.smoothing import OneEuroFilter

import numpy as np

MEMORY = 1.2  # seconds for which a lost person keeps their id
QUARANTINE = 5.0  # seconds after that before a new person may get the id
MAX_GAP = 2.0  # seconds between frames; after a longer gap all ids start over

# A person is followed by the midpoints between left and right parts, because these neither swing
# nor change sides as arms and legs do.
PAIRS = ((K.NOSE, K.NOSE), (K.LEFT_EYE, K.RIGHT_EYE), (K.LEFT_EAR, K.RIGHT_EAR),
         (K.LEFT_SHOULDER, K.RIGHT_SHOULDER), (K.LEFT_HIP, K.RIGHT_HIP),
         (K.LEFT_ELBOW, K.RIGHT_ELBOW), (K.LEFT_KNEE, K.RIGHT_KNEE))
LEFT, RIGHT = np.array(PAIRS, int).T
WEIGHTS = np.array([1, 1, 1, 2, 2, .5, .5])  # weight of each pair
SHOULDERS, HIPS = 3, 4  # indices of these pairs

# Distances are in torsos, size differences are natural logarithms. benchmarks/tracker.py measures
# what these values achieve.
NOISE = 0.08  # standard deviation of a pose's place and size
START_SPEED = 1.5  # standard deviation of a new person's speed, per second
ACCELERATION = 0.4  # standard deviation of the change of speed in a second
FREEDOM = 4.0  # degrees of freedom of Student's t distribution; its tails allow for wrong limbs
OUTLIER = 3.0  # standard deviations beyond which a pose counts less
MIN_LIKELIHOOD = 0.002  # likelihood below which a pose belongs to nobody known
# Distance and size difference within which a pose still belongs to somebody whom no pose fits.
NEAR, NEAR_SIZE = 1.0, 0.7
NEAR_SPREAD = 3.0  # standard deviations of the prediction by which NEAR grows
SHAPE_TIME = 0.3  # seconds, time constant of a person's proportions
MIN_TORSO = 8.0  # pixels that a torso is assumed to have at least


class PoseTracker:
    """Follows people from frame to frame.

    smooth: steady the keypoints; their scores do not change.
    """

    def __init__(self, smooth: bool = False) -> None:
        self._smooth = smooth
        self._time: Optional[float] = None
        self._people: Dict[int, _Person] = {}
        self._freed: Dict[int, float] = {}  # time at which an id became free

    def update(self, poses: List[Pose], time: float) -> People:
        """Returns the poses of a frame by the lasting ids of their persons, which count from 1.

        time: of the frame in seconds. When it jumps back, or far ahead, all ids start over.
        """
        if self._time is not None and not 0 <= time - self._time <= MAX_GAP:
            self._time = None
            self._people.clear()
            self._freed.clear()
        self._predict(time)
        seen = [_Seen(pose) for pose in poses]
        found, offsets = self._match(seen)
        people = {}
        for j, (pose, id) in enumerate(zip(poses, found)):
            if id is None:
                id = self._free_id(time)
                self._people[id] = _Person(seen[j], time)
            else:
                self._people[id].correct(seen[j], offsets[id, j], time)
            people[id] = _moved(pose, self._people[id].smooth.points) if self._smooth else pose
        return people

    def _predict(self, time: float) -> None:
        """Moves everybody on to a time, and forgets those who have been lost for too long."""
        step = 0.0 if self._time is None else time - self._time
        self._time = time
        for id, person in list(self._people.items()):
            if time - person.seen > MEMORY:
                del self._people[id]
                self._freed[id] = time
            else:
                person.predict(step)

    def _free_id(self, time: float) -> int:
        return next(id for id in itertools.count(1) if id not in self._people
                    and time - self._freed.get(id, -math.inf) >= QUARANTINE)

    def _match(self, seen: 'List[_Seen]') -> Tuple[List[Optional[int]],
                                                   Dict[Tuple[int, int], np.ndarray]]:
        """The id of each pose, None for a new person: the likeliest pairs first, then near ones.

        Also the offsets of the poses from the persons that they may be, by id and pose's index.
        """
        offsets = {(id, j): person.offset(pose) for id, person in self._people.items()
                   for j, pose in enumerate(seen) if person.may_be(pose)}
        likely = {pair: self._people[pair[0]].likelihood(offset)
                  for pair, offset in offsets.items()}
        gaps = {pair: math.hypot(offset[0], offset[1]) for pair, offset in offsets.items()}
        pairs = sorted((pair for pair in offsets if likely[pair] > MIN_LIKELIHOOD),
                       key=likely.__getitem__, reverse=True)
        pairs += sorted((pair for pair in offsets if abs(offsets[pair][2]) < NEAR_SIZE
                         and gaps[pair] < self._people[pair[0]].reach), key=gaps.__getitem__)
        found: List[Optional[int]] = [None] * len(seen)
        for id, j in pairs:
            if found[j] is None and id not in found:
                found[j] = id
        return found, offsets


class _Seen:
    """What a pose shows of its person."""

    def __init__(self, pose: Pose) -> None:
        keypoints = np.array([(*point, score) for point, score in pose.keypoints.values()])
        self.points = keypoints[:, :2]
        self.middles = (keypoints[LEFT, :2] + keypoints[RIGHT, :2]) / 2
        self.weights = WEIGHTS * np.minimum(keypoints[LEFT, 2], keypoints[RIGHT, 2]) + 1e-3
        self.centre = self.weights @ self.middles / self.weights.sum()


class _Person:
    """Where someone is, and how fast: a Kalman filter, the same for x, y and size."""

    def __init__(self, seen: _Seen, time: float) -> None:
        self._weights = seen.weights
        self._place = np.append(seen.centre, 0)  # x, y in pixels, logarithm of the size since then
        self._speed = np.zeros(3)  # of the place, a second
        self._variance = np.diag([NOISE ** 2, START_SPEED ** 2])  # of place and speed
        self._shape = seen.middles - seen.centre  # proportions at the first size, pixels
        self._torso = max(MIN_TORSO, float(np.hypot(*(self._shape[SHOULDERS] - self._shape[HIPS]))))
        self.seen = time
        self.smooth = OneEuroFilter(seen.points)

    @property
    def reach(self) -> float:
        """The largest distance of a pose of theirs, in torsos."""
        return NEAR + NEAR_SPREAD * math.sqrt(self._variance[0, 0])

    def may_be(self, seen: _Seen) -> bool:
        """Whether a pose is near enough for offset() to be worth its time."""
        x, y = seen.centre - self._place[:2]
        return math.hypot(x, y) < (self.reach + 1) * self._torso * math.exp(self._place[2])

    def predict(self, step: float) -> None:
        """Moves the person on by `step` seconds."""
        self._place = self._place + step * self._speed
        move = np.array([[1, step], [0, 1]])
        self._variance = move @ self._variance @ move.T + ACCELERATION ** 2 * np.array(
            [[step ** 3 / 3, step ** 2 / 2], [step ** 2 / 2, step]])

    def offset(self, seen: _Seen) -> np.ndarray:
        """x and y of a pose from the person in torsos, and the logarithm of the sizes' ratio."""
        weights = np.minimum(seen.weights, self._weights)
        weights /= weights.sum()
        scale = math.exp(self._place[2])
        away = (seen.middles - self._shape * scale - self._place[:2]) / (self._torso * scale)
        ratio = _size(seen.middles, weights) / _size(self._shape * scale, weights)
        return np.array([_median(away[:, 0], weights), _median(away[:, 1], weights),
                         math.log(ratio)])

    def likelihood(self, offset: np.ndarray) -> float:
        """The likelihood of a pose at this offset."""
        variance = self._variance[0, 0] + NOISE ** 2
        return (1 + offset @ offset / variance / FREEDOM) ** (-(FREEDOM + 3) / 2) / (
            2 * math.pi * variance) ** 1.5

    def correct(self, seen: _Seen, offset: np.ndarray, time: float) -> None:
        """Updates the person by their pose and its offset."""
        doubt = offset @ offset / (self._variance[0, 0] + NOISE ** 2) / OUTLIER ** 2
        gain = self._variance[0] / (self._variance[0, 0] + NOISE ** 2 * max(1.0, doubt))
        self._variance = self._variance - np.outer(gain, self._variance[0])
        torso = self._torso * math.exp(self._place[2])
        offset = offset * (torso, torso, 1)
        self._place = self._place + gain[0] * offset
        self._speed = self._speed + gain[1] * offset

        step, self.seen = time - self.seen, time
        shape = (seen.middles - self._place[:2]) / math.exp(self._place[2])
        share = step / (step + SHAPE_TIME)
        shown = (seen.weights / WEIGHTS)[:, None]
        self._shape = self._shape + share * shown * (shape - self._shape)
        self._weights = self._weights + share * (seen.weights - self._weights)
        self.smooth.update(seen.points, step, torso)


def _size(points: np.ndarray, weights: np.ndarray) -> float:
    """The weighted spread of points [N, 2] around their centre, in pixels."""
    return math.sqrt(weights @ ((points - weights @ points) ** 2).sum(axis=1) + 1)


def _median(values: np.ndarray, weights: np.ndarray) -> float:
    """The weighted median of values [N]; the weights add up to 1."""
    order = values.argsort()
    middle = int(weights[order].cumsum().searchsorted(.5))
    return float(values[order][min(middle, len(values) - 1)])


def _moved(pose: Pose, points: np.ndarray) -> Pose:
    return Pose({part: Keypoint(Point(*point), pose.keypoints[part].score)
                 for part, point in zip(KEYPOINT_TYPES, points.tolist())}, pose.score)
