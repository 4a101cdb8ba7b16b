"""A copy of the suite, and Pythons that lack packages."""
import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Any

from doctoring import copy
from helpers import bundled_model

import cv2
import numpy
import PIL
import pytest

FILES = ['doctor.py', 'pose_engine.py', 'posenet_decoder/posenet_decoder.so', 'models/SHA256SUMS',
         'models/download.py']


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of what doctor.py looks at. Each of Google's models is the bundled one by its name."""
    copy(tmp_path, *FILES)
    (tmp_path / 'models' / 'mobilenet').mkdir()
    names = [line.split()[1] for line in (tmp_path / 'models' / 'SHA256SUMS').open()
             if ' mobilenet/' in line]
    for name in names:
        (tmp_path / 'models' / name).symlink_to(bundled_model())
    digest = hashlib.sha256(Path(bundled_model()).read_bytes()).hexdigest()
    (tmp_path / 'models' / 'SHA256SUMS').write_text(
        ''.join(f'{digest}  {name}\n' for name in names))
    return tmp_path


@pytest.fixture(scope='module')
def bare_python(tmp_path_factory: Any) -> str:
    """A Python without any package."""
    folder = tmp_path_factory.mktemp('bare')
    subprocess.run([sys.executable, '-m', 'venv', '--without-pip', str(folder)], check=True)
    return str(folder / 'bin' / 'python')


@pytest.fixture
def packages_only(tmp_path: Path) -> str:
    """A folder for PYTHONPATH with all the packages at hand but the runtimes and pycoral."""
    folder = tmp_path / 'site'
    folder.mkdir()
    for package in (numpy, cv2, PIL):
        for path in Path(package.__file__).parent.parent.iterdir():
            target = folder / path.name
            if not (target.exists() or path.name.endswith('.pth') or path.name.startswith(
                    ('ai_edge_litert', 'tflite_runtime', 'onnxruntime', 'openvino', 'pycoral'))):
                target.symlink_to(path)
    return str(folder)
