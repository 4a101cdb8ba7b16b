"""Downloads from a real server on this machine that has the faults of real ones."""
import os
import threading
import time

from file_server import BODY, SHA256, serving
from helpers import wait_for
from posesuite.transfer import DownloadError, HostError, download

import pytest


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


def test_what_is_longer_than_listed_is_cut_off(path):
    with serving() as server, pytest.raises(DownloadError, match='SHA-256'):
        download(server.url + '/file', path, SHA256, size=len(BODY) // 2)
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
        wait_for(lambda: server.requests or errors)
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
