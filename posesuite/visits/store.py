"""Stores where people are, while the camera runs: the file's writer, and what it does about faults.

    with VisitStore('visits.db', keep_days=30, title='hall') as store:
        store.write(frame, people)
"""
import datetime
import errno
import logging
import math
import sqlite3
import threading
import time
from typing import Any, Optional

from posesuite.pose.pose import Frame, People
from posesuite.visits.database import VisitFile
from posesuite.visits.recorder import Recorder
from posesuite.visits.row_queue import MAX_QUEUED, RowQueue
from posesuite.visits.rows import DAY, Rows, no_rows

LOGGER = logging.getLogger(__name__)
FLUSH_INTERVAL = 5.0  # seconds between writes; the most that a killed process loses
IDLE_INTERVAL = 60.0  # seconds between writes while nobody is there
PURGE_INTERVAL = 3600.0  # seconds between deletions of what is too old
COMPLAINT_INTERVAL = 60.0  # seconds between messages about failed writes
BATCH = 1000  # positions that are written without waiting for FLUSH_INTERVAL
CLOSE_TIMEOUT = 3.0  # seconds that closing waits for the disk
DISK_ERRORS = errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EROFS


class VisitStore:
    """Stores where people are; a context manager and a sink. Without a path it does nothing.

    A thread of its own writes every FLUSH_INTERVAL; what it has written outlives SIGKILL and loss
    of power. Failed writes are reported and retried. Meanwhile up to `max_queued` rows of a table
    wait; beyond that the oldest are dropped, which is recorded as a gap. A damaged store is set
    aside and a new one begun.

    path: of the store, new or not.
    keep_days: days after which rows are deleted, and stores that were set aside too.
    title: of the runs, such as the camera's source.
    start: aware time at which the source began, as in the header of a pose log: write then waits
        for the disk. Without it the source is live and dated by the clock.
    max_queued: rows.
    Raises OSError or ValueError with one line: no such folder, a second process, another version.
    """

    def __init__(self, path: Optional[str], keep_days: float = 30, title: str = '',
                 start: Optional[datetime.datetime] = None, max_queued: int = MAX_QUEUED) -> None:
        self._path = path
        self._keep = keep_days * DAY
        self._live = start is None
        self._recorder = Recorder(title, start and start.timestamp())
        self._queue = RowQueue(max_queued)
        self._changed = threading.Condition()  # guards what write and the writer's thread share
        self._closed = self._failing = False
        self._complained = -math.inf  # time.monotonic() of the latest message about a failed write
        self._written = 0.0  # time.monotonic() of the latest write
        self._purge_due = 0.0  # time.monotonic() from which the next purge may be
        self._thread = threading.Thread(target=self._write_until_closed, daemon=True)
        if path is not None:
            self._file = VisitFile(path)
            self._open()
            self._thread.start()

    def write(self, frame: Frame, people: People) -> None:
        """Records a frame. people: poses in its pixels, by ids such as PoseTracker's.

        A frame with a fault that shows nobody, or a frozen one, is a gap.
        """
        if self._path is None:
            return
        with self._changed:
            clock = time.time() - time.monotonic()
            if self._recorder.clock_was_set(clock):
                # It may be wrong and set again: what it makes too old is not deleted yet.
                self._purge_due = time.monotonic() + PURGE_INTERVAL
            self._queue.add(self._recorder.record(frame, people, clock), self._recorder.run)
            if self._batch_waits():
                self._changed.notify_all()
                while not self._live and self._thread.is_alive() and not self._failing and (
                        self._batch_waits()):
                    self._changed.wait(0.1)

    def close(self) -> None:
        """Writes what still waits. Raises OSError if that cannot be written."""
        if self._path is None or self._closed:
            return
        with self._changed:
            self._queue.add(self._recorder.end(), self._recorder.run)
            self._closed = True
            self._changed.notify_all()
        self._thread.join(CLOSE_TIMEOUT)
        if self._thread.is_alive() or self._queue:
            raise OSError(f'the end of {self._path} could not be written')

    def __enter__(self) -> 'VisitStore':
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def _open(self) -> None:
        """Opens the file, or puts that off if it is the disk that does not allow it."""
        try:
            self._file.write(no_rows())
        except (OSError, ValueError, sqlite3.Error) as error:
            if not isinstance(error, sqlite3.OperationalError) and (
                    getattr(error, 'errno', None) not in DISK_ERRORS):
                self._file.close()
                raise
            self._complain(error)

    def _batch_waits(self) -> bool:
        return self._queue.count('positions') >= BATCH

    def _write_until_closed(self) -> None:
        """The work of the writer's thread."""
        closed = False
        while not closed:
            with self._changed:
                self._changed.wait_for(
                    lambda: self._closed or not self._failing and self._batch_waits(),
                    FLUSH_INTERVAL)
                closed = self._closed
                if self._queue or time.monotonic() - self._written >= IDLE_INTERVAL:
                    self._queue.add(self._recorder.run_row(), self._recorder.run)
                rows = self._queue.take()
                self._changed.notify_all()
            if any(rows.values()):
                self._write_rows(rows)
        self._file.close()

    def _write_rows(self, rows: Rows) -> None:
        """Writes rows and purges, or puts back what could not be written."""
        try:
            self._file.write(rows)
            rows = no_rows()  # these are safe, even if the purge fails
            self._written = time.monotonic()
            if self._recorder.run and self._written >= self._purge_due:
                self._file.purge(self._recorder.now - self._keep)
                self._purge_due = self._written + PURGE_INTERVAL
        except (OSError, ValueError, sqlite3.Error) as error:
            self._complain(error)
            with self._changed:
                self._queue.put_back(rows, self._recorder.run)
            return
        with self._changed:
            if self._failing:
                LOGGER.warning('the store %s is written again; %d positions were lost', self._path,
                               self._queue.lost)
            self._failing, self._queue.lost = False, 0

    def _complain(self, error: Exception) -> None:
        self._failing = True
        if time.monotonic() - self._complained >= COMPLAINT_INTERVAL:
            self._complained = time.monotonic()
            LOGGER.error('cannot write the store %s: %s; retrying, with up to %d positions in '
                         'memory', self._path, error, self._queue.max_queued)
