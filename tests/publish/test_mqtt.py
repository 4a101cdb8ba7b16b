"""posesuite/publish/mqtt.py: with a real broker, which is away, lost, slow, forgetful, hostile."""
import json
import logging
import subprocess
import threading
import time

from figures import frame, standing
from helpers import need_package, wait_for
from posesuite.pose.event import Event
from posesuite.publish import mqtt, publishers
from posesuite.publish.publishers import Publishers
from posesuite.publish.targets import parse
from systems import Listener, Mosquitto, Network, certificate, free_port, listening, program

import pytest

need_package('paho')
ROOM = {'people': 1, 'visits': 12, 'came': 7, 'lines': [{'name': 'Door', 'came': 7, 'went': 6}],
        'areas': [{'name': '{{ 7 * 7 }}', 'kind': 'queue', 'people': 1, 'waited': 33,
                   'lately': 20, 'usual': None}]}


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(publishers, 'TICK', 0.1)


def publisher(port, path='/hall', **more):
    return Publishers([parse(f'mqtt://127.0.0.1:{port}{path}')], 'hall', **more)


def events_of(listener):
    return [json.loads(payload)['number'] for payload in listener.of('hall/events')]


def test_events_numbers_and_poses_arrive(tmp_path):
    with Mosquitto(tmp_path) as broker, Listener(broker.port) as listener, \
            publisher(broker.port, poses=True, numbers=lambda: ROOM) as sink:
        sink.publish(frame(0.5), {3: standing()}, [Event('fall', 3, 0.5)])
        wait_for(lambda: listener.of('hall/numbers') and listener.of('hall/events')
                 and listener.of('hall/poses'))
    assert listener.of('hall/status') == [b'online', b'offline']
    numbers = json.loads(listener.of('hall/numbers')[0])
    assert (numbers['people'], numbers['visits']) == (1, 10)
    assert numbers['lines'] == [{'name': 'Door', 'came': 5, 'went': 5}]
    assert numbers['areas'][0]['waited'] is None
    event = json.loads(listener.of('hall/events')[0])
    assert (event['event'], event['id'], event['time'], event['number']) == ('fall', 3, 0.5, 0)
    poses = json.loads(listener.of('hall/poses')[0])
    assert (poses['width'], poses['height'], poses['frame']) == (640, 480, 5)
    assert [pose['id'] for pose in poses['poses']] == [3]
    assert len(poses['poses'][0]['keypoints']) == 17


def test_poses_are_published_only_on_demand(tmp_path):
    with Mosquitto(tmp_path) as broker, Listener(broker.port) as listener:
        with publisher(broker.port) as sink:
            sink.publish(frame(0), {3: standing()}, [Event('fall', 3, 0)])
        wait_for(lambda: listener.of('hall/status')[-1:] == [b'offline'])
    assert events_of(listener) == [0]
    assert b'leftWrist' not in b''.join(payload for _, payload, _ in listener.heard)


def test_a_broker_that_is_away_at_the_start(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    broker = Mosquitto(tmp_path)
    with publisher(broker.port) as sink:
        for i in range(30):
            sink.publish(frame(i), {}, [Event('fall', 3, i)])
        wait_for(lambda: caplog.messages)
        with broker, Listener(broker.port) as listener:
            wait_for(lambda: len(events_of(listener)) == 30)
            assert events_of(listener) == list(range(30))
            wait_for(lambda: len(caplog.messages) == 2)
            sink.close()
    assert [message.split(' (')[0] for message in caplog.messages] == [
        f'mqtt://127.0.0.1:{broker.port} cannot be reached',
        f'mqtt://127.0.0.1:{broker.port} is back']


def test_a_broker_that_is_killed_and_has_forgotten_everything(tmp_path):
    with Mosquitto(tmp_path) as broker, Network(broker.port) as network, \
            publisher(network.port, numbers=lambda: ROOM) as sink:
        with Listener(broker.port) as listener:
            sink.publish(frame(0), {}, [Event('fall', 3, 0)])
            wait_for(lambda: listener.of('hall/numbers') and listener.of('hall/events'))
        network.open.clear()
        broker.kill()
        for i in range(1, 6):
            sink.publish(frame(i), {}, [Event('fall', 3, i)])
        broker.start()
        with Listener(broker.port) as listener:
            network.cut()
            network.open.set()
            wait_for(lambda: len(events_of(listener)) == 5)
            assert events_of(listener) == [1, 2, 3, 4, 5]
        with Listener(broker.port) as listener:
            wait_for(lambda: len(listener.heard) > 8)
            assert all(retained for _, _, retained in listener.heard)
            topics = [topic for topic, _, _ in listener.heard]
            assert {'hall/status', 'hall/numbers'} < set(topics)
            assert sum(topic.startswith('homeassistant/') for topic in topics) > 6


def test_no_event_is_lost_on_its_way(tmp_path):
    """The connection breaks again and again while events are on their way."""
    with Mosquitto(tmp_path) as broker, Listener(broker.port) as listener, \
            Network(broker.port) as network, publisher(network.port) as sink:
        for i in range(300):
            sink.publish(frame(i), {}, [Event('fall', 3, i)])
            if i % 60 == 30:
                network.cut()
            time.sleep(0.005)
        wait_for(lambda: set(events_of(listener)) == set(range(300)))


def test_a_broker_that_answers_nothing_is_given_up(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(mqtt, 'ANSWER_TIMEOUT', 0.6)
    with Mosquitto(tmp_path) as broker, Listener(broker.port) as listener, \
            Network(broker.port) as network, publisher(network.port, poses=True) as sink:
        sink.publish(frame(0), {}, [Event('fall', 3, 0)])
        wait_for(lambda: events_of(listener) == [0])
        network.open.clear()
        slowest = 0.0
        for i in range(1, 200):
            begun = time.monotonic()
            sink.publish(frame(i), {3: standing()}, [Event('fall', 3, i)] if i < 50 else [])
            slowest = max(slowest, time.monotonic() - begun)
            time.sleep(0.005)
        wait_for(lambda: 'cannot be reached (it ' in caplog.text)
        network.cut()
        network.open.set()
        wait_for(lambda: set(events_of(listener)) == set(range(50)))
        assert slowest < 0.1
        assert len(listener.of('hall/poses')) < 190


def test_home_assistant_is_told_again_when_it_starts(tmp_path):
    with Mosquitto(tmp_path) as broker, publisher(broker.port, numbers=lambda: ROOM) as sink:
        sink.publish(frame(0), {})
        with Listener(broker.port) as listener:
            wait_for(lambda: listener.of('hall/numbers'))
            count = len(listener.heard)
            time.sleep(0.3)
            for topic in 'homeassistant/status', 'hall/status':
                for hostile in (b'', b'\xff\xfe\x00', b'ONLINE', b'offline' * 9, b'{' * 100000):
                    listener.client.publish(topic, hostile)
            time.sleep(0.5)
            sent = [topic for topic, _, _ in listener.heard if '/config' in topic]
            listener.client.publish('homeassistant/status', 'online')
            wait_for(lambda: len([topic for topic, _, _ in listener.heard if '/config' in topic])
                     >= 2 * len(sent))
            assert count and sent
            listener.client.publish('hall/status', 'offline', retain=True)
            wait_for(lambda: listener.of('hall/status')[-1] == b'online')


def test_what_home_assistant_reads(tmp_path):
    jinja2 = pytest.importorskip('jinja2')
    with Mosquitto(tmp_path) as broker, Listener(broker.port) as listener, \
            publisher(broker.port, numbers=lambda: ROOM) as sink:
        sink.publish(frame(0), {3: standing()}, [Event('fall', 3, 0)])
        wait_for(lambda: len(listener.of('hall/numbers')) and len(listener.of('hall/events')))
        wait_for(lambda: any('/event/' in topic for topic, _, _ in listener.heard))
    configs = {topic: json.loads(payload) for topic, payload, _ in listener.heard
               if topic.endswith('/config')}
    latest = {topic: json.loads(payload) for topic, payload, _ in listener.heard
              if topic in ('hall/numbers', 'hall/events')}
    values = {}
    for topic, config in configs.items():
        assert config['availability_topic'] == 'hall/status'
        assert config['device']['identifiers'] == configs[topic]['device']['identifiers']
        if topic.startswith('homeassistant/sensor/'):
            assert config['state_class'] in ('measurement', 'total_increasing')
        template = jinja2.Environment().from_string(config['value_template'])
        values[config['name']] = template.render(value_json=latest[config['state_topic']])
    assert len({config['unique_id'] for config in configs.values()}) == len(configs) == 11
    event = json.loads(values.pop('Activity'))
    assert (event['event_type'], event['id']) == ('fall', 3)
    del values['Frame rate']
    assert values == {
        'People': '1', 'Visits today': '10', 'Came in today': '5', 'Camera fault': 'OFF',
        'Door: in today': '5', 'Door: out today': '5', '{{ 7 * 7 }}: waiting': '1',
        '{{ 7 * 7 }}: stay lately': '20', '{{ 7 * 7 }}: stay today': 'None'}


def test_a_password_and_tls(tmp_path, caplog, monkeypatch):
    pem, key = certificate(tmp_path)
    passwords = tmp_path / 'passwords'
    passwords.touch(0o600)
    subprocess.run([program('mosquitto_passwd'), '-b', str(passwords), 'ann', 'secret word'],
                   check=True)
    broker = Mosquitto(tmp_path, f'allow_anonymous false\npassword_file {passwords}\n'
                       f'cafile {pem}\ncertfile {pem}\nkeyfile {key}')
    right, wrong = tmp_path / 'right', tmp_path / 'wrong'
    for path, text in ((right, 'secret word\n'), (wrong, 'guess')):
        path.touch(0o600)
        path.write_text(text)
    with broker:
        address = f'mqtts://ann@127.0.0.1:{broker.port}/hall?secret_file='
        for end, reason in ((f'{wrong}&ca_file={pem}', 'Not authorized'),
                            (f'{right}', 'certificate')):
            monkeypatch.setattr(publishers, 'CLOSE_TIMEOUT', 0.1)
            with Publishers([parse(address + end)], 'hall') as sink:
                sink.publish(frame(0), {}, [Event('fall', 3, 0)])
                wait_for(lambda: 'cannot be reached' in caplog.text)
            assert reason in caplog.text and 'secret word' not in caplog.text
            caplog.clear()
        monkeypatch.undo()
        with Publishers([parse(f'{address}{right}&ca_file={pem}')], 'hall') as sink:
            sink.publish(frame(0), {}, [Event('fall', 3, 0)])
        assert caplog.messages == []  # which would say that an event did not arrive


@pytest.mark.parametrize('answer', [
    b'HTTP/1.1 400 Bad Request\r\n\r\n', b'\x20\x02\x00\x00\x30\xff',
    b'\x20\x02\x00\x00\x30\x04\x00\xff\xff\xff' + bytes(range(255, 191, -1))])
def test_a_broker_that_is_none(answer, caplog, capfd, monkeypatch):
    monkeypatch.setattr(mqtt, 'ANSWER_TIMEOUT', 0.5)
    monkeypatch.setattr(publishers, 'CLOSE_TIMEOUT', 0.3)
    with listening() as server:
        def serve():
            while True:
                try:
                    client, _ = server.accept()
                    client.recv(1000)
                    client.sendall(answer)
                    clients.append(client)
                except OSError:
                    return
        clients = []
        threading.Thread(target=serve, daemon=True).start()
        with publisher(server.getsockname()[1]) as sink:
            sink.publish(frame(0), {}, [Event('fall', 3, 0)])
            wait_for(lambda: 'cannot be reached' in caplog.text, 20)
        server.close()
    assert '1 events did not reach' in caplog.text
    assert 'Traceback' not in capfd.readouterr().err


def test_closing_does_not_wait_for_a_broker_that_is_away(caplog):
    begun = time.monotonic()
    with publisher(free_port()) as sink:
        sink.publish(frame(0), {}, [Event('fall', 3, 0)])
    assert time.monotonic() - begun < 4.5
    assert caplog.messages[-1].startswith('1 events did not reach mqtt://127.0.0.1:')
