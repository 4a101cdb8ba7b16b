"""Queues: how long they are, and how long people wait, now and usually at this hour."""
from typing import NamedTuple

from posesuite.visits.statistics import AreaUse, Room

NOW = 60.0  # seconds before the last moment watched of which the length of a queue is the mean


class QueueNow(NamedTuple):
    """A queue now and usually at this hour of the day. All are NaN with fewer than min_visits
    visits in the last half hour, or usually; except that an empty queue is 0 people.
    """
    people: float  # in it now
    usual_people: float
    metres: float  # from the first person to the last, NaN without a floor
    usual_metres: float
    wait: float  # median seconds in it of those who left it in the last half hour
    usual_wait: float


def queue_now(room: Room, use: AreaUse, min_visits: int) -> QueueNow:
    """How long a queue is, and how long people wait in it."""
    raise NotImplementedError
