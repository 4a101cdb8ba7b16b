"""The process in which an Edge TPU runs. It opens the device, loads a model, and runs it for each
frame that the engine's process, its parent, asks for.
"""
import contextlib
import fcntl
import mmap
import os
import select
import signal
import sys
import time
from multiprocessing.connection import Connection
from typing import Dict, List, Tuple

from posesuite.core_dumps import forbid_core_dumps
from posesuite.engine.edgetpu_process import aligned, arrays
from posesuite.engine.model_file import EngineError
from posesuite.engine.network import Choice
from posesuite.engine.runtimes.tflite import TfliteNetwork, load_here
from posesuite.errors import one_line

import numpy as np


def main() -> int:
    """Serves requests on the connection whose descriptor is the first argument. The second is the
    file of the model, the third the memory for images and results.
    """
    forbid_core_dumps()
    end_with_parent()
    requests, model, memory = map(int, sys.argv[1:])
    with Connection(requests) as connection, contextlib.suppress(EOFError, OSError):
        try:
            network = open_network(model, **connection.recv())
        except EngineError as error:
            connection.send(EngineError(str(error)))
            return 1
        except (MemoryError, OSError, RuntimeError, SystemError, ValueError) as error:
            connection.send(RuntimeError(one_line(error) or type(error).__name__))
            return 1
        shapes = [(tensor['shape'].tolist(), tensor['dtype'])
                  for tensor in [network.input_details, *network.outputs]]
        size = sum(map(aligned, shapes))
        os.ftruncate(memory, size)
        image, *results = arrays(mmap.mmap(memory, size), shapes)
        connection.send((network.input_size, network.outputs, network.tensors, shapes))
        while True:
            request = connection.recv()
            try:
                connection.send(network.read(request) if request else
                                run(network, image[0], results))
            except (RuntimeError, ValueError) as error:
                connection.send(RuntimeError(one_line(error)))
    return 0


def end_with_parent() -> None:
    """Lets the kernel end this process with its parent, which holds the other end of stdin.

    It sends SIGIO then, which ends a process even when it hangs in a library.
    """
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGIO])
    fcntl.fcntl(0, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(0, fcntl.F_SETFL, fcntl.fcntl(0, fcntl.F_GETFL) | os.O_ASYNC)
    if select.select([0], [], [], 0)[0]:
        sys.exit('the parent has ended')


def open_network(model: int, edgetpu: str, num_threads: int,
                 op_libraries: List[Tuple[str, Dict[str, str]]], delay: float) -> TfliteNetwork:
    """model: descriptor of the file. delay: seconds. The others are those of tflite.load."""
    time.sleep(delay)
    with open(model, 'rb') as file:
        file.seek(0)  # the parent shares the position
        choice = Choice('', file.read(), edgetpu)
    return load_here(choice, num_threads, op_libraries)


def run(network: TfliteNetwork, image: np.ndarray, results: List[np.ndarray]) -> float:
    """Runs the network on an image and fills the results; returns the seconds of the network."""
    np.copyto(network.input(), image)
    start = time.perf_counter()
    outputs = network.run()
    seconds = time.perf_counter() - start
    for result, values in zip(results, outputs):
        result[...] = values
    return seconds


if __name__ == '__main__':
    sys.exit(main())
