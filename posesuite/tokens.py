"""Tokens, by which a server knows its clients: of an argument, a file or the environment."""
import argparse
import logging
import os
import shlex
import stat
from typing import Optional

from posesuite.errors import SuiteError

MIN_TOKEN, MAX_TOKEN = 8, 1000  # characters
TOKEN_VARIABLE = 'POSESUITE_TOKEN'  # of the environment: what clients of a server must send
ENGINE_TOKEN_VARIABLE = 'POSESUITE_ENGINE_TOKEN'  # what --engine sends
LOGGER = logging.getLogger(__name__)


def token_from_environment(variable: str = TOKEN_VARIABLE) -> Optional[str]:
    """The token of a variable, or None. Raises SuiteError."""
    try:
        return token(os.environ[variable]) if variable in os.environ else None
    except argparse.ArgumentTypeError as error:
        raise SuiteError(f'the token in {variable} {error}')


def token(text: str) -> str:
    """An argument that is a token."""
    if not MIN_TOKEN <= len(text) <= MAX_TOKEN:
        raise argparse.ArgumentTypeError(
            f'must have at least {MIN_TOKEN} characters and at most {MAX_TOKEN}, got {len(text)}')
    if not text.isprintable():
        raise argparse.ArgumentTypeError('must be one line of printable characters')
    return text


def token_file(path: str) -> str:
    """An argument that names a file with a token; returns that."""
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
        return token(text.rstrip('\r\n'))
    except argparse.ArgumentTypeError as error:
        raise argparse.ArgumentTypeError(f'the token in {path!r} {error}')
