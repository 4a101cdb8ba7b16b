"""What the anonymizer remembers of its visitors: writes it, reads it, reports it, forgets it.

examples:
  python3 visits.py report visits.db -o report.html
  python3 visits.py report hall.db shop.db -o report.html --areas areas.json --csv tables
  python3 visits.py report visits.db -o may.html --since 2025-05-01 --until 2025-06-01
  python3 visits.py forget visits.db               # deletes the store and all that belongs to it
"""
import argparse
import datetime
import errno
import itertools
import math
import re
import sqlite3
import sys
import threading
import time
from typing import Any, Dict, Optional, Tuple

from posesuite import __version__
from posesuite.pose.pose import FaultKind, Pose
from posesuite.pose.skeleton import KEYPOINT_TYPES, KeypointType
from posesuite.visits.database import (
    FEET,
    HAND_RAISED,
    HEAD,
    SECOND,
    SITTING,
    TABLES,
    UPRIGHT,
    Rows,
    VisitFile,
    forget,
)

SURE = 0.3  # score of a keypoint
SITTING_BELOW, UPRIGHT_ABOVE = 0.4, 0.65  # how far the knees are below the hips, in torsos
FACE = KEYPOINT_TYPES[:5]
ANKLES = KeypointType.LEFT_ANKLE, KeypointType.RIGHT_ANKLE
ARMS = ((KeypointType.LEFT_WRIST, KeypointType.LEFT_SHOULDER),
        (KeypointType.RIGHT_WRIST, KeypointType.RIGHT_SHOULDER))
SIDES = ((KeypointType.LEFT_SHOULDER, KeypointType.LEFT_HIP, KeypointType.LEFT_KNEE),
         (KeypointType.RIGHT_SHOULDER, KeypointType.RIGHT_HIP, KeypointType.RIGHT_KNEE))

DAY = 86400000  # milliseconds
GONE = 2 * SECOND  # until who is not seen has left; the tracker remembers for less
HOLE = 5 * SECOND  # until no frames are a gap
CLOCK_STEP = 2.0  # seconds that the clock has to jump to have been set
FLUSH = 5.0  # seconds between writes, the most that a killed process loses
HEARTBEAT = 60.0  # seconds between writes when nobody is there
PURGE = 3600.0  # seconds between looks for what is too old
SAY_AGAIN = 60.0  # seconds between messages about a disk that takes nothing
BATCH = 1000  # positions that are written at once
MOST = 20000  # rows of a table that wait for the disk: almost two hours of three people
PATIENCE = 3.0  # seconds that closing waits for the disk
DISK_ERRORS = errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EROFS


class VisitStore:
    """Stores where people are; a context manager. Without a path it does nothing.

    A thread of its own writes every FLUSH seconds; what it has written outlives SIGKILL and loss of
    power. A disk that takes nothing is said on stderr and tried again; meanwhile MOST rows wait,
    and the oldest of more are dropped, which becomes a gap. A damaged store is set aside.

    keep_days: how long all is kept, set-aside stores too.
    title: of the runs, as the camera's source.
    start: aware; when the source began, as in the header of a log: add then waits for the disk.
        Without it the source began when its first frame was handed over.
    Raises OSError or ValueError with one line: no such folder, a second process, another version.
    """

    def __init__(self, path: Optional[str], keep_days: float = 30, title: str = '',
                 start: Optional[datetime.datetime] = None) -> None:
        self._path = path
        if path is None:
            return
        self._keep, self._start = keep_days * DAY, start and start.timestamp()
        self._title = title.encode('utf-8', 'replace').decode()
        self._size, self._time = (0, 0), 0.0  # of the last frame
        self._now = 0  # its time, UTC
        self._run = self._visit = 0  # the newest, counted from this store's opening
        self._here: Dict[int, _Visit] = {}  # by the tracker's ids
        self._waiting = _no_rows()
        self._lost = 0  # positions since the disk took some
        self._gap, self._gap_lost = 0, 0  # when the present gap begins, and positions lost in it
        self._news = threading.Condition()  # guards what add and the writer share
        self._closed = self._failing = False
        self._said, self._written, self._purge_due = -math.inf, 0.0, 0.0  # on the monotonic clock
        self._file = VisitFile(path)
        try:
            self._file.write(_no_rows())
        except (OSError, ValueError, sqlite3.Error) as error:
            if not isinstance(error, sqlite3.OperationalError) and (
                    getattr(error, 'errno', None) not in DISK_ERRORS):
                self._file.close()
                raise
            self._complain(error)
        self._thread = threading.Thread(target=self._write_on, daemon=True)
        self._thread.start()

    def write(self, frame: Any, people: Dict[int, Pose]) -> None:
        """Takes note of a camera.Frame; people: poses in its pixels, by ids as PoseTracker's.

        A frame with a fault that shows nobody, or a frozen one, is a gap.
        """
        if self._path is None:
            return
        size = frame.image.shape[1], frame.image.shape[0]
        with self._news:
            clock_was_set = self._start is None and self._run and (
                abs(_clock() - self._clock) > CLOCK_STEP)
            if clock_was_set:  # it may be set again: nothing is too old yet
                self._purge_due = time.monotonic() + PURGE
            if size != self._size or frame.time < self._time or clock_was_set:
                self._begin_run(frame, size)
            self._time, self._now = frame.time, self._utc(frame)
            blind = frame.fault is not None and (not people or frame.fault.kind is FaultKind.FROZEN)
            self._note_gap(frame.fault.text if blind else '')
            self._note_people({} if blind else people)
            self._drop()
            if len(self._waiting['positions']) >= BATCH:
                self._news.notify_all()
                while self._start is not None and self._thread.is_alive() and not (
                        self._failing or len(self._waiting['positions']) < BATCH):
                    self._news.wait(0.1)

    def close(self) -> None:
        """Writes what is left. Raises OSError if the disk does not take it."""
        if self._path is None or self._closed:
            return
        with self._news:
            self._leave(math.inf)
            self._closed = True
            self._news.notify_all()
        self._thread.join(PATIENCE)
        if self._thread.is_alive() or any(self._waiting.values()):
            raise OSError(f'the disk did not take the end of {self._path}')

    def __enter__(self) -> 'VisitStore':
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def _utc(self, frame: Any) -> int:
        return int(round((self._epoch + frame.time) * SECOND))

    def _begin_run(self, frame: Any, size: Tuple[int, int]) -> None:
        self._leave(math.inf)
        self._note_run()
        self._clock, self._size = _clock(), size
        self._epoch = (self._clock + frame.captured - frame.time if self._start is None
                       else self._start)
        self._now = self._begun = self._watched = self._utc(frame)
        self._why = ''
        self._run += 1

    def _note_run(self) -> None:
        if self._run:
            self._waiting['runs'][self._run] = (self._begun, self._now, self._title, *self._size)

    def _note_gap(self, fault: str) -> None:
        """Nothing is known from the last good frame to the next; less than a second is nothing."""
        silence = self._now - self._watched
        if fault or silence > HOLE:
            self._why = fault or self._why or 'no frames'
        if self._why and silence >= SECOND:
            self._waiting['gaps'][self._run, self._watched] = self._now, self._why
        if not fault:
            self._watched, self._why = self._now, ''

    def _note_people(self, people: Dict[int, Pose]) -> None:
        self._leave(self._now - GONE)
        for id, pose in people.items():
            visit = self._here.get(id)
            position = (_position(pose, *self._size) if visit is None or self._now >= visit.due
                        else None)
            if visit is None:
                if position is None:
                    continue
                self._visit += 1
                visit = self._here[id] = _Visit(self._visit, self._now)
            visit.ended = self._now
            if position is not None:
                visit.due += (self._now - visit.due) // SECOND * SECOND + SECOND
                self._waiting['positions'][visit.id, self._now] = position
                self._note_visit(visit)

    def _note_visit(self, visit: '_Visit') -> None:
        self._waiting['visits'][visit.id] = self._run, visit.begun, visit.ended

    def _leave(self, since: float) -> None:
        """Ends the visits of whom nobody has seen since then."""
        for id, visit in list(self._here.items()):
            if visit.ended < since:
                self._note_visit(visit)
                del self._here[id]

    def _drop(self) -> None:
        """Keeps memory bounded while the disk takes nothing."""
        for table, rows in self._waiting.items():
            if len(rows) > MOST:
                dropped = list(itertools.islice(rows, max(MOST // 10, len(rows) - MOST)))
                for key in dropped:
                    del rows[key]
                if table == 'positions':
                    self._lost += len(dropped)
                    self._gap, self._gap_lost = (self._gap or dropped[0][1],
                                                 self._gap_lost + len(dropped))
                    self._waiting['gaps'][self._run, self._gap] = (
                        dropped[-1][1],
                        f'the disk took nothing: {self._gap_lost} positions are lost')

    def _write_on(self) -> None:
        """The writer."""
        closed = False
        while not closed:
            with self._news:
                self._news.wait_for(lambda: self._closed or not self._failing and
                                    len(self._waiting['positions']) >= BATCH, FLUSH)
                closed = self._closed
                if closed or any(self._waiting.values()) or (
                        time.monotonic() - self._written >= HEARTBEAT):
                    self._note_run()
                rows, self._waiting = self._waiting, _no_rows()
                self._gap = self._gap_lost = 0  # what is in flight may be lost or not
                self._news.notify_all()
            if any(rows.values()):
                self._write(rows)
        self._file.close()

    def _write(self, rows: Rows) -> None:
        try:
            self._file.write(rows)
            rows = _no_rows()  # these are safe, whatever comes
            self._written = time.monotonic()
            if self._run and self._written >= self._purge_due:
                self._file.purge(self._now - self._keep)
                self._purge_due = self._written + PURGE
        except (OSError, ValueError, sqlite3.Error) as error:
            self._complain(error)
            with self._news:
                for table, newer in self._waiting.items():
                    rows[table].update(newer)
                self._waiting = rows
                self._gap = self._gap_lost = 0
                self._drop()
            return
        with self._news:
            if self._failing:
                print(f'the store {self._path} is written again; {self._lost} positions are lost',
                      file=sys.stderr, flush=True)
            self._failing, self._lost = False, 0

    def _complain(self, error: Exception) -> None:
        self._failing = True
        if time.monotonic() - self._said >= SAY_AGAIN:
            self._said = time.monotonic()
            print(f'error: cannot write the store {self._path}: {error}; trying again, and '
                  f'keeping {MOST} positions', file=sys.stderr, flush=True)


def _no_rows() -> Rows:
    return {table: {} for table in TABLES}


class _Visit:
    """One appearance of one person; times in UTC."""

    def __init__(self, id: int, begun: int) -> None:
        self.id, self.begun, self.ended = id, begun, begun
        self.due = begun  # when the next position is


def _clock() -> float:
    """What the clock says when the monotonic one says 0; only setting the clock changes it."""
    return time.time() - time.monotonic()


def _position(pose: Pose, width: int, height: int) -> Optional[Tuple[int, int, int, int]]:
    """x, y, height and flags of a pose in a picture of that size; None if no keypoint is sure."""
    sure = {part: point for part, (point, score) in pose.keypoints.items()
            if score >= SURE and math.isfinite(point.x) and math.isfinite(point.y)}
    if not sure:
        return None
    ankles = [sure[part] for part in ANKLES if part in sure]
    feet = ankles or [max(sure.values(), key=lambda point: point.y)]
    x, y = (sum(values) / len(feet) for values in zip(*feet))
    face = [sure[part] for part in FACE if part in sure]
    top = min(point.y for point in face or sure.values())
    flags = FEET * bool(ankles) + HEAD * bool(face)
    flags += HAND_RAISED * any(sure[hand].y < sure[shoulder].y for hand, shoulder in ARMS
                               if hand in sure and shoulder in sure)
    falls = [(sure[knee].y - sure[hip].y) / (sure[hip].y - sure[shoulder].y)
             for shoulder, hip, knee in SIDES if {shoulder, hip, knee} <= set(sure)
             and sure[hip].y > sure[shoulder].y]
    if falls:
        fall = sum(falls) / len(falls)
        flags += SITTING * (fall < SITTING_BELOW) + UPRIGHT * (fall > UPRIGHT_ABOVE)
    return (_thousandths(x / width), _thousandths(y / height), _thousandths((y - top) / height),
            int(flags))  # NumPy's numbers SQLite takes for bytes


def _thousandths(share: float) -> int:
    return int(round(1000 * min(max(float(share), 0), 1)))


def keep_days(text: str) -> float:
    """The days of an argument of --keep: 30d, 12h. Raises ArgumentTypeError."""
    found = re.fullmatch(r'(\d{1,5})([dh])', text)
    if not found or not int(found.group(1)):
        raise argparse.ArgumentTypeError(f'must be days or hours, as 30d or 12h, got {text!r}')
    return int(found.group(1)) / (1 if found.group(2) == 'd' else 24)


def main() -> int:
    args = parse_args()
    try:
        if args.command == 'forget':
            forget(args.store)
        else:
            from posesuite.visits.report import make_report  # it needs Matplotlib, storing does not
            make_report(args.stores, args.output, args.areas, args.csv, args.min_visits,
                        args.since, args.until, args.title)
    except (ImportError, OSError, ValueError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    return 0


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--version', action='version', version=__version__)
    commands = parser.add_subparsers(dest='command', metavar='report | forget')
    commands.required = True
    report = commands.add_parser('report', help='makes a page of plots and tables')
    report.add_argument('stores', nargs='+', metavar='STORE', help='one or more, one a camera')
    report.add_argument('-o', '--output', required=True, metavar='REPORT.html')
    report.add_argument('--areas', metavar='AREAS.json', help='named parts of the floor')
    report.add_argument('--csv', metavar='FOLDER', help='write the tables there, too')
    report.add_argument('--min-visits', type=_positive, default=5, metavar='N',
                        help='leave blank what fewer visits tell of (default: %(default)s)')
    report.add_argument('--since', type=_date, metavar='DATE',
                        help='leave out earlier visits: 2025-05-01, or 2025-05-01T14:30')
    report.add_argument('--until', type=_date, metavar='DATE', help='leave out later visits')
    report.add_argument('--title', default='', help="the page's")
    forgets = commands.add_parser('forget', help='deletes a store for good')
    forgets.add_argument('store', metavar='STORE')
    return parser.parse_args()


def _positive(text: str) -> int:
    if not re.fullmatch('[1-9][0-9]{0,8}', text):
        raise argparse.ArgumentTypeError(f'must be a whole number from 1, got {text!r}')
    return int(text)


def _date(text: str) -> datetime.datetime:
    try:
        return datetime.datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError, OSError):
        raise argparse.ArgumentTypeError(f'must be a date as 2025-05-01, got {text!r}')


if __name__ == '__main__':
    sys.exit(main())
