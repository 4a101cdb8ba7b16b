"""models/download.py against a real server on this machine that has the faults of real ones."""
import contextlib
import hashlib
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, Dict, Iterator, List, Optional

from helpers import ROOT
from models import download as downloader
from models.download import DownloadError, HostError, download, listed_files

import pytest

BODY = bytes(range(256)) * 1200  # 307,200 bytes
SHA256 = hashlib.sha256(BODY).hexdigest()
HTML = {'Content-Type': 'text/html; charset=utf-8'}
PORTAL = b'<html><title>Welcome to our network</title></html>'


class Server(HTTPServer):
    """Serves `body` under every path, with one fault at most, and remembers what was asked."""

    def __init__(self, fault: str = '') -> None:
        super().__init__(('127.0.0.1', 0), Handler)
        self.fault, self.body = fault, BODY
        self.requests: List[Dict[str, Optional[str]]] = []
        self.done = threading.Event()
        self.url = f'http://127.0.0.1:{self.server_port}'


class Handler(BaseHTTPRequestHandler):
    """Answers one GET with the server's fault."""

    server: Server

    def do_GET(self) -> None:  # noqa: N802, the name is http.server's
        server, body, fault = self.server, self.server.body, self.server.fault
        asked = self.headers.get('Range')
        server.requests.append({'path': self.path, 'range': asked})
        status, headers, start = 200, {}, 0
        if fault == 'status':
            number = self.path.strip('/')
            return self.answer(int(number) if number.isdigit() else 404, HTML, b'no')
        if fault == 'portal':
            return self.answer(200, HTML, PORTAL)
        if fault == 'portal as bytes':
            return self.answer(200, {'Content-Type': 'application/octet-stream'}, PORTAL)
        if fault == 'redirect' and self.path == '/file':
            return self.answer(302, {'Location': server.url + '/elsewhere'}, b'')
        if asked and fault != 'no ranges':
            start = int(asked[len('bytes='):-1])
            if start >= len(body):
                headers['Content-Range'] = f'bytes */{len(body)}'
                return self.answer(416, dict(headers, **HTML), b'')
            status = 206
            first = start + (fault == 'other range')
            headers['Content-Range'] = f'bytes {first}-{len(body) - 1}/{len(body)}'
        body = body[start:]
        if fault == 'short':
            headers['Content-Length'] = str(len(body))
            body = body[:len(body) // 2]
        elif fault == 'length too large':
            headers['Content-Length'] = str(len(body) + 1000)
        elif fault == 'length too small':
            headers['Content-Length'] = str(len(body) - 1000)
        elif fault == 'no length':
            headers['Content-Length'] = ''
        elif fault in ('stall', 'trickle'):
            headers['Content-Length'] = str(len(body))
            self.answer(status, headers, body[:5000])
            while not server.done.wait(0.1):
                if fault == 'trickle':
                    self.wfile.write(b'x')
            return None
        return self.answer(status, headers, body)

    def answer(self, status: int, headers: Dict[str, str], body: bytes) -> None:
        """Sends a whole answer; an empty Content-Length leaves that header away."""
        self.send_response(status)
        for name, value in dict({'Content-Length': str(len(body))}, **headers).items():
            if value:
                self.send_header(name, value)
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(body)
            self.wfile.flush()

    def log_message(self, *args: Any) -> None:
        """Says nothing."""


@contextlib.contextmanager
def serving(fault: str = '') -> Iterator[Server]:
    with Server(fault) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            server.done.set()
            server.shutdown()
            thread.join()


def content(path: str) -> bytes:
    with open(str(path), 'rb') as file:
        return file.read()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv('no_proxy', '127.0.0.1,localhost')


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / 'models' / 'file.tflite')


def write(path: str, data: bytes) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'wb') as file:
        file.write(data)


def part(path: str, data: bytes) -> str:
    """Leaves what an earlier download of `path` would have left."""
    write(f'{path}.part', data)
    return path


# What a good server gives.

def test_whole_file(path):
    with serving() as server:
        download(server.url + '/file', path, SHA256)
    assert len(server.requests) == 1
    assert content(path) == BODY
    assert os.listdir(os.path.dirname(path)) == ['file.tflite']


@pytest.mark.parametrize('fault', ['no length', 'length too large', 'redirect'])
def test_the_hash_decides(path, fault):
    with serving(fault) as server:
        download(server.url + '/file', path, SHA256)
    assert content(path) == BODY


def test_without_a_hash(path):
    with serving() as server:
        download(server.url + '/file', path)
    assert content(path) == BODY


def test_a_good_file_asks_no_network(path):
    write(path, BODY)
    download('http://127.0.0.1:1/file', path, SHA256)


def test_a_damaged_file_is_replaced(path):
    write(path, BODY[:-1])
    with serving() as server:
        download(server.url + '/file', path, SHA256)
    assert content(path) == BODY


# Going on with a .part.

def test_resumed(path):
    with serving() as server:
        download(server.url + '/file', part(path, BODY[:1000]), SHA256)
    assert [request['range'] for request in server.requests] == ['bytes=1000-']
    assert content(path) == BODY


def test_resumed_where_the_server_knows_no_ranges(path):
    with serving('no ranges') as server:
        download(server.url + '/file', part(path, BODY[:1000]), SHA256)
    assert len(server.requests) == 1
    assert content(path) == BODY


@pytest.mark.parametrize('stale', [b'x' * 1000, BODY + b'x', b'x' * len(BODY)])
def test_a_stale_part_is_begun_anew(path, stale):
    with serving() as server:
        download(server.url + '/file', part(path, stale), SHA256)
    assert [request['range'] for request in server.requests] == [f'bytes={len(stale)}-', None]
    assert content(path) == BODY


def test_another_range_than_asked_for_is_begun_anew(path):
    with serving('other range') as server:
        download(server.url + '/file', part(path, BODY[:1000]), SHA256)
    assert [request['range'] for request in server.requests] == ['bytes=1000-', None]
    assert content(path) == BODY


def test_a_whole_part_asks_no_network(path):
    download('http://127.0.0.1:1/file', part(path, BODY), SHA256)
    assert os.listdir(os.path.dirname(path)) == ['file.tflite']
    assert content(path) == BODY


def test_without_a_hash_a_part_is_not_trusted(path):
    with serving() as server:
        download(server.url + '/file', part(path, b'x' * 1000))
    assert [request['range'] for request in server.requests] == [None]
    assert content(path) == BODY


def test_a_short_body_is_gone_on_with(path):
    with serving('short') as server:
        with pytest.raises(DownloadError, match='ended after 153600 of 307200 bytes'):
            download(server.url + '/file', path, SHA256)
        assert os.listdir(os.path.dirname(path)) == ['file.tflite.part']
        server.fault = ''
        download(server.url + '/file', path, SHA256)
    assert [request['range'] for request in server.requests] == [None, 'bytes=153600-']
    assert content(path) == BODY


# What must not land under the final name.

@pytest.mark.parametrize('fault', ['length too small', 'portal as bytes'])
def test_a_wrong_hash_leaves_nothing(path, fault):
    with serving(fault) as server, pytest.raises(DownloadError, match='SHA-256'):
        download(server.url + '/file', path, SHA256)
    assert os.listdir(os.path.dirname(path)) == []


def test_a_wrong_hash_leaves_the_old_file(path):
    write(path, b'old')
    with serving('portal as bytes') as server, pytest.raises(DownloadError):
        download(server.url + '/file', path, SHA256)
    assert content(path) == b'old'


def test_a_login_page_leaves_the_part(path):
    with serving('portal') as server, pytest.raises(HostError, match='web page'):
        download(server.url + '/file', part(path, BODY[:1000]), SHA256)
    assert content(path + '.part') == BODY[:1000]
    assert not os.path.exists(path)


@pytest.mark.parametrize('status, host_fails', [
    (404, False), (410, False), (403, True), (429, True), (503, True)])
def test_status(path, status, host_fails):
    with serving('status') as server, \
            pytest.raises(DownloadError, match=f'answers {status}') as caught:
        download(f'{server.url}/{status}', path, SHA256)
    assert isinstance(caught.value, HostError) == host_fails
    assert os.listdir(os.path.dirname(path)) == []


@pytest.mark.parametrize('fault', ['stall', 'trickle'])
def test_a_transfer_that_stands_still(path, fault):
    begin = time.monotonic()
    with serving(fault) as server, pytest.raises(HostError, match='does not answer within 1 s'):
        download(server.url + '/file', path, SHA256, timeout=1.0)
    assert time.monotonic() - begin < 4
    assert not os.path.exists(path)


def test_two_at_once(path):
    """The second gives up; the first ends well."""
    errors = []

    def first() -> None:
        try:
            download(server.url + '/file', path, SHA256, timeout=2.0)
        except OSError as error:
            errors.append(error)

    with serving('stall') as server:
        thread = threading.Thread(target=first)
        thread.start()
        while not server.requests:
            time.sleep(0.01)
        with pytest.raises(DownloadError, match='another download'):
            download('http://127.0.0.1:1/file', path, SHA256)
        thread.join()
    assert len(errors) == 1 and isinstance(errors[0], HostError)


def test_a_folder_that_cannot_be_written(path):
    folder = os.path.dirname(path)
    os.makedirs(folder)
    os.chmod(folder, 0o555)
    os.chmod(os.path.dirname(folder), 0o755)
    user = os.geteuid()
    if user == 0:  # For root nothing is read-only.
        os.seteuid(65534)
    try:
        with pytest.raises(OSError, match='Permission denied'):
            download('http://127.0.0.1:1/file', path, SHA256)
    finally:
        os.seteuid(user)
        os.chmod(folder, 0o755)
    assert os.listdir(folder) == []


# The command.

def run(tmp_path: Any, *args: str, sums: str = '',
        **environment: str) -> 'subprocess.CompletedProcess[str]':
    """Runs a copy of the command in a folder of its own, so that the real models are left alone."""
    folder = tmp_path / 'models'
    folder.mkdir(exist_ok=True)
    for name in ('download.py', 'SHA256SUMS'):
        shutil.copy(os.path.join(ROOT, 'models', name), str(folder))
    if sums:
        (folder / 'SHA256SUMS').write_text(sums)
    return subprocess.run([sys.executable, str(folder / 'download.py'), *args],
                          capture_output=True, text=True,
                          timeout=60, env=dict(os.environ, **environment))


def lines_of(process: 'subprocess.CompletedProcess[str]') -> List[str]:
    return process.stderr.splitlines()


def test_the_list_is_the_six_models_of_google():
    files = listed_files()
    assert len(files) == 6
    assert sum(name.endswith('_edgetpu.tflite') for name in files) == 3
    assert all(len(sha256) == 64 for sha256 in files.values())


def test_command_gets_what_is_listed(tmp_path):
    names = ['mobilenet/a.tflite', 'mobilenet/b.tflite']
    sums = ''.join(f'{SHA256}  {name}\n' for name in [*names, 'bundled.tflite'])
    with serving() as server:
        for expected in [f'{name}: checked and in place' for name in names], \
                ['all 2 model files are here']:
            process = run(tmp_path, '--base-url', f'{server.url}/', sums=sums)
            assert process.returncode == 0
            assert lines_of(process) == expected
            assert process.stdout == ''
    assert [request['path'] for request in server.requests] == [f'/{name}' for name in names]
    assert sorted(os.listdir(str(tmp_path / 'models' / 'mobilenet'))) == ['a.tflite', 'b.tflite']


def test_command_with_wrong_files_says_a_line_for_each(tmp_path):
    with serving() as server:
        process = run(tmp_path, '--base-url', server.url)
    assert process.returncode == 3
    assert len(server.requests) == 6
    lines = lines_of(process)
    assert len(lines) == 7
    assert all(line.startswith('error: mobilenet/') and 'SHA-256' in line for line in lines[:6])
    assert 'missing: 6 of 6' in lines[6] and 'python3 models/download.py' in lines[6]
    assert os.listdir(str(tmp_path / 'models' / 'mobilenet')) == []


def assert_given_up_once(process: 'subprocess.CompletedProcess[str]', begin: float) -> None:
    assert time.monotonic() - begin < 10
    assert process.returncode == 3
    lines = lines_of(process)
    assert len(lines) == 2
    assert lines[0].startswith('error: ') and lines[1].startswith('missing: 6 of 6')


def test_command_gives_a_refused_port_up_once(tmp_path):
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', 0))
        begin = time.monotonic()
        process = run(tmp_path, '--base-url', f'http://127.0.0.1:{taken.getsockname()[1]}')
    assert_given_up_once(process, begin)
    assert 'refused' in process.stderr


def test_command_gives_a_silent_server_up_once(tmp_path):
    with socket.socket() as listener:  # accepts, and never answers
        listener.bind(('127.0.0.1', 0))
        listener.listen(16)
        begin = time.monotonic()
        process = run(tmp_path, '--base-url', f'http://127.0.0.1:{listener.getsockname()[1]}')
    assert_given_up_once(process, begin)


def test_command_uses_the_proxy(tmp_path):
    with serving('status') as proxy:
        process = run(tmp_path, '--base-url', 'http://models.invalid', http_proxy=proxy.url,
                      no_proxy='')
    assert len(proxy.requests) >= 1
    assert proxy.requests[0]['path'].startswith('http://models.invalid/mobilenet/')
    assert process.returncode == 3


def test_command_gives_a_login_page_up_once(tmp_path):
    begin = time.monotonic()
    with serving('portal') as server:
        process = run(tmp_path, '--base-url', server.url)
    assert len(server.requests) == 1
    assert_given_up_once(process, begin)


@pytest.mark.parametrize('args', [['--base-url', 'file:///etc'], ['--base-url', 'http://'],
                                  ['--wrong'], ['extra']])
def test_wrong_usage(tmp_path, args):
    assert run(tmp_path, *args).returncode == 2


def test_help_has_an_example(tmp_path):
    process = run(tmp_path, '--help')
    assert process.returncode == 0
    assert 'python3 models/download.py' in process.stdout
    assert downloader.BASE_URL in process.stdout.replace('\n', '').replace(' ', '')
