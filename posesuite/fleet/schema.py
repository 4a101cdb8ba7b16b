"""The files of a fleet: their tables, columns and paths, which docs/fleet.md explains.

    FLEET/fleet.json                                                    version and keep_days
    FLEET/visits/site=museum/camera=hall/day=2026-03-02/part.parquet    and two other tables
    FLEET/forgotten/site=museum/camera=hall/day=2026-03-02              empty: never exported again

A day is a local day of the camera's board. Whoever came before midnight belongs, with all
positions, to the day before. Durations are integer milliseconds, so that sums do not depend on
their order; times are UTC milliseconds since 1970, so that no engine has a time zone of its own.
"""
import datetime
import importlib.util
import re
from typing import Any, Dict, List, NamedTuple, Sequence

VERSION = 1
MARK, FORGOTTEN, FILE = 'fleet.json', 'forgotten', 'part.parquet'
UNTIL = b'posesuite.until'  # of a file: UTC milliseconds of the last moment that it holds
NAME = re.compile(r'(?![_.])[\w.-]{1,60}')  # of a site or a camera
# By table, in the order in which a day is written: name and type of each column.
TABLES: Dict[str, Dict[str, str]] = {
    'positions': {'visit': 'int32', 'time': 'int64', 'slot': 'int64', 'x': 'int16', 'y': 'int16',
                  'ms': 'int16', 'still': 'bool'},
    'hours': {'slot': 'int64', 'weekday': 'int8', 'hour': 'int8', 'watched': 'int32',
              'lost': 'int64', 'short': 'int32'},
    'visits': {'visit': 'int32', 'begun': 'int64', 'dwell': 'int64', 'slot': 'int64',
               'weekday': 'int8', 'hour': 'int8'}}


class Camera(NamedTuple):
    """A camera of a fleet."""
    site: str
    name: str

    def __str__(self) -> str:
        return f'{self.site}/{self.name}'

    def folder(self, table: str) -> str:
        """Where its days are in a fleet. table: of TABLES, or FORGOTTEN."""
        return f'{table}/site={self.site}/camera={self.name}'


def camera_from(text: str) -> Camera:
    """A camera from SITE/CAMERA. Raises ValueError."""
    names = text.split('/')
    if len(names) != 2 or not all(NAME.fullmatch(name) for name in names):
        raise ValueError('must be SITE/CAMERA, each of 1 to 60 letters, digits and . _ - that does '
                         f'not begin with . or _, got {text!r:.80}')
    return Camera(*names)


def day_of(name: str) -> datetime.date:
    """The day of a folder day=2026-03-02. Raises ValueError."""
    return datetime.datetime.strptime(name, 'day=%Y-%m-%d').date()


def end_of(day: datetime.date) -> float:
    """When a local day ends, UTC milliseconds."""
    return 1000 * datetime.datetime.combine(day + datetime.timedelta(1),
                                            datetime.time()).timestamp()


def arrow_schema(table: str, until: int) -> Any:
    """A table's pyarrow.Schema. until: UTC milliseconds of the last moment that is in it."""
    import pyarrow
    return pyarrow.schema([(name, pyarrow.type_for_alias(kind))
                           for name, kind in TABLES[table].items()],
                          {UNTIL: str(until), b'posesuite.version': str(VERSION)})


def need(extra: str, packages: Sequence[str]) -> None:
    """Raises ImportError with one line if packages of an extra are missing."""
    missing: List[str] = [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        raise ImportError(f'a fleet needs {" and ".join(missing)}, which this Python lacks: '
                          f"pip install '.[{extra}]', or pip install {' '.join(missing)}")
