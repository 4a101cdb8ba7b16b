"""The options of a script that has a display."""
import argparse

from posesuite.display.files import has_known_ending
from posesuite.display.keys import KEYS
from posesuite.display.web_options import add_web_options


def add_display_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options that Display.from_args reads."""
    group = parser.add_argument_group(
        'display', 'A window opens unless --headless, --output or --serve is given. Its keys:\n'
        + '; '.join(f'{key}: {help_text}' for key, help_text in KEYS.items()) + '.')
    group.add_argument('--headless', action='store_true', help='show nothing')
    group.add_argument('--output', type=_output, metavar='FILE',
                       help='write a .mp4 or .avi at the pace of the source, or the last frame '
                            'as .png')
    add_web_options(group)
    group.add_argument('--mirror', action='store_true',
                       help="flip the picture as a mirror does; left and right stay the person's "
                            'own')
    group.add_argument('--stats', action='store_true',
                       help='print at the end how long frames took from capture to display')


def _output(path: str) -> str:
    if not has_known_ending(path):
        raise argparse.ArgumentTypeError(f'must end in .mp4, .avi or .png, got {path!r}')
    return path
