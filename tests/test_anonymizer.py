"""anonymizer.py, run as its user runs it; what it keeps and shows is tested in privacy/."""
import fcntl
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import termios
import time

from canary import (
    CLIP,
    ENVIRONMENT,
    GREY,
    WAITING,
    command,
    frames_of,
    messages,
    run,
    running,
)
from helpers import ROOT, wait_for
from stores import everything

import cv2
import pytest

LOG = os.path.join(ROOT, 'samples', 'in_and_out.jsonl')


def test_a_log_and_no_background_are_shown_on_grey(tmp_path):
    for i, arguments in enumerate((['--no-background', '--videosrc', CLIP], ['--videosrc', LOG])):
        path = str(tmp_path / f'{i}.png')
        done = run(*arguments, '--frames', 90, '--output', path, '--headless')
        assert messages(done) == []
        assert (cv2.imread(path) == GREY).mean() > 0.8


def test_while_somebody_is_there_it_waits(tmp_path):
    path = str(tmp_path / 'out.png')
    clip = str(tmp_path / 'people.avi')
    writer = cv2.VideoWriter(clip, cv2.VideoWriter_fourcc(*'MJPG'), 30, (640, 480))
    for image in frames_of(CLIP)[60:110]:
        writer.write(image)
    writer.release()
    done = run('--videosrc', clip, '--output', path)
    assert messages(done) == [WAITING]
    image = cv2.imread(path)[:440]
    drawn = (image != GREY).any(2)
    assert 0.005 < drawn.mean() < 0.1  # a skeleton on grey


def test_without_a_model_it_fails(tmp_path):
    done = run('--videosrc', CLIP, '--model', '/no/such.tflite', '--output', tmp_path / 'out.png',
               status=1)
    assert len(messages(done)) == 1
    assert os.listdir(str(tmp_path)) == []


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_is_a_normal_end(tmp_path, number):
    """The video that was written plays, and the store and the log are whole."""
    with open(str(tmp_path / 'stderr.txt'), 'w') as stderr:
        demo = subprocess.Popen(
            command('--videosrc', CLIP, '--realtime', '--output', 'out.mp4', '--store', 'visits.db',
                    '--log', 'log.jsonl'), cwd=str(tmp_path), env=ENVIRONMENT, stderr=stderr)
    log = tmp_path / 'log.jsonl'
    wait_for(lambda: log.exists() and log.read_text().count('\n') > 20)
    began = time.monotonic()
    demo.send_signal(number)
    assert demo.wait(20) == 0
    assert time.monotonic() - began < 5
    assert 'Traceback' not in (tmp_path / 'stderr.txt').read_text()
    assert len(frames_of(tmp_path / 'out.mp4')) >= 20
    assert log.read_text().endswith(']}\n')
    assert not [name for name in os.listdir(str(tmp_path)) if '-wal' in name]
    (_, begun, ended, *_), = everything(tmp_path / 'visits.db')['runs']
    assert ended - begun > 600  # the frames of 0.6 s or more, which no flush had stored before


def test_a_terminal_that_is_closed_is_a_normal_end(tmp_path):
    """As when ssh is gone: nothing can be written to stderr any more."""
    terminal, end = pty.openpty()
    demo = subprocess.Popen(
        command('--videosrc', LOG, '--realtime', '--headless', '--store', 'visits.db', '--log',
                'log.jsonl'), cwd=str(tmp_path), env=ENVIRONMENT, stdin=end, stdout=end,
        stderr=end, start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
    os.close(end)
    log = tmp_path / 'log.jsonl'
    wait_for(lambda: log.exists() and log.read_text().count('\n') > 20)
    os.close(terminal)
    assert demo.wait(20) == 0
    assert len(everything(tmp_path / 'visits.db')['runs']) == 1
    assert log.read_text().endswith(']}\n')


def test_a_window_is_needed_or_another_output(tmp_path):
    done = run('--videosrc', CLIP, status=1)
    assert [line[:7] for line in messages(done)] == ['error: ']


def test_it_ends_with_its_service(tmp_path):
    with running(tmp_path, '--videosrc', '/dev/video77', '--wait', '--headless') as stderr:
        wait_for(lambda: 'camera lost since' in stderr())


def test_the_service_file_is_one(tmp_path):
    analyze = shutil.which('systemd-analyze') or pytest.skip('no systemd-analyze')
    with open(os.path.join(ROOT, 'anonymizer.service')) as file:
        unit = file.read()
    python = re.search(r'ExecStart=(\S+)', unit).group(1)
    folder = re.search(r'WorkingDirectory=(\S+)', unit).group(1)
    path = tmp_path / 'anonymizer.service'
    path.write_text(unit.replace(python, sys.executable).replace(folder, ROOT))
    done = subprocess.run([analyze, 'verify', str(path)], capture_output=True, text=True)
    assert [line for line in done.stderr.splitlines() if 'anonymizer' in line] == []
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize('arguments', [
    ['--background-delay', '-1'], ['--background-delay', 'nan'], ['--keep', 'long'],
    ['--show-live-while-waiting', '--serve', '0'],
    ['--show-live-while-waiting', '--output', 'a.mp4'], ['--settle-doubts', '--serve', '0'],
    ['--settle-doubts', '--output', 'a.mp4'], ['--settle-doubts', '--headless'],
    ['--settle-doubts', '--no-background']])
def test_wrong_usage_is_status_2(arguments):
    said = run(*arguments, status=2).stderr
    assert said.startswith('error: ') and said.count('\n') == 1


def test_help_names_its_options():
    text = run('--help').stdout
    assert 'python3 anonymizer.py --mirror' in text
    assert all(option in text for option in (
        '--background-delay', '--no-background', '--show-live-while-waiting', '--store', '--keep'))
