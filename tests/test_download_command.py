"""models/download.py and tests/download.py as a user runs them, against a server at hand."""
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from typing import Any, List, Sequence

from file_server import BODY, SHA256, serving
from helpers import ROOT, shared, wait_for
from posesuite.download import (
    ELSEWHERE,
    GOOGLE_URL,
    MODELS,
    NAMES_ELSEWHERE,
    USUAL,
    Listed,
    fetch,
    listed_files,
)
from posesuite.files import sha256_of

import pytest

MODULES = [f'posesuite/{name}.py' for name in (
    '__init__', 'addresses', 'arguments', 'core_dumps', 'download', 'errors', 'files', 'script',
    'transfer')]


def run(tmp_path: Any, *args: str, names: Sequence[str] = (), script: str = 'models/download.py',
        **environment: str) -> 'subprocess.CompletedProcess[str]':
    """Runs a copy of a script in a folder of its own, so that the real models are left alone.

    names: the files to list, each of them file_server.BODY; none for the real list.
    """
    folder = os.path.dirname(script)
    lists = [os.path.join(folder if folder == 'models' else 'tests/data', name)
             for name in ('SHA256SUMS', 'SIZES')]
    for name in [script, *lists, *MODULES]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(os.path.join(ROOT, name), str(tmp_path / name))
    for path, first in zip(lists, (SHA256, len(BODY))) if names else ():
        (tmp_path / path).write_text(''.join(f'{first}  {name}\n' for name in names))
    return subprocess.run([sys.executable, str(tmp_path / script), *args], capture_output=True,
                          text=True, timeout=60,
                          env={**os.environ, 'no_proxy': '127.0.0.1', **environment})


def lines_of(process: 'subprocess.CompletedProcess[str]') -> List[str]:
    return process.stderr.splitlines()


def test_the_usual_models_are_the_six_of_google_and_a_bodypix():
    *files, bodypix = listed_files(os.path.join(ROOT, 'models'), USUAL)
    assert bodypix.name.startswith('bodypix/') and bodypix.size == 1501376
    assert bodypix.name.partition('/')[0] in ELSEWHERE
    assert len(files) == 6
    assert sum(file.name.endswith('_edgetpu.tflite') for file in files) == 3
    assert all(file.name.startswith('mobilenet/') and len(file.sha256) == 64 for file in files)
    assert {file.size for file in files} == {1299352, 1545704, 1680872, 2467304}


def test_every_listed_file_has_a_name_and_an_address():
    files = listed_files(os.path.join(ROOT, 'models'))
    assert len(files) == 15
    folders = {file.name.partition('/')[0] for file in files}
    assert folders == set(MODELS.values()) == {'mobilenet', *ELSEWHERE}
    assert set(NAMES_ELSEWHERE) <= {file.name for file in files}
    for file in files:
        folder, _, name = file.name.partition('/')
        path = shared('models', *[folder] * (folder != 'mobilenet'), name)
        assert (os.path.getsize(path), sha256_of(path)) == (file.size, file.sha256)


@pytest.mark.parametrize('names, folders', [
    (['movenet'], ['movenet'] * 2), (['bodypix'], ['bodypix'] * 4),
    (['posenet'], ['mobilenet'] * 6), (['openpose', 'openvino'], ['openpose', *['openvino'] * 2]),
    (['all'], ['mobilenet'] * 6 + ['bodypix'] * 4 + ['movenet'] * 2 + ['openpose'] +
     ['openvino'] * 2)])
def test_models_by_name(tmp_path, names, folders):
    arguments = [argument for name in names for argument in ('--model', name)]
    with serving() as server:
        process = run(tmp_path, '--base-url', server.url, *arguments)
    asked = [request['path'].split('/')[1] for request in server.requests]
    assert asked == folders
    assert process.returncode == 3  # as these are no models
    assert lines_of(process)[-1] == (
        f'missing: {len(folders)} of {len(folders)} files; get them with: '
        f'python3 models/download.py {" ".join(arguments)}')


def test_each_folder_comes_from_its_own_address(tmp_path, caplog, monkeypatch):
    """Under the name that it has there; a host that is silent is asked once, another still is."""
    files = [Listed(name, len(BODY), SHA256) for name in ('a/1', 'b/1', 'b/2', 'a/2')]
    monkeypatch.setitem(NAMES_ELSEWHERE, 'b/2', 'two')
    with serving() as server:
        missing = fetch(files, 'http://127.0.0.1:1', str(tmp_path),
                        {'b': f'{server.url}/there'})
    assert missing == 2
    assert [request['path'] for request in server.requests] == ['/there/1', '/there/two']
    assert sorted(os.listdir(str(tmp_path / 'b'))) == ['1', '2']
    assert len([record for record in caplog.records if record.levelname == 'ERROR']) == 1


def test_the_list_for_tests():
    files = listed_files(os.path.join(ROOT, 'tests', 'data'))
    assert len(files) == 13
    assert 'test_data/test_couple.jpg' in [file.name for file in files]


@pytest.mark.parametrize('script', ['models/download.py', 'tests/download.py'])
def test_command_gets_what_is_listed(tmp_path, script):
    names = ['mobilenet/a.tflite', 'mobilenet/b.tflite']
    with serving() as server:
        for expected in [f'{name}: checked and in place' for name in names], \
                ['all 2 files are here']:
            process = run(tmp_path, '--base-url', f'{server.url}/', names=names, script=script)
            assert process.returncode == 0
            assert lines_of(process) == expected
            assert process.stdout == ''
    assert [request['path'] for request in server.requests] == [f'/{name}' for name in names]
    folder = tmp_path / ('models' if script.startswith('models') else 'tests/data') / 'mobilenet'
    assert sorted(os.listdir(str(folder))) == ['a.tflite', 'b.tflite']


def test_command_with_wrong_files_has_a_line_for_each(tmp_path):
    with serving() as server:
        process = run(tmp_path, '--base-url', server.url)
    assert process.returncode == 3
    assert len(server.requests) == 7
    lines = lines_of(process)
    assert len(lines) == 8
    assert all(line.startswith('error: mobilenet/') for line in lines[:6])
    assert lines[6].startswith('error: bodypix/')
    assert all('SHA-256' in line for line in lines[:7])
    assert 'missing: 7 of 7' in lines[7] and 'python3 models/download.py' in lines[7]
    assert os.listdir(str(tmp_path / 'models' / 'mobilenet')) == []


def assert_given_up_once(process: 'subprocess.CompletedProcess[str]', begin: float) -> None:
    assert time.monotonic() - begin < 10
    assert process.returncode == 3
    lines = lines_of(process)
    assert len(lines) == 2
    assert lines[0].startswith('error: ') and lines[1].startswith('missing: 7 of 7')


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


def test_command_is_interrupted(tmp_path):
    run(tmp_path, '--help', names=['mobilenet/a.tflite'])
    with serving('stall') as server:
        process = subprocess.Popen([sys.executable, str(tmp_path / 'models' / 'download.py'),
                                    '--base-url', server.url], stderr=subprocess.PIPE)
        wait_for(lambda: os.path.exists(str(tmp_path / 'models' / 'mobilenet' / 'a.tflite.part')))
        wait_for(lambda: server.requests)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert errors.decode().splitlines() == ['', 'interrupted; the next run resumes here']
    assert not os.path.exists(str(tmp_path / 'models' / 'mobilenet' / 'a.tflite'))


@pytest.mark.parametrize('args', [['--base-url', 'file:///etc'], ['--base-url', 'http://'],
                                  ['--model', 'unknown'], ['--wrong'], ['extra']])
def test_wrong_usage(tmp_path, args):
    assert run(tmp_path, *args).returncode == 2


def test_help_has_an_example(tmp_path):
    process = run(tmp_path, '--help')
    assert process.returncode == 0
    assert 'python3 models/download.py' in process.stdout
    assert f'{GOOGLE_URL}/models' in process.stdout.replace('\n', '').replace(' ', '')
