"""Measures time and memory of the report on a fleet, by cameras times days, on DuckDB.

`make` simulates a fleet: visitors who walk from place to place, with a position a second, from
10 to 18 o'clock. `measure` runs visits.py fleet on parts of it, each in a process of its own, and
prints how time and memory grow.

examples:
  python3 benchmarks/fleet.py make /tmp/fleet --cameras 200 --days 365 --positions 300e6
  python3 benchmarks/fleet.py measure /tmp/fleet --sizes 25x46 50x91 100x182 200x365
"""
import argparse
import datetime
import math
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from typing import List, Sequence, Tuple

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.path.insert(0, ROOT)

from posesuite.fleet.days import Day  # noqa: E402
from posesuite.fleet.export import as_parquet  # noqa: E402
from posesuite.fleet.schema import FILE, TABLES, Camera, day_of  # noqa: E402
from posesuite.fleet.storage import Storage  # noqa: E402

import numpy as np  # noqa: E402

FIRST = datetime.date(2025, 1, 1)
PER_SITE = 10  # cameras
OPENS, CLOSES = 10, 18  # o'clock
MEAN_SECONDS = 60  # of a visit; as many positions
PLACES = np.array([[120, 900], [300, 500], [500, 650], [700, 480], [850, 880], [450, 350]])
HOUR = 3600_000  # milliseconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest='command', metavar='make | measure')
    commands.required = True
    make_parser = commands.add_parser('make')
    make_parser.add_argument('fleet')
    make_parser.add_argument('--cameras', type=int, default=200, help='default: %(default)s')
    make_parser.add_argument('--days', type=int, default=365, help='default: %(default)s')
    make_parser.add_argument('--positions', type=float, default=300e6, help='default: %(default)g')
    measure_parser = commands.add_parser('measure')
    measure_parser.add_argument('fleet')
    measure_parser.add_argument('--sizes', nargs='+', default=['25x46', '50x91', '100x182',
                                                               '200x365'],
                                metavar='CAMERASxDAYS', help='default: 1/64, 1/16, 1/4 and all')
    measure_parser.add_argument('--memory', default='', metavar='SIZE',
                                help="DuckDB's memory_limit, such as 2GB")
    args = parser.parse_args()
    if args.command == 'make':
        make(args.fleet, args.cameras, args.days, args.positions)
    else:
        measure(args.fleet, [tuple(map(int, size.split('x'))) for size in args.sizes], args.memory)


def make(fleet: str, cameras: int, days: int, positions: float) -> None:
    Storage(fleet, may_be_new=True, keep_days=10000)
    visits = positions / cameras / days / MEAN_SECONDS
    begin, made = time.perf_counter(), 0
    with ProcessPoolExecutor() as pool:
        for done, count in enumerate(pool.map(make_camera, [
                (fleet, number, days, visits) for number in range(cameras)]), 1):
            made += count
            print(f'\r{done} cameras, {made / 1e6:.1f} million positions, '
                  f'{time.perf_counter() - begin:.0f} s', end='', file=sys.stderr)
    print(file=sys.stderr)


def make_camera(job: Tuple[str, int, int, float]) -> int:
    """Writes the days of one camera that are missing; returns the number of positions."""
    fleet, number, days, visits = job
    camera = Camera(f'site{number // PER_SITE:02}', f'camera{number % PER_SITE}')
    total = 0
    for offset in range(days):
        random = np.random.RandomState(number * 10000 + offset)
        day = simulated(FIRST + datetime.timedelta(offset), visits, random)
        total += len(day.tables['positions']['time'])
        for table in TABLES:
            folder = f'{fleet}/{camera.folder(table)}/day={day.date}'
            os.makedirs(folder, exist_ok=True)
            if not os.path.exists(f'{folder}/{FILE}'):
                with open(f'{folder}/{FILE}', 'wb') as file:
                    file.write(as_parquet(day, table))
    return total


def simulated(date: datetime.date, visits: float, random: np.random.RandomState) -> Day:
    """A day of about so many visits."""
    midnight = int(datetime.datetime.combine(date, datetime.time()).timestamp()) * 1000
    busy = np.array([.5, .7, 1, 1.4, 1.5, 1.3, 1, .6]) * (1.5 if date.weekday() > 4 else 0.8)
    count = random.poisson(visits * busy / busy.size)
    begun = np.sort(midnight + OPENS * HOUR + np.repeat(np.arange(len(busy)), count) * HOUR
                    + random.randint(HOUR, size=count.sum()))
    dwell = np.maximum(2, MEAN_SECONDS / math.exp(0.18) * np.exp(
        0.6 * random.randn(len(begun)))).astype(int)
    visit = np.repeat(np.arange(len(begun)), dwell)
    second = np.arange(len(visit)) - np.repeat(np.cumsum(dwell) - dwell, dwell)
    # From one place to another and on to a third, with stops.
    way = PLACES[random.randint(len(PLACES), size=(len(begun), 3))]
    share = np.clip(4 * second / np.repeat(dwell, dwell) - 0.5, 0, 3)
    leg, along = np.minimum(share.astype(int), 1), np.clip(share - np.minimum(
        share.astype(int), 1), 0, 1)[:, None]
    points = way[visit, leg] * (1 - along) + way[visit, leg + 1] * along
    points += random.randn(*points.shape) * 4
    when = np.repeat(begun, dwell) + second * 1000
    slot = begun - (begun - midnight) % HOUR
    hours = np.arange(24)
    watched = np.where((hours >= OPENS) & (hours < CLOSES), HOUR, 0)
    x, y = np.clip(points, 0, 999).astype(int).T
    return Day(date, midnight + CLOSES * HOUR, {
        'positions': {'visit': visit, 'time': when, 'slot': when - (when - midnight) % HOUR,
                      'x': x, 'y': y, 'ms': np.full(len(when), 1000),
                      'still': (along[:, 0] == 0) | (along[:, 0] == 1)},
        'hours': {'slot': midnight + hours * HOUR, 'weekday': np.full(24, date.weekday()),
                  'hour': hours, 'watched': watched, 'lost': np.zeros(24, int),
                  'short': np.zeros(24, int)},
        'visits': {'visit': np.arange(len(begun)), 'begun': begun, 'dwell': dwell * 1000,
                   'slot': slot, 'weekday': np.full(len(begun), date.weekday()),
                   'hour': (slot - midnight) // HOUR}})


def measure(fleet: str, sizes: Sequence[Tuple[int, ...]], memory: str) -> None:
    print('cameras  days  camera-days  million positions     MB  report s  CPU s  MiB  '
          'with maps s  CPU s  MiB')
    found: List[Tuple[float, ...]] = []
    for cameras, days in sizes:
        with tempfile.TemporaryDirectory(dir=os.path.dirname(os.path.abspath(fleet))) as folder:
            part = os.path.join(folder, 'part')
            positions, size = link(fleet, part, cameras, days)
            costs = [report(part, folder, memory, maps) for maps in (False, True)]
        found.append((cameras * days, *costs[0], *costs[1]))
        print(f'{cameras:7} {days:5} {cameras * days:12} {positions / 1e6:18.1f} {size / 1e6:6.0f} '
              + ' '.join('{:9.1f} {:6.1f} {:4.0f}'.format(*cost) for cost in costs), flush=True)
    if len(found) < 2:
        return
    for name, column in (('CPU time', 2), ('memory', 3), ('CPU time with maps', 5),
                         ('memory with maps', 6)):
        growth = np.polyfit(np.log([row[0] for row in found]),
                            np.log([row[column] for row in found]), 1)[0]
        print(f'{name} grows as camera-days to the power of {growth:.2f}; from each size to the '
              'next: ' + ', '.join(f'{b[column] / a[column]:.1f} times for {b[0] / a[0]:.1f} times'
                                   for a, b in zip(found, found[1:])))


def link(fleet: str, part: str, cameras: int, days: int) -> Tuple[int, int]:
    """Makes a fleet of some of the days of another by hard links; their positions and bytes."""
    from pyarrow import parquet
    whole = Storage(fleet)
    Storage(part, may_be_new=True, keep_days=whole.keep_days)
    positions = size = 0
    last = FIRST + datetime.timedelta(days)
    for camera in whole.cameras()[:cameras]:
        for table in TABLES:
            for name in os.listdir(f'{fleet}/{camera.folder(table)}'):
                if day_of(name) >= last:
                    continue
                source = f'{fleet}/{camera.folder(table)}/{name}/{FILE}'
                os.makedirs(f'{part}/{camera.folder(table)}/{name}')
                os.link(source, f'{part}/{camera.folder(table)}/{name}/{FILE}')
                size += os.path.getsize(source)
                if table == 'positions':
                    positions += parquet.read_metadata(source).num_rows
    return positions, size


def report(fleet: str, folder: str, memory: str, maps: bool) -> Tuple[float, float, float]:
    """Seconds, seconds of CPU and MiB at most of a report. maps: whether with all tables."""
    command = [sys.executable, os.path.join(ROOT, 'visits.py'), 'fleet', fleet,
               '-o', os.path.join(folder, 'page.html'),
               *(['--csv', os.path.join(folder, 'tables')] if maps else []),
               *(['--set', f'memory_limit={memory}'] if memory else [])]
    begin = time.perf_counter()
    process = subprocess.Popen(command)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        sys.exit(f'the report failed: {status}')
    return (time.perf_counter() - begin, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


if __name__ == '__main__':
    main()
