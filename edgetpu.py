"""Opens the Edge TPU, and tells why it does not open."""
import ctypes
import glob
import os
import platform
from typing import Any, List

SHARED_LIB = {'Darwin': 'libedgetpu.1.dylib',
              'Windows': 'edgetpu.dll'}.get(platform.system(), 'libedgetpu.so.1')
USB_IDS = ('1a6e:089a', '18d1:9302')  # before and after its first use


class EdgeTpuError(RuntimeError):
    """No Edge TPU: one line with the reason and its cure."""


def load_delegate(runtime: Any, device: str) -> Any:
    """Returns the Edge TPU's delegate for a TensorFlow Lite runtime.

    runtime: the module that has load_delegate.
    device: 'edgetpu' for any, 'edgetpu:N' for the Nth, 'usb' or 'pci' for one on that bus.
    Raises EdgeTpuError.
    """
    check_library()
    number = device.partition(':')[2]
    options = {'edgetpu': {}, 'usb': {'device': 'usb'}, 'pci': {'device': 'pci'}}.get(
        device, {'device': ':' + number})
    try:
        return runtime.load_delegate(SHARED_LIB, options)
    except (OSError, ValueError):  # the library says no more than that it failed
        raise EdgeTpuError(why_not())


def check_library() -> None:
    """Raises EdgeTpuError if the runtime library is not installed or does not load."""
    try:
        ctypes.CDLL(SHARED_LIB)
    except OSError as error:
        raise EdgeTpuError(f'the Edge TPU runtime does not load ({error}); '
                           'sh install_requirements.sh --edgetpu installs it')


def nodes(root: str = '/') -> List[str]:
    """The device files of all Edge TPUs, on PCI and USB, under a file system's root."""
    found = glob.glob(os.path.join(root, 'dev/apex_*'))
    for folder in glob.glob(os.path.join(root, 'sys/bus/usb/devices/*')):
        if ':'.join(_read(folder, name) for name in ('idVendor', 'idProduct')) in USB_IDS:
            bus, device = int(_read(folder, 'busnum')), int(_read(folder, 'devnum'))
            found.append(os.path.join(root, f'dev/bus/usb/{bus:03}/{device:03}'))
    return sorted(found)


def why_not(root: str = '/') -> str:
    """Why no Edge TPU opens although its library loads, and what helps."""
    found = nodes(root)
    if not found:
        return f'no Edge TPU is plugged in (no /dev/apex_*, no USB device {" or ".join(USB_IDS)})'
    if not any(os.access(node, os.R_OK | os.W_OK) for node in found):
        group = 'apex' if 'apex' in found[0] else 'plugdev'
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
