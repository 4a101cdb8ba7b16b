"""No script writes what the camera sees to a disk when it crashes, and neither do its helpers."""
import glob
import os
import re
import resource
import signal
import subprocess
import sys
from typing import Any

from helpers import ROOT, children, need, wait_for

import pytest

CLIP = os.path.join(ROOT, 'samples', 'three_people.jsonl')
PIPE = 'the system pipes core dumps to a program'
PR_GET_DUMPABLE = 3


def cores_allowed() -> None:
    """The limits of a system that collects core dumps; a preexec_fn."""
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))


def crashed(tmp_path: Any, script: str, *options: str) -> bool:
    """Whether a script that shows frames dumps core when it aborts."""
    video = tmp_path / 'out.avi'
    demo = subprocess.Popen(
        [sys.executable, os.path.join(ROOT, script), '--videosrc', CLIP, '--realtime', '--output',
         str(video), *options], cwd=str(tmp_path), preexec_fn=cores_allowed,
        stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: demo.poll() is not None or video.exists() and video.stat().st_size)
    finally:
        os.kill(demo.pid, signal.SIGABRT)
        _, status = os.waitpid(demo.pid, 0)
        demo.returncode = -signal.SIGABRT
    assert os.WTERMSIG(status) == signal.SIGABRT
    found = glob.glob(str(tmp_path / 'core*'))
    for path in found:
        os.unlink(path)
    return bool(found) or os.WCOREDUMP(status)


@pytest.mark.parametrize('script, options', [
    ('pose_camera.py', []), ('pose_camera.py', ['--skeleton-only']), ('anonymizer.py', []),
    ('synthesizer.py', ['--mute'])])
def test_a_crash_leaves_no_core(tmp_path, script, options):
    need('ffmpeg')
    assert not crashed(tmp_path, script, *options)


def test_developers_may_have_one(tmp_path):
    """This also shows that the test above can fail."""
    need('ffmpeg')
    if resource.getrlimit(resource.RLIMIT_CORE)[1] == 0:
        pytest.skip('no core dumps on this machine')
    with open('/proc/sys/kernel/core_pattern') as pattern:
        if pattern.read(1) == '|':
            pytest.skip(PIPE)
    assert crashed(tmp_path, 'pose_camera.py', '--allow-core-dumps')


def test_the_processes_that_a_demo_starts_dump_nothing_either(tmp_path):
    """Whatever the system does with core dumps: a limit of 0, and if they are piped to a program
    in spite of it, nothing of the memory.
    """
    need('ffmpeg')
    video = tmp_path / 'out.avi'
    demo = subprocess.Popen(
        [sys.executable, os.path.join(ROOT, 'pose_camera.py'), '--videosrc', CLIP, '--realtime',
         '--output', str(video), '--serve', '0'], preexec_fn=cores_allowed,
        stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: demo.poll() is not None or video.exists() and video.stat().st_size)
        processes = [demo.pid, *children(demo)]
        names = set()
        for pid in processes:
            with open(f'/proc/{pid}/limits') as limits:
                assert re.search(r'Max core file size\s+0\s+0', limits.read())
            with open(f'/proc/{pid}/coredump_filter') as memory:
                assert int(memory.read(), 16) == 0
            with open(f'/proc/{pid}/comm') as name:
                names.add(name.read().strip())
        assert len(processes) == 3  # the demo, the server for browsers, ffmpeg
        assert 'ffmpeg' in names
    finally:
        demo.terminate()
        assert demo.wait(10) == 0


def test_a_script_is_not_dumpable():
    """On Linux it is then not even piped to a program."""
    code = ('import ctypes\n'
            'from posesuite import script\n'
            'script.run(lambda _: None, None)\n'
            f'print(ctypes.CDLL(None).prctl({PR_GET_DUMPABLE}, 0, 0, 0, 0))')
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True,
                          env=dict(os.environ, PYTHONPATH=ROOT))
    assert done.stdout == '0\n', done.stderr


def test_every_script_forbids_them():
    scripts = [path for path in glob.glob(os.path.join(glob.escape(ROOT), '*.py'))
               if os.path.basename(path) not in ('setup.py', 'noxfile.py', 'pose_engine.py')]
    assert len(scripts) == 10
    for path in scripts:
        with open(path) as file:
            assert re.search(r'\bscript\.(run|protect)\(', file.read()), path
