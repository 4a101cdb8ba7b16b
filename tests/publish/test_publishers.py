"""posesuite/publish/publishers.py: a sink that keeps no image and makes no frame wait."""
import sys
import threading
import time

from figures import IMAGE, frame, standing
from helpers import need_package, wait_for
from posesuite.pose.event import Event
from posesuite.publish import publishers
from posesuite.publish.publishers import Publishers
from posesuite.publish.targets import parse
from systems import Listener, Mosquitto, Network, receiving

import numpy as np

need_package('paho')
need_package('pythonosc')


def test_without_targets_nothing_happens():
    threads = threading.active_count()
    with Publishers([], 'hall') as sink:
        sink.publish(frame(0), {3: standing()}, [Event('fall', 3, 0)])
        assert threading.active_count() == threads


def test_no_image_is_sent_or_kept(tmp_path):
    image = np.random.RandomState(1).randint(0, 256, IMAGE.shape, np.uint8)
    before = sys.getrefcount(image)
    with Mosquitto(tmp_path) as broker, Listener(broker.port) as listener, receiving() as server:
        with Publishers([parse(f'mqtt://127.0.0.1:{broker.port}'), parse(server.url)], 'hall',
                        poses=True) as sink:
            sink.publish(frame(0, image=image), {3: standing()}, [Event('fall', 3, 0)])
            assert sys.getrefcount(image) == before
        wait_for(lambda: listener.of('posesuite/hall/status')[-1:] == [b'offline'])
    sent = b''.join([*(payload for _, payload, _ in listener.heard),
                     *(body for _, _, body in server.requests)])
    assert len(listener.of('posesuite/hall/poses')) == 1 and len(server.requests) == 2
    assert not any(image[y, x:x + 4].tobytes() in sent
                   for y in range(0, 480, 40) for x in range(0, 640, 40))


def test_what_a_frame_waits(tmp_path):
    """Also for systems that stall: their senders are on threads of their own."""
    times = []
    with Mosquitto(tmp_path) as broker, Network(broker.port) as network, receiving() as server:
        network.open.clear()
        server.stalled.set()
        publishers.CLOSE_TIMEOUT, before = 0.2, publishers.CLOSE_TIMEOUT
        try:
            with Publishers([parse(f'mqtt://127.0.0.1:{network.port}'), parse(server.url),
                             parse(server.url.replace('http', 'influx') + '/museum'),
                             parse('osc://127.0.0.1')], 'hall', poses=True) as sink:
                for i in range(100):
                    begun = time.perf_counter()
                    sink.publish(frame(i / 30), {3: standing()}, [Event('fall', 3, i / 30)])
                    times.append(time.perf_counter() - begun)
                    time.sleep(0.005)
        finally:
            publishers.CLOSE_TIMEOUT = before
    assert np.percentile(times, 95) < 0.005


def test_nobody_is_not_counted_by_a_blind_camera():
    with receiving() as server:
        for fault, people, count in (('camera lost', {}, b'"count":null'), ('', {}, b'"count":0'),
                                     ('frozen', {3: standing()}, b'"count":1')):
            with Publishers([parse(server.url)], 'hall') as sink:
                sink.publish(frame(0, fault), people)
            assert count in server.requests[-1][2]


def test_several_cameras_are_told_apart():
    names = {parse(address).of_camera('hall-2', '-2').path for address in (
        'mqtt://h/museum', 'mqtt://h', 'osc://h', 'osc://h/show', 'influx://h/museum')}
    assert names == {'museum-2', 'posesuite/hall-2', 'hall-2', 'show-2', 'museum'}
