"""What a loaded network is to an engine, whichever runtime runs it."""
import abc
import importlib
import pkgutil
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from posesuite.engine import runtimes as folder

import numpy as np

# 'name', 'shape', 'dtype' and 'quantization' (scale, zero point) of a tensor, as TensorFlow Lite
# has them.
TensorDetails = Dict[str, Any]


class Choice(NamedTuple):
    """What an engine runs, and on what."""
    path: str  # of the model file
    model: bytes  # its content
    edgetpu: Optional[str]  # as in device.load_edgetpu; None for the CPU
    openvino: Optional[str] = None  # OpenVINO's name of a device, for a file that runs on it

    @property
    def device(self) -> str:
        """What runs it, in a word: 'cpu', 'edgetpu' or, for one, 'openvino:GPU'."""
        return 'edgetpu' if self.edgetpu is not None else (
            'cpu' if self.openvino is None else f'openvino:{self.openvino}')


class Network(abc.ABC):
    """A network loaded by some runtime. One thread at a time may use it."""

    input_size: Tuple[int, int]  # width and height in pixels
    dynamic = False  # whether the file leaves the input's size open, so that resize is meant
    outputs: List[TensorDetails]
    tensors: List[TensorDetails]  # all that read() may be asked for

    @abc.abstractmethod
    def input(self) -> np.ndarray:
        """The image that the next run takes: [Y, X, RGB] of the network's type, to be written."""

    @abc.abstractmethod
    def run(self) -> List[np.ndarray]:
        """Runs the network; returns its outputs, good until the next run.

        Raises RuntimeError if the device fails, a DeviceFault if a later run may succeed.
        """

    def resize(self, width: int, height: int) -> None:
        """Changes the size of the input in pixels, and with it of what depends on it.

        Raises RuntimeError or ValueError if the network or its runtime does not allow it.
        """
        raise ValueError('its input has a fixed size here')

    @abc.abstractmethod
    def read(self, tensor: TensorDetails) -> np.ndarray:
        """A copy of a tensor as the last run left it."""


def load_network(choice: Choice, num_threads: int,
                 op_libraries: List[Tuple[str, Dict[str, str]]]) -> Network:
    """Loads a model file with the runtime that runs such files.

    op_libraries: paths of libraries with custom ops, and the libraries' options.
    Raises EngineError, OSError, RuntimeError or ValueError.
    """
    for name in sorted(module.name for module in pkgutil.iter_modules(folder.__path__)):
        runtime = importlib.import_module(f'{folder.__name__}.{name}')
        if runtime.matches(choice.path, choice.model):
            return runtime.load(choice, num_threads, op_libraries)
    raise ValueError('no runtime runs such a file; there are some for .tflite, .onnx, .xml and .pb')
