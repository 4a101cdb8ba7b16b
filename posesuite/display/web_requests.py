"""What the server answers to a browser: the page, poses, numbers, pictures and its health.

GET and HEAD are the only methods and change nothing. Only requests whose Host names this server,
and whose token is right if there is one, get an answer.
"""
import asyncio
import contextlib
import hmac
import ipaddress
import json
import re
import secrets
import socket
from http import HTTPStatus
from typing import Any, Awaitable, Callable, Dict, Iterator, List, NamedTuple, Optional, Tuple
from urllib.parse import parse_qs, urlsplit

from posesuite.display.web_door import Visitor
from posesuite.display.web_frames import END

MAX_HEAD = 1 << 14  # bytes of a request's line and headers
HEAD_TIMEOUT = 10  # seconds for a whole head to arrive, from the connection or the answer before
SEND_TIMEOUT = 30  # seconds for a browser to read a CHUNK, which is most answers and events
LINGER_TIMEOUT = 1  # seconds in which the rest of a refused request is read and thrown away
SEND_BUFFER = 1 << 15  # bytes of events that the system may hold for a slow browser
CHUNK = 1 << 16  # bytes that are held for a slow browser, beside the system's
HEADERS = {'Cache-Control': 'no-store', 'Cross-Origin-Resource-Policy': 'same-origin',
           'Referrer-Policy': 'no-referrer', 'X-Content-Type-Options': 'nosniff',
           'X-Frame-Options': 'DENY'}
POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
TEXT = 'text/plain; charset=utf-8'
METHODS = ('GET', 'HEAD')
HOST_NAME = r'[a-z0-9_.-]{1,253}'
HEADER_NAME = r"[-!#$%&'*+.^_`|~0-9A-Za-z]+"

Query = Dict[str, List[str]]
NextEvent = Callable[[Optional[int]], Awaitable[Tuple[int, bytes]]]


class Request(NamedTuple):
    """The head of a request; host: a name or an address, in lower case, without a port."""
    method: str
    path: str
    query: Query
    host: str
    lasts: bool  # whether the connection may serve another request
    has_body: bool


def request_of(head: bytes) -> Request:
    """Reads the head of an HTTP/1.0 or 1.1 request. Raises ValueError."""
    line, *lines = head.decode('latin-1').split('\r\n')[:-2]
    method, target, version = line.split(' ')
    if version not in ('HTTP/1.0', 'HTTP/1.1'):
        raise ValueError(version)
    headers: Dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(':')
        if not re.fullmatch(HEADER_NAME, name) or not colon:
            raise ValueError(name)
        name = name.lower()
        if name == 'host' and name in headers:
            raise ValueError(name)
        headers[name] = value.strip()
    url = urlsplit(target)
    has_body = headers.get('content-length', '0') != '0' or 'transfer-encoding' in headers
    lasts = version == 'HTTP/1.1' and 'close' not in headers.get('connection', '').lower()
    host = urlsplit('//' + headers.get('host', '')).hostname or ''
    return Request(method, url.path, parse_qs(url.query), host.rstrip('.'), lasts and not has_body,
                   has_body)


NO_REQUEST = Request('', '', {}, '', lasts=False, has_body=True)


class Connection:
    """Answers the requests of a connection, one after the other; `server` is a WebServer."""

    def __init__(self, server: Any, visitor: Visitor, reader: asyncio.StreamReader,
                 writer: asyncio.StreamWriter) -> None:
        self._server, self._visitor = server, visitor
        self._reader, self._writer = reader, writer
        self._request = NO_REQUEST
        # Events that a browser does not read are not to pile up here.
        writer.transport.set_write_buffer_limits(0)

    async def serve(self) -> None:
        """Until the connection ends. Raises OSError or EOFError."""
        lasts = True
        while lasts:
            self._visitor.wait()
            self._request = NO_REQUEST
            try:
                with self._deadline(HEAD_TIMEOUT):
                    head = await self._reader.readuntil(b'\r\n\r\n')
                self._request = request_of(head)
            except asyncio.LimitOverrunError:
                await self._text(431, f'more than {MAX_HEAD} bytes before the empty line')
            except ValueError:
                await self._text(400, 'not a request')
            else:
                self._visitor.waits = False
                await self._answer()
            lasts = self._request.lasts
        if self._request.has_body:
            await self._linger()

    async def _linger(self) -> None:
        """Reads what still comes: if it were left, the answer might get lost."""
        self._writer.write_eof()
        with self._deadline(LINGER_TIMEOUT):
            while await self._reader.read(CHUNK):
                pass

    @contextlib.contextmanager
    def _deadline(self, seconds: float) -> Iterator[None]:
        """Drops the connection if what is done inside takes longer."""
        timer = asyncio.get_event_loop().call_later(seconds, self._writer.transport.abort)
        try:
            yield
        finally:
            timer.cancel()

    async def _answer(self) -> None:
        request = self._request
        if not self._names_this_server():
            return await self._text(403, self._unknown_name())
        if request.method not in METHODS:
            return await self._reply(405, TEXT, 'GET and HEAD only\n',
                                     {'Allow': ', '.join(METHODS)})
        token = request.query.get('token', [''])[0]
        if self._server.token:
            if not hmac.compare_digest(token.encode('utf-8', 'replace'),
                                       self._server.token.encode()):
                return await self._refuse(token)
            self._visitor.trusted = True
        answer = {'/': self._page, '/poses': self._poses, '/numbers': self._numbers,
                  '/snapshot.jpg': self._snapshot, '/healthz': self._health}.get(request.path)
        if answer is None:
            return await self._text(404, 'no such page')
        return await answer()

    def _names_this_server(self) -> bool:
        """Whether Host is ours. In a DNS rebinding attack it is the name of a foreign page."""
        if self._request.host in self._server.names:
            return True
        try:
            address = ipaddress.ip_address(self._request.host)
        except ValueError:
            return False
        return address.is_loopback or not self._server.on_loopback

    def _unknown_name(self) -> str:
        """Why a name is refused, and how its owner allows it."""
        host = self._request.host
        if not re.fullmatch(HOST_NAME, host):
            return 'not under this name: open the address that the program printed'
        return (f'{host} is not a name of this server: open the address that the program printed, '
                f'or if the name is yours, start the program with --allow-host {host}')

    async def _refuse(self, token: str) -> None:
        if token:
            self._visitor.wait()  # may be closed if there is no room
            await asyncio.sleep(self._server.door.delay(self._visitor.address))
        await self._text(403, 'needs the ?token= of the address that the program printed')

    async def _page(self) -> None:
        nonce = secrets.token_urlsafe(16)
        await self._reply(200, 'text/html; charset=utf-8',
                          self._server.page.replace('NONCE', nonce),
                          policy=f"; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; "
                                 "connect-src 'self'")

    async def _snapshot(self) -> None:
        asked = self._request.query.get('id', [''])[0]
        number, jpeg = await self._server.frames.picture(
            int(asked) if re.fullmatch('[0-9]{1,15}', asked) else 0)
        if jpeg:
            await self._reply(200, 'image/jpeg', jpeg, {'X-Id': str(number)})
        else:
            await self._text(503, 'no picture yet')

    async def _health(self) -> None:
        health = await self._server.frames.health()
        await self._reply(200 if health['state'] == 'ok' else 503, 'application/json',
                          json.dumps(health))

    async def _poses(self) -> None:
        await self._stream(self._server.frames.next_event)

    async def _numbers(self) -> None:
        if self._server.has_numbers:
            await self._stream(self._server.frames.next_numbers)
        else:
            await self._text(404, 'this program counts nothing')

    async def _stream(self, next_event: NextEvent) -> None:
        """Sends the setup, then event after event. next_event: of Frames."""
        self._writer.get_extra_info('socket').setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF,
                                                         SEND_BUFFER)
        # nginx collects what it passes on unless this header says otherwise.
        await self._reply(200, 'text/event-stream', None, {'X-Accel-Buffering': 'no'})
        if self._request.method == 'HEAD':
            return
        after, event = None, self._server.setup
        with self._server.streaming():
            while True:
                await self._send(event)
                if event == END:
                    break
                after, event = await next_event(after)

    async def _text(self, status: int, text: str) -> None:
        await self._reply(status, TEXT, text + '\n')

    async def _reply(self, status: int, content_type: str, body: Any,
                     headers: Optional[Dict[str, str]] = None, policy: str = '') -> None:
        """Answers with a body, text or bytes; None announces a stream, which the caller sends."""
        headers = {'Content-Type': content_type, 'Content-Security-Policy': POLICY + policy,
                   **HEADERS, **(headers or {})}
        if body is None or status >= 400:
            self._request = self._request._replace(lasts=False)
        if not self._request.lasts:
            headers['Connection'] = 'close'
        body = body.encode() if isinstance(body, str) else body
        if body is not None:
            headers['Content-Length'] = str(len(body))
        lines = [f'HTTP/1.1 {status} {HTTPStatus(status).phrase}',
                 *(f'{name}: {value}' for name, value in headers.items()), '', '']
        await self._send('\r\n'.join(lines).encode()
                         + (body if body and self._request.method != 'HEAD' else b''))

    async def _send(self, data: bytes) -> None:
        """Waits until the system has taken it all. Raises OSError."""
        transport = self._writer.transport
        for start in range(0, len(data), CHUNK):
            self._writer.write(data[start:start + CHUNK])
            if transport.is_closing() or transport.get_write_buffer_size():
                with self._deadline(SEND_TIMEOUT):
                    await self._writer.drain()
