"""Who may ask a server, how much, and how it starts and ends."""
import json
import os
import socket
import stat
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from helpers import wait_for
from pose_servers import Engine, ask, port_of, serving
from posesuite.serving import door
from posesuite.serving.limits import Limits, Rates
from posesuite.serving.server import PoseServer, ServerError

import pytest

TOKEN = 'sesame-sesame'
BEARER = {'Authorization': f'Bearer {TOKEN}'}


def test_a_token(picture):
    with serving(token=TOKEN) as server:
        for method, path, headers in (
                ('POST', '/v1/poses', {}), ('GET', '/v1/models', {}), ('GET', '/metrics', {}),
                ('POST', '/v1/memories', {'Authorization': TOKEN}), ('GET', '/nothing', {}),
                ('POST', '/v1/poses', {'Authorization': f'Basic {TOKEN}'}),
                ('POST', '/v1/poses', {'Authorization': 'Bearer sesame'})):
            answer = ask(server, method, path, headers=headers)
            assert answer.status == 401 and TOKEN.encode() not in answer.body
            assert answer.headers['WWW-Authenticate'] == 'Bearer'
        assert ask(server, 'POST', '/v1/poses', picture(), BEARER).status == 200
        for path in ('/', '/openapi.json', '/healthz'):
            assert ask(server, 'GET', path).status == 200
        assert ask(server, 'GET', '/v1/models?token=' + TOKEN).status == 401


def test_wrong_tokens_are_answered_slowly_and_the_right_one_at_once():
    with serving(token=TOKEN) as server, ThreadPoolExecutor(3) as pool:
        began = time.monotonic()
        wrong = [pool.submit(ask, server, 'GET', '/v1/models',
                             headers={'Authorization': f'Bearer wrong{number}'})
                 for number in range(3)]
        assert ask(server, 'GET', '/v1/models', headers=BEARER).status == 200
        assert time.monotonic() - began < 0.9
        assert [future.result().status for future in wrong] == [401] * 3
        assert time.monotonic() - began > 2.9


def test_secrets_and_pictures_are_not_logged(picture, caplog, capfd):
    with caplog.at_level('DEBUG'), serving(token=TOKEN) as server:
        ask(server, 'POST', '/v1/poses?threshold=0.123', picture(), BEARER)
        ask(server, 'POST', '/v1/poses', b'x', BEARER)
        ask(server, 'GET', '/v1/models', headers={'Authorization': 'Bearer guess-guess'})
    said = caplog.text + ''.join(capfd.readouterr())
    assert 'serving at http://127.0.0.1:' in said
    assert TOKEN not in said and 'guess-guess' not in said and '0.123' not in said


def test_beyond_this_machine_a_token_is_made_up(caplog):
    with caplog.at_level('INFO'), serving(addresses=[('0.0.0.0', 0)]) as server:
        assert len(server.token) >= 16 and server.token in caplog.text
        bearer = {'Authorization': f'Bearer {server.token}'}
        assert ask(server, 'GET', '/v1/models').status == 401
        assert ask(server, 'GET', '/v1/models', headers=bearer).status == 200
        assert ask(server, 'GET', '/v1/models', headers={**bearer, 'Host': '192.168.1.7:8090'}
                   ).status == 200


@pytest.mark.parametrize('host, status', [
    ('localhost', 200), ('127.0.0.1:80', 200), ('[::1]:8', 200), ('board.fritz.box', 200),
    ('evil.example', 403), ('192.168.1.7', 403), ('localhost.evil.example', 403)])
def test_names_of_the_server(host, status):
    """In a DNS rebinding attack, Host is the name of a foreign page."""
    with serving(names=['board.fritz.box']) as server:
        assert ask(server, 'GET', '/v1/models', headers={'Host': host}).status == status


def test_scripts_of_pages_that_may(picture):
    origin = {'Origin': 'https://example.org'}
    preflight = {**origin, 'Access-Control-Request-Method': 'POST',
                 'Access-Control-Request-Headers': 'authorization'}
    with serving(token=TOKEN, origins=['https://example.org']) as server:
        answer = ask(server, 'OPTIONS', '/v1/poses', headers=preflight)
        assert answer.status == 200
        assert answer.headers['Access-Control-Allow-Origin'] == 'https://example.org'
        assert 'authorization' in answer.headers['Access-Control-Allow-Headers'].lower()
        answer = ask(server, 'POST', '/v1/poses', picture(), {**origin, **BEARER})
        assert answer.headers['Access-Control-Allow-Origin'] == 'https://example.org'
        other = ask(server, 'POST', '/v1/poses', picture(), {**BEARER, 'Origin': 'https://x.org'})
        assert 'Access-Control-Allow-Origin' not in other.headers
    with serving() as server:
        answer = ask(server, 'POST', '/v1/poses', picture(), origin)
        assert 'Access-Control-Allow-Origin' not in answer.headers


def test_a_rate(picture):
    with serving(limits=Limits(rate=1)) as server:
        answers = [ask(server, 'POST', '/v1/poses', picture()) for _ in range(4)]
        assert [answer.status for answer in answers] == [200, 200, 429, 429]
        assert answers[2].headers['Retry-After'] == '1'
        assert answers[2].json == {'error': 'more than 1 pictures a second'}
        assert ask(server, 'GET', '/v1/models').status == 200


def test_rates_of_addresses_are_their_own():
    rates = Rates(0.5)
    rates.check('a')
    with pytest.raises(Exception, match='more than 0.5') as refused:
        rates.check('a')
    assert refused.value.seconds == 2
    rates.check('b')
    for _ in range(1000):
        Rates(None).check('a')


def test_a_full_queue_and_the_deadline(picture):
    engine = Engine()
    engine.held.clear()
    with serving(engine, limits=Limits(queue=2, deadline=1.5)) as server, \
            ThreadPoolExecutor(20) as pool:
        waiting = [pool.submit(ask, server, 'POST', '/v1/poses', picture()) for _ in range(20)]
        refused = wait_for(lambda: [future.result() for future in waiting if future.done()])[0]
        assert refused.status == 503 and int(refused.headers['Retry-After']) >= 1
        assert refused.json == {'error': '2 pictures wait, which is as many as may'}
        assert ask(server, 'GET', '/healthz').status == 200
        late = [future.result().json['error'] for future in waiting]
        assert 'not answered within 1.5 s' in late
        engine.held.set()
        assert wait_for(lambda: ask(server, 'POST', '/v1/poses', picture()).status == 200)


def test_50_clients_at_once_are_served_alike(picture):
    """Each sends on as soon as it has an answer; none waits much longer than another."""
    engine, counts = Engine(0.002), [0] * 50
    with serving(engine) as server:
        end = time.monotonic() + 3

        def client(number: int) -> None:
            while time.monotonic() < end:
                assert ask(server, 'POST', '/v1/poses', picture()).status == 200
                counts[number] += 1

        with ThreadPoolExecutor(50) as pool:
            list(pool.map(client, range(50)))
    assert sum(counts) == len(engine.seen) > 100
    assert min(counts) >= 0.5 * max(counts) - 1


def test_idle_and_slow_clients_lock_nobody_out(picture, monkeypatch):
    monkeypatch.setattr(door, 'HEAD_TIMEOUT', 2)
    with serving() as server:
        place = '127.0.0.1', port_of(server)
        idle = [socket.create_connection(place, 10) for _ in range(150)]
        for begun in idle[::2]:
            begun.sendall(b'POST /v1/poses HTTP/1.1\r\nHost: localhost\r\n'
                          b'Content-Length: 9\r\n\r\n')
        assert ask(server, 'POST', '/v1/poses', picture()).status == 200
        for connection in idle[1::2]:  # heads that never arrive
            connection.settimeout(10)
            assert connection.recv(1) == b''
        for connection in idle:
            connection.close()


def test_bodies_that_do_not_arrive_in_time(monkeypatch):
    monkeypatch.setattr(door, 'BODY_TIMEOUT', 0.5)
    with serving() as server, socket.create_connection(
            ('127.0.0.1', port_of(server)), 10) as connection:
        connection.sendall(b'POST /v1/poses HTTP/1.1\r\nHost: localhost\r\n'
                           b'Content-Length: 900\r\n\r\n')
        began = time.monotonic()
        with pytest.raises(ConnectionError):
            for _ in range(100):
                connection.sendall(b'.')
                time.sleep(0.05)
        assert time.monotonic() - began < 3


def test_what_is_no_http(server):
    with socket.create_connection(('127.0.0.1', port_of(server)), 10) as connection:
        connection.sendall(b'\x16\x03\x01 nonsense\r\n\r\n')
        assert connection.recv(100).startswith(b'HTTP/1.1 400 ')
    assert ask(server, 'GET', '/healthz').status == 200


def test_a_unix_socket_is_its_owners(tmp_path, picture):
    path = str(tmp_path / 'poses.sock')
    with serving(addresses=[path]) as server:
        assert server.urls == [f'unix:{path}'] and server.token is None
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
        with pytest.raises(ServerError, match='another server listens there'):
            PoseServer(Engine(), [path])
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(path)
            connection.sendall(b'GET /v1/models HTTP/1.0\r\n\r\n')
            assert connection.recv(100).startswith(b'HTTP/1.1 200 ')
    assert not os.path.exists(path)


def test_the_socket_of_a_server_that_was_killed_is_replaced(tmp_path):
    path = str(tmp_path / 'poses.sock')
    left = socket.socket(socket.AF_UNIX)
    left.bind(path)
    left.close()
    with serving(addresses=[path]) as server:
        assert server.urls == [f'unix:{path}']


def test_what_is_no_socket_is_kept(tmp_path):
    path = tmp_path / 'file'
    path.write_text('precious')
    with pytest.raises(ServerError, match='--listen cannot listen on unix:.*file: '):
        PoseServer(Engine(), [str(path)])
    assert path.read_text() == 'precious'
    with serving() as server, pytest.raises(ServerError, match=r'cannot listen on 127.0.0.1:\d+'):
        PoseServer(Engine(), [('127.0.0.1', port_of(server))])


def test_the_end_answers_what_was_asked(picture):
    engine = Engine()
    engine.held.clear()
    answers = []
    with serving(engine) as server:
        asking = threading.Thread(
            target=lambda: answers.append(ask(server, 'POST', '/v1/poses', picture())))
        asking.start()
        time.sleep(0.5)
        server.stop()
        engine.held.set()
    asking.join(10)
    assert [answer.status for answer in answers] == [200]
    with pytest.raises(OSError):
        ask(server, 'GET', '/healthz')


def test_memory_is_shared_by_name_of_its_own_form_alone(server, tmp_path):
    secret = tmp_path / 'secret'
    secret.write_bytes(b'secret')
    name = 'posesuite-' + 'a' * 32
    for wrong in ('', 'x', '../etc/passwd', '/etc/passwd', str(secret), name + '/x', name[:-1]):
        assert ask(server, 'POST', '/v1/memories', wrong.encode()).status == 400
    assert ask(server, 'POST', '/v1/memories', name.encode()).status == 403
    os.symlink(str(secret), f'/dev/shm/{name}')
    try:
        assert ask(server, 'POST', '/v1/memories', name.encode()).status == 403
    finally:
        os.unlink(f'/dev/shm/{name}')
    assert ask(server, 'POST', '/v1/poses?memory=abc&width=64&height=48').status == 404


def test_a_client_that_shortens_its_memory_does_not_kill_the_server(server):
    name = 'posesuite-' + os.urandom(16).hex()
    with open(f'/dev/shm/{name}', 'wb+') as file:
        try:
            id = ask(server, 'POST', '/v1/memories', name.encode()).json['id']
        finally:
            os.unlink(f'/dev/shm/{name}')
        file.truncate(64 * 48 * 3)
        path = f'/v1/poses?memory={id}&width=64&height=48'
        assert ask(server, 'POST', path).status == 200
        file.truncate(100)
        answer = ask(server, 'POST', path)
        assert (answer.status, json.loads(answer.body)) == (
            400, {'error': 'the memory does not hold 64x48 pixels'})
    assert ask(server, 'DELETE', f'/v1/memories/{id}').status == 204
    assert ask(server, 'POST', path).status == 404


def test_guesses_of_tokens_lock_nobody_out():
    with serving(token=TOKEN) as server:
        guess = (b'GET /v1/models HTTP/1.1\r\nHost: localhost\r\n'
                 b'Authorization: Bearer guess-guess\r\n\r\n')
        guessing = []
        for _ in range(140):
            guessing.append(socket.create_connection(('127.0.0.1', port_of(server)), 10))
            guessing[-1].sendall(guess)
        assert ask(server, 'GET', '/v1/models', headers=BEARER).status == 200
        for connection in guessing:
            connection.close()
