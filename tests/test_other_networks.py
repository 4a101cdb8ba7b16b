"""The demos with networks of other families than PoseNet, run as their user runs them."""
import json
import os
import subprocess
import sys
from typing import Any, List

from helpers import ROOT, shared

import numpy as np
import pytest

tflite_files = pytest.importorskip('tflite_files')

ONE_PERSON = os.path.join(ROOT, 'samples', 'one_person.mp4')
PEOPLE = np.zeros((1, 6, 56), np.float32)  # a MultiPose's answer: two people
PEOPLE[0, :2] = 0.5
PEOPLE[0, :2, -1] = 0.9, 0.8


def run(script: str, *arguments: Any) -> 'subprocess.CompletedProcess[str]':
    done = subprocess.run([sys.executable, os.path.join(ROOT, script), *map(str, arguments)],
                          capture_output=True, text=True, timeout=300,
                          env=dict(os.environ, DISPLAY='', WAYLAND_DISPLAY='', CI='true'))
    assert done.returncode == 0, done.stderr
    return done


def messages(done: 'subprocess.CompletedProcess[str]') -> List[str]:
    return [line for line in done.stderr.splitlines() if not line.startswith('INFO:')]


def movenet() -> str:
    return shared('models', 'movenet', 'movenet_single_pose_lightning_ptq.tflite')


@pytest.fixture
def multipose(tmp_path: Any) -> str:
    return tflite_files.constant_network(str(tmp_path / 'multi.tflite'), [1, -1, -1, 3], PEOPLE)


def test_pose_camera_follows_a_person_with_movenet(tmp_path):
    log = tmp_path / 'log.jsonl'
    done = run('pose_camera.py', ONE_PERSON, '--model', movenet(), '--headless', '--log', log,
               '--frames', 40)
    assert messages(done) == []
    frames = [json.loads(line) for line in log.read_text().splitlines()]
    people = [len(frame['poses']) for frame in frames[1:]]
    assert len(people) == 40
    assert sum(people[10:]) >= 25


def test_synthesizer_hears_a_person_with_movenet(tmp_path):
    done = run('synthesizer.py', '--videosrc', ONE_PERSON, '--model', movenet(), '--headless',
               '--mute', '--record', tmp_path / 'take.mid', '--frames', 150)
    assert messages(done) == []
    assert (tmp_path / 'take.mid').stat().st_size > 60


def test_anonymizer_lets_a_posenet_examine_the_background(tmp_path):
    clip = os.path.join(ROOT, 'samples', 'in_and_out.mp4')
    done = run('anonymizer.py', '--videosrc', clip, '--model', movenet(), '--device', 'cpu',
               '--background-delay', 0.4, '--output', tmp_path / 'out.png', '--headless',
               '--frames', 60)
    assert any(line.startswith('MoveNet cannot tell whether a room is empty; posenet_')
               and line.endswith('examines the background') for line in messages(done))
    assert any(line.startswith('Background set.') for line in messages(done))


def test_multipose_in_simple_pose_and_pose_camera(tmp_path, multipose):
    picture = os.path.join(ROOT, 'samples', 'couple.jpg')
    done = run('simple_pose.py', picture, '--model', multipose, '--json', '--output',
               tmp_path / 'out.png')
    assert messages(done) == []
    first, second = json.loads(done.stdout)
    assert [first['score'], second['score']] == [0.9, 0.8]
    assert set(first['box']) == {'xMin', 'yMin', 'xMax', 'yMax'}
    log = tmp_path / 'log.jsonl'
    run('pose_camera.py', ONE_PERSON, '--model', multipose, '--headless', '--log', log,
        '--frames', 5)
    again = tmp_path / 'again.jsonl'
    run('pose_camera.py', log, '--headless', '--log', again)
    people = [[json.loads(line)['poses'] for line in path.read_text().splitlines()[1:]]
              for path in (log, again)]
    assert people[0] == people[1]
    assert len(people[0]) == 5
    assert [len(poses) for poses in people[0]] == [2] * 5 and 'box' in people[0][0][0]
