"""The page's server with clients that hang up, refuse its certificate or send nonsense."""
import socket
import threading

from helpers import wait_for
from posesuite.web import server

import pytest

SITE = {'index.html': b'<meta http-equiv="Content-Security-Policy" content="default-src">',
        'large.bin': bytes(1 << 25)}


@pytest.fixture
def address():
    running = server._server(SITE, ('127.0.0.1', 0), None)
    thread = threading.Thread(target=running.serve_forever, kwargs={'poll_interval': 0.05})
    thread.start()
    yield running.server_address
    running.shutdown()
    thread.join()
    running.server_close()


def test_a_client_that_hangs_up_causes_no_traceback(address, capfd):
    threads = threading.active_count()
    with socket.create_connection(address) as client:
        client.sendall(b'GET /large.bin HTTP/1.1\r\nHost: x\r\n\r\n')
        client.recv(100)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\1\0\0\0\0\0\0\0')  # reset
    wait_for(lambda: threading.active_count() == threads)
    assert capfd.readouterr().err == ''


def test_a_malformed_address_is_not_found(address, capfd):
    with socket.create_connection(address, 10) as client:
        client.sendall(b'GET http://[ HTTP/1.1\r\nHost: x\r\n\r\n')
        assert client.recv(100).startswith(b'HTTP/1.1 404 ')
    assert capfd.readouterr().err == ''
