"""Brings a store's days into a fleet.

    export('visits.db', 's3://museums/fleet', Camera('museum', 'hall'), keep_days=365)

A day is exported once it has ended, and again if the store has since seen more of it: never because
the store has begun to forget it. Each of its files is written whole, so that an export may be
interrupted and repeated at any time.
"""
import datetime
import io
import logging
import time
from typing import List, NamedTuple, Optional

from posesuite.fleet.days import Day, days_of, local_days
from posesuite.fleet.schema import FILE, FORGOTTEN, TABLES, UNTIL, Camera, arrow_schema, end_of
from posesuite.fleet.storage import Storage
from posesuite.visits.queries import open_store, read_misdated, read_visits, read_watched
from posesuite.visits.recorded import read_recorded
from posesuite.visits.rows import DAY, SECOND
from posesuite.visits.statistics import MIN_VISIT

LOGGER = logging.getLogger(__name__)
MARGIN = 3600 * SECOND  # milliseconds after midnight from which on a day has ended
AROUND = datetime.timedelta(1)  # read before the first day, whose last visits may go on in it


class Exported(NamedTuple):
    """What an export did."""
    written: List[datetime.date]
    deleted: List[datetime.date]


class _Held(NamedTuple):
    """A day that a store holds something of; UTC milliseconds."""
    date: datetime.date
    begin: int
    end: int
    until: int  # last moment


def export(store: str, fleet: str, camera: Camera, keep_days: Optional[float] = None,
           since: Optional[datetime.date] = None, today: bool = False,
           clock: float = 0) -> Exported:
    """Writes the days of a store that a fleet lacks, and deletes the camera's oldest.

    keep_days: of a new fleet: days after which a day is deleted, counted from the last moment that
        its camera watched.
    since: writes all days from this one on, also those that are in the fleet.
    today: whether the day that still goes on is written, too; the next export replaces it.
    clock: the time in seconds since 1970, now unless it is given.
    Raises OSError, ValueError or ImportError with one line.
    """
    files = Storage(fleet, may_be_new=True, keep_days=keep_days)
    held = _held(store)
    if not held:
        return Exported([], [])
    oldest = max(day.until for day in held) - files.keep_days * DAY
    deleted = files.delete_before(camera, oldest)
    ended = (clock or time.time()) * SECOND - MARGIN
    forgotten = files.days(FORGOTTEN, camera)
    wanted = {day.date for day in held if end_of(day.date) > oldest and day.date not in forgotten
              and (today or day.end <= ended)
              and (since is not None and day.date >= since or _is_newer(files, camera, day))}
    written = []
    if wanted:
        first = datetime.datetime.combine(min(wanted) - AROUND, datetime.time()).astimezone()
        for day in days_of(read_recorded(store, first, None), _short(store)):
            if day.date in wanted:
                _write(files, camera, day)
                written.append(day.date)
    return Exported(written, deleted)


def _held(store: str) -> List[_Held]:
    """The days from the first to the last that a store has watched."""
    with open_store(store) as db:
        without = [run.id for run in read_misdated(db)]
        watched = read_watched(db, without)
        visits = read_visits(db, without=without)
    if not len(watched):
        return []
    found = []
    for date, begin, end in local_days(int(watched[0, 0]), int(watched[-1, 1])):
        last = watched[watched[:, 0] < end, 1].max(initial=0)
        mine = visits['ended'][(visits['begun'] >= begin) & (visits['begun'] < end)]
        found.append(_Held(date, begin, end, max(int(min(last, end)), int(mine.max(initial=0)))))
    return found


def _is_newer(files: Storage, camera: Camera, day: _Held) -> bool:
    """Whether a fleet lacks a day, or what the store has seen of it since."""
    footer = files.footer(f'{camera.folder("visits")}/day={day.date}/{FILE}')
    return int(footer.get(UNTIL, b'-1')) < day.until


def _short(store: str) -> List[int]:
    """When the visits began that are too short to count, UTC milliseconds."""
    with open_store(store) as db:
        visits = read_visits(db, without=[run.id for run in read_misdated(db)])
    return visits['begun'][visits['ended'] - visits['begun'] < MIN_VISIT * SECOND]


def _write(files: Storage, camera: Camera, day: Day) -> None:
    for table in TABLES:  # visits last: a day without them is exported again
        files.write(f'{camera.folder(table)}/day={day.date}/{FILE}', as_parquet(day, table))


def as_parquet(day: Day, table: str) -> bytes:
    """A day's table as the content of its file."""
    import pyarrow
    from pyarrow import parquet
    schema = arrow_schema(table, day.until)
    content = io.BytesIO()
    parquet.write_table(
        pyarrow.table([pyarrow.array(day.tables[table][field.name]).cast(field.type)
                       for field in schema], schema=schema), content, compression='zstd')
    return content.getvalue()
