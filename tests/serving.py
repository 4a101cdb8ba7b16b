"""A web server in this process, whose demo the test plays, and clients with bad manners."""
import asyncio
import re
import socket
import threading
from typing import Any, Iterable, List, Optional
from urllib.parse import urlsplit

from figures import IMAGE
from posesuite.display.web_server import WebServer

EVENT = {'frame': 0, 'fault': '', 'text': 'text', 'fps': 30.0, 'poses': []}
REQUEST = b'GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n'


class Demo:
    """What the server serves: a frame for each that it asks for, until it stalls.

    numbers: for the owner's view; None: it has none.
    Attributes: url, port, asked (how often the server asked), event (of the latest frame), stalls,
    numbers.
    """

    def __init__(self, address: Any, token: Optional[str], names: Iterable[str],
                 numbers: Any = None) -> None:
        self.asked, self.event, self.stalls, self.numbers = 0, dict(EVENT), False, numbers
        self._started = threading.Event()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve(address, token, names)))
        self._thread.start()
        assert self._started.wait(10)

    async def _serve(self, address: Any, token: Optional[str], names: Iterable[str]) -> None:
        self._loop, self._ended = asyncio.get_event_loop(), asyncio.Event()
        self._server = WebServer(address, token, 'demo', self._ask, names,
                                 self.numbers is not None)
        await self._server.start()
        self.url = self._server.url
        self.port = urlsplit(self.url).port
        self._started.set()
        await self._ended.wait()
        await self._server.end()

    def _ask(self) -> None:
        self.asked += 1
        if not self.stalls:
            self._loop.call_soon(self._show)

    def _show(self) -> None:
        self.event = dict(self.event, frame=self.event['frame'] + 1)
        self._server.frames.show(IMAGE, self.event, self.numbers)

    def show(self) -> None:
        """Shows a frame that nobody asked for."""
        self._loop.call_soon_threadsafe(self._show)

    def close(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._ended.set)
            self._thread.join()


def connect(port: int, data: bytes = b'', address: str = '127.0.0.1') -> socket.socket:
    """A connection to a port of this machine that sends data; address: whose it is."""
    connection = socket.create_connection(('127.0.0.1', port), 10, (address, 0))
    connection.sendall(data)
    return connection


def received(connection: socket.socket) -> bytes:
    """All that arrives until the server closes the connection."""
    data = b''
    while True:
        try:
            more = connection.recv(1 << 16)
        except ConnectionError:
            more = b''
        if not more:
            return data
        data += more


def statuses(data: bytes) -> List[int]:
    """The statuses of the answers that arrived."""
    return [int(status) for status in re.findall(br'HTTP/1\.1 (\d+) ', data)]


def is_open(connection: socket.socket) -> bool:
    """Whether the server has closed a connection on which nothing is to arrive."""
    connection.setblocking(False)
    try:
        return connection.recv(1) != b''
    except BlockingIOError:
        return True
    except ConnectionError:
        return False
