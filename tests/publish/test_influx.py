"""posesuite/publish/influx.py: with the real server, which is away, and comes back."""
import json
import logging
import os
import urllib.parse
import urllib.request

from figures import frame, standing
from helpers import ROOT, wait_for
from posesuite.pose.event import Event
from posesuite.publish import publishers
from posesuite.publish.influx import event_point
from posesuite.publish.messages import Happening
from posesuite.publish.publishers import Publishers
from posesuite.publish.targets import parse
from systems import Influx, receiving

import pytest

NAME = 'Till, "a=b" \\ é'
ROOM = {'people': 2, 'visits': 12, 'came': 7, 'lines': [{'name': NAME, 'came': 7, 'went': 2}],
        'areas': [{'name': NAME, 'kind': 'queue', 'people': 1, 'waited': 3, 'lately': 20,
                   'usual': 60}]}


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(publishers, 'TICK', 0.1)


def query(port, text):
    """The rows of InfluxDB's answer, each a dict."""
    data = urllib.parse.urlencode({'q': text, 'db': 'museum'}).encode()
    with urllib.request.urlopen(f'http://127.0.0.1:{port}/query', data) as answer:
        result = json.load(answer)['results'][0]
    assert 'error' not in result, (text, result)
    return [dict(zip(series['columns'], row)) for series in result.get('series', [])
            for row in series['values']]


def test_points_reach_the_real_server_that_was_away(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    server = Influx(tmp_path)
    with Publishers([parse(f'influx://127.0.0.1:{server.port}/museum')], 'hall "B", 1', every=1,
                    numbers=lambda: ROOM) as sink:
        for i in range(700):
            sink.publish(frame(i), {3: standing()}, [Event('fall', 3, i), Event('crowd', None, i)])
        wait_for(lambda: 'cannot be reached (Connection refused)' in caplog.text)
        with server:
            wait_for(lambda: 'database not found' in caplog.text or query(
                server.port, 'CREATE DATABASE museum') == [])
            wait_for(lambda: len(query(server.port, 'SELECT * FROM event')) == 1400)
            wait_for(lambda: query(server.port, 'SELECT * FROM room'))
            rooms, areas, lines, events = (
                query(server.port, f'SELECT * FROM {name}')
                for name in ('room', 'area', 'line', 'event'))
            sink.close()
    assert 'is back' in caplog.text
    assert {row['number'] for row in events} == set(range(1400))
    assert {row['event'] for row in events} == {'fall', 'crowd'}
    room = rooms[0]
    assert (room['camera'], room['people'], room['visits']) == ('hall "B", 1', 2, 10)
    assert room['watching'] is True and room['fault'] == ''
    assert areas[0]['area'] == lines[0]['line'] == NAME.replace('\\', '/')
    assert (areas[0]['people'], areas[0]['lately']) == (1, 20)
    assert lines[0]['came'] == 5 and 'went' not in lines[0]


def test_the_dashboard_asks_for_what_is_there(tmp_path):
    with open(os.path.join(ROOT, 'docs', 'grafana.json'), encoding='utf-8') as file:
        board = json.load(file)
    with Influx(tmp_path) as server:
        query(server.port, 'CREATE DATABASE museum')
        with Publishers([parse(f'influx://127.0.0.1:{server.port}/museum')], 'hall', every=1,
                        numbers=lambda: ROOM, min_visits=1) as sink:
            sink.publish(frame(0, 'camera lost'), {3: standing()}, [Event('fall', 3, 0)])
        cameras, = (row['value'] for row in query(
            server.port, board['templating']['list'][0]['query']))
        assert cameras == 'hall'
        rows = {}
        for panel in board['panels']:
            for target in panel['targets']:
                text = target['query'].replace('$timeFilter', 'time > now() - 1h').replace(
                    '$__interval', '1m').replace('$camera', '.*')
                rows[panel['title']] = query(server.port, text)
    assert len(rows) == 12
    del rows['Visits by hour']  # an hour has no difference from the one before
    assert all(rows.values()), rows


def test_a_blind_camera_counts_nobody(tmp_path):
    with receiving() as server, Publishers(
            [parse(f'{server.url.replace("http", "influx")}/museum')], 'hall') as sink:
        sink.publish(frame(0, 'camera lost since 14:03'), {})
        wait_for(lambda: server.requests)
    path, _, body = server.requests[0]
    assert path == '/write?db=museum&precision=ns'
    assert b'people=' not in body and b'watching=false' in body
    assert b'fault="camera lost since 14:03"' in body


def test_a_clock_that_is_wrong_for_certain_dates_nothing():
    at = 1600000000.25
    for when, ends in ((at, ' 1600000000250000000'), (86400.0, 'number=0i')):
        assert event_point(Happening('hall', when, Event('fall', 3, 0), 'run', 0)).endswith(ends)


def test_a_token_of_version_2(tmp_path):
    (tmp_path / 'token').touch(0o600)
    (tmp_path / 'token').write_text('word\n')
    with receiving() as server, Publishers([parse(
            f'{server.url.replace("http", "influx")}/museum%20B?org=my+org'
            f'&secret_file={tmp_path}/token')], 'hall') as sink:
        sink.publish(frame(0), {})
        wait_for(lambda: server.requests)
    path, headers, _ = server.requests[0]
    assert path == '/api/v2/write?org=my%20org&bucket=museum%20B&precision=ns'
    assert headers['authorization'] == 'Token word'


def test_a_user_of_version_1(tmp_path, monkeypatch):
    monkeypatch.setenv('POSESUITE_INFLUX_SECRET', 'word')
    with receiving() as server, Publishers(
            [parse(f'influx://ann@127.0.0.1:{server.server_port}/museum')], 'hall') as sink:
        sink.publish(frame(0), {})
        wait_for(lambda: server.requests)
    assert server.requests[0][1]['authorization'] == 'Basic YW5uOndvcmQ='
