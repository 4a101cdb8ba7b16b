"""Counting lines: who came in and went out, by hour and day.

A person crosses a line when the way of their feet does, and they end clearly on its other side: who
loiters at the line is not counted twice.
"""
from typing import Any, List, NamedTuple, Sequence, Tuple

from posesuite.visits.areas import Line
from posesuite.visits.statistics import Crossings

import numpy as np

MARGIN = 0.1  # share of a person's height; who is nearer to a line may be on either side


class InOut(NamedTuple):
    """Who crossed a line in some time. begin, end: seconds since 1970, or hours of the day.

    came, went: crossings in and out, of all days; NaN if fewer than min_visits crossed either way
    or one of both is of fewer, but not none.
    """
    begin: float
    end: float
    came: float
    went: float


def find_crossings(lines: Sequence[Line], visit: np.ndarray, when: np.ndarray, points: np.ndarray,
                   height: np.ndarray, size: Tuple[int, int]) -> List[Crossings]:
    """Who crossed each of some lines, from positions by visit and time.

    visit: index of the visit of each position, [n]. when: seconds since 1970. points: feet, [n, 2]
    in thousandths. height: thousandths. size: width and height of the picture.
    """
    raise NotImplementedError


def by_day(room: Any, crossings: Crossings, min_visits: int) -> List[InOut]:
    """The crossings of each day watched, the last one last."""
    raise NotImplementedError


def by_hour(room: Any, crossings: Crossings, min_visits: int,
            since: float = -np.inf) -> List[InOut]:
    """The crossings by the hour of the day, of the days from since on.

    Hours in a row are joined until each has min_visits crossings.
    """
    raise NotImplementedError


def today(room: Any, crossings: Crossings, min_visits: int) -> Tuple[InOut, InOut]:
    """The crossings of the last day watched so far, and what is usual by that time: the mean of the
    earlier days of its weekday, or of all of them.
    """
    raise NotImplementedError
