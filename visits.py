"""What the anonymizer remembers of its visitors: writes it, reads it, reports it, forgets it.

examples:
  python3 visits.py report visits.db -o report.html
  python3 visits.py report hall.db shop.db -o report.html --areas areas.json --csv tables
  python3 visits.py report visits.db -o may.html --since 2025-05-01 --until 2025-06-01
  python3 visits.py forget visits.db               # deletes the store and all that belongs to it

A store is an SQLite file, no image in it; its mark is application_id, its version user_version.
All times are UTC in milliseconds since 1970; an end is brought up to date with every write.
  runs       id, begun, ended, title, width, height   a watch of one view, in pixels; setting the
                                                      clock begins a new one
  gaps       run, begun, ended, why                   when a run could not see, or not store
  visits     id, run, begun, ended                    one appearance of one person: who comes back
                                                      is a new visit
  positions  visit, time, x, y, height, flags         once a second of a visit: the feet and the
                                                      height in thousandths of the picture's width
                                                      and height, and the sum of:
             1   the feet are an ankle that was sure, not just the lowest part that was
             2   the height goes up to the head, not just to the highest part that was sure
             4   a hand is raised over its shoulder
             8   sitting          16   upright          neither: not sure
"""
import argparse
import contextlib
import datetime
import errno
import fcntl
import glob
import itertools
import math
import os
import re
import sqlite3
import sys
import threading
import time
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

import numpy as np

from pose_engine import KEYPOINT_TYPES, KeypointType, Pose, __version__

APPLICATION, VERSION = 0x76697369, 1  # 'visi'
SCHEMA = f"""
BEGIN;
CREATE TABLE runs (id INTEGER PRIMARY KEY, begun INTEGER, ended INTEGER, title TEXT,
                   width INTEGER, height INTEGER);
CREATE TABLE gaps (run INTEGER, begun INTEGER, ended INTEGER, why TEXT,
                   PRIMARY KEY (run, begun)) WITHOUT ROWID;
CREATE TABLE visits (id INTEGER PRIMARY KEY, run INTEGER, begun INTEGER, ended INTEGER);
CREATE TABLE positions (visit INTEGER, time INTEGER, x INTEGER, y INTEGER, height INTEGER,
                        flags INTEGER, PRIMARY KEY (visit, time)) WITHOUT ROWID;
PRAGMA application_id = {APPLICATION};
PRAGMA user_version = {VERSION};
COMMIT;
"""
TABLES = {'runs': 6, 'gaps': 4, 'visits': 4, 'positions': 6}  # and their columns
VISIT = np.dtype([('id', 'i4'), ('run', 'i4'), ('begun', 'i8'), ('ended', 'i8')])
POSITION = np.dtype([('visit', 'i4'), ('time', 'i8'), ('x', 'i2'), ('y', 'i2'), ('height', 'i2'),
                     ('flags', 'u1')])
BEGUN = 'begun >= ? AND begun < ?'
PART = 1 << 18  # positions that are read at once
ASIDE = '.damaged-%Y%m%d-%H%M%S'

FEET, HEAD, HAND_RAISED, SITTING, UPRIGHT = 1, 2, 4, 8, 16  # the flags
SURE = 0.3  # score of a keypoint
SITTING_BELOW, UPRIGHT_ABOVE = 0.4, 0.65  # how far the knees are below the hips, in torsos
FACE = KEYPOINT_TYPES[:5]
ANKLES = KeypointType.LEFT_ANKLE, KeypointType.RIGHT_ANKLE
ARMS = ((KeypointType.LEFT_WRIST, KeypointType.LEFT_SHOULDER),
        (KeypointType.RIGHT_WRIST, KeypointType.RIGHT_SHOULDER))
SIDES = ((KeypointType.LEFT_SHOULDER, KeypointType.LEFT_HIP, KeypointType.LEFT_KNEE),
         (KeypointType.RIGHT_SHOULDER, KeypointType.RIGHT_HIP, KeypointType.RIGHT_KNEE))

SECOND, DAY = 1000, 86400000  # milliseconds
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
        self._file = _File(path)
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

    def add(self, frame: Any, people: Dict[int, Pose]) -> None:
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
            blind = bool(frame.fault) and (not people or frame.fault.startswith('frozen'))
            self._note_gap(frame.fault if blind else '')
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
                dropped = list(itertools.islice(rows, MOST // 10))
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

    def _write(self, rows: '_Rows') -> None:
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


_Rows = Dict[str, Dict[Any, Tuple]]  # by table and primary key


def _no_rows() -> _Rows:
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


class _File:
    """The database: locked against a second writer, set aside and begun anew when damaged."""

    def __init__(self, path: str) -> None:
        self._path = os.path.realpath(path)
        self._lock = self._db = None
        self._base: Optional[Tuple[int, int]] = None  # the runs and visits of earlier openings
        self._set_aside = -math.inf  # when, on the monotonic clock

    def write(self, rows: _Rows) -> None:
        """Commits rows, of which some may be there already.

        Raises OSError, ValueError or sqlite3.Error, as purge does.
        """
        if not self._survives(self._write, rows):
            self._write(rows)

    def purge(self, oldest: float) -> None:
        """Deletes what ended before oldest, down to the bytes."""
        self._survives(self._purge, oldest)

    def _survives(self, action: Callable[[Any], None], argument: Any) -> bool:
        """Runs an action; False if the file turned out to be damaged and was set aside."""
        try:
            action(argument)
        except (OSError, ValueError, sqlite3.Error) as error:
            if self._db:
                self._db.close()
                self._db = None
            # The class itself is a damaged file's; all else has one of its own.
            if (type(error) is not sqlite3.DatabaseError
                    or time.monotonic() - self._set_aside < SAY_AGAIN):
                raise
            self._put_aside(error)
            return False
        return True

    def _write(self, rows: _Rows) -> None:
        if self._db is None:
            self._open()
        run, visit = self._base
        self._db.execute('BEGIN IMMEDIATE')
        for table, made in (
                ('runs', ((run + id, *row) for id, row in rows['runs'].items())),
                ('gaps', ((run + id, begun, *row) for (id, begun), row in rows['gaps'].items())),
                ('visits', ((visit + id, run + row[0], *row[1:])
                            for id, row in rows['visits'].items())),
                ('positions', ((visit + id, when, *row)
                               for (id, when), row in rows['positions'].items()))):
            marks = ', '.join('?' * TABLES[table])
            self._db.executemany(f'INSERT OR REPLACE INTO {table} VALUES ({marks})', made)
        self._db.execute('COMMIT')

    def _purge(self, oldest: float) -> None:
        self._db.execute('BEGIN IMMEDIATE')
        self._db.execute('DELETE FROM positions WHERE time < :oldest AND visit IN '
                         '(SELECT id FROM visits WHERE begun < :oldest)', {'oldest': oldest})
        for table in ('visits', 'gaps', 'runs'):
            self._db.execute(f'DELETE FROM {table} WHERE ended < ?', [oldest])
        self._db.execute('COMMIT')
        # execute would take but one of its steps, and each frees a page.
        self._db.executescript('PRAGMA incremental_vacuum')
        self._db.execute('PRAGMA wal_checkpoint(TRUNCATE)').fetchall()
        for path in _set_aside_stores(self._path):
            if os.stat(path).st_mtime * SECOND < oldest:
                os.unlink(path)

    def _open(self) -> None:
        if self._lock is None:
            self._lock = _lock(self._path)
        if self._base is None:
            # Zeros and ones are what a disk leaves of a store; anything else is somebody's file.
            start = os.pread(self._lock, 16, 0).strip(b'\0\xff')
            if start not in (b'', b'SQLite format 3'):
                raise ValueError(f'{self._path} is no store of visits')
        self._db = sqlite3.connect(self._path, timeout=1, isolation_level=None,
                                   check_same_thread=False)
        self._db.execute('PRAGMA secure_delete = ON')
        self._db.execute('PRAGMA synchronous = FULL')
        if not _check(self._db, self._path, may_be_new=True):
            self._db.execute('PRAGMA auto_vacuum = INCREMENTAL')
            self._db.executescript(SCHEMA)
        os.fchmod(self._lock, 0o600)  # SQLite gives its other files the same
        self._db.execute('PRAGMA journal_mode = WAL')
        if self._base is None:
            found = self._db.execute('PRAGMA quick_check(1)').fetchone()[0]
            if found != 'ok':
                raise sqlite3.DatabaseError(found)
            self._base = self._db.execute('SELECT (SELECT ifnull(max(id), 0) FROM runs), '
                                          '(SELECT ifnull(max(id), 0) FROM visits)').fetchone()

    def _put_aside(self, error: Exception) -> None:
        self._set_aside = time.monotonic()
        aside = self._path + time.strftime(ASIDE, time.gmtime())
        for end in ('-wal', '-shm', ''):
            with contextlib.suppress(FileNotFoundError):
                os.rename(self._path + end, aside + end)
        os.close(self._lock)
        self._lock = None
        why = ' '.join(str(error).split())
        print(f'error: the store {self._path} is damaged ({why}); it is now {aside}, and a new '
              'one begins', file=sys.stderr, flush=True)

    def close(self) -> None:
        if self._db:
            self._db.close()  # before the file: closing that one ends SQLite's own locks
        if self._lock is not None:
            os.close(self._lock)


def _lock(path: str) -> int:
    """Opens a file, or makes one for its owner alone; for one process at a time. Raises OSError."""
    file = None
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if file is not None:
            os.close(file)
        why = ('another process uses it' if isinstance(error, BlockingIOError)
               else error.strerror)
        refusal = OSError(f'cannot open the store {path}: {why}')
        refusal.errno = error.errno
        raise refusal
    return file


def _check(db: sqlite3.Connection, path: str, may_be_new: bool = False) -> bool:
    """Whether a database is a store rather than a new file. Raises ValueError if it is neither."""
    application, version, tables = (db.execute(query).fetchone()[0] for query in (
        'PRAGMA application_id', 'PRAGMA user_version', 'SELECT count(*) FROM sqlite_master'))
    if may_be_new and not tables and application in (0, APPLICATION):
        return False
    if application != APPLICATION:
        raise ValueError(f'{path} is a database, but no store of visits')
    if version != VERSION:
        raise ValueError(f'{path} is of version {version}, need {VERSION}')
    return True


def _set_aside_stores(path: str) -> List[str]:
    return glob.glob(glob.escape(path) + '.damaged-*')


@contextlib.contextmanager
def open_store(path: str) -> Iterator[sqlite3.Connection]:
    """A store for reading, as it is now, also while it is written. Raises OSError or ValueError."""
    if not os.path.isfile(path):
        raise FileNotFoundError(f'no store {path}')
    db = sqlite3.connect(path, isolation_level=None)
    try:
        db.execute('PRAGMA query_only = ON')
        _check(db, path)
        db.execute('BEGIN')
        yield db
    except sqlite3.Error as error:
        raise OSError(f'cannot read the store {path}: {error}')
    finally:
        db.close()


def read_runs(store: sqlite3.Connection) -> List[Tuple[int, int, int, str, int, int]]:
    """Rows of runs by their begin: id, begun, ended, title, width, height."""
    return store.execute('SELECT * FROM runs ORDER BY begun, id').fetchall()


def read_gaps(store: sqlite3.Connection) -> List[Tuple[int, int, str]]:
    """When nothing was seen, by begin: begun, ended, why. Also the times between runs."""
    gaps = store.execute('SELECT begun, ended, why FROM gaps').fetchall()
    runs = store.execute('SELECT begun, ended FROM runs ORDER BY begun, id').fetchall()
    for _, ended in runs[:1]:
        for begun, end in runs[1:]:
            if begun > ended:
                gaps.append((ended, begun, 'not running'))
            ended = max(ended, end)
    return sorted(gaps)


def read_watched(store: sqlite3.Connection) -> np.ndarray:
    """When people could be seen, int64 [N, 2] from begin to end: the runs without the gaps."""
    runs, gaps = (np.array(store.execute(f'SELECT begun, ended FROM {table}').fetchall(),
                           np.int64).reshape(-1, 2) for table in ('runs', 'gaps'))
    edges = np.unique(np.concatenate([runs, gaps]))

    def depth(spans: np.ndarray) -> np.ndarray:
        """How many of them there are from each edge to the next."""
        steps = np.zeros(len(edges), int)
        np.add.at(steps, np.searchsorted(edges, spans[:, 0]), 1)
        np.add.at(steps, np.searchsorted(edges, spans[:, 1]), -1)
        return np.cumsum(steps)

    watched = (depth(runs) > 0) & (depth(gaps) == 0)
    return edges[np.flatnonzero(np.diff(watched, prepend=False))].reshape(-1, 2)


def read_visits(store: sqlite3.Connection, since: int = 0, until: int = 1 << 62) -> np.ndarray:
    """The visits that began from since to before until by id: [N] of VISIT, as in the table.

    Those of a single frame have no length.
    """
    return _array(store.execute(f'SELECT * FROM visits WHERE {BEGUN} ORDER BY id',
                                (since, until)), VISIT)


def read_positions(store: sqlite3.Connection, since: int = 0, until: int = 1 << 62
                   ) -> Iterator[np.ndarray]:
    """The positions of these visits by visit and time: parts [N] of POSITION, of whole visits."""
    rows = store.execute(f'SELECT * FROM positions WHERE visit IN (SELECT id FROM visits '
                         f'WHERE {BEGUN}) ORDER BY visit, time', (since, until))
    rest = np.empty(0, POSITION)
    while True:
        part = _array(itertools.islice(rows, PART), POSITION)
        if not len(part):
            break
        part = np.concatenate([rest, part])
        whole = np.searchsorted(part['visit'], part['visit'][-1])
        if whole:
            yield part[:whole]
        rest = part[whole:]
    if len(rest):
        yield rest


def _array(rows: Iterator[Tuple], dtype: np.dtype) -> np.ndarray:
    try:
        return np.fromiter(rows, dtype)
    except (TypeError, ValueError, OverflowError) as error:  # a column takes what it is given
        raise ValueError(f'the store holds what is no number of its kind: {error}')


def forget(path: str) -> None:
    """Deletes a store, and those that were set aside from it. Raises OSError or ValueError."""
    path = os.path.realpath(path)
    found = _set_aside_stores(path)
    if os.path.exists(path):
        lock = _lock(path)
        header = os.pread(lock, 100, 0)
        os.close(lock)
        if header[68:72] != APPLICATION.to_bytes(4, 'big'):
            raise ValueError(f'{path} is no store of visits')
        # The store comes last: until then this can be done again.
        found += [path + end for end in ('-journal', '-wal', '-shm', '')
                  if os.path.exists(path + end)]
    if not found:
        raise FileNotFoundError(f'no store {path}')
    for name in found:
        os.unlink(name)


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
            from visits_report import make_report  # it needs Matplotlib, storing does not
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
