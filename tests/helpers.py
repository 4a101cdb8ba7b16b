"""What the tests share: where models, photographs and reference results are, and processes."""
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
from typing import Any, List

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TESTS = os.path.join(ROOT, 'tests')
SHARED = os.path.join(os.path.dirname(ROOT), 'shared')
DATA = os.path.join(TESTS, 'data')
# Where in DATA, which tests/download.py fills, the files of a folder of SHARED are.
DATA_FOLDERS = {'photos': 'test_data', 'reference': 'test_data',
                'models/components': 'models/mobilenet/components'}
DOWNLOAD = 'sh install_requirements.sh --dev'  # gets what is missing, where the network allows it
SIZES = ('353_481', '481_641', '721_1281')  # height and width of Google's models


def shared(*parts: str) -> str:
    """A file that the repository does not have: from DATA, or of ../shared; else the test is
    skipped.
    """
    *folders, name = parts
    downloaded = os.path.join(DATA, DATA_FOLDERS.get('/'.join(folders), 'none'), name)
    paths = [downloaded, os.path.join(SHARED, *parts)]
    for path in paths:
        if os.path.exists(path):
            return path
    return pytest.skip(f'no {"/".join(parts)}: {DOWNLOAD}' if _is_listed(downloaded) else
                       f'no ../shared/{"/".join(parts)}')


def _is_listed(path: str) -> bool:
    """Whether tests/download.py would download a file of DATA."""
    with open(os.path.join(DATA, 'SIZES')) as file:
        return os.path.relpath(path, DATA) in file.read().split()


def model(name: str) -> str:
    """One of Google's models, as installed or as in ../shared; else the test is skipped."""
    for path in (os.path.join(ROOT, 'models', 'mobilenet', name),
                 os.path.join(SHARED, 'models', name)):
        if os.path.exists(path):
            return path
    return pytest.skip(f'no {name}: {DOWNLOAD}')


def bundled_model(size: str = SIZES[0]) -> str:
    """The model of a size as in SIZES that is in the repository, and found in every clone."""
    return os.path.join(ROOT, 'models', 'rendered',
                        f'posenet_rendered_mobilenet_v1_075_{size}_quant_decoder.tflite')


def google_model(size: str, ending: str = '') -> str:
    """Google's model of a size as in SIZES; ending '_edgetpu' for the Edge TPU's."""
    return model(f'posenet_mobilenet_v1_075_{size}_quant_decoder{ending}.tflite')


def run_sanitized(arguments: List[str]) -> 'subprocess.CompletedProcess[bytes]':
    """Runs a Python script in a process that has the address sanitizer loaded."""
    libraries = [subprocess.run(['g++', f'-print-file-name={name}'], stdout=subprocess.PIPE,
                                check=True).stdout.decode().strip()
                 for name in ('libasan.so', 'libstdc++.so')]
    env = dict(os.environ, LD_PRELOAD=' '.join(libraries), ASAN_OPTIONS='detect_leaks=0',
               PYTHONPATH=ROOT)
    return subprocess.run([sys.executable, *arguments], env=env, capture_output=True)


def need(program: str) -> str:
    """The path of a program; the test is skipped where it is missing."""
    return shutil.which(program) or pytest.skip(f'no {program}: {DOWNLOAD}')


def need_package(name: str) -> None:
    """Skips the test where a package is not installed, without importing it: OpenVINO sends an
    event at its import, unless the engine imports it.
    """
    if importlib.util.find_spec(name) is None:
        pytest.skip(f'no {name}: {DOWNLOAD}', allow_module_level=True)


def wait_for(condition: Any, seconds: float = 60) -> Any:
    """Waits until a condition holds; returns its value."""
    end = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        assert time.monotonic() < end, 'it took too long'
        time.sleep(0.05)


def children(process: 'subprocess.Popen[bytes]') -> List[int]:
    """The ids of a process's children, whichever of its threads started them; Linux only."""
    found = set()
    for thread in os.listdir(f'/proc/{process.pid}/task'):
        with open(f'/proc/{process.pid}/task/{thread}/children') as file:
            found.update(map(int, file.read().split()))
    return list(found)


def default_signals() -> None:
    """Undoes what nohup and background jobs of a shell do to their children; a preexec_fn."""
    for number in (signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
