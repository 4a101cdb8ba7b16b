"""Sends what waits in an outbox, on a thread of its own, and says when nobody takes it."""
import abc
import contextlib
import logging
import threading
import time
from typing import Optional, Set

from posesuite.errors import one_line
from posesuite.publish.messages import Happening, Numbers, Poses
from posesuite.publish.outbox import Outbox

FIRST_DELAY, MAX_DELAY = 0.5, 30.0  # seconds between attempts
# Errors of what is to be sent, not of who is to take it; some OSErrors are ValueErrors, too.
UNWRITABLE = ArithmeticError, LookupError, TypeError, ValueError
CHORES = 1.0  # seconds after which a sender looks after its connection
LOGGER = logging.getLogger(__name__)


class Sender(abc.ABC):
    """Speaks the protocol of one system.

    Attributes: name, what messages call the system, without secrets; at_once, whether numbers are
    wanted as soon as they change; max_numbers, how many numbers wait while nobody takes them;
    takes_poses, whether it has any use for poses; kinds, names of events that may come.
    """
    at_once = False
    max_numbers = 1
    takes_poses = False

    def __init__(self, name: str) -> None:
        self.name = name
        self.kinds: Set[str] = set()

    @abc.abstractmethod
    def send(self, outbox: Outbox) -> bool:
        """Sends what it can; returns whether the system was there, and False if nobody asked it.

        What has arrived is done in the outbox, the rest is tried again. Raises OSError if the
        system is away.
        """

    def reset(self) -> None:  # noqa: B027
        """Gives up a connection that failed."""

    def close(self) -> None:
        """Takes leave of the system."""
        self.reset()


class Publisher:
    """A sender with its outbox and its thread. None of its methods waits, except close.

    every: seconds between numbers.
    """

    def __init__(self, sender: Sender, every: float) -> None:
        self.outbox = Outbox(sender.max_numbers)
        self._sender, self._every = sender, every
        self._latest: Optional[Numbers] = None
        self._closing = threading.Event()
        self._deadline = float('inf')  # time.monotonic() at which closing ends
        self._away, self._dropped = False, 0
        self._thread = threading.Thread(target=self._run, name='publisher', daemon=True)
        self._thread.start()

    def put_event(self, event: Happening) -> None:
        """An event, which is kept until it has arrived."""
        self.outbox.events.put(event)
        self.outbox.wake()

    def put_poses(self, poses: Poses) -> None:
        """Poses, which replace those that nobody has taken yet."""
        self.outbox.poses.put(poses)
        self.outbox.wake()

    def put_numbers(self, numbers: Numbers, last: bool = False) -> None:
        """Numbers, which are left out if the time for them has not come. last: of the run."""
        before = self._latest
        if last or before is None or not 0 <= numbers.at - before.at < self._every - 0.5 or (
                self._sender.at_once and numbers.content() != before.content()):
            self._latest = numbers
            self.outbox.numbers.put(numbers)
            self.outbox.wake()

    @property
    def takes_poses(self) -> bool:
        """Whether it has any use for poses."""
        return self._sender.takes_poses

    def begin_to_close(self, deadline: float) -> None:
        """Lets the thread end when all is sent, or at time.monotonic() == deadline."""
        self._deadline = deadline
        self._closing.set()
        self.outbox.wake()

    def close(self) -> None:
        """Waits for the thread, after begin_to_close."""
        self._thread.join(max(0.0, self._deadline - time.monotonic()) + 0.5)
        if self.outbox.events:
            LOGGER.warning('%d events did not reach %s', len(self.outbox.events),
                           self._sender.name)

    def _run(self) -> None:
        delay = FIRST_DELAY
        while True:
            closing = self._closing.is_set()
            try:
                if self._sender.send(self.outbox):
                    delay = FIRST_DELAY
                    self._say_back()
            except Exception as error:  # whatever it is, it must not end the thread
                self._reset()
                if isinstance(error, UNWRITABLE) and not isinstance(error, OSError):
                    LOGGER.error('%s: something could not be written, and is left out: %s: %s',
                                 self._sender.name, type(error).__name__, one_line(error))
                    self.outbox.skip()
                else:
                    self._say_away(error)
                if not closing:
                    self._closing.wait(max(delay, getattr(error, 'after', 0)))
                    delay = min(2 * delay, MAX_DELAY)
                    continue
                time.sleep(0.2)
            if closing and (time.monotonic() >= self._deadline or not (
                    self.outbox.events or self.outbox.numbers)):
                break
            self.outbox.wait(CHORES if not closing else 0.1)
        try:
            self._sender.close()
        except Exception as error:
            self._say_away(error)

    def _reset(self) -> None:
        with contextlib.suppress(Exception):  # it failed already
            self._sender.reset()

    def _say_away(self, error: Exception) -> None:
        reason = getattr(error, 'strerror', None) or one_line(error) or type(error).__name__
        if not self._away:
            self._away = True
            LOGGER.warning('%s cannot be reached (%s); it is tried again, and events are kept',
                           self._sender.name, reason)

    def _say_back(self) -> None:
        if self._away:
            self._away = False
            LOGGER.info('%s is back', self._sender.name)
        lost, self._dropped = self.outbox.events.dropped - self._dropped, self.outbox.events.dropped
        if lost:
            LOGGER.warning('%d events were lost, because %s was away for too long', lost,
                           self._sender.name)
