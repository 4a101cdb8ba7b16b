"""Serves frames to browsers: /, /poses, /snapshot.jpg and /healthz. Runs as a process of its own.

Poses are pushed as Server-Sent Events. A page asks for the picture of the newest poses that it has
whenever it has drawn the picture before. So nobody waits for a slow browser, and no frames queue up
for it.

stdin carries a line of JSON with the settings, then for each frame a line of JSON and its pixels.
stdout carries a line of JSON with the server's address, then an empty line for each frame that
browsers wait for.
"""
import ipaddress
import json
import os
import secrets
import signal
import socket
import socketserver
import sys
import threading
import time
from typing import Any, Callable, Dict, Optional, Set, Tuple
from urllib.parse import quote

from posesuite.display.overlay import COLORS, RADII, SCORE_THRESHOLD
from posesuite.display.web_requests import END, HEARTBEAT, RequestHandler, sse_event
from posesuite.files import own_file
from posesuite.pose.skeleton import BONES, KEYPOINT_TYPES

import cv2
import numpy as np

MAX_PICTURES = 8  # latest pictures that are kept, for browsers that have just received their event
MAX_THREADS = 256  # threads, beyond which a new connection is closed at once
STALL_TIMEOUT = 5  # seconds without a frame until the state is 'stalled'
HEARTBEAT_INTERVAL = 5  # seconds between comments to browsers that wait for poses
JPEG_QUALITY = 80  # percent
END_TIMEOUT = 1  # seconds for browsers to receive the last event
NICENESS = 19  # of the process: the lowest priority


class WebServer(socketserver.ThreadingTCPServer):
    """The latest frames, and the threads that serve them.

    address: host name or IP address, and port; port 0 is any free one.
    token: required of every request; on other than a loopback address one is made up if it is None.
    title: of the page.
    ask: called when browsers wait for a frame and none was asked for since the last one.
    Attributes: url, on_loopback, token; for the request handler also names (that Host may have),
    page (HTML), setup (the first event of a stream) and listeners (threads that stream poses).
    Raises OSError if it cannot listen there.
    """
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, address: Tuple[str, int], token: Optional[str], title: str,
                 ask: Callable[[], None]) -> None:
        self.address_family, *_, place = socket.getaddrinfo(*address, type=socket.SOCK_STREAM)[0]
        super().__init__(place[:2], RequestHandler)
        host, port = self.server_address[:2]
        bound = ipaddress.ip_address(host)
        self.on_loopback = bound.is_loopback
        self.names = {address[0].lower(), 'localhost'}
        if not self.on_loopback:
            token = token or secrets.token_urlsafe(16)
            name = socket.gethostname().lower()
            self.names |= {name, f'{name}.local'}
        self.token = token
        self.url = url_of(own_address() if bound.is_unspecified else host, port, token)
        with open(own_file('display', 'web_page.html'), encoding='utf-8') as file:
            self.page = file.read()
        self.setup = sse_event(setup_of(title), name='setup')
        self.listeners: Set[threading.Thread] = set()
        self._ask = ask
        self._changed = threading.Condition()  # guards what follows
        self._ended = False
        self._asked = False  # whether the demo was asked for a frame that has not arrived yet
        self._id = 0  # of the latest frame
        self._event, self._fault, self._frame = b'', '', None  # of the latest frame
        self._pictures: Dict[int, _Picture] = {}  # by id

    def show(self, image: np.ndarray, event: Dict[str, Any]) -> None:
        """Accepts a frame of the demo, uint8 [Y, X, RGB], and the event that browsers receive."""
        with self._changed:
            self._asked = False
            self._id += 1
            self._event = sse_event(event, self._id)
            self._fault, self._frame = event['fault'], event['frame']
            self._pictures[self._id] = _Picture(image)
            self._pictures.pop(self._id - MAX_PICTURES, None)
            self._changed.notify_all()

    def _wait_for_newer(self, after: int, timeout: float) -> bool:
        """Asks the demo for a frame newer than an id; returns False if none arrives in time."""
        if self._id <= after and not self._asked and not self._ended:
            self._asked = True
            self._ask()
        self._changed.wait_for(lambda: self._id > after or self._ended, timeout)
        return self._id > after

    def next_event(self, after: Optional[int]) -> Tuple[int, bytes]:
        """The id and the event of the latest frame newer than an id, or than now for None.

        While there is none, the event is a comment, and at the end of the demo END.
        """
        with self._changed:
            after = self._id if after is None else after
            if self._wait_for_newer(after, HEARTBEAT_INTERVAL):
                return self._id, self._event
            return after, END if self._ended else HEARTBEAT

    def picture(self, number: int) -> Tuple[int, bytes]:
        """The picture of an id as JPEG, or if it is not kept, a new one; and its actual id."""
        with self._changed:
            if number not in self._pictures:
                if not number or number > self._id:
                    self._wait_for_newer(self._id, STALL_TIMEOUT)
                number = self._id
            picture = self._pictures.get(number)
        return number, picture.jpeg() if picture else b''

    def health(self) -> Dict[str, Any]:
        """The state ('ok', 'fault' or 'stalled'), the fault's text and the frame's number."""
        with self._changed:
            fresh = self._wait_for_newer(self._id, STALL_TIMEOUT)
            return {'state': 'stalled' if not fresh else 'fault' if self._fault else 'ok',
                    'fault': self._fault, 'frame': self._frame}

    def end(self) -> None:
        """Sends the browsers the event that the demo has ended."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        deadline = time.monotonic() + END_TIMEOUT
        for thread in list(self.listeners):
            thread.join(max(0, deadline - time.monotonic()))

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Whether there is a thread left for a connection."""
        return threading.active_count() < MAX_THREADS

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Reports an error on stderr, unless a browser has merely gone away."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Picture:
    """A picture that is encoded once, on the first request for it."""

    def __init__(self, image: np.ndarray) -> None:
        self._image, self._jpeg, self._lock = image, b'', threading.Lock()

    def jpeg(self) -> bytes:
        with self._lock:
            if not self._jpeg:
                _, jpeg = cv2.imencode('.jpg', cv2.cvtColor(self._image, cv2.COLOR_RGB2BGR),
                                       [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
                self._jpeg, self._image = jpeg.tobytes(), None
            return self._jpeg


def setup_of(title: str) -> Dict[str, Any]:
    """What a page needs to know before it draws: the skeleton and its colours, as overlay.py has
    them.
    """
    return {'title': title, 'bones': BONES, 'colors': COLORS, 'threshold': SCORE_THRESHOLD,
            'radii': [RADII[part] for part in KEYPOINT_TYPES]}


def url_of(host: str, port: int, token: Optional[str]) -> str:
    """The address to open in a browser."""
    return (f'http://{f"[{host}]" if ":" in host else host}:{port}/'
            + (f'?token={quote(token)}' if token else ''))


def own_address() -> str:
    """This machine's address in its network. No packet is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(('192.0.2.1', 9))  # reserved for documentation (RFC 5737)
            return probe.getsockname()[0]
        except OSError:
            return socket.gethostname()


def main() -> None:
    """Serves the frames that arrive on stdin, until it ends."""
    for name in ('SIGINT', 'SIGTERM', 'SIGHUP'):  # they end the demo, which then closes stdin
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    stdin = sys.stdin.buffer
    settings = json.loads(stdin.readline())
    try:
        server = WebServer(tuple(settings['address']), settings['token'], settings['title'],
                           lambda: os.write(1, b'\n'))
    except OSError as error:
        print(json.dumps({'error': error.strerror or str(error)}), flush=True)
        return
    print(json.dumps({'url': server.url, 'on_loopback': server.on_loopback}), flush=True)
    if hasattr(os, 'nice'):
        os.nice(NICENESS)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for line in stdin:
        frame = json.loads(line)
        height, width, _ = frame['shape']
        pixels = stdin.read(height * width * 3)
        if len(pixels) < height * width * 3:
            break
        server.show(np.frombuffer(pixels, np.uint8).reshape(height, width, 3), frame['event'])
    server.end()
