"""Simulates people who pass through the room of visitors.py by three doors, with the truth.

They take known ways, cross a counting line before each door, and some stop before a display, turn
to it and reach into it.
"""
import contextlib
import datetime
import sqlite3
from typing import Any, Dict, List, NamedTuple, Sequence, Tuple

import visitors
from posesuite.pose.pose import Keypoint, Point, Pose
from posesuite.pose.skeleton import KEYPOINT_TYPES
from posesuite.visits.areas import Area, Line
from posesuite.visits.database import ADDED
from posesuite.visits.floor import Floor
from posesuite.visits.recorder import body_row

import numpy as np

DOORS = {'east': (7.5, 3.4), 'north': (3.2, 6.4), 'west': (2.6, 0.9)}  # metres
# From, to, by, and the share of the people who go so.
WAYS = (('east', 'north', [(5.4, 5.0)], .35), ('east', 'north', [(3.2, 2.9)], .2),
        ('north', 'east', [(5.4, 5.0)], .25), ('east', 'west', [], .15),
        ('west', 'east', [], .05))
LINE_AWAY, LINE_LONG = 0.8, 2.4  # metres of a line from its door, and its length
DISPLAY, BEFORE = (5.3, 5.9), (5.2, 5.2)  # the middle of it, and where people stand
DISPLAY_TALL = 0.5, 1.6  # metres of its lower and upper end above the floor
SPEED = 1.1  # metres a second
WRIST, ANKLE = 9, visitors.BODY[15, 2] * 1.72  # index of a wrist; metres


class Passer(NamedTuple):
    """A person on a way; what they did at the display."""
    visitor: visitors.Visitor
    way: int
    stops: bool = False
    faces: bool = False
    reaches: bool = False


def people(first: datetime.date, days: int, per_day: int, seed: int = 0) -> List[List[Passer]]:
    """Those of each day, who come from 10 to 16 o'clock."""
    random, found, id = np.random.RandomState(seed), [], 0
    for day in range(days):
        opening = datetime.datetime.combine(first + datetime.timedelta(day),
                                            datetime.time(10)).timestamp()
        found.append([])
        for begin in np.sort(opening + 6 * 3600 * random.rand(per_day)):
            id += 1
            found[-1].append(_passer(random, id, begin))
    return found


def _passer(random: np.random.RandomState, id: int, begin: float) -> Passer:
    way = random.choice(len(WAYS), p=[share for *_, share in WAYS])
    origin, goal, by, _ = WAYS[way]
    stops = way in (0, 2) and random.rand() < 0.6
    faces, reaches = stops and random.rand() < 0.7, stops and random.rand() < 0.4
    path = [(begin, *(np.add(DOORS[origin], random.normal(0, 0.15, 2))))]
    for place in by:
        visitors._walk(path, np.add(place, random.normal(0, 0.15, 2)))
    if stops:
        visitors._walk(path, np.add(BEFORE, random.normal(0, 0.1, 2)))
        path.append((path[-1][0] + random.uniform(12, 40), *path[-1][1:]))
    visitors._walk(path, np.add(DOORS[goal], random.normal(0, 0.15, 2)))
    return Passer(visitors.Visitor(id, np.array(path), 1.72), way, stops, faces, reaches)


def day_of(passers: Sequence[Passer]) -> visitors.Day:
    """The day of some people, watched from 10 to 17 o'clock."""
    midnight = datetime.datetime.fromtimestamp(passers[0].visitor.path[0, 0]).replace(
        hour=0, minute=0, second=0, microsecond=0).timestamp()
    return visitors.Day(midnight + 10 * 3600, midnight + 17 * 3600,
                        [passer.visitor for passer in passers], [])


def in_picture(places: Any, up: float = ANKLE) -> np.ndarray:
    """Thousandths of the picture of places on the floor, [n, 2] in metres, or above it."""
    places = np.array(places, float).reshape(-1, 2)
    return visitors.project(np.column_stack([places, np.full(len(places), up)])) * 1000 / (
        visitors.WIDTH, visitors.HEIGHT)


def door_ends(name: str) -> np.ndarray:
    """The ends of a door's line on the floor, [2, 2] in metres; its left is the room's inside."""
    door = np.array(DOORS[name])
    inwards = (np.array([4.4, 3.6]) - door) / np.linalg.norm(np.array([4.4, 3.6]) - door)
    aside = np.array([-inwards[1], inwards[0]])
    ends = door + LINE_AWAY * inwards + np.outer([-.5, .5], LINE_LONG * aside)
    line = Line(name, [tuple(end) for end in in_picture(ends)], '')
    inner = line.inner_side(in_picture(door + 2 * LINE_AWAY * inwards))[0] > 0
    return ends if inner else ends[::-1]


def lines() -> List[Line]:
    """The doors' counting lines."""
    return [Line(name, [tuple(end) for end in in_picture(door_ends(name))], '') for name in DOORS]


def display() -> Area:
    """The display as it is seen."""
    (x, y), (low, high) = DISPLAY, DISPLAY_TALL
    ends = [(x - 0.5, y + 0.3), (x + 0.5, y - 0.3)]
    corners = [*in_picture(ends, low), *in_picture(ends[::-1], high)]
    return Area('display', [tuple(corner) for corner in corners], '', 'display')


def floor() -> Floor:
    """The floor by four of its points."""
    metres = [(2.0, 2.0), (6.5, 2.0), (6.5, 5.5), (2.0, 5.5)]
    return Floor([tuple(point) for point in in_picture(metres, 0)], metres, '')


def write_store(days: Sequence[Sequence[Passer]], path: str, seed: int = 0) -> None:
    """Writes what VisitStore would make of the people of some days, with their bodies."""
    random = np.random.RandomState(seed)
    visitors.write_store([day_of(day) for day in days], path, seed)
    with contextlib.closing(sqlite3.connect(path)) as store:
        store.executescript(ADDED)
        for number, passer in enumerate((passer for day in days for passer in day), 1):
            times = [time for time, in store.execute(
                'SELECT time FROM positions WHERE visit = ? ORDER BY time', [number])]
            store.executemany('INSERT INTO bodies VALUES (?, ?, ?, ?, ?, ?, ?)', [
                (number, time, *row) for time, row in zip(times, _bodies(passer, times, random))])
        store.commit()


def _bodies(passer: Passer, times: Sequence[int],
            random: np.random.RandomState) -> List[Tuple[Any, ...]]:
    towards = np.arctan2(*np.subtract(DISPLAY, BEFORE)[::-1])
    when = np.array(times) / 1000
    found = visitors.keypoints(passer.visitor, when, random,
                               towards if passer.faces else towards + np.pi)
    if passer.reaches:
        stands = passer.visitor.path[-3, 0], passer.visitor.path[-2, 0]
        reach = (when > stands[0] + 3) & (when < stands[1] - 3)
        found[reach, WRIST] = visitors.project(np.array([*DISPLAY, 1.25]))
    return [body_row(Pose({part: Keypoint(Point(*map(float, point)), 0.9)
                           for part, point in zip(KEYPOINT_TYPES, points)}, 0.9),
                     visitors.WIDTH, visitors.HEIGHT, [display()]) for points in found]


def crossings(days: Sequence[Sequence[Passer]]) -> Dict[str, np.ndarray]:
    """The number of people who come in and go out by each door on each day, [days, 2]."""
    found = {name: np.zeros((len(days), 2), int) for name in DOORS}
    for number, day in enumerate(days):
        for passer in day:
            origin, goal, *_ = WAYS[passer.way]
            found[origin][number, 0] += 1
            found[goal][number, 1] += 1
    return found
