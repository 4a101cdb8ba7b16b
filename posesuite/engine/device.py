"""What an engine runs on: an Edge TPU or the CPU, and which TensorFlow Lite runtime."""
import ctypes
import glob
import importlib
import importlib.util
import os
import platform
import re
from typing import Any, List

from posesuite.engine.model_file import EngineError, read_model, warn_once
from posesuite.engine.network import Choice
from posesuite.errors import one_line
from posesuite.files import edgetpu_command, install_command

RUNTIMES = ('ai_edge_litert', 'tflite_runtime')  # in the CPU's order; the Edge TPU's is the reverse
EDGETPU_OP = b'edgetpu-custom-op'
EDGETPU_SHARED_LIB = {'Darwin': 'libedgetpu.1.dylib',
                      'Windows': 'edgetpu.dll'}.get(platform.system(), 'libedgetpu.so.1')
EDGETPU_USB_IDS = ('1a6e:089a', '18d1:9302')  # vendor:product, before and after its first use
MAX_THREADS = 4  # threads by default; PoseNet gains nothing from more


def choose(path: str, device: str) -> Choice:
    """Decides what a model file runs on.

    device: that of PoseEngine. With 'auto' a file for the Edge TPU is replaced by the CPU file
        beside it, with one warning, if no Edge TPU can be used.
    Raises EngineError, or ValueError for an unknown device.
    """
    if not re.fullmatch(r'auto|cpu|usb|pci|edgetpu(:\d+)?', device):
        raise ValueError(f'device must be auto, cpu, edgetpu, edgetpu:N, usb or pci, got {device}')
    model = read_model(path)
    cpu_path = path.replace('_edgetpu.tflite', '.tflite')
    if EDGETPU_OP not in model:
        if device not in ('auto', 'cpu'):
            raise EngineError(f'{path} is built for the CPU, not for the Edge TPU: use '
                              + path.replace('.tflite', '_edgetpu.tflite'))
        return Choice(path, model, None)
    if device == 'cpu':
        raise EngineError(f'{path} is built for the Edge TPU, not for the CPU: use {cpu_path}')
    try:
        check_edgetpu_library()
        runtime = import_runtime(*RUNTIMES[::-1])
        return Choice(path, model, load_edgetpu(runtime, 'edgetpu' if device == 'auto' else device))
    except EngineError as error:
        if device != 'auto' or cpu_path == path or not os.path.exists(cpu_path):
            raise EngineError(f'{path} needs an Edge TPU: {error}; for the CPU there are the '
                              'files without _edgetpu')
        warn_once(f'{error}; running {cpu_path} on the CPU')
    return choose(cpu_path, 'cpu')


def default_threads() -> int:
    """A thread for each core that this process may use, at most MAX_THREADS."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()
    return min(MAX_THREADS, cores or 1)


def import_runtime(*names: str) -> Any:
    """The first TensorFlow Lite runtime that is installed, as its interpreter module.

    names: packages, such as RUNTIMES. Raises EngineError.
    """
    for name in names:
        if importlib.util.find_spec(name):
            try:
                return importlib.import_module(name + '.interpreter')
            except ImportError as error:  # built for another numpy, or for another C library
                raise EngineError(f'{name} does not load: {one_line(error)}')
    raise EngineError(f'neither {" nor ".join(names)} is installed: '
                      + install_command(activate=True))


def load_edgetpu(runtime: Any, device: str) -> Any:
    """Returns the Edge TPU's delegate for a TensorFlow Lite runtime.

    runtime: the module that has load_delegate.
    device: 'edgetpu' for any, 'edgetpu:N' for the Nth, 'usb' or 'pci' for one on that bus.
    Raises EngineError.
    """
    number = device.partition(':')[2]
    options = {'device': device if device in ('usb', 'pci') else ':' + number}
    if device == 'edgetpu':
        options = {}
    try:
        return runtime.load_delegate(EDGETPU_SHARED_LIB, options)
    except (OSError, ValueError):  # the library reports only that it failed
        raise EngineError(why_no_edgetpu(device=device))


def check_edgetpu_library() -> None:
    """Raises EngineError if the runtime library is not installed or does not load."""
    try:
        if not hasattr(ctypes.CDLL(EDGETPU_SHARED_LIB), 'tflite_plugin_create_delegate'):
            raise OSError(f'{EDGETPU_SHARED_LIB} is no TensorFlow Lite delegate')
    except OSError as error:
        raise EngineError(f'the Edge TPU runtime does not load ({error}); '
                           f'{edgetpu_command()} installs it')


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
    """Why a device does not open though its library loads, and what helps: one line.

    root: a file system's root. device: as in load_edgetpu.
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
                '(docker run --device), or plug it in again')
    if not any(os.access(node, os.R_OK | os.W_OK) for node in found):
        group = 'apex' if '/dev/apex_' in found[0] else 'plugdev'
        return (f'no permission for the Edge TPU {", ".join(found)}: '
                f'sudo usermod -aG {group} "$USER", then log in again')
    return (f'the Edge TPU {", ".join(found)} is busy or did not answer: end the other program '
            f'that uses it (fuser -v {found[0]} shows it), or plug it in again')


def _read(folder: str, name: str) -> str:
    try:
        with open(os.path.join(folder, name)) as file:
            return file.read().strip()
    except OSError:  # USB interfaces and hubs' ports lack some of these files
        return ''
