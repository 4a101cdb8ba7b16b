"""Checks of the machine: pycoral, window, cameras."""
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from doctoring import (
    Row,
    examine,
    rows_of,
)

import cv2
import pytest


@pytest.mark.parametrize('files, state, found', [
    (['__init__.py', 'pycoral.py'], '!!', "PyPI's pycoral"),
    (['__init__.py', 'utils/__init__.py', 'utils/edgetpu.py'], 'ok', "Coral's own")])
def test_pycoral(tree: Path, bare_python: str, files: Any, state: str, found: str) -> None:
    for name in files:
        path = tree / 'site' / 'pycoral' / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('raise SystemExit("doctor.py must not run this")\n')
    _, rows = examine(tree, 'pycoral', python=bare_python, PYTHONPATH=str(tree / 'site'))
    assert rows['pycoral'].state == state
    assert found in rows['pycoral'].found
    assert ('pip uninstall pycoral' in rows['pycoral'].cure) == (state == '!!')


@pytest.mark.skipif(sys.platform != 'linux', reason='$DISPLAY is of Linux')
def test_display(tree: Path) -> None:
    has_windows = not any(line.split() == ['GUI:', 'NONE']
                          for line in cv2.getBuildInformation().splitlines())
    row = examine(tree, 'window')[1]['window']
    assert row.state == '--'
    assert ('$DISPLAY' in row.found) == has_windows
    assert ('headless' in row.found) != has_windows
    assert 'simple_pose.py --output' in row.cure
    status, rows = examine(tree, 'window', DISPLAY=':4242')
    assert status == 0
    assert rows['window'].state == ('!!' if has_windows else '--')


def test_cameras(tree: Path) -> None:
    for video, name in (('video0', 'HD Webcam\n'), ('video10', 'codec\033[31m'), ('video2', None)):
        (tree / 'dev').mkdir(exist_ok=True)
        (tree / 'dev' / video).write_text('')
        if name:
            folder = tree / 'sys' / 'class' / 'video4linux' / video
            folder.mkdir(parents=True)
            (folder / 'name').write_text(name)

    def cameras() -> Row:
        code = ('import sys; from posesuite.checks import show; '
                'from posesuite.checks.machine import check_cameras; '
                'print(show("cameras", check_cameras(sys.argv[1])))')
        process = subprocess.run([sys.executable, '-c', code, str(tree)], cwd=str(tree),
                                 check=True, stdout=subprocess.PIPE, text=True)
        return rows_of(process.stdout)['cameras']

    assert cameras() == ('ok', 'HD Webcam: /dev/video0 without a name: /dev/video2 '
                               'codec?[31m: /dev/video10', '')
    (tree / 'dev' / 'video2').chmod(0)
    if os.geteuid():  # for root every file is open
        assert cameras().state == '!!'
        assert 'usermod -aG video' in cameras().cure


def test_what_demos_publish_by(tree: Path, bare_python: str) -> None:
    (tree / 'site' / 'paho').mkdir(parents=True)
    (tree / 'site' / 'paho' / '__init__.py').touch()
    _, rows = examine(tree, 'publish', python=bare_python, PYTHONPATH=str(tree / 'site'))
    row = rows['publish']
    assert (row.state, row.found) == ('--', '--publish osc:// needs python-osc')
    assert row.cure.endswith('-m pip install python-osc')
