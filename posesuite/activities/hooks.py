"""Runs a command for each event, without a shell and without waiting for it.

    with Hooks(command('notify-send "{event}: {id}"')) as hooks:
        hooks.run(events)
"""
import logging
import queue
import re
import shlex
import shutil
import subprocess
import threading
from typing import Any, Iterable, List, Optional, Set

from posesuite.pose.event import Event

LOGGER = logging.getLogger(__name__)
RUNNING = 4  # commands at once
WAITING = 32  # events whose command has not begun yet; further ones are dropped
TIMEOUT = 60.0  # seconds after which a command is killed
CLOSE_TIMEOUT = 3.0  # seconds that closing waits for commands
PLACEHOLDER = re.compile(r'\{(event|id|time|value|count)\}')


def command(line: str) -> List[str]:
    """The words of a command line, in which {event}, {id}, {time}, {value} and {count} stand for
    those of an event.

    Raises ValueError with one line, also if there is no such program.
    """
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise ValueError(f'must be a command such as \'notify-send "{{event}} {{id}}"\': {error}')
    if not words or '\0' in line:
        raise ValueError('must be a command, with a program as its first word')
    if PLACEHOLDER.search(words[0]):
        raise ValueError('must begin with the name of a program, not with a placeholder')
    if shutil.which(words[0]) is None:
        raise ValueError(f'there is no program {words[0]!r:.80}')
    return words


def filled(words: List[str], event: Event) -> List[str]:
    """The words of an event's command; what an event has not is empty."""
    # A file's labels come from anywhere: none must become an option of the program.
    values = dict(event._asdict(), event=event.event.lstrip('-'), time=f'{event.time:.3f}')

    def value(found: Any) -> str:
        return '' if values[found[1]] is None else str(values[found[1]])

    return [PLACEHOLDER.sub(value, word) for word in words]


class Hooks:
    """Runs a command for each event; a context manager. Without a command it does nothing.

    At most RUNNING commands run at once, in the order of the events. What goes wrong is said once
    for each kind of failure. What commands print goes where the script's own output goes.

    words: as command() returns them. timeout: seconds after which a command is killed.
    """

    def __init__(self, words: Optional[List[str]], timeout: float = TIMEOUT) -> None:
        self._words, self._timeout = words, timeout
        self._queue: queue.Queue[Optional[Event]] = queue.Queue(WAITING)
        self._threads: List[threading.Thread] = []
        self._said: Set[str] = set()

    def run(self, events: Iterable[Event]) -> None:
        """Starts the command of each event, or lets it wait; returns at once."""
        for event in events if self._words else ():
            if len(self._threads) < RUNNING:
                self._threads.append(threading.Thread(target=self._work, daemon=True))
                self._threads[-1].start()
            try:
                self._queue.put_nowait(event)
            except queue.Full:
                self._say('dropped', f'more than {WAITING} events wait for --on-event: some are '
                                     'left out')

    def close(self) -> None:
        """Waits for a moment for commands that run or wait; those that run go on by themselves."""
        done = self._queue.all_tasks_done
        with done:
            done.wait_for(lambda: not self._queue.unfinished_tasks, CLOSE_TIMEOUT)
        left = self._drain()
        if left:
            LOGGER.warning('--on-event was not run for %d events, because earlier commands did '
                           'not end', left)
        for _ in self._threads:
            self._queue.put_nowait(None)
        self._threads = []

    def __enter__(self) -> 'Hooks':
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def _drain(self) -> int:
        """Takes back the events that wait; returns their number."""
        count = 0
        while True:
            try:
                self._queue.get_nowait()
            except queue.Empty:
                return count
            count += 1

    def _work(self) -> None:
        """The work of a thread: one command after the other."""
        for event in iter(self._queue.get, None):
            try:
                self._run(filled(self._words or [], event))
            finally:
                self._queue.task_done()

    def _run(self, words: List[str]) -> None:
        try:
            # In a session of its own, Ctrl-C in the terminal reaches the script alone.
            process = subprocess.Popen(words, stdin=subprocess.DEVNULL, start_new_session=True)
        except (OSError, ValueError) as error:
            self._say('start', f'--on-event cannot run {words[0]}: '
                               f'{getattr(error, "strerror", None) or error}')
            return
        try:
            status = process.wait(self._timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            self._say('timeout', f'--on-event: {words[0]} was ended after {self._timeout:g} '
                                 'seconds')
            return
        if status:
            self._say('status', f'--on-event: {words[0]} ended with status {status}')

    def _say(self, kind: str, text: str) -> None:
        if kind not in self._said:
            self._said.add(kind)
            LOGGER.warning('%s; this is said once', text)
