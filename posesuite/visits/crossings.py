"""Counting lines: who came in and went out, by hour and day.

A crossing is where the way of a person's feet meets the line, and they were clearly on one side
before and on the other side after: who loiters at the line is not counted twice.
"""
from typing import List, NamedTuple, Sequence, Tuple

from posesuite.visits import hours
from posesuite.visits.areas import Line
from posesuite.visits.blanks import told
from posesuite.visits.statistics import Crossings, Room

import numpy as np

MARGIN = 0.1  # share of a person's height; who is nearer to a line may be on either side


class InOut(NamedTuple):
    """Who crossed a line in some time. begin, end: seconds since 1970, or hours of the day; came,
    went: crossings in and out, NaN if they are of fewer than min_visits visits.
    """
    begin: float
    end: float
    came: float
    went: float


def find_crossings(lines: Sequence[Line], visit: np.ndarray, when: np.ndarray, points: np.ndarray,
                   height: np.ndarray, size: Tuple[int, int]) -> List[Crossings]:
    """Who crossed each of some lines, from positions by visit and time.

    visit: index of the visit of each position, [n]. when: seconds since 1970. points: feet, [n, 2]
    in thousandths. height: thousandths. size: width and height of the picture in pixels.
    """
    scale = np.array(size) / 1000
    feet, margin = points * scale, MARGIN * height * scale[1]
    same = visit[1:] == visit[:-1]  # visit as in the position before
    ends = np.ones(len(visit), bool)  # the first and last position of each visit
    ends[1:-1] = ~(same[1:] & same[:-1])
    return [_crossings(line, visit, when, feet, margin, same, ends, scale) for line in lines]


def by_day(room: Room, crossings: Crossings, min_visits: int) -> List[InOut]:
    """The crossings of each day, the last one last."""
    edges = room.edges[np.append(hours.first_hours(room), -1)]
    spans = list(zip(edges, edges[1:]))
    return _in_out(crossings, spans, [(crossings.when >= begin) & (crossings.when < end)
                                      for begin, end in spans], min_visits)


def by_hour(room: Room, crossings: Crossings, min_visits: int,
            since: float = -np.inf) -> List[InOut]:
    """The crossings by the hour of the day, of all days from since on (seconds since 1970).

    Hours in a row are joined until each has min_visits visits that cross either way, as far as
    there are so many; only hours that were watched are listed.
    """
    hour = room.hour[np.searchsorted(room.edges, crossings.when, 'right') - 1]
    late = crossings.when >= since
    ways = [late & way for way in (crossings.inward, ~crossings.inward)]
    ways = [way for way in ways if len(np.unique(crossings.visit[way])) >= min_visits] or [late]
    counts = [min(len(np.unique(crossings.visit[way & (hour == h)])) for way in ways)
              for h in range(24)]
    seen = np.bincount(room.hour[room.edges[:-1] >= since],
                       room.watched[room.edges[:-1] >= since], 24) > 0
    spans = hours.widened(counts, seen.tolist(), min_visits)
    return _in_out(crossings, spans, [late & (hour >= begin) & (hour < end)
                                      for begin, end in spans], min_visits)


def came_in(room: Room, lines: Sequence[Crossings]) -> Tuple[np.ndarray, np.ndarray]:
    """When people came in over any of some lines, seconds since 1970 [n], and their visits: each
    once a day, also over lines one behind the other.
    """
    when, visit = (np.concatenate([[], *(getattr(line, name)[line.inward] for line in lines)])
                   for name in ('when', 'visit'))
    order = np.argsort(when, kind='stable')
    when, visit = when[order], visit[order]
    day = np.searchsorted(room.edges[hours.first_hours(room)], when, 'right')
    first = np.unique(np.stack([day, visit]), axis=1, return_index=True)[1]
    return when[first], visit[first]


def today(room: Room, crossings: Crossings,
          min_visits: int) -> Tuple[hours.Comparison, hours.Comparison]:
    """The crossings in, and out, of the last day watched so far, against what is usual."""
    came, went = (hours.today(room, min_visits, crossings.when[way], crossings.visit[way])
                  for way in (crossings.inward, ~crossings.inward))
    return came, went


def _crossings(line: Line, visit: np.ndarray, when: np.ndarray, feet: np.ndarray,
               margin: np.ndarray, same: np.ndarray, ends: np.ndarray,
               scale: np.ndarray) -> Crossings:
    """Who crossed one line. same: of the steps from position to position, [n - 1]."""
    begin, end = np.array(line.line) * scale
    along = (end - begin) / np.linalg.norm(end - begin)
    off = (feet - begin) @ (along[1], -along[0])  # pixels on the inner side, to the left
    inner = off > 0
    meets = np.flatnonzero(same & (inner[1:] != inner[:-1]))
    part = off[meets] / (off[meets] - off[meets + 1])  # of the step, up to the line
    place = (feet[meets] + part[:, None] * (feet[meets + 1] - feet[meets]) - begin) @ along
    on_line = (place >= 0) & (place <= np.linalg.norm(end - begin))
    meets, part = meets[on_line], part[on_line]
    # Net crossings inwards of all positions up to each one.
    net = np.zeros(len(visit), int)
    net[meets + 1] = np.where(inner[meets + 1], 1, -1)
    net = np.cumsum(net)
    clear = np.flatnonzero((np.abs(off) > margin) | ends)
    one, other = clear[:-1], clear[1:]
    crosses = ((visit[one] == visit[other]) & (inner[one] != inner[other])
               & (net[one] != net[other]))
    one, other = one[crosses], other[crosses]
    step = np.searchsorted(meets, other) - 1  # the last one that meets the line
    at = meets[step]
    return Crossings(line, when[at] + part[step] * (when[at + 1] - when[at]), inner[other],
                     visit[other])


def _in_out(crossings: Crossings, spans: Sequence[Sequence[float]], chosen: Sequence[np.ndarray],
            min_visits: int) -> List[InOut]:
    """The crossings of some spans; chosen: those of each."""
    ways = []
    for way in (crossings.inward, ~crossings.inward):
        shown = told([len(np.unique(crossings.visit[part & way])) for part in chosen], min_visits)
        ways.append([float((part & way).sum()) if may_be else np.nan
                     for part, may_be in zip(chosen, shown)])
    return [InOut(float(begin), float(end), *counts)
            for (begin, end), *counts in zip(spans, *ways)]
