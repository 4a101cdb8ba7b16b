"""Gives poses lasting identities; knows keypoints, no pictures.

    tracker = PoseTracker(smooth=True)
    people = tracker.update(poses, frame.time)  # {1: Pose, 2: Pose}
"""
import itertools
import math
from typing import Iterator, List, Optional, Sequence, Tuple

from posesuite.pose.common_motion import FREEDOM, CommonMotion
from posesuite.pose.pace import Pace
from posesuite.pose.pose import Keypoint, People, Point, Pose
from posesuite.pose.skeleton import KEYPOINT_TYPES
from posesuite.pose.skeleton import KeypointType as K
from posesuite.pose.smoothing import OneEuroFilter

import numpy as np

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
OUTLIER = 3.0  # standard deviations beyond which a pose counts less
MIN_LIKELIHOOD = 0.002  # likelihood below which a pose belongs to nobody known
MIN_FAINT = 0.05  # the same of a faint pose
# Factor of the likelihood that a pose is of somebody whom the frame before did not show: who is
# hidden, or has gone, mostly stays so, and must not take the pose of a person beside them.
LOST = 0.02
# Distance and size difference within which a pose still belongs to somebody whom no pose fits.
NEAR, NEAR_SIZE = 1.0, 0.7
NEAR_SPREAD = 3.0  # standard deviations of the prediction by which NEAR grows
JUMP_SPREAD = 2.0  # standard deviations of the camera's jumps by which it grows, too
SHAPE_TIME = 0.3  # seconds, time constant of a person's proportions
MIN_TORSO = 8.0  # pixels that a torso is assumed to have at least


class PoseTracker:
    """Follows people from frame to frame.

    smooth: steady the keypoints; their scores do not change.
    ids: the numbers that people get, which the trackers of several cameras may share.
    """

    def __init__(self, smooth: bool = False, ids: Optional[Iterator[int]] = None) -> None:
        self._smooth = smooth
        self._time: Optional[float] = None
        self._pace, self._camera = Pace(), CommonMotion()
        self._people: List[_Person] = []
        self._ids = itertools.count(1) if ids is None else ids

    def update(self, poses: List[Pose], time: float, faint: Sequence[Pose] = ()) -> People:
        """Returns the poses of a frame by the ids of their persons.

        Ids count from 1 and are never given twice, not even to somebody who comes back.

        faint: further poses, too unsure to be anybody new and not returned. They tell where people
        are who were found before.
        time: of the frame in seconds. When it jumps back, or far ahead, nobody is known any more.
        """
        step = 0.0 if self._time is None else time - self._time
        before, self._time = self._time, time
        if not self._pace.add(step):
            self._people.clear()
        self._people = [person for person in self._people
                        if time - person.seen <= self._pace.memory]
        for person in self._people:
            person.predict(step)
        seen = [_Seen(pose) for pose in poses]
        offsets = self._offsets(seen, step)
        found = self._match(offsets, before)
        people = {}
        for j, (pose, i) in enumerate(zip(poses, found)):
            if i is None:
                person = _Person(next(self._ids), seen[j], time)
                self._people.append(person)
            else:
                person = self._people[i]
                person.correct(seen[j], offsets[i, j], time)
            people[person.id] = _moved(pose, person.smooth.points) if self._smooth else pose
        self._follow([_Seen(pose) for pose in faint], time)
        return people

    def _follow(self, faint: 'List[_Seen]', time: float) -> None:
        """Updates those who were not found by the faint poses that are surely theirs."""
        lost = [person for person in self._people if person.seen < time]
        if lost and faint:
            offsets = _offsets(lost, faint)
            for i, j in _best_first(_likely(lost, offsets), MIN_FAINT):
                lost[i].correct(faint[j], offsets[i, j], time)

    def _offsets(self, seen: 'List[_Seen]', step: float) -> np.ndarray:
        """Of each pose from each person, [N, M, 3]: x, y in torsos, and the logarithm of the sizes'
        ratio. Persons are first moved by what the camera moved.
        """
        if not self._people or not seen:
            return np.zeros((len(self._people), len(seen), 3))
        offsets = _offsets(self._people, seen)
        torsos = np.array([person.torso for person in self._people])
        scales = np.stack([torsos, torsos, np.ones_like(torsos)], axis=1)[:, None]
        shift = self._camera.find(offsets * scales, torsos, np.sqrt(_variances(self._people)), step)
        for person in self._people:
            person.shift(shift)
        return offsets - np.append(shift, 0) / scales

    def _match(self, offsets: np.ndarray, before: Optional[float]) -> List[Optional[int]]:
        """The index of each pose's person, None for a new one: likely pairs first, then near ones.

        before: time of the frame before.
        """
        found: List[Optional[int]] = [None] * offsets.shape[1]
        if not offsets.size:
            return found
        likely = _likely(self._people, offsets)
        worth = likely * [[1.0 if person.seen == before else LOST] for person in self._people]
        pairs = _exchanged(_best_first(np.where(likely > MIN_LIKELIHOOD, worth, 0), 0), worth)
        gaps = np.hypot(offsets[..., 0], offsets[..., 1])
        reach = np.array([[person.reach] for person in self._people]) + (
            JUMP_SPREAD * self._camera.jump)
        near = np.where((gaps < reach) & (np.abs(offsets[..., 2]) < NEAR_SIZE), 1 / (1 + gaps), 0)
        for i, j in pairs:
            near[i], near[:, j] = 0, 0
        for i, j in pairs + _best_first(near, 0):
            found[j] = i
        return found


def _variances(people: 'List[_Person]') -> np.ndarray:
    """Of the offsets of each person's poses, [N], squared torsos."""
    return np.array([person.variance for person in people]) + NOISE ** 2


def _likely(people: 'List[_Person]', offsets: np.ndarray) -> np.ndarray:
    """The likelihoods of offsets [N, M, 3] of M poses from N people: [N, M]."""
    variances = _variances(people)[:, None]
    return (1 + (offsets ** 2).sum(axis=2) / variances / FREEDOM) ** (-(FREEDOM + 3) / 2) / (
        2 * math.pi * variances) ** 1.5


def _best_first(worth: np.ndarray, least: float) -> List[Tuple[int, int]]:
    """Pairs of a row and a column of more worth than `least`, each in one pair at most."""
    worth = worth.copy()
    pairs: List[Tuple[int, int]] = []
    while True:
        i, j = divmod(int(np.argmax(worth)), worth.shape[1])
        if worth[i, j] <= least:
            return pairs
        pairs.append((i, j))
        worth[i], worth[:, j] = 0, 0


def _exchanged(pairs: List[Tuple[int, int]], likely: np.ndarray) -> List[Tuple[int, int]]:
    """The same pairs, but two of them exchange poses wherever that is likelier for both at once."""
    pairs = list(pairs)
    for _ in pairs:  # more rounds are hardly ever of use
        before = list(pairs)
        for a in range(len(pairs)):
            for b in range(a):
                (i, j), (k, m) = pairs[a], pairs[b]
                if likely[i, m] * likely[k, j] > 1.001 * likely[i, j] * likely[k, m]:
                    pairs[a], pairs[b] = (i, m), (k, j)
        if pairs == before:
            break
    return pairs


def _offsets(people: 'List[_Person]', seen: 'List[_Seen]') -> np.ndarray:
    """Of M poses from N persons, [N, M, 3]: x, y in torsos, the logarithm of the sizes' ratio."""
    shapes = np.stack([person.shape for person in people])[:, None]  # [N, 1, pair, 2]
    places = np.stack([person.place for person in people])[:, None, None]
    torsos = np.array([person.torso for person in people])[:, None, None, None]
    middles = np.stack([pose.middles for pose in seen])  # [M, pair, 2]
    weights = np.minimum(np.stack([person.weights for person in people])[:, None],
                         np.stack([pose.weights for pose in seen]))
    weights /= weights.sum(axis=2, keepdims=True)  # [N, M, pair]
    away = (middles - shapes - places) / torsos
    sizes = np.log(_spread(middles, weights) / _spread(shapes, weights)) / 2
    return np.concatenate([_median(away, weights), sizes[..., None]], axis=2)


def _spread(points: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The weighted variance of points [.., K, 2], weights [.., K], around their mean, pixels²."""
    mean = (weights[..., None] * points).sum(axis=-2, keepdims=True)
    return (weights * ((points - mean) ** 2).sum(axis=-1)).sum(axis=-1) + 1


def _median(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The weighted median [N, M, 2] of values [N, M, K, 2]; weights [N, M, K] add up to 1."""
    order = values.argsort(axis=2)
    below = np.take_along_axis(np.broadcast_to(weights[..., None], values.shape), order,
                               axis=2).cumsum(axis=2) < .5
    middle = np.minimum(below.sum(axis=2, keepdims=True), values.shape[2] - 1)
    return np.take_along_axis(np.take_along_axis(values, order, axis=2), middle, axis=2)[:, :, 0]


class _Seen:
    """What a pose shows of its person."""

    def __init__(self, pose: Pose) -> None:
        keypoints = np.array([(*point, score) for point, score in pose.keypoints.values()])
        self.points = keypoints[:, :2]
        self.middles = (keypoints[LEFT, :2] + keypoints[RIGHT, :2]) / 2
        self.weights = WEIGHTS * np.minimum(keypoints[LEFT, 2], keypoints[RIGHT, 2]) + 1e-3
        self.centre = self.weights @ self.middles / self.weights.sum()


class _Person:
    """Where someone is, and how fast: a Kalman filter, the same for x, y and size.

    Attributes: id; seen, the time of the latest pose; weights of the pairs [K], as that shows them;
    smooth, the filter of the keypoints.
    """

    def __init__(self, id: int, seen: _Seen, time: float) -> None:
        self.id, self.seen, self.weights = id, time, seen.weights
        self.smooth = OneEuroFilter(seen.points)
        self._place = np.append(seen.centre, 0)  # x, y in pixels, logarithm of the size since then
        self._speed = np.zeros(3)  # of the place, a second
        self._variance = np.diag([NOISE ** 2, START_SPEED ** 2])  # of place and speed
        self._shape = seen.middles - seen.centre  # proportions at the first size, pixels
        self._torso = max(MIN_TORSO, float(np.hypot(*(self._shape[SHOULDERS] - self._shape[HIPS]))))

    @property
    def place(self) -> np.ndarray:
        """x, y in pixels."""
        return self._place[:2]

    @property
    def shape(self) -> np.ndarray:
        """The pairs' middles [K, 2] from the place, in pixels."""
        return self._shape * math.exp(self._place[2])

    @property
    def torso(self) -> float:
        """Its length in pixels."""
        return self._torso * math.exp(self._place[2])

    @property
    def variance(self) -> float:
        """Of the place, squared torsos."""
        return float(self._variance[0, 0])

    @property
    def reach(self) -> float:
        """The largest distance of a pose of theirs, in torsos."""
        return NEAR + NEAR_SPREAD * math.sqrt(self.variance)

    def shift(self, pixels: np.ndarray) -> None:
        """Moves the person by what the camera moved."""
        self._place = self._place + np.append(pixels, 0)

    def predict(self, step: float) -> None:
        """Moves the person on by `step` seconds."""
        self._place = self._place + step * self._speed
        move = np.array([[1, step], [0, 1]])
        self._variance = move @ self._variance @ move.T + ACCELERATION ** 2 * np.array(
            [[step ** 3 / 3, step ** 2 / 2], [step ** 2 / 2, step]])

    def correct(self, seen: _Seen, offset: np.ndarray, time: float) -> None:
        """Updates the person by their pose and its offset."""
        doubt = offset @ offset / (self.variance + NOISE ** 2) / OUTLIER ** 2
        gain = self._variance[0] / (self.variance + NOISE ** 2 * max(1.0, doubt))
        self._variance = self._variance - np.outer(gain, self._variance[0])
        torso = self.torso
        offset = offset * (torso, torso, 1)
        self._place = self._place + gain[0] * offset
        self._speed = self._speed + gain[1] * offset

        step, self.seen = time - self.seen, time
        shape = (seen.middles - self.place) / math.exp(self._place[2])
        share = step / (step + SHAPE_TIME)
        shown = (seen.weights / WEIGHTS)[:, None]
        self._shape = self._shape + share * shown * (shape - self._shape)
        self.weights = self.weights + share * (seen.weights - self.weights)
        self.smooth.update(seen.points, step, torso)


def _moved(pose: Pose, points: np.ndarray) -> Pose:
    return Pose({part: Keypoint(Point(*point), pose.keypoints[part].score)
                 for part, point in zip(KEYPOINT_TYPES, points.tolist())}, pose.score, pose.box)
