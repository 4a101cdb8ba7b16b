"""Serves frames to browsers: /, /poses, /numbers, /snapshot.jpg, /healthz. A process of its own.

Poses are pushed as Server-Sent Events. A page asks for the picture of the newest poses that it has
whenever it has drawn the picture before. So nobody waits for a slow browser, and no frames queue up
for it. Numbers of the room, if the demo counts any, are pushed too, once a second.

stdin carries a line of JSON with the settings, then for each frame a line of JSON and its pixels.
stdout carries a line of JSON with the server's address, then an empty line for each frame that
browsers wait for.
"""
import asyncio
import contextlib
import functools
import ipaddress
import json
import os
import secrets
import signal
import socket
import sys
from typing import Any, BinaryIO, Callable, Dict, Iterable, Iterator, Optional, Set, Tuple
from urllib.parse import quote

from posesuite.display.overlay import RADII, SCORE_THRESHOLD
from posesuite.display.web_door import Door
from posesuite.display.web_frames import Frames, sse_event
from posesuite.display.web_requests import MAX_HEAD, Connection
from posesuite.files import own_file
from posesuite.language import script_words
from posesuite.pose.skeleton import BONES, KEYPOINT_TYPES

import numpy as np

BACKLOG = 128  # connections that the system accepts for the server
END_TIMEOUT = 1  # seconds for browsers to receive the last event
NICENESS = 19  # of the process: the lowest priority
OPEN_FILES = 1024  # enough for the connections that the door and the system let in


class WebServer:
    """Serves frames to browsers, in the event loop in which it is created.

    address: host name or IP address, and port; port 0 is any free one.
    token: required of every request; on other than a loopback address one is made up if it is None.
    title: of the page.
    ask: called when browsers wait for a frame and none was asked for since the last one.
    names: further names that browsers may know this server by.
    has_numbers: whether frames come with numbers, which the page's owner's view shows.
    Attributes: url, on_loopback, token, frames, has_numbers; for requests also door, names (that
    Host may have), page (HTML) and setup (the first event of a stream).
    Raises OSError if it cannot listen there.
    """

    def __init__(self, address: Tuple[str, int], token: Optional[str], title: str,
                 ask: Callable[[], None], names: Iterable[str] = (),
                 has_numbers: bool = False) -> None:
        self._socket = listening(address)
        host, port = self._socket.getsockname()[:2]
        bound = ipaddress.ip_address(host.partition('%')[0])
        self.on_loopback = bound.is_loopback
        self.names = {address[0].lower(), 'localhost', *names}
        if not self.on_loopback:
            token = token or secrets.token_urlsafe(16)
            name = socket.gethostname().lower()
            self.names |= {name, f'{name}.local'}
        self.token = token
        self.url = url_of(own_address() if bound.is_unspecified else host, port, token)
        self.has_numbers = has_numbers
        page = text_of('web_page.html').replace(
            '<!-- NUMBERS -->', text_of('web_numbers.html') if has_numbers else '').replace(
            '/* SKELETON */', text_of('skeleton.js').replace('export ', ''))
        words = json.dumps(script_words(page), ensure_ascii=False).replace('<', '\\u003c')
        self.page = page.replace('/* WORDS */ {}', words)
        self.setup = sse_event(setup_of(title), name='setup')
        self.door, self.frames = Door(), Frames(ask)
        self._streams: Set[Optional[asyncio.Task]] = set()
        self._server: Optional[asyncio.AbstractServer] = None

    async def start(self) -> None:
        """Begins to accept connections."""
        self._server = await asyncio.start_server(self._serve, sock=self._socket, limit=MAX_HEAD,
                                                  backlog=BACKLOG)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visitor = self.door.admit(writer.transport)
        if visitor is None:
            writer.transport.abort()
            return
        try:
            await Connection(self, visitor, reader, writer).serve()
        except (OSError, EOFError, asyncio.CancelledError):
            pass  # the browser has gone or is too slow, or the demo has ended
        finally:
            self.door.leave(visitor)
            writer.transport.abort()  # what was to be sent, the system has

    @contextlib.contextmanager
    def streaming(self) -> Iterator[None]:
        """While poses are streamed: the end waits for it."""
        task = asyncio.current_task()
        self._streams.add(task)
        try:
            yield
        finally:
            self._streams.discard(task)

    async def end(self) -> None:
        """Sends the browsers the event that the demo has ended, and accepts no more of them."""
        self._server.close()
        self.frames.end()
        if self._streams:
            await asyncio.wait(self._streams, timeout=END_TIMEOUT)


def text_of(name: str) -> str:
    """The content of one of this folder's files."""
    with open(own_file('display', name), encoding='utf-8') as file:
        return file.read()


def listening(address: Tuple[str, int]) -> socket.socket:
    """A socket that listens at a host and a port; for :: also to IPv4. Raises OSError."""
    family, *_, place = socket.getaddrinfo(*address, type=socket.SOCK_STREAM)[0]
    server = socket.socket(family, proto=socket.IPPROTO_TCP)  # for asyncio: answers go at once
    try:
        if os.name == 'posix':
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6 and place[0] == '::':
            server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        server.bind(place)
        server.listen(BACKLOG)
    except OSError:
        server.close()
        raise
    return server


def setup_of(title: str) -> Dict[str, Any]:
    """What a page needs to know before it draws. What differs from person to person, such as
    colours and the width of lines, is in the events.
    """
    return {'title': title, **skeleton_facts()}


def skeleton_facts() -> Dict[str, Any]:
    """What skeleton.js needs to know to draw as overlay.py does."""
    return {'bones': BONES, 'threshold': SCORE_THRESHOLD,
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


async def serve(settings: Dict[str, Any], stdin: BinaryIO) -> None:
    """Serves the frames that arrive on stdin, until it ends."""
    try:
        server = WebServer(tuple(settings['address']), settings['token'], settings['title'],
                           lambda: os.write(1, b'\n'), settings['names'], settings['numbers'])
        await server.start()
    except OSError as error:
        print(json.dumps({'error': error.strerror or str(error)}), flush=True)
        return
    print(json.dumps({'url': server.url, 'on_loopback': server.on_loopback}), flush=True)
    loop = asyncio.get_event_loop()
    show = functools.partial(loop.call_soon_threadsafe, server.frames.show)
    await loop.run_in_executor(None, read_frames, stdin, show)
    await server.end()


def read_frames(stdin: BinaryIO, show: Callable[..., Any]) -> None:
    """Hands over the frames that arrive, until there are no more."""
    for line in stdin:
        frame = json.loads(line)
        height, width, _ = frame['shape']
        pixels = stdin.read(height * width * 3)
        if len(pixels) < height * width * 3:
            break
        show(np.frombuffer(pixels, np.uint8).reshape(height, width, 3), frame['event'],
             frame.get('numbers'))


def main() -> None:
    for name in ('SIGINT', 'SIGTERM', 'SIGHUP'):  # they end the demo, which then closes stdin
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    if hasattr(os, 'nice'):
        os.nice(NICENESS)
    if sys.platform != 'win32':  # some systems allow 256, which browsers could use up
        import resource
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        files = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, files), hard))
    stdin = sys.stdin.buffer
    asyncio.run(serve(json.loads(stdin.readline()), stdin))
