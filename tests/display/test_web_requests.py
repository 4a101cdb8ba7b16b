"""Requests as browsers, proxies, scripts and attackers write them."""
import contextlib
import time

from browsers import get
from posesuite.display import web_requests
from serving import REQUEST, connect, received, statuses

import pytest


def answers(demo, data: bytes) -> list:
    with connect(demo.port, data) as connection:
        return statuses(received(connection))


LAST = b'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'


@pytest.mark.parametrize('data, expected', [
    (REQUEST % b'/healthz' * 20 + LAST, [200] * 21),  # pipelined
    (b'GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n' + LAST, [200]),
    (b'GET /healthz HTTP/1.1\r\nhOST:localhost\r\nConnection: keep-alive, Close\r\n\r\n', [200]),
    (b'GET http://localhost/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n' + LAST, [200, 200]),
    (b'GET /healthz HTTP/1.1\r\n\r\n', [403]),
    (b'GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n', [400]),
    (b'GET /healthz HTTP/1.1\r\nHost : localhost\r\n\r\n', [400]),
    (b'GET /healthz HTTP/1.1\r\n Host: localhost\r\n\r\n', [400]),
    (b'GET /healthz HTTP/2.0\r\nHost: localhost\r\n\r\n', [400]),
    (b'GET /healthz\r\n\r\n', [400]),
    (b'\r\n\r\n', [400]),
    (b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', [400]),
    (b'\x16\x03\x01\x02\x00\x01\x00\r\n\r\n', [400]),  # an https:// address
    (b'GET /\xff\x00 HTTP/1.1\r\nHost: localhost\r\n\r\n', [404]),
    (b'GET http://[ HTTP/1.1\r\nHost: localhost\r\n\r\n', [400]),
    (REQUEST % b'/healthz?token=%00%ff&token=&id=x' + LAST, [200, 200]),
    (REQUEST % (b'/snapshot.jpg?id=' + b'9' * 5000) + LAST, [200, 200]),
    (REQUEST % (b'/?' + b'a=1&' * 3000), [200, 200][:1]),
])
def test_requests(serve, data, expected):
    demo = serve()
    with connect(demo.port, data) as connection:
        connection.shutdown(1)
        assert statuses(received(connection)) == expected


@pytest.mark.parametrize('header', [b'Content-Length: 9', b'Transfer-Encoding: chunked'])
def test_a_body_is_not_taken_for_a_request(serve, header):
    """Behind a proxy, that would be one visitor's way to speak for another."""
    head = b'GET /healthz HTTP/1.1\r\nHost: localhost\r\n%s\r\n\r\n' % header
    assert answers(serve(), head + LAST) == [200]


def test_a_large_body_is_refused_with_an_answer(serve):
    head = b'POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n'
    assert answers(serve(), head + b'x' * 1000000) == [405]


def test_a_body_that_never_ends_is_not_read_for_long(monkeypatch, serve):
    monkeypatch.setattr(web_requests, 'LINGER_TIMEOUT', 0.3)
    head = b'POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\n'
    start = time.monotonic()
    with connect(serve().port, head) as connection, pytest.raises(ConnectionError):
        while time.monotonic() < start + 10:
            connection.sendall(b'x' * 10000)


@pytest.mark.parametrize('head', [b'GET /' + b'a' * 60000, LAST[:-2] + b'X: a\r\n' * 9000])
def test_a_huge_head_is_refused(serve, head):
    assert answers(serve(), head + b'\r\n\r\n') == [431]


def test_rubbish_ends_nothing(serve, caplog, capfd):
    demo = serve()
    for rubbish in (b'\0' * 100, b'GET ' + b'a' * 100000, b'GET /\r\n', b'\r\n' * 50000):
        with connect(demo.port) as connection, contextlib.suppress(ConnectionError):
            connection.sendall(rubbish)
    assert get(demo.url, '/healthz').status == 200
    assert capfd.readouterr() == ('', '') and caplog.messages == []
