"""A long day of the anonymizer at full speed: its memory, files and threads, and its store.

Its source is a pose log of simulated visitors, three at a time on average.

example:
  python3 benchmarks/anonymizer.py --hours 12
"""
import argparse
import contextlib
import datetime
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from typing import List

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.path.insert(0, os.path.join(ROOT, 'tests'))

import visitors  # noqa: E402

ROWS = 12  # rows of the table that is printed
MEAN_PEOPLE = 3.0  # people in the room at a time


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--hours', type=int, default=12, help='1 to 23 (default: %(default)s)')
    parser.add_argument('--fps', type=float, default=5,
                        help="the log's frames per second (default: %(default)g)")
    args = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        log, store = os.path.join(folder, 'day.jsonl'), os.path.join(folder, 'visits.db')
        people = write_log(log, args.hours, args.fps)
        begin = time.monotonic()
        demo = subprocess.Popen(
            [sys.executable, os.path.join(ROOT, 'anonymizer.py'), '--headless', '--videosrc', log,
             '--store', store, '--keep', '9999d', '--stats'])
        samples = []
        while demo.poll() is None:
            with contextlib.suppress(OSError, IndexError, KeyError):  # it just started or ended
                samples.append(sample(demo.pid, store))
            time.sleep(0.5)
        if demo.returncode:
            sys.exit(demo.returncode)
        print(f'{args.hours} hours of {people:.2f} people at {args.fps:g} frames/s in '
              f'{time.monotonic() - begin:.0f} s; the store has '
              f'{os.path.getsize(store) / 1e6:.2f} MB, integrity {check(store)}')
        print('  stored MB   memory MB   descriptors   threads   write-ahead log MB')
        for i in range(ROWS if samples else 0):
            size, memory, descriptors, threads, wal = samples[i * (len(samples) - 1) // (ROWS - 1)]
            print(f'{size:11.2f} {memory:11.1f} {descriptors:13} {threads:9} {wal:20.2f}')


def write_log(path: str, hours: int, fps: float) -> float:
    """Writes a day as a pose log; returns how many people are there on average."""
    wanted = 30.0  # visits per hour, each of several minutes
    for _ in range(5):
        day, = visitors.simulate(datetime.date(2026, 3, 2), 1, wanted, hours=(0, hours))
        closing = day.begin + 3600 * hours
        people = sum(min(visitor.path[-1, 0], closing) - visitor.path[0, 0]
                     for visitor in day.visitors) / (closing - day.begin)
        if abs(people / MEAN_PEOPLE - 1) < 0.05:
            break
        wanted *= MEAN_PEOPLE / people
    visitors.write_log(day._replace(end=closing), path, fps)
    return people


def sample(pid: int, store: str) -> List[float]:
    """MB of the store, MB of memory, file descriptors, threads, MB of the write-ahead log."""
    with open(f'/proc/{pid}/status') as file:
        status = dict(line.split(':', 1) for line in file)
    return [os.path.getsize(store) / 1e6, int(status['VmRSS'].split()[0]) / 1e3,
            len(os.listdir(f'/proc/{pid}/fd')), int(status['Threads']),
            os.path.getsize(store + '-wal') / 1e6]


def check(store: str) -> str:
    """The answer of SQLite's integrity check: 'ok'."""
    with contextlib.closing(sqlite3.connect(store)) as database:
        return database.execute('PRAGMA integrity_check').fetchone()[0]


if __name__ == '__main__':
    main()
