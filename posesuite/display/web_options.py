"""The options of the server for browsers."""
import argparse
import logging
import os
import re
import shlex
import stat
from typing import Any, Optional, Tuple

from posesuite.display.output import DisplayError

MIN_TOKEN, MAX_TOKEN = 8, 1000  # characters
TOKEN_VARIABLE = 'POSESUITE_TOKEN'  # of the environment
TOKEN_SOURCES = f'--token-file, --token or {TOKEN_VARIABLE}'
LOGGER = logging.getLogger(__name__)


def add_web_options(group: Any) -> None:
    """Adds --serve and what belongs to it to a group of a parser's arguments."""
    group.add_argument('--serve', type=web_address, metavar='[HOST:]PORT',
                       help='show the picture to browsers; without HOST only on this machine, '
                            'with 0.0.0.0 to everyone who can reach it and knows the token')
    tokens = group.add_mutually_exclusive_group()
    tokens.add_argument('--token-file', type=_token_file, metavar='FILE',
                        help='a file with the token that browsers must send, at least '
                             f'{MIN_TOKEN} characters (default: the environment variable '
                             f'{TOKEN_VARIABLE}; else none on this machine, and beyond it a new '
                             'one for each run, printed with the address)')
    tokens.add_argument('--token', type=_token,
                        help='the token itself, which other users of this machine can see')
    group.add_argument('--allow-host', type=_host_name, action='append', default=[],
                       metavar='NAME',
                       help='a further name of this machine that browsers may use, such as '
                            "board.fritz.box or a proxy's; may be given several times")


def token_from_environment() -> Optional[str]:
    """The token of TOKEN_VARIABLE, or None. Raises DisplayError."""
    try:
        return _token(os.environ[TOKEN_VARIABLE]) if TOKEN_VARIABLE in os.environ else None
    except argparse.ArgumentTypeError as error:
        raise DisplayError(f'the token in {TOKEN_VARIABLE} {error}')


def web_address(text: str) -> Tuple[str, int]:
    host, colon, port = text.rpartition(':')
    if (bool(host) != bool(colon) or not re.fullmatch('[0-9]{1,5}', port) or int(port) > 65535
            or (':' in host and (host[0], host[-1]) != ('[', ']'))):
        raise argparse.ArgumentTypeError(
            f'must be PORT, HOST:PORT or [IPv6]:PORT, the port 0 to 65535, got {text!r}')
    return host.strip('[]') or '127.0.0.1', int(port)


def _token(text: str) -> str:
    if not MIN_TOKEN <= len(text) <= MAX_TOKEN:
        raise argparse.ArgumentTypeError(
            f'must have at least {MIN_TOKEN} characters and at most {MAX_TOKEN}, got {len(text)}')
    if not text.isprintable():
        raise argparse.ArgumentTypeError('must be one line of printable characters')
    return text


def _token_file(path: str) -> str:
    try:
        with open(path, encoding='utf-8-sig') as file:
            text = file.read(MAX_TOKEN + 2)
            mode = os.fstat(file.fileno()).st_mode
    except (OSError, ValueError) as error:
        reason = getattr(error, 'strerror', None) or ('it is no text in UTF-8' if isinstance(
            error, UnicodeError) else str(error))
        raise argparse.ArgumentTypeError(f'cannot read {path!r}: {reason}')
    if os.name == 'posix' and stat.S_ISREG(mode) and mode & stat.S_IROTH:
        LOGGER.warning('every user of this machine can read the token: chmod 600 %s',
                       shlex.quote(path))
    try:
        return _token(text.rstrip('\r\n'))
    except argparse.ArgumentTypeError as error:
        raise argparse.ArgumentTypeError(f'the token in {path!r} {error}')


def _host_name(text: str) -> str:
    name = text.lower().rstrip('.')
    if not re.fullmatch(r'[a-z0-9_-]+(\.[a-z0-9_-]+)*|[0-9a-f:]+', name):
        raise argparse.ArgumentTypeError(
            f'must be a name such as board.fritz.box, without port and path, got {text!r}')
    return name
