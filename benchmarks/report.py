"""Measures time and memory of a report on simulated visitors, in a process of its own.

example:
  python3 benchmarks/report.py --days 365 --per-hour 10
"""
import argparse
import datetime
import json
import os
import resource
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.path.insert(0, os.path.join(ROOT, 'tests'))

import visitors  # noqa: E402


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
        days = visitors.simulate(datetime.date(2026, 1, 1), args.days, args.per_hour)
        visitors.write_store(days, store)
        with open(areas, 'w', encoding='utf-8') as file:
            json.dump({'areas': visitors.areas()}, file)
        made = time.perf_counter()
        subprocess.run([sys.executable, os.path.join(ROOT, 'visits.py'), 'report', store,
                        '-o', page, '--areas', areas, '--csv', folder], check=True)
        took = time.perf_counter() - made
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(f'{sum(len(day.visitors) for day in days)} visits in {args.days} days, simulated in '
              f'{made - begin:.1f} s, {os.path.getsize(store) / 1e6:.1f} MB; report in {took:.1f} '
              f's and {memory:.0f} MiB, page {os.path.getsize(page) / 1e3:.0f} kB')


if __name__ == '__main__':
    main()
