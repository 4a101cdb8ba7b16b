"""Cuts what a store holds into local days, as the tables of schema.py. Pure."""
import datetime
from typing import Dict, Iterator, List, NamedTuple, Sequence, Tuple

from posesuite.visits.measure import local_hours, sightings
from posesuite.visits.recorded import Recorded
from posesuite.visits.rows import SECOND
from posesuite.visits.walking import is_still

import numpy as np

Columns = Dict[str, np.ndarray]


class Day(NamedTuple):
    """A local day of a camera. until: UTC milliseconds of the last moment that its tables hold;
    tables: columns by table and name.
    """
    date: datetime.date
    until: int
    tables: Dict[str, Columns]


def days_of(recorded: Recorded, short: np.ndarray) -> Iterator[Day]:
    """The days from the first to the last that was watched, also those between that were not.

    short: when the visits began that recorded leaves out, UTC milliseconds.
    """
    if not len(recorded.watched):
        return
    begins, ends = (milliseconds(times) for times in (recorded.begins, recorded.ends))
    seconds, weekday, hour = local_hours(recorded.watched[0, 0], recorded.watched[-1, 1])
    edges = milliseconds(seconds)
    watched, gaps = (milliseconds(np.array(spans, float).reshape(-1, 2)) for spans in (
        recorded.watched, [gap[:2] for gap in recorded.gaps]))
    seen = sightings(recorded, seconds)
    still = is_still(seen.visit, np.stack([recorded.x, recorded.y], 1).astype(float), seen.height,
                     recorded.size)
    hours = {'slot': edges[:-1], 'weekday': weekday, 'hour': hour,
             'watched': milliseconds_in(edges, watched), 'lost': milliseconds_in(edges, gaps),
             'short': np.histogram(short, edges)[0]}
    positions = {'time': milliseconds(seen.when), 'slot': edges[seen.slot], 'x': seen.x,
                 'y': seen.y, 'ms': milliseconds(seen.seconds), 'still': still}
    slot = np.searchsorted(edges[1:-1], begins, 'right')
    visits = {'begun': begins, 'dwell': ends - begins, 'slot': edges[slot],
              'weekday': weekday[slot], 'hour': hour[slot]}
    number = np.cumsum(np.diff(weekday, prepend=weekday[0]) != 0)  # of the day of each hour
    first = datetime.date.fromtimestamp(seconds[0])
    for day in range(number[-1] + 1):
        mine = np.flatnonzero(number[slot] == day)
        renumbered = np.full(len(begins), -1)
        renumbered[mine] = np.arange(len(mine))
        there = np.flatnonzero(renumbered[seen.visit] >= 0)
        here = np.flatnonzero(number == day)
        last = watched[watched[:, 0] < edges[here[-1] + 1], 1].max(initial=0)
        yield Day(
            first + datetime.timedelta(day),
            max(int(min(last, edges[here[-1] + 1])), int(ends[mine].max(initial=0))), {
                'positions': {'visit': renumbered[seen.visit[there]], **_chosen(positions, there)},
                'hours': _chosen(hours, here),
                'visits': {'visit': renumbered[mine], **_chosen(visits, mine)}})


def milliseconds(seconds: np.ndarray) -> np.ndarray:
    """Seconds that came from whole milliseconds, as such again."""
    return np.round(seconds * SECOND).astype(np.int64)


def milliseconds_in(edges: np.ndarray, spans: np.ndarray) -> np.ndarray:
    """Milliseconds of the spans [n, 2], which may overlap, between each edge and the next."""
    total = np.zeros(len(edges), np.int64)
    for begin, end in spans:
        total += np.clip(edges - begin, 0, max(0, end - begin))
    return np.diff(total)


def local_days(begin: int, end: int) -> List[Tuple[datetime.date, int, int]]:
    """The local days from one moment to another: date, begin and end. UTC milliseconds."""
    edges, weekday, _hour = local_hours(begin / SECOND, end / SECOND)
    first = np.flatnonzero(np.append(True, np.diff(weekday) != 0))
    bounds = milliseconds(edges[np.append(first, -1)]).tolist()
    date = datetime.date.fromtimestamp(edges[0])
    return [(date + datetime.timedelta(day), *bound)
            for day, bound in enumerate(zip(bounds, bounds[1:]))]


def _chosen(columns: Columns, which: Sequence[int]) -> Columns:
    return {name: values[which] for name, values in columns.items()}
