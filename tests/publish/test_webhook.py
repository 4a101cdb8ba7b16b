"""posesuite/publish/webhook.py: a real server that is away, refuses, stalls and redirects."""
import base64
import hashlib
import hmac
import json
import logging
import os
import re
import ssl
import time

from figures import frame, standing
from helpers import ROOT, wait_for
from posesuite.pose.event import Event
from posesuite.publish import http, publishers, webhook
from posesuite.publish.publishers import Publishers
from posesuite.publish.targets import parse
from systems import certificate, free_port, receiving

import pytest

ROOM = {'people': 2, 'visits': 12, 'came': 7, 'lines': [], 'areas': [
    {'name': 'Till', 'kind': 'queue', 'people': 1, 'waited': 3, 'lately': None, 'usual': None}]}


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(publishers, 'TICK', 0.1)


def posted(server, kind):
    """The data of the requests of a type so far."""
    found = [json.loads(body) for _, _, body in list(server.requests)]
    return [each['data'] for each in found if each['type'] == kind]


def numbers(server):
    return [event['number'] for data in posted(server, 'events') for event in data['events']]


def test_events_and_counts():
    with receiving() as server, Publishers([parse(f'{server.url}/hook?screen=3')], 'hall',
                                           numbers=lambda: ROOM) as sink:
        sink.publish(frame(0.5), {3: standing()}, [Event('fall', 3, 0.5)])
        wait_for(lambda: posted(server, 'events') and posted(server, 'counts'))
    event, = posted(server, 'events')[0]['events']
    assert (event['event'], event['id'], event['time']) == ('fall', 3, 0.5)
    assert posted(server, 'counts')[0]['counts'] == [{'zone': None, 'count': 2},
                                                     {'zone': 'Till', 'count': 1}]
    path, headers, _ = server.requests[0]
    assert path == '/hook?screen=3' and headers['content-type'] == 'application/json'
    assert 'webhook-signature' not in headers


def test_a_signature_that_a_receiver_can_check(tmp_path):
    bare = base64.b64encode(b'0123456789abcdef01234567').decode()
    (tmp_path / 'secret').touch(0o600)
    (tmp_path / 'secret').write_text(f'whsec_{bare}\n')
    with receiving() as server, Publishers(
            [parse(f'{server.url}/?secret_file={tmp_path}/secret')], 'hall') as sink:
        sink.publish(frame(0), {}, [Event('fall', 3, 0)])
        wait_for(lambda: posted(server, 'events'))
    _, headers, body = server.requests[0]
    signed = f'{headers["webhook-id"]}.{headers["webhook-timestamp"]}.'.encode() + body
    digest = hmac.new(b'0123456789abcdef01234567', signed, hashlib.sha256).digest()
    assert headers['webhook-signature'] == 'v1,' + base64.b64encode(digest).decode()
    assert abs(int(headers['webhook-timestamp']) - time.time()) < 60
    with open(os.path.join(ROOT, 'docs', 'publish.md'), encoding='utf-8') as file:
        example = re.search('^```python\n(.*?)^```', file.read(), re.M | re.S).group(1)
    names = {}
    exec(example, names)
    assert names['is_genuine'](f'whsec_{bare}', headers, body)
    assert not names['is_genuine'](f'whsec_{bare}', headers, body + b' ')


def test_a_server_that_is_away_and_comes_back(caplog):
    caplog.set_level(logging.INFO)
    port = free_port()
    with Publishers([parse(f'http://127.0.0.1:{port}')], 'hall') as sink:
        for i in range(250):
            sink.publish(frame(i), {}, [Event('fall', 3, i)])
        wait_for(lambda: caplog.messages)
        with receiving(port=port) as server:
            wait_for(lambda: len(numbers(server)) >= 250)
            assert numbers(server) == list(range(250))
            wait_for(lambda: 'is back' in caplog.text)
            sink.close()
    assert len([text for text in caplog.messages if 'cannot be reached' in text]) == 1


def test_what_a_busy_server_does_not_take_is_sent_again():
    with receiving(500, 503, 401) as server:
        with Publishers([parse(server.url)], 'hall') as sink:
            sink.publish(frame(0), {}, [Event('fall', 3, 0)])
            wait_for(lambda: len(posted(server, 'events')) == 4)
            ids = {headers['webhook-id'] for _, headers, body in server.requests
                   if b'"events"' in body}
            assert len(ids) == 1
            time.sleep(0.3)
        assert numbers(server) == [0] * 4


def test_a_server_may_ask_to_wait():
    with receiving(503) as server, Publishers([parse(server.url)], 'hall') as sink:
        server.answer_headers['Retry-After'] = '2'
        begun = time.monotonic()
        sink.publish(frame(0), {}, [Event('fall', 3, 0)])
        wait_for(lambda: len(posted(server, 'events')) == 2)
        assert time.monotonic() - begun > 1.8


def test_what_is_refused_stops_nothing(caplog):
    with receiving(400) as server, Publishers([parse(server.url)], 'hall') as sink:
        sink.publish(frame(0), {}, [Event('fall', 3, 0)])
        wait_for(lambda: 'refuses events (status 400)' in caplog.text)
        sink.publish(frame(1), {}, [Event('fall', 3, 1)])
        wait_for(lambda: numbers(server) == [0, 1])


def test_what_cannot_be_written_stops_nothing(caplog):
    with receiving() as server, Publishers([parse(server.url)], 'hall') as sink:
        sink.publish(frame(0), {}, [Event('fall', 3, 0, float('nan'))])
        wait_for(lambda: 'left out' in caplog.text)
        sink.publish(frame(1), {}, [Event('fall', 3, 1)])
        wait_for(lambda: numbers(server) == [1])


def test_redirections_are_not_followed(caplog):
    with receiving() as elsewhere, receiving(302) as server, \
            Publishers([parse(server.url)], 'hall') as sink:
        server.answer_headers['Location'] = elsewhere.url
        sink.publish(frame(0), {}, [Event('fall', 3, 0)])
        wait_for(lambda: 'status 302' in caplog.text)
        wait_for(lambda: len(numbers(server)) == 2)
        assert not elsewhere.requests


def test_a_server_that_stalls_is_given_up(monkeypatch, caplog):
    monkeypatch.setattr(http, 'DEADLINE', 0.4)
    with receiving() as server, Publishers([parse(server.url)], 'hall') as sink:
        server.stalled.set()
        begun = time.monotonic()
        for i in range(20):
            sink.publish(frame(i), {}, [Event('fall', 3, i)])
        assert time.monotonic() - begun < 0.2
        wait_for(lambda: 'cannot be reached' in caplog.text, 5)
        server.stalled.clear()
        wait_for(lambda: set(numbers(server)) == set(range(20)))


def test_tls(tmp_path, caplog, monkeypatch):
    pem, key = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, key)
    with receiving(tls=context) as server:
        with Publishers([parse(f'{server.url}/?ca_file={pem}')], 'hall') as sink:
            sink.publish(frame(0), {}, [Event('fall', 3, 0)])
            wait_for(lambda: numbers(server) == [0])
        monkeypatch.setattr(publishers, 'CLOSE_TIMEOUT', 0.3)
        with Publishers([parse(server.url)], 'hall') as sink:
            sink.publish(frame(0), {}, [Event('fall', 3, 0)])
            wait_for(lambda: 'certificate verify failed' in caplog.text)
        assert numbers(server) == [0]


def test_a_secret_that_is_only_the_prefix_still_signs():
    assert webhook.key('whsec_') == b'whsec_'
