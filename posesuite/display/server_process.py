"""The process that serves browsers, as the demo sees it.

The process has the lowest priority, so that it gets the time that the network leaves. It asks the
demo for a frame only when a browser waits for one, and ends when the demo ends.
"""
import json
import logging
import math
import subprocess
import sys
import threading
import time
from typing import Any, Callable, Dict, Iterable, Optional, Tuple

from posesuite.child import child_command
from posesuite.display.output import DisplayError, Output
from posesuite.display.overlay import Look, look_of
from posesuite.display.scene import Scene
from posesuite.display.web_options import TOKEN_SOURCES
from posesuite.pose.json_poses import pose_as_json

import numpy as np

END_TIMEOUT = 3  # seconds for the process to end
NUMBERS_INTERVAL = 0.5  # seconds between numbers that are sent to it
LOGGER = logging.getLogger(__name__)
Numbers = Callable[[], Dict[str, Any]]


class ServerProcess(Output):
    """Serves frames to browsers, from a process of its own.

    address: host name or IP address, and port; port 0 is any free one.
    token: required of every request as ?token=; beyond this machine one is made up if it is None.
    title: of the page.
    names: further names that browsers may know the server by, such as a proxy's.
    numbers: called in a thread of this process for what the owner's view of the page shows, in the
        form that web_numbers.html reads; without it there is no such view.
    Attribute: url, the address to open in a browser.
    Raises DisplayError.
    """

    def __init__(self, address: Tuple[str, int], token: Optional[str], title: str,
                 names: Iterable[str] = (), numbers: Optional[Numbers] = None) -> None:
        # In a session of its own, Ctrl-C in the terminal reaches the demo alone.
        self._process = subprocess.Popen(child_command('posesuite.display.web_server'), bufsize=0,
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         start_new_session=True)
        self._numbers, self._numbers_sent = numbers, -math.inf  # and when that was, monotonic time
        self._newest: Optional[Scene] = None
        self._ended = False
        self._changed, self._sending = threading.Condition(), threading.Lock()
        self._feeder = threading.Thread(target=self._feed, daemon=True)
        started = self._start({'address': address, 'token': token, 'title': title,
                               'names': list(names), 'numbers': numbers is not None})
        if 'error' in started:
            self._process.kill()
            self._process.communicate()
            raise DisplayError(f'--serve cannot listen on {address[0]}:{address[1]}: '
                               + started['error'])
        self.url = started['url']
        if token and not (sys.stderr and sys.stderr.isatty()):  # a journal is not to keep it
            LOGGER.info('serving at %s?token=…, with the token of %s',
                        self.url.partition('?')[0], TOKEN_SOURCES)
        else:
            LOGGER.info('serving at %s', self.url)
        if not started['on_loopback']:
            LOGGER.warning('anyone who knows this address can watch; the picture travels '
                           'unencrypted')
        self._feeder.start()

    def _start(self, settings: Dict[str, Any]) -> Dict[str, Any]:
        """The answer of the process to its settings: url and on_loopback, or error."""
        try:
            self._send(settings)
            return json.loads(self._process.stdout.readline())
        except (OSError, ValueError):
            return {'error': 'its process ended at once'}

    def show(self, scene: Scene) -> bool:
        """Offers a frame to browsers; nobody waits for them. Raises DisplayError."""
        if self._process.poll() is not None:
            raise DisplayError(f'the server for browsers ended with {self._process.returncode}')
        with self._changed:
            self._newest = scene
            self._changed.notify()
        return True

    def _feed(self) -> None:
        """Sends the next frame each time the process asks for one."""
        while self._process.stdout.read(1):
            with self._changed:
                self._newest = None
                self._changed.wait_for(lambda: self._newest or self._ended)
                if self._ended:
                    break
                scene = self._newest
            image, numbers = scene.frame.image, self._newest_numbers()
            try:
                with self._sending:
                    self._send({'shape': image.shape, 'event': event_of(scene), **numbers})
                    self._send_bytes(np.ascontiguousarray(image).data.cast('B'))
            except (OSError, ValueError):  # either side has ended
                break

    def _newest_numbers(self) -> Dict[str, Any]:
        """What is to be sent of the numbers with the next frame."""
        now = time.monotonic()
        if self._numbers is None or now - self._numbers_sent < NUMBERS_INTERVAL:
            return {}
        self._numbers_sent = now
        return {'numbers': self._numbers()}

    def _send(self, message: Dict[str, Any]) -> None:
        self._send_bytes(memoryview(json.dumps(message).encode() + b'\n'))

    def _send_bytes(self, data: memoryview) -> None:
        while data:
            data = data[self._process.stdin.write(data):]

    def close(self) -> None:
        """Ends the process, which informs the browsers."""
        with self._changed:
            self._ended = True
            self._changed.notify()
        if self._sending.acquire(timeout=END_TIMEOUT):
            self._process.stdin.close()
            self._sending.release()
        try:
            self._process.wait(END_TIMEOUT if self._process.stdin.closed else 0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._feeder.join()
        self._process.stdout.close()


def event_of(scene: Scene) -> Dict[str, Any]:
    """The event that browsers receive for a frame, beside its picture."""
    frame = scene.frame
    height, width = frame.image.shape[:2]
    return {'frame': frame.number, 'time': round(frame.time, 4), 'fault': scene.fault,
            'text': scene.text, 'fps': round(scene.rate, 2),
            'poses': [dict(pose_as_json(pose), id=identity, color=scene.colors[identity],
                           look=_look_as_json(look_of(pose, identity, width, height)),
                           **({'labels': list(scene.labels[identity])} if
                              scene.labels.get(identity) else {}))
                      for identity, pose in scene.people.items()]}


def _look_as_json(look: Optional[Look]) -> Optional[Dict[str, Any]]:
    return look and {key: np.round(value, 2).tolist() for key, value in look._asdict().items()
                     if value is not None}
