"""Addresses to publish to, such as mqtts://user@broker/museum/hall."""
import argparse
import os
import re
import shlex
import socket
import stat
import urllib.parse
from typing import Dict, NamedTuple, Optional, Tuple

from posesuite.arguments import did_you_mean


class Kind(NamedTuple):
    """A kind of systems."""
    name: str
    port: int  # 0: must be given
    tls: bool
    keys: Tuple[str, ...]  # of the part of an address after the question mark


MQTT = 'secret_file', 'ca_file', 'discovery'
SCHEMES = {'mqtt': Kind('mqtt', 1883, False, MQTT), 'mqtts': Kind('mqtt', 8883, True, MQTT)}
SECRETS = {'mqtt': 'POSESUITE_MQTT_PASSWORD'}  # variables of the environment, by kind
MAX_SECRET = 4096  # characters


class Target(NamedTuple):
    """Where to publish."""
    scheme: str
    kind: str
    host: str
    port: int
    user: str
    path: str  # without the slash at its beginning, decoded
    options: Dict[str, str]
    secret: str
    tls: bool

    @property
    def shown(self) -> str:
        """The address without what may be secret."""
        host = f'[{self.host}]' if ':' in self.host else self.host
        return f'{self.scheme}://{host}:{self.port}'


def target(text: str) -> Target:
    """A type of arguments. Raises ArgumentTypeError."""
    try:
        return parse(text)
    except (ValueError, OSError) as error:
        raise argparse.ArgumentTypeError(str(error))


def parse(text: str) -> Target:
    """The target of an address. Raises ValueError or OSError with one line without secrets."""
    if not text.isprintable() or ' ' in text:
        raise ValueError('must be an address without spaces')
    parts = urllib.parse.urlsplit(text)
    kind = SCHEMES.get(parts.scheme)
    if kind is None or not parts.netloc:
        raise ValueError(f'must be an address that begins with {", ".join(SCHEMES)} and ://'
                         + did_you_mean(parts.scheme, SCHEMES))
    if parts.password is not None:
        raise ValueError('holds a password, which other users of this machine can see: put it '
                         f'into a file and add ?secret_file=FILE, or into {SECRETS[kind.name]}')
    host = parts.hostname or ''
    if not re.fullmatch(r'[\w.-]{1,253}|[0-9a-fA-F:.]+(%\w+)?', host):
        raise ValueError('has no name or number of a host after ://')
    try:
        port = parts.port or kind.port
    except ValueError:
        port = 0
    if not port:
        raise ValueError('needs a port from 1 to 65535 after the host, as in host:9527')
    options = _options(parts.query, kind)
    return Target(parts.scheme, kind.name, host, port, urllib.parse.unquote(parts.username or ''),
                  urllib.parse.unquote(parts.path[1:]), options,
                  _secret(kind.name, options.get('secret_file')), kind.tls)


def _options(query: str, kind: Kind) -> Dict[str, str]:
    found = urllib.parse.parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    for key, _ in found:
        if key not in kind.keys:
            raise ValueError(f'has an unknown part {key[:40]!r} after the question mark, where '
                             f'{", ".join(kind.keys)} may be' + did_you_mean(key, kind.keys))
    options = dict(found)
    if 'ca_file' in options and not os.path.isfile(options['ca_file']):
        raise ValueError(f'names a ca_file that is not there: {options["ca_file"]}')
    return options


def _secret(kind: str, path: Optional[str]) -> str:
    if path is None:
        secret = os.environ.get(SECRETS[kind], '')
        where = f'the variable {SECRETS[kind]}'
    else:
        try:
            with open(path, encoding='utf-8-sig') as file:
                secret = file.read(MAX_SECRET + 3).rstrip('\r\n')
                mode = os.fstat(file.fileno()).st_mode
        except (OSError, ValueError) as error:
            raise ValueError(f'names a secret_file that cannot be read, {path}: '
                             f'{getattr(error, "strerror", None) or "it is no text in UTF-8"}')
        where = f'the file {path}'
        if os.name == 'posix' and stat.S_ISREG(mode) and mode & stat.S_IROTH:
            raise ValueError('names a secret_file that every user of this machine can read: '
                             f'chmod 600 {shlex.quote(path)}')
    if (path and not secret) or len(secret) > MAX_SECRET or not secret.isprintable():
        raise ValueError(f'needs one line of printable characters in {where}')
    return secret


def this_machine() -> str:
    """The name of this machine, as a camera's."""
    return re.sub(r'[^\w.-]', '', socket.gethostname()) or 'camera'
