"""What the server answers to a browser: the page, poses, pictures and its health.

GET is the only method and changes nothing. Only requests whose Host names this server, and whose
token is right if there is one, get an answer.
"""
import hmac
import ipaddress
import json
import re
import secrets
import socket
import threading
from http.server import BaseHTTPRequestHandler
from typing import Any, Dict, List, Optional
from urllib.parse import parse_qs, urlsplit

IDLE_TIMEOUT = 30  # seconds for a browser to read or to send something
SEND_BUFFER = 1 << 15  # bytes of events that the system may hold for a slow browser
HEADERS = {'Cache-Control': 'no-store', 'Cross-Origin-Resource-Policy': 'same-origin',
           'Referrer-Policy': 'no-referrer', 'X-Content-Type-Options': 'nosniff',
           'X-Frame-Options': 'DENY'}
POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
TEXT = 'text/plain; charset=utf-8'

Query = Dict[str, List[str]]


def sse_event(data: Any, number: int = 0, name: str = '') -> bytes:
    """A Server-Sent Event with JSON data; number: its id, 0 for none."""
    return ((f'id: {number}\n' if number else '') + (f'event: {name}\n' if name else '')
            + f'data: {json.dumps(data)}\n\n').encode()


END = sse_event({}, name='end')
HEARTBEAT = b':\n\n'


class RequestHandler(BaseHTTPRequestHandler):
    """Answers the requests of one connection; `server` is a WebServer."""
    protocol_version = 'HTTP/1.1'
    timeout = IDLE_TIMEOUT
    disable_nagle_algorithm = True
    wbufsize = -1  # buffered: headers and body leave together

    def do_GET(self) -> None:
        try:
            url = urlsplit(self.path)
            query = parse_qs(url.query)
        except ValueError:
            return self._text(400, 'not an address')
        if not self._names_this_server():
            return self._text(403, 'not under this name: open the address that the demo printed')
        token = query.get('token', [''])[0]
        if self.server.token and not hmac.compare_digest(token.encode('utf-8', 'replace'),
                                                         self.server.token.encode()):
            return self._text(403, 'needs the ?token= of the address that the demo printed')
        answer = {'/': self._page, '/poses': self._poses, '/snapshot.jpg': self._snapshot,
                  '/healthz': self._health}.get(url.path)
        if answer is None:
            return self._text(404, 'no such page')
        return answer(query)

    def _names_this_server(self) -> bool:
        """Whether Host is ours. In a DNS rebinding attack it is the name of a foreign page."""
        try:
            name = urlsplit('//' + self.headers.get('Host', '')).hostname or ''
        except ValueError:
            return False
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return name in self.server.names
        return address.is_loopback or not self.server.on_loopback

    def _page(self, _: Query) -> None:
        nonce = secrets.token_urlsafe(16)
        self._reply(200, 'text/html; charset=utf-8', self.server.page.replace('NONCE', nonce),
                    policy=f"; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; "
                           "connect-src 'self'")

    def _snapshot(self, query: Query) -> None:
        asked = query.get('id', [''])[0]
        number, jpeg = self.server.picture(int(asked) if re.match(r'\d{1,15}$', asked) else 0)
        if jpeg:
            self._reply(200, 'image/jpeg', jpeg, {'X-Id': str(number)})
        else:
            self._text(503, 'no picture yet')

    def _health(self, _: Query) -> None:
        health = self.server.health()
        self._reply(200 if health['state'] == 'ok' else 503, 'application/json',
                    json.dumps(health))

    def _poses(self, _: Query) -> None:
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

    def _text(self, status: int, text: str) -> None:
        self._reply(status, TEXT, text + '\n')

    def _reply(self, status: int, content_type: str, body: Any,
               headers: Optional[Dict[str, str]] = None, policy: str = '') -> None:
        """Answers with a body, text or bytes; None announces a stream, which the caller writes."""
        self.send_response(status)
        self.send_header('Content-Type', content_type)
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
        """Answers a request that the base class refuses."""
        if code == 501:  # an unknown method
            self._reply(405, TEXT, 'GET only\n', {'Allow': 'GET'})
        else:
            self._text(code, message or '')

    def version_string(self) -> str:
        """The Server header, without the version of Python."""
        return 'display'

    def log_message(self, format: str, *args: Any) -> None:
        """Logs nothing: addresses contain the token."""
