"""TensorFlow Lite: .tflite files on the CPU and on the Edge TPU."""
import contextlib
import ctypes
import os
import sys
import tempfile
import threading
from typing import Any, Dict, Iterator, List, Tuple

from posesuite.engine.device import (
    RUNTIMES,
    check_edgetpu_library,
    import_runtime,
    load_edgetpu,
)
from posesuite.engine.edgetpu_process import EdgeTpuNetwork
from posesuite.engine.network import Choice, Network, TensorDetails

import numpy as np

_STDERR = threading.Lock()
MAX_SIDE = 4096  # pixels of the input, from which the runtime derives the size of everything else
INPUT_TYPES = (np.uint8, np.int8, np.int32, np.float32)


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


@contextlib.contextmanager
def without_infos() -> Iterator[None]:
    """Removes the INFO lines that the runtime writes to stderr, and that no setting turns off."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(_STDERR)
        try:
            stderr = os.dup(2)
            stack.callback(os.close, stderr)
            said = stack.enter_context(tempfile.TemporaryFile())
        except OSError:  # there is no stderr, or no folder for temporary files
            yield
            return
        os.dup2(said.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(stderr, 2)
            said.seek(0)
            with contextlib.suppress(OSError):  # nobody reads it
                os.write(2, b''.join(line for line in said if not line.startswith(b'INFO: ')))


class TfliteNetwork(Network):
    """A network in TensorFlow Lite's interpreter.

    runtime: the interpreter's module. model: the file's content.
    Attribute: input_details.
    """

    def __init__(self, runtime: Any, model: bytes, num_threads: int, delegates: List[Any]) -> None:
        self._model = model  # the interpreter reads it in place
        with without_infos():
            self._interpreter = runtime.Interpreter(model_content=model, num_threads=num_threads,
                                                    experimental_delegates=delegates)
            self.input_details: TensorDetails = self._interpreter.get_input_details()[0]
            shape, dtype = self.input_details['shape'].tolist(), self.input_details['dtype']
            if (len(shape) != 4 or shape[0] != 1 or shape[3] != 3 or dtype not in INPUT_TYPES
                    or not 1 <= min(shape) <= max(shape) <= MAX_SIDE):
                raise ValueError(f'its input {shape} is no image of up to {MAX_SIDE} pixels a side')
            self._interpreter.allocate_tensors()
        self.input_size = shape[2], shape[1]
        self.outputs: List[TensorDetails] = self._interpreter.get_output_details()
        self.tensors: List[TensorDetails] = self._interpreter.get_tensor_details()
        self._input_address = 0
        self._input_array = np.empty(0)

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
