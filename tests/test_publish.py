"""Demos that publish, as their users run them, to systems that come and go."""
import json
import os
import subprocess
import sys

from helpers import ROOT, need_package, wait_for
from systems import Listener, Mosquitto, Network, free_port, receiving

import pytest

need_package('paho')
LOG = os.path.join(ROOT, 'samples', 'in_and_out.jsonl')
AREAS = {'areas': [{'name': 'Floor', 'polygon': [[0, 0], [1000, 0], [1000, 1000], [0, 1000]]}],
         'lines': [{'name': 'Middle', 'line': [[500, 0], [500, 1000]]}]}


def command(script, *arguments):
    return [sys.executable, os.path.join(ROOT, f'{script}.py'), '--headless', *map(str, arguments)]


def run(script, *arguments, status=0, **variables):
    """What a demo says on stderr."""
    done = subprocess.run(command(script, *arguments), capture_output=True, text=True, timeout=60,
                          env=dict(os.environ, DISPLAY='', **variables))
    assert done.returncode == status, done.stderr
    return done.stderr


def test_the_numbers_of_a_room(tmp_path):
    (tmp_path / 'areas.json').write_text(json.dumps(AREAS))
    with Mosquitto(tmp_path) as broker, Listener(broker.port) as listener:
        said = run('anonymizer', '--videosrc', LOG, '--areas', tmp_path / 'areas.json',
                   '--publish', f'mqtt://127.0.0.1:{broker.port}/hall', '--publish-min', 1)
        wait_for(lambda: listener.of('hall/status')[-1:] == [b'offline'])
        numbers = json.loads(listener.of('hall/numbers')[-1])
        few = run('anonymizer', '--videosrc', LOG, '--areas', tmp_path / 'areas.json',
                  '--publish', f'mqtt://127.0.0.1:{broker.port}/few')
        wait_for(lambda: listener.of('few/status')[-1:] == [b'offline'])
    assert (numbers['visits'], numbers['came']) == (3, 2)
    assert numbers['lines'] == [{'name': 'Middle', 'came': 2, 'went': 1}]
    assert [area['name'] for area in numbers['areas']] == ['Floor']
    numbers = json.loads(listener.of('few/numbers')[-1])
    assert (numbers['visits'], numbers['came'], numbers['lines'][0]['went']) == (None, None, None)
    assert said + few == ''
    assert b'keypoints' not in b''.join(payload for _, payload, _ in listener.heard)


def test_a_broker_that_is_killed_and_started_again_in_mid_run(tmp_path):
    with Mosquitto(tmp_path) as broker, Network(broker.port) as network:
        with Listener(broker.port) as listener:
            demo = subprocess.Popen(
                command('pose_camera', '--videosrc', LOG, '--realtime', '--activities', 'standing',
                        '--publish', f'mqtt://127.0.0.1:{network.port}/hall'),
                stderr=subprocess.PIPE, text=True)
            wait_for(lambda: listener.of('hall/events'))
            topics = [topic for topic, _, _ in listener.heard]
            found, = [topic for topic in topics if '/event/' in topic]  # before it happens
            assert topics.index(found) < topics.index('hall/events')
            assert json.loads(listener.of(found)[0])['event_types'] == ['standing']
        network.open.clear()
        broker.kill()
        broker.start()
        with Listener(broker.port) as listener:
            network.cut()
            network.open.set()
            said = demo.communicate(timeout=60)[1]
            wait_for(lambda: listener.of('hall/status')[-1:] == [b'offline'])
            numbers = {json.loads(payload)['number'] for payload in listener.of('hall/events')}
            assert numbers | {0} == {0, 1, 2}
    assert demo.returncode == 0
    assert [line.split(' (')[0] for line in said.splitlines()] == [
        f'mqtt://127.0.0.1:{network.port} cannot be reached',
        f'mqtt://127.0.0.1:{network.port} is back']


def test_a_demo_that_is_killed_is_offline(tmp_path):
    with Mosquitto(tmp_path) as broker, Listener(broker.port) as listener:
        demo = subprocess.Popen(command(
            'pose_camera', '--videosrc', LOG, '--realtime', '--publish',
            f'mqtt://127.0.0.1:{broker.port}/hall'))
        wait_for(lambda: listener.of('hall/status') == [b'online'])
        demo.kill()
        demo.wait()
        wait_for(lambda: listener.of('hall/status') == [b'online', b'offline'])


def test_several_systems_of_which_one_is_away(tmp_path):
    with receiving() as server:
        said = run('pose_camera', '--videosrc', LOG, '--activities', 'standing',
                   '--publish', server.url, '--publish', f'influx://127.0.0.1:{free_port()}/museum')
    assert [json.loads(body)['type'] for _, _, body in server.requests][-1] == 'counts'
    events = [event for _, _, body in server.requests
              for event in json.loads(body)['data'].get('events', [])]
    assert [event['event'] for event in events] == ['standing'] * 3
    assert said.count('cannot be reached') == 1 and said.count('\n') == 2


def test_wrong_usage(tmp_path):
    for arguments, reason in (
            (['--publish-poses'], '--publish-poses needs --publish mqtt://'),
            (['--publish', 'mqtt://ann:Pa55@host'], 'secret_file'),
            (['--publish', 'mqtt://host', '--publish-every', '0'], '1 to 86400'),
            (['--publish', 'mqtt://host', '--publish-name', 'a/b'], 'without /')):
        said = run('pose_camera', '--videosrc', LOG, *arguments, status=2)
        assert said.startswith('error: ') and said.count('\n') == 1
        assert reason in said and 'Pa55' not in said


@pytest.mark.parametrize('package, address', [('paho', 'mqtt://host'), ('pythonosc', 'osc://host')])
def test_a_package_that_is_missing(tmp_path, package, address):
    (tmp_path / f'{package}.py').write_text('raise ImportError("no such package")')
    said = run('synthesizer', '--demo', '--mute', '--publish', address, status=1,
               PYTHONPATH=str(tmp_path))
    assert said.startswith('error: ') and said.count('\n') == 1
    assert '-m pip install' in said
