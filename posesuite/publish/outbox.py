"""What waits to be sent: bounded, and never in the way of who puts it there."""
import collections
import itertools
import threading
from typing import Any, Deque, List, Tuple

MAX_EVENTS = 20000  # events that wait; about 10 MB


class Lane:
    """Things that wait in order, each with a number; of more than `limit`, the oldest are dropped.

    Attributes: dropped, the number of things that were, in all.
    """

    def __init__(self, limit: int) -> None:
        self._things: Deque[Any] = collections.deque()
        self._first = 0  # number of the oldest thing
        self._lock = threading.Lock()
        self.limit, self.dropped = limit, 0

    def put(self, thing: Any) -> None:
        """Adds a thing."""
        with self._lock:
            self._things.append(thing)
            if len(self._things) > self.limit:
                self._things.popleft()
                self._first += 1
                self.dropped += 1

    def peek(self, count: int, after: int = -1) -> List[Tuple[int, Any]]:
        """The numbers and things of up to `count` of those that wait, the oldest first.

        after: only those of higher numbers than this.
        """
        with self._lock:
            begin = max(0, after + 1 - self._first)
            return [(self._first + i, self._things[i])
                    for i in itertools.islice(range(begin, len(self._things)), count)]

    def done(self, number: int) -> None:
        """Removes the things up to a number, because they have arrived."""
        with self._lock:
            while self._things and self._first <= number:
                self._things.popleft()
                self._first += 1

    def __len__(self) -> int:
        return len(self._things)


class Outbox:
    """Events, which wait until they have arrived, and the newest numbers and poses.

    max_numbers: how many of the numbers wait; only the newest for who shows what is so now.
    max_poses: the same of the poses.
    Attributes: events, numbers, poses, each a Lane.
    """

    def __init__(self, max_numbers: int = 1, max_poses: int = 8,
                 max_events: int = MAX_EVENTS) -> None:
        self.events, self.numbers = Lane(max_events), Lane(max_numbers)
        self.poses = Lane(max_poses)
        self._news = threading.Event()

    def skip(self) -> None:
        """Gives up what comes next, because it cannot be sent."""
        for lane in (self.events, self.numbers, self.poses):
            for number, _ in lane.peek(1):
                lane.done(number)

    def wake(self) -> None:
        """Ends the present or the next wait()."""
        self._news.set()

    def wait(self, seconds: float) -> None:
        """Waits until something new happens, but no longer than that."""
        if self._news.wait(seconds):
            self._news.clear()
