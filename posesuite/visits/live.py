"""Counts today's visitors while the camera runs, for the owner's view of the page of --serve.

    with Live(read_live_plan('areas.json', 'hall.db'), 'hall.db') as live:
        live.write(frame, people)
        live.numbers()
"""
import datetime
import logging
import queue
import threading
from typing import Any, Dict, List, Optional, Tuple

from posesuite.pose.pose import Frame, People
from posesuite.visits.areas import Plan, read_camera_plan
from posesuite.visits.clock import Clock
from posesuite.visits.live_numbers import numbers_of, shown_since
from posesuite.visits.queries import (
    open_store,
    read_gaps,
    read_misdated,
    read_positions,
    read_runs,
    read_visits,
)
from posesuite.visits.recorder import Recorder
from posesuite.visits.rows import SECOND, Rows, no_rows
from posesuite.visits.tally import Tally

import numpy as np

LOGGER = logging.getLogger(__name__)
FORGET_INTERVAL = 60 * SECOND  # milliseconds between looks for what is too old to be shown
MAX_WAITING = 300  # frames that wait to be counted; then, as with a file at full speed, write waits


class Live:
    """What happens in a room, in numbers; a context manager and a sink.

    One thread writes, another may ask for the numbers, and frames are counted on a third one, which
    takes longer the more people came today.

    plan: of the areas and lines that are counted.
    store: path of the store, opened before, whose rows of today count too: a restart loses nothing.
    start: aware time at which the source began, as of VisitStore.
    clock: that dates a live source.
    served: whether anybody can ask for the numbers; else nothing is counted.
    """

    def __init__(self, plan: Plan, store: Optional[str] = None,
                 start: Optional[datetime.datetime] = None, clock: Optional[Clock] = None,
                 served: bool = True) -> None:
        self._plan, self._store, self._served = plan, store, served
        self._clock, self._lock = clock or Clock(), threading.Lock()
        self._recorder = Recorder(start=start and start.timestamp())
        self._tally = Tally(plan)
        self._earlier: Optional[Tally] = None  # of what the store holds; None before the 1st frame
        self._runs = self._stored_runs() if served and store else []
        self._now = self._forgotten = 0  # UTC of the latest frame and of the latest forgetting
        self._seen: Dict[str, Any] = {}  # of the latest frame: what is no number
        self._waiting: queue.Queue[Any] = queue.Queue(MAX_WAITING)
        self._thread: Optional[threading.Thread] = None  # from the first frame on
        self._error: Optional[Exception] = None  # of that thread

    def __enter__(self) -> 'Live':
        return self

    def __exit__(self, *_: Any) -> None:
        if self._thread:
            self._waiting.put(None)
            self._thread.join()
            self._thread = None

    def write(self, frame: Frame, people: People, text: str = '',
              background: Optional[float] = None) -> None:
        """Lets a frame be counted, and returns at once. people: as of VisitStore.write.

        text: what the picture says beside the people. background: the share of the picture that
        shows the room, None if it never is to.
        """
        if not self._served:
            return
        if self._error:
            raise self._error
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name='live', daemon=True)
            self._thread.start()
        imageless = frame._replace(image=np.broadcast_to(np.uint8(0), frame.image.shape))
        self._waiting.put((imageless, dict(people), text, background, self._clock.zero()))

    def _work(self) -> None:
        for waiting in iter(self._waiting.get, None):
            try:
                self._count(*waiting)
            except Exception as error:  # the demo's own thread raises it
                self._error = error
            self._waiting.task_done()
        self._waiting.task_done()

    def _count(self, frame: Frame, people: People, text: str, background: Optional[float],
               zero: float) -> None:
        size = frame.image.shape[1], frame.image.shape[0]
        with self._lock:
            if self._recorder.clock_was_set(zero):
                self._tally.add(self._recorder.end(), size)
                self._tally.end()
                self._tally.shift(round((zero - self._recorder.clock) * SECOND))
                self._earlier = None
            self._tally.add(self._recorder.record(frame, people, zero), size)
            rows = self._recorder.run_row()
            self._tally.add(rows, size)
            self._now = rows['runs'][self._recorder.run][1]
            self._tally.end(self._recorder.present, self._now)
            if self._earlier is None:
                self._earlier = self._read_store(size)
            if not 0 <= self._now - self._forgotten < FORGET_INTERVAL:
                self._forgotten = self._now
                for tally in (self._earlier, self._tally):
                    tally.forget(shown_since(self._now))
            self._seen = {'fault': frame.fault.text if frame.fault else '', 'text': text,
                          'background': background}

    def numbers(self) -> Dict[str, Any]:
        """The numbers of the latest frame as live_numbers.py describes them, with its "fault" and
        "text", and the "background": its share of the picture, or null. {} before the first frame.

        Waits until the frames are counted that were written before; a demo's own thread should not.
        """
        self._waiting.join()
        with self._lock:
            if self._earlier is None:
                return {}
            present = self._recorder.present
            blind = self._seen['fault'] and not present
            return dict(self._seen, **numbers_of(self._plan, [self._earlier, self._tally],
                                                 self._now, None if blind else present))

    def _stored_runs(self) -> List[int]:
        """The runs of the store before anything of this one is in it."""
        try:
            with open_store(self._store) as store:
                return [run[0] for run in read_runs(store)]
        except (OSError, ValueError) as error:
            LOGGER.warning('the numbers for browsers begin at 0: %s', error)
            return []

    def _read_store(self, size: Tuple[int, int]) -> Tally:
        """What the store holds of the time that is shown."""
        tally = Tally(self._plan)
        if self._runs:
            try:
                tally.add(stored_rows(self._store, self._runs, shown_since(self._now), self._now),
                          size)
                tally.end()
            except (OSError, ValueError) as error:
                LOGGER.warning('the numbers for browsers begin at 0: %s', error)
        return tally


def stored_rows(path: str, runs: List[int], since: int, until: int) -> Rows:
    """The rows of a store from since to before until, UTC milliseconds. The numbers of their runs
    and visits are negative.

    runs: the ids of the runs that count; those under a wrong clock do not.
    Raises OSError or ValueError with one line.
    """
    rows = no_rows()
    with open_store(path) as store:
        wrong = [run.id for run in read_misdated(store)]
        without = [run[0] for run in read_runs(store) if run[0] not in runs or run[0] in wrong]
        for run, begun, ended, *rest in read_runs(store, without):
            if ended >= since and begun < until:
                rows['runs'][-run] = (begun, ended, *rest)
        for i, (begun, ended, why) in enumerate(read_gaps(store, without), 1):
            if ended >= since and begun < until:
                rows['gaps'][-i, begun] = ended, why
        visits = read_visits(store, since, until, without)
        for visit, run, begun, ended in visits.tolist():
            rows['visits'][-visit] = -run, begun, ended
        for part in read_positions(store, since, until):
            for visit, when, *position in part.tolist():
                if -visit in rows['visits']:
                    rows['positions'][-visit, when] = tuple(position)
    return rows


def read_live_plan(path: Optional[str], store: Optional[str]) -> Plan:
    """What an areas.json holds for the camera of the store of that path; nothing without a file.

    Raises ValueError or OSError with one line, also if it holds no areas and lines for this camera.
    """
    return Plan() if path is None else read_camera_plan(path, store, 'areas', 'lines')
