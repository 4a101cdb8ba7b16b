"""Stores of visits for the tests: filled, read whole, and written by processes of their own."""
import datetime
import os
import sqlite3
import subprocess
import sys
from typing import Any, Dict, List

from figures import frame, standing
from helpers import ROOT, TESTS
from posesuite.visits.queries import (
    open_store,
    read_bodies,
    read_gaps,
    read_positions,
    read_runs,
    read_visits,
    read_watched,
)
from posesuite.visits.store import VisitStore

START = datetime.datetime(2025, 5, 1, 8, tzinfo=datetime.timezone.utc)
BEGIN = round(START.timestamp() * 1000)  # the same in milliseconds
FOREVER = 36500  # days

PRELUDE = f"""
import datetime, logging, os, resource, signal, sys, time
sys.path[:0] = [{ROOT!r}, {TESTS!r}]
from figures import frame, standing
from helpers import wait_for
from posesuite import script
from posesuite.visits import store as store_module
from posesuite.visits.store import VisitStore
from stores import BEGIN, FOREVER, START, everything, is_whole, last_time
script.talk()
said = []
class Listener(logging.Handler):
    def emit(self, record):
        said.append(record.getMessage())
store_module.LOGGER.addHandler(Listener())
"""


def fill(path: Any, people: Dict[int, Any], seconds: float, start: Any = START, fps: int = 1,
         **options: Any) -> None:
    """Stores a run in which people by id are there from and to some seconds."""
    options.setdefault('keep_days', FOREVER)
    with VisitStore(str(path), start=start, **options) as store:
        for i in range(round(seconds * fps) + 1):
            now = i / fps
            store.write(frame(now), {id: standing() for id, (begin, end) in people.items()
                                     if begin <= now <= end})


def everything(path: Any) -> Dict[str, List[Any]]:
    """All that queries.py reads of a store."""
    with open_store(str(path)) as store:
        positions = [row for part in read_positions(store) for row in part.tolist()]
        bodies = [row for part in read_bodies(store) for row in part.tolist()]
        return {'runs': read_runs(store), 'gaps': read_gaps(store), 'positions': positions,
                'bodies': bodies,
                'watched': read_watched(store).tolist(), 'visits': read_visits(store).tolist()}


def last_time(path: Any) -> int:
    """Time of the newest position in a store, UTC milliseconds; 0 without positions."""
    with open_store(str(path)) as store:
        return store.execute('SELECT ifnull(max(time), 0) FROM positions').fetchone()[0]


def is_whole(path: Any) -> bool:
    """Whether SQLite finds a database undamaged."""
    db = sqlite3.connect(str(path))
    found = db.execute('PRAGMA integrity_check').fetchall()
    db.close()
    return found == [('ok',)]


def run_visits(*arguments: Any, status: int = 0) -> 'subprocess.CompletedProcess[str]':
    """Runs visits.py, which must end with this status."""
    done = subprocess.run([sys.executable, os.path.join(ROOT, 'visits.py'),
                           *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == status, done.stderr
    return done


def child(code: str, *arguments: Any, **options: Any) -> 'subprocess.Popen[str]':
    """A process that runs code after PRELUDE; `said` is what the store has logged there."""
    return subprocess.Popen([sys.executable, '-c', PRELUDE + code, *map(str, arguments)],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
