"""Network streams, each of their faults made for real."""
import contextlib
import itertools
import time

import streams
from cameras import error_of, frames, until
from posesuite.camera import Camera, camera, faults
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
            assert source.live and source.source == f'rtsp://127.0.0.1:{port}/cam'
            assert until(source, None).image.shape == (240, 320, 3)
        until(source, FaultKind.LOST)
        with streams.rtsp_server(port):
            until(source, None)


def test_a_slow_consumer_gets_the_newest_frames(messages):
    with mjpeg_server(streams.endless) as url, Camera(url) as source:
        assert source.live and source.source == url
        found = []
        for frame in itertools.islice(source, 8):
            found.append(frame)
            time.sleep(0.2)  # the network of a slow machine
    numbers = np.array([frame.number for frame in found])
    assert (np.diff(numbers) > 2).all()
    assert all(time.monotonic() - frame.captured < 3 for frame in found)
    assert [frame.image[10, 10, 0] for frame in found] == pytest.approx(numbers % 25 * 10, abs=3)
    assert messages.messages == [f'images travel over the network from {url}']


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
    assert messages.messages == [f'images travel over the network from {url}',
                              f'{lost.fault.text}: {url} delivers no more frames',
                              f'{url} is back']


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
    assert messages.messages[-1] == f'{url} is back'


def test_a_stream_that_never_answers_or_is_not_there(quick):
    with streams.silent_server() as (url, _):
        assert error_of(url) == f'{url} does not answer'
    assert error_of(f'http://127.0.0.1:{streams.free_port()}/').endswith(
        'cannot be opened as a stream')


def test_credentials_are_never_shown(quick, messages):
    place = f'127.0.0.1:{streams.free_port()}/cam'
    for scheme in ('rtsp', 'http', 'RTSP', 'mms'):
        for user in ('me:secret', 'me:se/cr@et', 'secret'):
            error = error_of(f'{scheme}://{user}@{place}?password=secret')
            assert error.startswith(f'{scheme}://{place}')
            assert 'secret' not in error and 'cr@et' not in error
    assert messages.messages
    assert not [text for text in messages.messages if 'secret' in text or 'cr@et' in text]
