r"""How often the fall rule finds falls, and how often it takes daily life for one.

examples:
  python3 benchmarks/activities.py
  python3 benchmarks/activities.py --hours 0 24 --falls 100
  python3 benchmarks/activities.py --heights 1.0 2.0 --seed 5
  python3 benchmarks/activities.py --rules my_fall.json

Simulated people (tests/athletes.py, tests/daily_life.py) do one thing after the other before a
camera at one of the heights: bodies and directions of their own, 8 to 30 frames a second, with the
errors of a network as measured on samples/, lost people and lost frames. They pass through the
demos' tracker, and get another number twice a minute besides. A day so is far more than a day of
a room: nobody ever just sits there. Each simulated hour is a line, and the same for the same seed.

  found   falls with one event; twice: with more
  false   events in hours without a fall, and after what they came
"""
import argparse
import os
import sys
from collections import Counter
from typing import Any, Iterator, List, Tuple

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.path[:0] = [ROOT, os.path.join(ROOT, 'tests')]

from athletes import SIZE, random_camera, recording  # noqa: E402
from daily_life import fall, visit  # noqa: E402
from posesuite.activities.activities import Activities  # noqa: E402
from posesuite.activities.files import open_activity  # noqa: E402
from posesuite.pose.event import Event  # noqa: E402
from posesuite.pose.tracker import PoseTracker  # noqa: E402

import numpy as np  # noqa: E402

HOUR = 3600.0  # seconds
RATES = 8, 10, 12.5, 15, 30  # frames a second
RATE_SHARES = .4, .4, .1, .05, .05
PAUSE = 6.0  # seconds for which nobody is there, between two visits
RENAMED = 2 / 60  # how often a second somebody gets another number


class Room:
    """A camera's tracker and rules, and their time."""

    def __init__(self, rules: str, rng: np.random.Generator) -> None:
        self.tracker, self.activities = PoseTracker(), Activities([open_activity(rules)])
        self.rng, self.time, self._shift = rng, 0.0, 0

    def play(self, keys: Any, height: float, to_camera: bool = False) -> List[Event]:
        """The events of somebody who does this, at times since they came."""
        rng = self.rng
        rate = float(rng.choice(RATES, p=RATE_SHARES))
        camera = random_camera(rng, height, rng.uniform(-20, 20) if to_camera else None)
        begin, before, found = self.time, 0.0, []
        for time, pose in recording(keys, rng, camera, rate):
            self._shift += 1000 * (rng.random() < RENAMED * (time - before))
            self.time, before = begin + time, time
            people = self.tracker.update([pose] if pose else [], self.time)
            people = {id + self._shift: pose for id, pose in people.items()}
            found += self.activities.update(people, self.time, SIZE)[1]
        self.time += PAUSE
        return [event._replace(time=event.time - begin) for event in found]


def an_hour(rules: str, height: float, seed: Tuple[int, ...]) -> Iterator[str]:
    """What was taken for a fall in an hour of daily life."""
    room = Room(rules, np.random.default_rng(seed))
    while room.time < HOUR:
        if sys.stderr.isatty():
            print(f'{room.time / HOUR:.0%} of this hour', end='\r', file=sys.stderr, flush=True)
        acts = visit(room.rng)
        ends = np.cumsum([sum(key.seconds for key in keys) for _, keys in acts])
        keys = [key for _, keys in acts for key in keys]
        for event in room.play(keys, height, any(name == 'leaves below' for name, _ in acts)):
            yield acts[min(int(np.searchsorted(ends, event.time)), len(acts) - 1)][0]


def falls(rules: str, height: float, count: int, seed: Tuple[int, ...]) -> Tuple[int, int]:
    """How many of so many falls were found, and how many of these more than once."""
    found = []
    for number in range(count):
        room = Room(rules, np.random.default_rng((*seed, number)))
        found.append(len(room.play(fall(room.rng), height)))
    return count - found.count(0), sum(n > 1 for n in found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--hours', nargs=2, type=int, default=[0, 3], metavar=('FROM', 'TO'),
                        help='numbers of hours of daily life, each at the next height (default: '
                             '0 3; one takes a minute or two)')
    parser.add_argument('--falls', type=int, default=20, metavar='N',
                        help='falls at each height (default: 20)')
    parser.add_argument('--heights', nargs='+', type=float, default=[.9, 1.5, 2.3],
                        metavar='METRES', help='of cameras (default: 0.9 1.5 2.3)')
    parser.add_argument('--seed', type=int, default=1000, help='(default: 1000)')
    parser.add_argument('--rules', default='fall', help='a shipped name or a file (default: fall)')
    args = parser.parse_args()
    for height in args.heights:
        if args.falls:
            found, twice = falls(args.rules, height, args.falls,
                                 (args.seed, int(1000 * height)))
            print(f'{height:g} m: {found} of {args.falls} falls found, {twice} twice', flush=True)
    total = 0
    for hour in range(*args.hours):
        height = args.heights[hour % len(args.heights)]
        wrong = Counter(an_hour(args.rules, height, (args.seed, hour)))
        total += sum(wrong.values())
        names = ', '.join(f'{name} {count}' for name, count in sorted(wrong.items()))
        print(f'hour {hour}, {height:g} m: {sum(wrong.values())} false{f": {names}" * bool(names)}'
              f'; {total} so far', flush=True)


if __name__ == '__main__':
    main()
