"""The thread of a display."""
import queue
import threading
from concurrent.futures import Executor, Future
from typing import Any, Callable

IDLE = 0.1  # seconds without work after which idle is called, again and again


class Worker(Executor):
    """A thread that does what is submitted in order, and looks after its windows in between.

    idle: called while there is nothing to do.
    """

    def __init__(self, idle: Callable[[], None]) -> None:
        self._idle, self._jobs = idle, queue.Queue()
        self._thread = threading.Thread(target=self._work, daemon=True, name='display')
        self._thread.start()

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future:
        future = Future()
        self._jobs.put((future, function, arguments))
        return future

    def shutdown(self, wait: bool = True, **_: Any) -> None:
        self._jobs.put(None)
        if wait:
            self._thread.join()

    def _work(self) -> None:
        while True:
            try:
                job = self._jobs.get(timeout=IDLE)
            except queue.Empty:
                self._idle()
                continue
            if job is None:
                return
            run(*job)


class SameThread(Executor):
    """Does at once what is submitted, in the thread that submits it."""

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future:
        future = Future()
        run(future, function, arguments)
        return future


def run(future: Future, function: Callable[..., Any], arguments: Any) -> None:
    """Calls a function; the future gets its result or its error."""
    try:
        future.set_result(function(*arguments))
    except Exception as error:
        future.set_exception(error)
