"""Publishes frames: a sink like the log, for any number of systems.

    with Publishers([target], 'hall', numbers=live.numbers) as publishers:
        for frame in camera:
            publishers.publish(frame, people, events)
"""
import argparse
import importlib
import logging
import os
import sys
import threading
import time
from typing import Any, Callable, Dict, Iterable, List, Optional, Sequence

from posesuite.errors import SuiteError
from posesuite.pose.event import Event
from posesuite.pose.pose import Frame, People
from posesuite.publish.messages import Happening, Numbers, Poses
from posesuite.publish.publisher import Publisher, Sender
from posesuite.publish.targets import Target
from posesuite.publish.totals import publishable

TICK = 1.0  # seconds between looks at the numbers
SWITCH_INTERVAL = 0.001  # seconds for which a thread may keep a frame's from running; 0.005 else
ROOM_SHARE = 0.05  # of the time, at most, in which a room's numbers are computed
CLOSE_TIMEOUT = 3.0  # seconds in which what waits may still be sent
# The module of each kind, its class, and the package that it needs.
SENDERS = {'mqtt': ('mqtt', 'Mqtt', 'paho-mqtt>=2'), 'osc': ('osc', 'Osc', 'python-osc'),
           'webhook': ('webhook', 'Webhook', ''), 'influx': ('influx', 'Influx', '')}
LOGGER = logging.getLogger(__name__)


class Publishers:
    """Sends people, events and numbers to systems; a context manager. Without targets it does
    nothing.

    targets: where to. name: of the camera, in what is published.
    poses: whether MQTT is sent the poses of each frame, too. every: seconds between numbers.
    numbers: returns a room's numbers as Live.numbers does. min_visits: see publishable().
    kinds: names of events that may come; others may, too.
    Raises SuiteError with one line if a package is missing.
    """

    def __init__(self, targets: Sequence[Target], name: str, poses: bool = False,
                 every: float = 10.0, min_visits: int = 5,
                 numbers: Optional[Callable[[], Dict[str, Any]]] = None,
                 kinds: Iterable[str] = ()) -> None:
        self._name, self._room, self._min_visits = name, numbers, min_visits
        self._run, self._events = os.urandom(8).hex(), 0
        self._frames, self._counted = 0, time.monotonic()
        self._latest: Optional[Poses] = None
        self._room_numbers: Dict[str, Any] = {}
        self._room_due = 0.0  # time.monotonic() from which on they may be computed again
        self._ended = threading.Event()
        self._publishers: List[Publisher] = []
        self._thread: Optional[threading.Thread] = None
        senders = [_sender(target, name, poses) for target in targets]
        kinds = set(kinds)
        for target, sender in zip(targets, senders):
            sender.kinds.update(kinds)
            if sender.takes_poses and target.is_overheard:
                LOGGER.info('poses pass the network to %s unencrypted', target.shown)
            self._publishers.append(Publisher(sender, every))
        if senders:
            self._interval = sys.getswitchinterval()
            sys.setswitchinterval(min(SWITCH_INTERVAL, self._interval))
            self._thread = threading.Thread(target=self._watch, name='numbers', daemon=True)
            self._thread.start()

    @classmethod
    def from_args(cls, args: argparse.Namespace,
                  numbers: Optional[Callable[[], Dict[str, Any]]] = None,
                  kinds: Iterable[str] = (), camera: str = '') -> 'Publishers':
        """What add_publish_options describes. camera: what tells one of several cameras
        apart.
        """
        name = args.publish_name + camera
        return cls([one.of_camera(name, camera) for one in args.publish], name,
                   args.publish_poses, args.publish_every, args.publish_min, numbers, kinds)

    def publish(self, frame: Frame, people: People, events: Iterable[Event] = ()) -> None:
        """Hands a frame over; returns at once. people: poses in the pixels of the frame."""
        if not self._publishers:
            return
        height, width = frame.image.shape[:2]
        now = time.time()
        self._latest = Poses(self._name, now, frame.number, frame.time, width, height,
                             frame.fault.text if frame.fault else '', dict(people))
        self._frames += 1
        for event in events:
            happening = Happening(self._name, now, event, self._run, self._events)
            self._events += 1
            for publisher in self._publishers:
                publisher.put_event(happening)
        for publisher in self._publishers:
            if publisher.takes_poses:
                publisher.put_poses(self._latest)

    def close(self) -> None:
        """Sends the last numbers and what waits, for at most CLOSE_TIMEOUT seconds."""
        if self._thread is None:
            return
        deadline = time.monotonic() + CLOSE_TIMEOUT
        self._ended.set()
        self._thread.join(CLOSE_TIMEOUT)
        for publisher in self._publishers:
            publisher.begin_to_close(deadline)
        for publisher in self._publishers:
            publisher.close()
        self._publishers, self._thread = [], None
        sys.setswitchinterval(self._interval)

    def __enter__(self) -> 'Publishers':
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def _watch(self) -> None:
        """Looks at the numbers once a TICK, and at the end."""
        while True:
            last = self._ended.wait(TICK)
            numbers = self._numbers(last)
            for publisher in self._publishers:
                if numbers:
                    publisher.put_numbers(numbers, last)
            if last:
                return

    def _numbers(self, last: bool) -> Optional[Numbers]:
        latest = self._latest
        if latest is None:
            return None
        now = time.monotonic()
        fps = self._frames / max(1e-3, now - self._counted)
        self._frames, self._counted = 0, now
        if self._room and (last or now >= self._room_due):
            self._room_numbers = self._room()
            taken = time.monotonic() - now
            self._room_due = now + taken / ROOM_SHARE
        room = self._room_numbers
        people = None if latest.fault and not latest.people else len(latest.people)
        people = room.get('people', people)  # which does not forget who is hidden for a moment
        return Numbers(self._name, time.time(), people, latest.fault, fps,
                       publishable(room, self._min_visits))


def _sender(target: Target, name: str, poses: bool) -> Sender:
    module, cls, package = SENDERS[target.kind]
    try:
        made = getattr(importlib.import_module(f'posesuite.publish.{module}'), cls)
    except ImportError as error:
        raise SuiteError(f'--publish {target.scheme}: needs the package {package} ({error}): '
                         f'{sys.executable or "python3"} -m pip install {package!r}')
    return made(target, name, poses)
