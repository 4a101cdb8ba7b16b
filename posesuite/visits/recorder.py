"""Turns people in frames into rows of runs, gaps, visits and positions. No disk, no thread.

    recorder = Recorder('hall')
    rows = recorder.record(frame, people, clock=time.time() - time.monotonic())
    rows = recorder.end()
"""
import collections
import math
from typing import Deque, Dict, List, Optional, Sequence, Tuple

from posesuite.pose import body
from posesuite.pose.pose import FaultKind, Frame, People, Point, Pose
from posesuite.visits.areas import Area
from posesuite.visits.attention import at_areas, is_in
from posesuite.visits.rows import (
    DIRECTIONS,
    FEET,
    HAND_RAISED,
    HEAD,
    SECOND,
    SITTING,
    UPRIGHT,
    Rows,
    no_rows,
)

MIN_SCORE = 0.3  # lowest score of a keypoint that counts
# Milliseconds unseen that end a visit, and without a frame that are not yet a gap; at least so many
# of the source's intervals. The tracker forgets people sooner.
MAX_ABSENCE, ABSENCE_INTERVALS = 2 * SECOND, 2.5
MAX_SILENCE, SILENCE_INTERVALS = 5 * SECOND, 2.5
INTERVALS = 5  # latest intervals between frames; the shortest of them is the source's
MAX_INTERVAL = 5 * SECOND  # milliseconds; a slower source shows no more than who is there
MIN_GAP = SECOND  # milliseconds; shorter gaps are not recorded
CLOCK_STEP = 2.0  # seconds by which the clock must jump to count as set
MAX_PAUSE = 3600.0  # seconds without a frame of a live source after which another run begins


class Recorder:
    """Records the people in the frames of one source, a position a second of each. One without the
    feet is followed by another as soon as they are seen.

    title: of the runs, such as the camera's source.
    start: when the source began, seconds since 1970, as in the header of a pose log. Without it
        the source is live: its frames are dated by the clock, and a clock that is set begins a new
        run.
    boot: id of the time since the machine was started, for the marks of runs of a live source.
    areas: at which it is recorded how people are turned and where in them they reach; no bodies are
        recorded anywhere else.

    Runs and visits are numbered from 1 in each recorder.
    """

    def __init__(self, title: str = '', start: Optional[float] = None, boot: str = '',
                 areas: Sequence[Area] = ()) -> None:
        self._title = title.encode('utf-8', 'replace').decode()  # SQLite refuses lone surrogates
        self._start, self._boot, self._areas = start, boot, areas
        self._clock = 0.0  # wall-clock time at monotonic zero, seconds, when the run began
        self._confirmed = False  # whether that is confirmed
        self._captured = 0.0, 0.0  # monotonic time of the run's first and latest frame, seconds
        self._epoch = 0.0  # wall-clock time at the source's zero, seconds
        self._size = 0, 0  # width and height of the latest frame, pixels
        self._time = 0.0  # timestamp of the latest frame, seconds
        self._now = 0  # the same in UTC
        self._run = 0  # number of the present run; 0 before the first frame
        self._begun = 0  # UTC of the run's first frame
        self._watched = 0  # UTC of the latest frame that showed the room
        self._why = ''  # reason of the gap that is going on
        self._intervals: Deque[int] = collections.deque(maxlen=INTERVALS)  # milliseconds, latest
        self._visits = 0  # number of visits so far
        self._present: Dict[int, _Visit] = {}  # by the tracker's ids
        self._room: Optional[Tuple[int, bytes]] = None  # the row of the room's picture

    @property
    def run(self) -> int:
        """Number of the present run; 0 before the first frame."""
        return self._run

    @property
    def clock(self) -> float:
        """Wall-clock time at monotonic zero when the present run began, seconds since 1970."""
        return self._clock

    @property
    def confirmed(self) -> bool:
        """Whether the clock of the present run is confirmed."""
        return self._confirmed

    @property
    def present(self) -> List[int]:
        """Numbers of the visits that go on."""
        return [visit.number for visit in self._present.values()]

    def confirm(self) -> None:
        """Marks the present run as one under a confirmed clock."""
        self._confirmed = True

    def clock_was_set(self, clock: float) -> bool:
        """Whether the wall clock was set since the run began; see record for clock."""
        return (self._start is None and self._run > 0
                and abs(clock - self._clock) > CLOCK_STEP)

    def record(self, frame: Frame, people: People, clock: float) -> Rows:
        """The rows that a frame adds or changes.

        people: poses in the frame's pixels, by ids such as PoseTracker's.
        clock: wall-clock time at monotonic zero, seconds since 1970.

        A frame with a fault that shows nobody is part of a gap, and so is a frozen one.
        """
        rows = no_rows()
        size = frame.image.shape[1], frame.image.shape[0]
        if (size != self._size or frame.time < self._time or self.clock_was_set(clock)
                or self._start is None and frame.time - self._time > MAX_PAUSE):
            self._begin_run(rows, frame, size, clock)
        self._captured = self._captured[0], frame.captured
        now = self._utc(frame)
        if now > self._now:
            self._intervals.append(now - self._now)
        self._time, self._now = frame.time, now
        blind = frame.fault is not None and (not people or frame.fault.kind is FaultKind.FROZEN)
        self._record_gap(rows, frame.fault.text if blind else '')
        self._record_people(rows, {} if blind else people)
        return rows

    def keep_room(self, row: Tuple[int, bytes]) -> Rows:
        """The row of a picture of the room, as room_row makes it: that of the present run, and of
        those that follow at its size.
        """
        rows, self._room = no_rows(), row
        if self._run:
            rows['rooms'][self._run] = row
        return rows

    def end(self) -> Rows:
        """Ends the visits of all who are present; their rows and the run's."""
        rows = self.run_row()
        self._end_visits(rows, math.inf)
        return rows

    def run_row(self) -> Rows:
        """The row of the present run as of its latest frame."""
        rows = no_rows()
        if self._run:
            rows['runs'][self._run] = self._begun, self._now, self._title, *self._size
            if self._start is None:
                zero, first, last = (round(seconds * SECOND)
                                     for seconds in (self._clock, *self._captured))
                rows['clocks'][self._run] = self._boot, zero, first, last, int(self._confirmed)
        return rows

    def _utc(self, frame: Frame) -> int:
        return int(round((self._epoch + frame.time) * SECOND))

    def _begin_run(self, rows: Rows, frame: Frame, size: Tuple[int, int], clock: float) -> None:
        for table, ended in self.end().items():
            rows[table].update(ended)
        if self._run and size != self._size:
            self._room = None
        self._clock, self._size, self._confirmed = clock, size, False
        self._captured = frame.captured, frame.captured
        self._epoch = clock + frame.captured - frame.time if self._start is None else self._start
        self._now = self._begun = self._watched = self._utc(frame)
        self._why = ''
        self._intervals.clear()
        self._run += 1
        if self._room:
            rows['rooms'][self._run] = self._room

    def _record_gap(self, rows: Rows, fault: str) -> None:
        """A gap lasts from the last frame that showed the room to the next one that does."""
        unseen = self._now - self._watched
        if fault or unseen > self._at_least(MAX_SILENCE, SILENCE_INTERVALS):
            self._why = fault or self._why or 'no frames'
        if self._why and unseen >= MIN_GAP:
            rows['gaps'][self._run, self._watched] = self._now, self._why
        if not fault:
            self._watched, self._why = self._now, ''

    def _at_least(self, least: float, intervals: float) -> float:
        """A time in milliseconds, or so many intervals of a source that is slower."""
        return max(least, intervals * min([MAX_INTERVAL, *self._intervals]))

    def _record_people(self, rows: Rows, people: People) -> None:
        self._end_visits(rows, self._now - self._at_least(MAX_ABSENCE, ABSENCE_INTERVALS))
        for id, pose in people.items():
            visit = self._present.get(id)
            is_due = visit is None or self._now >= visit.due
            position = position_row(pose, *self._size) if is_due or not visit.on_feet else None
            if not is_due and position and not position[3] & FEET:
                position = None
            if visit is None:
                if position is None:
                    continue
                self._visits += 1
                visit = self._present[id] = _Visit(self._visits, self._now, pose)
            visit.ended = self._now
            visit.latest = pose
            if position is not None:
                if is_due:
                    visit.due += (self._now - visit.due) // SECOND * SECOND + SECOND
                self._add_position(rows, visit, position)
                rows['visits'][visit.number] = self._run, visit.begun, visit.ended

    def _add_position(self, rows: Rows, visit: '_Visit', position: Tuple[int, ...]) -> None:
        """Adds where and how the person of a visit was latest."""
        rows['positions'][visit.number, visit.ended] = position
        areas = at_areas(self._areas, position, self._size)
        if areas:
            rows['bodies'][visit.number, visit.ended] = body_row(visit.latest, *self._size, areas)
        visit.placed, visit.on_feet = visit.ended, bool(position[3] & FEET)

    def _end_visits(self, rows: Rows, since: float) -> None:
        """Ends the visits of all who have not been seen since that time."""
        for id, visit in list(self._present.items()):
            if visit.ended < since:
                position = (position_row(visit.latest, *self._size)
                            if visit.placed < visit.ended else None)
                if position:
                    self._add_position(rows, visit, position)
                rows['visits'][visit.number] = self._run, visit.begun, visit.ended
                del self._present[id]


class _Visit:
    """A visit that goes on; times in UTC milliseconds."""

    def __init__(self, number: int, begun: int, pose: Pose) -> None:
        self.number, self.begun, self.ended = number, begun, begun
        self.due = begun  # time of the next position
        self.placed = 0  # time of the latest position
        self.on_feet = True  # whether that shows the feet
        self.latest = pose  # when it ended


def position_row(pose: Pose, width: int, height: int) -> Optional[Tuple[int, int, int, int]]:
    """The columns x, y, height and flags of a pose in an image of that size in pixels.

    None if no keypoint is sure.
    """
    points = body.sure_points(pose, MIN_SCORE)
    if not points:
        return None
    x, y = body.feet(points)
    flags = (FEET * body.has_feet(points) + HEAD * body.has_head(points)
             + HAND_RAISED * body.has_raised_hand(points)
             + SITTING * body.is_sitting(points) + UPRIGHT * body.is_upright(points))
    return (_thousandths(x / width), _thousandths(y / height),
            _thousandths(body.height(points) / height), int(flags))


def body_row(pose: Pose, width: int, height: int,
             areas: Sequence[Area]) -> Tuple[Optional[int], ...]:
    """The columns of a body in an image of that size in pixels; None is not known.

    areas: at which the person is; a wrist that is in none of them is not recorded.
    """
    points = body.sure_points(pose, MIN_SCORE)
    degrees = body.facing(points)
    facing = None if degrees is None else int(round(degrees * DIRECTIONS / 360)) % DIRECTIONS
    row = [facing]
    for point in map(points.get, body.WRISTS):
        wrist = point and _hundredths(point, width, height)
        row += wrist if wrist and any(is_in(area, wrist, (width, height)) for area in areas) else (
            None, None)
    return tuple(row)


def _hundredths(point: Point, width: int, height: int) -> Tuple[int, int]:
    return tuple(int(round(100 * min(max(share, 0), 1)))
                 for share in (point.x / width, point.y / height))


def _thousandths(share: float) -> int:
    return int(round(1000 * min(max(float(share), 0), 1)))
