"""Statistics of a camera's room: rates, medians and histograms of what measure.py counted.

Statistics based on fewer than `min_visits` visits are NaN, so that nobody can be singled out.
"""
import time
from typing import List, NamedTuple, Optional, Sequence, Tuple

from posesuite.visits.areas import Area, Line
from posesuite.visits.blanks import blanked, told

import numpy as np

GRID = 48, 36  # cells of the maps, across and down
COARSE = 16, 12  # cells of the map of paths, across and down
DIRECTIONS = 8  # number of directions of the paths
MIN_VISIT = 1.0  # seconds of the shortest visit that counts; others may be no person at all
STAY = 5.0  # seconds of the shortest stay in an area that counts; others pass through
RECENT = 1800.0  # seconds before the last moment watched that count as now
MAX_DAYS = 100  # days that are shown one by one
HISTOGRAM_PERCENTILE = 98  # percentile of dwell times beyond which they are omitted
BAR_WIDTHS = 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600  # seconds of a bar of the histogram
MAX_BARS = 30  # bars of the histogram
MIN_WATCHED = 0.1  # share of the most watched label; hours that are watched less are not shown


class Gap(NamedTuple):
    """A time in which the camera could not watch; seconds since 1970."""
    begun: float
    ended: float
    why: str


class Attention(NamedTuple):
    """Visits by what they did at an area or display, as far as that was seen; see attention.py.

    Each counts visits that also did what stands before it, except that who reaches need not face.
    faced and reached are NaN where neither was recorded: while the recorder knew no area there.
    """
    passed: float  # came near
    stopped: float  # stood there
    faced: float  # turned to it while they stood there
    reached: float  # had a wrist in it while they stood there
    recorded: float = 0  # came near while that was recorded; faced and reached are of these


class Crossings(NamedTuple):
    """Who crossed a counting line, by time; see crossings.py for sums."""
    line: Line
    when: np.ndarray  # seconds since 1970, float [n]
    inward: np.ndarray  # whether towards the line's inner side, bool [n]
    visit: np.ndarray  # index of the visit, int [n]


class Door(NamedTuple):
    """A place where visits begin or end. name: of the area there, or a letter; entered, left: the
    number of visits that do.
    """
    name: str
    point: Tuple[float, float]  # thousandths
    entered: int
    left: int


class Route(NamedTuple):
    """One of the main ways from door to door. origin, goal: indices of Routes.doors; path: [n, 2]
    in thousandths, from the origin to the goal; visits: that take it; share: of all visits from
    door to door.
    """
    origin: int
    goal: int
    path: np.ndarray
    visits: int
    share: float


class Routes(NamedTuple):
    """How visits go through the room, see routes.py. routes: the most used first."""
    doors: List[Door]
    routes: List[Route]
    whole: int  # visits from door to door, on main ways or not
    parts: int  # visits that begin or end anywhere else


class Queue(NamedTuple):
    """An area of the kind queue, looked at every few seconds while somebody is there; see
    queues.py.
    """
    when: np.ndarray  # seconds since 1970, [n]
    people: np.ndarray  # there, int [n]
    metres: np.ndarray  # from the first person to the last, [n]; NaN without a floor
    recent: int  # visits that were there in the last half hour


class AreaUse(NamedTuple):
    """What was seen in an area; hours as in Room."""
    area: Area
    people: np.ndarray  # person-seconds in each hour
    present: np.ndarray  # visits of each hour
    dwell: np.ndarray  # seconds there of each visit that stayed
    ended: np.ndarray  # end of each stay, seconds since 1970
    stays: np.ndarray  # seconds of each stay
    stayed: np.ndarray  # index of the visit of each stay
    attention: Attention = Attention(np.nan, np.nan, np.nan, np.nan)
    queue: Optional[Queue] = None  # of an area of that kind


class ActivityUse(NamedTuple):
    """What was seen of an activity."""
    name: str
    visits: int  # in which somebody did it
    seconds: float  # for which it was done
    times: int  # that it began, or a repetition was complete
    by_hour: np.ndarray  # visits in which it was done in each hour of the day, [24]
    map: np.ndarray  # seconds in each cell of COARSE [Y, X]
    map_visits: np.ndarray  # visits there [Y, X]
    places: List[int]  # visits that did it in each of the areas


class Room(NamedTuple):
    """What was seen by one camera. Its hours [n] are the whole local hours of its days."""
    label: str
    size: Tuple[int, int]  # width and height of the image in pixels
    now: float  # last moment watched, seconds since 1970
    gaps: List[Gap]  # within runs
    short: int  # number of visits shorter than min_stay, which do not count
    edges: np.ndarray  # of the hours, seconds since 1970 [n + 1]
    weekday: np.ndarray  # of each hour, from Monday
    hour: np.ndarray  # of the day, of each hour
    watched: np.ndarray  # seconds of each hour
    begun: np.ndarray  # visits that began in each hour
    begins: np.ndarray  # begin of each visit, seconds since 1970
    dwell: np.ndarray  # seconds of each visit
    present: np.ndarray  # visits of each hour
    people: np.ndarray  # person-seconds in each hour
    map: np.ndarray  # person-seconds in each cell of the image [Y, X]
    map_visits: np.ndarray  # visits there [Y, X]
    stops: np.ndarray  # person-seconds of people who stand [Y, X]
    stop_visits: np.ndarray  # visits that stand there [Y, X]
    flow: np.ndarray  # visits that walk through a cell [Y, X, direction], clockwise from the right
    areas: List[AreaUse]
    # Visits that go from one area to another next, [from, to]: the first row is those that enter,
    # the last column those that leave.
    steps: np.ndarray
    lines: List[Crossings] = []
    routes: Routes = Routes([], [], 0, 0)
    speed: np.ndarray = np.zeros(0)  # median m/s of each visit that walks; empty without a floor
    min_stay: float = MIN_VISIT  # seconds of the shortest visit that counts
    activities: Sequence[ActivityUse] = ()  # those of most visits first


def to_milliseconds(seconds: np.ndarray) -> np.ndarray:
    """Seconds rounded to milliseconds, which all that is stored is whole numbers of: so sums are
    the same in whatever order they are made, also those of another engine (posesuite/fleet).
    """
    return np.round(seconds, 3)


def sum_by(labels: np.ndarray, size: int, values: np.ndarray) -> np.ndarray:
    """The sums of values [n] by their labels [n], whole numbers from 0 to size - 1: [size].

    values: counts, or seconds in whole milliseconds.
    """
    return to_milliseconds(np.bincount(labels, values, size))


def first_hours(room: Room) -> np.ndarray:
    """The index of the first hour of each day."""
    return np.flatnonzero(np.append(True, np.diff(room.weekday) != 0))


def hours_of_day(room: Room, times: np.ndarray) -> np.ndarray:
    """The hour of the day at each of some times in seconds since 1970, [n]."""
    slot = np.searchsorted(room.edges, times, 'right') - 1
    return room.hour[np.clip(slot, 0, len(room.hour) - 1)]


def seconds_watched(room: Room, labels: np.ndarray, size: int) -> np.ndarray:
    """Seconds watched by the hours' labels [n]: [size]; 0 below MIN_WATCHED of the largest."""
    seen = sum_by(labels, size, room.watched)
    return np.where(seen < MIN_WATCHED * seen.max(), 0, seen)


def rate(room: Room, values: np.ndarray, visits: np.ndarray, labels: np.ndarray, size: int,
         min_visits: int, rows: Optional[int] = None) -> np.ndarray:
    """Values of the hours for each second watched, by label: [size].

    values, visits: of each hour [n]; labels: as for sum_by. rows: of which each has a total, as has
    each column; None for one total of all. NaN where too few visits could be told, and where the
    camera hardly watched, as just after closing time.
    """
    seen = seconds_watched(room, labels, size)
    counts = sum_by(labels, size, visits)
    enough = told(counts.reshape(rows, -1) if rows else counts, min_visits).ravel() & (seen > 0)
    return np.where(enough, sum_by(labels, size, values) / np.maximum(seen, 1), np.nan)


def week_rate(room: Room, min_visits: int) -> np.ndarray:
    """Visits that begin in an hour, [7, 24] by weekday and hour of the day."""
    return 3600 * rate(room, room.begun, room.begun, room.weekday * 24 + room.hour, 168,
                       min_visits, 7).reshape(7, 24)


def occupancy(room: Room, use: AreaUse, min_visits: int) -> np.ndarray:
    """Mean number of people in an area by the hour of the day, [24]."""
    few = len(use.dwell) < min_visits
    return rate(room, use.people, np.zeros_like(use.present) if few else use.present, room.hour,
                24, min_visits)


def waits(room: Room, use: AreaUse) -> Tuple[np.ndarray, np.ndarray]:
    """Seconds of the stays that ended in the last half hour, and of earlier ones at its hour; of a
    visit with several, the latest of each.
    """
    recent = (use.ended > room.now - RECENT) & (use.ended <= room.now)
    hour = time.localtime(room.now - RECENT / 2).tm_hour
    earlier = (use.ended <= room.now - RECENT) & (hours_of_day(room, use.ended) == hour)
    latest = [np.unique(use.stayed[chosen][::-1], return_index=True)[1] for chosen in (
        recent, earlier)]
    return use.stays[recent][::-1][latest[0]], use.stays[earlier][::-1][latest[1]]


def count_days(room: Room, min_visits: int) -> Tuple[np.ndarray, np.ndarray]:
    """Edges in seconds since 1970 and visits of the days, or of the weeks of more than MAX_DAYS.

    NaN where they are too few.
    """
    first = first_hours(room)
    if len(first) > MAX_DAYS:
        first = first[(room.weekday[first] == 0) | (first == 0)]
    return room.edges[np.append(first, -1)], blanked(np.add.reduceat(room.begun, first), min_visits)


def dwell_histogram(dwell: np.ndarray, min_visits: int) -> Tuple[np.ndarray, np.ndarray]:
    """Edges in seconds and counts of dwell times, without the longest ones."""
    counts, edges = np.histogram(dwell, dwell_edges(percentile(dwell, HISTOGRAM_PERCENTILE)))
    return edges, blanked(counts, min_visits)


def dwell_edges(top: float) -> np.ndarray:
    """Edges in seconds of the bars of dwell times up to the HISTOGRAM_PERCENTILE, `top` seconds."""
    width = next((width for width in BAR_WIDTHS if top / width <= MAX_BARS), BAR_WIDTHS[-1])
    return np.arange(0, top + width, width)


def dwell_quartiles(room: Room, min_visits: int) -> np.ndarray:
    """Quartiles in seconds of the visits that began in each hour of the day, [24, 3]."""
    hour = hours_of_day(room, room.begins)
    return np.array([quartiles(room.dwell[hour == h], min_visits) for h in range(24)])


def hours_watched(room: Room) -> np.ndarray:
    """The hours of the day in which the camera watched, from the first."""
    return np.flatnonzero(seconds_watched(room, room.hour, 24))


def quartiles(seconds: np.ndarray, min_visits: int) -> List[float]:
    """The first quartile, the median and the third quartile."""
    if len(seconds) < min_visits:
        return [np.nan] * 3
    return [percentile(seconds, percent) for percent in (25, 50, 75)]


def percentile(seconds: np.ndarray, percent: int) -> float:
    """As np.percentile, of seconds in whole milliseconds, but exact."""
    milliseconds = np.sort(np.round(np.multiply(seconds, 1000))).astype(np.int64)
    at, rest = divmod(percent * (len(milliseconds) - 1), 100)
    low, high = milliseconds[at], milliseconds[min(at + 1, len(milliseconds) - 1)]
    return float((low * (100 - rest) + high * rest) / 100000)
