"""posesuite/publish/osc.py: PoseOSC's encodings, for python-osc's server and for liblo's."""
import json
import subprocess
import threading
import time
import xml.etree.ElementTree

from figures import diagonal, frame, numbered, standing
from helpers import need_package, wait_for
from posesuite.pose.event import Event
from posesuite.pose.skeleton import JSON_NAMES
from posesuite.publish import publishers
from posesuite.publish.publishers import Publishers
from posesuite.publish.targets import parse
from systems import free_port, program

import pytest

need_package('pythonosc')
ROOM = {'people': 2, 'visits': 12, 'came': 7,
        'lines': [{'name': 'Front door', 'came': 7, 'went': 1}],
        'areas': [{'name': 'Till/*', 'kind': 'queue', 'people': 1, 'waited': None, 'lately': None,
                   'usual': None}]}


@pytest.fixture
def server(monkeypatch):
    """python-osc's server: its port, and (address, values) of what it hears, in order."""
    from pythonosc.dispatcher import Dispatcher
    from pythonosc.osc_server import BlockingOSCUDPServer
    monkeypatch.setattr(publishers, 'TICK', 0.1)
    dispatcher, heard = Dispatcher(), []
    dispatcher.set_default_handler(lambda address, *values: heard.append((address, values)))
    with BlockingOSCUDPServer(('127.0.0.1', 0), dispatcher) as server:
        server.max_packet_size = 65507  # which is 8192 else
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server.server_address[1], heard
        server.shutdown()
        thread.join()


def sent(port, frames, end=''):
    """Publishes some people a frame, each frame a tenth of a second after the last."""
    with Publishers([parse(f'osc://127.0.0.1:{port}{end}')], 'hall') as sink:
        for i, people in enumerate(frames):
            sink.publish(frame(i / 10), people)
            time.sleep(0.02)


def test_an_address_for_everything(server):
    port, heard = server
    people = {3: diagonal([0.5] * 17), 7: standing()}
    sent(port, [people])
    wait_for(lambda: len(heard) >= 75)
    found = dict(heard)
    assert (found['/nPoses'], found['/videoWidth'], found['/videoHeight']) == ((2,), (640,), (480,))
    assert found['/ids'] == (3, 7)
    assert found['/poses/3/score'] == (pytest.approx(0.9),)
    for i, (part, keypoint) in enumerate(people[3].keypoints.items()):
        assert found[f'/poses/3/{JSON_NAMES[part]}/position'] == (100 + 10 * i, 50 + 5 * i)
        assert found[f'/poses/3/{JSON_NAMES[part]}/score'] == (keypoint.score,)
    assert '/poses/7/leftWrist/position' in found
    assert len(heard) == 4 + 2 * 35 + 1  # and /people at the end


def test_who_is_gone_has_no_score(server):
    port, heard = server
    sent(port, [{3: standing()}, {}, {}])
    wait_for(lambda: [values for address, values in heard if address == '/nPoses'] == [(1,), (0,),
                                                                                       (0,)])
    scores = [values[0] for address, values in heard if address == '/poses/3/score']
    assert scores == [pytest.approx(0.8), 0.0]


def test_places_are_kept_for_a_second(server):
    port, heard = server
    one, two = {5: standing()}, {5: standing(), 6: standing(x=100), 8: standing(x=500)}
    frames = [one, two, {6: standing()}, *[{}] * 12, {9: standing()}]
    sent(port, frames, '?slots=2')
    wait_for(lambda: sum(address == '/nPoses' for address, _ in heard) == len(frames))
    owners = [(address, values[0]) for address, values in heard if address.endswith('/id')]
    assert owners == [('/poses/0/id', 5), ('/poses/0/id', 5), ('/poses/1/id', 6),
                      ('/poses/1/id', 6), ('/poses/0/id', 9)]


def test_one_array(server):
    port, heard = server
    sent(port, [{3: diagonal([0.5] * 17), 7: standing()}], '?format=arr')
    wait_for(lambda: any(address == '/poses/arr' for address, _ in heard))
    values = dict(heard)['/poses/arr']
    assert values[:3] == (640, 480, 2) and len(values) == 3 + 2 * (1 + 17 * 3)
    assert all(isinstance(value, int) for value in values[:3])
    assert all(isinstance(value, float) for value in values[3:])
    assert values[3] == pytest.approx(0.9) and values[4:10] == (100, 50, 0.5, 110, 55, 0.5)
    assert values[3 + 52] == pytest.approx(0.8)


def test_xml_and_json(server):
    port, heard = server
    for end in ('?format=xml', '?format=json'):
        sent(port, [{3: diagonal([0.5] * 17)}], end)
    wait_for(lambda: {'/poses/xml', '/poses/json'} <= set(dict(heard)))
    poses = xml.etree.ElementTree.fromstring(dict(heard)['/poses/xml'][0])
    assert (poses.tag, poses.attrib) == ('poses', {'videoWidth': '640', 'videoHeight': '480',
                                                   'nPoses': '1'})
    assert poses[0].get('score') == '0.90' and len(poses[0]) == 17
    assert poses[0][1].attrib == {'part': 'leftEye', 'x': '110.00', 'y': '55.00', 'score': '0.50'}
    pose, = json.loads(dict(heard)['/poses/json'][0])
    assert pose['keypoints'][1] == {'part': 'leftEye', 'score': 0.5,
                                    'position': {'x': 110, 'y': 55}}


def test_events_and_numbers_under_a_path(server):
    port, heard = server
    with Publishers([parse(f'osc://127.0.0.1:{port}/hall')], 'hall', numbers=lambda: ROOM) as sink:
        sink.publish(frame(1.5), {}, [Event('hand raised', 3, 1.5), Event('crowding', None, 1.5)])
        wait_for(lambda: '/hall/people' in dict(heard))
    found = dict(heard)
    assert found['/hall/events/hand_raised'] == (3, 1.5)
    assert found['/hall/events/crowding'] == (-1, 1.5)
    assert found['/hall/people'] == (2,) and found['/hall/areas/Till__/people'] == (1,)
    assert found['/hall/lines/Front_door/came'] == (5,)
    assert '/hall/lines/Front_door/went' not in found  # 1, which is too few


def test_more_people_than_a_packet_holds(server, caplog):
    port, heard = server
    sent(port, [{i: standing() for i in range(60)}])
    wait_for(lambda: '/nPoses' in dict(heard))
    assert 25 < dict(heard)['/nPoses'][0] < 60
    assert 'does not hold 60 people' in caplog.text


def test_another_implementation(tmp_path):
    port = free_port()
    with open(tmp_path / 'dump', 'wb') as file:
        dump = subprocess.Popen(['stdbuf', '-oL', program('oscdump'), '-L', str(port)],
                                stdout=file, stderr=subprocess.STDOUT)

    def lines():
        return (tmp_path / 'dump').read_text().splitlines()
    try:
        with Publishers([parse(f'osc://127.0.0.1:{port}')], 'hall') as sink, Publishers(
                [parse(f'osc://127.0.0.1:{port}?format=arr')], 'hall') as other:
            def heard():
                for one in (sink, other):
                    one.publish(numbered(1, 0.1), {3: diagonal([0.5] * 17)})
                return any('/poses/arr' in line for line in lines()) and any(
                    'rightAnkle/score' in line for line in lines())
            wait_for(heard)
    finally:
        dump.terminate()
        dump.wait()
    said = [line.split(' ', 1)[1] for line in lines() if ' /' in line]
    assert '/poses/3/leftEye/position ff 110.000000 55.000000' in said
    assert '/videoWidth i 64' in said
    arrays = [line for line in said if line.startswith('/poses/arr ')]
    assert arrays[0].split()[1] == 'iii' + 'f' * 52
    assert len({line.split()[0] for line in lines() if line.endswith('/nPoses i 1')}) > 0


def test_a_host_without_a_name_is_reported_once(caplog, monkeypatch):
    monkeypatch.setattr(publishers, 'CLOSE_TIMEOUT', 1.0)
    with Publishers([parse('osc://no-such-host.invalid')], 'hall') as sink:
        for i in range(3):
            sink.publish(frame(i), {3: standing()})
            time.sleep(0.1)
        wait_for(lambda: caplog.messages)
    assert len([text for text in caplog.messages if 'cannot be reached' in text]) == 1
