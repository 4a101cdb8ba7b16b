"""Clients that mean harm, or are just slow, do not keep others out of the server."""
import contextlib
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Iterator, List

from browsers import events, get
from posesuite.display import web_door, web_requests
from serving import REQUEST, connect, is_open, received, statuses

import pytest

OTHER = '127.0.0.2'  # another client's address


@pytest.fixture
def crowd() -> Iterator[Any]:
    """Opens many connections that send the same, and closes them after the test."""
    with contextlib.ExitStack() as opened:
        def open_many(count: int, port: int, data: bytes = b'', address: str = OTHER) -> List[Any]:
            return [opened.enter_context(connect(port, data, address)) for _ in range(count)]
        yield open_many


@pytest.mark.parametrize('address', ['127.0.0.1', OTHER])
@pytest.mark.parametrize('data', [b'', b'GET / HTTP/1.1\r\nHost: localhost\r\nX-'])
def test_300_connections_without_a_request_lock_nobody_out(serve, crowd, address, data):
    demo = serve(token='sesame12')
    idle = crowd(300, demo.port, data, address)
    assert get(demo.url, demo.url[demo.url.index('/?'):]).status == 200
    assert get(demo.url, '/healthz?token=sesame12').status == 200
    assert sum(map(is_open, idle)) <= web_door.MAX_OF_ADDRESS


def test_300_streams_of_one_address_leave_room_for_another(serve, crowd):
    demo = serve(token='sesame12')
    request = REQUEST % b'/poses?token=sesame12'
    for _ in range(web_door.MAX_OF_ADDRESS):
        stream, = crowd(1, demo.port, request)
        assert stream.recv(1) == b'H'
    assert [received(stream) for stream in crowd(172, demo.port, request)] == [b''] * 172
    stream = events(get(demo.url, '/poses?token=sesame12'))
    assert [next(stream)[0] for _ in range(3)] == ['setup', '', '']


def test_a_page_that_is_in_use_is_not_closed_for_strangers(serve, crowd):
    demo = serve(token='sesame12')
    page, = crowd(1, demo.port, REQUEST % b'/healthz?token=sesame12')
    assert statuses(page.recv(1000)) == [200]
    crowd(300, demo.port)
    page.sendall(REQUEST % b'/healthz?token=sesame12')
    assert statuses(page.recv(1000)) == [200]


def test_room_that_is_left_is_free_again(serve, crowd):
    demo = serve()
    for _ in range(3):
        for connection in crowd(100, demo.port, REQUEST % b'/poses'):
            assert connection.recv(1) == b'H'
            connection.close()
        demo.event['text'] += 'changed'  # who has gone is noticed when there is an event
        stream = events(get(demo.url, '/poses'))
        assert [next(stream)[0] for _ in range(3)] == ['setup', '', '']


@pytest.mark.parametrize('host, network', [
    ('192.0.2.1', '192.0.2.1'), ('::ffff:192.0.2.1', '192.0.2.1'), ('::1', '::/64'),
    ('2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'), ('fe80::1%eth0', 'fe80::/64'),
])
def test_an_ipv6_client_is_its_network(host, network):
    assert web_door.network_of(host) == network


@pytest.mark.parametrize('begin', [b'', REQUEST % b'/healthz'])
def test_a_whole_head_must_arrive_in_time(monkeypatch, serve, begin):
    """A byte now and then does not help."""
    monkeypatch.setattr(web_requests, 'HEAD_TIMEOUT', 0.5)
    with connect(serve().port, begin) as slow:
        slow.settimeout(0.1)
        start, data = time.monotonic(), b'x'
        while data and time.monotonic() < start + 10:
            with contextlib.suppress(OSError):
                data = slow.recv(1000)
            with contextlib.suppress(OSError):
                slow.send(b'a')
        assert data == b'' and time.monotonic() - start < 5


def test_who_does_not_read_an_answer_is_dropped(monkeypatch, serve):
    monkeypatch.setattr(web_requests, 'SEND_TIMEOUT', 0.5)
    demo = serve()
    demo.event['text'] = 'x' * 100000
    with connect(demo.port, REQUEST % b'/poses') as lazy:
        stream = events(get(demo.url, '/poses'))
        start = time.monotonic()
        while time.monotonic() < start + 1.5:
            next(stream)
        assert b'event: end' not in received(lazy)


def test_wrong_tokens_are_answered_one_after_the_other(monkeypatch, serve):
    monkeypatch.setattr(web_door, 'WRONG_TOKEN_DELAY', 0.4)
    demo = serve(token='sesame12')
    start = time.monotonic()

    def guess(number: int) -> float:
        assert get(demo.url, f'/?token=sesame{number}').status == 403
        return time.monotonic() - start

    with ThreadPoolExecutor(4) as pool:
        times = sorted(pool.map(guess, range(20, 24)))
    assert len(times) == 4
    assert all(time > 0.4 * (1 + i) for i, time in enumerate(times))


def test_the_right_token_is_answered_at_once_and_a_missing_one_is_no_guess(monkeypatch, serve):
    monkeypatch.setattr(web_door, 'WRONG_TOKEN_DELAY', 30)
    demo = serve(token='sesame12')
    with connect(demo.port, REQUEST % b'/?token=sesame13') as guess:
        for path in ('/?token=sesame12', '/healthz?token=sesame12'):
            assert get(demo.url, path).status == 200
        assert get(demo.url, '/favicon.ico').status == 403
        assert is_open(guess)


def test_guesses_that_wait_for_their_answers_lock_nobody_out(serve, crowd):
    demo = serve(token='sesame12')
    guesses = crowd(300, demo.port, REQUEST % b'/?token=sesame13', '127.0.0.1')
    assert get(demo.url, '/healthz?token=sesame12').status == 200
    assert sum(map(is_open, guesses)) <= web_door.MAX_OF_ADDRESS
    answered = web_door.Door()
    assert max(answered.delay('192.0.2.1') for _ in range(1000)) <= web_door.MAX_DELAY
    assert answered.delay('192.0.2.2') < 2 * web_door.WRONG_TOKEN_DELAY


def test_connections_that_are_open_at_the_end_are_closed_in_silence(serve, crowd, caplog):
    demo = serve(token='sesame12')
    idle = crowd(5, demo.port)
    guesses = crowd(5, demo.port, REQUEST % b'/?token=sesame13')
    stream, = crowd(1, demo.port, REQUEST % b'/poses?token=sesame12')
    assert stream.recv(1) == b'H'
    demo.close()
    assert received(stream).endswith(b'event: end\ndata: {}\n\n')
    assert [received(connection) for connection in idle + guesses] == [b''] * 10
    assert caplog.messages == []
