"""Model files: whether one is whole, and how much memory it may ask for."""
import functools
import hashlib
import logging
import os
from typing import List, Tuple

from posesuite.engine.tflite_file import MAGIC, is_whole, tensor_sizes
from posesuite.errors import SuiteError
from posesuite.files import models_command, models_folder, own_file

# Folders under models/ of what is downloaded.
DOWNLOADED = 'mobilenet', 'bodypix', 'movenet', 'openpose', 'openvino'
# Endings of files that have the same name in every precision and release, elsewhere than here.
UNSPECIFIC = '.xml', '.bin'
MAX_FILE = 256 << 20  # bytes of a model file; the largest PoseNet has 100 MB
MAX_TENSOR = 256 << 20  # bytes of one tensor; Google's largest model has one of 11 MB
MAX_TENSORS = 2048 << 20  # bytes of all tensors of a model, which share some of their memory
LOGGER = logging.getLogger(__name__)


class EngineError(SuiteError):
    """A model or a device cannot be used: one line that says why, and what helps."""


def read_model(path: str) -> bytes:
    """Reads a model file and refuses one that is damaged, or that asks for too much memory.

    A model is a program, so a file whose name is in models/SHA256SUMS must have that hash. Any
    other .tflite file must be whole; files of other kinds are left to their runtime.
    Raises EngineError.
    """
    try:
        size = os.stat(path).st_size
        if not os.path.isfile(path):
            raise EngineError(f'{path} is no file: give the path of a model file')
        if size > MAX_FILE:
            raise EngineError(f'{path} has {size >> 20} MB: a model file has at most '
                              f'{MAX_FILE >> 20} MB')
        with open(path, 'rb') as file:
            model = file.read(size)  # some files of /proc have no size and no end
    except OSError as error:
        folder, _ = _known_hash(path)
        raise EngineError(f'no model {path} ({error.strerror}): {_command(folder)} downloads '
                          + ('it' if folder in DOWNLOADED else "Google's"))
    folder, expected = _known_hash(path)
    if expected:
        good = expected == hashlib.sha256(model).hexdigest()
    else:
        good = is_whole(model) or not path.endswith('.tflite') and model[4:8] != MAGIC
    pointer = model.startswith(b'version https://git-lfs')
    page = model.lstrip()[:9].lower().startswith((b'<!doctype', b'<html')) or (
        model.lstrip()[:1] == b'<' and not path.lower().endswith('.xml'))
    if not good or not model or pointer or page:
        what = ('is empty' if not model else
                'is a Git LFS pointer' if pointer else
                'is a web page' if page else
                'is damaged: its SHA-256 is not the one in models/SHA256SUMS' if expected and (
                    model[4:8] == MAGIC or not path.endswith('.tflite')) else
                'is no TensorFlow Lite model' if model[4:8] != MAGIC else
                'is not whole')
        raise EngineError(f'{path} {what}: ' + (
            f'{_command(folder)} downloads it again' if folder in DOWNLOADED else
            'get it again from its source'))
    check_memory(path, list(tensor_sizes(model)) if model[4:8] == MAGIC else [])
    return model


def check_memory(path: str, sizes: List[int]) -> None:
    """Raises EngineError if the tensors of a model file, of these sizes in bytes, are too large."""
    if max(sizes, default=0) > MAX_TENSOR or sum(sizes) > MAX_TENSORS:
        raise EngineError(f'{path} wants {sum(sizes) / 2**20:.0f} MB of memory: a tensor may have '
                          f'{MAX_TENSOR >> 20} MB, all together {MAX_TENSORS >> 20} MB')


def _command(folder: str) -> str:
    """What a user types to download the files of a folder under models/."""
    return models_command() + (f' --model {folder}' if folder in DOWNLOADED[1:] else '')


def _known_hash(path: str) -> Tuple[str, str]:
    """Folder under models/ and SHA-256 of a model that the suite knows by its file name, or ''."""
    with open(own_file('models', 'SHA256SUMS'), encoding='utf-8') as file:
        for digest, name in map(str.split, file):
            if os.path.basename(name) == os.path.basename(path) and (
                    not name.endswith(UNSPECIFIC) or _same(path, name)):
                return os.path.dirname(name), digest
    return '', ''


def _same(path: str, name: str) -> bool:
    """Whether a path is that of a listed, downloaded file."""
    return os.path.realpath(path) == os.path.realpath(os.path.join(models_folder(), name))


@functools.lru_cache(maxsize=None)
def warn_once(message: str) -> None:
    """Warns of something a single time in a process."""
    LOGGER.warning(message)
