"""Model files: whether one is whole, and how much memory it may ask for."""
import functools
import hashlib
import logging
import os
import struct
from typing import Dict, List, Tuple

from posesuite.errors import SuiteError
from posesuite.files import models_command, own_file

DOWNLOADED = 'mobilenet'  # folder under models/ of what is downloaded
TFLITE = b'TFL3'  # bytes 4 to 8 of a TensorFlow Lite model
LOGGER = logging.getLogger(__name__)


class EngineError(SuiteError):
    """A model or a device cannot be used: one line that says why, and what helps."""


def read_model(path: str) -> bytes:
    """Reads a model file and refuses one that is damaged.

    A model is a program, so a file whose name is in models/SHA256SUMS must have that hash. Any
    other .tflite file must be whole; files of other kinds are left to their runtime.
    Raises EngineError.
    """
    try:
        with open(path, 'rb') as file:
            model = file.read()
    except OSError as error:
        raise EngineError(f'no model {path} ({error.strerror}): {models_command()} downloads '
                          "Google's")
    folder, expected = _known_hashes().get(os.path.basename(path), ('', ''))
    if expected:
        good = expected == hashlib.sha256(model).hexdigest()
    else:
        good = _is_whole(model) or not path.endswith('.tflite') and model[4:8] != TFLITE
    if good:
        return model
    what = ('is empty' if not model else
            'is a Git LFS pointer' if model.startswith(b'version https://git-lfs') else
            'is a web page' if model.lstrip()[:1] == b'<' else
            'is no TensorFlow Lite model' if model[4:8] != TFLITE else
            'is damaged: its SHA-256 is not the one in models/SHA256SUMS' if expected else
            'is not whole')
    raise EngineError(f'{path} {what}: ' + (f'{models_command()} downloads it again'
                      if folder == DOWNLOADED else 'get it again from its source'))


def _known_hashes() -> Dict[str, Tuple[str, str]]:
    """Folder under models/ and SHA-256 of the models that the suite knows, by file name."""
    with open(own_file('models', 'SHA256SUMS'), encoding='utf-8') as file:
        return {os.path.basename(name): (os.path.dirname(name), digest)
                for digest, name in map(str.split, file)}


def _is_whole(model: bytes) -> bool:
    """Whether a TensorFlow Lite model's parts, down to its weights, lie inside the file.

    Runtimes before LiteRT do not check it, and crash. The fields are those of TensorFlow
    Lite's schema.fbs, laid out as in https://flatbuffers.dev/internals/.
    """
    def number(at: int, kind: str = 'I') -> int:
        return struct.unpack_from('<' + kind, model, at)[0]

    def vector(table: int, field: int, item_size: int) -> List[int]:
        fields = table - number(table, 'i')
        offset = number(fields + 4 + 2 * field, 'H') if 4 + 2 * field < number(fields, 'H') else 0
        if not offset:
            return []
        start = table + offset + number(table + offset)
        end = start + 4 + item_size * number(start)
        if end > len(model):
            raise struct.error
        return [at + number(at) for at in range(start + 4, end, 4)] if item_size == 4 else []

    try:
        root = number(0)
        for graph in vector(root, 2, 4):
            for tensor in vector(graph, 0, 4):
                vector(tensor, 3, 1)  # its name
            for operator in vector(graph, 3, 4):
                vector(operator, 5, 1)  # a custom op's options
        for buffer in vector(root, 4, 4):
            vector(buffer, 0, 1)  # weights
    except struct.error:
        return False
    return model[4:8] == TFLITE


@functools.lru_cache(maxsize=None)
def warn_once(message: str) -> None:
    """Warns of something a single time in a process."""
    LOGGER.warning(message)
