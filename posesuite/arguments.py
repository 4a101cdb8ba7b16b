"""Types of command-line arguments. Each raises ArgumentTypeError for a wrong value."""
import argparse
import contextlib
import re
from typing import Callable


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
