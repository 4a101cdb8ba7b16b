"""ONNX Runtime: .onnx files on the CPU; on OpenVINO where its device is asked for, or where only
that is installed.

A file's weights lie in it or, from ONNX Runtime 1.20 on, in a file beside it.
"""
import contextlib
import functools
import importlib.util
import os
import re
from typing import Any, Dict, List, Tuple

from posesuite.engine.extras import import_onnxruntime
from posesuite.engine.image_tensor import ANY_SIZE, DYNAMIC, MAX_SIDE, ImageTensor
from posesuite.engine.model_file import MAX_TENSORS
from posesuite.engine.network import Choice, Network, TensorDetails
from posesuite.engine.runtimes import openvino
from posesuite.errors import one_line

import numpy as np

TYPES = {'float': np.float32, 'float16': np.float16, 'double': np.float64, 'uint8': np.uint8,
         'int8': np.int8, 'int32': np.int32, 'int64': np.int64}
SAID_BEFORE = r'^\[ONNXRuntimeError\] : \d+ : \w+ : '  # its errors begin so


def matches(path: str, model: bytes) -> bool:
    return path.lower().endswith('.onnx')


def load(choice: Choice, num_threads: int,
         op_libraries: List[Tuple[str, Dict[str, str]]]) -> Network:
    alone = importlib.util.find_spec('openvino') and not importlib.util.find_spec('onnxruntime')
    if choice.openvino is not None or alone:
        return openvino.load(choice, num_threads, op_libraries)
    return OnnxNetwork(import_onnxruntime(choice.path), choice, num_threads)


@functools.lru_cache(maxsize=None)
def limit_memory(runtime: Any) -> None:
    """Gives all networks of this process that ask for it MAX_TENSORS bytes of memory together."""
    memory = runtime.OrtMemoryInfo('Cpu', runtime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0,
                                   runtime.OrtMemType.DEFAULT)
    # -1 is the runtime's default; 1 makes the memory no larger than it has to be.
    limits = runtime.OrtArenaCfg(MAX_TENSORS, 1, -1, -1)
    with contextlib.suppress(Exception):  # another thread, or the engine's user, was here before
        runtime.create_and_register_allocator(memory, limits)


class OnnxNetwork(Network):
    """A network in an ONNX Runtime session. runtime: the module."""

    def __init__(self, runtime: Any, choice: Choice, num_threads: int) -> None:
        limit_memory(runtime)
        options = runtime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = num_threads, 1
        options.log_severity_level = 4  # what it logs of errors is in its exceptions
        options.add_session_config_entry('session.use_env_allocators', '1')
        options.add_session_config_entry('session.model_external_initializers_file_folder_path',
                                         os.path.dirname(os.path.abspath(choice.path)))
        try:
            self._session = runtime.InferenceSession(choice.model, options,
                                                     providers=['CPUExecutionProvider'],
                                                     enable_fallback=0)  # it prints to stdout
        except Exception as error:  # its own classes have no other base
            raise ValueError(_words(error))
        inputs = self._session.get_inputs()
        if len(inputs) != 1:
            raise ValueError(f'its {len(inputs)} inputs are not one image')
        shape = _shape(inputs[0])
        metadata = self._session.get_modelmeta().custom_metadata_map
        self._input = ImageTensor(shape, _dtype(inputs[0]), _size(metadata.get('imgsz', '')))
        self._name = inputs[0].name
        self.input_size, self.dynamic = self._input.size, self._input.dynamic
        self.outputs = self.tensors = [
            {'name': output.name, 'index': i, 'shape': np.array(_shape(output), np.int64),
             'dtype': _dtype(output), 'quantization': (0.0, 0)}
            for i, output in enumerate(self._session.get_outputs())]
        self._declared = [output['shape'].tolist() for output in self.outputs]
        self._arrays: List[np.ndarray] = []
        if DYNAMIC in shape:
            self._measure()

    def resize(self, width: int, height: int) -> None:
        self._input = self._input.resized(width, height)
        self.input_size = self._input.size
        self._measure()

    def _measure(self) -> None:
        """Finds the sizes that the outputs have for the input's."""
        for output, array in zip(self.outputs, self.run()):
            output['shape'] = np.array(array.shape, np.int64)

    def input(self) -> np.ndarray:
        return self._input.image

    def run(self) -> List[np.ndarray]:
        try:
            arrays = self._session.run(None, {self._name: self._input.array()})
        except Exception as error:
            raise RuntimeError(_words(error))
        for output, array, declared in zip(self.outputs, arrays, self._declared):
            if array.ndim != len(declared) or any(
                    wanted not in (DYNAMIC, n) for wanted, n in zip(declared, array.shape)):
                raise RuntimeError(f'its output {output["name"]} is {list(array.shape)}, not '
                                   f'{declared}')
        with np.errstate(over='ignore'):
            self._arrays = [array.astype(np.float32) if array.dtype.kind == 'f' and
                            array.dtype != np.float32 else array for array in arrays]
        return self._arrays

    def read(self, tensor: TensorDetails) -> np.ndarray:
        return self._arrays[tensor['index']].copy()


def _words(error: Exception) -> str:
    text = re.sub(SAID_BEFORE, '', one_line(error))
    return f'it wants more than {MAX_TENSORS >> 20} MB of memory' if (
        'bfc_arena' in text and 'Available memory' in text) else text


def _shape(tensor: Any) -> List[int]:
    """A tensor's shape, where the file names or omits the sizes of open dimensions."""
    return [n if isinstance(n, int) and n >= 0 else DYNAMIC for n in tensor.shape]


def _dtype(tensor: Any) -> Any:
    kind = re.sub(r'^tensor\((.*)\)$', r'\1', tensor.type)
    if kind not in TYPES:
        raise ValueError(f'its {tensor.name} is {tensor.type}, not numbers')
    return TYPES[kind]


def _size(imgsz: str) -> Tuple[int, int]:
    """The width and height that a file's metadata asks for, as '[480, 640]'; else ANY_SIZE."""
    sides = re.fullmatch(r'\[(\d{1,4}), *(\d{1,4})\]', imgsz)
    if sides and 1 <= min(map(int, sides.groups())) <= max(map(int, sides.groups())) <= MAX_SIDE:
        return int(sides.group(2)), int(sides.group(1))
    return ANY_SIZE
