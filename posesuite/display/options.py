"""The options of a script that has a display."""
import argparse
from typing import Tuple

from posesuite.display.files import has_known_ending
from posesuite.display.keys import KEYS

MIN_TOKEN = 8  # characters


def add_display_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options that Display.from_args reads."""
    group = parser.add_argument_group(
        'display', 'A window opens unless --headless, --output or --serve is given. Its keys:\n'
        + '; '.join(f'{key}: {help_text}' for key, help_text in KEYS.items()) + '.')
    group.add_argument('--headless', action='store_true', help='show nothing')
    group.add_argument('--output', type=_output, metavar='FILE',
                       help='write a .mp4 or .avi at the pace of the source, or the last frame '
                            'as .png')
    group.add_argument('--serve', type=_address, metavar='[HOST:]PORT',
                       help='show the picture to browsers; without HOST only on this machine, '
                            'with 0.0.0.0 to everyone who can reach it and knows the token')
    group.add_argument('--token', type=_token,
                       help=f'the token that browsers must send, at least {MIN_TOKEN} characters '
                            '(default: none on this machine, else a new one for each run, printed '
                            'with the address)')
    group.add_argument('--mirror', action='store_true',
                       help="flip the picture as a mirror does; left and right stay the person's "
                            'own')
    group.add_argument('--stats', action='store_true',
                       help='print at the end how long frames took from capture to display')


def _output(path: str) -> str:
    if not has_known_ending(path):
        raise argparse.ArgumentTypeError(f'must end in .mp4, .avi or .png, got {path!r}')
    return path


def _address(text: str) -> Tuple[str, int]:
    host, colon, port = text.rpartition(':')
    if (bool(host) != bool(colon) or not port.isdecimal() or len(port) > 5 or int(port) > 65535
            or (':' in host and (host[0], host[-1]) != ('[', ']'))):
        raise argparse.ArgumentTypeError(
            f'must be PORT, HOST:PORT or [IPv6]:PORT, the port 0 to 65535, got {text!r}')
    return host.strip('[]') or '127.0.0.1', int(port)


def _token(text: str) -> str:
    if len(text) < MIN_TOKEN:
        raise argparse.ArgumentTypeError(
            f'must have at least {MIN_TOKEN} characters, got {len(text)}')
    return text
