"""Addresses to publish to, such as mqtts://user@broker/museum/hall."""
import argparse
import logging
import os
import re
import shlex
import socket
import ssl
import stat
import urllib.parse
from typing import Dict, NamedTuple, Optional, Sequence, Tuple

from posesuite.arguments import did_you_mean


class Kind(NamedTuple):
    """A kind of systems."""
    name: str
    port: int  # 0: must be given
    tls: bool
    keys: Tuple[str, ...]  # of the part of an address after the question mark
    secret: str = ''  # variable of the environment that may hold it


MQTT = ('secret_file', 'ca_file', 'discovery'), 'POSESUITE_MQTT_PASSWORD'
HOOK = ('secret_file', 'ca_file'), 'POSESUITE_WEBHOOK_SECRET'
INFLUX = ('secret_file', 'ca_file', 'org'), 'POSESUITE_INFLUX_SECRET'
SCHEMES = {'mqtt': Kind('mqtt', 1883, False, *MQTT), 'mqtts': Kind('mqtt', 8883, True, *MQTT),
           'osc': Kind('osc', 9527, False, ('format', 'slots')),
           'http': Kind('webhook', 80, False, *HOOK), 'https': Kind('webhook', 443, True, *HOOK),
           'influx': Kind('influx', 8086, False, *INFLUX),
           'influxs': Kind('influx', 8086, True, *INFLUX)}
FORMATS = 'addr', 'arr', 'xml', 'json'  # of OSC
MAX_SECRET = 4096  # characters
LOGGER = logging.getLogger(__name__)


class Target(NamedTuple):
    """Where to publish."""
    scheme: str
    kind: str
    host: str
    port: int
    user: str
    path: str  # without the slash at its beginning, decoded
    options: Dict[str, str]
    rest: Sequence[Tuple[str, str]]  # of the part after the question mark: what is a webhook's own
    secret: str
    tls: bool

    @property
    def shown(self) -> str:
        """The address without what may be secret."""
        host = f'[{self.host}]' if ':' in self.host else self.host
        return f'{self.scheme}://{host}:{self.port}'

    @property
    def is_overheard(self) -> bool:
        """Whether what is sent passes a network unencrypted."""
        return not self.tls and not re.fullmatch(r'localhost|127\.[\d.]+|::1', self.host)

    def of_camera(self, name: str, suffix: str) -> 'Target':
        """The same for one of several cameras, where a path and not a name tells them apart.

        suffix: at the end of its name and path, '' for a single camera.
        """
        if not suffix or self.kind not in ('mqtt', 'osc'):
            return self
        return self._replace(path=self.path + suffix if self.path else
                             f'posesuite/{name}' if self.kind == 'mqtt' else name)


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
    try:
        parts = urllib.parse.urlsplit(text)
    except ValueError:
        raise ValueError('has a host in brackets that is no IPv6 address')
    if '#' in text:
        raise ValueError('has a #, which must be written as %23')
    kind = SCHEMES.get(parts.scheme)
    if kind is None or not parts.netloc:
        raise ValueError(f'must be an address that begins with {", ".join(SCHEMES)} and ://'
                         + did_you_mean(parts.scheme, SCHEMES))
    if parts.password is not None:
        raise ValueError('holds a password, which other users of this machine can see: put it '
                         f'into a file and add ?secret_file=FILE, or into {kind.secret}')
    host = parts.hostname or ''
    if not re.fullmatch(r'[\w.-]{1,253}|[0-9a-fA-F:.]+(%\w+)?', host):
        raise ValueError('has no name or number of a host after ://')
    try:
        port = parts.port or kind.port
    except ValueError:
        port = 0
    if not port:
        raise ValueError('needs a port from 1 to 65535 after the host, as in host:9527')
    found = urllib.parse.parse_qsl(parts.query, keep_blank_values=True)
    options = {key: value for key, value in found if key in kind.keys}
    rest = [(key, value) for key, value in found if key not in kind.keys]
    made = Target(parts.scheme, kind.name, host, port, urllib.parse.unquote(parts.username or ''),
                  urllib.parse.unquote(parts.path[1:]), options, rest,
                  _secret(kind, options.get('secret_file')), kind.tls)
    _check(made, kind)
    return made


def _check(made: Target, kind: Kind) -> None:
    """Raises ValueError for what only some kinds have, and what others need."""
    options = made.options
    if made.rest and made.kind != 'webhook':
        key = made.rest[0][0]
        raise ValueError(f'has an unknown part {key[:40]!r} after the question mark, where '
                         f'{", ".join(kind.keys)} may be' + did_you_mean(key, kind.keys))
    if made.user and made.kind not in ('mqtt', 'influx'):
        raise ValueError('has a user, which is for MQTT and InfluxDB')
    if 'ca_file' in options:
        try:
            ssl.create_default_context(cafile=options['ca_file'])
        except (OSError, ValueError) as error:
            reason = 'it holds no certificate' if isinstance(error, ssl.SSLError) else error
            raise ValueError(f'names a ca_file that cannot be read, {options["ca_file"]}: '
                             f'{getattr(reason, "strerror", None) or reason}')
    if made.secret and made.is_overheard and made.kind != 'webhook':
        LOGGER.warning('the password for %s passes the network unencrypted: use %ss://', made.shown,
                       made.scheme)
    if made.kind == 'mqtt' and (
            re.search('[+#]|^[$]|[^ -~\u00a0-\U0010ffff]', made.path) or len(made.path) > 200):
        raise ValueError('has a topic with + or #, a $ at its beginning or over 200 characters')
    if made.kind == 'influx' and not made.path:
        raise ValueError('needs the name of a database after the host, as in influx://host/museum')
    if 'org' in options and not made.secret:
        raise ValueError(f'needs a token: add &secret_file=FILE, or put it into {kind.secret}')
    if options.get('format', FORMATS[0]) not in FORMATS:
        raise ValueError(f'has a format that is none of {", ".join(FORMATS)}')
    if not re.fullmatch('[1-9][0-9]?', options.get('slots', '1')):
        raise ValueError('has a number of slots that is not from 1 to 99')


def _secret(kind: Kind, path: Optional[str]) -> str:
    if path is None:
        secret = os.environ.get(kind.secret, '')
        where = f'the variable {kind.secret}'
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
            LOGGER.warning('every user of this machine can read the secret: chmod 600 %s',
                           shlex.quote(path))
    if (path and not secret) or len(secret) > MAX_SECRET or not secret.isprintable():
        raise ValueError(f'needs one line of printable characters in {where}')
    return secret


def this_machine() -> str:
    """The name of this machine, as a camera's."""
    return re.sub(r'[^\w.-]', '', socket.gethostname()) or 'camera'
