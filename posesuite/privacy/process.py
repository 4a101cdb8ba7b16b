"""What the process owes its surroundings: no core files, and signs of life to systemd."""
import ctypes
import os
import socket
import sys
import time

from posesuite.pose.pose import FaultKind, Frame

FEED = 1.0  # seconds between signs of life to systemd
PR_SET_DUMPABLE = 4  # of Linux' prctl


def forbid_core_dumps() -> None:
    """Keeps the system from writing this process's memory, which has camera frames, to a disk."""
    if sys.platform != 'win32':
        import resource
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == 'linux':  # where a program may take cores in spite of that limit
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


class Systemd:
    """Tells systemd, if that started the demo, how it is: see sd_notify(3)."""

    def __init__(self) -> None:
        address = os.environ.get('NOTIFY_SOCKET', '')
        self._address = '\0' + address[1:] if address.startswith('@') else address
        self._fed = 0.0

    def tell(self, state: str) -> None:
        if self._address:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
                notify.sendto(state.encode(), self._address)

    def feed(self, frame: Frame) -> None:
        """Feeds the watchdog, but not with frames that stand for a lost or frozen camera."""
        if (time.monotonic() - self._fed >= FEED
                and not (frame.fault and frame.fault.kind in (FaultKind.LOST, FaultKind.FROZEN))):
            self._fed = time.monotonic()
            self.tell('WATCHDOG=1')
