"""The options of the server for browsers."""
import argparse
import re
from typing import Any, Tuple

from posesuite.tokens import MIN_TOKEN, TOKEN_VARIABLE, token, token_file

TOKEN_SOURCES = f'--token-file, --token or {TOKEN_VARIABLE}'


def add_web_options(group: Any) -> None:
    """Adds --serve and what belongs to it to a group of a parser's arguments."""
    group.add_argument('--serve', type=web_address, metavar='[HOST:]PORT',
                       help='show the picture to browsers; without HOST only on this machine, '
                            'with 0.0.0.0 to everyone who can reach it and knows the token')
    add_client_options(group, 'browsers')


def add_client_options(group: Any, clients: str = 'clients') -> None:
    """Adds what a server's clients must know: the token, and its names."""
    tokens = group.add_mutually_exclusive_group()
    tokens.add_argument('--token-file', type=token_file, metavar='FILE',
                        help=f'a file with the token that {clients} must send, at least '
                             f'{MIN_TOKEN} characters (default: the environment variable '
                             f'{TOKEN_VARIABLE}; else none on this machine, and beyond it a new '
                             'one for each run, printed with the address)')
    tokens.add_argument('--token', type=token,
                        help='the token itself, which other users of this machine can see')
    group.add_argument('--allow-host', type=_host_name, action='append', default=[],
                       metavar='NAME',
                       help=f'a further name of this machine that {clients} may use, such as '
                            "board.fritz.box or a proxy's; may be given several times")


def web_address(text: str) -> Tuple[str, int]:
    """An argument that names a host and a port."""
    host, colon, port = text.rpartition(':')
    if (bool(host) != bool(colon) or not re.fullmatch('[0-9]{1,5}', port) or int(port) > 65535
            or (':' in host and (host[0], host[-1]) != ('[', ']'))):
        raise argparse.ArgumentTypeError(
            f'must be PORT, HOST:PORT or [IPv6]:PORT, the port 0 to 65535, got {text!r}')
    return host.strip('[]') or '127.0.0.1', int(port)


def _host_name(text: str) -> str:
    name = text.lower().rstrip('.')
    if not re.fullmatch(r'[a-z0-9_-]+(\.[a-z0-9_-]+)*|[0-9a-f:]+', name):
        raise argparse.ArgumentTypeError(
            f'must be a name such as board.fritz.box, without port and path, got {text!r}')
    return name
