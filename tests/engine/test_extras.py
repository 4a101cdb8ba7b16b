"""Runtimes that are extras: what a machine without them says, and that they send nothing."""
import importlib.util
import os
import subprocess
import sys
from typing import Any, List

from helpers import ROOT

import pytest


def child(code: str, *arguments: Any, home: Any = None) -> List[str]:
    """The lines that a Python process prints, which must have nothing to say on stderr."""
    env = {name: os.environ[name] for name in ('PATH', 'PYTHONPATH', 'LD_LIBRARY_PATH')
           if name in os.environ}  # without CI, in which these runtimes send nothing
    done = subprocess.run([sys.executable, '-c', code, *map(str, arguments)], cwd=ROOT, text=True,
                          capture_output=True, timeout=120, env={**env, 'HOME': str(home)})
    assert (done.returncode, done.stderr) == (0, '')
    return done.stdout.splitlines()


@pytest.mark.parametrize('ending, package', [('onnx', 'onnxruntime'), ('xml', 'openvino')])
def test_a_missing_runtime_is_said_with_what_to_type(tmp_path: Any, ending: str,
                                                     package: str) -> None:
    model = tmp_path / f'model.{ending}'
    model.write_text({'onnx': 'no text', 'xml': '<net name="x"></net>'}[ending])
    model.with_suffix('.bin').write_text('weights')
    code = """
import sys
from pose_engine import EngineError, PoseEngine

sys.modules['onnxruntime'] = sys.modules['openvino'] = None
try:
    PoseEngine(sys.argv[1])
except EngineError as error:
    print(error)
"""
    assert child(code, model) == [f'{model} needs {package}, which is not installed; type: '
                                  f'{sys.executable} -m pip install {package}']


def test_openvino_serves_where_onnxruntime_is_missing(tmp_path: Any) -> None:
    pytest.importorskip('openvino')
    onnx_files = pytest.importorskip('onnx_files')
    model = onnx_files.brightest(tmp_path / 'simcc.onnx', 32, 32)
    code = """
import sys
from pose_engine import PoseEngine

sys.modules['onnxruntime'] = None
print(PoseEngine(sys.argv[1]).family, 'openvino' in sys.modules)
"""
    assert child(code, model, home=tmp_path) == ['RTMPose True']


@pytest.mark.parametrize('package, device', [('onnxruntime', 'cpu'), ('openvino', 'openvino:CPU')])
def test_nothing_is_sent_and_no_file_is_left(tmp_path: Any, package: str, device: str) -> None:
    """Both identify a machine by a file in its home, and then send events."""
    if importlib.util.find_spec(package) is None:
        pytest.skip(f'no {package}')
    onnx_files = pytest.importorskip('onnx_files')
    model = onnx_files.brightest(tmp_path / 'simcc.onnx', 32, 32)
    (tmp_path / 'home').mkdir()
    code = """
import sys
import numpy as np
from pose_engine import PoseEngine

engine = PoseEngine(sys.argv[1], device=sys.argv[2])
engine.DetectPosesInImage(np.full((32, 32, 3), 255, np.uint8))
print(engine.device, 'openvino_telemetry' in sys.modules)
"""
    assert child(code, model, device, home=tmp_path / 'home') == [f'{device} False']
    assert os.listdir(str(tmp_path / 'home')) == []
