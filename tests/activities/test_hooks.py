"""posesuite/activities/hooks.py: commands for events, which no frame waits for."""
import logging
import os
import sys
import time

from helpers import wait_for
from posesuite.activities import hooks
from posesuite.activities.hooks import Hooks, command, filled
from posesuite.pose.event import Event

import pytest

FALL = Event('fall', 3, 12.5)


def script(folder, text: str):
    """The words of a Python program of one line with an event's placeholders."""
    path = folder / 'hook.py'
    path.write_text(text)
    return [sys.executable, str(path)]


def test_placeholders_are_filled_word_by_word():
    words = command('echo "{event} of {id}" {time} {count}{value} {"a": "{event}"} {other}')
    assert filled(words, FALL) == ['echo', 'fall of 3', '12.500', '', '{a:', 'fall}', '{other}']
    assert filled(['echo', '{id}:{count}'], Event('crowd', None, 0.0, 2.0, 7)) == ['echo', ':7']


@pytest.mark.parametrize('name', ['a b; rm -rf /', '$(touch x)', "'", '{id}', '*'])
def test_no_label_becomes_more_than_a_part_of_a_word(name):
    assert filled(['echo', '{event}'], Event(name, 1, 0.0)) == ['echo', name]


def test_no_label_becomes_an_option():
    assert filled(['echo', '{event}'], Event('--output=x', 1, 0.0)) == ['echo', 'output=x']


@pytest.mark.parametrize('line', ['', '   ', 'echo "', '{event}', '/no/such/program', 'echo\0'])
def test_a_command_that_cannot_be_run_is_refused(line):
    with pytest.raises(ValueError, match='must|there is no'):
        command(line)


def test_every_event_is_run_without_a_shell(tmp_path):
    words = script(tmp_path, f'import sys; open({str(tmp_path / "said")!r}, "a").write('
                             'repr(sys.argv[1:]) + "\\n")')
    with Hooks([*words, '{event};{id}', '$HOME']) as run:
        run.run([FALL])
        wait_for(lambda: (tmp_path / 'said').exists())
        run.run([Event('squat', 1, 3.0, .9, 2)])
    assert (tmp_path / 'said').read_text().splitlines() == [
        "['fall;3', '$HOME']", "['squat;1', '$HOME']"]


def test_no_frame_waits_and_few_run_at_once(tmp_path, caplog, monkeypatch):
    monkeypatch.setattr(hooks, 'CLOSE_TIMEOUT', .2)
    words = script(tmp_path, f'import os, time; open(os.path.join({str(tmp_path)!r}, "run_%d" % '
                             'os.getpid()), "w"); time.sleep(20)')
    begin = time.monotonic()
    run = Hooks(words, timeout=1.5)
    for _ in range(60):
        run.run([FALL])
    assert time.monotonic() - begin < .5
    wait_for(lambda: len(list(tmp_path.glob('run_*'))) == hooks.RUNNING)
    time.sleep(.3)
    assert len(list(tmp_path.glob('run_*'))) == hooks.RUNNING
    run.close()
    said = [record.getMessage() for record in caplog.records]
    assert sum('wait for --on-event' in text for text in said) == 1
    assert sum('was not run for' in text for text in said) == 1
    assert time.monotonic() - begin < 10


def test_a_command_that_does_not_end_is_ended(tmp_path, caplog):
    words = script(tmp_path, 'import time; time.sleep(60)')
    with Hooks(words, timeout=.3) as run:
        run.run([FALL])
    assert 'was ended after 0.3 seconds' in caplog.text


def test_what_fails_is_said_once(tmp_path, caplog):
    caplog.set_level(logging.WARNING)
    with Hooks(script(tmp_path, 'raise SystemExit(3)')) as run:
        run.run([FALL] * 3)
    assert caplog.text.count('ended with status 3') == 1
    gone = tmp_path / 'gone'
    gone.write_text('#!/bin/sh\n')
    gone.chmod(0o700)
    words = command(str(gone))
    os.unlink(gone)
    with Hooks(words) as run:
        run.run([FALL] * 2)
    assert caplog.text.count('cannot run') == 1
