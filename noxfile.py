"""The tests on further Pythons and runtimes that the suite serves, and the training: nox.

The README's own command runs all tests on the Python that is at hand; here are those whose result
depends on the Python or on the runtime.
"""
import pathlib
import re
from typing import List

import nox

nox.options.default_venv_backend = 'venv'  # virtualenv no longer makes one for Python 3.7
# Imports, --help, decoding, SQLite, MIDI files, JSON, subprocesses.
PYTHON_TESTS = ['tests/test_every_python.py', 'tests/test_simple_pose.py', 'tests/test_script.py',
                'tests/engine', 'tests/pose', 'tests/camera/test_videos.py',
                'tests/camera/test_pictures.py', 'tests/camera/test_pose_logs.py', 'tests/music',
                'tests/visits']
RUNTIME_TESTS = ['tests/test_every_python.py', 'tests/test_simple_pose.py', 'tests/engine']


@nox.session(python=['3.7', '3.9', '3.13'])
def tests(session: nox.Session) -> None:
    """With the runtime that requirements.txt takes for this Python."""
    session.install('-q', '-r', 'requirements-dev.txt')
    session.run('python', '-m', 'pytest', *(session.posargs or PYTHON_TESTS))


@nox.session(python='3.11')
def tests_tflite_runtime(session: nox.Session) -> None:
    """With the older runtime, where both have wheels."""
    session.install('-q', 'tflite-runtime', 'numpy<2', *_other_requirements())
    session.run('python', '-m', 'pytest', *(session.posargs or RUNTIME_TESTS))


@nox.session(python='3.11')
def training(session: nox.Session) -> None:
    """The training pipeline, which has needs of its own: PyTorch above all."""
    session.install('-q', '-r', 'training/requirements.txt')
    session.install('-q', 'pillow', 'pytest', 'pytest-xdist')
    session.run('python', '-m', 'pytest', *(session.posargs or ['tests/training']))


def _other_requirements() -> List[str]:
    """What the suite and its tests need besides a runtime and NumPy."""
    text = ''.join(pathlib.Path(name).read_text(encoding='utf-8')
                   for name in ('requirements.txt', 'requirements-dev.txt'))
    return [line for line in text.splitlines()
            if re.match('[a-z]', line) and not re.match('(ai-edge|tflite|numpy)', line)]
