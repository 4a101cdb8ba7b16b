"""One person of a pose log, kept across all its frames.

    people = Tracks.of('visit.jsonl')
    ids = people.followed(people.longest())
    keep_subject('visit.jsonl', ids, file)
"""
from collections import deque
from typing import IO, Any, Deque, Dict, List, NamedTuple, Optional, Sequence

from posesuite.pose import body
from posesuite.pose.export import with_progress
from posesuite.pose.log import LogFrame, encoded, line_of, read_log
from posesuite.pose.pose import Point, Pose

MIN_SCORE = 0.2  # lowest score of a keypoint that counts
MAX_ABSENCE = 4.0  # seconds after which somebody who is found again is somebody else
NEAR, SPEED = 1.0, 0.5  # torsos within which they must be, and how many more for each second
PACE = 0.5  # seconds over whose mean they move on meanwhile
ALIKE = 1.5  # ratio of the torsos of one person


class Sight(NamedTuple):
    """Where somebody was seen."""
    time: float
    middle: Point
    torso: float  # pixels

    def later(self, other: 'Sight', gap: float) -> Point:
        """Where they go on to in a time, as they moved from here to another sight."""
        share = gap / (other.time - self.time) if other.time > self.time else 0.0
        return Point(other.middle.x + share * (other.middle.x - self.middle.x),
                     other.middle.y + share * (other.middle.y - self.middle.y))


class Seen:
    """From when to when an id is in a log. Attributes: frames, seconds; begin and end, the sights
    of the first and of the last PACE seconds.
    """

    def __init__(self) -> None:
        self.frames, self.seconds = 0, 0.0
        self.begin: List[Sight] = []
        self.end: Deque[Sight] = deque()

    def add(self, pose: Pose, time: float, step: float) -> None:
        """Adds the pose of a later frame. step: seconds since the frame before it."""
        self.frames += 1
        self.seconds += step
        sight = sight_of(pose, time)
        if sight:
            self.end.append(sight)
            if sight.time - (self.begin or [sight])[0].time <= PACE:
                self.begin.append(sight)
            while sight.time - self.end[0].time > PACE:
                self.end.popleft()


def sight_of(pose: Pose, time: float) -> Optional[Sight]:
    """Where a body is; None if too little is sure."""
    points = body.sure_points(pose, MIN_SCORE)
    middle, torso = body.middle(points.values()), body.torso(points)
    return Sight(time, middle, max(torso, 1.0)) if middle and torso else None


class Tracks:
    """Who is in a log, by ids. Attribute: seen."""

    def __init__(self) -> None:
        self.seen: Dict[int, Seen] = {}

    @classmethod
    def of(cls, path: str) -> 'Tracks':
        """Those of a log. Raises OSError, or ValueError if it is of separate pictures."""
        tracks, before = cls(), None
        for frame in with_progress(read_log(path)[1]):
            if frame.name:
                raise ValueError(f'{path} is of separate pictures, in which nobody is followed')
            step = 0.0 if before is None else max(0.0, frame.time - before)
            before = frame.time
            for id, pose in frame.people.items():
                tracks.seen.setdefault(id, Seen()).add(pose, frame.time, step)
        return tracks

    def longest(self) -> Optional[int]:
        """The id that is in view longest; None if there is nobody."""
        return max(self.seen, key=lambda id: (self.seen[id].seconds, self.seen[id].frames),
                   default=None)

    def followed(self, id: int) -> List[int]:
        """The ids of one person, who may have got another one where they were lost from sight."""
        found = [id]
        while True:
            after = self._next(found[-1], found, True)
            if after is None:
                break
            found.append(after)
        while True:
            before = self._next(found[0], found, False)
            if before is None:
                break
            found.insert(0, before)
        return found

    def _next(self, id: int, known: Sequence[int], forwards: bool) -> Optional[int]:
        """Who begins near to where somebody was lost, or ends near to where they appeared."""
        costs = {}
        for other in set(self.seen) - set(known):
            earlier, later = (id, other) if forwards else (other, id)
            cost = self._cost(self.seen[earlier], self.seen[later])
            if cost is not None:
                costs[other] = cost
        return min(costs, key=lambda id: costs[id], default=None)

    def _cost(self, earlier: Seen, later: Seen) -> Optional[float]:
        """How unlikely it is that both are one person; None if they are not."""
        if not earlier.end or not later.begin:
            return None
        lost, found = earlier.end[-1], later.begin[0]
        gap = found.time - lost.time
        larger, smaller = max(lost.torso, found.torso), min(lost.torso, found.torso)
        if not 0 < gap <= MAX_ABSENCE or larger > ALIKE * smaller:
            return None
        away = min(found.middle.distance(place) for place in (
            lost.middle, earlier.end[0].later(lost, gap))) / larger
        return away + gap if away < NEAR + SPEED * gap else None


def at(path: str, time: float) -> LogFrame:
    """The frame of a log that is nearest to a time. Raises OSError or ValueError."""
    nearest = min(read_log(path)[1], key=lambda frame: abs(frame.time - time), default=None)
    if nearest is None:
        raise ValueError(f'{path} has no frames')
    return nearest


def clicked(frame: LogFrame, x: float, y: float) -> Optional[int]:
    """Whose keypoint is nearest to a place in pixels, within a torso; None if nobody's is."""
    away = {}
    for id, pose in frame.people.items():
        points = body.sure_points(pose, MIN_SCORE)
        if points:
            reach = body.torso(points) or body.height(points) or 0.0
            distance = min(point.distance(Point(x, y)) for point in points.values())
            if distance <= max(reach, 10.0):
                away[id] = distance
    return min(away, key=lambda id: away[id], default=None)


def keep_subject(path: str, ids: Sequence[int], file: IO[bytes]) -> int:
    """Writes a log of one person alone, under the first of their ids; returns the number of frames
    with them. All frames are kept. Where two of the ids are in a frame, the first one counts.
    """
    header, frames = read_log(path)
    size = header['width'], header['height']
    file.write(encoded(header))
    count = 0
    for frame in frames:
        mine = next((id for id in ids if id in frame.people), None)
        people: Dict[int, Any] = {} if mine is None else {ids[0]: frame.people[mine]}
        events = [event._replace(id=event.id if event.id is None else ids[0])
                  for event in frame.events if event.id is None or event.id in ids]
        count += bool(people)
        file.write(encoded(line_of(frame._replace(people=people, events=events), size)))
    return count
