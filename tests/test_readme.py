"""The README's example lines, run as they stand in a fresh copy of the tracked files."""
import os
import re
import shutil
import subprocess
import sys
from typing import List

from helpers import ROOT

import pytest

with open(os.path.join(ROOT, 'README.md'), encoding='utf-8') as _file:
    README = _file.read()
# What this machine may lack; a line that needs it must then end with one line that names it.
LACKING = 'no camera', 'no display', 'no sound card', 'LiteRT.js'


def blocks(language: str) -> List[str]:
    return re.findall(rf'^```{language}\n(.*?)^```', README, re.M | re.S)


LINES = [line.partition(' #')[0].strip() for block in blocks('sh') for line in block.splitlines()
         if line.startswith('python3 ')]


@pytest.fixture(scope='module')
def clone(tmp_path_factory) -> str:
    """A folder with what git tracks, and the compiled decoder."""
    folder = str(tmp_path_factory.mktemp('clone'))
    names = subprocess.run(['git', 'ls-files', '-z'], cwd=ROOT, stdout=subprocess.PIPE,
                           check=True).stdout.decode().split('\0')
    for name in [*filter(None, names), 'posenet_decoder/posenet_decoder.so']:
        if os.path.isfile(os.path.join(ROOT, name)):
            os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
            shutil.copy(os.path.join(ROOT, name), os.path.join(folder, name))
    return folder


def test_there_are_examples_of_every_demo():
    assert len(LINES) >= 14
    for script in ('simple_pose', 'pose_camera', 'anonymizer', 'visits', 'synthesizer', 'pose_web',
                   'doctor'):
        assert any(line.startswith(f'python3 {script}.py') for line in LINES), script


def test_the_lines_run_in_their_order(clone):
    environment = {key: value for key, value in os.environ.items() if key != 'DISPLAY'}
    for line in LINES:
        done = subprocess.run(['sh', '-c', f'exec "$0" {line[len("python3 "):]}', sys.executable],
                              cwd=clone, env=environment, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=120)
        last = done.stderr.strip().splitlines()[-1:]
        if done.returncode == 1 and any(what in last[0] for what in LACKING):
            assert 'samples/' not in line or '--output' not in line and '--headless' not in line
            assert last[0].startswith('error: ')
        else:
            assert done.returncode == 0, (line, done.stderr)
    for name in ('skeletons.png', 'poses.jsonl', 'two.mp4', 'visit.jsonl', 'again.mp4',
                 'report.html', 'take.wav', 'take.mid'):
        assert os.path.getsize(os.path.join(clone, name)) > 200, name
    assert not os.path.exists(os.path.join(clone, 'visits.db'))  # forgotten


def test_the_python_example_finds_two_people(clone):
    example, = blocks('python')
    done = subprocess.run([sys.executable, '-c', example], cwd=clone, stdout=subprocess.PIPE,
                          check=True, text=True)
    assert done.stdout.count('Pose Score:') == 2
    assert done.stdout.count('LEFT_WRIST') == 2


def test_links_lead_somewhere():
    texts = {'': README}
    for name in os.listdir(os.path.join(ROOT, 'docs')):
        if name.endswith('.md'):
            with open(os.path.join(ROOT, 'docs', name), encoding='utf-8') as file:
                texts[name] = file.read()
    assert len(texts) >= 5
    for name, text in texts.items():
        for target in re.findall(r'\]\(([^)#:]+)(?:#[^)]*)?\)', text):
            folder = os.path.join(ROOT, 'docs') if name else ROOT
            assert os.path.exists(os.path.join(folder, target)), (name, target)
