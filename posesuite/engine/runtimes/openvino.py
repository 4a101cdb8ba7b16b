"""OpenVINO: .xml files, each with its weights in a .bin file beside it, on the CPU, GPU or NPU."""
import os
import re
from typing import Any, Dict, Iterator, List, Tuple

from posesuite.engine.extras import check_openvino_device, import_openvino
from posesuite.engine.image_tensor import DYNAMIC, ImageTensor
from posesuite.engine.model_file import EngineError, check_memory, read_model
from posesuite.engine.network import Choice, Network, TensorDetails

import numpy as np

HEAD = re.compile(rb'\s*(<\?xml[^>]*\?>)?\s*<net\b')
# On the CPU every machine computes the same; by default those that have bfloat16 round to it.
CPU_OPTIONS = {'INFERENCE_PRECISION_HINT': 'f32', 'NUM_STREAMS': '1'}


def matches(path: str, model: bytes) -> bool:
    return path.lower().endswith('.xml')


def load(choice: Choice, num_threads: int,
         op_libraries: List[Tuple[str, Dict[str, str]]]) -> Network:
    weights = b''
    if matches(choice.path, b''):
        if not HEAD.match(choice.model[:1000]):
            raise ValueError('it is no OpenVINO model, which begins with <net')
        weights_path = os.path.splitext(choice.path)[0] + '.bin'
        if not os.path.exists(weights_path):
            raise EngineError(f'no {weights_path}: the weights of {choice.path} must lie beside it')
        weights = read_model(weights_path) if os.path.getsize(weights_path) else b''
    return OpenVinoNetwork(import_openvino(choice.path), choice, weights, num_threads)


class OpenVinoNetwork(Network):
    """A network compiled by OpenVINO for one of its devices.

    openvino: the module. weights: the .bin file's content, b'' for a file of another kind.
    """

    def __init__(self, openvino: Any, choice: Choice, weights: bytes, num_threads: int) -> None:
        core, device = openvino.Core(), choice.openvino or 'CPU'
        check_openvino_device(device, core.available_devices)
        try:
            self._model = core.read_model(choice.model, *([weights] if weights else []))
        except RuntimeError as error:
            raise ValueError(_words(error))
        inputs = self._model.inputs
        if len(inputs) != 1:
            raise ValueError(f'its {len(inputs)} inputs are not one image')
        self._input = ImageTensor(_shape(inputs[0]), _dtype(inputs[0]))
        self.input_size, self.dynamic = self._input.size, self._input.dynamic
        options = {'PERFORMANCE_HINT': 'LATENCY'}
        if device == 'CPU':
            options.update(CPU_OPTIONS, INFERENCE_NUM_THREADS=str(num_threads))
        self._compile = lambda: core.compile_model(self._model, device, options)
        self._path, self._any_shape = choice.path, openvino.PartialShape
        self._prepare()

    def resize(self, width: int, height: int) -> None:
        self._input = self._input.resized(width, height)
        self.input_size = self._input.size
        self._prepare()

    def _prepare(self) -> None:
        """Compiles the network for the input's size."""
        try:
            self._model.reshape(self._any_shape(self._input.shape))
            check_memory(self._path, list(_sizes(self._model)))
            compiled = self._compile()
            self._request = compiled.create_infer_request()
        except RuntimeError as error:
            raise ValueError(_words(error))
        self.outputs = self.tensors = [
            {'name': min(output.get_names(), default=f'output {i}'), 'index': i,
             'shape': np.array(_shape(output), np.int64), 'dtype': _dtype(output),
             'quantization': (0.0, 0)} for i, output in enumerate(compiled.outputs)]

    def input(self) -> np.ndarray:
        return self._input.image

    def run(self) -> List[np.ndarray]:
        try:
            self._request.infer([self._input.array()], share_inputs=True)
        except RuntimeError as error:
            raise RuntimeError(_words(error))
        return [self._output(i) for i in range(len(self.outputs))]

    def read(self, tensor: TensorDetails) -> np.ndarray:
        return self._output(tensor['index']).copy()

    def _output(self, index: int) -> np.ndarray:
        array = self._request.get_output_tensor(index).data
        return array.astype(np.float32) if array.dtype == np.float16 else array


def _words(error: Exception) -> str:
    """What an error says, without the places in OpenVINO's source."""
    lines = [line for line in str(error).splitlines()
             if not line.startswith(('Exception from ', 'Check '))]
    return ' '.join(' '.join(lines).split())


def _shape(port: Any) -> List[int]:
    partial = port.get_partial_shape()
    if partial.rank.is_dynamic:
        return []
    return [DYNAMIC if size.is_dynamic else size.get_length() for size in partial]


def _dtype(port: Any) -> Any:
    try:
        return np.dtype(port.get_element_type().to_dtype()).type
    except (RuntimeError, TypeError):
        raise ValueError(f'its {port} is not numbers')


def _sizes(model: Any) -> Iterator[int]:
    """Bytes of all tensors whose size is known before the network runs."""
    for operation in model.get_ops():
        for port in operation.outputs():
            size = port.get_element_type().bitwidth / 8
            for dimension in _shape(port):
                size *= max(1, dimension)
            yield int(size)
