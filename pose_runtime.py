"""What the engine runs on: a model file that is whole, a TensorFlow Lite runtime, an Edge TPU."""
import argparse
import ctypes
import functools
import glob
import hashlib
import importlib.util
import logging
import os
import platform
import re
import struct
from typing import Any, List, Tuple

HERE = os.path.dirname(os.path.abspath(__file__))
EDGETPU_OP = b'edgetpu-custom-op'
EDGETPU_SHARED_LIB = {'Darwin': 'libedgetpu.1.dylib',
                      'Windows': 'edgetpu.dll'}.get(platform.system(), 'libedgetpu.so.1')
EDGETPU_USB_IDS = ('1a6e:089a', '18d1:9302')  # before and after its first use
# Height and width of the models' input for each of the cameras' resolutions.
MODEL_SIZES = {'480x360': '353_481', '640x480': '481_641', '1280x720': '721_1281'}
LOGGER = logging.getLogger(__name__)


class EngineError(RuntimeError):
    """A model or a machine that does not serve: one line with what is wrong and what helps."""


def add_engine_options(parser: argparse.ArgumentParser) -> None:
    """Adds --model, --device and --threshold."""
    group = parser.add_argument_group('network')
    group.add_argument('--model', metavar='FILE',
                       help="a PoseNet (default: Google's of the size that goes with the picture, "
                            'or until it is downloaded the bundled one)')
    group.add_argument('--device', default='auto',
                       help='auto, cpu, edgetpu, edgetpu:N, usb or pci (default: %(default)s)')
    group.add_argument('--threshold', type=_score, default=0.4, metavar='SCORE',
                       help='leave out poses that score less, 0 to 1 (default: %(default)s)')


def default_model(resolution: str) -> str:
    """The path of the model for a camera's resolution, a key of MODEL_SIZES: Google's if it is
    here, else the bundled one, which is said once."""
    size = MODEL_SIZES[resolution]
    path = os.path.join(HERE, 'models', 'mobilenet',
                        f'posenet_mobilenet_v1_075_{size}_quant_decoder_edgetpu.tflite')
    if os.path.exists(path):
        return path
    _warn_once("Google's models are not here (python3 models/download.py fetches them); taking "
               'the bundled one')
    return os.path.join(HERE, 'models', 'rendered',
                        f'posenet_rendered_mobilenet_v1_075_{size}_quant_decoder.tflite')


def choose(path: str, device: str) -> Tuple[str, bytes, Any, List[Any]]:
    """Decides what a model runs on; device is as PoseEngine takes it.

    Returns (path, model, runtime, delegates): the model file to run, what it holds, the runtime's
    interpreter module, and the Edge TPU in a list that is empty on the CPU.
    Raises EngineError, or ValueError for an unknown device.
    """
    if not re.fullmatch(r'auto|cpu|usb|pci|edgetpu(:\d+)?', device):
        raise ValueError(f'device must be auto, cpu, edgetpu, edgetpu:N, usb or pci, got {device}')
    model = read_model(path)
    cpu_path = path.replace('_edgetpu.tflite', '.tflite')
    if EDGETPU_OP not in model:
        if device not in ('auto', 'cpu'):
            raise EngineError(f'{path} is built for the CPU, not for the Edge TPU: take '
                              + path.replace('.tflite', '_edgetpu.tflite'))
        return path, model, import_runtime('ai_edge_litert', 'tflite_runtime'), []
    if device == 'cpu':
        raise EngineError(f'{path} is built for the Edge TPU, not for the CPU: take {cpu_path}')
    try:
        check_edgetpu_library()
        runtime = import_runtime('tflite_runtime', 'ai_edge_litert')
        edgetpu = load_edgetpu(runtime, 'edgetpu' if device == 'auto' else device)
        return path, model, runtime, [edgetpu]
    except EngineError as error:
        if device != 'auto' or cpu_path == path or not os.path.exists(cpu_path):
            raise EngineError(f'{path} needs an Edge TPU: {error}; for the CPU there are the '
                              'files without _edgetpu')
        _warn_once(f'{error}; running {cpu_path} on the CPU')
    return choose(cpu_path, 'cpu')


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
    with open(os.path.join(HERE, 'models', 'SHA256SUMS')) as file:
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


def import_runtime(*names: str) -> Any:
    """The first TensorFlow Lite runtime that is installed, as its interpreter module."""
    for name in names:
        if importlib.util.find_spec(name):
            try:
                return importlib.import_module(name + '.interpreter')
            except ImportError as error:  # built for another numpy, or for another C library
                raise EngineError(f'{name} does not load: {one_line(error)}')
    raise EngineError(f'neither {" nor ".join(names)} is installed: sh install_requirements.sh '
                      '&& . .venv/bin/activate')


def load_edgetpu(runtime: Any, device: str) -> Any:
    """Returns the Edge TPU's delegate for a TensorFlow Lite runtime.

    runtime: the module that has load_delegate.
    device: 'edgetpu' for any, 'edgetpu:N' for the Nth, 'usb' or 'pci' for one on that bus.
    Raises EngineError.
    """
    number = device.partition(':')[2]
    options = {'edgetpu': {}, 'usb': {'device': 'usb'}, 'pci': {'device': 'pci'}}.get(
        device, {'device': ':' + number})
    try:
        return runtime.load_delegate(EDGETPU_SHARED_LIB, options)
    except (OSError, ValueError):  # the library says no more than that it failed
        raise EngineError(why_no_edgetpu(device=device))


def check_edgetpu_library() -> None:
    """Raises EngineError if the runtime library is not installed or does not load."""
    try:
        if not hasattr(ctypes.CDLL(EDGETPU_SHARED_LIB), 'tflite_plugin_create_delegate'):
            raise OSError(f'{EDGETPU_SHARED_LIB} is no TensorFlow Lite delegate')
    except OSError as error:
        raise EngineError(f'the Edge TPU runtime does not load ({error}); '
                           'sh install_requirements.sh --edgetpu installs it')


def edgetpu_nodes(root: str = '/') -> List[str]:
    """The device files of all Edge TPUs, on PCI and USB, under a file system's root."""
    found = glob.glob(os.path.join(root, 'dev/apex_*'))
    for folder in glob.glob(os.path.join(root, 'sys/bus/usb/devices/*')):
        if ':'.join(_read(folder, name) for name in ('idVendor', 'idProduct')) in EDGETPU_USB_IDS:
            bus, device = _read(folder, 'busnum'), _read(folder, 'devnum')
            if bus and device:  # else it was unplugged, or changed its id, just now
                found.append(os.path.join(root, f'dev/bus/usb/{bus:0>3}/{device:0>3}'))
    return sorted(found)


def why_no_edgetpu(root: str = '/', device: str = 'edgetpu') -> str:
    """Why this device, as in load_edgetpu, does not open though its library loads, and what helps.
    """
    found = edgetpu_nodes(root)
    if not found:
        return ('no Edge TPU is plugged in (no /dev/apex_*, no USB device '
                f'{" or ".join(EDGETPU_USB_IDS)})')
    wanted = [node for node in found
              if device not in ('usb', 'pci') or (device == 'pci') == ('/dev/apex_' in node)]
    if len(wanted) <= int(device.partition(':')[2] or 0):
        return f'no Edge TPU answers to {device}: there is {", ".join(found)}'
    found = wanted
    if not any(map(os.path.exists, found)):
        return (f'the Edge TPU has no device file {", ".join(found)}: hand it into the container '
                '(docker run --device), or plug it in anew')
    if not any(os.access(node, os.R_OK | os.W_OK) for node in found):
        group = 'apex' if '/dev/apex_' in found[0] else 'plugdev'
        return (f'no permission for the Edge TPU {", ".join(found)}: '
                f'sudo usermod -aG {group} "$USER", then log in anew')
    return (f'the Edge TPU {", ".join(found)} is busy or did not answer: end the other program '
            f'that uses it (fuser -v {found[0]} shows it), or plug it in anew')


def _read(folder: str, name: str) -> str:
    try:
        with open(os.path.join(folder, name)) as file:
            return file.read().strip()
    except OSError:  # USB interfaces and hubs' ports lack some of these files
        return ''


@functools.lru_cache(maxsize=None)
def _warn_once(message: str) -> None:
    LOGGER.warning(message)


def one_line(error: Exception) -> str:
    """What an error says, without its line breaks."""
    return ' '.join(str(error).split())


def _score(text: str) -> float:
    """An argument between 0 and 1."""
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f'must be 0 to 1, got {text}')
    return value
