"""The main ways through a room, from door to door.

Doors are where many visits begin or end. The ways from one door to another are compared point by
point; those that stay close to each other all along are one route. Two people who stop at the same
shelves in another order take two routes.
"""
import string
from typing import List, Sequence, Tuple

from posesuite.visits.areas import Area
from posesuite.visits.blanks import told
from posesuite.visits.statistics import Door, Route, Routes

import cv2
import numpy as np

# Lengths in widths of the picture.
CELL = 0.02  # of the map of ends, in which doors are sought
BLUR = 0.03  # standard deviation by which that is blurred
DOOR_REACH = 0.1  # of an end from the cells of its door, at most

# Mean distance of a way from its route at most, in heights of a person there; about a metre.
WAY_REACH = 0.6
FORESHORTENED = 0.5  # length of a way towards the camera in the picture, of the same way across
MIN_HEIGHT = 0.04  # of a person, in widths of the picture

MIN_DOOR = 0.03  # share of all ends that a door has, at least
MIN_ROUTE = 0.05  # share of the visits between two doors that a route has, at least
MAX_PEAKS = 200  # places that are looked at for doors
DIP = 0.5  # share of the lower of two peaks, below which what lies between them parts two doors
WEAK = 0.3  # share of the lower of two doors' peaks that one between them needs to join them
POINTS = 16  # of a way, at equal distances
SAMPLE = 500  # ways between two doors that are compared with each other; the rest with the routes


def find_routes(visit: np.ndarray, points: np.ndarray, height: np.ndarray, still: np.ndarray,
                size: Tuple[int, int], areas: Sequence[Area] = ()) -> Routes:
    """The doors and routes of some visits, from positions by visit and time.

    visit: number of the visit, or chain of visits, of each position, [n]. points: feet, [n, 2] in
    thousandths. height: thousandths. still: whether the person stands, [n]. size: width and height
    of the picture. areas: that give doors their names.
    """
    if not len(visit):
        return Routes([], [], 0, 0)
    scale = np.array([1, size[1] / size[0]]) / 1000
    places = points * scale
    ways = _ways(visit, places, still)
    tall = np.polyfit(places[:, 1], height * scale[1], 1) if np.ptp(places[:, 1]) > 0 else [
        0, np.median(height) * scale[1]]
    centres, origin, goal = _doors(ways[:, 0], ways[:, -1])
    routes, whole = [], (origin >= 0) & (goal >= 0)
    for pair in np.unique(np.stack([origin, goal], 1)[whole], axis=0):
        among = np.flatnonzero((origin == pair[0]) & (goal == pair[1]))
        routes += [Route(int(pair[0]), int(pair[1]), path / scale, number,
                         float(number / whole.sum()))
                   for path, number in _routes(ways[among], tall)]
    names = _names(centres / scale, areas)
    doors = [Door(name, (round(float(x), 1), round(float(y), 1)), int((origin == i).sum()),
                  int((goal == i).sum()))
             for i, (name, (x, y)) in enumerate(zip(names, centres / scale))]
    return Routes(doors, sorted(routes, key=lambda route: -route.visits), int(whole.sum()),
                  int((~whole).sum()))


def shown(routes: Routes, min_visits: int) -> Routes:
    """The same without routes of too few visits, see blanks.py; doors keep their places."""
    may_be = told([route.visits for route in routes.routes], min_visits)
    return routes._replace(routes=[route for route, shown in zip(routes.routes, may_be) if shown])


def _ways(visit: np.ndarray, places: np.ndarray, still: np.ndarray) -> np.ndarray:
    """POINTS places of each visit at equal distances of its way, [visits, POINTS, 2]."""
    length = np.zeros(len(visit))
    length[1:] = np.hypot(*np.diff(places, axis=0).T)
    length[1:][still[1:] & still[:-1]] = 0  # who stands only seems to move
    first = np.append(True, visit[1:] != visit[:-1])
    length[first] = 1  # from visit to visit, so that they do not touch
    length = np.cumsum(length)
    begin = np.flatnonzero(first)
    end = np.append(begin[1:], len(visit)) - 1
    at = length[begin, None] + (length[end] - length[begin])[:, None] * np.linspace(0, 1, POINTS)
    ways = np.stack([np.interp(at, length, places[:, axis]) for axis in (0, 1)], 2)
    ways[:, 0], ways[:, -1] = places[begin], places[end]
    return ways


def _doors(begins: np.ndarray, ends: np.ndarray) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The doors' places [doors, 2], the busiest first, and the door at which each visit begins and
    ends; -1 is none.
    """
    places = np.concatenate([begins, ends])
    shape = np.ceil(places.max(0) / CELL).astype(int) + 1
    cells = np.zeros(shape[::-1], np.float32)
    column, row = (places / CELL).astype(int).T
    np.add.at(cells, (row, column), 1)
    cells = cv2.GaussianBlur(cells, (0, 0), BLUR / CELL, borderType=cv2.BORDER_CONSTANT)
    peaks = np.argwhere((cells == cv2.dilate(cells, np.ones((3, 3), np.uint8))) & (cells > 0.01))
    peaks = peaks[np.argsort(-cells[tuple(peaks.T)], kind='stable')[:MAX_PEAKS]]
    door, inside = _joined(cells, peaks)
    filled, cell_of = np.unique(row * len(cells[0]) + column, return_inverse=True)
    filled = np.stack(np.divmod(filled, len(cells[0])), 1)
    nearest = _nearest([_apart(filled, cell) for cell in inside], DOOR_REACH / CELL)
    door_of = np.where(nearest >= 0, door[nearest], -1)[cell_of]
    counts = np.bincount(door_of[door_of >= 0], minlength=len(peaks))
    kept = [i for i in np.argsort(-counts, kind='stable')
            if counts[i] >= max(2, MIN_DOOR * len(places))]
    number = np.full(len(peaks) + 1, -1)
    number[kept] = np.arange(len(kept))
    door_of = number[door_of]
    centres = [np.median(places[door_of == i], 0) for i in range(len(kept))]
    return np.array(centres).reshape(-1, 2), door_of[:len(begins)], door_of[len(begins):]


def _joined(cells: np.ndarray, peaks: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """The cells of a map that are in doors: the number of the door of each, [n], and its row and
    column, [n, 2].

    Peaks without a clear dip between them are of one door, which may be as wide as a shop's front.
    """
    door = np.zeros(cells.shape, int)
    for number, peak in enumerate(peaks, 1):  # the highest first
        _, parts = cv2.connectedComponents((cells >= DIP * cells[tuple(peak)]).astype(np.uint8))
        part = parts == parts[tuple(peak)]
        others = door[part & (door > 0)]
        if len(np.unique(others)) > 1 and cells[tuple(peak)] < WEAK * min(
                cells[tuple(peaks[other - 1])] for other in np.unique(others)):
            continue  # a few ends between two doors make them no front
        door[part] = others[0] if len(others) else number
        door[np.isin(door, others)] = door[tuple(peak)]
    inside = np.argwhere(door)
    return door[tuple(inside.T)] - 1, inside


def _nearest(distances: Sequence[np.ndarray], reach: float) -> np.ndarray:
    """Which of some things is nearest to each place or way, within reach; -1 if none is.

    distances: of each thing from all places, [n].
    """
    table = np.array(distances)
    return np.where(table.min(0) < reach, table.argmin(0), -1)


def _apart(places: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.hypot(*(places - other).T)


def _away(ways: np.ndarray, other: np.ndarray, tall: Sequence[float]) -> np.ndarray:
    """The mean distance of ways [n, POINTS, 2] from another one, [n] in heights of a person there.

    tall: the height by y, as of polyfit.
    """
    height = np.maximum(np.polyval(tall, (ways[..., 1] + other[:, 1]) / 2), MIN_HEIGHT)
    off = ways - other
    return (np.hypot(off[..., 0], off[..., 1] / FORESHORTENED) / height).mean(1)


def _routes(ways: np.ndarray, tall: Sequence[float]) -> List[Tuple[np.ndarray, int]]:
    """The routes among ways between the same doors: the mean way and the number of visits."""
    sample = ways[np.linspace(0, len(ways) - 1, min(len(ways), SAMPLE)).astype(int)]
    close = np.array([_away(sample, way, tall) < WAY_REACH for way in sample])
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
        nearest = _nearest([_away(ways, way, tall) for way in found], WAY_REACH)
        members = [ways[nearest == i] for i in range(len(found))]
        members = [group for group in members if len(group) >= max(2, MIN_ROUTE * len(ways))]
        found = [group.mean(0) for group in members]
    return [(way, len(group)) for way, group in zip(found, members)]


def _names(places: np.ndarray, areas: Sequence[Area]) -> List[str]:
    """The names of doors: of an area there that is alone in it, else letters."""
    letters, inside = iter(string.ascii_uppercase), []
    for place in places:
        at = [area.name for area in areas if cv2.pointPolygonTest(
            np.array(area.polygon, np.float32), tuple(map(float, place)), False) >= 0]
        inside.append(at[0] if at else '')
    return [name if name and inside.count(name) == 1 else next(letters) for name in inside]
