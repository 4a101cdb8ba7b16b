"""Serves what a demo shows to browsers: /, /poses, /snapshot.jpg and /healthz; see display.py.

Poses are pushed as Server-Sent Events, and a page asks for the picture of the newest one that it
has got whenever it has drawn the last. So nothing waits for a slow browser, and no more than the
newest waits for it. GET is the one method and changes nothing.

This is a process of its own with the lowest priority: it has what time the network leaves, asks
the demo for a frame only when a browser waits for one, and ends when the demo does.
"""
import hmac
import ipaddress
import json
import os
import re
import secrets
import signal
import socket
import socketserver
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler
from typing import Any, Dict, Optional, Tuple
from urllib.parse import parse_qs, quote, urlsplit

from posesuite.child import child_command
from posesuite.display.overlay import COLORS, THRESHOLD
from posesuite.files import own_file
from posesuite.pose.log import pose_as_json
from posesuite.pose.pose import Pose
from posesuite.pose.skeleton import BONES

import cv2
import numpy as np

RECENT = 8  # pictures kept, for browsers that have just got the event
MOST_THREADS = 256  # further connections are closed at once
STALL = 5  # seconds without a frame before the demo counts as unwell
BEAT = 5  # seconds between signs of life to those who wait for poses
SEND_BUFFER = 1 << 15  # bytes of events that the system may hold for a slow browser
HEADERS = {'Cache-Control': 'no-store', 'Cross-Origin-Resource-Policy': 'same-origin',
           'Referrer-Policy': 'no-referrer', 'X-Content-Type-Options': 'nosniff',
           'X-Frame-Options': 'DENY'}
END = b'event: end\ndata: {}\n\n'
POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


class ServerProcess:
    """The server, as the demo sees it.

    address: the host's name or address, and the port; 0 takes a free one.
    token: demanded as ?token= of every request; on other than a loopback address one is made up
        if none is given.
    title: of the page.
    Attributes: url (what to open), on_loopback.
    Raises OSError where it cannot listen.
    """

    def __init__(self, address: Tuple[str, int], token: Optional[str], title: str) -> None:
        self._process = subprocess.Popen(child_command('posesuite.display.server'), bufsize=0,
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._send({'address': address, 'token': token, 'title': title})
        answer = json.loads(self._process.stdout.readline() or b'{"error": "it ended at once"}')
        if 'error' in answer:
            self._process.wait()
            raise OSError(answer['error'])
        self.url, self.on_loopback = answer['url'], answer['on_loopback']
        self._newest, self._ended = None, False
        self._changed, self._sending = threading.Condition(), threading.Lock()
        self._feeder = threading.Thread(target=self._feed, daemon=True)
        self._feeder.start()

    def show(self, image: np.ndarray, people: Dict[int, Pose], about: Dict[str, Any]) -> None:
        """Offers a picture and its poses to browsers.

        image: uint8 [Y, X, RGB], which nobody writes into any more.
        about: what else the page is told: frame, time, fault, text, fps.
        Raises OSError if the server is no more.
        """
        if self._process.poll() is not None:
            raise OSError(f'the server ended with {self._process.returncode}')
        with self._changed:
            self._newest = image, people, about
            self._changed.notify()

    def _feed(self) -> None:
        """Hands over the next frame each time the server asks."""
        while self._process.stdout.read(1):
            with self._changed:
                self._newest = None
                self._changed.wait_for(lambda: self._newest or self._ended)
                if self._ended:
                    break
                image, people, about = self._newest
            poses = [dict(pose_as_json(pose), id=identity) for identity, pose in people.items()]
            try:
                with self._sending:
                    self._send({'shape': image.shape, 'about': dict(about, poses=poses)})
                    self._send_bytes(np.ascontiguousarray(image).data.cast('B'))
            except (OSError, ValueError):  # either side has ended
                break

    def _send(self, message: Dict[str, Any]) -> None:
        self._send_bytes(memoryview(json.dumps(message).encode() + b'\n'))

    def _send_bytes(self, data: memoryview) -> None:
        while data:
            data = data[self._process.stdin.write(data):]

    def close(self) -> None:
        """Tells the browsers that it is over."""
        with self._changed:
            self._ended = True
            self._changed.notify()
        with self._sending:
            self._process.stdin.close()
        try:
            self._process.wait(3)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._feeder.join()


class _Server(socketserver.ThreadingTCPServer):
    """What browsers talk to."""
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, address: Tuple[str, int], token: Optional[str], title: str) -> None:
        self.address_family, *_, place = socket.getaddrinfo(*address, type=socket.SOCK_STREAM)[0]
        super().__init__(place[:2], _Handler)
        host, port = self.server_address[:2]
        bound = ipaddress.ip_address(host)
        self.on_loopback = bound.is_loopback
        self.names = {address[0].lower(), 'localhost'}
        if not self.on_loopback:
            token = token or secrets.token_urlsafe(16)
            name = socket.gethostname().lower()
            self.names |= {name, f'{name}.local'}
        self.token = token
        if bound.is_unspecified:
            host = _own_address()
        self.url = (f'http://{f"[{host}]" if ":" in host else host}:{port}/'
                    + (f'?token={quote(token)}' if token else ''))
        with open(own_file('display', 'page.html'), encoding='utf-8') as file:
            self.page = file.read()
        self.setup = _event(json.dumps({'title': title, 'edges': BONES, 'colors': COLORS,
                                        'threshold': THRESHOLD}), name='setup')
        self.ended = False
        self.listeners = set()  # the threads that wait for poses
        self._changed = threading.Condition()
        self._asked = False
        self._id = 0
        self._event, self._fault, self._frame = b'', '', None
        self._pictures = {}  # by id

    def show(self, image: np.ndarray, about: Dict[str, Any]) -> None:
        """Takes a frame of the demo."""
        with self._changed:
            self._asked = False
            self._id += 1
            self._event = _event(json.dumps(about), self._id)
            self._fault, self._frame = about['fault'], about['frame']
            self._pictures[self._id] = _Picture(image)
            self._pictures.pop(self._id - RECENT, None)
            self._changed.notify_all()

    def _next(self, after: int, timeout: float) -> bool:
        """Asks the demo for a frame newer than that of an id; False if it has none in time."""
        if self._id <= after and not self._asked and not self.ended:
            self._asked = True
            os.write(1, b'\n')
        self._changed.wait_for(lambda: self._id > after or self.ended, timeout)
        return self._id > after

    def next_event(self, after: Optional[int]) -> Tuple[int, bytes]:
        """Poses newer than those of an id, or than all that are here, and theirs; or a comment if
        there are none for a while."""
        with self._changed:
            after = self._id if after is None else after
            if self._next(after, BEAT):
                return self._id, self._event
            return after, END if self.ended else b':\n\n'

    def picture(self, number: int) -> Tuple[int, bytes]:
        """The picture of an id, if it is still here, else a new one, as JPEG; with its id."""
        with self._changed:
            if number not in self._pictures:
                if not number or number > self._id:
                    self._next(self._id, STALL)
                number = self._id
            picture = self._pictures.get(number)
        return number, picture.jpeg() if picture else b''

    def health(self) -> Dict[str, Any]:
        """The state in a word, and what frame it is of."""
        with self._changed:
            fresh = self._next(self._id, STALL)
            return {'state': 'stalled' if not fresh else 'fault' if self._fault else 'ok',
                    'fault': self._fault, 'frame': self._frame}

    def end(self) -> None:
        """Tells the browsers that it is over."""
        with self._changed:
            self.ended = True
            self._changed.notify_all()
        deadline = time.monotonic() + 1
        for thread in list(self.listeners):
            thread.join(max(0, deadline - time.monotonic()))

    def verify_request(self, request: Any, client_address: Any) -> bool:
        return threading.active_count() < MOST_THREADS

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], OSError):  # a browser that left is none
            super().handle_error(request, client_address)


class _Picture:
    """A picture that is encoded once, when somebody asks for it."""

    def __init__(self, image: np.ndarray) -> None:
        self._image, self._jpeg, self._lock = image, b'', threading.Lock()

    def jpeg(self) -> bytes:
        with self._lock:
            if not self._jpeg:
                _, jpeg = cv2.imencode('.jpg', cv2.cvtColor(self._image, cv2.COLOR_RGB2BGR),
                                       [cv2.IMWRITE_JPEG_QUALITY, 80])
                self._jpeg, self._image = jpeg.tobytes(), None
            return self._jpeg


class _Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    timeout = 30  # seconds for a browser to take or ask something
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body leave together

    def do_GET(self) -> None:
        try:
            url = urlsplit(self.path)
            query = parse_qs(url.query)
        except ValueError:
            return self._say(400, 'no such address')
        if not self._is_for_us():
            return self._say(403, 'not under this name: open the address that the demo printed')
        token = query.get('token', [''])[0]
        if self.server.token and not hmac.compare_digest(token.encode('utf-8', 'replace'),
                                                         self.server.token.encode()):
            return self._say(403, 'needs the ?token= of the address that the demo printed')
        answer = {'/': self._page, '/poses': self._poses, '/snapshot.jpg': self._snapshot,
                  '/healthz': self._healthz}.get(url.path)
        if answer is None:
            return self._say(404, 'no such page')
        return answer(query)

    def _is_for_us(self) -> bool:
        """Whether Host names this server: a page whose name was turned to our address does not."""
        try:
            name = urlsplit('//' + self.headers.get('Host', '')).hostname or ''
            address = ipaddress.ip_address(name)
        except ValueError:
            return 'name' in locals() and name in self.server.names
        return address.is_loopback or not self.server.on_loopback

    def _page(self, _: Dict[str, Any]) -> None:
        nonce = secrets.token_urlsafe(16)
        self._reply(200, 'text/html; charset=utf-8', self.server.page.replace('NONCE', nonce),
                    policy=f"; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; "
                           "connect-src 'self'")

    def _snapshot(self, query: Dict[str, Any]) -> None:
        number = query.get('id', [''])[0]
        number, jpeg = self.server.picture(int(number) if re.match(r'\d{1,15}$', number) else 0)
        if jpeg:
            self._reply(200, 'image/jpeg', jpeg, {'X-Id': str(number)})
        else:
            self._say(503, 'no picture yet')

    def _healthz(self, _: Dict[str, Any]) -> None:
        health = self.server.health()
        self._reply(200 if health['state'] == 'ok' else 503, 'application/json',
                    json.dumps(health))

    def _poses(self, _: Dict[str, Any]) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        self._reply(200, 'text/event-stream', None)
        after, event = None, self.server.setup
        self.server.listeners.add(threading.current_thread())
        try:
            while True:
                self.wfile.write(event)
                self.wfile.flush()
                if event == END:
                    break
                after, event = self.server.next_event(after)
        finally:
            self.server.listeners.discard(threading.current_thread())

    def _say(self, status: int, text: str) -> None:
        self._reply(status, 'text/plain; charset=utf-8', text + '\n')

    def _reply(self, status: int, kind: str, body: Any, headers: Optional[Dict[str, str]] = None,
               policy: str = '') -> None:
        """Answers with a body, text or bytes; None for a stream, which follows."""
        self.send_response(status)
        self.send_header('Content-Type', kind)
        self.send_header('Content-Security-Policy', POLICY + policy)
        for name, value in dict(HEADERS, **headers or {}).items():
            self.send_header(name, value)
        if body is None or status >= 400:
            self.send_header('Connection', 'close')
        if body is None:
            return self.end_headers()
        body = body.encode() if isinstance(body, str) else body
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        return None

    def send_error(self, code: int, message: Optional[str] = None,
                   explain: Optional[str] = None) -> None:
        # The base class calls an unknown method "not implemented".
        if code == 501:
            self._reply(405, 'text/plain; charset=utf-8', 'GET only\n', {'Allow': 'GET'})
        else:
            self._say(code, message or '')

    def version_string(self) -> str:
        return 'display'

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: addresses hold the token."""


def _event(data: str, number: int = 0, name: str = '') -> bytes:
    """A Server-Sent Event."""
    return ((f'id: {number}\n' if number else '') + (f'event: {name}\n' if name else '')
            + f'data: {data}\n\n').encode()


def _own_address() -> str:
    """This machine's address as its network sees it; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(('192.0.2.1', 9))  # an address that is nobody's
            return probe.getsockname()[0]
        except OSError:
            return socket.gethostname()


def main() -> None:
    """Serves the frames that come on the standard input until it ends."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # the demo ends on these, and with it the input
    stdin = sys.stdin.buffer
    settings = json.loads(stdin.readline())
    try:
        server = _Server(tuple(settings['address']), settings['token'], settings['title'])
    except OSError as error:
        print(json.dumps({'error': error.strerror or str(error)}), flush=True)
        return
    print(json.dumps({'url': server.url, 'on_loopback': server.on_loopback}), flush=True)
    if hasattr(os, 'nice'):
        os.nice(19)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for line in stdin:
        frame = json.loads(line)
        height, width, _ = frame['shape']
        pixels = stdin.read(height * width * 3)
        if len(pixels) < height * width * 3:
            break
        server.show(np.frombuffer(pixels, np.uint8).reshape(height, width, 3), frame['about'])
    server.end()

