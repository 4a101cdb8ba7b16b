"""What counts of a store's content in reports, as arrays."""
import datetime
import logging
from typing import List, NamedTuple, Optional, Sequence, Tuple

from posesuite.visits.chains import chains
from posesuite.visits.clock import date
from posesuite.visits.queries import (
    BODY,
    FOREVER,
    open_store,
    read_bodies,
    read_gaps,
    read_misdated,
    read_positions,
    read_runs,
    read_visits,
    read_watched,
)
from posesuite.visits.rows import FEET, NOT_RECORDED, SECOND
from posesuite.visits.statistics import MIN_VISIT, Gap

import numpy as np

LOGGER = logging.getLogger(__name__)
MAX_DATES = 5  # dates of runs under a wrong clock that are named
DEFAULT_SIZE = 4, 3  # shape of the image of a store without runs


class Recorded(NamedTuple):
    """What a store holds of some time, in seconds since 1970.

    Visits of somebody who was lost from sight for a moment are one, see chains.py. Visits shorter
    than min_stay are left out, those shorter than MIN_VISIT before they are joined, because they
    may be nobody; so are runs under a wrong clock, which is reported.
    """
    size: Tuple[int, int]  # width and height of the image in pixels
    watched: np.ndarray  # [n, 2] begin and end
    gaps: List[Gap]
    short: int  # number of visits that were left out
    begins: np.ndarray  # of each visit
    ends: np.ndarray
    visit: np.ndarray  # of each position: the index of its visit in begins
    when: np.ndarray
    x: np.ndarray  # thousandths
    y: np.ndarray
    height: np.ndarray
    feet: np.ndarray  # whether x and y are those of a sure ankle, bool
    facing: np.ndarray  # 16ths of a turn, UNKNOWN or NOT_RECORDED
    wrists: np.ndarray  # x, y of the left and the right one in hundredths, or negative [n, 2, 2]


def read_recorded(path: str, since: Optional[datetime.datetime],
                  until: Optional[datetime.datetime], min_stay: float = MIN_VISIT) -> Recorded:
    """Reads of a store what counts; see Recorded. min_stay: seconds of the shortest visit.

    Raises OSError or ValueError with one line.
    """
    span = [int(moment.timestamp() * SECOND) if moment else default
            for moment, default in ((since, 0), (until, FOREVER))]
    low, high = span[0] / SECOND, span[1] / SECOND
    with open_store(path) as store:
        wrong = read_misdated(store)
        if wrong:
            LOGGER.warning('%s: runs under a wrong clock are left out: %d (%s)', path, len(wrong),
                           ', '.join(sorted({date(run.since)[:10] for run in wrong})[:MAX_DATES]))
        without = [run.id for run in wrong]
        watched = np.clip(read_watched(store, without) / SECOND, low, high).reshape(-1, 2)
        gaps = [Gap(max(low, begun / SECOND), min(high, ended / SECOND), why)
                for begun, ended, why in read_gaps(store, without)]
        runs = read_runs(store, without)
        visits = read_visits(store, *span, without=without)
        columns: List[List[np.ndarray]] = [
            [np.zeros(0, kind)] for kind in ('i4', 'f8', 'i2', 'i2', 'i2', '?')]
        for part in read_positions(store, *span):
            part = part[np.isin(part['visit'], visits['id'])]
            for column, values in zip(columns, (
                    np.searchsorted(visits['id'], part['visit']), part['time'] / SECOND,
                    part['x'], part['y'], part['height'], part['flags'] & FEET > 0)):
                column.append(values.astype(column[0].dtype))
        bodies = list(read_bodies(store, *span))
    visit, when, x, y, height, feet = map(np.concatenate, columns)
    bodies = _bodies(bodies, visits['id'], visit, when)
    found = Recorded(
        size=runs[-1][4:6] if runs else DEFAULT_SIZE,
        watched=watched[watched[:, 0] < watched[:, 1]],
        gaps=[gap for gap in gaps if gap.begun < gap.ended], short=0,
        begins=visits['begun'] / SECOND, ends=visits['ended'] / SECOND,
        visit=visit, when=when, x=x, y=y, height=height, feet=feet, facing=bodies[:, 0],
        wrists=bodies[:, 1:].reshape(-1, 2, 2))
    return _long_enough(_joined(_long_enough(found, min(MIN_VISIT, min_stay))), min_stay)


def _joined(recorded: Recorded) -> Recorded:
    """The same with the visits of each person as one."""
    chain = chains(recorded.visit, recorded.when, np.stack([recorded.x, recorded.y], 1),
                   recorded.height, recorded.size, recorded.feet)
    chain = np.append(chain, np.arange(len(chain), len(recorded.begins)))  # without positions
    first, number = np.unique(chain, return_inverse=True)
    if len(first) == len(chain):
        return recorded
    ends = recorded.ends[first]
    np.maximum.at(ends, number, recorded.ends)
    visit = number[recorded.visit].astype(recorded.visit.dtype)
    order = np.argsort(visit, kind='stable')  # who was there before has the smaller number
    return _chosen(recorded._replace(begins=recorded.begins[first], ends=ends, visit=visit), order)


def _long_enough(recorded: Recorded, min_stay: float) -> Recorded:
    """The same without visits shorter than min_stay seconds, which are counted."""
    kept = np.round((recorded.ends - recorded.begins) * SECOND) >= min_stay * SECOND
    number = (np.cumsum(kept) - 1).astype(recorded.visit.dtype)
    found = _chosen(recorded, np.flatnonzero(kept[recorded.visit]))
    return found._replace(begins=recorded.begins[kept], ends=recorded.ends[kept],
                          visit=number[found.visit],
                          short=recorded.short + int((~kept).sum()))


def _chosen(recorded: Recorded, which: np.ndarray) -> Recorded:
    """The same with some of the positions, given by their indices."""
    return recorded._replace(**{name: getattr(recorded, name)[which] for name in (
        'visit', 'when', 'x', 'y', 'height', 'feet', 'facing', 'wrists')})


def _bodies(parts: Sequence[np.ndarray], ids: np.ndarray, visit: np.ndarray,
            when: np.ndarray) -> np.ndarray:
    """Facing and wrists of each position, int8 [n, 5]. visit: indices of ids; when: seconds."""
    found = np.full((len(visit), 5), NOT_RECORDED, np.int8)
    time = np.round(when * SECOND).astype(np.int64)
    for part in parts:
        part = part[np.isin(part['visit'], ids)]
        if not len(part):
            continue
        low, high = np.searchsorted(visit, np.searchsorted(ids, part['visit'][[0, -1]]) + [0, 1])
        begin = min(part['time'].min(), time[low:high].min(initial=part['time'][0]))
        keys, wanted = (of.astype(np.int64) << 40 | times - begin for of, times in (
            (part['visit'], part['time']), (ids[visit[low:high]], time[low:high])))
        at = np.searchsorted(keys, wanted).clip(max=len(keys) - 1)
        same = keys[at] == wanted
        for column, name in enumerate(BODY.names[2:]):
            found[low:high, column][same] = part[name][at[same]]
    return found
