"""A connection to a server of poses: requests, answers and what went wrong."""
import contextlib
import http.client
import ipaddress
import json
import re
import socket
import time
from typing import Any, Dict, Optional, Tuple
from urllib.parse import urlencode, urlsplit

from posesuite.addresses import hidden
from posesuite.engine.wire import NETWORK

UNIX = 'unix:'
SCHEMES = 'http://', 'https://'
CONNECT_TIMEOUT = 3.0  # seconds
ANSWER_TIMEOUT = 10.0  # seconds, in which a server with many clients answers, too
BUSY = 429, 503  # statuses that a later try may not have
BUSY_TIMEOUT = 3.0  # seconds for which a server may be too busy before a frame is given up
MAX_ANSWER = 1 << 30  # bytes; masks of many people in a large picture are the longest


class Refused(Exception):
    """An answer that is none: status and what the server says."""

    def __init__(self, status: int, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.status, self.retry_after = status, retry_after


class Line:
    """A connection to a server, opened when needed. Attributes: name (of the address, to be
    shown), is_local.
    """

    def __init__(self, address: str, token: Optional[str]) -> None:
        self._headers = {'Authorization': f'Bearer {token}'} if token else {}
        self._connection: Optional[http.client.HTTPConnection] = None
        self._path = address[len(UNIX):] if address.startswith(UNIX) else None
        self._prefix, self.is_local, self.name = '', True, address
        if self._path is None:
            url = urlsplit(address)
            self._secure, self._host = url.scheme == 'https', url.hostname or ''
            self._port = url.port
            self._prefix, self.name = url.path.rstrip('/'), hidden(address)
            self.is_local = self._host == 'localhost'
            with contextlib.suppress(ValueError):
                self.is_local = ipaddress.ip_address(self._host).is_loopback

    def _open(self) -> http.client.HTTPConnection:
        if self._path is not None:
            return _UnixConnection(self._path)
        kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
        return kind(self._host, self._port, timeout=CONNECT_TIMEOUT)

    def when_free(self, ask: Any) -> Any:
        """What is answered once the server is not too busy, within BUSY_TIMEOUT."""
        end = time.monotonic() + BUSY_TIMEOUT
        while True:
            try:
                return ask()
            except Refused as error:
                if error.status not in BUSY or time.monotonic() + error.retry_after > end:
                    raise
                time.sleep(error.retry_after)

    def ask(self, method: str, path: str, query: Optional[Dict[str, Any]] = None,
            body: Any = b'', content_type: str = 'text/plain') -> Tuple[bytes, float]:
        """The body of an answer, and the seconds of the network in it.

        Raises Refused, OSError or HTTPException.
        """
        target = f'{self._prefix}{path}' + (f'?{urlencode(query)}' if query else '')
        headers = dict(self._headers, **{'Content-Type': content_type})
        kept = self._connection is not None
        try:
            return self._exchange(method, target, body, headers)
        except (ConnectionError, http.client.BadStatusLine):
            if not kept:  # else the server may just have closed it because it was idle
                raise
        return self._exchange(method, target, body, headers)

    def _exchange(self, method: str, target: str, body: Any,
                  headers: Dict[str, str]) -> Tuple[bytes, float]:
        try:
            if self._connection is None:
                self._connection = self._open()
                self._connection.connect()
                self._connection.sock.settimeout(ANSWER_TIMEOUT)
            self._connection.request(method, target, body, headers)
            response = self._connection.getresponse()
            answer = response.read(MAX_ANSWER)
        except BaseException:
            self.close()
            raise
        if response.status >= 300:
            raise Refused(response.status, _error_of(answer, response.status),
                          _seconds(response.getheader('Retry-After')))
        found = re.search(rf'{NETWORK};dur=([\d.]+)', response.getheader('Server-Timing', ''))
        return answer, float(found.group(1)) / 1000 if found else 0.0

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__('localhost', timeout=CONNECT_TIMEOUT)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _error_of(answer: bytes, status: int) -> str:
    """What a server says is wrong."""
    try:
        return ''.join(c for c in str(json.loads(answer)['error'])[:500] if c.isprintable())
    except (KeyError, TypeError, ValueError):
        return f'it answered with the status {status}'


def _seconds(text: Optional[str]) -> float:
    return float(text) if text and re.fullmatch(r'\d{1,4}', text) else 1.0
