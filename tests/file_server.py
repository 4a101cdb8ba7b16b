"""A file server on this machine that has the faults of real ones."""
import contextlib
import hashlib
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, Dict, Iterator, List, Optional

BODY = bytes(range(256)) * 1200  # 307,200 bytes
SHA256 = hashlib.sha256(BODY).hexdigest()
HTML = {'Content-Type': 'text/html; charset=utf-8'}
PORTAL = b'<html><title>Welcome to our network</title></html>'


class Server(HTTPServer):
    """Serves `body` under every path, with one fault at most, and remembers what was asked."""

    def __init__(self, fault: str = '') -> None:
        super().__init__(('127.0.0.1', 0), Handler)
        self.fault, self.body = fault, BODY
        self.requests: List[Dict[str, Optional[str]]] = []
        self.done = threading.Event()
        self.url = f'http://127.0.0.1:{self.server_port}'


class Handler(BaseHTTPRequestHandler):
    """Answers one GET with the server's fault."""

    server: Server

    def do_GET(self) -> None:  # noqa: N802, the name is http.server's
        server, body, fault = self.server, self.server.body, self.server.fault
        asked = self.headers.get('Range')
        server.requests.append({'path': self.path, 'range': asked})
        status, headers, start = 200, {}, 0
        if fault == 'status':
            number = self.path.strip('/')
            return self.answer(int(number) if number.isdigit() else 404, HTML, b'no')
        if fault == 'portal':
            return self.answer(200, HTML, PORTAL)
        if fault == 'portal as bytes':
            return self.answer(200, {'Content-Type': 'application/octet-stream'}, PORTAL)
        if fault == 'redirect' and self.path == '/file':
            return self.answer(302, {'Location': server.url + '/elsewhere'}, b'')
        if asked and fault != 'no ranges':
            start = int(asked[len('bytes='):-1])
            if start >= len(body):
                headers['Content-Range'] = f'bytes */{len(body)}'
                return self.answer(416, dict(headers, **HTML), b'')
            status = 206
            first = start + (fault == 'other range')
            headers['Content-Range'] = f'bytes {first}-{len(body) - 1}/{len(body)}'
        body = body[start:]
        if fault == 'short':
            headers['Content-Length'] = str(len(body))
            body = body[:len(body) // 2]
        elif fault == 'length too large':
            headers['Content-Length'] = str(len(body) + 1000)
        elif fault == 'length too small':
            headers['Content-Length'] = str(len(body) - 1000)
        elif fault == 'no length':
            headers['Content-Length'] = ''
        elif fault in ('stall', 'trickle'):
            headers['Content-Length'] = str(len(body))
            self.answer(status, headers, body[:5000])
            while not server.done.wait(0.1):
                if fault == 'trickle':
                    self.wfile.write(b'x')
            return None
        return self.answer(status, headers, body)

    def answer(self, status: int, headers: Dict[str, str], body: bytes) -> None:
        """Sends a whole answer; an empty Content-Length leaves that header away."""
        self.send_response(status)
        for name, value in dict({'Content-Length': str(len(body))}, **headers).items():
            if value:
                self.send_header(name, value)
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(body)
            self.wfile.flush()

    def log_message(self, *args: Any) -> None:
        """Logs nothing."""


@contextlib.contextmanager
def running(server: Any) -> Iterator[Any]:
    """Runs a server in a thread, and ends it. Its event done ends what its answers wait for."""
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            server.done.set()
            server.shutdown()
            thread.join()


def serving(fault: str = '') -> 'contextlib.AbstractContextManager[Server]':
    return running(Server(fault))
