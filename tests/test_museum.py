"""tools/museum.py, as its user runs it: real programs, one of which is killed."""
import json
import os
import re
import signal
import subprocess
import sys

from helpers import ROOT, children, need_package, wait_for
from systems import Listener, program

import pytest

for _name in ('paho', 'falcon', 'uvicorn', 'prometheus_client', 'pyarrow', 'duckdb'):
    need_package(_name)
CAMERAS = ['cafe', 'entrance', 'gallery', 'hall', 'studio']
COMMAND = [sys.executable, os.path.join(ROOT, 'tools', 'museum.py')]


def command_of(process):
    with open(f'/proc/{process}/cmdline') as file:
        return file.read()


@pytest.fixture
def museum(tmp_path):
    program('mosquitto')
    with open(tmp_path / 'said', 'w') as said, subprocess.Popen(
            [*COMMAND, '--to', str(tmp_path / 'museum'), '--port', '0', '--seconds', '600'],
            stdout=subprocess.PIPE, stderr=said, text=True, cwd=tmp_path,
            env=dict(os.environ, LC_ALL='C')) as process:
        yield process
        process.kill()


@pytest.mark.skipif(not sys.platform.startswith('linux'), reason='reads /proc')
def test_five_cameras_a_broker_and_one_report(museum, tmp_path):
    port = next(int(found[1]) for found in (re.search('-p ([0-9]+)', line)
                                            for line in museum.stdout) if found)
    with Listener(port, 'museum/#') as listener:
        def counted(name):
            numbers = [json.loads(text) for text in listener.of(f'museum/{name}/numbers')]
            return [each for each in numbers if each.get('visits')]
        wait_for(lambda: all(map(counted, CAMERAS)), 60)
        # A visit is told of at once, and stored with its second position, which is late on a busy
        # machine.
        told = {name: len(counted(name)) for name in CAMERAS}
        wait_for(lambda: all(len(counted(name)) >= told[name] + 4 for name in CAMERAS), 40)
        programs = children(museum)
        assert len(programs) == 7
        server, = (each for each in programs if 'pose_server.py' in command_of(each))
        os.kill(server, signal.SIGKILL)
        wait_for(lambda: all(counted(name)[-1]['fault'] for name in CAMERAS))  # they go on
        museum.send_signal(signal.SIGINT)
        printed = museum.communicate(timeout=100)[0]
        said = (tmp_path / 'said').read_text()
    assert museum.returncode == 0, said
    assert [name for name in CAMERAS if listener.of(f'museum/{name}/status')[-1] != b'offline'
            ] == []  # all of them ended before the broker
    assert 'pose_server has ended, killed by SIGKILL; the others go on\n' in said
    assert said.count('has ended') == 1 and 'did not' not in said and 'error' not in said
    assert not any(os.path.exists(f'/proc/{each}') for each in programs)
    report, = re.findall('^report +(.+)$', printed, re.M)
    with open(tmp_path / report, encoding='utf-8') as file:
        assert sorted(set(re.findall(r'museum/(\w+)', file.read()))) == CAMERAS


def test_the_stand_in_needs_no_package_of_the_tests(tmp_path):
    program('c++')
    need_package('ai_edge_litert')
    (tmp_path / 'pytest.py').write_text('raise ImportError("no pytest")')
    done = subprocess.run([sys.executable, '-c', f"""
import sys
sys.path[:0] = [{str(tmp_path)!r}, {os.path.dirname(COMMAND[1])!r}]
import museum
print(museum.choose_network('stand-in', {str(tmp_path)!r}).text)"""],
                          capture_output=True, text=True, timeout=100)
    assert done.stdout.startswith('a stand-in for an Edge TPU'), done.stderr


def test_no_broker(tmp_path):
    done = subprocess.run([sys.executable, '-c', f"""
import os, sys
sys.path.insert(0, {os.path.dirname(COMMAND[1])!r})
import museum
museum.shutil.which = lambda *_, **__: None
sys.argv[1:] = ['--to', 'here']
sys.exit(museum.main())"""], capture_output=True, text=True, cwd=tmp_path, timeout=60)
    assert (done.returncode, done.stdout) == (1, '')
    assert done.stderr == 'error: no mosquitto, the broker: sudo apt install mosquitto\n'
    assert os.listdir(tmp_path) == []
