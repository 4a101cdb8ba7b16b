"""The network behind the stand-in for the Edge TPU: what its chip would compute, on the CPU.

A *_quant_decoder.tflite file holds the very network that its _edgetpu build holds compiled, and the
three tensors before its PosenetDecoderOp have the scales and zero points of the compiled op's
outputs. The component files do not: their heatmaps and short offsets are cut off at ten.

Of another network, a file PART in the folder is what its compiled op computes.
"""
import functools
import os
import struct
import sys
from typing import Any, List, Tuple

import numpy as np

PART = 'stand_in_%d_%d.tflite'  # height and width


def run(height: int, width: int, image: memoryview, maps: Tuple[memoryview, ...]) -> None:
    """Fills maps with what the network makes of the image.

    height, width: the image's, in pixels; they choose the model file.
    image, maps: bytes, as they lie in the tensors; a PoseNet's maps are heatmaps, short offsets and
        mid offsets.
    """
    for target, values in zip(maps, _maps(height, width, bytes(image))):
        target.cast('B')[:] = values


@functools.lru_cache(maxsize=1)  # tests that repeat one picture need not wait for it each time
def _maps(height: int, width: int, image: bytes) -> List[bytes]:
    network = _network(height, width)
    details = network.get_input_details()[0]
    pixels = np.frombuffer(image, details['dtype']).reshape(details['shape'])
    network.set_tensor(details['index'], pixels)
    network.invoke()
    return [network.get_tensor(output['index']).tobytes()
            for output in network.get_output_details()]


@functools.lru_cache(maxsize=None)
def _network(height: int, width: int) -> Any:
    folder = os.environ['EDGETPU_STAND_IN_MODELS']
    part = os.path.join(folder, PART % (height, width))
    name = 'posenet_mobilenet_v1_075_%d_%d_quant_decoder.tflite' % (height, width)
    with open(part if os.path.exists(part) else os.path.join(folder, name), 'rb') as file:
        model = file.read()
    if not os.path.exists(part):
        model = without_last_op(model)
    # The runtime that runs already: two in one process might not bear each other.
    runtime = (sys.modules.get('tflite_runtime.interpreter')
               or sys.modules['ai_edge_litert.interpreter'])
    network = runtime.Interpreter(model_content=model, num_threads=min(4, os.cpu_count() or 1))
    network.allocate_tensors()
    return network


def without_last_op(model: bytes) -> bytes:
    """A model file whose last operator is cut off, with that operator's inputs as its outputs.

    https://flatbuffers.dev/internals/: a table begins with the distance back to its list of fields,
    and a field that is a vector or a table holds the distance to it.
    """
    data = bytearray(model)

    def number(place: int) -> int:
        return struct.unpack_from('<I', data, place)[0]

    def follow(place: int) -> int:
        return place + number(place)

    def field(table: int, index: int) -> int:
        fields = table - struct.unpack_from('<i', data, table)[0]
        return follow(table + struct.unpack_from('<H', data, fields + 4 + 2 * index)[0])

    graph = follow(field(follow(0), 2) + 4)  # Model.subgraphs[0]
    outputs, operators = field(graph, 2), field(graph, 3)
    count = number(operators)
    inputs = field(follow(operators + 4 * count), 1)
    size = 4 + 4 * number(inputs)
    if number(inputs) > number(outputs):
        raise ValueError('the last operator has more inputs than the graph has room for')
    data[outputs:outputs + size] = data[inputs:inputs + size]
    struct.pack_into('<I', data, operators, count - 1)
    return bytes(data)
