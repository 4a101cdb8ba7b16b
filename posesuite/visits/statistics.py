"""What a store tells of one camera's room, in numbers: who was where, when and for how long.

Statistics that fewer than `least` visits tell of are NaN.
"""
import datetime
import time
from typing import Any, Iterable, List, NamedTuple, Optional, Sequence, Tuple

from posesuite.visits.areas import Area
from posesuite.visits.database import (
    open_store,
    read_gaps,
    read_positions,
    read_runs,
    read_visits,
    read_watched,
)

import cv2
import numpy as np

GRID = 48, 36  # cells of the maps, across and down
COARSE = 16, 12  # cells of the map of paths
DIRECTIONS = 8
LONGEST_STEP = 5.0  # seconds for which a person counts as where they were last seen
STAY = 5.0  # seconds in an area; who is there for less only passes
STILL = 0.25  # of their height: who moves less in four seconds stands
RECENT = 1800.0  # seconds that are called now
HARDLY = 0.1  # of the time that others are watched: an hour that is watched less is not shown


class AreaUse(NamedTuple):
    """What was seen in an area; hours as in Room."""
    area: Area
    people: np.ndarray  # person-seconds in each hour
    present: np.ndarray  # visits of each hour
    dwell: np.ndarray  # seconds there of each visit that stayed
    ended: np.ndarray  # when each stay ended, seconds since 1970
    stays: np.ndarray  # seconds of each stay


class Room(NamedTuple):
    """What was seen by one camera. Its hours [n] are the whole local hours of its days."""
    label: str
    size: Tuple[int, int]  # width and height of the picture in pixels
    edges: np.ndarray  # of the hours, seconds since 1970 [n + 1]
    weekday: np.ndarray  # of each hour, from Monday
    hour: np.ndarray  # of the day
    watched: np.ndarray  # seconds of each hour
    begun: np.ndarray  # visits that began in each hour
    present: np.ndarray  # visits of each hour
    people: np.ndarray  # person-seconds in each hour
    begins: np.ndarray  # of each visit, seconds since 1970
    dwell: np.ndarray  # of each visit, seconds
    now: float  # the last moment watched, seconds since 1970
    gaps: List[Tuple[float, float, str]]  # begin, end, why: within a run
    map: np.ndarray  # person-seconds in each cell of the picture [Y, X]
    map_visits: np.ndarray  # visits there
    stops: np.ndarray  # person-seconds of people who stand
    stop_visits: np.ndarray
    flow: np.ndarray  # visits that walk through a cell [Y, X, direction], clockwise from the right
    areas: List[AreaUse]
    steps: np.ndarray  # visits that go from area to area; the first row is in, the last column out


def local_hours(begin: float, end: float) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The hours of the local days from begin to end, seconds since 1970.

    Returns their edges [n + 1], weekdays from Monday [n] and hours of the day [n]. A day on which
    the clocks change has 23 of them, or 25 with one hour of the day twice.
    """
    date = datetime.datetime.fromtimestamp(begin).date()
    edges, labels = [], []
    midnight = _midnight(date)
    while midnight <= end:
        date += datetime.timedelta(days=1)
        following = _midnight(date)
        for edge in np.arange(midnight, following, 3600.0):
            edges.append(edge)
            labels.append((time.localtime(edge).tm_wday, time.localtime(edge).tm_hour))
        midnight = following
    return (np.array(edges + [midnight]), *np.array(labels, int).reshape(-1, 2).T)


def _midnight(date: datetime.date) -> float:
    return datetime.datetime.combine(date, datetime.time()).timestamp()


def _distinct(visit: np.ndarray, key: np.ndarray, size: int) -> np.ndarray:
    """How many different visits each key from 0 to size - 1 has."""
    pairs = visit.astype(np.int64) * size + key
    keep = np.ones(len(pairs), bool)
    keep[1:] = pairs[1:] != pairs[:-1]  # most of them repeat the one before
    return np.bincount(np.unique(pairs[keep]) % size, minlength=size)


def _merged(visit: np.ndarray, key: np.ndarray,
            *values: Tuple[Any, np.ndarray]) -> List[np.ndarray]:
    """Joins rows of the same visit and key that follow each other; values: (ufunc, array)."""
    if not len(visit):
        return [visit, key, *(array for _, array in values)]
    new = np.ones(len(visit), bool)
    new[1:] = (visit[1:] != visit[:-1]) | (key[1:] != key[:-1])
    first = np.flatnonzero(new)
    return [visit[first], key[first], *(ufunc.reduceat(array, first) for ufunc, array in values)]


def measure(path: str, label: str = '', areas: Sequence[Area] = (),
            since: Optional[datetime.datetime] = None,
            until: Optional[datetime.datetime] = None) -> Room:
    """Counts what a store holds of the visits that began from since to before until."""
    span = [int(moment.timestamp() * 1000) if moment else default
            for moment, default in ((since, 0), (until, 1 << 62))]
    low, high = span[0] / 1000, span[1] / 1000
    with open_store(path) as store:
        watched = np.clip(read_watched(store) / 1000, low, high).reshape(-1, 2)
        watched = watched[watched[:, 0] < watched[:, 1]]
        gaps = [(max(low, begun / 1000), min(high, ended / 1000), why)
                for begun, ended, why in read_gaps(store) if why != 'not running']
        size = ([run[4:6] for run in read_runs(store)] or [(4, 3)])[-1]
        visits = read_visits(store, *span)
        visit, when, x, y, tall = _positions(read_positions(store, *span), visits['id'])
    begins, ends = visits['begun'] / 1000, visits['ended'] / 1000
    gaps = [gap for gap in gaps if gap[0] < gap[1]]
    if not len(watched):
        watched = np.zeros((1, 2))
    now = watched[-1, 1]
    edges, weekday, hour = local_hours(watched[0, 0], now)
    hours = len(hour)
    points = np.concatenate([[0.0], watched.ravel()])
    lengths = np.diff(points)
    lengths[::2] = 0  # until an interval begins
    seen = np.diff(np.interp(edges, points[1:], np.cumsum(lengths)))

    # A person is where they were last seen, until they are seen again or for a while.
    last = np.ones(len(visit), bool)
    last[:-1] = visit[1:] != visit[:-1]
    weight = np.empty(len(visit), np.float32)
    weight[:-1] = np.diff(when)
    weight[last] = (ends[visit] - when)[last]
    np.clip(weight, 0, LONGEST_STEP, weight)
    slot = np.searchsorted(edges[1:-1], when, 'right').astype(np.int32)

    x, y = np.clip(x, 0, 999), np.clip(y, 0, 999)  # thousandths, in the picture
    cell = _cell(x, y, GRID)
    cells = GRID[0] * GRID[1]
    width, height = size
    still = np.zeros(len(visit), bool)
    if len(visit) > 4:
        moved = np.hypot((x[4:] - x[:-4]) * (width / 1000), (y[4:] - y[:-4]) * (height / 1000))
        still[2:-2] = (visit[4:] == visit[:-4]) & (moved < STILL * tall[2:-2] * (height / 1000))
    at = np.flatnonzero(~still & ~last)  # they walk
    angle = np.arctan2((y[at + 1] - y[at]) * (height / width), x[at + 1] - x[at])
    direction = np.round(angle / (2 * np.pi / DIRECTIONS)).astype(int) % DIRECTIONS
    ways = COARSE[0] * COARSE[1] * DIRECTIONS

    # 1 and on are areas, 0 is none.
    mask = np.zeros((1000, 1000), np.uint8)
    for number, area in reversed(list(enumerate(areas, 1))):
        cv2.fillPoly(mask, [np.round(area.polygon).astype(np.int32)], number)
    inside = np.flatnonzero(mask[y, x])
    there = mask[y, x][inside].astype(int)
    guest, clock, spent = visit[inside], when[inside], weight[inside]
    place = (there - 1) * hours + slot[inside]
    in_people = np.bincount(place, spent, len(areas) * hours).reshape(-1, hours)
    in_present = _distinct(guest, place, len(areas) * hours).reshape(-1, hours)
    guest, there, ended, spent = _merged(guest, there, (np.maximum, clock), (np.add, spent))
    stays = spent >= STAY
    guest, there, ended, spent = _merged(guest[stays], there[stays], (np.maximum, ended[stays]),
                                         (np.add, spent[stays]))
    uses = []
    for number, area in enumerate(areas, 1):
        mine = there == number
        dwell = np.bincount(guest[mine], spent[mine], len(begins))
        uses.append(AreaUse(area, in_people[number - 1], in_present[number - 1],
                            dwell[dwell > 0], ended[mine], spent[mine]))
    side = len(areas) + 1
    enters = np.ones(len(guest), bool)
    enters[1:] = guest[1:] != guest[:-1]
    origin = np.where(enters, 0, np.roll(there, 1))
    leaves = np.roll(enters, -1)
    steps = _distinct(np.concatenate([guest, guest[leaves]]),
                      np.concatenate([origin * side + there - 1,
                                      there[leaves] * side + side - 1]), side * side)
    return Room(
        label, size, edges, weekday, hour, seen, np.histogram(begins, edges)[0],
        _distinct(visit, slot, hours), np.bincount(slot, weight, hours), begins, ends - begins, now,
        gaps, *(array.reshape(GRID[::-1]) for array in (
            np.bincount(cell, weight, cells), _distinct(visit, cell, cells),
            np.bincount(cell[still], weight[still], cells),
            _distinct(visit[still], cell[still], cells))),
        _distinct(visit[at], _cell(x[at], y[at], COARSE) * DIRECTIONS + direction, ways).reshape(
            COARSE[::-1] + (DIRECTIONS,)), uses, steps.reshape(side, side))


def _positions(parts: Iterable[np.ndarray], ids: np.ndarray) -> List[np.ndarray]:
    """All positions: the place of each one's visit in ids, seconds since 1970, x, y, height."""
    columns = [[np.zeros(0, kind)] for kind in ('i4', 'f8', 'i2', 'i2', 'i2')]
    for part in parts:
        for column, values in zip(columns, (np.searchsorted(ids, part['visit']),
                                            part['time'] / 1000, part['x'], part['y'],
                                            part['height'])):
            column.append(values.astype(column[0].dtype))
    return [np.concatenate(column) for column in columns]


def _cell(x: np.ndarray, y: np.ndarray, grid: Tuple[int, int]) -> np.ndarray:
    """The cell of places in thousandths, counted row by row."""
    return y.astype(np.int32) * grid[1] // 1000 * grid[0] + x.astype(np.int32) * grid[0] // 1000


def sum_by(labels: np.ndarray, size: int, values: np.ndarray) -> np.ndarray:
    """The sums of values [n] by their labels [n], whole numbers from 0 to size - 1: [size]."""
    return np.bincount(labels, values, size)


def seconds_watched(room: Room, labels: np.ndarray, size: int) -> np.ndarray:
    """Seconds watched by the hours' labels [n]: [size]; 0 where the camera hardly watched."""
    seen = sum_by(labels, size, room.watched)
    return np.where(seen < HARDLY * seen.max(), 0, seen)


def rate(room: Room, values: np.ndarray, visits: np.ndarray, labels: np.ndarray, size: int,
         least: int) -> np.ndarray:
    """Values of the hours for each second watched, by label; NaN with too few visits, and where
    the camera hardly watched, as just after closing time."""
    seen = seconds_watched(room, labels, size)
    enough = (sum_by(labels, size, visits) >= least) & (seen > 0)
    return np.where(enough, sum_by(labels, size, values) / np.maximum(seen, 1), np.nan)


def week_rate(room: Room, least: int) -> np.ndarray:
    """Visits that begin in an hour, [weekday, hour of the day]."""
    return 3600 * rate(room, room.begun, room.present, room.weekday * 24 + room.hour, 168,
                       least).reshape(7, 24)


def occupancy(room: Room, use: AreaUse, least: int) -> np.ndarray:
    """People in an area by the hour of the day [24]; of one with few visits NaN."""
    few = len(use.dwell) < least
    return rate(room, use.people, np.zeros_like(use.present) if few else use.present, room.hour,
                24, least)


def waits(room: Room, use: AreaUse) -> Tuple[np.ndarray, np.ndarray]:
    """Seconds of the stays that ended in the last half hour, and of those usual at its hour."""
    recent = use.ended > room.now - RECENT
    hour = time.localtime(room.now - RECENT / 2).tm_hour
    slot = np.clip(np.searchsorted(room.edges, use.ended, 'right') - 1, 0, len(room.hour) - 1)
    return use.stays[recent], use.stays[~recent & (room.hour[slot] == hour)]


def count_days(room: Room) -> Tuple[np.ndarray, np.ndarray]:
    """Edges and visits of the days, or of the weeks where there are many days."""
    first = np.flatnonzero(np.concatenate([[True], np.diff(room.weekday) != 0]))
    if len(first) > 100:
        first = first[(room.weekday[first] == 0) | (first == 0)]
    return room.edges[np.append(first, -1)], np.add.reduceat(room.begun, first)


def dwell_histogram(dwell: np.ndarray, least: int) -> Tuple[np.ndarray, np.ndarray]:
    """Edges in seconds and counts of dwell times, NaN where there are few; without the longest."""
    top = np.percentile(dwell, 98)
    width = next((width for width in (5, 10, 20, 30, 60, 120, 300, 600, 1800)
                  if top / width <= 30), 3600)
    counts, edges = np.histogram(dwell, np.arange(0, top + width, width))
    return edges, np.where(counts >= least, counts, np.nan)


def dwell_quartiles(room: Room, least: int) -> np.ndarray:
    """Quartiles of the visits that began in an hour of the day, seconds [24, 3]."""
    hour = room.hour[np.searchsorted(room.edges, room.begins, 'right') - 1]
    return np.array([np.percentile(room.dwell[hour == h], (25, 50, 75))
                     if (hour == h).sum() >= least else [np.nan] * 3 for h in range(24)])


def hours_watched(room: Room) -> np.ndarray:
    """The hours of the day in which the camera watched, from the first."""
    return np.flatnonzero(seconds_watched(room, room.hour, 24))


def quartiles(seconds: np.ndarray, least: int) -> List[float]:
    """The first quartile, the median and the third one; NaN of fewer than `least`."""
    return list(np.percentile(seconds, (25, 50, 75))) if len(seconds) >= least else [np.nan] * 3
