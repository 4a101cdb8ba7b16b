"""The options of visits.py about fleets, and their types, which raise ArgumentTypeError."""
import argparse
import datetime
import os
import re
from typing import Tuple

from posesuite.fleet.engines import DUCKDB
from posesuite.fleet.schema import Camera, camera_from
from posesuite.fleet.storage import KEEP_DAYS, S3
from posesuite.visits.options import keep_days

MASTER = re.compile(r'spark://.+|local(-cluster)?(\[[\d,*]+\])?')  # of Spark


def add_export_options(parser: argparse.ArgumentParser) -> None:
    """Adds --to, --camera, --keep, --since and --today."""
    parser.add_argument('--to', required=True, metavar='FLEET',
                        help='a folder, which may be new, or s3://bucket/folder')
    parser.add_argument('--camera', required=True, type=camera_name, metavar='SITE/CAMERA',
                        help='its name in the fleet, which no other camera has')
    parser.add_argument('--keep', type=keep_days, metavar='DAYS',
                        help='of a new fleet: delete days once they are older, such as 366d '
                             f'(default: {KEEP_DAYS:g}d)')
    parser.add_argument('--since', type=local_day, metavar='DAY',
                        help='write all days from this one on again, also those that are there')
    parser.add_argument('--today', action='store_true',
                        help='also the day that still goes on; later exports replace it')


def add_fleet_options(parser: argparse.ArgumentParser) -> None:
    """Adds --engine, --set, --site, --since and --until."""
    parser.add_argument('--engine', type=engine_name, default=DUCKDB, metavar='ENGINE',
                        help=f'{DUCKDB}, or a cluster of Spark: spark://HOST:7077 '
                             '(default: %(default)s)')
    parser.add_argument('--set', type=setting, action='append', default=[], dest='setting',
                        metavar='NAME=VALUE', help='a setting of the engine, such as '
                                                   'memory_limit=2GB of duckdb')
    parser.add_argument('--site', type=site_name, action='append', default=[], metavar='SITE',
                        help='only this site; may be given several times')
    parser.add_argument('--since', type=local_day, metavar='DAY', help='omit earlier days')
    parser.add_argument('--until', type=local_day, metavar='DAY', help='omit this day and later')


def add_forget_options(parser: argparse.ArgumentParser) -> None:
    """Adds --camera, --since, --until and --keep, which are for fleets."""
    parser.add_argument('--camera', type=camera_name, metavar='SITE/CAMERA',
                        help='of a fleet: only this camera')
    parser.add_argument('--since', type=local_day, metavar='DAY',
                        help='of a fleet: keep earlier days')
    parser.add_argument('--until', type=local_day, metavar='DAY',
                        help='of a fleet: keep this day and later')
    parser.add_argument('--keep', type=keep_days, metavar='DAYS',
                        help='of a fleet: delete what is older, now and with each export, '
                             'such as 366d')


def check_forget_options(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    """Refuses options that do not fit what is to be forgotten."""
    given = any(value is not None for value in (args.camera, args.since, args.until, args.keep))
    if given and not is_fleet(args.store):
        parser.error(f'--camera, --since, --until and --keep are for fleets; {args.store} is none')
    if args.keep is not None and (args.camera or args.since or args.until):
        parser.error('--keep is for all cameras and days, without --camera, --since and --until')


def camera_name(text: str) -> Camera:
    """A camera, from SITE/CAMERA."""
    try:
        return camera_from(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error))


def site_name(text: str) -> str:
    """A site."""
    return camera_name(f'{text}/camera').site


def setting(text: str) -> Tuple[str, str]:
    """A setting of an engine, from NAME=VALUE."""
    name, equals, value = text.partition('=')
    if not (name and equals):
        raise argparse.ArgumentTypeError(f'must be NAME=VALUE, got {text!r:.80}')
    return name, value


def engine_name(text: str) -> str:
    """duckdb, or a master of Spark."""
    if text != DUCKDB and not MASTER.fullmatch(text):
        raise argparse.ArgumentTypeError(f'must be {DUCKDB}, or Spark as spark://HOST:7077 or '
                                         f'local[2], got {text!r:.80}')
    return text


def local_day(text: str) -> datetime.date:
    """A day, from 2025-05-01."""
    try:
        return datetime.datetime.strptime(text, '%Y-%m-%d').date()
    except ValueError:
        raise argparse.ArgumentTypeError(f'must be a day such as 2025-05-01, got {text!r:.40}')


def is_fleet(path: str) -> bool:
    """Whether a path is that of a fleet, not that of a store."""
    return path.startswith(S3) or os.path.isdir(path)
