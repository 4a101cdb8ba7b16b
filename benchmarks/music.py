"""How calm a trembling wrist's notes are, and how long a step to the next one takes to be heard.

Somebody holds a wrist on the border of two notes for a minute, 30 frames a second, and then moves
it to the middle of the next note; the keypoint has white noise, given in heights of the body.

example:
  python3 benchmarks/music.py --runs 12
"""
import argparse
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.dirname(HERE), os.path.join(os.path.dirname(HERE), 'tests')]

from playing import RATE, heard, runs  # noqa: E402
from posesuite.music.players import Player  # noqa: E402
from posesuite.music.theory import SCALES, notes  # noqa: E402

import numpy as np  # noqa: E402

MINUTE = round(60 * RATE)  # frames
AFTER = 300  # frames within which a step must be heard


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--runs', type=int, default=12, help='default: %(default)s')
    args = parser.parse_args()

    print('noise  scale              changes a minute: mean, most   frames to a step: median, most')
    for noise in (0, .005, .01, .02):
        for name in ('major pentatonic', 'chromatic'):
            measure(noise, name, args.runs)


def measure(noise: float, name: str, count: int) -> None:
    """Prints a line; noise: in heights of the body; name: of the scale; count: of runs."""
    ladder = notes(SCALES[name], 0, 3, 2)
    changes, delays = [], []
    for seed in range(count):
        border = heard([4.5] * MINUTE, Player(ladder, 0), noise, seed)
        changes.append(len(runs(border)) - 1)
        step = heard([4.0] * 90 + [5.0] * AFTER, Player(ladder, 0), noise, seed)
        delays.append(next((n for n, sound in enumerate(step[90:]) if sound.note == ladder[5]),
                           AFTER))
    print(f'{noise:5.1%}  {name:18} {np.mean(changes):21.1f}, {max(changes):4} '
          f'{np.median(delays):24.0f}, {max(delays):4}')


if __name__ == '__main__':
    main()
