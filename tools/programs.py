"""Programs that run beside each other, and the ports at which they listen."""
import contextlib
import ctypes
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from typing import Dict, List, Optional

END = 20  # seconds in which a program must have ended
PR_SET_PDEATHSIG = 1  # number of this operation of Linux's prctl
LOGGER = logging.getLogger('posesuite')


class Program:
    """A running program, whose lines appear on stderr after its name."""

    def __init__(self, name: str, command: List[str],
                 environment: Optional[Dict[str, str]] = None) -> None:
        self.name, self._said = name, False
        # In a session of its own, a Ctrl-C in the terminal does not reach it: all end in order.
        self._process = subprocess.Popen(
            command, env=dict(os.environ, **(environment or {})), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True,
            errors='replace', start_new_session=True, preexec_fn=_end_with_parent)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def running(self) -> bool:
        """Whether it runs. That it no longer does is said once."""
        status = self._process.poll()
        if status is not None and not self._said:
            self._said = True
            LOGGER.warning('%s has ended%s; the others go on', self.name, _reason(status))
        return status is None

    def ask_to_end(self) -> None:
        if self.running:
            self._said = True
            self._process.terminate()

    def end(self) -> None:
        self.ask_to_end()
        try:
            status = self._process.wait(END)
        except subprocess.TimeoutExpired:
            LOGGER.warning('%s did not end within %d seconds and was killed', self.name, END)
            self._process.kill()
            self._process.wait()
        else:
            if status not in (0, -signal.SIGTERM):
                LOGGER.warning('%s ended%s', self.name, _reason(status))
        self._reader.join(END)

    def _read(self) -> None:
        for line in self._process.stdout:
            LOGGER.info('%s: %s', self.name, line.rstrip())


def free_ports(first: int, count: int) -> List[int]:
    """So many ports from the first on; any free one in place of each that is taken."""
    with contextlib.ExitStack() as stack:
        sockets = []
        for port in range(first, first + count) if first else [0] * count:
            sockets.append(stack.enter_context(socket.socket()))
            try:
                sockets[-1].bind(('127.0.0.1', port))
            except OSError:
                sockets[-1].bind(('127.0.0.1', 0))
        return [each.getsockname()[1] for each in sockets]


def listens(host: str, port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((host, port), 1):
        return True
    return False


def _end_with_parent() -> None:
    """Lets the kernel end this process when the museum is killed."""
    if sys.platform.startswith('linux'):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _reason(status: int) -> str:
    return (f', killed by {signal.Signals(-status).name}' if status < 0 else
            f' with exit status {status}')
