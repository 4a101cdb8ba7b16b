"""--activities and --on-event of every demo, by logs of simulated people, as a user runs them."""
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
from typing import Any, List

import daily_life
import doers
from browsers import Chromium
from helpers import ROOT, bundled_model, need, wait_for
from playing import at, write_log
from posesuite.pose.log import read_log
from sounds import messages_of

import cv2
import numpy as np
import pytest

LISTEN = '''(() => {
  window.written = [];
  const before = pen.fillText;
  pen.fillText = function(...all) { written.push(String(all[0])); before.apply(this, all); };
})()'''
COUPLE = os.path.join(ROOT, 'samples', 'couple.jpg')


def run(name: str, *arguments: Any, status: int = 0) -> 'subprocess.CompletedProcess[str]':
    done = subprocess.run([sys.executable, os.path.join(ROOT, name), *map(str, arguments)],
                          capture_output=True, text=True, timeout=120,
                          env=dict(os.environ, DISPLAY='', WAYLAND_DISPLAY=''))
    assert done.returncode == status, done.stderr
    return done


@pytest.fixture(scope='module')
def log(tmp_path_factory) -> str:
    """A log of somebody who squats three times, and of another who sits down."""
    return doers.record(tmp_path_factory.mktemp('log') / 'a.jsonl',
                        [lambda rng: daily_life.squats(rng, 3), daily_life.sit_down])


@pytest.fixture(scope='module')
def raised(tmp_path_factory) -> str:
    """A log of somebody whose hands are up, down and up again, for two seconds each."""
    people = [at(place, place / 10) for place in (10, 1, 10) for _ in range(60)]
    return write_log(tmp_path_factory.mktemp('log') / 'b.jsonl', people)


def lines(text: str) -> List[Any]:
    return [json.loads(line) for line in text.splitlines()]


def names(events: List[Any]) -> List[str]:
    return [event['event'] for event in events]


def test_events_of_a_log_as_lines_and_in_a_log(log, tmp_path):
    chosen = ['--activities', 'squats', '--activities', 'sitting']
    printed = lines(run('pose_log.py', 'events', log, *chosen).stdout)
    assert names(printed).count('squat') >= 3
    assert 'sitting' in names(printed)
    assert [set(event) for event in printed if event['event'] == 'sitting'] == [
        {'event', 'id', 'time'}]
    again = tmp_path / 'again.jsonl'
    run('pose_camera.py', log, '--headless', '--log', again, *chosen)
    found = [event for frame in read_log(str(again))[1] for event in frame.events]
    assert [(event.event, event.id) for event in found] == [
        (event['event'], event['id']) for event in printed]
    assert lines(run('pose_log.py', 'events', again).stdout) == printed
    assert lines(run('pose_log.py', 'events', log).stdout) == []


def test_a_command_for_each_event(log, tmp_path):
    said = tmp_path / 'said'
    hook = tmp_path / 'hook.sh'
    hook.write_text(f'#!/bin/sh\necho "$1 $2" >> {said}\n')
    hook.chmod(0o700)
    done = run('pose_camera.py', log, '--headless', '--activities', 'sitting', '--on-event',
               f'{hook} {{event}} {{id}}')
    assert done.stderr == ''
    assert said.read_text() == 'sitting 2\n'


def test_labels_are_written_at_the_person(raised, tmp_path):
    pictures = []
    for i, more in enumerate(([], ['--activities', 'hand_raised'])):
        path = tmp_path / f'{i}.png'
        run('pose_camera.py', raised, '--output', path, *more)
        pictures.append(cv2.imread(str(path)).astype(int))
    changed = np.abs(pictures[0] - pictures[1]).max(2) > 60
    rows, columns = np.nonzero(changed[:430])  # the line of text lies below
    assert 50 < changed[:430].sum() < 20000
    pose, = list(read_log(raised)[1])[-1].people.values()
    head = pose.keypoints[0].point
    assert 0 <= columns.min() - head.x < 120
    assert abs(rows.mean() - head.y) < 80


def test_a_browser_shows_labels(raised, tmp_path):
    need('chromedriver')
    need('chromium')
    demo = subprocess.Popen([sys.executable, os.path.join(ROOT, 'pose_camera.py'), raised,
                             '--loop', '--serve', '0', '--activities', 'hand_raised'],
                            stderr=subprocess.PIPE, cwd=str(tmp_path), text=True)
    chromium = Chromium(tmp_path, 800, 600)
    try:
        chromium('/url', url=re.search(r'http\S+', demo.stderr.readline()).group())
        wait_for(lambda: chromium.run('canvas.width') == 640)
        chromium.run(LISTEN)
        wait_for(lambda: chromium.run('written.some(text => isNaN(text))'))
        assert 'hand raised' in chromium.run('written')
    finally:
        chromium.close()
        demo.send_signal(signal.SIGTERM)
        demo.communicate(timeout=20)
    assert demo.returncode == 0


def test_a_picture_says_what_people_do(tmp_path):
    chosen = ['--model', bundled_model(), '--activities', 'standing', '--activities', 'sitting']
    found, = lines(run('simple_pose.py', COUPLE, '--json', *chosen).stdout)
    assert [pose['activities'] for pose in found] == [['standing']] * 2
    assert run('simple_pose.py', COUPLE, *chosen).stdout.count('Activities:  standing') == 2
    plain, = lines(run('simple_pose.py', COUPLE, '--json', *chosen[:2]).stdout)
    assert all('activities' not in pose for pose in plain)


def test_the_anonymizer_stores_what_people_do(log, tmp_path):
    path = tmp_path / 'a.db'
    run('anonymizer.py', log, '--headless', '--store', path, '--activities', 'sitting')
    (visit, _, name, seconds, times, x, y), = sqlite3.connect(str(path)).execute(
        'SELECT visit, min(time), activity, sum(seconds), sum(times), min(x), min(y) '
        'FROM activities').fetchall()
    assert (visit, name, times) == (2, 'sitting', 1)
    assert 2 <= seconds <= 9 and 0 <= x < 16 and 0 <= y < 12


@pytest.mark.usefixtures('synthesizer')
@pytest.mark.parametrize('what, programs', [('flute', [29, 73, 29]), ('blues', [29])])
def test_a_pose_changes_the_instrument_or_the_scale(raised, tmp_path, what, programs):
    run('synthesizer.py', '--videosrc', raised, '--mute', '--headless', '--record',
        tmp_path / 'a.mid', '--activities', 'hand_raised', '--change', 'hand raised', what)
    found = [message.program for _, message in messages_of(tmp_path / 'a.mid')
             if message.type == 'program_change' and message.channel == 0]
    assert found == programs


@pytest.mark.parametrize('name, arguments, said', [
    ('pose_camera.py', ['--on-event', 'echo'], 'needs --activities'),
    ('pose_camera.py', ['--activities', 'fall', '--on-event', 'no-such-program'], 'no program'),
    ('simple_pose.py', ['--activities', 'fall', '--on-event', '{event}'], 'placeholder'),
    ('anonymizer.py', ['--areas', 'a.json'], '--activities'),
    ('synthesizer.py', ['--change', 'a', 'flute'], 'needs --activities'),
    ('synthesizer.py', ['--activities', 'fall', '--change', 'a', 'xyzzy'], 'instrument'),
    ('pose_log.py', ['events', 'a.jsonl', '--on-event', 'echo'], 'needs --activities')])
def test_wrong_usage(name, arguments, said):
    error, = run(name, *arguments, status=2).stderr.splitlines()
    assert error.startswith('error: ') and said in error


@pytest.mark.parametrize('name', ['pose_camera.py', 'simple_pose.py', 'anonymizer.py',
                                  'synthesizer.py', 'pose_log.py'])
def test_a_file_that_is_not_there_or_nonsense_is_one_line(name, tmp_path):
    nonsense = tmp_path / 'x.json'
    nonsense.write_text('{"format": "posesuite-activities", "version": 1, "kind": "rules"}')
    first = ['events', COUPLE] if name == 'pose_log.py' else [COUPLE]
    for activities, said in (('no such', 'shipped'), (nonsense, 'need "rules"')):
        error, = run(name, *first, '--activities', activities, status=1).stderr.splitlines()
        assert error.startswith('error: ') and said in error


def test_the_shipped_files_are_listed():
    listed = run('anonymizer.py', '--activities', 'list').stdout.splitlines()
    assert {'fall', 'sitting', 'plank', 'squats'} <= {line.split()[0] for line in listed}
    assert all(len(line.split()) > 2 for line in listed)
