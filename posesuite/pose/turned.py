"""People who lie, found in the picture turned by a quarter, where networks know them.

    look = TurnedLook(engine, 0.4)
    lying, seconds = look.find(image, frame.time)
    people, poses = look.joined(lying, engine.DetectPosesInImage(image)[0], frame.time)

Networks have learnt from people who stand and sit: PoseNet finds hardly anybody who lies.
"""
from collections import deque
from typing import Any, Deque, List, Optional, Tuple

from posesuite.pose.body import hips, shoulders, sure_points, torso
from posesuite.pose.pose import Box, Keypoint, Point, Pose

import numpy as np

REMEMBERED = 1.0  # seconds in which somebody was seen who is missing now
SEARCH = 4.0  # seconds for which each frame is turned when somebody is missing
EVERY = 1.0  # seconds between looks when nobody is
SAME = 0.6  # torsos between two poses of one person
# Who is missing is recognised by a pose of this share of the threshold, within so many torsos of
# the place where they were: the network is less sure of who lies.
FAINT, NEAR = 0.6, 3.0
STEEP = 0.7  # the torso's way down the picture, as a share of its length, of who does not lie
SURE = 0.3  # lowest score of a keypoint that counts


class TurnedLook:
    """Looks at the picture of each frame turned by a quarter, to the left or to the right, while
    somebody who was seen is not found, or lies; else once a second.

    engine: a PoseEngine. threshold: lowest score of a pose that counts.
    """

    def __init__(self, engine: Any, threshold: float) -> None:
        self._engine, self._threshold = engine, threshold
        self._seen: Deque[Tuple[float, List[Pose]]] = deque()  # times, people found
        self._turn, self._found = 1, False
        self._missing: List[Pose] = []  # some of them are
        self._search = self._last = float('-inf')  # until when, and when the last look was

    def find(self, image: np.ndarray, time: float) -> Tuple[List[Pose], float]:
        """The poses of those who lie, and the seconds of inference.

        To be called before the engine looks at the image itself: its last image is then that one.
        """
        if time < self._last:
            self._search = self._last = float('-inf')
        if not self._found and time > self._search and time - self._last < EVERY:
            return [], 0.0
        self._last = time
        if not self._found:
            self._turn = -self._turn
        poses, seconds = self._engine.DetectPosesInImage(
            np.ascontiguousarray(np.rot90(image, self._turn)))
        height, width = image.shape[:2]
        lying = [pose for pose in (_turned_back(pose, self._turn, (width, height),
                                                self._engine.mirror) for pose in poses)
                 if _lies(pose) and (pose.score >= self._threshold or self._is_missing(pose))]
        self._found = bool(lying)
        return lying, seconds

    def joined(self, lying: List[Pose], poses: List[Pose], time: float) -> Tuple[
            List[Pose], List[Pose]]:
        """The people of a frame, and all poses by falling score: each person once.

        lying: as find() returned them; poses: of the image itself.
        """
        sure = [pose for pose in poses if pose.score >= self._threshold]
        lying = [pose for pose in lying if not any(
            other.score >= pose.score and _gap(pose, other) < SAME for other in sure)]
        poses = [pose for pose in poses if not any(_gap(pose, other) < SAME for other in lying)]
        people = [pose for pose in poses if pose.score >= self._threshold] + lying
        while self._seen and not 0 <= time - self._seen[0][0] <= REMEMBERED:
            self._seen.popleft()
        most = max((before for _, before in self._seen), key=len, default=[])
        if len(people) < len(most):
            self._search, self._missing = time + SEARCH, most
        elif lying:
            self._search, self._missing = time + SEARCH, lying
        self._seen.append((time, people))
        return people, sorted(poses + lying, key=lambda pose: -pose.score)

    def _is_missing(self, pose: Pose) -> bool:
        """Whether an unsure pose can be of somebody who was there."""
        return pose.score >= FAINT * self._threshold and self._last <= self._search and any(
            _gap(pose, other) < NEAR for other in self._missing)


def _turned_back(pose: Pose, turn: int, size: Tuple[int, int], mirror: bool) -> Pose:
    """A pose of the turned picture, in the picture itself. turn: 1 to the left, -1 to the right."""
    right, bottom = size[0] - 1.0, size[1] - 1.0

    def back(point: Point) -> Point:
        x, y = bottom - point.x if mirror else point.x, point.y
        x, y = (right - y, x) if turn > 0 else (y, bottom - x)
        return Point(right - x if mirror else x, y)

    box: Optional[Box] = None
    if pose.box is not None:
        one, other = back(Point(*pose.box[:2])), back(Point(*pose.box[2:]))
        box = Box(min(one.x, other.x), min(one.y, other.y), max(one.x, other.x),
                  max(one.y, other.y))
    return pose._replace(box=box, keypoints={part: Keypoint(back(point), score) for
                                             part, (point, score) in pose.keypoints.items()})


def _lies(pose: Pose) -> bool:
    points = sure_points(pose, SURE)
    top, low, length = shoulders(points), hips(points), torso(points)
    return bool(top and low and length and low.y - top.y < STEEP * length)


def _gap(one: Pose, other: Pose) -> float:
    """The distance of the middles of two trunks, in torsos of the longer one."""
    middles, lengths = [], []
    for pose in (one, other):
        points = sure_points(pose, 0.0)
        top, low, length = shoulders(points), hips(points), torso(points)
        if not top or not low or not length:
            return float('inf')
        middles.append(Point((top.x + low.x) / 2, (top.y + low.y) / 2))
        lengths.append(length)
    return middles[0].distance(middles[1]) / max(lengths)
