"""The server's answers to browsers; it runs in this process, and the test plays the demo."""
import json
import re
import socket
import subprocess
from typing import Any
from urllib.parse import parse_qs, urlsplit

from browsers import events, get
from figures import IMAGE
from helpers import need
from posesuite.display import web_door, web_frames
from posesuite.pose.skeleton import BONES, FACE, KEYPOINT_TYPES

import cv2
import numpy as np


def test_nobody_asks_for_frames_that_nobody_waits_for(serve):
    demo = serve()
    assert get(demo.url, '/').status == 200
    assert demo.asked == 0
    stream = events(get(demo.url, '/poses'))
    assert next(stream)[0] == 'setup'
    assert [next(stream)[1]['frame'] for _ in range(3)] == [1, 2, 3]


def test_the_page_learns_the_skeleton_from_the_server(serve):
    demo = serve()
    name, setup = next(events(get(demo.url, '/poses')))
    assert name == 'setup'
    assert setup['bones'] == [list(bone) for bone in BONES]
    assert 0 < setup['threshold'] < 1
    assert [radius < 2 for radius in setup['radii']] == [part in FACE for part in KEYPOINT_TYPES]
    page = get(demo.url, '/').body.decode()
    drawing, = re.findall(r'{(bones.*)}\) {', page)
    assert {*re.findall(r'setup\.(\w+)', page), *drawing.split(', ')} == set(setup)
    assert 'paintPeople(pen, event.poses, setup)' in page


def test_the_picture_of_an_event(serve):
    demo = serve()
    response = get(demo.url, '/snapshot.jpg')
    assert (response.status, response.headers['Content-Type']) == (200, 'image/jpeg')
    picture = cv2.imdecode(np.frombuffer(response.body, np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape == IMAGE.shape and np.abs(picture.astype(int) - 90).max() < 12
    first = response.headers['X-Id']
    again = get(demo.url, f'/snapshot.jpg?id={first}')
    assert (again.body, again.headers['X-Id']) == (response.body, first)
    for _ in range(20):
        get(demo.url, '/snapshot.jpg')
    assert int(get(demo.url, f'/snapshot.jpg?id={first}').headers['X-Id']) > int(first)


def test_health(monkeypatch, serve):
    monkeypatch.setattr(web_frames, 'STALL_TIMEOUT', 0.3)
    demo = serve()

    def health() -> Any:
        response = get(demo.url, '/healthz')
        return response.status, json.loads(response.body)

    assert health() == (200, {'state': 'ok', 'fault': '', 'frame': 1})
    demo.event['fault'] = 'black'
    assert health() == (503, {'state': 'fault', 'fault': 'black', 'frame': 2})
    demo.stalls = True
    assert health() == (503, {'state': 'stalled', 'fault': 'black', 'frame': 2})
    assert demo.asked == 3


def test_before_the_first_frame_there_is_no_picture(monkeypatch, serve):
    monkeypatch.setattr(web_frames, 'STALL_TIMEOUT', 0.1)
    demo = serve()
    demo.stalls = True
    assert get(demo.url, '/snapshot.jpg').status == 503


def test_a_waiting_browser_gets_signs_of_life(monkeypatch, serve):
    monkeypatch.setattr(web_frames, 'HEARTBEAT_INTERVAL', 0.05)
    demo = serve()
    demo.stalls = True
    response = get(demo.url, '/poses')
    lines = [response.readline() for _ in range(7)]
    assert lines[0] == b'event: setup\n'
    assert lines[3:] == [b':\n', b'\n'] * 2


def test_the_end_is_an_event(serve):
    demo = serve()
    stream = events(get(demo.url, '/poses'))
    next(stream)
    demo.close()
    assert [name for name, _ in stream][-1] == 'end'


def test_only_get_and_head_and_only_under_the_names_of_this_server(serve):
    url = serve().url
    port = urlsplit(url).port
    for method in ('POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE', 'BREW'):
        response = get(url, '/', method)
        assert (response.status, response.headers['Allow']) == (405, 'GET, HEAD'), method
    for path in ('/../display.py', '/etc/passwd', '/display.py', '/poses/'):
        assert get(url, path).status == 404
    for host in ('evil.example', f'evil.example:{port}', '', '203.0.113.1', 'localhost.evil'):
        assert get(url, '/', Host=host).status == 403, host
    for host in (f'127.0.0.1:{port}', f'localhost:{port}', 'LocalHost.', '[::1]'):
        assert get(url, '/', Host=host).status == 200, host
    assert get(url, '/', Host='[').status == 400


def test_a_name_is_allowed_by_the_option_that_its_refusal_names(serve):
    url = serve().url
    refused = get(url, '/', Host='board.fritz.box:8080')
    assert refused.status == 403
    assert refused.body.decode().rstrip('\n').endswith('--allow-host board.fritz.box')
    assert b'--allow-host' not in get(url, '/', Host='<script>').body
    url = serve(names=['board.fritz.box', '192.0.2.7']).url
    for host in ('board.fritz.box', 'Board.Fritz.Box:8080', '192.0.2.7:80', 'localhost'):
        assert get(url, '/', Host=host).status == 200, host
    for host in ('evil.board.fritz.box', 'fritz.box', '192.0.2.8'):
        assert get(url, '/', Host=host).status == 403, host


def test_head_is_get_without_the_body(serve):
    url = serve().url
    for path in ('/', '/poses', '/snapshot.jpg', '/healthz', '/nothing'):
        with_body, without = get(url, path), get(url, path, 'HEAD')
        assert without.status == with_body.status, path
        assert without.body == b''
        assert without.headers['Content-Type'] == with_body.headers['Content-Type']
        assert set(without.headers) == set(with_body.headers)
    assert subprocess.run([need('wget'), '-q', '--spider', f'{url}healthz']).returncode == 0


def test_headers_keep_the_page_to_itself(serve):
    url = serve().url
    for path in ('/', '/snapshot.jpg', '/healthz', '/poses', '/nothing'):
        headers = get(url, path).headers
        policy = headers['Content-Security-Policy']
        assert policy.startswith("default-src 'none';") and "frame-ancestors 'none'" in policy
        assert 'unsafe' not in policy and '*' not in policy
        assert headers['X-Content-Type-Options'] == 'nosniff'
        assert headers['Cache-Control'] == 'no-store'
        assert headers['X-Frame-Options'] == 'DENY'
    first, second = get(url, '/'), get(url, '/')
    nonce = re.search(r"script-src 'nonce-([^']+)'", first.headers['Content-Security-Policy'])
    assert first.body.count(nonce.group(1).encode()) == 2
    assert nonce.group(1).encode() not in second.body


def test_beyond_this_machine_a_token_is_demanded(monkeypatch, serve):
    monkeypatch.setattr(web_door, 'WRONG_TOKEN_DELAY', 0.01)
    url = serve(('0.0.0.0', 0)).url
    token = parse_qs(urlsplit(url).query)['token'][0]
    assert len(token) >= 20
    url = f'http://127.0.0.1:{urlsplit(url).port}'
    for path in ('/', '/poses', '/snapshot.jpg', '/healthz'):
        assert get(url, path).status == 403
        assert get(url, f'{path}?token={token[:-1]}').status == 403
        assert get(url, f'{path}?token=%ff').status == 403
    assert get(url, f'/?token={token}').status == 200
    assert get(url, f'/?token={token}', Host='evil.example').status == 403


def test_a_token_may_be_chosen(serve):
    url = serve(token='open & sesame').url
    assert url.endswith('/?token=open%20%26%20sesame')
    assert get(url, '/').status == 403
    assert get(url, url[url.index('/?'):]).status == 200


def test_nobody_waits_for_a_browser_that_reads_nothing(serve):
    """When it reads again, it gets the newest poses: the system holds few for it."""
    demo = serve()
    demo.event['text'] = 'x' * 10000
    with socket.socket() as lazy:
        lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 15)
        lazy.settimeout(10)
        lazy.connect(('127.0.0.1', urlsplit(demo.url).port))
        lazy.sendall(b'GET /poses HTTP/1.1\r\nHost: localhost\r\n\r\n')
        other = events(get(demo.url, '/poses'))
        next(other)
        newest = [next(other) for _ in range(100)][-1][1]['frame']
        stream = (int(number) for line in lazy.makefile('rb')
                  for number in re.findall(br'"frame": (\d+)', line))
        frames = [next(stream)]
        while frames[-1] <= newest:
            frames.append(next(stream))
    gaps = np.diff(frames)
    assert (gaps > 0).all() and gaps.max() > 20
