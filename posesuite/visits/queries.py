"""Reads stores of visits, also while they are written.

    with open_store('visits.db') as store:
        visits = read_visits(store)
        for part in read_positions(store):
            ...
"""
import contextlib
import itertools
import os
import sqlite3
import time
from typing import Any, Collection, Iterator, List, Tuple

from posesuite.visits.clock import Run, misdated
from posesuite.visits.database import is_store, read_marked_runs
from posesuite.visits.rows import SECOND, UNKNOWN

import numpy as np

VISIT = np.dtype([('id', 'i4'), ('run', 'i4'), ('begun', 'i8'), ('ended', 'i8')])
POSITION = np.dtype([('visit', 'i4'), ('time', 'i8'), ('x', 'i2'), ('y', 'i2'), ('height', 'i2'),
                     ('flags', 'u1')])
BODY = np.dtype([('visit', 'i4'), ('time', 'i8'), ('facing', 'i2'), ('left_x', 'i2'),
                 ('left_y', 'i2'), ('right_x', 'i2'), ('right_y', 'i2')])
ACTIVITY = np.dtype([('visit', 'i4'), ('time', 'i8'), ('activity', 'i2'), ('seconds', 'i2'),
                     ('times', 'i4'), ('x', 'i1'), ('y', 'i1')])
FOREVER = 1 << 62  # milliseconds, later than all times
PART = 1 << 18  # positions that are read at once
BEGUN = 'begun >= ? AND begun < ?'


@contextlib.contextmanager
def open_store(path: str) -> Iterator[sqlite3.Connection]:
    """Opens a store for reading: its content as of this moment, also while it is written.

    Raises OSError or ValueError with one line.
    """
    if not os.path.isfile(path):
        raise FileNotFoundError(f'no store {path}')
    db = sqlite3.connect(path, isolation_level=None)
    try:
        db.execute('PRAGMA query_only = ON')
        is_store(db, path)
        db.execute('BEGIN')
        yield db
    except sqlite3.Error as error:
        raise OSError(f'cannot read the store {path}: {error}')
    finally:
        db.close()


def read_misdated(store: sqlite3.Connection) -> List[Run]:
    """The runs that were recorded under a wrong clock, see clock.py."""
    return misdated(read_marked_runs(store), time.time() * SECOND)


def read_runs(store: sqlite3.Connection,
              without: Collection[int] = ()) -> List[Tuple[int, int, int, str, int, int]]:
    """The runs by begin: id, begun, ended, title, width, height. without: ids of runs."""
    return store.execute(f'SELECT * FROM runs WHERE id NOT IN ({_listed(without)}) '
                         'ORDER BY begun, id').fetchall()


def read_gaps(store: sqlite3.Connection,
              without: Collection[int] = ()) -> List[Tuple[int, int, str]]:
    """The gaps in runs by begin: begun, ended, why. without: ids of runs."""
    return store.execute('SELECT begun, ended, why FROM gaps '
                         f'WHERE run NOT IN ({_listed(without)}) ORDER BY 1, 2, 3').fetchall()


def read_watched(store: sqlite3.Connection, without: Collection[int] = ()) -> np.ndarray:
    """The times in which people could be seen, int64 [N, 2] from begin to end.

    These are the runs without their gaps. without: ids of runs.
    """
    runs, gaps = (np.array(rows, np.int64).reshape(-1, 2) for rows in (
        [row[1:3] for row in read_runs(store, without)],
        [row[:2] for row in read_gaps(store, without)]))
    edges = np.unique(np.concatenate([runs, gaps]))

    def depth(spans: np.ndarray) -> np.ndarray:
        """Number of spans that cover the time from each edge to the next."""
        steps = np.zeros(len(edges), int)
        np.add.at(steps, np.searchsorted(edges, spans[:, 0]), 1)
        np.add.at(steps, np.searchsorted(edges, spans[:, 1]), -1)
        return np.cumsum(steps)

    watched = (depth(runs) > 0) & (depth(gaps) == 0)
    return edges[np.flatnonzero(np.diff(watched, prepend=False))].reshape(-1, 2)


def read_visits(store: sqlite3.Connection, since: int = 0, until: int = FOREVER,
                without: Collection[int] = ()) -> np.ndarray:
    """The visits that began from since to before until, by id: [N] of VISIT, as in the table.

    A visit of a single frame has no length. without: ids of runs.
    """
    return _array(store.execute(f'SELECT * FROM visits WHERE {BEGUN} AND run NOT IN '
                                f'({_listed(without)}) ORDER BY id', (since, until)), VISIT)


def read_positions(store: sqlite3.Connection, since: int = 0, until: int = FOREVER,
                   part: int = PART) -> Iterator[np.ndarray]:
    """The positions of the visits that began from since to before until, by visit and time.

    Yields arrays [N] of POSITION, each of whole visits and about `part` positions long.
    """
    return _read_parts(store, 'positions', POSITION, '*', since, until, part)


def read_bodies(store: sqlite3.Connection, since: int = 0, until: int = FOREVER,
                part: int = PART) -> Iterator[np.ndarray]:
    """The bodies of positions, as read_positions: arrays [N] of BODY. None of an old store."""
    if not store.execute("SELECT 1 FROM sqlite_master WHERE name = 'bodies'").fetchall():
        return iter(())
    columns = 'visit, time, ' + ', '.join(f'ifnull({name}, {UNKNOWN})' for name in BODY.names[2:])
    return _read_parts(store, 'bodies', BODY, columns, since, until, part)


def read_activities(store: sqlite3.Connection, since: int = 0,
                    until: int = FOREVER) -> Tuple[List[str], Iterator[np.ndarray]]:
    """The names of all activities, and rows as read_positions: arrays [N] of ACTIVITY, in which
    activity is the index of a name. None of an old store.
    """
    if not store.execute("SELECT 1 FROM sqlite_master WHERE name = 'activities'").fetchall():
        return [], iter(())
    names = [str(name) for name, in store.execute(
        'SELECT DISTINCT activity FROM activities ORDER BY 1')]
    numbers = {name: i for i, name in enumerate(names)}
    # Python 3.7 hashes the function, which it cannot with a method of a dictionary.
    store.create_function('number_of', 1, lambda name: numbers.get(name))
    columns = 'visit, time, number_of(activity), seconds, times, x, y'
    return names, _read_parts(store, 'activities', ACTIVITY, columns, since, until, PART)


def _read_parts(store: sqlite3.Connection, table: str, dtype: np.dtype, columns: str, since: int,
                until: int, part: int) -> Iterator[np.ndarray]:
    """Rows of visits that began in some time, by visit and time, in parts of whole visits."""
    rows = store.execute(f'SELECT {columns} FROM {table} WHERE visit IN (SELECT id FROM visits '
                         f'WHERE {BEGUN}) ORDER BY visit, time', (since, until))
    rest = np.empty(0, dtype)
    while True:
        read = _array(itertools.islice(rows, part), dtype)
        if not len(read):
            break
        read = np.concatenate([rest, read])
        whole = np.searchsorted(read['visit'], read['visit'][-1])
        if whole:
            yield read[:whole]
        rest = read[whole:]
    if len(rest):
        yield rest


def _listed(ids: Collection[int]) -> str:
    return ', '.join(map(str, ids))


def _array(rows: Iterator[Tuple[Any, ...]], dtype: np.dtype) -> np.ndarray:
    try:
        return np.fromiter(rows, dtype)
    except (TypeError, ValueError, OverflowError) as error:  # SQLite's columns accept any type
        raise ValueError(f'the store holds a value of a wrong type: {error}')
