"""The file of visits: an SQLite database, no image in it; written, purged, read and forgotten.

Its mark is application_id, its version user_version. All times are UTC in milliseconds since 1970;
an end is brought up to date with every write.
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
import contextlib
import fcntl
import glob
import itertools
import math
import os
import sqlite3
import sys
import time
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

import numpy as np

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
SECOND = 1000  # milliseconds
SET_ASIDE_AGAIN = 60.0  # seconds in which a file that is damaged again is not set aside again

Rows = Dict[str, Dict[Any, Tuple]]  # by table and primary key


class VisitFile:
    """The database: locked against a second writer, set aside and begun anew when damaged."""

    def __init__(self, path: str) -> None:
        self._path = os.path.realpath(path)
        self._lock = self._db = None
        self._base: Optional[Tuple[int, int]] = None  # the runs and visits of earlier openings
        self._set_aside = -math.inf  # when, on the monotonic clock

    def write(self, rows: Rows) -> None:
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
                    or time.monotonic() - self._set_aside < SET_ASIDE_AGAIN):
                raise
            self._put_aside(error)
            return False
        return True

    def _write(self, rows: Rows) -> None:
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
