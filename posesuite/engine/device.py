"""What an engine runs on: Edge TPUs, the CPU's threads, and which TensorFlow Lite runtime."""
import ctypes
import glob
import importlib
import importlib.util
import os
import platform
from typing import Any, List

from posesuite.engine.model_file import EngineError
from posesuite.errors import one_line
from posesuite.files import edgetpu_command, install_command

RUNTIMES = ('ai_edge_litert', 'tflite_runtime')  # in the CPU's order; the Edge TPU's is the reverse
EDGETPU_SHARED_LIB = {'Darwin': 'libedgetpu.1.dylib',
                      'Windows': 'edgetpu.dll'}.get(platform.system(), 'libedgetpu.so.1')
EDGETPU_USB_IDS = ('1a6e:089a', '18d1:9302')  # vendor:product, before and after its first use
LIBRARY_CACHE = '/etc/ld.so.cache'  # names all libraries in the system's folders, see ldconfig(8)
MAX_THREADS = 4  # threads by default; PoseNet gains nothing from more


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


def has_edgetpu() -> bool:
    """Whether this machine has, or once had, an Edge TPU: one is there, or its library is."""
    if platform.system() != 'Linux':
        return True  # nobody knows
    folders = os.environ.get('LD_LIBRARY_PATH', '').split(os.pathsep)
    return bool(edgetpu_nodes() or f'{EDGETPU_SHARED_LIB}\0'.encode() in _content(LIBRARY_CACHE)
                or any(os.path.exists(os.path.join(folder, EDGETPU_SHARED_LIB))
                       for folder in folders if folder))


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
    return _content(os.path.join(folder, name)).decode(errors='replace').strip()


def _content(path: str) -> bytes:
    """A file's content; b'' without it: USB interfaces and hubs' ports lack some files."""
    try:
        with open(path, 'rb') as file:
            return file.read()
    except OSError:
        return b''
