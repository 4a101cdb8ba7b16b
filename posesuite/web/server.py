"""A server for the page: files from memory, nothing else."""
import contextlib
import hashlib
import logging
import ssl
from http.server import BaseHTTPRequestHandler
from typing import Any, Callable, Dict, Optional, Tuple
from urllib.parse import unquote, urlsplit

from posesuite.display.web_server import listening, own_address, url_of
from posesuite.page_server import PageServer
from posesuite.web.site import headers

LOGGER = logging.getLogger(__name__)
TIMEOUT = 30  # seconds for a request to arrive, and for each part of an answer to leave
EVERYWHERE = '0.0.0.0', '::'


def serve_site(site: Dict[str, bytes], address: Tuple[str, int], certificate: Optional[str] = None,
               on_ready: Optional[Callable[[str], None]] = None) -> None:
    """Serves the page until it is interrupted.

    address: host and port; port 0 is any free one. certificate: a PEM file with a certificate and
    its key, for https. on_ready: gets the page's address.
    Raises OSError if the address or the certificate cannot be used.
    """
    with _server(site, address, certificate) as server:
        host, port = server.server_address[:2]
        url = url_of(own_address() if host in EVERYWHERE else host, port, None)
        if certificate:
            url = url.replace('http:', 'https:', 1)
        elif host not in ('127.0.0.1', '::1'):
            LOGGER.warning('browsers of other machines give pages the camera over https only: see '
                           '--certificate')
        (on_ready or (lambda url: LOGGER.info('open %s in a browser; Ctrl-C ends', url)))(url)
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever(poll_interval=0.2)


def _server(site: Dict[str, bytes], address: Tuple[str, int],
            certificate: Optional[str]) -> Any:
    try:
        server: Any = PageServer(address, _Handler, bind_and_activate=False)
        server.socket.close()
        server.socket = listening(address)
        server.server_address = server.socket.getsockname()
    except OSError as error:
        raise OSError(f'cannot serve at {address[0]}:{address[1]}: {error.strerror or error}')
    server.site = site
    server.tags = {name: f'"{hashlib.sha256(content).hexdigest()}"'
                   for name, content in site.items()}
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            context.load_cert_chain(certificate)
        except OSError as error:
            raise OSError(f'cannot use the certificate {certificate}: {error.strerror or error}')
        server.socket = context.wrap_socket(server.socket, server_side=True,
                                            do_handshake_on_connect=False)
    return server


class _Handler(BaseHTTPRequestHandler):
    """Answers one browser's requests."""
    timeout = TIMEOUT
    protocol_version = 'HTTP/1.1'
    server_version, sys_version = 'pose_web', ''

    def do_GET(self) -> None:
        try:
            name = unquote(urlsplit(self.path).path)[1:] or 'index.html'
        except ValueError:  # brackets around what is no IPv6 address
            name = ''
        content = self.server.site.get(name)
        if content is None:
            self._reply(404, {'Content-Type': 'text/plain'}, b'no such file\n')
            return
        tag = self.server.tags[name]
        unchanged = tag in self.headers.get('If-None-Match', '')
        self._reply(304 if unchanged else 200, {**headers(self.server.site, name), 'ETag': tag},
                    b'' if unchanged else content)

    do_HEAD = do_GET

    def _reply(self, status: int, fields: Dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for key, value in fields.items():
            self.send_header(key, value)
        if status != 304:
            self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        if self.command == 'GET':
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Says nothing of those who visit."""
