"""posesuite/arguments.py: one line for wrong usage, and types of command-line arguments."""
import argparse
import glob
import importlib
import os
import signal
import sys

from helpers import ROOT
from posesuite.arguments import between, did_you_mean, positive, whole

import pytest

SCRIPTS = sorted(os.path.basename(path) for path in glob.glob(os.path.join(ROOT, '*.py'))
                 if os.path.basename(path) not in ('setup.py', 'noxfile.py', 'pose_engine.py'))


def test_positive():
    assert positive('5') == 5
    for text in ('0', '-1', '1.5', '01', '1' * 10, 'five', ''):
        with pytest.raises(argparse.ArgumentTypeError, match='whole number from 1'):
            positive(text)


def test_whole():
    number = whole(0, 1000)
    assert [number(text) for text in ('0', '7', '1000')] == [0, 7, 1000]
    for text in ('-1', '1001', '1.5', '1e3', 'nan', '9' * 5000, '\u0663', '1_0', ' 1', ''):
        with pytest.raises(argparse.ArgumentTypeError, match='whole number from 0 to 1000, got'):
            number(text)


def test_between():
    number = between(0, 0.5)
    assert [number(text) for text in ('0', '0.25', '5e-1')] == [0, 0.25, 0.5]
    for text in ('-0.1', '0.6', 'nan', 'inf', '1e400', 'half', ''):
        with pytest.raises(argparse.ArgumentTypeError, match=f"must be 0 to 0.5, got '{text}'"):
            number(text)


def test_did_you_mean():
    known = ['leftWrist', 'rightWrist', 'nose']
    assert did_you_mean('LEFT_WRIST', known) == ', did you mean leftWrist?'
    assert did_you_mean('elbow', known) == ''


@pytest.fixture
def usage_error(monkeypatch, capsys):
    """What a script says of wrong usage: one line."""
    def run(script: str, *arguments: str) -> str:
        monkeypatch.setattr(sys, 'argv', [os.path.join(ROOT, script), *arguments])
        pipe = signal.getsignal(signal.SIGPIPE)  # some scripts let it end their process
        try:
            with pytest.raises(SystemExit) as ended:
                importlib.import_module(script[:-len('.py')]).main()
        finally:
            signal.signal(signal.SIGPIPE, pipe)
        said = capsys.readouterr()
        assert (ended.value.code, said.out) == (2, '')
        assert said.err.startswith('error: ') and said.err.count('\n') == 1
        assert said.err.endswith(' --help\n')
        return said.err
    return run


@pytest.mark.parametrize('script', SCRIPTS)
def test_wrong_usage_of_any_script_is_one_line(usage_error, script):
    assert len(SCRIPTS) == 10
    command = {'visits.py': ['report'], 'pose_log.py': ['convert'],
               'pose_trainer.py': ['collect', 'tree']}.get(script, [])
    assert "unknown option '--no-such-thing'" in usage_error(script, *command, '--no-such-thing')


@pytest.mark.parametrize('script, arguments, meant', [
    ('pose_camera.py', ['--vidoesrc', 'a.mp4'], '--videosrc'),
    ('pose_camera.py', ['-videosrc', 'a.mp4'], '--videosrc'),
    ('pose_camera.py', ['--skeletons-only=yes'], '--skeleton-only'),
    ('pose_camera.py', ['--res', '640x840'], '640x480'),
    ('pose_camera.py', ['--heatmap', 'leftWirst'], 'leftWrist'),
    ('anonymizer.py', ['--backgrounddelay', '3'], '--background-delay'),
    ('synthesizer.py', ['--instrument', 'flute', '--oktave', '3'], '--octave'),
    ('simple_pose.py', ['--outptu', 'a.png'], '--output'),
    ('visits.py', ['reprot'], 'report'),
    ('visits.py', ['report', 'a.db', '--outptu', 'a.html'], '--output'),
    ('pose_log.py', ['convrt', 'a.jsonl', 'b.csv'], 'convert'),
    ('pose_trainer.py', ['train', 'poses', '--modle', 'network'], '--model'),
    ('doctor.py', ['decodr'], 'decoder'),
])
def test_the_nearest_is_named(usage_error, script, arguments, meant):
    assert f', did you mean {meant}? See ' in usage_error(script, *arguments)


@pytest.mark.parametrize('script, arguments, known', [
    ('pose_camera.py', ['clip.mp4', 'rtsp://me:hunter2@h/x'], "'rtsp://h'"),
    ('pose_camera.py', ['rtsp://h/a', 'rtsp://h/user=admin_password=hunter2_channel=1.sdp'],
     "'rtsp://h'"),
    ('pose_camera.py', ['a.mp4', "rtsp://me:it's hunter2\\ @10.0.0.1/x"], 'rtsp://10.0.0.1'),
    ('pose_camera.py', ['a.mp4', 'me:hunter2@10.0.0.1/x'], "'10.0.0.1'"),
    ('pose_camera.py', ['a.mp4', '10.0.0.1:554/user=admin&password=hunter2'], "'10.0.0.1:554'"),
    ('pose_camera.py', ['-rtsp://me:hunter2@h/x?a=b'], "'-rtsp://h'"),
    ('pose_camera.py', ['--rtsp://me:hunter2@h/x'], "'--rtsp://h'"),
    ('pose_camera.py', ['--headless=rtsp://me:hunter2@h/x'], "'rtsp://h'"),
    ('pose_camera.py', ['--heatmap', 'http://h/?token=hunter2'], 'got http://h'),
    ('pose_camera.py', ['--output', 'rtsp://me:hunter2@h/x'], "'rtsp://h'"),
    ('pose_camera.py', ['--log', 'rtsp://me:hunter2@h/x.mp4', '--output',
                        'rtsp://me:hunter2@h/x.mp4'], 'rtsp://h'),
    ('pose_camera.py', ['--t=hunter2x'], '--t=(hidden)'),
    ('pose_camera.py', ['--toke', 'my secret', 'a.mp4', 'hunter2'], '--toke'),
    ('pose_camera.py', ['--token', 'my token', 'a.mp4', 'hunter2'], "'(hidden)'"),
    ('pose_camera.py', ['-token=hunter2x'], "'-token'"),
    ('pose_camera.py', ['--tokem=hunter2x'], "'--tokem'"),
    ('visits.py', ['rtsp://me:hunter2@h/x'], "'rtsp://h'"),
    ('visits.py', ['report', 'a.db', '-o', 'a.html', '--since', 'rtsp://me:hunter2@h/x'],
     "'rtsp://h'"),
    ('pose_log.py', ['convert', 'http://me:hunter2@h/x', 'http://me:hunter2@h/x'], 'http://h'),
    ('simple_pose.py', ['a.jpg', '--threshold', 'rtsp://me:hunter2@h/x'], "'rtsp://h'"),
    ('synthesizer.py', ['--instruments', 'rtsp://me:hunter2@h/x'], "'rtsp://h'"),
])
def test_no_secret_is_repeated(usage_error, script, arguments, known):
    said = usage_error(script, *arguments)
    assert 'hunter2' not in said and known in said
