"""The options of a server of poses."""
import argparse
from typing import Tuple, Union

from posesuite.arguments import between, positive, whole
from posesuite.display.web_options import add_client_options, web_address
from posesuite.serving.limits import Limits

DEFAULT = '127.0.0.1', 8090
UNIX = 'unix:'
MAX_MEGABYTES, MAX_MEGAPIXELS = 100, 200

Address = Union[str, Tuple[str, int]]  # a path, or a host and a port


def add_server_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options that PoseServer.from_args reads."""
    group = parser.add_argument_group('server')
    group.add_argument('--listen', type=_address, action='append', metavar='ADDRESS',
                       help='[HOST:]PORT, without HOST only for this machine, with 0.0.0.0 for '
                            'everyone who can reach it and knows the token; or unix:PATH, for '
                            'this user only; may be repeated (default: 8090)')
    add_client_options(group)
    group.add_argument('--allow-origin', action='append', default=[], metavar='ORIGIN',
                       help='a web page, such as https://example.org, whose scripts may use the '
                            'server from a browser; may be repeated')
    group = parser.add_argument_group('limits')
    limits = Limits()
    group.add_argument('--max-size', type=whole(1, MAX_MEGABYTES), metavar='MB',
                       default=limits.max_bytes >> 20,
                       help='of a picture as it is sent (default: %(default)s)')
    group.add_argument('--max-pixels', type=whole(1, MAX_MEGAPIXELS), metavar='MEGAPIXELS',
                       default=limits.max_pixels // 1_000_000,
                       help='of a picture once it is decoded (default: %(default)s)')
    group.add_argument('--rate', type=between(0.1, 10000), metavar='N',
                       help='pictures a second that each address may send (default: any number)')
    group.add_argument('--queue', type=positive, default=limits.queue, metavar='N',
                       help='pictures that may wait before others are refused '
                            '(default: %(default)s)')
    group.add_argument('--deadline', type=between(0.1, 3600), default=limits.deadline,
                       metavar='SECONDS',
                       help='until a picture must be answered (default: %(default)g)')


def limits_of(args: argparse.Namespace) -> Limits:
    """The limits that these options describe."""
    return Limits(args.max_size << 20, args.max_pixels * 1_000_000, args.rate, args.queue,
                  args.deadline)


def _address(text: str) -> Address:
    if not text.startswith(UNIX):
        return web_address(text)
    path = text[len(UNIX):]
    if not path or '\0' in path:
        raise argparse.ArgumentTypeError(f'must be unix:PATH, got {text!r}')
    return path
