"""How calm a trembling wrist's notes are, and how long a step to the next one takes to be heard.

Somebody holds a wrist on the border of two notes for a minute, 30 frames a second, and then moves
it to the middle of the next note; the keypoint has white noise, given in heights of the body.

example:
  python3 benchmarks/music.py --runs 12
"""
import argparse
import os
import sys

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.dirname(HERE), os.path.join(os.path.dirname(HERE), 'tests')]

from posesuite.music import players as music  # noqa: E402

from test_music import RATE, heard, runs  # noqa: E402

MINUTE = round(60 * RATE)  # frames
AFTER = 300  # frames in which a step must be heard


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--runs', type=int, default=12, help='default: %(default)s')
    args = parser.parse_args()

    print('noise  scale              changes a minute: mean, most   frames to a step: median, most')
    for noise in (0, .005, .01, .02):
        for name in ('major pentatonic', 'chromatic'):
            notes = music.notes(music.SCALES[name], 0, 3, 2)
            changes, delays = [], []
            for seed in range(args.runs):
                border = [4.5] * MINUTE
                changes.append(len(runs(heard(border, music.Player(notes, 0), noise, seed))) - 1)
                step = heard([4.0] * 90 + [5.0] * AFTER, music.Player(notes, 0), noise, seed)
                delays.append(next((n for n, sound in enumerate(step[90:])
                                    if sound.note == notes[5]), AFTER))
            print(f'{noise:5.1%}  {name:18} {np.mean(changes):21.1f}, {max(changes):4} '
                  f'{np.median(delays):24.0f}, {max(delays):4}')


if __name__ == '__main__':
    main()
