"""Model files: where the usual ones are, and whether one is whole."""
import functools
import hashlib
import logging
import os
import struct
from typing import List

from posesuite.errors import SuiteError
from posesuite.files import own_file

# Height and width of the models' input for each of the cameras' resolutions.
MODEL_SIZES = {'480x360': '353_481', '640x480': '481_641', '1280x720': '721_1281'}
LOGGER = logging.getLogger(__name__)


class EngineError(SuiteError):
    """A model or a machine that does not serve: one line with what is wrong and what helps."""


def default_model(resolution: str) -> str:
    """The path of the model for a camera's resolution, a key of MODEL_SIZES: Google's if it is
    here, else the bundled one, which is said once."""
    size = MODEL_SIZES[resolution]
    path = own_file('models', 'mobilenet',
                    f'posenet_mobilenet_v1_075_{size}_quant_decoder_edgetpu.tflite')
    if os.path.exists(path):
        return path
    warn_once("Google's models are not here (python3 models/download.py fetches them); taking "
               'the bundled one')
    return own_file('models', 'rendered',
                    f'posenet_rendered_mobilenet_v1_075_{size}_quant_decoder.tflite')


def read_model(path: str) -> bytes:
    """Reads a model file; refuses one that is not whole.

    A file that models/SHA256SUMS knows by name must have that hash: a model is a program.
    Raises EngineError.
    """
    try:
        with open(path, 'rb') as file:
            model = file.read()
    except OSError as error:
        raise EngineError(f'no model {path} ({error.strerror}): sh install_requirements.sh '
                          'downloads the models')
    with open(own_file('models', 'SHA256SUMS')) as file:
        sums = {os.path.basename(name): digest for digest, name in map(str.split, file)}
    expected = sums.get(os.path.basename(path))
    if expected == hashlib.sha256(model).hexdigest() or expected is None and _is_whole(model):
        return model
    what = ('is empty' if not model else
            'is a Git LFS pointer' if model.startswith(b'version https://git-lfs') else
            'is a web page' if model.lstrip()[:1] == b'<' else
            'is no TensorFlow Lite model' if model[4:8] != b'TFL3' else
            'is damaged: its SHA-256 is not the one in models/SHA256SUMS' if expected else
            'is not whole')
    raise EngineError(f'{path} {what}: delete it and run sh install_requirements.sh')


def _is_whole(model: bytes) -> bool:
    """Whether a model's parts, down to its weights, lie inside the file.

    Runtimes before LiteRT take that for granted, and crash. The fields are those of TensorFlow
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
    return model[4:8] == b'TFL3'


@functools.lru_cache(maxsize=None)
def warn_once(message: str) -> None:
    """Warns of something a single time in a process."""
    LOGGER.warning(message)
