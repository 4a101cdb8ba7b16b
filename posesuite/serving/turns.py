"""One engine for many clients: a bounded queue from which they are served in turns.

    queue = EngineQueue(engine, limit=100)
    done = queue.submit('192.168.1.20', lambda: image)  # a Future of Done

Two threads each prepare a picture, for example decode it, and then wait for the engine. So two
decoded pictures are in memory, however many requests wait, and a large one keeps no others waiting.
"""
import collections
import threading
import time
from concurrent.futures import Future
from typing import Any, Callable, Deque, Dict, Hashable, List, NamedTuple, Optional

from posesuite.errors import SuiteError
from posesuite.pose.pose import Pose

import numpy as np

WORKERS = 2  # threads: while one runs the engine, the other one prepares the next picture


class QueueFull(SuiteError):
    """As many requests wait as may."""


class Done(NamedTuple):
    """What the engine answers for one picture, and where the time went, in seconds."""
    image: np.ndarray
    poses: List[Pose]
    more: Any  # what `read` returned
    waited: float  # from submit to the picture's turn
    prepared: float
    network: float  # as the engine says


class _Job(NamedTuple):
    future: 'Future[Done]'
    prepare: Callable[[], np.ndarray]
    read: Callable[[Any], Any]
    submitted: float  # time.monotonic()


class Turns:
    """Jobs by client. Each client in turn has its oldest job taken. Not safe for threads."""

    def __init__(self) -> None:
        self._jobs: Dict[Hashable, Deque[Any]] = {}  # in the order of their turns
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def put(self, client: Hashable, job: Any) -> None:
        self._jobs.setdefault(client, collections.deque()).append(job)
        self._count += 1

    def take(self) -> Any:
        """The next job. Raises StopIteration if there is none."""
        client = next(iter(self._jobs))
        jobs = self._jobs.pop(client)
        job = jobs.popleft()
        if jobs:
            self._jobs[client] = jobs  # behind the others
        self._count -= 1
        return job


class EngineQueue:
    """Runs an engine on pictures of many clients, to be closed in the end.

    engine: a PoseEngine. limit: the number of pictures that may wait.
    """

    def __init__(self, engine: Any, limit: int) -> None:
        self._engine, self._limit = engine, limit
        self._turns, self._closed = Turns(), False
        self._changed = threading.Condition()  # guards the two
        self._engine_free = threading.Lock()
        self._next_in_line = threading.Lock()  # held by who waits for the engine
        self._workers = [threading.Thread(target=self._work, daemon=True, name='engine')
                         for _ in range(WORKERS)]
        for thread in self._workers:
            thread.start()

    def __len__(self) -> int:
        """How many pictures wait."""
        return len(self._turns)

    @property
    def full(self) -> bool:
        """Whether submit would raise QueueFull."""
        return len(self._turns) >= self._limit

    def submit(self, client: Hashable, prepare: Callable[[], np.ndarray],
               read: Optional[Callable[[Any], Any]] = None) -> 'Future[Done]':
        """Queues a picture; the future is cancelled by who no longer waits for it.

        client: whose turn it is. prepare: called in a thread, returns the picture, uint8
            [Y, X, RGB]. read: called with the engine right after the picture was looked at.
        The future raises what prepare, read and the engine raise. Raises QueueFull.
        """
        job = _Job(Future(), prepare, read or (lambda engine: None), time.monotonic())
        with self._changed:
            if self._closed:
                raise QueueFull('the server ends')
            if self.full:
                raise QueueFull(f'{len(self._turns)} pictures wait, which is as many as may')
            self._turns.put(client, job)
            self._changed.notify()
        return job.future

    def _next(self) -> Optional[_Job]:
        with self._changed:
            self._changed.wait_for(lambda: self._turns or self._closed)
            return None if self._closed else self._turns.take()

    def _work(self) -> None:
        for job in iter(self._next, None):
            if not job.future.set_running_or_notify_cancel():
                continue
            began = time.monotonic()
            try:
                image = job.prepare()
                ready = time.monotonic()
                with self._next_in_line:
                    self._engine_free.acquire()
                try:
                    waited = began - job.submitted + time.monotonic() - ready
                    poses, network = self._engine.DetectPosesInImage(image)
                    more = job.read(self._engine)
                finally:
                    self._engine_free.release()
                job.future.set_result(Done(image, poses, more, waited, ready - began, network))
            except Exception as error:
                job.future.set_exception(error)

    def close(self) -> None:
        """Ends the threads; what still waits is refused."""
        with self._changed:
            self._closed = True
            while self._turns:
                future = self._turns.take().future
                if future.set_running_or_notify_cancel():
                    future.set_exception(QueueFull('the server ends'))
            self._changed.notify_all()
        for thread in self._workers:
            thread.join()
