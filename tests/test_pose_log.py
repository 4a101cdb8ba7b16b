"""pose_log.py's measure and subject, run as its user runs them."""
import os
import stat
import subprocess
import sys
from typing import Any

from helpers import ROOT, need, wait_for
from posesuite.pose.log import read_log

import pytest

CROSSING = os.path.join(ROOT, 'samples', 'two_crossing.jsonl')


def run(*arguments: Any, status: int = 0, **options: Any) -> 'subprocess.CompletedProcess[str]':
    done = subprocess.run([sys.executable, os.path.join(ROOT, 'pose_log.py'),
                           *map(str, arguments)], capture_output=True, text=True, timeout=120,
                          **options)
    assert done.returncode == status, done.stderr
    return done


def ids(path: Any) -> set:
    return {id for frame in read_log(str(path))[1] for id in frame.people}


def test_measures_as_text_and_csv(tmp_path):
    done = run('measure', CROSSING)
    assert done.stderr == ''
    people = [line for line in done.stdout.splitlines() if line.startswith('person')]
    assert len(people) == 2
    assert done.stdout.count('steps a minute') == 2
    output = tmp_path / 'a.csv'
    assert run('measure', CROSSING, '--csv', output).stdout == done.stdout
    assert stat.S_IMODE(output.stat().st_mode) == 0o600
    rows = output.read_text().splitlines()
    assert rows[0].startswith('frame,time,id,arm_span_to_height,arm_span_to_height_deviation,')
    assert len(rows) == 1 + sum(len(frame.people) for frame in read_log(CROSSING)[1])
    printed = run('measure', CROSSING, '--csv')
    assert printed.stdout == output.read_text()
    assert 'gait: ' in printed.stderr


def test_one_person_in_all_frames(tmp_path):
    output = tmp_path / 'one.jsonl'
    done = run('subject', CROSSING, output)
    assert done.stderr == 'person 1 is in 231 frames\n'
    assert ids(output) == {1}
    assert stat.S_IMODE(output.stat().st_mode) == 0o600
    assert run('subject', CROSSING).stdout == output.read_text()
    run('subject', CROSSING, output, '--id', 0)
    assert ids(output) == {0}


def test_a_click_by_its_place(tmp_path):
    output = tmp_path / 'one.jsonl'
    frame = next(frame for frame in read_log(CROSSING)[1] if frame.time >= 4)
    assert len(frame.people) == 2
    for id, pose in frame.people.items():
        nose = pose.keypoints[0].point
        run('subject', CROSSING, output, '--click', f'{nose.x:.0f},{nose.y:.0f}', '--at',
            frame.time)
        assert ids(output) == {id}
    error, = run('subject', CROSSING, output, '--click', '5,5', status=1).stderr.splitlines()
    assert 'nobody was chosen' in error


def test_a_click_in_a_window(screen, tmp_path):
    need('xdotool')
    output = tmp_path / 'one.jsonl'
    demo = subprocess.Popen([sys.executable, os.path.join(ROOT, 'pose_log.py'), 'subject', CROSSING,
                             str(output), '--click', '--at', '4'], env=screen,
                            stderr=subprocess.PIPE, text=True)

    def xdotool(*command: str) -> str:
        return subprocess.run(['xdotool', *command], env=screen, capture_output=True,
                              text=True).stdout

    window = wait_for(lambda: xdotool('search', '--onlyvisible', '--name', '^pose_log$')).split()[0]
    frame = next(frame for frame in read_log(CROSSING)[1] if frame.time >= 4)
    id, pose = next(iter(frame.people.items()))
    hip = pose.keypoints[11].point

    def clicked() -> bool:
        xdotool('mousemove', '--window', window, f'{hip.x:.0f}', f'{hip.y:.0f}', 'click', '1')
        return demo.poll() is not None

    wait_for(clicked)
    assert demo.returncode == 0, demo.communicate()[1]
    assert ids(output) == {id}


@pytest.mark.parametrize('arguments, status, said', [
    (['subject', CROSSING, '--id', '7'], 1, 'has no person 7; it has'),
    (['subject', CROSSING, CROSSING], 2, 'would overwrite'),
    (['subject', CROSSING, '--id', '1', '--longest'], 2, 'not allowed with'),
    (['subject', CROSSING, '--click', '5'], 2, 'X,Y'),
    (['measure', CROSSING, '--csv', CROSSING], 2, 'would overwrite'),
    (['measure', 'no such'], 1, 'no such'),
    (['subject', os.path.join(ROOT, 'samples', 'couple.jpg')], 1, 'pose log')])
def test_what_is_wrong_is_one_line(arguments, status, said):
    error, = run(*arguments, status=status).stderr.splitlines()
    assert error.startswith('error: ') and said in error
