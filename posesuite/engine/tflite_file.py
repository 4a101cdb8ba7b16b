"""What a TensorFlow Lite file says of itself, read without trust: lengths, and sizes of tensors.

The fields are those of TensorFlow Lite's schema.fbs, laid out as in
https://flatbuffers.dev/internals/.
"""
import struct
from typing import Iterator, List

MAGIC = b'TFL3'  # bytes 4 to 8
MAX_PARTS = 100000  # tensors, operators and buffers of a file; large networks have some thousand
MAX_RANK = 8  # dimensions of a tensor
# Bytes of a tensor's elements by the number of their type; 8 for all others.
ITEM_SIZES = {0: 4, 1: 2, 2: 4, 3: 1, 6: 1, 7: 2, 9: 1, 15: 4, 16: 2, 17: 1, 18: 2}
MODEL_GRAPHS, MODEL_BUFFERS, GRAPH_TENSORS, GRAPH_OPERATORS = 2, 4, 0, 3  # numbers of fields
TENSOR_SHAPE, TENSOR_TYPE, TENSOR_NAME, OPERATOR_OPTIONS, BUFFER_DATA = 0, 1, 3, 5, 0


def is_whole(model: bytes) -> bool:
    """Whether a model's parts, down to its weights, lie inside the file.

    Runtimes before LiteRT do not check it, and crash.
    """
    reader = _Reader(model)
    try:
        for graph in reader.tables(reader.root, MODEL_GRAPHS):
            for tensor in reader.tables(graph, GRAPH_TENSORS):
                reader.vector(tensor, TENSOR_NAME, 1)
            for operator in reader.tables(graph, GRAPH_OPERATORS):
                reader.vector(operator, OPERATOR_OPTIONS, 1)
        for buffer in reader.tables(reader.root, MODEL_BUFFERS):
            reader.vector(buffer, BUFFER_DATA, 1)
        list(tensor_sizes(model))
    except struct.error:
        return False
    return model[4:8] == MAGIC


def tensor_sizes(model: bytes) -> Iterator[int]:
    """The bytes that each tensor of a whole model takes."""
    reader = _Reader(model)
    for graph in reader.tables(reader.root, MODEL_GRAPHS):
        for tensor in reader.tables(graph, GRAPH_TENSORS):
            kind = reader.field(tensor, TENSOR_TYPE)
            size = ITEM_SIZES.get(model[kind] if kind else 0, 8)
            shape = reader.vector(tensor, TENSOR_SHAPE, 4)
            if len(shape) > MAX_RANK:
                raise struct.error
            for place in shape:
                size *= reader.number(place)  # as it is unsigned, a negative one counts as huge
            yield size


class _Reader:
    """Numbers, tables and vectors of a flatbuffer by their places; all raise struct.error."""

    def __init__(self, content: bytes) -> None:
        self._content, self._parts = content, 0
        self.root = self.number(0) if len(content) >= 4 else 0

    def number(self, place: int, kind: str = 'I') -> int:
        return struct.unpack_from('<' + kind, self._content, place)[0]

    def field(self, table: int, number: int) -> int:
        """The place of a table's field; 0 if it has none."""
        fields = table - self.number(table, 'i')
        if fields < 0:
            raise struct.error
        last = self.number(fields, 'H')
        offset = self.number(fields + 4 + 2 * number, 'H') if 4 + 2 * number < last else 0
        if table + offset >= len(self._content):
            raise struct.error
        return table + offset if offset else 0

    def vector(self, table: int, field: int, item_size: int) -> range:
        """The places of a vector's items, all of them inside the file."""
        start = self.field(table, field)
        if not start:
            return range(0)
        start += self.number(start)
        places = range(start + 4, start + 4 + item_size * self.number(start), item_size)
        if places.stop > len(self._content):
            raise struct.error
        return places

    def tables(self, table: int, field: int) -> List[int]:
        """The tables of a vector."""
        places = self.vector(table, field, 4)
        self._parts += len(places)
        if self._parts > MAX_PARTS:
            raise struct.error
        return [place + self.number(place) for place in places]
