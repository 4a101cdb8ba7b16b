"""Sends by HTTP and HTTPS: every request is signed off within a time, and no redirection followed.
"""
import base64
import contextlib
import http.client
import socket
import ssl
import threading
import urllib.error
import urllib.request
from typing import Any, Dict, Optional

from posesuite import __version__
from posesuite.errors import one_line
from posesuite.publish.targets import Target

TIMEOUT = 10.0  # seconds for a connection, and for each piece of an answer
DEADLINE = 20.0  # seconds for a request and its whole answer
MAX_REASON = 300  # characters of what a server says of a failure
MAX_WAIT = 600.0  # seconds that a server may ask to wait
# A server that answers so will not take the same later.
REFUSED = {400, 405, 410, 411, 413, 414, 415, 422}


class Away(OSError):
    """A server that may take it later. after: seconds that it asks to wait."""

    def __init__(self, reason: str, after: float = 0.0) -> None:
        super().__init__(reason)
        self.after = after


class Refused(Exception):
    """A server that will not take it at all."""


class _NoRedirections(urllib.request.HTTPRedirectHandler):
    """What is sent must not go elsewhere, neither signed nor with a password."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Http:
    """Posts to one server; proxies are those of the environment."""

    def __init__(self, target: Target) -> None:
        self._socket: Optional[socket.socket] = None  # of the request that goes on
        context = ssl.create_default_context(cafile=target.options.get('ca_file'))
        self._opener = urllib.request.build_opener(
            _NoRedirections, _Http(self), _Https(self, context))

    def post(self, url: str, body: bytes, headers: Dict[str, str]) -> None:
        """Raises Away or Refused, unless the server has taken it."""
        request = urllib.request.Request(url, body, {
            'User-Agent': f'posesuite/{__version__}', **headers})
        timer = threading.Timer(DEADLINE, self._give_up)
        timer.daemon = True
        timer.start()
        try:
            with self._opener.open(request, timeout=TIMEOUT):
                return
        except urllib.error.HTTPError as error:
            with error:
                reason = _reason(error)
            if error.code in REFUSED:
                raise Refused(reason)
            raise Away(reason, _seconds(error.headers.get('Retry-After')))
        except urllib.error.URLError as error:
            raise Away(_words(error.reason))
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Away(_words(error))
        finally:
            timer.cancel()

    def connected(self, made: Optional[socket.socket]) -> None:
        """Remembers the socket of the request that goes on."""
        self._socket = made

    def _give_up(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):  # it may have ended by itself
                self._socket.shutdown(socket.SHUT_RDWR)


class _Http(urllib.request.HTTPHandler):
    def __init__(self, owner: Http) -> None:
        super().__init__()
        self._owner = owner

    def http_open(self, request: Any) -> Any:
        return self.do_open(_watched(http.client.HTTPConnection, self._owner), request)


class _Https(urllib.request.HTTPSHandler):
    def __init__(self, owner: Http, context: ssl.SSLContext) -> None:
        super().__init__(context=context)
        self._owner, self._made = owner, context

    def https_open(self, request: Any) -> Any:
        return self.do_open(_watched(http.client.HTTPSConnection, self._owner), request,
                            context=self._made)


def _watched(cls: Any, owner: Http) -> Any:
    """A class of connections whose sockets the owner knows."""
    class Connection(cls):
        def connect(self) -> None:
            super().connect()
            owner.connected(self.sock)
    return Connection


def basic(user: str, password: str) -> str:
    """The header Authorization for a user and a password."""
    return 'Basic ' + base64.b64encode(f'{user}:{password}'.encode()).decode()


def _words(reason: Any) -> str:
    """What is wrong, in a few words."""
    if isinstance(reason, socket.timeout):
        return 'it does not answer'
    return getattr(reason, 'strerror', None) or one_line(reason) or type(reason).__name__


def _reason(error: urllib.error.HTTPError) -> str:
    """The status, and the beginning of what the server says about it."""
    try:
        said = error.read(MAX_REASON).decode('utf-8', 'replace')
    except (OSError, http.client.HTTPException, ValueError):
        said = ''
    said = ''.join(c if c.isprintable() else ' ' for c in said).strip()
    return f'status {error.code}' + (f': {said}' if said and '<' not in said else '')


def _seconds(text: Optional[str]) -> float:
    """The seconds of a header Retry-After; 0 for none, and for a date."""
    return min(float(text), MAX_WAIT) if text and text.isdigit() and len(text) < 9 else 0.0
