"""Busy hours, today against usual, week against week, peaks and what is usual at this time.

Bins widen until each holds min_visits visits. What stays below is "few": it is named, and it counts
where the quietest hour is sought, but its figure is NaN.
"""
from typing import List, NamedTuple, Optional, Sequence

from posesuite.visits.statistics import Room

import numpy as np


class Hours(NamedTuple):
    """Hours of the day in a row. people: mean number of people while the camera watched; visits:
    that were there, of all days. Both are NaN in hours with fewer than min_visits visits.
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
    """Joins neighbouring bins, the smaller ones first, until each counts `least`: [begin, end) of
    each. Bins that are not usable are left out and separate others. What cannot be joined to reach
    `least` stays as it is.
    """
    raise NotImplementedError


def busy_hours(room: Room, min_visits: int) -> List[Hours]:
    """The hours of the day that were watched, widened; those that stay few have NaN."""
    raise NotImplementedError


def quietest(room: Room, min_visits: int) -> Optional[Hours]:
    """The hour of the day with the fewest people, which may be too few to tell (NaN); None if only
    one was watched.
    """
    raise NotImplementedError


def busiest(room: Room, min_visits: int) -> Optional[Hours]:
    """The hour of the day with the most people; None if none has min_visits visits."""
    raise NotImplementedError


def few_hours(room: Room, min_visits: int) -> List[List[int]]:
    """Hours of the day [begin, end) that were watched and have fewer than min_visits visits."""
    raise NotImplementedError


def today(room: Room, min_visits: int) -> Comparison:
    """The last day watched so far, against earlier days of its weekday, or all of them."""
    raise NotImplementedError


def this_week(room: Room, min_visits: int) -> Comparison:
    """The last week watched so far, from Monday, against the one before by the same time."""
    raise NotImplementedError


def mean_people(room: Room, min_visits: int) -> float:
    """Mean number of people while the camera watched."""
    raise NotImplementedError


def peak(room: Room, min_visits: int) -> Peak:
    """The most people there at once, in all the time."""
    raise NotImplementedError
