"""What pose_server.py adds to an engine's latency, 50 clients at once, and several cameras.

example:
  python3 benchmarks/pose_server.py --sleep 14

Latencies are of the same frame by turns in this process and at the server. The rates of several
cameras are those of demos at full speed, by the network's rate alone; the age of frames is from
capture to display where each camera has 30 frames a second. With --sleep a network that only waits
stands for an Edge TPU, which leaves the CPU to the demos; else they share it with the network.
"""
import argparse
import contextlib
import http.client
import io
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from typing import Any, Iterator, List, Tuple

import numpy as np
from PIL import Image

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.path.insert(0, ROOT)

from pose_engine import PoseEngine  # noqa: E402
from posesuite.engine.choice import default_model  # noqa: E402
from posesuite.engine.remote import RemoteEngine  # noqa: E402

CLIP = os.path.join(ROOT, 'samples', 'three_people.mp4')  # 640x480, 30 frames a second
QUALITY = 90  # of the JPEG
START_TIMEOUT = 60  # seconds for demos to start
# A script of the suite whose network is a Waiting one.
CHILD = '''
import importlib, sys
sys.path[:0] = {paths!r}
bench = importlib.import_module('benchmark_of_the_server')
script = importlib.import_module(sys.argv[0])
script.PoseEngine = lambda model_path, **_: bench.Waiting(model_path, {seconds})
sys.exit(script.main())
'''


class Waiting:
    """An engine that looks once, and then waits as long as an Edge TPU would take.

    seconds: for an image; 0 for the real engine's own time.
    """

    def __init__(self, path: str, seconds: float) -> None:
        self._engine, self._seconds = PoseEngine(path), seconds
        self._found: Any = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def DetectPosesInImage(self, img: Any) -> Tuple[List[Any], float]:
        if not self._seconds:
            return self._engine.DetectPosesInImage(img)
        self._found = self._found or self._engine.DetectPosesInImage(img)[0]
        began = time.perf_counter()
        time.sleep(self._seconds)
        return self._found, time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--model', metavar='FILE', help='default: that of pose_server.py')
    parser.add_argument('--sleep', type=float, default=0, metavar='MS',
                        help='a network that waits so long in place of one on the CPU')
    parser.add_argument('--images', type=int, default=200, help='for latencies (default: '
                        '%(default)s)')
    parser.add_argument('--clients', type=int, default=50, help='default: %(default)s')
    parser.add_argument('--streams', type=int, nargs='+', default=[1, 2, 4, 8])
    parser.add_argument('--seconds', type=float, default=8, help='of each run (default: '
                        '%(default)s)')
    args = parser.parse_args()
    args.model = args.model or default_model()
    image = np.asarray(Image.open(os.path.join(ROOT, 'samples', 'couple.jpg')).convert('RGB'))
    with tempfile.TemporaryDirectory() as folder:
        os.symlink(os.path.abspath(__file__), os.path.join(folder, 'benchmark_of_the_server.py'))
        code = CHILD.format(paths=[ROOT, folder], seconds=args.sleep / 1000)
        socket = os.path.join(folder, 'poses.sock')
        with server(code, args.model, socket) as url:
            engine = Waiting(args.model, args.sleep / 1000)
            latencies(engine, url, socket, image, args.images)
            many_clients(url, image, args.clients, args.seconds)
            print('several cameras: rate by that of the network alone, age of frames at p95')
            for count in args.streams:
                print(f'{count} at a server: {streams(code, args, count, engine, image, socket)}; '
                      f'in one demo: {streams(code, args, count, engine, image)}', flush=True)


@contextlib.contextmanager
def server(code: str, model: str, socket: str) -> Iterator[str]:
    """A server of this network on a port and a Unix socket; yields its URL."""
    process = subprocess.Popen([sys.executable, '-c', code.replace('sys.argv[0]', "'pose_server'"),
                                '--model', model, '--listen', '0', '--listen', f'unix:{socket}'],
                               stderr=subprocess.PIPE, text=True)
    try:
        for line in process.stderr:
            if 'http://' in line:
                yield line.rpartition(' ')[2].strip()
                break
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate()


def latencies(engine: Any, url: str, socket: str, image: np.ndarray, count: int) -> None:
    """Prints what the server adds for a frame, and for a JPEG."""
    remote = RemoteEngine(f'unix:{socket}')
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, 'JPEG', quality=QUALITY)
    connection = http.client.HTTPConnection(url.split('/')[2])

    def post() -> None:
        connection.request('POST', '/v1/poses', buffer.getvalue())
        connection.getresponse().read()

    def decode() -> None:
        engine.DetectPosesInImage(np.asarray(Image.open(buffer).convert('RGB')))

    for name, here, there in (
            ('a frame', lambda: engine.DetectPosesInImage(image),
             lambda: remote.DetectPosesInImage(image)), ('a JPEG', decode, post)):
        times = np.array([[seconds(here), seconds(there)] for _ in range(count)])[3:] * 1000
        added = np.percentile(times, [50, 95], axis=0) @ (-1, 1)
        print(f'{name}: {np.median(times[:, 0]):.1f} ms in one process; the server adds '
              f'{added[0]:.1f} ms at p50, {added[1]:.1f} ms at p95', flush=True)


def seconds(work: Any) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def many_clients(url: str, image: np.ndarray, count: int, duration: float) -> None:
    """Prints how clients fare that all send JPEGs as fast as they can."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, 'JPEG', quality=QUALITY)
    answered, errors = [0] * count, [0] * count
    waits: List[float] = []
    end = time.monotonic() + duration

    def client(number: int) -> None:
        connection = http.client.HTTPConnection(url.split('/')[2])
        while time.monotonic() < end:
            began = time.monotonic()
            try:
                connection.request('POST', '/v1/poses', buffer.getvalue())
                response = connection.getresponse()
                response.read()
                good = response.status == 200
            except OSError:
                good = False
            waits.append(time.monotonic() - began)
            answered[number] += good
            errors[number] += not good

    threads = [threading.Thread(target=client, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f'{count} clients at once: {sum(answered) / duration:.1f} pictures a second, '
          f'{sum(errors)} errors, {min(answered)} to {max(answered)} a client, answered within '
          f'{np.percentile(waits, 95):.2f} s at p95', flush=True)


def streams(code: str, args: argparse.Namespace, count: int, engine: Any, image: np.ndarray,
            socket: str = '') -> str:
    """The rate and the age of so many cameras: demos at a server, or one with all of them."""
    sources = [['--videosrc', CLIP]] * count if socket else [['--videosrc', CLIP] * count]
    network = ['--engine', f'unix:{socket}'] if socket else ['--model', args.model]
    rates, ages = [], []
    for pace, found in ('--full-speed', rates), ('--realtime', ages):
        alone = [rate(engine, image)] if found is rates else []
        with tempfile.TemporaryDirectory() as folder:
            demos = [subprocess.Popen(
                [sys.executable, '-c', code.replace('sys.argv[0]', "'pose_camera'"), '--headless',
                 '--stats', '--loop', pace, *network, *source, '--log',
                 os.path.join(folder, f'{number}.jsonl')], stderr=subprocess.PIPE, text=True)
                for number, source in enumerate(sources)]
            wait_for_logs(folder, count)
            time.sleep(args.seconds)
            for demo in demos:
                demo.send_signal(signal.SIGTERM)
            said = [demo.communicate()[1] for demo in demos]
        figures = [re.search(r'p95 ([\d.]+) ms; .* ([\d.]+) a second', text) for text in said]
        if not all(figures):
            raise RuntimeError(f'a demo failed: {said}')
        if found is rates:
            alone.append(rate(engine, image))
            rates.append(sum(float(figure.group(2)) for figure in figures) / np.mean(alone))
        else:
            ages += [float(figure.group(1)) for figure in figures]
    return f'{rates[0]:.2f}, {max(ages):.0f} ms'


def wait_for_logs(folder: str, count: int) -> None:
    """Until each camera's log has frames."""
    end = time.monotonic() + START_TIMEOUT
    while time.monotonic() < end:
        logs = [os.path.join(folder, name) for name in os.listdir(folder)]
        if len(logs) == count and all(map(os.path.getsize, logs)):
            return
        time.sleep(0.1)


def rate(engine: Any, image: np.ndarray, duration: float = 2.0) -> float:
    """Images a second of a network alone."""
    began, count = time.perf_counter(), 0
    while time.perf_counter() - began < duration:
        engine.DetectPosesInImage(image)
        count += 1
    return count / (time.perf_counter() - began)


if __name__ == '__main__':
    main()
