"""Types of command-line options about visits. Each raises ArgumentTypeError for a wrong value."""
import argparse
import datetime
import re


def keep_days(text: str) -> float:
    """Days, from '30d' or '12h'."""
    found = re.fullmatch(r'(\d{1,5})([dh])', text)
    if not found or not int(found.group(1)):
        raise argparse.ArgumentTypeError(f'must be days or hours, such as 30d or 12h, got {text!r}')
    return int(found.group(1)) / (1 if found.group(2) == 'd' else 24)


def local_date(text: str) -> datetime.datetime:
    """An aware time from '2025-05-01' or '2025-05-01T14:30', which are local."""
    try:
        return datetime.datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError, OSError):
        raise argparse.ArgumentTypeError(f'must be a date such as 2025-05-01, got {text!r}')
