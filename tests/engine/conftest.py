"""A stand-in for the Edge TPU's library, and Python processes that find it.

edgetpu_stand_in/ is compiled to a libedgetpu.so.1 that the engine finds as it finds the real one.
It computes with the CPU file of the same network, so the poses are known.
"""
import ctypes
import json
import os
import shutil
import subprocess
import sys
from typing import Any, List

from helpers import DOWNLOAD, ROOT
from stand_ins import STAND_IN, build_library, build_model

import pytest

PHOTO = os.path.join(ROOT, 'samples', 'couple.jpg')  # two people
# What every child begins with: its arguments are the photograph and the model files.
PRELUDE = """
import json, logging, os, sys
from PIL import Image
from posesuite.engine.device import EngineError
from pose_engine import PoseEngine

photo, *models = sys.argv[1:]


def detect(engine):
    image = Image.open(photo).convert('RGB').resize(engine.input_size, Image.NEAREST)
    return engine.DetectPosesInImage(image)[0]


def as_lists(poses):
    return [[pose.score, [[*point, score] for point, score in pose.keypoints.values()]]
            for pose in poses]

"""


def compiler() -> str:
    """The system's C++ compiler; the test is skipped where there is none."""
    found = next(filter(shutil.which, ('c++', 'g++', 'clang++')), None)
    return found or pytest.skip(f'no C++ compiler: {DOWNLOAD}')


@pytest.fixture(scope='session')
def library(tmp_path_factory: Any) -> str:
    """The folder with the stand-in's libedgetpu.so.1."""
    if not sys.platform.startswith('linux') or sys.maxsize < 2**32:
        pytest.skip('the stand-in is for Linux on 64 bits')
    folder = str(tmp_path_factory.mktemp('library'))
    build_library(compiler(), folder)
    return folder


@pytest.fixture(scope='session')
def edgetpu_model(tmp_path_factory: Any) -> str:
    """A model for the stand-in, with its file for the CPU beside it: the bundled one."""
    pytest.importorskip('tflite_files')
    return build_model(str(tmp_path_factory.mktemp('models')))


class Child:
    """A Python of its own that uses the engine. stderr: what the last one wrote there."""

    def __init__(self, log: str, library: str) -> None:
        self._log, self._library, self.stderr = log, library, ''

    def run(self, code: str, *models: str, status: int = 0, photo: str = PHOTO,
            **settings: str) -> List[Any]:
        """Runs code after PRELUDE; returns what it printed, a line of JSON each.

        settings: the stand-in's, as in EDGETPU_STAND_IN_DEVICES.
        """
        printed = self.run_program('-c', PRELUDE + code, photo, *models, status=status,
                                   **settings)
        return [json.loads(line) for line in printed.splitlines()]

    def start(self, *command: str, **settings: str) -> 'subprocess.Popen[str]':
        """Starts Python with these arguments."""
        env = {name: value for name, value in os.environ.items()
               if not name.startswith(('EDGETPU_STAND_IN', 'PYTHONFAULTHANDLER'))}
        env.update({'EDGETPU_STAND_IN_' + name.upper(): value for name, value in settings.items()},
                   EDGETPU_STAND_IN_LOG=self._log,
                   EDGETPU_STAND_IN_MODELS=next(
                       (os.path.dirname(part) for part in command
                        if part.endswith('_edgetpu.tflite')), ''),
                   LD_LIBRARY_PATH=os.pathsep.join(
                       filter(None, [self._library, os.environ.get('LD_LIBRARY_PATH')])),
                   PYTHONPATH=os.pathsep.join(
                       filter(None, [ROOT, STAND_IN, os.environ.get('PYTHONPATH')])))
        return subprocess.Popen(
            [sys.executable, *command], env=env, cwd=os.path.dirname(self._log),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run_program(self, *command: str, status: int = 0, **settings: str) -> str:
        """Runs Python with these arguments; returns what it printed."""
        with self.start(*command, **settings) as process:
            printed, self.stderr = process.communicate(timeout=600)
        assert process.returncode == status, self.stderr
        return printed

    def device_log(self) -> List[str]:
        """What the stand-in was asked to do, in order."""
        try:
            with open(self._log) as file:
                return file.read().splitlines()
        except FileNotFoundError:
            return []


@pytest.fixture
def child(tmp_path: Any, library: str) -> Child:
    """A child that finds the stand-in."""
    return Child(str(tmp_path / 'log'), library)


@pytest.fixture(params=['missing', 'damaged', 'another'])
def child_without_library(request: Any, tmp_path: Any) -> Child:
    """A child that finds no library, one that does not load, or one that is no delegate."""
    if request.param == 'damaged':
        (tmp_path / 'libedgetpu.so.1').write_text('half a download')
    elif request.param == 'another':
        subprocess.run([compiler(), '-shared', '-x', 'c', '/dev/null',
                        '-o', str(tmp_path / 'libedgetpu.so.1')], check=True, timeout=60)
    else:
        try:
            ctypes.CDLL('libedgetpu.so.1')
            pytest.skip('this machine has the library')
        except OSError:
            pass
    return Child(str(tmp_path / 'log'), str(tmp_path))
