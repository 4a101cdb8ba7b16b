"""An Edge TPU in a process of its own, as the engine sees it.

libedgetpu aborts its process when a transfer fails, and at times never returns. Here that costs a
frame: the process is ended and started again, once for each of RESTART_DELAYS within
RESTART_PERIOD. Images and results are in memory that both processes share and no file names.
"""
import contextlib
import ctypes
import logging
import mmap
import os
import signal
import subprocess
import time
import weakref
from collections import deque
from multiprocessing import Pipe
from multiprocessing.connection import wait
from typing import Any, Callable, Deque, Dict, List, Optional, Tuple

from posesuite.child import child_command
from posesuite.engine.model_file import EngineError
from posesuite.engine.network import Choice, Network, TensorDetails
from posesuite.errors import DeviceFault, one_line
from posesuite.files import command

import numpy as np

ANSWER_TIMEOUT = 3.0  # seconds that a frame waits, for the device or for its restart
START_TIMEOUT = 20.0  # seconds to open the device and load the model; SD cards are slow
END_TIMEOUT = 2.0  # seconds for an idle process to close the device
RESTART_DELAYS = 0.0, 2.0, 5.0  # seconds before each restart, in which a USB device comes back
RESTART_PERIOD = 120.0  # seconds after which a failure no longer counts
MAX_SAID = 2000  # bytes of the process's stderr that are kept for a message
ALIGNMENT = 64  # bytes
LOGGER = logging.getLogger(__name__)


class EdgeTpuFault(EngineError, DeviceFault):
    """The Edge TPU failed and is being started again."""


class EdgeTpuNetwork(Network):
    """A network on an Edge TPU.

    choice: with a device, as in load_edgetpu. num_threads: of the CPU, for the other operators.
    Attribute: seconds, what the latest run took inside the process.
    Raises EngineError if the device does not open, RuntimeError or ValueError if the model does
    not load.
    """

    def __init__(self, choice: Choice, num_threads: int,
                 op_libraries: List[Tuple[str, Dict[str, str]]]) -> None:
        self._settings = {'edgetpu': choice.edgetpu, 'num_threads': num_threads,
                          'op_libraries': op_libraries}
        self._files = _memory_file(choice.model), _memory_file()  # the model; images and results
        weakref.finalize(self, _close, self._files)
        self._failures: Deque[float] = deque()  # time.monotonic() of those within RESTART_PERIOD
        self._why = ''  # of the latest failure
        self._since: Optional[float] = None  # time.time() of the first failure that still lasts
        self._process, self._starting, self._end = self._start(0.0)
        try:
            answer = self._process.answer(START_TIMEOUT)
        except (_Died, TimeoutError) as error:
            self._end()
            raise EngineError(f'{error} while it opened the device and loaded the model; '
                              f'{command("doctor.py")} examines why')
        except BaseException:
            self._end()
            raise
        self._starting, self.seconds = False, 0.0
        self.input_size, self.outputs, self.tensors, shapes = answer
        memory = mmap.mmap(self._files[1], sum(map(aligned, shapes)))
        image, *self._results = arrays(memory, shapes)
        self._input = image[0]

    def input(self) -> np.ndarray:
        return self._input

    def run(self) -> List[np.ndarray]:
        """Raises EdgeTpuFault, or EngineError when the device has failed too often."""
        self.seconds = self._ask(None)
        return self._results

    def read(self, tensor: TensorDetails) -> np.ndarray:
        return self._ask(tensor)

    def _ask(self, request: Optional[TensorDetails]) -> Any:
        """The process's answer, once it is ready."""
        if os.getpid() != self._process.owner:
            raise EngineError('an engine on an Edge TPU does not outlive a fork: make one in each '
                              'process')
        failures = self._count_failures()
        try:
            if self._process.ended:
                self._process, self._starting, self._end = self._start(
                    RESTART_DELAYS[failures - 1] if failures else 0.0)
            if self._starting:
                self._process.answer(ANSWER_TIMEOUT)
                self._starting = False
            answer = self._process.ask(request)
            self._since = None
            return answer
        except (_Died, OSError, RuntimeError, ValueError) as error:  # a TimeoutError is an OSError
            self._fail(error)
        except BaseException:  # such as KeyboardInterrupt, after which nobody reads the answer
            self._end()
            raise

    def _start(self, delay: float) -> 'Tuple[_Process, bool, Callable[[], Any]]':
        """A process, that it is starting, and what ends it at the latest with this object."""
        process = _Process(self._files, dict(self._settings, delay=delay))
        return process, True, weakref.finalize(self, process.end)

    def _fail(self, error: Exception) -> None:
        """Raises EdgeTpuFault; ends the process, unless it may still start."""
        self._since = self._since or time.time()
        age = time.monotonic() - self._process.started
        if self._starting and isinstance(error, TimeoutError) and age < START_TIMEOUT:
            raise EdgeTpuFault('the Edge TPU is being started again', self._since)
        self._end()
        self._failures.append(time.monotonic())
        self._why = one_line(error)
        self._count_failures()
        raise EdgeTpuFault(f'inference on the edgetpu failed: {self._why}', self._since)

    def _count_failures(self) -> int:
        """Raises EngineError if there were too many."""
        while self._failures and time.monotonic() - self._failures[0] > RESTART_PERIOD:
            self._failures.popleft()
        if len(self._failures) > len(RESTART_DELAYS):
            raise EngineError(
                f'the Edge TPU failed {len(self._failures)} times within {RESTART_PERIOD:g} s, the '
                f'last time: {self._why}; unplug it and plug it in again, or use --device cpu')
        return len(self._failures)


class _Died(Exception):
    """The process has ended; the message says how."""


class _Process:
    """One process of posesuite/engine/edgetpu_child.py.

    Attributes: owner (the id of the process that made it), started (time.monotonic()), ended
    (whether end was called).

    files: descriptors of the model and of the memory for images and results.
    settings: keywords of edgetpu_child.open_network; its answer is the first one.
    """

    def __init__(self, files: Tuple[int, int], settings: Dict[str, Any]) -> None:
        self.owner, self.ended, self._said, self._busy = os.getpid(), False, b'', True
        self._requests, theirs = Pipe()
        with theirs:
            inherited = theirs.fileno(), *files
            # In a session of its own, Ctrl-C in the terminal reaches the engine's process alone.
            # The other end of its stdin is open for as long as this process lives.
            self._process: Any = subprocess.Popen(
                child_command('posesuite.engine.edgetpu_child', *map(str, inherited)),
                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                pass_fds=inherited, start_new_session=True)
        self._requests.send(settings)
        self.started = time.monotonic()

    def ask(self, request: Optional[TensorDetails]) -> Any:
        """Runs the network, or reads a tensor of it; raises as answer does."""
        self._busy = True
        with contextlib.suppress(OSError):  # it has ended, as the answer will say
            self._requests.send(request)
        return self.answer(ANSWER_TIMEOUT)

    def answer(self, timeout: float) -> Any:
        """The latest request's answer. Raises TimeoutError, _Died, or what the process sent."""
        deadline = time.monotonic() + timeout
        sources = [self._requests, self._process.stderr]
        while True:
            ready = wait(sources, max(0, deadline - time.monotonic()))
            if self._process.stderr in ready:
                said = os.read(self._process.stderr.fileno(), MAX_SAID)
                self._said = (self._said + said)[-MAX_SAID:]
                if not said:
                    sources.remove(self._process.stderr)
            elif ready:
                try:
                    answer = self._requests.recv()
                except (EOFError, OSError):
                    raise _Died(self._how_it_ended())
                self._busy = False
                if isinstance(answer, Exception):
                    raise answer
                return answer
            elif time.monotonic() >= deadline:
                raise TimeoutError(f'its process did not answer within {timeout:g} s')

    def _how_it_ended(self) -> str:
        try:
            status = self._process.wait(END_TIMEOUT)
        except subprocess.TimeoutExpired:
            return 'its process stopped answering'
        lines = self._said.decode(errors='replace').strip().splitlines()
        words = ''.join(char for char in lines[-1][:200] if char.isprintable()) if lines else ''
        return ((f'its process crashed with {signal.Signals(-status).name}' if status < 0 else
                 f'its process ended with status {status}') + (f' ({words})' if words else ''))

    def end(self) -> None:
        """Ends the process: in order if it is idle, at once if it starts, hangs or is dead."""
        if os.getpid() != self.owner:
            return
        self.ended = True
        self._requests.close()
        try:
            self._process.wait(0 if self._busy else END_TIMEOUT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            try:
                self._process.wait(END_TIMEOUT)
            except subprocess.TimeoutExpired:
                LOGGER.warning('the process of the Edge TPU hangs in its driver')
        for stream in self._process.stdin, self._process.stderr:
            stream.close()


def arrays(memory: mmap.mmap, tensors: List[Tuple[List[int], type]]) -> List[np.ndarray]:
    """Arrays of these shapes and types, one after the other in a memory."""
    made, offset = [], 0
    for shape, dtype in tensors:
        made.append(np.ndarray(shape, dtype, memory, offset))
        offset += aligned((shape, dtype))
    return made


def aligned(tensor: Tuple[List[int], type]) -> int:
    """Bytes of an array of this shape and type, rounded up so that what follows is aligned."""
    size = int(np.prod(tensor[0], dtype=np.int64)) * np.dtype(tensor[1]).itemsize
    return -(-size // ALIGNMENT) * ALIGNMENT


def _memory_file(content: bytes = b'') -> int:
    """The descriptor of a file in memory that no file system names."""
    # Python has memfd_create from 3.8 on, the C library of Linux for longer.
    created = (os.memfd_create('posesuite') if hasattr(os, 'memfd_create') else
               ctypes.CDLL(None, use_errno=True).memfd_create(b'posesuite', 1))
    if created < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    os.ftruncate(created, len(content))
    while content:
        content = content[os.write(created, content):]
    return created


def _close(files: Tuple[int, int]) -> None:
    for file in files:
        os.close(file)
