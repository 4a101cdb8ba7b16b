"""No pixel of the camera is written: not to a file, a log, a database, and not by a crash."""
import contextlib
import glob
import os
import re
import resource
import shutil
import signal
import subprocess
import tempfile
from typing import Iterator

from canary import (
    CHECKING,
    EMPTY,
    ENVIRONMENT,
    GREY,
    PLANTED,
    SET,
    assert_no_canary,
    command,
    frames_of,
    is_planted,
    messages,
    run,
)
from helpers import wait_for

import cv2
import numpy as np
import pytest


def test_the_search_finds_what_is_there(tmp_path, canaries):
    planted = cv2.imread(os.path.join(canaries, f'{EMPTY:04}.png'))
    assert is_planted(planted)
    assert is_planted(cv2.imdecode(cv2.imencode('.jpg', planted)[1], 1))
    assert not is_planted(cv2.imread(os.path.join(canaries, '0000.png')))
    (tmp_path / 'core').write_bytes(b'x' * 1000 + np.ascontiguousarray(
        planted[:, :, ::-1]).tobytes())
    with pytest.raises(AssertionError):
        assert_no_canary(tmp_path)


def test_nothing_of_the_camera_is_kept(tmp_path, canaries, room):
    done = run('--videosrc', canaries, '--output', tmp_path / 'out.avi', '--log',
               tmp_path / 'log.jsonl', '--store', tmp_path / 'visits.db', cwd=str(tmp_path),
               stdin=subprocess.DEVNULL)
    lines = messages(done)
    assert lines[0] == CHECKING
    assert lines[-1].startswith(SET)  # what else is said depends on the network
    images = frames_of(tmp_path / 'out.avi')
    assert len(images) == EMPTY + PLANTED
    assert not any(map(is_planted, images))
    assert (images[0][:400] == GREY).mean() > 0.99
    assert np.abs(images[-1][:400].astype(int) - room[:400]).mean() < 8  # the room, and no more
    assert_no_canary(tmp_path, done.stderr.encode(), done.stdout.encode())
    with open(str(tmp_path / 'log.jsonl')) as log:
        assert len(log.readlines()) == 1 + EMPTY + PLANTED


@pytest.mark.parametrize('end', [signal.SIGKILL, signal.SIGSEGV])
def test_nothing_is_left_by_a_crash(tmp_path, canaries, end):
    with cores_allowed(), open(str(tmp_path / 'stderr'), 'wb') as stderr:
        demo = subprocess.Popen(
            command('--videosrc', canaries, '--picture-time', 0.1, '--serve', 0, '--log',
                    'log.jsonl', '--store', 'visits.db', '--no-background'),
            cwd=str(tmp_path), stderr=stderr, stdout=stderr, env=ENVIRONMENT)
    try:
        wait_for(lambda: last_frame(tmp_path / 'log.jsonl') > EMPTY + 10)
        with open('/proc/%d/limits' % demo.pid) as limits:
            assert re.search(r'Max core file size\s+0\s+0', limits.read())
    finally:
        os.kill(demo.pid, end)
        _, status = os.waitpid(demo.pid, 0)
        demo.returncode = -end
    assert os.WTERMSIG(status) == end
    assert not os.WCOREDUMP(status)
    assert not glob.glob(str(tmp_path / 'core*'))
    assert_no_canary(tmp_path)


def last_frame(path: object) -> int:
    """The number of the last frame in a log, -1 without one."""
    with contextlib.suppress(FileNotFoundError), open(str(path)) as log:
        return max(map(int, re.findall('"frame":([0-9]+)', log.read())), default=-1)
    return -1


@contextlib.contextmanager
def cores_allowed() -> Iterator[None]:
    """The limits of a system that collects core dumps."""
    limits = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (limits[1], limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_CORE, limits)


def test_only_what_is_asked_for_is_written(tmp_path, canaries):
    """By the system calls; Python's own caches are switched off."""
    strace = shutil.which('strace') or pytest.skip('no strace')
    trace = str(tmp_path / 'trace')
    done = subprocess.run(
        [strace, '-f', '-qq', '-o', trace, '-e',
         'trace=openat,creat,memfd_create',
         *command('--videosrc', canaries, '--headless', '--log', tmp_path / 'log.jsonl',
                  '--store', tmp_path / 'visits.db', '--frames', EMPTY + 10)],
        capture_output=True, env=ENVIRONMENT, cwd=str(tmp_path))
    if b'PTRACE' in done.stderr:
        pytest.skip('strace may not trace here')
    assert done.returncode == 0, done.stderr
    assert SET in done.stderr.decode()
    with open(trace) as file:
        lines = file.read().splitlines()
    assert len(lines) > 100
    assert not [line for line in lines if re.search(r'memfd_create|creat\(', line)]
    writing = [re.search(r'"([^"]*)"', line).group(1) for line in lines
               if re.search('O_WRONLY|O_RDWR|O_CREAT|O_TMPFILE', line) and '= -1' not in line]
    log = writing.index(str(tmp_path / 'log.jsonl'))
    # Before there is a frame, what the runtime says at its start is kept for a moment.
    folder = tempfile.gettempdir()
    written = {path for i, path in enumerate(writing)
               if path not in ('/dev/null', '/proc/self/coredump_filter')
               and (i > log or folder not in (path, os.path.dirname(path)))}
    assert {re.sub(r'(visits\.db)(-wal|-shm|-journal)$', r'\1', path) for path in written} == {
        str(tmp_path / 'log.jsonl'), str(tmp_path / 'visits.db')}
