"""The options of what is played, and of how it is heard and recorded."""
import argparse
import os
import re
from typing import Any, Callable

from posesuite.arguments import between, whole
from posesuite.music.audio import DRIVERS
from posesuite.music.players import MAX_PLAYERS
from posesuite.music.theory import SCALES, instrument, key, scale

INSTRUMENTS, OCTAVES = ('overdriven guitar', 'fingered bass', 'voice oohs'), (3, 2, 4)
MAX_OCTAVES = 10  # octaves that MIDI's notes have
MAX_GAIN = 10  # largest factor of the loudness


def add_music_options(parser: argparse.ArgumentParser) -> None:
    """Adds --instruments, --octave, --octaves, --scale, --key, --range, --glide and --change."""
    group = parser.add_argument_group('music')
    group.add_argument('--instruments', nargs='+', type=_option(instrument), metavar='NAME',
                       default=[instrument(name) for name in INSTRUMENTS],
                       help=f'one to {MAX_PLAYERS} of General MIDI, by name or by number from 1 '
                       f"(default: {', '.join(INSTRUMENTS)})")
    group.add_argument('--octave', nargs='+', type=_octave, default=OCTAVES, metavar='N',
                       help="octave of each player's lowest note, -1 to 9 (default: 3 2 4)")
    group.add_argument('--octaves', type=whole(1, MAX_OCTAVES), default=2, metavar='N',
                       help=f'octaves that each player has, 1 to {MAX_OCTAVES} (default: '
                       '%(default)s)')
    group.add_argument('--scale', type=_option(scale), default=SCALES['major pentatonic'],
                       metavar='NAME', help=f"{', '.join(SCALES)}, or semitones above the key, "
                       'such as 0,3,5,7,10 (default: major pentatonic)')
    group.add_argument('--key', type=_option(key), default=0,
                       help='such as C, F# or Bb (default: C)')
    group.add_argument('--range', choices=['body', 'image'], default='body',
                       help="what the wrists' height is measured on: the player, so that playing "
                       'is the same near and far, or the picture (default: body)')
    group.add_argument('--glide', action='store_true', help='the pitch bends instead of stepping')
    group.add_argument('--change', nargs=2, action='append', default=[], metavar=('POSE', 'WHAT'),
                       help='who takes a pose of --activities plays another instrument or scale '
                       'from then on, and with the same pose again the one before; may be repeated')


def add_audio_options(parser: argparse.ArgumentParser) -> None:
    """Adds --audio-driver, --period-size, --soundfont, --gain, --record, --midi-port and --mute."""
    group = parser.add_argument_group('sound')
    group.add_argument('--audio-driver', metavar='NAME',
                       help=f"default: the first of {', '.join(DRIVERS)} that opens")
    group.add_argument('--period-size', type=int, choices=[64, 128, 256, 512, 1024, 2048],
                       metavar='SAMPLES', help='of the audio buffer, 64 to 2048: more if it '
                       'crackles, fewer for less delay (default: what suits the driver)')
    group.add_argument('--soundfont', metavar='FILE.sf2',
                       help="the instruments (default: the machine's)")
    group.add_argument('--gain', type=between(0, MAX_GAIN), default=1.2, metavar='FACTOR',
                       help=f'loudness of everything, 0 to {MAX_GAIN} (default: %(default)g)')
    group.add_argument('--record', type=_recording, action='append', default=[], metavar='FILE',
                       help='write a .wav or .mid, also without a sound card; may be repeated')
    group.add_argument('--midi-port', metavar='NAME', help='also play an external instrument: a '
                       'port by its name or a part of it; each place has a channel')
    group.add_argument('--mute', action='store_true', help='do not play on this machine; what is '
                       'heard, here or on a MIDI port, plays at its own pace')


def _octave(text: str) -> int:
    if not re.fullmatch('-1|[0-9]', text):
        raise argparse.ArgumentTypeError(f'must be a whole number from -1 to 9, got {text[:40]!r}')
    return int(text)


def _option(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    """A type for argparse, which shows the text of its own kind of error only."""
    def typed(text: str) -> Any:
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error))
    return typed


def _recording(path: str) -> str:
    if os.path.splitext(path)[1].lower() not in ('.wav', '.mid') or '\0' in path:
        raise argparse.ArgumentTypeError(f'must end in .wav or .mid, got {path!r}')
    return path
