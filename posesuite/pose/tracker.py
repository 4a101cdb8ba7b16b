"""Gives poses lasting identities, and steadies their keypoints; knows keypoints, no pictures.

    tracker = PoseTracker(smooth=True)
    people = tracker.update(poses, frame.time)  # {1: Pose, 2: Pose}
"""
import itertools
import math
from typing import Dict, List, Optional, Tuple

from posesuite.pose.pose import Keypoint, Point, Pose
from posesuite.pose.skeleton import KEYPOINT_TYPES

import numpy as np

MEMORY = 1.2  # seconds that the id of someone lost waits for them
REST = 5.0  # seconds after that until a stranger may get it
LONGEST_GAP = 2.0  # seconds between frames after which nobody is known any more

# A person is followed by the middles between left and right, for these neither swing nor change
# sides as arms and legs do: parts by id, and how much each says.
LEFT, RIGHT = np.array([(0, 0), (1, 2), (3, 4), (5, 6), (11, 12), (7, 8), (13, 14)]).T
WEIGHTS = np.array([1, 1, 1, 2, 2, .5, .5])
SHOULDERS, HIPS = 3, 4  # among these middles
# x and y in torsos, and the logarithm of the size; benchmarks/tracker.py is what they are set by.
NOISE = 0.08  # standard deviation of what a pose shows
START_SPEED = 1.5  # standard deviation of a stranger's speed, a second
RESTLESS = 0.4  # how much a speed changes in a second
FREEDOM = 4.0  # of Student's t distribution, whose tails are for limbs of somebody else
DOUBTFUL = 3.0  # standard deviations: what is farther off is believed the less
STRANGER = 0.002  # likelihood below which a pose is of nobody known ...
NEAR, NEAR_SIZE = 1.0, 0.7  # ... unless the pose and a person that is nobody else's are this near
NEAR_SPREAD = 3.0  # and this many standard deviations more
SHAPE_TIME = 0.3  # seconds over which a person's proportions are averaged

# One Euro filter (Casiez et al. 2012, https://doi.org/10.1145/2207676.2208639); lengths in torsos
MIN_CUTOFF = 0.5  # Hz: of a still keypoint
BETA = 2.0  # Hz for each torso a second
SLOPE_CUTOFF = 2.0  # Hz
SMOOTH_GAP = 0.5  # seconds after which a keypoint is taken as it is


class PoseTracker:
    """Follows people from frame to frame.

    smooth: steady the keypoints; their scores stay.
    """

    def __init__(self, smooth: bool = False) -> None:
        self._smooth = smooth
        self._time: Optional[float] = None
        self._people: Dict[int, _Person] = {}
        self._freed: Dict[int, float] = {}  # when an id became free

    def update(self, poses: List[Pose], time: float) -> Dict[int, Pose]:
        """Returns the poses of a frame by the ids, from 1, of the persons that they are.

        time: of the frame in seconds; when it jumps back, or far ahead, all ids start over.
        """
        if self._time is not None and not 0 <= time - self._time <= LONGEST_GAP:
            self.__init__(self._smooth)
        step = 0.0 if self._time is None else time - self._time
        self._time = time
        for id, person in list(self._people.items()):
            if time - person.seen > MEMORY:
                del self._people[id]
                self._freed[id] = time
            else:
                person.predict(step)
        seen = [_Seen(pose) for pose in poses]
        found, offs = self._match(seen)
        result = {}
        for j, (pose, id) in enumerate(zip(poses, found)):
            if id is None:
                id = next(id for id in itertools.count(1) if id not in self._people
                          and time - self._freed.get(id, -math.inf) >= REST)
                self._people[id] = _Person(seen[j], time)
            else:
                self._people[id].correct(seen[j], offs[id, j], time)
            result[id] = _moved(pose, self._people[id].smooth) if self._smooth else pose
        return result

    def _match(self, seen: 'List[_Seen]') -> Tuple[List[Optional[int]],
                                                   Dict[Tuple[int, int], np.ndarray]]:
        """Who each pose is, None for a stranger: the likeliest pairs first, then near ones.

        Also how far off the poses are from those who they may be, by id and number of the pose.
        """
        offs = {(id, j): person.off(pose) for id, person in self._people.items()
                for j, pose in enumerate(seen) if person.may_be(pose)}
        likely = {pair: self._people[pair[0]].likelihood(off) for pair, off in offs.items()}
        gaps = {pair: math.hypot(off[0], off[1]) for pair, off in offs.items()}
        pairs = sorted((pair for pair in offs if likely[pair] > STRANGER),
                       key=likely.get, reverse=True)
        pairs += sorted((pair for pair in offs if abs(offs[pair][2]) < NEAR_SIZE
                         and gaps[pair] < self._people[pair[0]].reach), key=gaps.get)
        found: List[Optional[int]] = [None] * len(seen)
        for id, j in pairs:
            if found[j] is None and id not in found:
                found[j] = id
        return found, offs


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
        self._speed = np.zeros(3)  # a second
        self._variance = np.diag([NOISE ** 2, START_SPEED ** 2])  # of place and speed
        self._shape = seen.middles - seen.centre  # as it was at first, in pixels
        self._torso = max(8.0, float(np.hypot(*(self._shape[SHOULDERS] - self._shape[HIPS]))))
        self.seen = time
        self.smooth, self._slope = seen.points, np.zeros((17, 2))

    @property
    def reach(self) -> float:
        """How far off a pose of theirs may be, in torsos."""
        return NEAR + NEAR_SPREAD * math.sqrt(self._variance[0, 0])

    def may_be(self, seen: _Seen) -> bool:
        """Whether a pose is near enough to look closer; a centre says less than off() does."""
        x, y = seen.centre - self._place[:2]
        return math.hypot(x, y) < (self.reach + 1) * self._torso * math.exp(self._place[2])

    def predict(self, step: float) -> None:
        """Lets `step` seconds pass."""
        self._place = self._place + step * self._speed
        move = np.array([[1, step], [0, 1]])
        self._variance = move @ self._variance @ move.T + RESTLESS ** 2 * np.array(
            [[step ** 3 / 3, step ** 2 / 2], [step ** 2 / 2, step]])

    def off(self, seen: _Seen) -> np.ndarray:
        """How far off a pose is: x and y in torsos, logarithm of its size over the person's."""
        weights = np.minimum(seen.weights, self._weights)
        weights /= weights.sum()
        scale = math.exp(self._place[2])
        away = (seen.middles - self._shape * scale - self._place[:2]) / (self._torso * scale)
        ratio = _size(seen.middles, weights) / _size(self._shape * scale, weights)
        return np.array([_median(away[:, 0], weights), _median(away[:, 1], weights),
                         math.log(ratio)])

    def likelihood(self, off: np.ndarray) -> float:
        """Of a pose that is `off` by that much."""
        variance = self._variance[0, 0] + NOISE ** 2
        return (1 + off @ off / variance / FREEDOM) ** (-(FREEDOM + 3) / 2) / (
            2 * math.pi * variance) ** 1.5

    def correct(self, seen: _Seen, off: np.ndarray, time: float) -> None:
        """Takes in the pose that is theirs, and how far off it was."""
        doubt = off @ off / (self._variance[0, 0] + NOISE ** 2) / DOUBTFUL ** 2
        gain = self._variance[0] / (self._variance[0, 0] + NOISE ** 2 * max(1.0, doubt))
        self._variance = self._variance - np.outer(gain, self._variance[0])
        torso = self._torso * math.exp(self._place[2])
        off = off * (torso, torso, 1)
        self._place = self._place + gain[0] * off
        self._speed = self._speed + gain[1] * off

        step, self.seen = time - self.seen, time
        shape = (seen.middles - self._place[:2]) / math.exp(self._place[2])
        share = step / (step + SHAPE_TIME)
        shown = (seen.weights / WEIGHTS)[:, None]
        self._shape = self._shape + share * shown * (shape - self._shape)
        self._weights = self._weights + share * (seen.weights - self._weights)
        self._steady(seen.points, step, torso)

    def _steady(self, points: np.ndarray, step: float, torso: float) -> None:
        if not 0 < step <= SMOOTH_GAP:
            self.smooth, self._slope = points, np.zeros((17, 2))
            return
        slope = (points - self.smooth) / (step * torso)
        self._slope = self._slope + _share(SLOPE_CUTOFF, step) * (slope - self._slope)
        cutoff = MIN_CUTOFF + BETA * np.hypot(*self._slope.T)[:, None]
        self.smooth = self.smooth + _share(cutoff, step) * (points - self.smooth)


def _share(cutoff: np.ndarray, step: float) -> np.ndarray:
    """What a low pass of so many Hz takes of a value that comes `step` seconds after the last."""
    return 1 / (1 + 1 / (2 * math.pi * cutoff * step))


def _size(points: np.ndarray, weights: np.ndarray) -> float:
    """How far points lie from their centre, in pixels."""
    return math.sqrt(weights @ ((points - weights @ points) ** 2).sum(axis=1) + 1)


def _median(values: np.ndarray, weights: np.ndarray) -> float:
    order = values.argsort()
    return float(values[order][min(weights[order].cumsum().searchsorted(.5), len(values) - 1)])


def _moved(pose: Pose, points: np.ndarray) -> Pose:
    return Pose({part: Keypoint(Point(*point), pose.keypoints[part].score)
                 for part, point in zip(KEYPOINT_TYPES, points.tolist())}, pose.score)
