"""Command lines: a parser that answers wrong usage in one line, and types of arguments, each of
which raises ArgumentTypeError for a wrong value.
"""
import argparse
import contextlib
import difflib
import re
import sys
from typing import Any, Callable, Dict, Iterable, List, NoReturn, Optional, Sequence, Tuple

from posesuite.addresses import hidden, is_address

SECRET = '--token'  # the option whose values are secret, also where its name is shortened
SIMILAR = 0.6  # share of letters in common from which difflib calls two words similar


class Parser(argparse.ArgumentParser):
    """A parser whose error is one line that names the nearest option, command or choice, and
    repeats no secrets: of addresses it shows the scheme and host, and of tokens nothing.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._has_commands = False
        self._words: List[str] = []  # the command line

    def add_subparsers(self, **options: Any) -> Any:
        self._has_commands = True
        return super().add_subparsers(**options)

    def parse_known_args(self, args: Optional[Sequence[str]] = None,  # type: ignore[override]
                         namespace: Optional[argparse.Namespace] = None,
                         **options: Any) -> Tuple[argparse.Namespace, List[str]]:
        """As in the base class, but no argument is left over."""
        words = self._words = list(sys.argv[1:] if args is None else args)
        if not self._has_commands:  # a command's options are known to its own parser
            self._check_options(words)
        found, unknown = super().parse_known_args(words, namespace, **options)
        for argument in unknown:
            self._refuse(argument.partition('=')[0] if argument.startswith('-') else argument)
        return found, unknown

    def _check_options(self, words: Sequence[str]) -> None:
        """Refuses unknown options, before it is noticed what else is missing."""
        for argument in words[:words.index('--')] if '--' in words else words:
            name = argument.partition('=')[0]
            if re.match('--.', argument) and not any(option.startswith(name)
                                                     for option in self._option_string_actions):
                self._refuse(name)

    def _refuse(self, argument: str) -> None:
        kind = 'option' if argument.startswith('-') else 'argument'
        options = [option for option in self._option_string_actions if option.startswith('--')]
        self.error(f'unknown {kind} {argument!r}' + did_you_mean(
            '--' + argument.lstrip('-') if kind == 'option' else '', options))

    def error(self, message: str) -> NoReturn:
        secrets = secrets_of(self._words)
        for secret in sorted(secrets, key=len, reverse=True):
            form = '|'.join(map(re.escape, (secret, repr(secret)[1:-1])))
            message = re.sub(rf'(?<!\w)({form})(?!\w)', secrets[secret], message)
        message = re.sub(r': ignored explicit argument (.*)', r' takes no value, got \1',
                         ' '.join(message.split()))
        choice = (re.search(r"invalid choice: '(?P<got>.*?)' \(choose from (?P<all>.*)\)", message)
                  or re.search("must be one of (?P<all>.*), got '?(?P<got>.*?)'?$", message))
        if choice:
            words = [word.strip("'") for word in choice.group('all').split(', ')]
            message += did_you_mean(choice.group('got'), words)
        separator = ' See' if message.endswith('?') else '; see'
        self.exit(2, f'error: {message}{separator} {self.prog} --help\n')


def secrets_of(words: Iterable[str]) -> Dict[str, str]:
    """The parts of a command line that are not to be repeated, and what is shown instead."""
    secrets: Dict[str, str] = {}
    is_token = False
    for word in words:
        option, _, value = word.lstrip('-').partition('=')
        if not word.startswith('-'):
            value = word
        else:
            is_token = bool(option) and SECRET.startswith(f'--{option}')
        if is_token and value:
            secrets[value] = '(hidden)'
        secrets.update((text, hidden(text)) for text in (word.lstrip('-'), option, value)
                       if is_address(text))
    return secrets


def did_you_mean(text: str, known: Iterable[str]) -> str:
    """', did you mean …?' with the most similar word, '' if none of them is similar."""
    words = {word.lower(): word for word in known}
    found = difflib.get_close_matches(text.lower(), list(words), 1, SIMILAR)
    return f', did you mean {words[found[0]]}?' if found else ''


def whole(low: int, high: int) -> Callable[[str], int]:
    """A type for whole numbers from low to high, neither of them negative."""
    def number(text: str) -> int:
        if re.fullmatch('[0-9]{1,15}', text) and low <= int(text) <= high:
            return int(text)
        raise argparse.ArgumentTypeError(f'must be a whole number from {low} to {high}, got '
                                         f'{text!r}')
    return number


def positive(text: str) -> int:
    """A whole number from 1 to 999999999."""
    if not re.fullmatch('[1-9][0-9]{0,8}', text):
        raise argparse.ArgumentTypeError(f'must be a whole number from 1, got {text!r}')
    return int(text)


def between(low: float, high: float) -> Callable[[str], float]:
    """A type for numbers from low to high."""
    def number(text: str) -> float:
        with contextlib.suppress(ValueError):
            if low <= float(text) <= high:
                return float(text)
        raise argparse.ArgumentTypeError(f'must be {low:g} to {high:g}, got {text!r}')
    return number
