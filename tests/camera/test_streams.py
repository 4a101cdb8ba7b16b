"""Network streams, each of their faults made for real."""
import contextlib
import http.server
import itertools
import threading
import time
from typing import Any

import streams
from cameras import error_of, frames, until
from posesuite.camera import Camera, camera, faults, ffmpeg
from posesuite.camera.base import shown
from posesuite.pose.pose import FaultKind
from streams import mjpeg_server, picture

import numpy as np
import pytest

INTERVAL = 0.03  # seconds between the frames of the servers


def test_an_rtsp_stream_that_is_restarted(monkeypatch):
    monkeypatch.setattr(camera, 'RETRY_DELAYS', (0.5,))
    port = streams.free_port()
    with contextlib.ExitStack() as stack:
        with streams.rtsp_server(port):
            source = stack.enter_context(Camera(f'rtsp://me:secret@127.0.0.1:{port}/cam'))
            assert source.live and source.source == f'rtsp://127.0.0.1:{port}'
            assert until(source, None).image.shape == (240, 320, 3)
        until(source, FaultKind.LOST)
        with streams.rtsp_server(port):
            until(source, None)


def test_a_slow_consumer_gets_the_newest_frames(messages):
    with mjpeg_server(streams.endless) as url, Camera(url) as source:
        name = url.rstrip('/')
        assert source.live and source.source == name
        found = []
        for frame in itertools.islice(source, 8):
            found.append(frame)
            time.sleep(0.2)  # the network of a slow machine
    numbers = np.array([frame.number for frame in found])
    assert (np.diff(numbers) > 2).all()
    assert all(time.monotonic() - frame.captured < 3 for frame in found)
    assert [frame.image[10, 10, 0] for frame in found] == pytest.approx(numbers % 25 * 10, abs=3)
    assert messages.messages == [f'images travel over the network from {name}']


def test_half_a_jpeg_is_truncated():
    def script(send, _):
        for i in range(300):
            jpeg = picture(i % 25 * 10)
            send(jpeg[:len(jpeg) // 2] if i % 3 == 1 else jpeg[:200] if i == 6 else jpeg)
            time.sleep(INTERVAL)
    with mjpeg_server(script) as url:
        found = frames(url, frames=20)
    assert len(found) == 20
    truncated = [frame for frame in found if frame.fault]
    assert 5 <= len(truncated) <= 8
    assert {frame.fault.kind for frame in truncated} == {FaultKind.TRUNCATED}
    for frame in truncated:
        assert frame.people is None
        assert np.abs(np.diff(frame.image[-20:, :, 0].astype(int))).max() == 0


def test_the_size_may_change():
    def script(send, _):
        for i in range(300):
            send(picture(i % 25 * 10, (320, 240) if i < 10 else (640, 480)))
            time.sleep(INTERVAL)
    with mjpeg_server(script) as url:
        shapes = [frame.image.shape for frame in frames(url, frames=20)]
    assert sorted(set(shapes)) == [(240, 320, 3), (480, 640, 3)]
    assert shapes == sorted(shapes)


def test_a_frozen_stream_is_reported_until_it_moves(monkeypatch, messages):
    monkeypatch.setattr(faults, 'FROZEN', 0.3)

    def script(send, _):
        for i in range(300):
            send(picture(0 if i < 30 else i % 25 * 10))
            time.sleep(INTERVAL)
    with mjpeg_server(script) as url, Camera(url) as source:
        assert until(source, None).number < 5
        frozen = until(source, FaultKind.FROZEN)
        assert frozen.people is None and frozen.image.any()
        assert until(source, None).number > 25
    assert [frozen.fault.text in message for message in messages.messages].count(True) == 1


@pytest.mark.parametrize('stalls', [False, True])
def test_a_stream_that_is_lost_and_comes_back(quick, messages, stalls):
    def script(send, connection):
        for i in range(12 if connection == 0 else 300):
            send(picture(i % 25 * 10))
            time.sleep(INTERVAL)
        if stalls:
            time.sleep(5)
    with mjpeg_server(script) as url, Camera(url) as source:
        good = until(source, None)
        began = time.monotonic()
        lost = until(source, FaultKind.LOST)
        assert time.monotonic() - began < 3
        assert lost.fault.text in (
            time.strftime('camera lost since %H:%M'),
            time.strftime('camera lost since %H:%M', time.localtime(time.time() - 60)))
        assert lost.people == {}
        assert lost.image.shape == good.image.shape and (lost.image == 128).all()
        back = until(source, None)
        assert back.people is None and back.number > lost.number and back.time > lost.time
    name = url.rstrip('/')
    assert messages.messages == [f'images travel over the network from {name}',
                                 f'{lost.fault.text}: {name} delivers no more frames',
                                 f'{name} is back']


def test_frames_of_a_lost_camera_come_ten_a_second(quick):
    def script(send, connection):
        if connection == 0:
            send(picture())
    with mjpeg_server(script) as url, Camera(url) as source:
        until(source, FaultKind.LOST)
        began = time.monotonic()
        found = list(itertools.islice(source, 10))
    assert len(found) == 10
    assert 0.9 < time.monotonic() - began < 3
    assert all(frame.people == {} for frame in found)
    assert all(a.number < b.number and a.time < b.time for a, b in zip(found, found[1:]))


def test_wait_waits_for_a_stream(quick, messages):
    port = streams.free_port()
    url = f'http://127.0.0.1:{port}/'
    with Camera(url, wait=True) as source:
        lost = until(source, FaultKind.LOST)
        assert lost.image.shape == (480, 640, 3) and lost.people == {}
        with mjpeg_server(streams.endless, port):
            assert until(source, None).image.shape == (240, 320, 3)
    assert messages.messages[-1] == f'http://127.0.0.1:{port} is back'


def test_a_stream_that_never_answers_or_is_not_there(quick):
    with streams.silent_server() as (url, _):
        assert error_of(url) == f'{url.rstrip("/")} does not answer'
    place = f'http://127.0.0.1:{streams.free_port()}'
    assert error_of(place) == (f'{place} cannot be opened as a stream (FFmpeg: Connection to '
                               f'{place.replace("http", "tcp")} failed: Connection refused)')


@pytest.mark.parametrize('address', [
    'rtsp://me:secret@{}/cam', 'http://{}/user=me_password=secret_channel=1', 'mms://secret@{}',
    'RTSP://{}/cam?password=secret', 'rtsp:/me:secret@{}/cam'])
def test_credentials_are_never_shown(quick, messages, address):
    place = f'127.0.0.1:{streams.free_port()}'
    error = error_of(address.format(place))
    assert error.startswith(f'{address.split(":")[0]}://{place}')
    assert not [text for text in (error, *messages.messages) if 'secret' in text or 'me' in text]


def test_a_complaint_of_ffmpeg_has_no_credentials():
    class NotFound(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # sends the client to where nobody listens
            self.send_response(302)
            self.send_header('Location', f'http://me:secret@127.0.0.1:{closed}/token7?hunter2')
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    closed = streams.free_port()
    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), NotFound) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        place = f'http://127.0.0.1:{server.server_port}'
        error = error_of(f'{place}/token7?password=hunter2')
        server.shutdown()
    assert error == (f'{place} cannot be opened as a stream (FFmpeg: Connection to '
                     f'tcp://127.0.0.1:{closed} failed: Connection refused)')


def test_no_part_of_an_address_stays_in_a_text():
    assert ffmpeg.without_secrets(
        'http://me:hunter2@10.0.0.1/tok%20en7',
        '10.0.0.1: no tok en7 at rtsp://a:80/tok%20en7 (hunter2)') == (
            '10.0.0.1: no (hidden) (hidden) at rtsp://a:80 ((hidden))')


@pytest.mark.parametrize('header', [
    'Content-Type: image/jpg\r\nContent-Length: {}\r\n', 'Content-Type: image/jpg\r\n',
    'Content-Length: {}\r\n', 'Content-Length: -1\r\n', '',
    '\r\n--frame\r\nContent-Type: image/pjpeg\r\n'])
@pytest.mark.parametrize('boundary', ['frame', '"--frame"'])
def test_parts_that_are_called_something_else_than_jpegs(header, boundary):
    with mjpeg_server(streams.endless, header=header, boundary=boundary) as url, \
            Camera(url) as source:
        assert source.live and source.size == (320, 240)
        found = list(itertools.islice(source, 5))
    assert [frame.fault for frame in found] == [None] * 5
    assert all(frame.image[10, 10, 0] == pytest.approx(frame.number % 25 * 10, abs=3)
               for frame in found)


def test_such_parts_of_a_stream_that_is_lost_and_comes_back(quick):
    def script(send, connection):
        for i in range(12 if connection < 2 else 300):  # FFmpeg's, then ours
            send(picture(i % 25 * 10))
            time.sleep(INTERVAL)
    with mjpeg_server(script, header='') as url, Camera(url) as source:
        until(source, None)
        until(source, FaultKind.LOST)
        until(source, None)


@pytest.mark.parametrize('source, name', [
    ('rtsp://me:secret@host:554/a', 'rtsp://host:554'),
    ('http://[fe80::1]:80/a', 'http://[fe80::1]:80'),
    ('me:1234/secret@10.0.0.3/cam', '10.0.0.3'), ('http://me:se/cr@et@1.2.3.4/', 'http://1.2.3.4'),
    ('http://camera/a@b/c', 'http://(hidden)'), ('http://10.0.0.1/a@b.c', 'http://10.0.0.1'),
    ('rtsp://me:12345/67@host.lan/cam', 'rtsp://host.lan'), ('me:secret@10.0.0.2/a', '10.0.0.2'),
    ('http://host;pw=1/a', 'http://(hidden)'), ('http://', 'http://(hidden)'),
    ('192.168.1.5/user=admin_password=secret', '192.168.1.5'),
    ('10.0.0.1:554/secret', '10.0.0.1:554'), ('cam.local/live?password=secret', 'cam.local'),
    ('//me:secret@10.0.0.1/x', '10.0.0.1'), ('rtsp//me:secret@10.0.0.1', '10.0.0.1'),
    ('2026.11.26.12:30.mp4', '2026.11.26.12:30.mp4'),
    ('http:/host/a', 'http://host'), ('clips/a@b:c.mp4', 'clips/a@b:c.mp4'), ('a\udcff', 'a?')])
def test_what_is_shown_of_a_source(source, name):
    assert shown(source) == name
