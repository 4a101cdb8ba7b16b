"""The file of visits: an SQLite database, written, purged and forgotten.

Its tables are those of rows.py.
"""
import contextlib
import fcntl
import glob
import logging
import math
import os
import sqlite3
import time
from typing import Any, Callable, Dict, List, Optional, Tuple

from posesuite.errors import one_line
from posesuite.visits.clock import Mark, Run
from posesuite.visits.rows import OF_VISITS, SECOND, TABLES, Rows
from posesuite.visits.schema import ADDED, APPLICATION, SCHEMA, VERSION

LOGGER = logging.getLogger(__name__)
ASIDE = '.damaged-%Y%m%d-%H%M%S'  # suffix of a store that is set aside, a format of its UTC
MIN_ASIDE_INTERVAL = 60.0  # seconds in which a store that is damaged again is an error
HEADER_SIZE = 100  # bytes of an SQLite file's header
HEADER_APPLICATION = slice(68, 72)  # bytes of it that hold application_id, the highest first


class VisitFile:
    """The database: locked against a second writer, set aside and begun anew if it is damaged, and
    begun anew if somebody removes or replaces it.

    Its methods raise OSError, ValueError or sqlite3.Error.
    """

    def __init__(self, path: str) -> None:
        self._path = os.path.realpath(path)
        self._lock: Optional[int] = None  # descriptor of the locked file
        self._db: Optional[sqlite3.Connection] = None
        # Largest ids of runs and visits that the file had when it was opened first. Rows are
        # numbered from 1, so these are added to their numbers.
        self._base: Optional[Tuple[int, int]] = None
        self._set_aside = -math.inf  # time.monotonic() at which a damaged file was set aside

    def write(self, rows: Rows) -> None:
        """Commits rows, in place of those with the same key; opens the file if it is not open."""
        if not self._survives(self._write, rows):
            self._write(rows)

    def check(self) -> None:
        """Begins anew if the file is no longer the one that was opened."""
        if self._lock is None:
            return
        if not self._is_there(''):
            if self._db is not None:
                LOGGER.warning('the store %s was removed or replaced while it was in use; what '
                               'follows goes into a new one, or into the one that is there now',
                               self._path)
            self.close()
            self._base = None
            self._open()
        elif self._db is not None and not (self._is_there('-wal') and self._is_there('-shm')):
            LOGGER.warning('the store %s lost its -wal or -shm file; it was made again', self._path)
            self._disconnect()  # writes all of the log, which is still open, into the store
            self._open()

    def runs(self) -> List[Run]:
        """All runs in the order of their numbers."""
        return read_marked_runs(self._db)

    def purge(self, deadlines: Dict[int, float], oldest_aside: float) -> None:
        """Deletes what ended before its run's deadline (UTC milliseconds), so that no byte of it is
        left, and stores that were set aside before oldest_aside.
        """
        self._survives(lambda _: self._purge(deadlines, oldest_aside), None)

    def move(self, runs: List[Run], mark: Mark) -> None:
        """Moves all dates of runs to those of another clock of their boot; mark: its run's."""
        self._db.execute('BEGIN IMMEDIATE')
        for run in runs:
            self._shift(run.id, mark.zero - run.mark.zero)
            self._db.execute('UPDATE clocks SET zero = ?, confirmed = ? WHERE run = ?',
                             [mark.zero, mark.confirmed, run.id])
        self._db.execute('COMMIT')

    def close(self) -> None:
        """Closes the file, which write would open again."""
        self._disconnect()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _survives(self, action: Callable[[Any], None], argument: Any) -> bool:
        """Runs an action; False if the file turned out to be damaged and was set aside."""
        try:
            action(argument)
        except (OSError, ValueError, sqlite3.Error) as error:
            self._disconnect()
            # Only a damaged file raises DatabaseError itself; other errors are its subclasses.
            if (type(error) is not sqlite3.DatabaseError
                    or time.monotonic() - self._set_aside < MIN_ASIDE_INTERVAL):
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
                *((table, ((run + id, *row) for id, row in rows.get(table, {}).items()))
                  for table in ('clocks', 'rooms')),
                ('gaps', ((run + id, begun, *row) for (id, begun), row in rows['gaps'].items())),
                ('visits', ((visit + id, run + row[0], *row[1:])
                            for id, row in rows['visits'].items())),
                *((table, ((visit + id, *key, *row)
                           for (id, *key), row in rows.get(table, {}).items()))
                  for table in OF_VISITS)):
            marks = ', '.join('?' * TABLES[table])
            self._db.executemany(f'INSERT OR REPLACE INTO {table} VALUES ({marks})', made)
        if rows.get('rooms'):  # the latest alone is kept
            self._db.execute('DELETE FROM rooms WHERE run < (SELECT max(run) FROM rooms)')
        self._db.execute('COMMIT')

    def _shift(self, run: int, by: int) -> None:
        """Moves all dates of a run; in two steps, because the new ones may be others' old ones."""
        for step in ('-1 - {}', f'{by} - 1 - {{}}'):
            for table in OF_VISITS:
                self._db.execute(f'UPDATE {table} SET time = {step.format("time")} WHERE visit IN '
                                 '(SELECT id FROM visits WHERE run = ?)', [run])
            self._db.execute(f'UPDATE gaps SET begun = {step.format("begun")}, '
                             f'ended = {step.format("ended")} WHERE run = ?', [run])
        for table, key in (('visits', 'run'), ('runs', 'id')):
            self._db.execute(f'UPDATE {table} SET begun = begun + {by}, ended = ended + {by} '
                             f'WHERE {key} = ?', [run])

    def _purge(self, deadlines: Dict[int, float], oldest_aside: float) -> None:
        self._db.execute('BEGIN IMMEDIATE')
        for run, begun in self._db.execute('SELECT id, begun FROM runs').fetchall():
            limits = {'run': run, 'oldest': deadlines.get(run, -math.inf)}
            if begun >= limits['oldest']:
                continue
            for table in OF_VISITS:
                self._db.execute(f'DELETE FROM {table} WHERE time < :oldest AND visit IN (SELECT '
                                 'id FROM visits WHERE run = :run AND begun < :oldest)', limits)
            for table in ('visits', 'gaps'):
                self._db.execute(f'DELETE FROM {table} WHERE run = :run AND ended < :oldest',
                                 limits)
            self._db.execute('DELETE FROM runs WHERE id = :run AND ended < :oldest', limits)
        for table in ('clocks', 'rooms'):
            self._db.execute(f'DELETE FROM {table} WHERE run NOT IN (SELECT id FROM runs)')
        self._db.execute('COMMIT')
        # execute() would make only one step of this statement, and each step frees one page.
        self._db.executescript('PRAGMA incremental_vacuum')
        self._db.execute('PRAGMA wal_checkpoint(TRUNCATE)').fetchall()
        for path in _set_aside_stores(self._path):
            if os.stat(path).st_mtime * SECOND < oldest_aside:
                os.unlink(path)

    def _open(self) -> None:
        if self._lock is None:
            self._lock = _locked(self._path)
        if self._base is None:
            # A failing disk leaves zeros or ones of a store; any other start is another program's.
            start = os.pread(self._lock, 16, 0).strip(b'\0\xff')
            if start not in (b'', b'SQLite format 3'):
                raise ValueError(f'{self._path} is not a store of visits')
        self._db = sqlite3.connect(self._path, timeout=1, isolation_level=None,
                                   check_same_thread=False)
        self._db.execute('PRAGMA secure_delete = ON')
        self._db.execute('PRAGMA synchronous = FULL')
        if not is_store(self._db, self._path, may_be_new=True):
            self._db.execute('PRAGMA auto_vacuum = INCREMENTAL')
            self._db.executescript(SCHEMA)
        self._db.executescript(ADDED)
        os.fchmod(self._lock, 0o600)  # SQLite gives its other files the same mode
        self._db.execute('PRAGMA journal_mode = WAL')
        if self._base is None:
            found = self._db.execute('PRAGMA quick_check(1)').fetchone()[0]
            if found != 'ok':
                raise sqlite3.DatabaseError(found)
            self._base = self._db.execute('SELECT (SELECT ifnull(max(id), 0) FROM runs), '
                                          '(SELECT ifnull(max(id), 0) FROM visits)').fetchone()

    def _disconnect(self) -> None:
        """Closes the database, which must precede closing the file: that ends SQLite's locks."""
        if self._db:
            self._db.close()
            self._db = None

    def _is_there(self, end: str) -> bool:
        """Whether the open file, or with an end to its name one beside it, is where it was made."""
        try:
            found = os.stat(self._path + end)
        except FileNotFoundError:
            return False
        return bool(end) or os.path.samestat(found, os.fstat(self._lock))

    def _put_aside(self, error: Exception) -> None:
        self._set_aside = time.monotonic()
        aside = self._path + time.strftime(ASIDE, time.gmtime())
        for end in ('-wal', '-shm', ''):
            with contextlib.suppress(FileNotFoundError):
                os.rename(self._path + end, aside + end)
        os.close(self._lock)
        self._lock = None
        LOGGER.error('the store %s is damaged (%s); it was renamed to %s, and a new store begins',
                     self._path, one_line(error), aside)


def _locked(path: str) -> int:
    """Opens a file, new or not, for its owner alone and for one process at a time.

    Raises OSError with the errno of its cause.
    """
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


def read_marked_runs(db: sqlite3.Connection) -> List[Run]:
    """All runs of a store in the order of their numbers, with the marks that they have."""
    has_marks = db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'clocks'").fetchone()[0]
    marks = {run: Mark(*mark) for run, *mark in (
        db.execute('SELECT run, boot, zero, first, last, confirmed FROM clocks')
        if has_marks else ())}
    return [Run(*run, marks.get(run[0]))
            for run in db.execute('SELECT id, begun, ended FROM runs ORDER BY id')]


def is_store(db: sqlite3.Connection, path: str, may_be_new: bool = False) -> bool:
    """Whether a database is a store: False for one without tables, if it may be new.

    path: its name in messages. Raises ValueError if it is another program's or of another version.
    """
    application, version, tables = (db.execute(query).fetchone()[0] for query in (
        'PRAGMA application_id', 'PRAGMA user_version', 'SELECT count(*) FROM sqlite_master'))
    if may_be_new and not tables and application in (0, APPLICATION):
        return False
    if application != APPLICATION:
        raise ValueError(f'{path} is a database, but not a store of visits')
    if version != VERSION:
        raise ValueError(f'{path} has version {version}, but this program needs version {VERSION}')
    return True


def _set_aside_stores(path: str) -> List[str]:
    return glob.glob(glob.escape(path) + '.damaged-*')


def forget(path: str) -> None:
    """Deletes a store and those that were set aside from it. Raises OSError or ValueError."""
    path = os.path.realpath(path)
    found = _set_aside_stores(path)
    if os.path.exists(path):
        lock = _locked(path)
        header = os.pread(lock, HEADER_SIZE, 0)
        os.close(lock)
        if header[HEADER_APPLICATION] != APPLICATION.to_bytes(4, 'big'):
            raise ValueError(f'{path} is not a store of visits')
        # The store itself is the last, so that an interrupted deletion can be repeated.
        found += [path + end for end in ('-journal', '-wal', '-shm', '')
                  if os.path.exists(path + end)]
    if not found:
        raise FileNotFoundError(f'no store {path}')
    for name in found:
        os.unlink(name)
