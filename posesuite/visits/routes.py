"""The main ways through a room, from door to door.

The ways from one door to another are compared point by point on the floor; those that stay close to
each other all along are one route. Two people who stop at the same shelves in another order take
two routes.
"""
import string
from typing import List, Optional, Sequence, Tuple

from posesuite.visits.areas import Area
from posesuite.visits.blanks import told
from posesuite.visits.doors import Positions, find_doors, nearest
from posesuite.visits.floor import USUAL_FOCAL
from posesuite.visits.statistics import Crossings, Door, Route, Routes

import numpy as np

WAY_REACH = 1.0  # metres of a way from its route, the mean at most
MIN_ROUTE = 0.05  # share of the visits between two doors that a route has, at least
POINTS = 16  # of a way, at equal distances
SAMPLE = 500  # ways between two doors that are compared with each other; the rest with the routes
# Where the floor is not known in metres:
TALL = 1.7  # metres of a person
MIN_HEIGHT = 0.04  # of a person, in widths of the picture
ROWS = 256  # of the picture, for the distances between them


def find_routes(visit: np.ndarray, when: np.ndarray, points: np.ndarray, height: np.ndarray,
                still: np.ndarray, size: Tuple[int, int], areas: Sequence[Area] = (),
                lines: Sequence[Crossings] = (),
                metres: Optional[np.ndarray] = None) -> Routes:
    """The doors and routes of some visits, from positions by visit and time.

    visit: number of the visit of each position, [n]. when: seconds. points: feet, [n, 2] in
    thousandths. height: thousandths. still: whether the person stands, [n]. size: width and height
    of the picture. areas, lines: that may be doors. metres: places on the floor, [n, 2], if known.
    """
    if not len(visit):
        return Routes([], [], 0, 0)
    if metres is None or not np.isfinite(metres).all():  # some are too far off to be known
        metres = _floor(points, height, size)
    ways = _ways(visit, metres, points, still)
    on_floor, seen = ways[..., :2], ways[..., 2:]
    names, at = find_doors(Positions(visit, when, points, metres), lines, areas)
    origin, goal = at.T
    routes, whole = [], (origin >= 0) & (goal >= 0)
    for pair in np.unique(np.stack([origin, goal], 1)[whole], axis=0):
        among = np.flatnonzero((origin == pair[0]) & (goal == pair[1]))
        routes += [Route(int(pair[0]), int(pair[1]), seen[among[members]].mean(0), len(members),
                         float(len(members) / whole.sum()))
                   for members in _routes(on_floor[among])]
    letters, doors = iter(string.ascii_uppercase + string.ascii_lowercase), []
    for number, name in enumerate(names):
        place = np.median(seen[:, [0, -1]][at == number], 0)
        doors.append(Door(name or next(letters), (round(float(place[0]), 1),
                                                  round(float(place[1]), 1)),
                          int((origin == number).sum()), int((goal == number).sum())))
    return Routes(doors, sorted(routes, key=lambda route: -route.visits), int(whole.sum()),
                  int((~whole).sum()))


def shown(routes: Routes, min_visits: int) -> Routes:
    """The same without routes of too few visits, see blanks.py; doors keep their places."""
    may_be = told([route.visits for route in routes.routes], min_visits)
    return routes._replace(routes=[route for route, shown in zip(routes.routes, may_be) if shown])


def _floor(points: np.ndarray, height: np.ndarray, size: Tuple[int, int]) -> np.ndarray:
    """Places on the floor in about metres, [n, 2], by how tall people look.

    The rows of a picture are the farther apart on the floor the smaller people are there.
    """
    x, y = points.T * np.array([[1], [size[1] / size[0]]]) / 1000  # widths of the picture
    height = height * (size[1] / size[0] / 1000)  # as int16, a product by size would overflow
    slope, level = np.polyfit(y, height, 1) if np.ptp(y) > 0 else (0, np.median(height))
    rows = np.linspace(y.min(), max(y.max(), y.min() + 0.01), ROWS)
    tall = np.maximum(slope * rows + level, MIN_HEIGHT) / TALL  # of a metre, upright
    steps = np.maximum(USUAL_FOCAL * slope / TALL / tall, 1) / tall  # at most as from above
    ahead = -np.append(0, np.cumsum((steps[1:] + steps[:-1]) / 2 * np.diff(rows)))
    return np.stack([(x - 0.5) / np.interp(y, rows, tall), np.interp(y, rows, ahead)], 1)


def _ways(visit: np.ndarray, floor: np.ndarray, points: np.ndarray,
          still: np.ndarray) -> np.ndarray:
    """POINTS places of each visit at equal distances of its way: [visits, POINTS, 4], on the floor
    and in the picture.
    """
    length = np.zeros(len(visit))
    length[1:] = np.hypot(*np.diff(floor, axis=0).T)
    length[1:][still[1:] & still[:-1]] = 0  # who stands only seems to move
    first = np.append(True, visit[1:] != visit[:-1])
    length[first] = 1  # from visit to visit, so that they do not touch
    length = np.cumsum(length)
    begin = np.flatnonzero(first)
    end = np.append(begin[1:], len(visit)) - 1
    at = length[begin, None] + (length[end] - length[begin])[:, None] * np.linspace(0, 1, POINTS)
    ways = np.stack([np.interp(at, length, axis) for axis in (*floor.T, *points.T)], 2)
    ways[:, 0], ways[:, -1] = (np.concatenate([floor[at], points[at]], 1) for at in (begin, end))
    return ways


def _away(ways: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The mean distance of ways [n, POINTS, 2] from another one, [n]."""
    return np.hypot(*(ways - other).transpose(2, 0, 1)).mean(1)


def _routes(ways: np.ndarray) -> List[np.ndarray]:
    """The routes among ways between the same doors: the indices of the ways that are nearest to
    each; none if no two ways are close to each other.
    """
    sample = ways[np.linspace(0, len(ways) - 1, min(len(ways), SAMPLE)).astype(int)]
    close = np.array([_away(sample, way) < WAY_REACH for way in sample])
    least, found, free = max(2, MIN_ROUTE * len(sample)), [], np.ones(len(sample), bool)
    while True:  # the way that most others are close to, again and again
        close_to = (close & free).sum(1) * free
        leader = int(close_to.argmax())
        if close_to[leader] < least:
            break
        found.append(sample[close[leader] & free].mean(0))
        free &= ~close[leader]
    for _ in range(3):
        if not found:
            return []
        route = nearest([_away(ways, way) for way in found], WAY_REACH)
        members = [np.flatnonzero(route == i) for i in range(len(found))]
        members = [group for group in members if len(group) >= max(2, MIN_ROUTE * len(ways))]
        found = [ways[group].mean(0) for group in members]
    route = nearest([_away(ways, way) for way in found], np.inf) if found else ways[:0]
    return [np.flatnonzero(route == i) for i in range(len(found))]
