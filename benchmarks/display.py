"""How much browsers slow a demo down: pose_camera.py over a clip, watched by nobody and by many.

example:
  python3 benchmarks/display.py
  python3 benchmarks/display.py --model FILE.tflite --clients 10 --runs 3

Runs take turns, so that other load of the machine meets both kinds; the figure is the median of
their frames a second. The browsers are one process that behaves as many pages do: each listens to
/poses and asks for the next picture when it has got the last. What they get, and the processor time
that this takes them, which would elsewhere be another machine's, is a mean over the runs.
"""
import argparse
import contextlib
import os
import re
import selectors
import socket
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from typing import Callable, Tuple

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
MODEL = 'posenet_mobilenet_v1_075_353_481_quant_decoder.tflite'


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--demo', default=os.path.join(ROOT, 'pose_camera.py'), metavar='FILE',
                        help='default: %(default)s')
    parser.add_argument('--model', default=os.path.join(ROOT, 'models', 'mobilenet', MODEL),
                        metavar='FILE', help='default: %(default)s')
    parser.add_argument('--videosrc', default=os.path.join(ROOT, 'samples', 'three_people.mp4'),
                        metavar='FILE', help='default: %(default)s')
    parser.add_argument('--clients', type=int, default=50, help='default: %(default)s')
    parser.add_argument('--runs', type=int, default=5, help='of each kind (default: %(default)s)')
    args = parser.parse_args()

    rates = {0: [], args.clients: []}
    got = [0.0] * 4
    for _ in range(args.runs):
        for clients in rates:
            rate, seen = run(args, clients)
            rates[clients].append(rate)
            got = [a + b / args.runs for a, b in zip(got, seen)]
    medians = {clients: sorted(values)[len(values) // 2] for clients, values in rates.items()}
    for clients, values in rates.items():
        print(f'{clients:3} clients: {medians[clients]:.2f} frames/s (runs: '
              + ', '.join(f'{value:.2f}' for value in values) + ')')
    print(f'with {args.clients} clients {medians[args.clients] / medians[0]:.3f} of the rate')
    seconds, events, pictures, cpu = got
    if args.clients and seconds:
        print(f'a client got {events / seconds / args.clients:.1f} poses/s and '
              f'{pictures / seconds / args.clients:.1f} pictures/s; all of them took '
              f'{100 * cpu / seconds:.0f} % of a core')


def run(args: argparse.Namespace, clients: int) -> Tuple[float, Tuple[float, ...]]:
    """Frames a second of the demo, and what browse returns."""
    demo = subprocess.Popen(
        [sys.executable, args.demo, '--model', args.model, '--videosrc', args.videosrc, '--stats',
         '--serve', '0'], stderr=subprocess.PIPE)
    lines, browsers = [''], None
    with ProcessPoolExecutor(1) as pool:
        for line in demo.stderr:
            lines.append(line.decode())
            found = re.match(r'serving at http://127\.0\.0\.1:(\d+)/', lines[-1])
            if found and clients:
                browsers = pool.submit(browse, int(found.group(1)), clients)
        seen = browsers.result() if browsers else (0.0, 0.0, 0.0, 0.0)
    found = re.search(r'([\d.]+) a second', lines[-1])
    if demo.wait() or not found:
        sys.exit(f'error: the demo ended with {demo.returncode}: {"".join(lines)}')
    return float(found.group(1)), seen


def browse(port: int, clients: int) -> Tuple[float, float, float, float]:
    """Behaves as pages do until the server ends: returns the seconds that this took, events and
    pictures that came, and seconds of processor time."""
    selector = selectors.DefaultSelector()
    pages = [Page(port, selector) for _ in range(clients)]
    start, cpu = time.monotonic(), time.process_time()
    while selector.get_map():
        for key, _ in selector.select():
            key.data()
    return (time.monotonic() - start, sum(page.events for page in pages),
            sum(page.pictures for page in pages), time.process_time() - cpu)


class Page:
    """What display.html asks for, without drawing it."""

    def __init__(self, port: int, selector: selectors.BaseSelector) -> None:
        self.events = self.pictures = 0
        self._selector, self._newest, self._busy = selector, b'', False
        self._left, self._head = 0, b''  # bytes of a picture that are to come, and what came
        self._poses = self._connect(port, self._on_poses)
        self._picture = self._connect(port, self._on_picture)
        self._get(self._poses, '/poses')

    def _connect(self, port: int, on_data: Callable[[], None]) -> socket.socket:
        connection = socket.create_connection(('127.0.0.1', port))
        self._selector.register(connection, selectors.EVENT_READ, on_data)
        return connection

    def _get(self, connection: socket.socket, path: str) -> None:
        with contextlib.suppress(OSError):
            connection.sendall(f'GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n'.encode())

    def _read(self, connection: socket.socket) -> bytes:
        try:
            data = connection.recv(1 << 18)
        except OSError:
            data = b''
        if not data:
            self._selector.unregister(connection)
            connection.close()
        return data

    def _on_poses(self) -> None:
        ids = re.findall(br'(?:^|\n)id: (\d+)\n', self._read(self._poses))
        self.events += len(ids)
        if ids:
            self._newest = ids[-1]
            self._next()

    def _on_picture(self) -> None:
        data = self._read(self._picture)
        if not self._left:
            head, end, data = (self._head + data).partition(b'\r\n\r\n')
            self._head = b'' if end else head
            if not end:
                return
            self._left = int(re.search(br'Content-Length: (\d+)', head).group(1))
        self._left -= len(data)
        if not self._left:
            self.pictures += 1
            self._busy = False
            self._next()

    def _next(self) -> None:
        if self._newest and not self._busy:
            self._busy = True
            self._get(self._picture, '/snapshot.jpg?id=' + self._newest.decode())
            self._newest = b''


if __name__ == '__main__':
    main()
