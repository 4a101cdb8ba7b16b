"""Frozen TensorFlow graphs with every size made known, for OpenCV computes no shapes.

A graph that takes images of any size computes other sizes when it runs, as where one tensor is
resized to the Shape of another. For images of one size these are constants.
https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/framework/graph.proto
"""
import contextlib
from typing import Any, Callable, Collection, Dict, Iterator, List, NamedTuple, Optional, Tuple

from posesuite.engine.image_tensor import DYNAMIC, MAX_SIDE

import numpy as np

RESIZES = 'ResizeBilinear', 'ResizeNearestNeighbor'
TYPES = {1: np.float32, 3: np.int32, 9: np.int64}  # by TensorFlow's numbers of them
MAX_NUMBERS = 16  # of a constant that sizes are computed from
# What sizes are computed with.
ARITHMETIC: Dict[str, Callable[..., Any]] = {
    'Add': np.add, 'AddV2': np.add, 'Sub': np.subtract, 'Mul': np.multiply,
    'FloorDiv': np.floor_divide, 'Maximum': np.maximum, 'Minimum': np.minimum,
    'Pack': lambda *values: np.stack(values), 'Identity': np.asarray, 'Cast': np.asarray}


class Node(NamedTuple):
    """An operation of a graph."""
    name: str
    op: str
    inputs: List[str]  # names of nodes
    attributes: Dict[str, Any]  # memory
    message: Any  # the node as it is in the file


class FrozenGraph:
    """The graph of a file's content. Attribute: input_shape, [1, y, x, 3] with DYNAMIC for what is
    open.

    Raises ValueError if it is none, or has not one input.
    """

    def __init__(self, model: bytes) -> None:
        with _refusing():
            nodes = [_node(value) for number, value in _fields(model) if number == 1]
            self._nodes = {node.name: node for node in nodes}
            used = {name for node in nodes for name in node.inputs}
            # What nobody takes is the network's answer.
            self._ends = [node.name for node in nodes
                          if node.op != 'Const' and node.name not in used]
            self._order = self._sorted(())
            self._input, = (node for node in nodes if node.op == 'Placeholder')
            shape = dict(_fields(self._input.attributes.get('shape', b''))).get(7, b'')
            self.input_shape = _dimensions(shape) or [1, DYNAMIC, DYNAMIC, 3]

    def for_size(self, width: int, height: int) -> bytes:
        """The graph for images of one size in pixels, as a file's content.

        Raises ValueError if a size depends on more than that.
        """
        sizes: Dict[str, Tuple[int, int]] = {self._input.name: (height, width)}  # of images
        values: Dict[str, np.ndarray] = {}  # of what is computed from sizes
        constants: Dict[str, bytes] = {}  # nodes that take the place of others
        with _refusing():
            for node in (self._nodes[name] for name in self._order):
                given = [values[name] for name in node.inputs if name in values]
                if node.op == 'Const':
                    numbers = _numbers(node)
                    if numbers is not None:
                        values[node.name] = numbers
                elif node.op == 'Shape' and node.inputs[0] in sizes:
                    values[node.name] = np.array([1, *sizes[node.inputs[0]], DYNAMIC])
                elif node.op in ARITHMETIC and len(given) == len(node.inputs):
                    values[node.name] = ARITHMETIC[node.op](*given)
                elif node.op == 'StridedSlice' and len(given) == len(node.inputs):
                    values[node.name] = _sliced(node, *given)
                elif node.op in RESIZES:
                    rows, columns = map(int, values[node.inputs[1]])
                    if not 1 <= min(rows, columns) <= max(rows, columns) <= MAX_SIDE:
                        raise ValueError(f'{node.name} is {columns} x {rows}')
                    sizes[node.name] = rows, columns
                    constants[node.inputs[1]] = _constant(node.inputs[1], [rows, columns])
                elif node.name not in sizes and sizes.keys() & node.inputs:
                    sizes[node.name] = self._size(node, next(
                        sizes[name] for name in node.inputs if name in sizes))
            return b''.join(_message(1, constants.get(name, self._nodes[name].message))
                            for name in self._sorted(constants))

    def _sorted(self, leaves: Collection[str]) -> List[str]:
        """The names of all nodes that the answer depends on, each behind those it depends on.

        leaves: nodes that depend on nothing.
        """
        order: Dict[str, None] = {}
        begun, stack = set(), list(self._ends)
        while stack:
            name = stack[-1]
            missing = [] if name in leaves else [
                other for other in self._nodes[name].inputs if other not in order]
            if name in order or not missing:
                order[stack.pop()] = None
                continue
            begun.add(name)
            if not begun.isdisjoint(missing):
                raise ValueError('it has a loop')
            stack += missing
        return list(order)

    def _size(self, node: Node, size: Tuple[int, int]) -> Tuple[int, int]:
        """The rows and columns of what a node makes of an image of a size."""
        strides, window = (_integers(node.attributes.get(name, b'')) for name in (
            'strides', 'ksize'))
        if len(strides) != 4:
            return size
        lost = 0, 0
        if b'SAME' not in bytes(node.attributes.get('padding', b'')):
            kernel = window[1:3] or _tensor_shape(self._nodes[node.inputs[1]])[:2]
            lost = kernel[0] - 1, kernel[1] - 1
        return -((lost[0] - size[0]) // strides[1]), -((lost[1] - size[1]) // strides[2])


@contextlib.contextmanager
def _refusing() -> Iterator[None]:
    """Turns what goes wrong with bytes that are no such graph into ValueErrors of one kind."""
    try:
        yield
    except (ArithmeticError, IndexError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f'it is no frozen TensorFlow graph of one image ({error})')


def _node(message: Any) -> Node:
    name, op, inputs, attributes = '', '', [], {}
    for number, value in _fields(message):
        if number == 1:
            name = str(value, 'utf-8')
        elif number == 2:
            op = str(value, 'utf-8')
        elif number == 3:  # 'name', 'name:0' for an output of it, '^name' for one to wait for
            inputs.append(str(value, 'utf-8').lstrip('^').partition(':')[0])
        elif number == 5:
            attribute = dict(_fields(value))
            attributes[str(attribute[1], 'utf-8')] = attribute[2]
    return Node(name, op, inputs, attributes, message)


def _sliced(node: Node, values: np.ndarray, begin: np.ndarray, end: np.ndarray,
            step: np.ndarray) -> np.ndarray:
    """StridedSlice of a list."""
    def mask(name: str) -> int:
        return dict(_fields(node.attributes.get(name, b''))).get(3, 0)

    part = slice(None if mask('begin_mask') & 1 else int(begin[0]),
                 None if mask('end_mask') & 1 else int(end[0]), int(step[0]))
    return values[int(begin[0])] if mask('shrink_axis_mask') & 1 else values[part]


def _numbers(node: Node) -> Optional[np.ndarray]:
    """A constant's numbers; None if they are too many, or of other types, to be sizes."""
    tensor = dict(_fields(dict(_fields(node.attributes['value']))[8]))
    shape = _dimensions(tensor.get(2, b''))
    if tensor.get(1) not in TYPES or np.prod(shape, dtype=float) > MAX_NUMBERS:
        return None
    dtype = TYPES[tensor[1]]
    if 4 in tensor:
        return np.frombuffer(tensor[4], dtype).reshape(shape)
    number = {np.float32: 5, np.int32: 7, np.int64: 10}[dtype]
    one = tensor.get(number, 0)  # a single number stands for all
    if not isinstance(one, int):
        one = np.frombuffer(one, dtype)[0] if dtype == np.float32 else _varint(one, 0)[0]
    return np.full(shape, one).astype(dtype)


def _tensor_shape(node: Node) -> List[int]:
    tensor = dict(_fields(dict(_fields(node.attributes['value']))[8]))
    return _dimensions(tensor[2])


def _dimensions(shape: Any) -> List[int]:
    """A TensorShapeProto's sizes, DYNAMIC where they are open."""
    sizes = [dict(_fields(value)).get(1, 0) for number, value in _fields(shape) if number == 2]
    return [DYNAMIC if size >> 31 else size for size in sizes]


def _integers(attribute: Any) -> List[int]:
    """An attribute's list of whole numbers."""
    numbers: List[int] = []
    for number, value in _fields(dict(_fields(attribute)).get(1, b'')):
        if number == 3 and isinstance(value, int):
            numbers.append(value)
        elif number == 3:
            position = 0
            while position < len(value):
                each, position = _varint(value, position)
                numbers.append(each)
    return numbers


def _constant(name: str, values: List[int]) -> bytes:
    """A Const node of a list of int32."""
    shape = _message(2, b'\x08' + _as_varint(len(values)))
    tensor = b'\x08\x03' + _message(2, shape) + _message(4, np.array(values, '<i4').tobytes())
    attributes = {'dtype': b'\x30\x03', 'value': _message(8, tensor)}
    return _message(1, name.encode()) + _message(2, b'Const') + b''.join(
        _message(5, _message(1, key.encode()) + _message(2, value))
        for key, value in attributes.items())


# Protocol buffers: https://protobuf.dev/programming-guides/encoding/


def _fields(message: Any) -> Iterator[Tuple[int, Any]]:
    """The numbers and values of a message's fields: whole numbers, or memory."""
    message, position = memoryview(message), 0
    while position < len(message):
        tag, position = _varint(message, position)
        kind = tag & 7
        if kind == 0:
            value, position = _varint(message, position)
        else:
            if kind == 2:
                size, position = _varint(message, position)
            else:
                size = {1: 8, 5: 4}[kind]
            value, position = message[position:position + size], position + size
            if position > len(message):
                raise ValueError('it ends too early')
        yield tag >> 3, value


def _varint(message: Any, position: int) -> Tuple[int, int]:
    """A whole number, and where it ends."""
    number = shift = 0
    while True:
        byte = message[position]
        number |= (byte & 127) << shift
        position, shift = position + 1, shift + 7
        if byte < 128 or shift > 63:
            return number, position


def _as_varint(number: int) -> bytes:
    data = b''
    while number > 127:
        data, number = data + bytes([number & 127 | 128]), number >> 7
    return data + bytes([number])


def _message(number: int, content: Any) -> bytes:
    """A field whose content is memory."""
    return b''.join((_as_varint(number << 3 | 2), _as_varint(len(content)), content))
