"""pose_server.py, run as its users run it: by the clients of its docs, and by demos."""
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from typing import Any, Iterator, List

import pose_server as script
from helpers import ROOT, bundled_model, default_signals, need, need_package, wait_for

import pytest

need_package('falcon')
need_package('uvicorn')
need_package('prometheus_client')

CLIP = os.path.join(ROOT, 'samples', 'three_people.mp4')
with open(os.path.join(ROOT, 'docs', 'pose_server.md'), encoding='utf-8') as _file:
    DOCS = _file.read()


@contextlib.contextmanager
def pose_server(*arguments: str, address: str = '0') -> Iterator[Any]:
    """A server with the small model; its attribute url is where it listens."""
    process = subprocess.Popen(
        [sys.executable, os.path.join(ROOT, 'pose_server.py'), '--model', bundled_model(),
         '--listen', address, *arguments], stderr=subprocess.PIPE, text=True,
        preexec_fn=default_signals)
    try:
        said = iter(process.stderr.readline, '')
        process.url = next(re.search(r'serving at (\S+?)/?\n', line).group(1) for line in said
                           if 'serving at' in line)
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope='module')
def server() -> Iterator[Any]:
    with pose_server() as process:
        yield process


def snippets(language: str) -> List[str]:
    """The docs' blocks of a language."""
    return re.findall(rf'^```{language}\n(.*?)^```', DOCS, re.M | re.S)


def run(*command: str, **options: Any) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout


def at(server: Any, snippet: str) -> str:
    return snippet.replace('http://127.0.0.1:8090', server.url)


def test_the_docs_have_clients():
    assert [len(snippets(language)) for language in ('sh', 'python', 'javascript')] == [2, 2, 1]


def test_curl(server):
    need('curl')
    one, several = snippets('sh')
    poses = json.loads(run('sh', '-ec', at(server, one)))
    assert len(poses) == 2 and len(poses[0]['keypoints']) == 17
    answer = json.loads(run('sh', '-ec', at(server, several)))
    assert [each['image'] for each in answer] == ['couple.jpg', 'couple_skeletons.jpg']
    assert answer[0]['poses'] == poses


@pytest.mark.parametrize('number', [0, 1])
def test_python(server, number):
    said = run(sys.executable, '-c', at(server, snippets('python')[number])).splitlines()
    assert said == ['2 PoseNet'] if number else (
        len(said) == 2 and all("nose {'x': " in line for line in said))


def test_javascript(server):
    said = run(need('node'), '-e', at(server, snippets('javascript')[0])).splitlines()
    assert len(said) == 2 and all(re.match(r'0\.\d+ nose \{ x: \d', line) for line in said)


def test_the_answers_are_those_of_simple_pose(server):
    need('curl')
    command = [sys.executable, os.path.join(ROOT, 'simple_pose.py'), '--json']
    here = run(*command, '--model', bundled_model())
    there = run(*command, '--engine', server.url)
    assert json.loads(there) == json.loads(here) and len(json.loads(here)) == 2


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_a_normal_end(tmp_path, number):
    path = tmp_path / 'poses.sock'
    with pose_server(address=f'unix:{path}') as process:
        assert process.url == f'unix:{path}' and path.exists()
        process.send_signal(number)
        began = time.monotonic()
        assert process.wait(10) == 0
        assert time.monotonic() - began < 5
        assert process.stderr.read() == ''
    assert not path.exists()


def poses_of(path: Any) -> List[Any]:
    """The people of a log's frames."""
    return [json.loads(line)['poses'] for line in path.read_text().splitlines()[1:]]


def test_demos_share_the_engine(server, tmp_path):
    """Several at once see what one with an engine of its own sees."""
    command = [sys.executable, os.path.join(ROOT, 'pose_camera.py'), CLIP, '--headless',
               '--frames', '20', '--log']
    run(*command, str(tmp_path / 'own.jsonl'), '--model', bundled_model())
    demos = [subprocess.Popen([*command, str(tmp_path / f'{number}.jsonl'), '--engine', server.url],
                              stderr=subprocess.PIPE, text=True) for number in range(3)]
    assert [demo.communicate(timeout=120)[1] for demo in demos] == [''] * 3
    own, *others = (poses_of(tmp_path / f'{name}.jsonl') for name in ('own', 0, 1, 2))
    assert len(own) == 20 and [len(poses) for poses in own[5:]] == [3] * 15
    assert others[1:] == others[:1] * 2
    for poses, theirs in zip(own, others[0]):
        assert [pose['id'] for pose in poses] == [pose['id'] for pose in theirs]
        for pose, other in zip(poses, theirs):  # the server looks for fainter poses, too
            assert [keypoint for keypoint in pose['keypoints'] if keypoint['score'] > 0.5] == [
                keypoint for keypoint in other['keypoints'] if keypoint['score'] > 0.5]
    header = json.loads((tmp_path / '0.jsonl').read_text().splitlines()[0])
    assert header['model'] == os.path.basename(bundled_model())


def test_a_demo_outlives_its_server(tmp_path):
    """It is killed in mid-run and started again; only frames meanwhile have nobody."""
    address, log = f'unix:{tmp_path}/poses.sock', tmp_path / 'log.jsonl'

    def faults() -> List[str]:
        return [json.loads(line).get('fault', '') for line in
                log.read_text().rpartition('\n')[0].splitlines()[1:]] if log.exists() else []

    with pose_server(address=address) as first:
        demo = subprocess.Popen(
            [sys.executable, os.path.join(ROOT, 'pose_camera.py'), CLIP, '--headless', '--realtime',
             '--loop', '--log', str(log), '--engine', address], stderr=subprocess.PIPE, text=True)
        try:
            wait_for(lambda: len(faults()) > 5)
            assert faults() == [''] * len(faults())
            first.kill()
            wait_for(lambda: faults()[-1].startswith('engine lost since'))
            with pose_server(address=address):
                wait_for(lambda: not faults()[-1])
                demo.send_signal(signal.SIGTERM)
                _, said = demo.communicate(timeout=20)
                assert demo.returncode == 0
        finally:
            demo.kill()
    lines = said.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith('engine lost since') and lines[1] == 'the engine is back'


@pytest.mark.parametrize('arguments, said', [
    (['--listen', 'nowhere'], 'must be PORT, HOST:PORT'),
    (['--listen', 'unix:'], 'must be unix:PATH'),
    (['--max-size', '0'], 'a whole number from 1 to 100'),
    (['--token', 'short'], 'at least 8 characters'),
    (['--rate', '0'], 'must be 0.1 to 10000'),
    (['--engine', 'http://x'], "unknown option '--engine'"),
])
def test_wrong_usage(monkeypatch, capsys, arguments, said):
    monkeypatch.setattr(sys, 'argv', ['pose_server.py', *arguments])
    with pytest.raises(SystemExit) as ended:
        script.main()
    error = capsys.readouterr().err
    assert ended.value.code == 2
    assert error.startswith('error: ') and error.count('\n') == 1
    assert said in error


def test_without_the_packages_a_line_names_them(tmp_path):
    for name in ('falcon', 'uvicorn', 'prometheus_client'):
        (tmp_path / f'{name}.py').write_text(f'raise ImportError("No module named {name!r}")')
    done = subprocess.run(
        [sys.executable, os.path.join(ROOT, 'pose_server.py'), '--model', bundled_model()],
        env=dict(os.environ, PYTHONPATH=str(tmp_path)), stderr=subprocess.PIPE, text=True)
    last = done.stderr.splitlines()[-1]
    assert done.returncode == 1
    assert last.startswith('error: a server needs falcon, uvicorn, prometheus_client (No module')
    assert last.endswith('-m pip install falcon uvicorn prometheus_client')
