"""Measures time and memory of a report on simulated visitors, in a process of its own.

The store has the bodies of all positions, as if areas were everywhere; the report has areas,
counting lines and the floor.

example:
  python3 benchmarks/report.py --days 365 --per-hour 10
"""
import argparse
import contextlib
import datetime
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.path[:0] = [ROOT, os.path.join(ROOT, 'tests')]

import passers  # noqa: E402
import visitors  # noqa: E402
from posesuite.visits.areas import Plan, area_from, write_plan  # noqa: E402
from posesuite.visits.database import ADDED  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--days', type=int, default=365, help='default: %(default)s')
    parser.add_argument('--per-hour', type=float, default=10,
                        help='visits per opening hour, of which a day has 8 (default: %(default)s)')
    args = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        store, areas, page = (os.path.join(folder, name)
                              for name in ('visits.db', 'areas.json', 'report.html'))
        begin = time.perf_counter()
        days = visitors.simulate(datetime.date(2025, 1, 1), args.days, args.per_hour)
        visitors.write_store(days, store)
        add_bodies(store)
        write_plan(areas, Plan([area_from(area, '') for area in visitors.areas()], passers.lines(),
                               [], [passers.floor()]))
        made = time.perf_counter()
        subprocess.run([sys.executable, os.path.join(ROOT, 'visits.py'), 'report', store,
                        '-o', page, '--areas', areas, '--csv', folder], check=True)
        took = time.perf_counter() - made
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        print(f'{sum(len(day.visitors) for day in days)} visits in {args.days} days, simulated in '
              f'{made - begin:.1f} s, {os.path.getsize(store) / 1e6:.1f} MB; report in {took:.1f} '
              f's, {used.ru_utime + used.ru_stime:.1f} s of them on a CPU, and '
              f'{used.ru_maxrss / 1024:.0f} MiB, page {os.path.getsize(page) / 1e3:.0f} kB')


def add_bodies(path: str) -> None:
    """Turns the people of a store anywhere, with one wrist that is known."""
    with contextlib.closing(sqlite3.connect(path)) as store:
        store.executescript(ADDED)
        store.execute('INSERT INTO bodies SELECT visit, time, abs(random()) % 16, x / 10, y / 12, '
                      'NULL, NULL FROM positions')
        store.commit()


if __name__ == '__main__':
    main()
