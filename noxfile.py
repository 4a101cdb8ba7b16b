"""The tests on further Pythons and runtimes that the suite serves, the training, and Spark: nox.

The README's own command runs all tests on the Python that is at hand; here are those whose result
depends on the Python or on the runtime.
"""
import pathlib
import re
from typing import List

import nox

nox.options.default_venv_backend = 'venv'  # virtualenv no longer makes one for Python 3.7
# What depends on the Python: imports, --help, ctypes, decoding, SQLite, JSON, asyncio, MIDI.
PYTHON_TESTS = ['tests/test_every_python.py', 'tests/test_simple_pose.py', 'tests/test_script.py',
                'tests/test_language.py',
                *(f'tests/engine/test_{name}.py' for name in (
                    'device', 'engine', 'extras', 'family', 'image', 'keypoint_rcnn', 'listed',
                    'model_file', 'onnx', 'openvino', 'posenet', 'rtmpose', 'yolo')),
                *(f'tests/pose/test_{name}.py' for name in (
                    'body', 'export', 'json_poses', 'log', 'skeleton')),
                *(f'tests/camera/test_{name}.py' for name in ('pictures', 'pose_logs', 'videos')),
                *(f'tests/display/test_web_{name}.py' for name in ('door', 'requests', 'server')),
                *(f'tests/serving/test_{name}.py' for name in ('api', 'server', 'turns')),
                *(f'tests/music/test_{name}.py' for name in ('midi_file', 'performance', 'sound')),
                'tests/publish',
                *(f'tests/visits/test_{name}.py' for name in (
                    'areas', 'database', 'floor', 'hours', 'live', 'measure', 'plots', 'queries',
                    'recorder', 'report', 'routes', 'row_queue', 'store', 'store_faults',
                    'tables'))]
# What depends on the runtime: the engine with the op and with an Edge TPU's delegate. The decoder's
# mathematics under sanitizers (tests/engine/test_decoder.py) has no runtime.
RUNTIME_TESTS = ['tests/test_every_python.py',
                 *(f'tests/engine/test_{name}.py' for name in (
                     'decoder_op', 'device', 'edgetpu', 'engine', 'family', 'image', 'model_file',
                     'posenet'))]


# Many inferences: 3.7 has the older runtime, by which a network takes several times as long, and
# with which they run on 3.11.
NETWORK_TESTS = ['tests/engine/test_engine.py', 'tests/engine/test_posenet.py']
# What does not, and takes long: C++ under sanitizers, and SIGKILL, which SQLite's files survive.
ONCE = ['-k', 'not sanitizers and not killed_200_times']
# Networks of three processes on two cores wait for each other's threads.
PYTEST = ['python', '-m', 'pytest', '-n', '2']


@nox.session(python=['3.7', '3.13'])
def tests(session: nox.Session) -> None:
    """With the runtime that requirements.txt takes for this Python."""
    session.install('-q', '-r', 'requirements-dev.txt')
    names = [name for name in PYTHON_TESTS if session.python != '3.7' or name not in NETWORK_TESTS]
    session.run(*PYTEST, *(session.posargs or [*ONCE, *names]))


@nox.session(python='3.11')
def tests_tflite_runtime(session: nox.Session) -> None:
    """With the older runtime, where both have wheels."""
    session.install('-q', 'tflite-runtime', 'numpy<2', *_other_requirements())
    session.run(*PYTEST, *(session.posargs or RUNTIME_TESTS))


@nox.session(python='3.11')
def training(session: nox.Session) -> None:
    """The training pipeline, which has needs of its own: PyTorch above all."""
    session.install('-q', '-r', 'training/requirements.txt')
    session.install('-q', 'pillow', 'pytest', 'pytest-xdist')
    session.run(*PYTEST, *(session.posargs or ['tests/training']))


@nox.session(python='3.11')
def spark(session: nox.Session) -> None:
    """The fleet's report by a cluster of Spark, whose package has 450 MB."""
    session.install('-q', 'pyspark>=4', 'numpy', *_other_requirements())
    session.run(*PYTEST, *(
        session.posargs or ['tests/fleet/test_same_numbers.py']))


def _other_requirements() -> List[str]:
    """What the suite and its tests need besides a runtime and NumPy."""
    text = ''.join(pathlib.Path(name).read_text(encoding='utf-8')
                   for name in ('requirements.txt', 'requirements-dev.txt'))
    return [line for line in text.splitlines()
            if re.match('[a-z]', line) and not re.match('(ai-edge|tflite|numpy)', line)]
