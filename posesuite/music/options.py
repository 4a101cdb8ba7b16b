"""The options of what is played."""
import argparse
from typing import List

from posesuite.music import players as music
from posesuite.music.stage import COLORS

INSTRUMENTS, OCTAVES = ('overdriven guitar', 'fingered bass', 'voice oohs'), (3, 2, 4)


def add_music_options(parser: argparse.ArgumentParser) -> None:
    """Adds --instruments, --octave, --octaves, --scale, --key, --range and --glide."""
    group = parser.add_argument_group('music')
    group.add_argument('--instruments', nargs='+', type=music.instrument, metavar='NAME',
                       default=[music.instrument(name) for name in INSTRUMENTS],
                       help='one to three of General MIDI, by name or number from 1 (default: '
                       + ', '.join(INSTRUMENTS) + ')')
    group.add_argument('--octave', nargs='+', type=int, default=OCTAVES, metavar='N',
                       help="of each one's lowest note (default: 3 2 4)")
    group.add_argument('--octaves', type=int, default=2, metavar='N',
                       help='that each has (default: %(default)s)')
    group.add_argument('--scale', type=music.scale, default=music.SCALES['major pentatonic'],
                       metavar='NAME', help=f"{', '.join(music.SCALES)}, or semitones above the "
                       'key as 0,3,5,7,10 (default: major pentatonic)')
    group.add_argument('--key', type=music.key, default=0, help='as C, F# or Bb (default: C)')
    group.add_argument('--range', choices=['body', 'image'], default='body',
                       help="what the wrists' height is measured on: the player, so that it plays "
                       'the same near and far, or the picture (default: body)')
    group.add_argument('--glide', action='store_true', help='the pitch bends instead of stepping')


def players(args: argparse.Namespace) -> List[music.Player]:
    """The players that add_music_options describes. Raises ValueError with one line."""
    count = len(args.instruments)
    if count > len(COLORS):
        raise ValueError(f'--instruments takes one to {len(COLORS)}, got {count}')
    if len(args.octave) < count:
        raise ValueError(f'--octave must name one for each of {count} instruments')
    return [music.Player(music.notes(args.scale, args.key, octave, args.octaves), program,
                         args.range == 'image', args.glide)
            for program, octave in zip(args.instruments, args.octave)]
