"""The latest seconds of one person: steadied keypoints, the body's length, and where it was.

    track = Track()
    track.add(pose, frame.time, (640, 480))
    track.points, track.length, track.descent
"""
from collections import deque
from typing import Any, Deque, Dict, List, NamedTuple, Optional, Tuple

from posesuite.pose.body import (
    ANKLES,
    HIPS,
    KNEES,
    SHOULDERS,
    Points,
    chosen,
    feet,
    has_feet,
    hips,
    middle,
    shoulders,
)
from posesuite.pose.pose import Point, Pose
from posesuite.pose.skeleton import KEYPOINT_TYPES

import numpy as np

MIN_SCORE = 0.3  # lowest score of a keypoint that counts
RIM = 0.005  # share of the picture, at its rims, where a keypoint may stand for one outside
STEADY = 0.21  # seconds over which the median of each keypoint is taken
MEMORY = 2.0  # seconds of places that are kept
DESCENT_TIME = 0.7  # seconds of a descent
FALL_TIME, FALLS = 0.4, 3.0  # seconds of a descent as fast as a fall, and for which it is kept
LOST_TIME = 1.2  # seconds of a descent during which the person is not found
# Of a body that stands, in body heights: shoulders to hips, hips to knees, knees to ankles, and
# shoulders to elbows (Drillis and Contini 1966, after Winter, Biomechanics and Motor Control of
# Human Movement).
TORSO, THIGH, SHIN, UPPER_ARM = 0.288, 0.245, 0.246, 0.186
LEG = THIGH + SHIN
MIN_LENGTH = 8.0  # pixels that a body has at least
LENGTH_TIME = 0.7  # seconds over whose median the length of a body may grow
# A body looks shorter when it walks away, and when it lies down along the line of sight. Who has
# the shape of somebody upright, and whose feet move, is taken to walk. The share of its length by
# which it may shrink in a second, the same if only the trunk moves, and the speeds of both:
SHRINK_WALKING, SHRINK_MOVING = 0.3, 0.1
WALKS, MOVES = 0.2, 0.15  # lengths a second
SHAPE = 0.75  # how far below each other shoulders, hips and ankles are then, of their lengths


class Place(NamedTuple):
    """Where a body was. Each point is None if it is not known."""
    time: float
    top: Optional[Point]  # the middle of the shoulders
    trunk: Optional[Point]  # the middle of shoulders and hips
    feet: Optional[Point]  # the middle of the ankles
    size: Optional[float]  # what the body's length looks like now, pixels


class Track:
    """What is known of one person now, and of the last MEMORY seconds.

    Attributes: points, the steadied places of the keypoints that are sure; pose, the latest one as
    it was found; time, of it; size, width and height of its picture; length, the pixels of the
    body's height as it is, or was, when it stands upright there, None before it is known; descent,
    how far the shoulders are below their highest place in the last DESCENT_TIME, in lengths; notes,
    what rules remember.
    """

    def __init__(self) -> None:
        self.points: Points = {}
        self.pose: Optional[Pose] = None
        self.time = float('-inf')
        self.size: Tuple[float, float] = (1, 1)
        self.length: Optional[float] = None
        self.descent: Optional[float] = None
        self.notes: Dict[Any, Any] = {}
        self._raw: Deque[Tuple[float, np.ndarray]] = deque()
        self._places: Deque[Place] = deque()
        self._falls: Deque[Tuple[float, float]] = deque()  # times, lengths

    def add(self, pose: Pose, time: float, size: Tuple[float, float]) -> None:
        """Adds the pose of a later frame. time: seconds; size: of the picture, pixels."""
        step, self.time, self.size, self.pose = time - self.time, time, size, pose
        self._raw.append((time, _sure(pose, size)))
        while time - self._raw[0][0] > STEADY:
            self._raw.popleft()
        self.points = _median([places for _, places in self._raw])
        self._places.append(self._place(time))
        while time - self._places[0].time > MEMORY:
            self._places.popleft()
        self._measure(min(step, MEMORY))
        self.descent, fast = self._descent(DESCENT_TIME), self._descent(FALL_TIME)
        if fast is not None:
            self._falls.append((time, fast))
        while self._falls and time - self._falls[0][0] > FALLS:
            self._falls.popleft()

    @property
    def deepest_fall(self) -> Optional[float]:
        """The largest descent within FALL_TIME, of the last FALLS seconds, in lengths."""
        return max((depth for _, depth in self._falls), default=None)

    def is_near(self, pose: Pose, time: float) -> bool:
        """Whether a pose can be this person's: near enough to where they were."""
        before = next((place.trunk for place in reversed(self._places) if place.trunk), None)
        now = middle([point for point, score in pose.keypoints.values() if score >= MIN_SCORE])
        if before is None or now is None or self.length is None:
            return True
        return now.distance(before) < self.length * (1.0 + 2.0 * max(0.0, time - self.time))

    def moved(self, what: str, seconds: float) -> Optional[float]:
        """How far something ('trunk' or 'feet') is from where it was, in lengths a second."""
        now = getattr(self._places[-1], what)
        for place in self._places:
            before = getattr(place, what)
            if before and self.time - place.time <= seconds and now and self.length:
                passed = self.time - place.time
                if passed < seconds / 2:
                    return None
                return now.distance(before) / self.length / passed
        return None

    def _descent(self, seconds: float) -> Optional[float]:
        """How far the shoulders are below their highest place of so many seconds, in lengths."""
        now = self._places[-1].top
        if now is None or not self.length:
            return None
        begin = self.time - seconds
        if len(self._places) > 1:  # nobody was found for a while, as networks miss who tumbles
            begin = min(begin, max(self._places[-2].time, self.time - LOST_TIME))
        return (now.y - min(place.top.y for place in self._places
                            if place.top and place.time >= begin)) / self.length

    def _place(self, time: float) -> Place:
        top, low = shoulders(self.points), hips(self.points)
        return Place(time, top, middle([top, low]) if top and low else None,
                     feet(self.points) if has_feet(self.points) else None, _size(self.points))

    def _measure(self, step: float) -> None:
        """Updates the length."""
        sizes = sorted(place.size for place in self._places
                       if place.size and self.time - place.time <= LENGTH_TIME)
        if not sizes:
            return
        size = max(MIN_LENGTH, sizes[len(sizes) // 2])
        if self.length is None:
            self.length = size
            return
        shrinks = (0.0 if not self._is_upright(size) else
                   SHRINK_WALKING if (self.moved('feet', 1.0) or 0) > WALKS else
                   SHRINK_MOVING if (self.moved('trunk', 1.0) or 0) > MOVES else 0.0)
        self.length = max(size, self.length * (1 - shrinks * step))

    def _is_upright(self, size: float) -> bool:
        """Whether somebody of this length stands or walks, by the shape alone."""
        top, low, end = shoulders(self.points), hips(self.points), self._places[-1].feet
        return bool(top and low and end and low.y - top.y > SHAPE * TORSO * size
                    and end.y - low.y > SHAPE * LEG * size)


def _sure(pose: Pose, size: Tuple[float, float]) -> np.ndarray:
    """The places [17, 2] of a pose, NaN where a keypoint is unsure or at the picture's rim."""
    values = np.array([(x, y, score) for (x, y), score in
                       (pose.keypoints[part] for part in KEYPOINT_TYPES)], float)
    places = values[:, :2]
    rim = RIM * np.array(size, float)
    with np.errstate(invalid='ignore'):
        sure = (values[:, 2] >= MIN_SCORE) & ((places > rim) & (places < size - rim)).all(axis=1)
    places[~sure] = np.nan
    return places


def _median(raw: List[np.ndarray]) -> Points:
    """The median of each keypoint over those frames in which it is sure."""
    ordered = np.sort(np.stack(raw), axis=0)  # NaN comes last
    counts = np.isfinite(ordered).sum(axis=0)
    low, high = np.maximum(counts - 1, 0) // 2, counts // 2
    high = np.minimum(high, len(raw) - 1)
    places = (np.take_along_axis(ordered, low[None], 0)[0]
              + np.take_along_axis(ordered, high[None], 0)[0]) / 2
    return {part: Point(*place) for part, place, count in
            zip(KEYPOINT_TYPES, places.tolist(), counts[:, 0].tolist()) if count}


def _size(points: Points) -> Optional[float]:
    """What the length of the whole body looks like, from those of its parts that are known."""
    top, low = shoulders(points), hips(points)
    lengths = [(TORSO, top.distance(low))] if top and low else []
    for share, uppers, lowers in ((THIGH, HIPS, KNEES), (SHIN, KNEES, ANKLES)):
        found = [points[a].distance(points[b]) for a, b in zip(uppers, lowers)
                 if a in points and b in points]
        if found:
            lengths.append((share, sum(found) / len(found)))
    if not lengths or (len(lengths) == 1 and len(chosen(points, SHOULDERS)) < 2):
        return None
    return sum(length for _, length in lengths) / sum(share for share, _ in lengths)
