"""Busy hours, today against usual, week against week, peaks and what is usual at this time.

Bins widen until each holds min_visits visits. What stays below is "few": it is named, and it counts
where the quietest hour is sought, but its figure is NaN.
"""
from typing import Any, Callable, List, NamedTuple, Optional, Sequence

from posesuite.visits.blanks import told
from posesuite.visits.statistics import (
    Room,
    first_hours,
    hours_watched,
    sum_by,
    to_milliseconds,
)

import numpy as np

COMPARABLE = 0.5  # share of the time watched so far that another day or week must have been watched
DAY = 86400  # seconds


class Hours(NamedTuple):
    """Hours of the day in a row. people: mean number of people while the camera watched; visits:
    that began in them, of all days. Both are NaN if these are fewer than min_visits.
    """
    begin: int
    end: int
    people: float
    visits: float


class Comparison(NamedTuple):
    """A day or week so far, and earlier ones by the same time of theirs."""
    begin: float  # of the day or week, seconds since 1970
    end: float  # last moment watched
    visits: float  # NaN below min_visits
    usual: float  # mean of the others; NaN without any, or of fewer than min_visits visits in all
    others: int  # number of days or weeks that usual is the mean of
    same_weekday: bool  # whether those are days of the same weekday


class Peak(NamedTuple):
    """The most people there at once. when: seconds since 1970; NaN if people are fewer than
    min_visits, whom a moment might tell apart.
    """
    people: float
    when: float


def widened(counts: Sequence[float], usable: Sequence[bool], least: float) -> List[List[int]]:
    """Joins neighbouring bins, the smallest first, until each counts `least`: [begin, end) of each.

    Bins that are not usable are left out and separate others. What has no neighbour to join stays
    below `least`.
    """
    bins = [[i, i + 1] for i in np.flatnonzero(usable).tolist()]

    def count(i: int) -> float:
        return sum(counts[slice(*bins[i])])

    while True:
        joins = [(count(i), count(j), i, j) for i in range(len(bins)) for j in (i - 1, i + 1)
                 if 0 <= j < len(bins) and count(i) < least
                 and bins[min(i, j)][1] == bins[max(i, j)][0]]
        if not joins:
            return bins
        i, j = sorted(min(joins)[2:])
        bins[i:j + 1] = [[bins[i][0], bins[j][1]]]


def busy_hours(room: Room, min_visits: int) -> List[Hours]:
    """The hours of the day that were watched, widened; those that stay few have NaN."""
    usable = np.isin(np.arange(24), hours_watched(room))
    found = [_hours(room, *span, min_visits) for span in widened(
        sum_by(room.hour, 24, room.begun).tolist(), usable.tolist(), min_visits)]
    shown = told([room.begun[(room.hour >= part.begin) & (room.hour < part.end)].sum()
                  for part in found], min_visits)
    return [part if may_be else part._replace(people=np.nan, visits=np.nan)
            for part, may_be in zip(found, shown)]


def few_hours(room: Room, min_visits: int) -> List[List[int]]:
    """Hours of the day [begin, end) that were watched and in which fewer than min_visits visits
    began; those in a row together.
    """
    few = np.isin(np.arange(24), hours_watched(room)) & (
        sum_by(room.hour, 24, room.begun) < min_visits)
    return np.flatnonzero(np.diff(np.concatenate([[0], few, [0]]))).reshape(-1, 2).tolist()


def quietest(room: Room, min_visits: int) -> Optional[Hours]:
    """The hour of the day with the fewest people, also if its visits are too few to tell how many
    (NaN); None if only one was watched.
    """
    return _extreme(room, min_visits, np.argmin)


def busiest(room: Room, min_visits: int) -> Optional[Hours]:
    """The hour of the day with the most people, as quietest."""
    return _extreme(room, min_visits, np.argmax)


def today(room: Room, min_visits: int, times: Optional[np.ndarray] = None,
          visits: Optional[np.ndarray] = None) -> Comparison:
    """The last day watched so far, against earlier days of its weekday, or all of them.

    times: what is counted, seconds since 1970 [n]; the begins of all visits unless it is given.
    visits: the index of the visit of each, [n].
    """
    first = first_hours(room)
    begins = room.edges[first]
    others = _comparable(room, begins)
    same = others & (room.weekday[first] == room.weekday[first[-1]])
    return _compare(room, begins, same if same.any() else others, min_visits, bool(same.any()),
                    times, visits)


def this_week(room: Room, min_visits: int, times: Optional[np.ndarray] = None,
              visits: Optional[np.ndarray] = None) -> Comparison:
    """The last week watched so far, from Monday, against the one before by the same time; as
    today.
    """
    first = first_hours(room)
    mondays = room.edges[first[room.weekday[first] == 0]]
    if room.weekday[0]:  # the days before the first one were not watched
        mondays = np.append(room.edges[0] - room.weekday[0] * DAY, mondays)
    others = _comparable(room, mondays)
    others[:-2] = False
    return _compare(room, mondays, others, min_visits, False, times, visits)


def mean_people(room: Room, min_visits: int) -> float:
    """Mean number of people while the camera watched; NaN with fewer than min_visits visits."""
    people, watched = map(to_milliseconds, (room.people.sum(), room.watched.sum()))
    return float(people / watched) if len(room.begins) >= min_visits and watched else np.nan


def peak(room: Room, min_visits: int) -> Peak:
    """The most people there at once, in all the time; NaN with fewer than min_visits visits."""
    if len(room.begins) < max(1, min_visits):
        return Peak(np.nan, np.nan)
    times = np.concatenate([room.begins, room.begins + room.dwell])
    steps = np.repeat([1, -1], len(room.begins))
    order = np.lexsort((steps, times))  # who leaves in the moment in which another comes, first
    people = np.cumsum(steps[order])
    most = int(people.argmax())
    return Peak(float(people[most]), float(times[order][most]) if (
        people[most] >= min_visits) else np.nan)


def _hours(room: Room, begin: int, end: int, min_visits: int) -> Hours:
    inside = (room.hour >= begin) & (room.hour < end)
    visits = float(room.begun[inside].sum())
    if visits < min_visits:
        return Hours(begin, end, np.nan, np.nan)
    return Hours(begin, end, float(room.people[inside].sum() / room.watched[inside].sum()), visits)


def _extreme(room: Room, min_visits: int, choose: Callable[[np.ndarray], Any]) -> Optional[Hours]:
    hours = hours_watched(room)
    if len(hours) < 2:
        return None
    people = (sum_by(room.hour, 24, room.people)[hours]
              / sum_by(room.hour, 24, room.watched)[hours])
    hour = int(hours[choose(people)])
    return _hours(room, hour, hour + 1, min_visits)


def _comparable(room: Room, begins: np.ndarray) -> np.ndarray:
    """Which of some days or weeks can be compared with the last one so far. begins: of each."""
    watched = np.concatenate([[0.0], np.cumsum(room.watched)])
    elapsed = room.now - begins[-1]
    seen = np.interp(begins + elapsed, room.edges, watched) - np.interp(begins, room.edges, watched)
    others = seen >= COMPARABLE * seen[-1]
    others[-1] = False
    return others


def _compare(room: Room, begins: np.ndarray, others: np.ndarray, min_visits: int,
             same_weekday: bool, times: Optional[np.ndarray],
             visits: Optional[np.ndarray]) -> Comparison:
    times = room.begins if times is None else times
    visits = np.arange(len(times)) if visits is None else visits
    inside = [(times >= begin) & (times < begin + room.now - begins[-1]) for begin in begins]
    usual = [inside[i] for i in np.flatnonzero(others)]

    def known(*chosen: np.ndarray) -> bool:
        return len(np.unique(visits[np.any(chosen, 0)])) >= max(1, min_visits)

    return Comparison(
        float(begins[-1]), room.now, float(inside[-1].sum()) if known(inside[-1]) else np.nan,
        float(np.mean([part.sum() for part in usual])) if usual and known(*usual) else np.nan,
        len(usual), same_weekday)
