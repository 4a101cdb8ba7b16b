"""Which model file an engine runs, and on what."""
import logging
import os
import re
from typing import Callable, Dict, List, Tuple

from posesuite.engine.device import has_edgetpu
from posesuite.engine.model_file import EngineError, read_model, warn_once
from posesuite.engine.network import Choice, Network, load_network
from posesuite.engine.tflite_file import MAGIC
from posesuite.errors import one_line
from posesuite.files import models_command, models_folder, own_file

DEVICES = ('auto|cpu|usb|pci|edgetpu(:[0-9]{1,3})?|'
           'openvino(:[A-Za-z]{1,8}([.][0-9]{1,3})?)?')
EDGETPU_OP = b'edgetpu-custom-op'
EDGETPU_ENDING = '_edgetpu.tflite'
BUNDLED = 'posenet_rendered_'
BODYPIX = os.path.join('bodypix', 'bodypix_mobilenet_v1_075_640_480_16_quant_decoder')
MODEL_SIZES = (353, 481), (481, 641), (721, 1281)  # height and width of the models' input, pixels
# A model serves a picture that it shrinks by no more than this factor.
MIN_SCALE = 0.75
LOAD_ERRORS = MemoryError, OSError, RuntimeError, SystemError, ValueError
LOGGER = logging.getLogger(__name__)
# Of a model file's content: the libraries with its custom ops, and their options.
OpLibraries = Callable[[bytes], List[Tuple[str, Dict[str, str]]]]


def default_model(size: Tuple[int, int] = (640, 480), device: str = 'auto') -> str:
    """The path of the model for pictures of a size.

    size: width and height in pixels. device: that of PoseEngine.
    It is Google's if that is downloaded, else the bundled one, which is reported once.
    """
    height, width = next((model for model in MODEL_SIZES
                          if min(model[1] / size[0], model[0] / size[1]) >= MIN_SCALE),
                         MODEL_SIZES[-1])
    name = f'mobilenet_v1_075_{height}_{width}_quant_decoder'
    for each in name, name.replace('_quant', '_16_quant'):  # Coral's newer builds name the stride
        google = _downloaded(os.path.join('mobilenet', f'posenet_{each}'), device)
        if google:
            return google
    warn_once(f"Google's models are not here ({models_command()} fetches them); using the "
              'bundled one')
    return own_file('models', 'rendered', f'{BUNDLED}{name}.tflite')


def is_bundled(path: str) -> bool:
    """Whether a model file is one of those that come with the suite, which see less."""
    return os.path.basename(path).startswith(BUNDLED)


def bodypix_model(device: str = 'cpu') -> str:
    """The path of the BodyPix that is downloaded for a device, '' without one."""
    return _downloaded(BODYPIX, device)


def _downloaded(name: str, device: str) -> str:
    """The file of a downloaded model for a device, '' if it is not here.

    name: its path under models/, without the endings.
    """
    path = os.path.join(models_folder(), name)
    on_cpu = device == 'cpu' or device == 'auto' and not has_edgetpu()
    # Where there is an Edge TPU that cannot be used, the engine falls back and reports that.
    endings = ('.tflite', EDGETPU_ENDING)[::1 if on_cpu else -1][:1 if device == 'cpu' else 2]
    return next((path + ending for ending in endings if os.path.exists(path + ending)), '')


def open_network(path: str, device: str, num_threads: int,
                 op_libraries: OpLibraries) -> Tuple[Choice, Network]:
    """Loads a model file. With 'auto' a file for the Edge TPU is replaced by the CPU file beside
    it if no Edge TPU can be used, which is reported once.

    device: that of PoseEngine.
    Raises EngineError, or ValueError for an unknown device.
    """
    check_device(device)
    model = read_model(path)
    if device.startswith('openvino'):
        if model[4:8] == MAGIC:
            raise EngineError(f'{path} is a TensorFlow Lite model: on OpenVINO run .xml and .onnx '
                              'files')
        choice = Choice(path, model, None, device.partition(':')[2].upper() or 'CPU')
        return choice, _load(choice, num_threads, op_libraries)
    stem = path[:-len('.tflite')] if path.endswith('.tflite') else path
    cpu_path = path[:-len(EDGETPU_ENDING)] + '.tflite' if path.endswith(EDGETPU_ENDING) else ''
    if EDGETPU_OP not in model:
        if device not in ('auto', 'cpu'):
            raise EngineError(f'{path} is built for the CPU, not for the Edge TPU: '
                              + _instead(stem + EDGETPU_ENDING))
        choice = Choice(path, model, None)
        return choice, _load(choice, num_threads, op_libraries)
    if device == 'cpu':
        raise EngineError(f'{path} is built for the Edge TPU, not for the CPU: '
                          + _instead(cpu_path))
    choice = Choice(path, model, 'edgetpu' if device == 'auto' else device)
    try:
        return choice, _load(choice, num_threads, op_libraries)
    except EngineError as error:
        if device != 'auto' or not os.path.exists(cpu_path):
            raise EngineError(f'{error}; without an Edge TPU: {_instead(cpu_path)}')
        if has_edgetpu():
            warn_once(f'{error}; running {cpu_path} on the CPU')
        else:
            LOGGER.info('no Edge TPU is here; running %s on the CPU', cpu_path)
    return open_network(cpu_path, 'cpu', num_threads, op_libraries)


def check_device(device: str) -> str:
    """Returns a device's name. Raises ValueError if it is none."""
    if not isinstance(device, str) or not re.fullmatch(DEVICES, device):
        raise ValueError('device must be auto, cpu, edgetpu, edgetpu:N, usb, pci or openvino:NAME, '
                         f'got {device!r}')
    return device


def _load(choice: Choice, num_threads: int, op_libraries: OpLibraries) -> Network:
    libraries = op_libraries(choice.model)
    try:
        return load_network(choice, num_threads, libraries)
    except EngineError as error:
        raise EngineError(f'{choice.path} needs an Edge TPU: {error}' if choice.edgetpu else
                          str(error))
    except LOAD_ERRORS as error:
        raise EngineError(f'{choice.path} does not load: {one_line(error) or type(error).__name__}')


def _instead(path: str) -> str:
    """What to use instead of a model for another device: a path beside it if there is one."""
    return f'use {path}' if os.path.exists(path) else (
        f'{models_command()} downloads models for both')
