"""All cameras of a fleet as one, and what of each may be told beside that. Pure.

Whoever knows a sum of all cameras and what is shown of the others can compute what is left out of
one. So blanks.told_of_many decides for all at once.
"""
import datetime
from typing import List, NamedTuple, Sequence

from posesuite.fleet.rooms import Measured
from posesuite.visits.blanks import told, told_of_many
from posesuite.visits.statistics import MAX_DAYS, Room, seconds_watched, sum_by

import numpy as np

WEEK = 168  # hours


class Told(NamedTuple):
    """Of each camera, [cameras, ...], and of all, [...]: the numbers, NaN if they are left out."""
    each: np.ndarray
    all: np.ndarray


class Joined(NamedTuple):
    """All cameras as one."""
    room: Room  # hours by the local time of each camera
    visits: Told
    per_hour: Told  # visits that begin in an hour, by weekday and hour [168]
    people: Told  # mean number, by weekday and hour [168]
    days: List[float]  # begins of days or weeks, seconds since 1970
    by_day: Told
    covers: np.ndarray  # whether a camera's days cover each of days, bool [cameras, days]
    shown: np.ndarray  # whether anything may be told of a camera, [cameras]


def join(cameras: Sequence[Measured], min_visits: int) -> Joined:
    """Adds up the cameras, of which there is at least one."""
    counts = np.array([camera.visits for camera in cameras])
    shown = told(counts, min_visits)
    room = _room(cameras)
    visits = Told(np.where(shown, counts, np.nan),
                  _blank(counts.sum(), counts.sum() >= min_visits))
    week = [camera.room.weekday * 24 + camera.room.hour for camera in cameras]

    def rates(values: str, counted: str, unit: float) -> Told:
        of_each = [np.array([sum_by(hour, WEEK, getattr(camera.room, name))
                             for hour, camera in zip(week, cameras)])
                   for name in (values, counted)]
        may_be, of_all = told_of_many(of_each[1].reshape(-1, 7, 24), min_visits, shown)
        seen = np.array([seconds_watched(camera.room, hour, WEEK)
                         for hour, camera in zip(week, cameras)])
        all_hours = room.weekday * 24 + room.hour
        return Told(_rate(unit, of_each[0], seen, may_be.reshape(-1, WEEK)),
                    _rate(unit, sum_by(all_hours, WEEK, getattr(room, values)),
                          seconds_watched(room, all_hours, WEEK), of_all.ravel()))

    first = np.unique(np.concatenate([camera.days for camera in cameras]))
    if len(room.hour) // 24 > MAX_DAYS:  # as the page: a week less its days would tell the rest
        first = np.unique([day - (day - 1) % 7 for day in first])  # ordinal 1 is a Monday
    at = [np.searchsorted(first, camera.days, 'right') - 1 for camera in cameras]
    by_day = np.array([sum_by(day, len(first), camera.room.begun)
                       for day, camera in zip(at, cameras)])
    may_be, of_all = told_of_many(by_day, min_visits, shown)
    return Joined(
        room, visits, rates('begun', 'begun', 3600), rates('people', 'present', 1),
        [_midnight(day) for day in first],
        Told(_blank(by_day, may_be), _blank(by_day.sum(0), of_all)),
        np.array([np.isin(np.arange(len(first)), day) for day in at]), shown)


def _blank(values: np.ndarray, may_be: np.ndarray) -> np.ndarray:
    return np.where(may_be, values, np.nan)


def _rate(unit: float, values: np.ndarray, seen: np.ndarray, may_be: np.ndarray) -> np.ndarray:
    return _blank(unit * (values / np.maximum(seen, 1)), may_be & (seen > 0))


def _midnight(day: int) -> float:
    return datetime.datetime.combine(datetime.date.fromordinal(int(day)),
                                     datetime.time()).timestamp()


def _room(cameras: Sequence[Measured]) -> Room:
    """The sums of all cameras by local day and hour; its edges are those of this machine."""
    keys = [camera.days * 24 + camera.room.hour for camera in cameras]
    low, high = min(key.min() for key in keys) // 24, max(key.max() for key in keys) // 24
    size = (high - low + 1) * 24
    sums = {name: sum((sum_by(key - low * 24, size, getattr(camera.room, name))
                       for key, camera in zip(keys, cameras)), np.zeros(size))
            for name in ('watched', 'begun', 'present', 'people')}
    hours = np.arange(size)
    edges = np.concatenate([_midnight(low + day) + 3600 * np.arange(24)
                            for day in range(high - low + 1)] + [[_midnight(high + 1)]])
    seen = np.flatnonzero(sums['watched'])
    return cameras[0].room._replace(
        label='', now=edges[(seen[-1] if len(seen) else -2) + 1],
        short=sum(camera.room.short for camera in cameras), edges=edges,
        weekday=(low + hours // 24 - 1) % 7, hour=hours % 24, areas=[], **sums)
