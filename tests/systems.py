"""Real systems that demos publish to, killed and started again, and a bad network before them."""
import contextlib
import http.server
import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
from typing import Any, Dict, List, Optional, Tuple

from file_server import running
from helpers import DOWNLOAD, wait_for

import pytest


def program(name: str) -> str:
    """The path of a program, also of one for administrators; else the test is skipped."""
    path = os.environ.get('PATH', os.defpath) + os.pathsep + '/usr/sbin'
    return shutil.which(name, path=path) or pytest.skip(f'no {name}: {DOWNLOAD}')


def free_port() -> int:
    with listening() as server:
        return server.getsockname()[1]


def listening() -> socket.socket:
    """A socket that takes connections."""
    server = socket.socket()
    server.bind(('127.0.0.1', 0))
    server.listen()
    return server


def listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(('127.0.0.1', port), 1):
        return True
    return False


class System:
    """A program that serves a port; a context manager. Attributes: port, folder."""

    def __init__(self, folder: Any, *command: str) -> None:
        self.folder, self.port = folder, free_port()
        self._command = command
        self._process: Optional[subprocess.Popen] = None

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL,
                                         stderr=subprocess.DEVNULL)
        wait_for(lambda: listens(self.port))

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def __enter__(self) -> Any:
        self.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self.kill()


class Mosquitto(System):
    """A broker that keeps nothing when it ends. more: lines of its configuration."""

    def __init__(self, folder: Any, more: str = 'allow_anonymous true') -> None:
        path = folder / 'mosquitto.conf'
        super().__init__(folder, program('mosquitto'), '-c', str(path))
        user = '' if os.geteuid() else 'user root\n'  # else it cannot read its own files
        path.write_text(f'{user}listener {self.port} 127.0.0.1\npersistence false\n{more}\n')


class Influx(System):
    """A database server of version 1, with a database named museum."""

    def __init__(self, folder: Any) -> None:
        path = folder / 'influxdb.conf'
        super().__init__(folder, program('influxd'), '-config', str(path))
        path.write_text(f'reporting-enabled = false\nreporting-disabled = true\n'
                        f'bind-address = "127.0.0.1:{free_port()}"\n'
                        f'[meta]\ndir = "{folder}/meta"\n'
                        f'[data]\ndir = "{folder}/data"\nwal-dir = "{folder}/wal"\n'
                        f'[http]\nbind-address = "127.0.0.1:{self.port}"\n')


class Listener:
    """A client of a broker that hears everything; a context manager.

    Attributes: heard, topics with payloads and whether they were retained, in order.
    """

    def __init__(self, port: int, *topics: str) -> None:
        import paho.mqtt.client as mqtt
        from paho.mqtt.enums import CallbackAPIVersion
        self.heard: List[Tuple[str, bytes, bool]] = []
        self._subscribed = threading.Event()
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self.client.on_message = lambda _, __, message: self.heard.append(
            (message.topic, message.payload, message.retain))
        self.client.on_subscribe = lambda *_: self._subscribed.set()
        self.client.connect('127.0.0.1', port)
        self.client.loop_start()
        self.client.subscribe([(topic, 1) for topic in topics or ('#',)])
        assert self._subscribed.wait(10)

    def of(self, topic: str) -> List[bytes]:
        """The payloads of a topic so far."""
        return [payload for found, payload, _ in list(self.heard) if found == topic]

    def __enter__(self) -> 'Listener':
        return self

    def __exit__(self, *_: Any) -> None:
        self.client.disconnect()
        self.client.loop_stop()


class Network:
    """A port before another one; a context manager. Attributes: port, open (whether it lets
    anything through), connections (how many there were so far). delay: seconds, each way.
    """

    def __init__(self, port: int, delay: float = 0.0) -> None:
        self._to, self._delay, self.connections = port, delay, 0
        self.open = threading.Event()
        self.open.set()
        self._server = listening()
        self.port = self._server.getsockname()[1]
        self._pairs: List[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Breaks all connections."""
        pairs, self._pairs = self._pairs, []
        for one in pairs:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> 'Network':
        return self

    def __exit__(self, *_: Any) -> None:
        self.open.set()
        self._server.close()
        self.cut()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._server.accept()
                self.connections += 1
                try:
                    far = socket.create_connection(('127.0.0.1', self._to), 5)
                except OSError:
                    near.close()
                    continue
                far.settimeout(None)
                self._pairs += [near, far]
                for ends in ((near, far), (far, near)):
                    threading.Thread(target=self._pump, args=ends, daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            for data in iter(lambda: source.recv(65536), b''):
                time.sleep(self._delay)
                self.open.wait()
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


class Receiver(http.server.ThreadingHTTPServer):
    """Takes requests by POST. statuses: those that it answers one after the other, then 200.

    Attributes: requests, a path, headers by their names in small letters, and a body each; url;
    answer_headers; stalled; done.
    """
    daemon_threads = True

    def __init__(self, statuses: Tuple[int, ...] = (), port: int = 0,
                 tls: Optional[ssl.SSLContext] = None) -> None:
        super().__init__(('127.0.0.1', port), _Taker)
        self.done = threading.Event()
        self.requests: List[Tuple[str, Dict[str, str], bytes]] = []
        self.statuses, self.answer_headers = list(statuses), {}
        self.stalled = threading.Event()  # set: a request is not answered
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_side=True)
        self.url = f'http{"s" if tls else ""}://127.0.0.1:{self.server_port}'


class _Taker(http.server.BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:  # noqa: N802, the name is http.server's
        body = self.rfile.read(int(self.headers['Content-Length']))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.requests.append((self.path, headers, body))
        while self.server.stalled.is_set() and not self.server.done.wait(0.05):
            pass
        self.send_response(self.server.statuses.pop(0) if self.server.statuses else 200)
        for name, value in {'Content-Length': '0', **self.server.answer_headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Logs nothing."""


def receiving(*statuses: int, port: int = 0, tls: Optional[ssl.SSLContext] = None
              ) -> 'contextlib.AbstractContextManager[Receiver]':
    return running(Receiver(statuses, port, tls))


def certificate(folder: Any) -> Tuple[str, str]:
    """A certificate for localhost and 127.0.0.1, and its key: paths."""
    paths = str(folder / 'certificate.pem'), str(folder / 'key.pem')
    subprocess.run([program('openssl'), 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days',
                    '2', '-subj', '/CN=localhost', '-addext',
                    'subjectAltName=DNS:localhost,IP:127.0.0.1', '-out', paths[0], '-keyout',
                    paths[1]], check=True, capture_output=True)
    return paths
