"""Google's PoseNet as the teacher: its maps, and the features of some of its layers."""
import pathlib

from training import tflite
from training.network import SIZE

import numpy as np
from ai_edge_litert.interpreter import Interpreter

# Blocks of MobileNet whose features the student learns to predict, and their channels.
HINTS = {5: 192, 9: 384, 13: 384}


class Teacher:
    """Google's model, stopped before its decoder op."""

    def __init__(self, path: pathlib.Path, size: 'tuple[int, int]' = SIZE):
        """Loads it for images of another width and height than its own, if asked to.

        Raises:
          ValueError: this is no PoseNet for 353x481.
        """
        network = tflite.with_tensors(
            tflite.without_decoder(path.read_bytes()),
            [f'MobilenetV1/Conv2d_{block}_pointwise/Relu6' for block in HINTS])
        self._model = Interpreter(model_content=network, num_threads=1)
        self._input = self._model.get_input_details()[0]
        self._outputs = self._model.get_output_details()
        shape = tuple(int(n) for n in self._input['shape'])
        expected = (1, *SIZE[::-1], 3)
        if shape != expected:
            raise ValueError(f'{path} takes {shape}: expected {expected}')
        self._model.resize_tensor_input(self._input['index'], (1, *size[::-1], 3))
        self._model.allocate_tensors()

    def look(self, image: np.ndarray) -> 'list[np.ndarray]':
        """The teacher's answer to an image [H, W, 3] uint8, as float32.

        Heatmaps [17, h, w] (logits), short offsets [34, ..] and mid offsets [64, ..] (pixels),
        then the features of each block in HINTS.
        """
        self._model.set_tensor(self._input['index'], image[None])
        self._model.invoke()
        maps = []
        for output in self._outputs:
            scale, zero = output['quantization']
            values = self._model.get_tensor(output['index'])[0].transpose(2, 0, 1)
            maps.append((values - np.float32(zero)) * np.float32(scale))
        return maps
