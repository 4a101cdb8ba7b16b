"""Measures one camera's room from its store: who was where, when and for how long.

    room = measure('hall.db', 'hall', read_plan('areas.json', ['hall.db']).areas)

The result, a statistics.Room, holds sums and counts; statistics.py makes rates and medians of them.
"""
import datetime
import time
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from posesuite.visits.activity_uses import activity_uses
from posesuite.visits.areas import Area, Line
from posesuite.visits.attention import Seen, find_attention
from posesuite.visits.crossings import find_crossings
from posesuite.visits.floor import Floor
from posesuite.visits.polygons import numbered
from posesuite.visits.queues import find_queue
from posesuite.visits.recorded import Recorded, read_recorded
from posesuite.visits.routes import find_routes
from posesuite.visits.statistics import (
    COARSE,
    DIRECTIONS,
    GRID,
    MIN_VISIT,
    STAY,
    AreaUse,
    Queue,
    Room,
    sum_by,
    to_milliseconds,
)
from posesuite.visits.walking import is_still, on_their_feet, speeds

import numpy as np

MAX_STEP = 5.0  # seconds for which a person counts as where they were last seen


def measure(path: str, label: str = '', areas: Sequence[Area] = (),
            since: Optional[datetime.datetime] = None,
            until: Optional[datetime.datetime] = None, lines: Sequence[Line] = (),
            floor: Optional[Floor] = None, min_stay: float = MIN_VISIT) -> Room:
    """Counts what a store holds of the visits that began from since to before until.

    Visits shorter than min_stay seconds are left out, and so are runs under a wrong clock.

    label: the camera's name. lines: counting lines. floor: in metres, for speeds and queues.
    Raises OSError or ValueError with one line.
    """
    recorded = read_recorded(path, since, until, min_stay)
    watched = recorded.watched if len(recorded.watched) else np.zeros((1, 2))
    now = watched[-1, 1]
    edges, weekday, hour = local_hours(watched[0, 0], now)
    seen = sightings(recorded, edges)
    points = np.stack([recorded.x, recorded.y], 1).astype(float)
    still = is_still(seen.visit, points, seen.height, recorded.size)
    metres = floor and floor.to_metres(points, recorded.size[0] / recorded.size[1])
    walks = np.flatnonzero(on_their_feet(seen.visit, recorded.feet))
    visit, when, feet, height, stands = (values[walks] for values in (
        seen.visit, seen.when, points, seen.height, still))
    on_floor = None if metres is None else metres[walks]
    crossings = find_crossings(lines, visit, when, feet, height, recorded.size)
    return Room(
        label=label, size=recorded.size, now=now, gaps=recorded.gaps, short=recorded.short,
        edges=edges, weekday=weekday, hour=hour, watched=_seconds_in(edges, watched),
        begun=np.histogram(recorded.begins, edges)[0],
        begins=recorded.begins, dwell=to_milliseconds(recorded.ends - recorded.begins),
        present=_distinct(seen.visit, seen.slot, len(hour)),
        people=sum_by(seen.slot, len(hour), seen.seconds),
        **_maps(seen, still, recorded.size),
        **_area_use(seen, areas, len(hour), len(recorded.begins), _Places(
            points, still, metres, recorded, floor, now)),
        lines=crossings,
        routes=find_routes(visit, when, feet, height, stands, recorded.size, areas, crossings,
                           on_floor),
        speed=speeds(visit, when, stands, on_floor, len(recorded.begins)),
        min_stay=min_stay, activities=activity_uses(recorded, areas))


class _Places(NamedTuple):
    """More on the positions: feet in thousandths and metres, who stands."""
    points: np.ndarray
    still: np.ndarray
    metres: Optional[np.ndarray]
    recorded: Recorded
    floor: Optional[Floor]
    now: float


class Sightings(NamedTuple):
    """The positions by visit and time."""
    visit: np.ndarray  # index of the visit
    when: np.ndarray  # seconds since 1970
    x: np.ndarray  # 0 to 999 thousandths
    y: np.ndarray
    height: np.ndarray  # thousandths
    last: np.ndarray  # whether it is the last one of its visit
    seconds: np.ndarray  # for which the person counts as being there
    slot: np.ndarray  # index of the hour


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


def _seconds_in(edges: np.ndarray, spans: np.ndarray) -> np.ndarray:
    """Seconds of the spans [n, 2], which follow each other, between each edge and the next."""
    points = np.concatenate([[0.0], spans.ravel()])
    lengths = np.diff(points)
    lengths[::2] = 0  # those are the times between spans
    return to_milliseconds(np.diff(np.interp(edges, points[1:], np.cumsum(lengths))))


def sightings(recorded: Recorded, edges: np.ndarray) -> Sightings:
    """A person is where they were last seen, until they are seen again or for MAX_STEP."""
    visit, when = recorded.visit, recorded.when
    last = np.ones(len(visit), bool)
    last[:-1] = visit[1:] != visit[:-1]
    seconds = np.empty(len(visit))
    seconds[:-1] = np.diff(when)
    seconds[last] = (recorded.ends[visit] - when)[last]
    np.clip(to_milliseconds(seconds), 0, MAX_STEP, seconds)
    return Sightings(
        visit=visit, when=when, x=np.clip(recorded.x, 0, 999), y=np.clip(recorded.y, 0, 999),
        height=recorded.height, last=last, seconds=seconds,
        slot=np.searchsorted(edges[1:-1], when, 'right').astype(np.int32))


def _maps(seen: Sightings, still: np.ndarray, size: Tuple[int, int]) -> Dict[str, np.ndarray]:
    """Room's map, map_visits, stops, stop_visits and flow."""
    cell = _cell(seen.x, seen.y, GRID)
    return {**_map(cell, seen, slice(None), 'map', 'map_visits'),
            **_map(cell, seen, still, 'stops', 'stop_visits'),
            'flow': _flow(seen, np.flatnonzero(~still & ~seen.last), size)}


def _map(cell: np.ndarray, seen: Sightings, which: Any, seconds: str,
         visits: str) -> Dict[str, np.ndarray]:
    """Two maps [Y, X] of some sightings by name: person-seconds in each cell, visits there."""
    cells = GRID[0] * GRID[1]
    shape = GRID[::-1]
    return {seconds: sum_by(cell[which], cells, seen.seconds[which]).reshape(shape),
            visits: _distinct(seen.visit[which], cell[which], cells).reshape(shape)}


def _flow(seen: Sightings, at: np.ndarray, size: Tuple[int, int]) -> np.ndarray:
    """Visits that walk through each cell of COARSE by direction; at: sightings of who walks."""
    width, height = size
    angle = np.arctan2((seen.y[at + 1] - seen.y[at]) * (height / width),
                       seen.x[at + 1] - seen.x[at])
    direction = np.round(angle / (2 * np.pi / DIRECTIONS)).astype(int) % DIRECTIONS
    way = _cell(seen.x[at], seen.y[at], COARSE) * DIRECTIONS + direction
    shape = COARSE[::-1] + (DIRECTIONS,)
    return _distinct(seen.visit[at], way, int(np.prod(shape))).reshape(shape)


def _cell(x: np.ndarray, y: np.ndarray, grid: Tuple[int, int]) -> np.ndarray:
    """The cell of places in thousandths, counted row by row."""
    return y.astype(np.int32) * grid[1] // 1000 * grid[0] + x.astype(np.int32) * grid[0] // 1000


class _Stays(NamedTuple):
    """Who stayed in an area without a break, by visit and time."""
    visit: np.ndarray
    area: np.ndarray  # number of the area, from 1
    ended: np.ndarray  # seconds since 1970
    seconds: np.ndarray


def _area_use(seen: Sightings, areas: Sequence[Area], hours: int, visits: int,
              places: _Places) -> Dict[str, Any]:
    """Room's areas and steps. hours, visits: their numbers."""
    recorded = places.recorded
    positions = Seen(seen.visit, places.points, seen.height, seen.seconds, places.still,
                     recorded.facing, recorded.wrists)
    number = numbered([area.polygon for area in areas])[seen.y, seen.x]
    inside = np.flatnonzero(number)
    number = number[inside].astype(int)
    place = (number - 1) * hours + seen.slot[inside]
    shape = len(areas), hours
    people = sum_by(place, len(areas) * hours, seen.seconds[inside]).reshape(shape)
    present = _distinct(seen.visit[inside], place, len(areas) * hours).reshape(shape)
    stays = _stays(seen, inside, number)
    uses = []
    for index, area in enumerate(areas):
        mine = stays.area == index + 1
        here = inside[number == index + 1]
        is_inside = np.zeros(len(seen.visit), bool)
        is_inside[here] = True
        dwell = sum_by(stays.visit[mine], visits, stays.seconds[mine])
        uses.append(AreaUse(area=area, people=people[index], present=present[index],
                            dwell=dwell[dwell > 0], ended=stays.ended[mine],
                            stays=stays.seconds[mine], stayed=stays.visit[mine],
                            attention=find_attention(area, positions, is_inside, recorded.size,
                                                     visits, places.floor),
                            queue=_queue(seen, here, places) if area.kind == 'queue' else None))
    return {'areas': uses, 'steps': _steps(stays, len(areas))}


def _queue(seen: Sightings, here: np.ndarray, places: _Places) -> Queue:
    metres = np.full((len(here), 2), np.nan) if places.metres is None else places.metres[here]
    return find_queue(seen.visit[here], seen.when[here], seen.seconds[here], metres, places.now)


def _stays(seen: Sightings, inside: np.ndarray, area: np.ndarray) -> _Stays:
    """The stays of STAY or more. inside: the sightings in areas; area: the number of each."""
    visit, area, ended, seconds = _merged(seen.visit[inside], area, (np.maximum, seen.when[inside]),
                                          (np.add, seen.seconds[inside]))
    stays = to_milliseconds(seconds) >= STAY
    return _Stays(*_merged(visit[stays], area[stays], (np.maximum, ended[stays]),
                           (np.add, seconds[stays])))


def _steps(stays: _Stays, areas: int) -> np.ndarray:
    """Room's steps, for a number of areas."""
    side = areas + 1
    enters = np.ones(len(stays.visit), bool)
    enters[1:] = stays.visit[1:] != stays.visit[:-1]
    leaves = np.roll(enters, -1)
    origin = np.where(enters, 0, np.roll(stays.area, 1))
    return _distinct(
        np.concatenate([stays.visit, stays.visit[leaves]]),
        np.concatenate([origin * side + stays.area - 1, stays.area[leaves] * side + side - 1]),
        side * side).reshape(side, side)


def _distinct(visit: np.ndarray, key: np.ndarray, size: int) -> np.ndarray:
    """The number of different visits of each key from 0 to size - 1."""
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
