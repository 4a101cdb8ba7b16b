"""Runtimes that are extras: imported without what they send or print, or a line on what is missing.
"""
import importlib
import importlib.util
import os
import sys
from typing import Any, Dict, List

from posesuite.engine.model_file import EngineError
from posesuite.engine.stderr import stderr_without
from posesuite.errors import one_line

TELEMETRY = 'openvino_telemetry'
DRIVERS = {'GPU': 'it needs a GPU of Intel and sudo apt install intel-opencl-icd',
           'NPU': "it needs an NPU of Intel and that NPU's driver"}


def extra_command(package: str) -> str:
    """What a user types to install a runtime that is an extra."""
    return f'{sys.executable or "python3"} -m pip install {package}'


def import_onnxruntime(path: str) -> Any:
    """ONNX Runtime's module. path: of the model that needs it. Raises EngineError."""
    os.environ.setdefault('ORT_DISABLE_TELEMETRY', '1')  # from 1.29 on it sends what it does
    # From 1.23 on it warns of every GPU that it does not know.
    with stderr_without(lambda line: b'[W:onnxruntime' in line):
        runtime = _import('onnxruntime', path)
    runtime.disable_telemetry_events()  # somebody may have imported it before
    return runtime


def import_openvino(path: str) -> Any:
    """OpenVINO's module. path: of the model that needs it. Raises EngineError.

    At its import it sends an event to Google Analytics, unless it does not find this package.
    """
    hidden: Dict[str, Any] = {}
    if TELEMETRY not in sys.modules:
        hidden[TELEMETRY] = None
    sys.modules.update(hidden)
    try:
        return _import('openvino', path)
    finally:
        for name in hidden:
            sys.modules.pop(name, None)


def check_openvino_device(name: str, available: List[str]) -> None:
    """Raises EngineError unless OpenVINO has a device, such as 'CPU', 'GPU', 'GPU.1' or 'NPU'.

    available: as OpenVINO lists them.
    """
    if name not in [part for device in available for part in (device, device.partition('.')[0])]:
        hint = f'; {DRIVERS[name.partition(".")[0]]}' if name.partition('.')[0] in DRIVERS else ''
        raise EngineError(f'OpenVINO has no {name} here, only {", ".join(available)}{hint}')


def _import(package: str, path: str) -> Any:
    if importlib.util.find_spec(package) is None:
        raise EngineError(f'{path} needs {package}, which is not installed; type: '
                          f'{extra_command(package)}')
    try:
        return importlib.import_module(package)
    except ImportError as error:  # built for another numpy, or for another C library
        raise EngineError(f'{package} does not load: {one_line(error)}')
