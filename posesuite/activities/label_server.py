"""A page to look through what was collected, relabel and delete: for this machine's browser alone.

It listens on the loopback address; every request needs the token of the address that is printed,
and changes need a header that no foreign page can send.
"""
import hmac
import json
import logging
import secrets
from http.server import BaseHTTPRequestHandler
from typing import Any, Callable, Dict, Optional
from urllib.parse import parse_qs, urlsplit

from posesuite.activities.changes import change, frames_of, listing
from posesuite.files import own_file
from posesuite.page_server import PageServer
from posesuite.pose.skeleton import BONES

LOGGER = logging.getLogger(__name__)
HOST = '127.0.0.1'
NAMES = HOST, 'localhost'  # by which browsers may know it
MAX_BODY = 1 << 22  # bytes of a change
TIMEOUT = 30  # seconds for a request to arrive
HEADERS = {'Cache-Control': 'no-store', 'Cross-Origin-Resource-Policy': 'same-origin',
           'Referrer-Policy': 'no-referrer', 'X-Content-Type-Options': 'nosniff',
           'X-Frame-Options': 'DENY'}
POLICY = ("default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
          "script-src 'nonce-NONCE'; style-src 'nonce-NONCE'; connect-src 'self'")
CHANGE_HEADER = 'X-Pose-Trainer'


def serve_labels(folder: str, port: int = 0,
                 on_ready: Optional[Callable[[str], None]] = None) -> None:
    """Serves the page for a folder of recordings until it is interrupted.

    port: 0 is any free one. on_ready: gets the page's address. Raises OSError or ValueError if the
    folder or the port cannot be used.
    """
    listing(folder)
    server = _server(folder, port)
    try:
        url = f'http://{HOST}:{server.server_address[1]}/?token={server.token}'
        (on_ready or (lambda url: LOGGER.info('open %s in a browser; Ctrl-C ends', url)))(url)
        server.serve_forever(poll_interval=0.2)
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()


def _server(folder: str, port: int) -> Any:
    try:
        server: Any = PageServer((HOST, port), _Handler)
    except OSError as error:
        raise OSError(f'cannot serve at {HOST}:{port}: {error.strerror}')
    server.token, server.folder = secrets.token_urlsafe(16), folder
    with open(own_file('activities', 'label_page.html'), encoding='utf-8') as file:
        server.page = file.read().replace('BONES', json.dumps([list(map(int, bone))
                                                               for bone in BONES]))
    return server


class _Handler(BaseHTTPRequestHandler):
    """Answers one browser's requests."""
    timeout = TIMEOUT
    server_version, sys_version = 'pose_trainer', ''

    def do_GET(self) -> None:
        query = self._query()
        if query is None:
            return
        path = urlsplit(self.path).path
        if path == '/':
            nonce = secrets.token_urlsafe(16)
            self._reply(200, 'text/html', self.server.page.replace('NONCE', nonce), nonce)
        elif path == '/recordings':
            self._answer(lambda: listing(self.server.folder))
        elif path == '/frames':
            self._answer(lambda: frames_of(self.server.folder, query.get('label', ''),
                                           query.get('name', '')))
        else:
            self._reply(404, 'text/plain', 'no such page\n')

    def do_POST(self) -> None:
        if self._query() is None:
            return
        length = self.headers.get('Content-Length', '')
        if not self.headers.get(CHANGE_HEADER) or urlsplit(self.path).path != '/change' or not (
                length.isdigit() and int(length) <= MAX_BODY):
            self._reply(403, 'text/plain', 'not a change of this page\n')
            return
        body = self.rfile.read(int(length))
        self._answer(lambda: self._change(body))

    def _change(self, body: bytes) -> Dict[str, int]:
        asked = json.loads(body)
        if not isinstance(asked, dict) or not all(
                isinstance(asked.get(key), str) for key in ('label', 'name')) or not isinstance(
                asked.get('to'), (str, type(None))) or not isinstance(
                asked.get('numbers'), list) or not all(
                type(number) is int for number in asked['numbers']):
            raise ValueError('need label, name, to and numbers')
        return {'changed': change(self.server.folder, asked['label'], asked['name'],
                                  asked['numbers'], asked['to'])}

    def _query(self) -> Optional[Dict[str, str]]:
        """The query of a request that may be answered; None after the refusal of another one."""
        try:
            host = urlsplit('//' + self.headers.get('Host', '')).hostname
            query = {key: values[0] for key, values in parse_qs(urlsplit(self.path).query).items()}
        except ValueError:  # brackets around what is no IPv6 address
            host, query = None, {}
        if host in NAMES and hmac.compare_digest(query.get('token', '').encode(),
                                                 self.server.token.encode()):
            return query
        self._reply(403, 'text/plain', 'open the address that the program printed\n')
        return None

    def _answer(self, work: Callable[[], Any]) -> None:
        try:
            self._reply(200, 'application/json', json.dumps(work()))
        except (OSError, ValueError, RecursionError) as error:
            self._reply(400, 'text/plain', f'{error}\n')

    def _reply(self, status: int, kind: str, text: str, nonce: str = '') -> None:
        body = text.encode()
        self.send_response(status)
        for key, value in {**HEADERS, 'Content-Type': f'{kind}; charset=utf-8',
                           'Content-Security-Policy': POLICY.replace('NONCE', nonce),
                           'Content-Length': str(len(body))}.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Says nothing: the token would be in it."""
