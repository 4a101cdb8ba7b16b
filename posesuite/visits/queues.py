"""Queues: how long they are, and how long people wait, now and usually at this hour."""
import time
from typing import NamedTuple

from posesuite.visits.statistics import RECENT, AreaUse, Queue, Room, hours_of_day, waits

import numpy as np

NOW = 60.0  # seconds before the last moment watched of which the length of a queue is the mean
SAMPLE = 10.0  # seconds from one look at a queue to the next


class QueueNow(NamedTuple):
    """A queue now and usually at this hour of the day.

    Those now are NaN if 1 to min_visits - 1 visits were in it in the last half hour; those usual if
    fewer than min_visits were.
    """
    people: float  # in it now
    usual_people: float
    metres: float  # from the first person to the last, NaN without a floor
    usual_metres: float
    wait: float  # median seconds in it of those who left it in the last half hour
    usual_wait: float


def find_queue(visit: np.ndarray, when: np.ndarray, seconds: np.ndarray, metres: np.ndarray,
               now: float) -> Queue:
    """Looks at a queue every SAMPLE seconds.

    visit: index of the visit of each position in it, [n]. when, seconds: from when and for how long
    the person counts as being there. metres: places on the floor, [n, 2] or NaN. now: the last
    moment watched. Of each visit, the times do not overlap.
    """
    look = np.ceil(when / SAMPLE)
    there = look * SAMPLE < when + seconds
    look, metres = look[there], metres[there]
    order = np.argsort(look, kind='stable')
    look, metres = look[order], metres[order]
    first = np.flatnonzero(np.diff(look, prepend=-1))
    recent = len(np.unique(visit[(when + seconds > now - RECENT) & (when <= now)]))
    if not len(look):
        return Queue(look, np.zeros(0, int), look, recent)
    people = np.diff(np.append(first, len(look)))
    length = np.hypot(*(np.fmax.reduceat(metres, first) - np.fmin.reduceat(metres, first)).T)
    return Queue(look[first] * SAMPLE, people, length, recent)


def queue_now(room: Room, use: AreaUse, min_visits: int) -> QueueNow:
    """How long a queue is, and how long people wait in it. use: has a queue."""
    queue = use.queue
    hour = time.localtime(room.now - RECENT / 2).tm_hour
    is_now = (queue.when > room.now - NOW) & (queue.when <= room.now)
    is_usual = (queue.when <= room.now - RECENT) & (hours_of_day(room, queue.when) == hour)
    recent, usual = waits(room, use)
    known = (queue.recent == 0 or queue.recent >= min_visits), len(usual) >= max(1, min_visits)
    lately = np.minimum(room.edges[1:], room.now) - np.maximum(room.edges[:-1], room.now - RECENT)
    watched = np.maximum(room.watched - np.maximum(lately, 0), 0)[room.hour == hour].sum()
    looks = NOW / SAMPLE, watched / SAMPLE
    people, metres = (
        [float(values[chosen].sum() / looks[i]) if known[i] and looks[i] > 0 else np.nan
         for i, chosen in enumerate((is_now, is_usual))] for values in (queue.people, queue.metres))
    if not np.isfinite(queue.metres).any():
        metres = [np.nan, np.nan]
    return QueueNow(*people, *metres, *(
        float(np.median(stays)) if len(stays) >= max(1, min_visits) else np.nan
        for stays in (recent, usual)))

