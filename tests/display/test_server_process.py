"""The server of a demo, from the demo's options to the browser's answers."""
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Tuple
from urllib.parse import urlsplit

from browsers import events, get
from figures import LEFT_HALF, coloured, sure
from helpers import children
from posesuite.display import Display, DisplayError

import cv2
import numpy as np
import pytest


@pytest.fixture
def serve(start):
    """Starts a demo that serves; returns it and its address."""
    def start_server(*arguments: str, on: str = '0',
                     **options: Any) -> Tuple['subprocess.Popen[bytes]', str]:
        demo = start('--serve', on, *arguments, **options)
        line = demo.stderr.readline().decode()
        assert line.startswith('serving at http://')
        return demo, line.split()[2]

    return start_server


def test_poses_stream_in_the_posenet_convention_and_end(serve):
    demo, url = serve('--fault', 'frozen since 14:03', '--text', '<b>&')
    stream = events(get(url, '/poses'))
    name, setup = next(stream)
    assert (name, setup['title']) == ('setup', 'demo')
    name, event = next(stream)
    assert name == ''
    assert (event['fault'], event['text']) == ('frozen since 14:03', '<b>&')
    assert event['time'] == round(event['frame'] / 30, 4)
    assert [pose['id'] for pose in event['poses']] == [3]
    assert event['poses'][0]['keypoints'][5] == {
        'part': 'leftShoulder', 'score': 0.9, 'position': {'x': 150., 'y': 75.}}
    response = get(url, '/healthz')
    assert (response.status, json.loads(response.body)['state']) == (503, 'fault')
    demo.send_signal(signal.SIGTERM)
    assert [name for name, _ in stream][-1] == 'end'
    assert demo.wait(5) == 0
    assert demo.stderr.read() == b''


def test_the_picture_is_mirrored_and_has_no_skeleton(serve):
    _, url = serve('--mirror')
    response = get(url, '/snapshot.jpg')
    assert (response.status, response.headers['Content-Type']) == (200, 'image/jpeg')
    picture = cv2.imdecode(np.frombuffer(response.body, np.uint8), cv2.IMREAD_COLOR)[:, :, ::-1]
    assert picture.shape == (240, 320, 3)
    assert np.abs(picture[:, 170:].astype(int) - LEFT_HALF).max() < 12
    stream = events(get(url, '/poses'))
    next(stream)
    assert next(stream)[1]['poses'][0]['keypoints'][0]['position'] == {'x': 219., 'y': 50.}


def test_an_address_beyond_this_machine_gets_a_warning(serve):
    demo, url = serve(on='0.0.0.0:0')
    assert len(url.partition('/?token=')[2]) > 20
    assert b'unencrypted' in demo.stderr.readline()


def test_browsers_cannot_use_up_the_open_files(demo_command):
    code = ('import os, resource, sys; hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]; '
            'resource.setrlimit(resource.RLIMIT_NOFILE, (60, hard)); '
            'os.execv(sys.argv[1], sys.argv[1:])')
    demo = subprocess.Popen([sys.executable, '-c', code, *demo_command, '--serve', '0'],
                            stderr=subprocess.PIPE)
    with demo, contextlib.ExitStack() as crowd:
        crowd.callback(demo.terminate)
        url = demo.stderr.readline().decode().split()[2]
        for _ in range(100):
            crowd.enter_context(socket.create_connection(('127.0.0.1', urlsplit(url).port), 5))
        assert get(url, '/healthz').status == 200
        demo.terminate()
        assert demo.stderr.read() == b''


def test_a_port_in_use_gets_one_line(serve, demo_command):
    _, url = serve()
    done = subprocess.run([*demo_command, '--serve', str(urlsplit(url).port)], capture_output=True,
                          text=True)
    assert done.returncode == 1
    line, = done.stderr.splitlines()
    assert line.startswith('error: ') and 'Address already in use' in line


def test_a_host_that_does_not_exist_is_refused():
    with pytest.raises(DisplayError, match='cannot listen on no host at all:8080: '):
        Display(serve=('no host at all', 8080))


def test_ctrl_c_in_a_terminal_ends_a_demo_that_serves(serve):
    """It reaches all processes of the terminal at once."""
    demo, url = serve(start_new_session=True)
    stream = events(get(url, '/poses'))
    next(stream)
    os.killpg(demo.pid, signal.SIGINT)
    assert [name for name, _ in stream][-1] == 'end'
    assert demo.wait(5) == 0
    assert demo.stderr.read() == b''


def test_a_server_and_a_file_show_the_same_frames(tmp_path, caplog):
    caplog.set_level('INFO', 'posesuite')
    path = tmp_path / 'out.png'
    with Display(serve=('127.0.0.1', 0), output=str(path), title='both') as display:
        url = caplog.messages[0].split()[-1]
        stream = events(get(url, '/poses'))
        assert next(stream)[1]['title'] == 'both'
        with ThreadPoolExecutor(1) as pool:
            received = pool.submit(next, stream)
            while not received.done():  # a browser gets a frame that is shown after its request
                display.show(coloured(7, 0), {3: sure()})
                time.sleep(0.01)
        assert received.result()[1]['frame'] == 7
        display.show(coloured(9, 1), {3: sure()})
    assert cv2.imread(str(path))[0, 319, ::-1].tolist() == [9, 100, 200]
    assert [name for name, _ in stream][-1] == 'end'


def test_a_server_that_dies_ends_the_demo(start):
    demo = start('--serve', '0')
    demo.stderr.readline()
    server, = children(demo)
    os.kill(server, signal.SIGKILL)
    assert demo.wait(10) == 1
    assert demo.stderr.read() == b'error: the server for browsers ended with -9\n'
