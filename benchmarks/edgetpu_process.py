"""Measures what a process of its own costs an Edge TPU: the milliseconds that it adds to a frame.

The device is the tests' stand-in, compiled here, which knows the answer to the one image and so
leaves the processor alone, as an Edge TPU does. What the network takes inside the process is
subtracted. The rest is a message each way and a copy of the image and of the results. Times are
medians and 95th percentiles; started is the time from nothing to a loaded model, which is what a
restart takes; the memory is what the process holds for itself.

example:
  python3 benchmarks/edgetpu_process.py --frames 500
"""
import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
STAND_IN = os.path.join(ROOT, 'tests', 'engine', 'edgetpu_stand_in')
sys.path[:0] = ROOT, os.path.join(ROOT, 'tests')

from posesuite.engine.edgetpu_process import EdgeTpuNetwork  # noqa: E402
from posesuite.engine.network import Choice  # noqa: E402
from posesuite.engine.raw_decoder import library_path  # noqa: E402

import numpy as np  # noqa: E402


def main() -> None:
    args = parse_args()
    import tflite_files  # needs flatbuffers, which come with LiteRT alone
    print(f'{"model":>9}{"bytes":>10}{"network":>10}{"added":>8}{"95 %":>8}{"started":>9}{"MB":>5}')
    with tempfile.TemporaryDirectory() as folder:
        compiler = shutil.which('c++') or sys.exit('error: no C++ compiler')
        subprocess.run([compiler, '-std=c++17', '-O1', '-shared', '-fPIC', '-fvisibility=hidden',
                        '-I', os.path.join(ROOT, 'posenet_decoder'),
                        os.path.join(STAND_IN, 'libedgetpu.cc'),
                        '-o', os.path.join(folder, 'libedgetpu.so.1')], check=True)
        # The processes of the device find it like this.
        os.environ.update(LD_LIBRARY_PATH=folder, PYTHONPATH=STAND_IN,
                          EDGETPU_STAND_IN_MODELS=folder)
        for size in '353_481', '481_641', '721_1281':
            name = f'mobilenet_v1_075_{size}_quant_decoder.tflite'
            bundled = os.path.join(ROOT, 'models', 'rendered', f'posenet_rendered_{name}')
            model = shutil.copy(bundled, os.path.join(folder, f'posenet_{name}'))
            measure(size, tflite_files.for_edgetpu(model, os.path.join(folder, 'edgetpu.tflite')),
                    args.frames)


def measure(name: str, path: str, frames: int) -> None:
    """Prints a line for a model."""
    with open(path, 'rb') as file:
        choice = Choice(path, file.read(), 'edgetpu')
    start = time.perf_counter()
    network = EdgeTpuNetwork(choice, 1, [(library_path(), {})])
    started = time.perf_counter() - start
    network.input()[...] = 128
    network.run()  # the stand-in computes its answer
    added, inside = [], []
    for _ in range(frames):
        start = time.perf_counter()
        results = network.run()
        added.append(time.perf_counter() - start - network.seconds)
        inside.append(network.seconds)
    size = network.input().nbytes + sum(result.nbytes for result in results)
    times = np.median(inside), np.median(added), np.percentile(added, 95), started
    print('{:>9}{:10}{:10.2f}{:8.2f}{:8.2f}{:9.0f}{:5.0f}'.format(
        name, size, *(1000 * seconds for seconds in times), memory()))


def memory() -> float:
    """Megabytes that the process holds for itself: it is this one's only child."""
    with open(f'/proc/self/task/{os.getpid()}/children') as file:
        child, = file.read().split()
    with open(f'/proc/{child}/status') as file:
        return sum(int(line.split()[1]) for line in file if line.startswith('RssAnon')) / 1024


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--frames', type=int, default=300, help='default: %(default)s')
    return parser.parse_args()


if __name__ == '__main__':
    main()
