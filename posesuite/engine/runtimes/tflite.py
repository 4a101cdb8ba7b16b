"""TensorFlow Lite: .tflite files on the CPU and on the Edge TPU."""
import ctypes
import sys
from typing import Any, Dict, List, Tuple

from posesuite.engine.device import (
    RUNTIMES,
    check_edgetpu_library,
    import_runtime,
    load_edgetpu,
)
from posesuite.engine.edgetpu_process import EdgeTpuNetwork
from posesuite.engine.image_tensor import INPUT_TYPES, MAX_SIDE
from posesuite.engine.network import Choice, Network, TensorDetails
from posesuite.engine.stderr import stderr_without

import numpy as np

DYNAMIC_SIZE = 256, 256  # pixels of an input whose size the file leaves open, until a resize


def matches(path: str, model: bytes) -> bool:
    return model[4:8] == b'TFL3'


def load(choice: Choice, num_threads: int,
         op_libraries: List[Tuple[str, Dict[str, str]]]) -> Network:
    if choice.edgetpu is not None and sys.platform == 'linux':
        return EdgeTpuNetwork(choice, num_threads, op_libraries)
    return load_here(choice, num_threads, op_libraries)


def load_here(choice: Choice, num_threads: int,
              op_libraries: List[Tuple[str, Dict[str, str]]]) -> 'TfliteNetwork':
    """Loads a network in this very process, which a fault of libedgetpu may end."""
    if choice.edgetpu is None:
        runtime, delegates = import_runtime(*RUNTIMES), []
    else:
        check_edgetpu_library()
        runtime = import_runtime(*RUNTIMES[::-1])  # Coral's libedgetpu is built for tflite_runtime
        delegates = [load_edgetpu(runtime, choice.edgetpu)]
    delegates += [runtime.load_delegate(path, options) for path, options in op_libraries]
    return TfliteNetwork(runtime, choice.model, num_threads, delegates)


class TfliteNetwork(Network):
    """A network in TensorFlow Lite's interpreter.

    runtime: the interpreter's module. model: the file's content.
    Attribute: input_details.
    """

    def __init__(self, runtime: Any, model: bytes, num_threads: int, delegates: List[Any]) -> None:
        self._model = model  # the interpreter reads it in place
        with stderr_without(lambda line: line.startswith(b'INFO: ')):
            self._interpreter = runtime.Interpreter(model_content=model, num_threads=num_threads,
                                                    experimental_delegates=delegates)
            self.input_details: TensorDetails = self._interpreter.get_input_details()[0]
            shape, dtype = self.input_details['shape'].tolist(), self.input_details['dtype']
            self.dynamic = self.input_details['shape_signature'][1:3].tolist() == [-1, -1]
            if self.dynamic:
                shape = [1, *DYNAMIC_SIZE[::-1], *shape[3:]]
            if (len(shape) != 4 or shape[0] != 1 or shape[3] != 3 or dtype not in INPUT_TYPES
                    or not 1 <= min(shape) <= max(shape) <= MAX_SIDE):
                raise ValueError(f'its input {shape} is no image of up to {MAX_SIDE} pixels a side')
            self._allocate(shape)
        self._input_address = 0
        self._input_array = np.empty(0)

    def _allocate(self, shape: List[int]) -> None:
        if shape != self.input_details['shape'].tolist():
            self._interpreter.resize_tensor_input(self.input_details['index'], shape)
        self._interpreter.allocate_tensors()
        self.input_details = self._interpreter.get_input_details()[0]
        self.input_size = shape[2], shape[1]
        self.outputs: List[TensorDetails] = self._interpreter.get_output_details()
        self.tensors: List[TensorDetails] = self._interpreter.get_tensor_details()

    def resize(self, width: int, height: int) -> None:
        self._allocate([1, height, width, 3])
        self._input_address = 0

    def input(self) -> np.ndarray:
        """The interpreter's own memory, so that an image is not copied once more.

        The interpreter refuses to run while anybody, such as a traceback, holds a view of its
        memory. This array has the address only, which is asked for each time as it may change.
        """
        address = self._interpreter.tensor(self.input_details['index'])().ctypes.data
        if address != self._input_address:
            shape, dtype = self.input_details['shape'], np.dtype(self.input_details['dtype'])
            memory = (ctypes.c_char * (int(shape.prod()) * dtype.itemsize)).from_address(address)
            self._input_array = np.ndarray(shape[1:].tolist(), dtype, memoryview(memory))
            self._input_address = address
        return self._input_array

    def run(self) -> List[np.ndarray]:
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(output['index']) for output in self.outputs]

    def read(self, tensor: TensorDetails) -> np.ndarray:
        return self._interpreter.get_tensor(tensor['index'])
