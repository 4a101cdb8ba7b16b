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
from typing import Any, Optional, Sequence, Tuple

from posesuite.pose.pose import Frame, People
from posesuite.visits.areas import Area
from posesuite.visits.clock import Clock, Run, date, deadlines, doubt, duration, movable
from posesuite.visits.database import VisitFile
from posesuite.visits.recorder import Recorder
from posesuite.visits.room import room_row
from posesuite.visits.row_queue import MAX_QUEUED, RowQueue
from posesuite.visits.rows import DAY, SECOND, Rows, no_rows

import numpy as np

LOGGER = logging.getLogger(__name__)
FLUSH_INTERVAL = 5.0  # seconds between writes; the most that a killed process loses
IDLE_INTERVAL = 60.0  # seconds between writes while nobody is there
PURGE_INTERVAL = 3600.0  # seconds between deletions of what is too old
COMPLAINT_INTERVAL = 60.0  # seconds between messages about failed writes
MAX_SILENT_MOVE = 60 * SECOND  # milliseconds by which runs are moved without a word
BATCH = 1000  # positions that are written without waiting for FLUSH_INTERVAL
CLOSE_TIMEOUT = 3.0  # seconds that closing waits for the disk
DISK_ERRORS = errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EROFS


class VisitStore:
    """Stores where people are; a context manager and a sink. Without a path it does nothing.

    A thread of its own writes every FLUSH_INTERVAL; what it has written outlives SIGKILL and loss
    of power. Failed writes are reported and retried. Meanwhile up to `max_queued` rows of a table
    wait; beyond that the oldest are dropped, which is recorded as a gap. A damaged store is set
    aside and a new one begun; so is one that is removed.

    Rows are deleted once they are older than keep_days for certain, which no wall clock can say
    alone: see clock.py.

    path: of the store, new or not.
    keep_days: days after which rows are deleted, and stores that were set aside too.
    title: of the runs, such as the camera's source.
    start: aware time at which the source began, as in the header of a pose log: write then waits
        for the disk. Without it the source is live and dated by the clock.
    max_queued: rows.
    clock: that dates a live source.
    whole_room: whether the picture of the empty room is kept as it is, not only its edges.
    areas: at which it is stored how people are turned and where in them they reach.
    Raises OSError or ValueError with one line: no such folder, a second process, another version.
    """

    def __init__(self, path: Optional[str], keep_days: float = 30, title: str = '',
                 start: Optional[datetime.datetime] = None, max_queued: int = MAX_QUEUED,
                 clock: Optional[Clock] = None, whole_room: bool = False,
                 areas: Sequence[Area] = ()) -> None:
        self._path = path
        self._keep = keep_days * DAY
        self._live = start is None
        self._clock, self._whole_room = clock or Clock(), whole_room
        self._room: Optional[np.ndarray] = None  # that was given latest
        self._room_row: Optional[Tuple[int, bytes]] = None  # of that
        self._recorder = Recorder(title, start and start.timestamp(), self._clock.boot, areas)
        self._queue = RowQueue(max_queued)
        self._changed = threading.Condition()  # guards what write and the writer's thread share
        self._closed = self._failing = False
        self._complained = -math.inf  # time.monotonic() of the latest message about a failed write
        self._written = 0.0  # time.monotonic() of the latest write
        self._purge_due = 0.0  # time.monotonic() from which the next purge may be
        self._checked = 0, False  # the run whose clock was checked latest, and whether confirmed
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
            self._queue.add(self._recorder.record(frame, people, self._clock.zero()),
                            self._recorder.run)
            if self._batch_waits():
                self._changed.notify_all()
                while not self._live and self._thread.is_alive() and not self._failing and (
                        self._batch_waits()):
                    self._changed.wait(0.1)

    def keep_room(self, room: Optional[np.ndarray]) -> None:
        """Keeps the picture of the empty room for the reports' maps, in place of an earlier one.

        room: uint8 [Y, X, RGB] without anybody, or None, which keeps the earlier one. May be called
        for each frame: only another array is looked at, and only another picture is written.
        """
        if self._path is None or room is None or room is self._room:
            return
        self._room, row = room, room_row(room, self._whole_room)
        if row != self._room_row:
            self._room_row = row
            with self._changed:
                self._queue.add(self._recorder.keep_room(row), self._recorder.run)

    def close(self) -> None:
        """Writes what still waits. Raises OSError if that cannot be written."""
        if self._path is None or self._closed:
            return
        with self._changed:
            self._queue.add(self._recorder.end(), self._recorder.run)
            self._closed = True
            self._changed.notify_all()
        end = time.monotonic() + CLOSE_TIMEOUT
        while self._thread.is_alive() and time.monotonic() < end:
            self._thread.join(0.1)  # which may return too early if the clock is not the kernel's
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
                state = self._state()
                if (self._queue or state != self._checked
                        or time.monotonic() - self._written >= IDLE_INTERVAL):
                    self._queue.add(self._recorder.run_row(), self._recorder.run)
                rows = self._queue.take()
                self._changed.notify_all()
            self._write_rows(rows, state)
        self._file.close()

    def _state(self) -> Tuple[int, bool]:
        """The present run, and whether its clock is confirmed by now."""
        recorder = self._recorder
        if (self._live and recorder.run and not recorder.confirmed and self._clock.is_confirmed()
                and not recorder.clock_was_set(self._clock.zero())):  # else a new run begins soon
            recorder.confirm()
        return recorder.run, recorder.confirmed

    def _write_rows(self, rows: Rows, state: Tuple[int, bool]) -> None:
        """Writes rows and purges, or puts back what could not be written. state: _state's."""
        try:
            self._file.check()
            if not any(rows.values()):
                return
            self._file.write(rows)
            rows = no_rows()  # these are safe, even if the purge fails
            self._written = time.monotonic()
            if state != self._checked:
                self._check_clock(state[0] != self._checked[0])
                self._checked, self._purge_due = state, 0.0
            if self._written >= self._purge_due:
                self._purge()
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

    def _check_clock(self, is_new: bool) -> None:
        """Moves runs that were recorded under a wrong clock, or says what is doubtful.

        is_new: whether the present run has not been checked before.
        """
        runs = self._file.runs()
        moved = movable(runs)
        self._file.move(moved, runs[-1].mark)
        far = [by for by in (runs[-1].mark.zero - run.mark.zero for run in moved)
               if abs(by) > MAX_SILENT_MOVE]
        if far:
            LOGGER.warning('the clock was set; runs in the store %s that were recorded under a '
                           'wrong clock were moved: %d, by %s', self._path, len(far),
                           duration(abs(far[-1])))
        elif is_new and not self._is_sure(runs[-1]):
            why = doubt(runs, self._keep) if self._live else (
                f'is behind the recording, which is of {date(runs[-1].until)}')
            if why:
                LOGGER.warning('the clock %s: on its word nothing is deleted from the store %s '
                               'until a time server confirms it', why, self._path)

    def _is_sure(self, run: Run) -> bool:
        """Whether the present run is dated by a confirmed clock, or as a recording in the past."""
        return run.confirmed or not self._live and run.ended <= time.time() * SECOND

    def _purge(self) -> None:
        runs = self._file.runs()
        sure = self._is_sure(runs[-1])
        limits = deadlines(runs, self._keep, sure)
        # Those that were set aside are older than all runs.
        aside = sure or runs[0].begun < limits[runs[0].id]
        self._file.purge(limits, runs[-1].until - self._keep if aside else -math.inf)

    def _complain(self, error: Exception) -> None:
        self._failing = True
        if time.monotonic() - self._complained >= COMPLAINT_INTERVAL:
            self._complained = time.monotonic()
            LOGGER.error('cannot write the store %s: %s; retrying, with up to %d positions in '
                         'memory', self._path, error, self._queue.max_queued)
