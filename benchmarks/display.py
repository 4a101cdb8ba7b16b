"""How much browsers slow a demo down: pose_camera.py over a clip, watched by nobody and by many.

examples:
  python3 benchmarks/display.py
  python3 benchmarks/display.py --clients 10 --runs 3

Runs without and with browsers take turns, so that other load of the machine meets both kinds; the
figure is the ratio of their median frame rates. One process plays all browsers: each listens to
/poses and requests the next picture when it has received the last. What they receive, and the
processor time that this takes them, which elsewhere would be another machine's, are means over the
runs.
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
from typing import Callable, List, NamedTuple, Tuple

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class Received(NamedTuple):
    """What the browsers of a run received, and how long it took."""
    seconds: float = 0.0
    events: float = 0.0
    pictures: float = 0.0
    cpu: float = 0.0  # seconds of processor time


def main() -> None:
    args = parse_args()
    command = [sys.executable, args.demo, '--videosrc', args.videosrc, '--full-speed', '--stats',
               '--serve', '0']
    for option, value in (('--model', args.model), ('--frames', args.frames)):
        command += [option, str(value)] if value else []
    rates = {0: [], args.clients: []}
    runs = []
    for _ in range(args.runs):
        for clients in rates:
            rate, received = run(command, clients)
            rates[clients].append(rate)
            if clients:
                runs.append(received)
    medians = {clients: sorted(values)[len(values) // 2] for clients, values in rates.items()}
    for clients, values in rates.items():
        print(f'{clients:3} clients: {medians[clients]:.2f} frames/s (runs: '
              + ', '.join(f'{value:.2f}' for value in values) + ')')
    print(f'with {args.clients} clients {medians[args.clients] / medians[0]:.3f} of the rate')
    total = Received(*map(sum, zip(*runs))) if runs else Received()
    if total.seconds:
        print(f'a client received {total.events / total.seconds / args.clients:.1f} poses/s and '
              f'{total.pictures / total.seconds / args.clients:.1f} pictures/s; all of them took '
              f'{100 * total.cpu / total.seconds:.0f} % of a core')


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--demo', default=os.path.join(ROOT, 'pose_camera.py'), metavar='FILE',
                        help='default: %(default)s')
    parser.add_argument('--model', metavar='FILE', help="default: the demo's own")
    parser.add_argument('--videosrc', default=os.path.join(ROOT, 'samples', 'three_people.mp4'),
                        metavar='FILE', help='default: %(default)s')
    parser.add_argument('--frames', type=int, help='of each run (default: all of the clip)')
    parser.add_argument('--clients', type=int, default=50, help='default: %(default)s')
    parser.add_argument('--runs', type=int, default=5, help='of each kind (default: %(default)s)')
    return parser.parse_args()


def run(command: List[str], clients: int) -> Tuple[float, Received]:
    """The demo's frames per second, and what the browsers received."""
    demo = subprocess.Popen(command, stderr=subprocess.PIPE)
    lines, browsers = [''], None
    with ProcessPoolExecutor(1) as pool:
        for line in demo.stderr:
            lines.append(line.decode())
            found = re.match(r'serving at http://127\.0\.0\.1:(\d+)/', lines[-1])
            if found and clients:
                browsers = pool.submit(browse, int(found.group(1)), clients)
        received = browsers.result() if browsers else Received()
    found = re.search(r'([\d.]+) a second', lines[-1])
    if demo.wait() or not found:
        sys.exit(f'error: the demo ended with {demo.returncode}: {"".join(lines)}')
    return float(found.group(1)), received


def browse(port: int, clients: int) -> Received:
    """Behaves as so many pages do until the server ends."""
    selector = selectors.DefaultSelector()
    pages = [Page(port, selector) for _ in range(clients)]
    start, cpu = time.monotonic(), time.process_time()
    while selector.get_map():
        for key, _ in selector.select():
            key.data()
    return Received(time.monotonic() - start, sum(page.events for page in pages),
                    sum(page.pictures for page in pages), time.process_time() - cpu)


class Page:
    """Requests what web_page.html requests, without drawing it.

    Attributes: events, pictures (how many it received).
    """

    def __init__(self, port: int, selector: selectors.BaseSelector) -> None:
        self.events = self.pictures = 0
        self._selector, self._newest, self._busy = selector, b'', False
        self._left, self._head = 0, b''  # bytes of a picture still to come; its headers so far
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
