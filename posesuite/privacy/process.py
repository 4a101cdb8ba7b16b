"""What a process that handles images of people owes to its system: signs of life."""
import os
import socket
import time

from posesuite.pose.pose import FaultKind, Frame

WATCHDOG_INTERVAL = 1.0  # seconds between signs of life


class Systemd:
    """Notifies systemd of the state of the process, if systemd started it; see sd_notify(3)."""

    def __init__(self) -> None:
        address = os.environ.get('NOTIFY_SOCKET', '')
        self._address = '\0' + address[1:] if address.startswith('@') else address
        self._fed_at = -WATCHDOG_INTERVAL

    def notify(self, state: str) -> None:
        """Sends a state, such as READY=1. Raises OSError if systemd does not listen."""
        if self._address:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as connection:
                connection.sendto(state.encode(), self._address)

    def feed(self, frame: Frame) -> None:
        """Feeds the watchdog, except with a frame of a lost or frozen camera."""
        alive = not frame.fault or frame.fault.kind not in (FaultKind.LOST, FaultKind.FROZEN)
        if alive and time.monotonic() - self._fed_at >= WATCHDOG_INTERVAL:
            self._fed_at = time.monotonic()
            self.notify('WATCHDOG=1')
