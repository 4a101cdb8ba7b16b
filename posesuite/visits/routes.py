"""The main ways through a room, from door to door.

Doors are counting lines over which visits come in or go out, areas where most visits begin or end,
and other places where many do, except those that more pass through, where people are lost from
sight. The ways from one door to another are compared point by point; those that stay close to each
other all along are one route. Two people who stop at the same shelves in another order take two
routes.
"""
import string
from typing import List, Optional, Sequence, Tuple

from posesuite.visits.areas import Area
from posesuite.visits.blanks import told
from posesuite.visits.floor import USUAL_FOCAL
from posesuite.visits.polygons import numbered
from posesuite.visits.statistics import Crossings, Door, Route, Routes

import cv2
import numpy as np

CELL = 0.1  # metres of a cell of the map of ends, at least
BLUR = 3  # cells of standard deviation by which that is blurred
MAX_CELLS = 400  # across and down
DOOR_REACH = 1.0  # metres of an end from its door, at most
WAY_REACH = 1.0  # metres of a way from its route, the mean at most
TALL = 1.7  # metres of a person, where the floor is not known
MIN_HEIGHT = 0.04  # of a person, in widths of the picture
ROWS = 256  # of the picture, for the distances between them

MIN_DOOR = 0.02  # share of all ends that a door has, at least
THROUGH, NEAR = 0.5, 0.7  # share of the visits within so many metres of a door that end there
NAMED = 0.3  # share of the ends at a door, of a line or an area from which on it is that
LINE_REACH = 3.0  # metres from where a visit begins or ends to the line of its door, at most
MIN_ROUTE = 0.05  # share of the visits between two doors that a route has, at least
# Two doors are parted by a dip of the density of ends below this share of the lower peak. A dip
# that may be chance, of less than so many standard deviations, parts none unless hardly an end is
# there.
DIP, CHANCE, HARDLY = 0.5, 2.5, 0.15
POINTS = 16  # of a way, at equal distances
SAMPLE = 500  # ways between two doors that are compared with each other; the rest with the routes


def find_routes(visit: np.ndarray, points: np.ndarray, height: np.ndarray, still: np.ndarray,
                size: Tuple[int, int], areas: Sequence[Area] = (),
                metres: Optional[np.ndarray] = None, when: Optional[np.ndarray] = None,
                lines: Sequence[Crossings] = ()) -> Routes:
    """The doors and routes of some visits, from positions by visit and time.

    visit: number of the visit, or chain of visits, of each position, [n]. points: feet, [n, 2] in
    thousandths. height: thousandths. still: whether the person stands, [n]. size: width and height
    of the picture. areas: that may be doors. metres: places on the floor, [n, 2], if that is known.
    when, lines: seconds, and who crossed counting lines, which may be doors.
    """
    if not len(visit):
        return Routes([], [], 0, 0)
    floor = _floor(points, height, size) if metres is None else _known(metres, visit)
    ways = _ways(visit, floor, points, still)
    on_floor, seen = ways[..., :2], ways[..., 2:]
    names, given = _given(visit, floor, points, when, lines, areas)
    door, named = _doors(visit, floor, given, len(names))
    origin, goal = door.T
    routes, whole = [], (origin >= 0) & (goal >= 0)
    for pair in np.unique(np.stack([origin, goal], 1)[whole], axis=0):
        among = np.flatnonzero((origin == pair[0]) & (goal == pair[1]))
        routes += [Route(int(pair[0]), int(pair[1]), seen[among[members]].mean(0), len(members),
                         float(len(members) / whole.sum()))
                   for members in _routes(on_floor[among])]
    letters, doors = iter(string.ascii_uppercase), []
    for number, name in enumerate(named):
        place = np.median(np.concatenate([seen[origin == number, 0], seen[goal == number, -1]]), 0)
        doors.append(Door(next(letters) if name < 0 else names[name],
                          (round(float(place[0]), 1), round(float(place[1]), 1)),
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


def _known(metres: np.ndarray, visit: np.ndarray) -> np.ndarray:
    """The same places, those that are too far off to be known as the nearest in time."""
    known = np.flatnonzero(np.isfinite(metres).all(1))
    if not len(known):
        return np.zeros_like(metres)
    at = np.searchsorted(known, np.arange(len(metres))).clip(max=len(known) - 1)
    before = known[np.maximum(at - 1, 0)]
    return metres[np.where(visit[known[at]] == visit, known[at], before)]


def _ways(visit: np.ndarray, floor: np.ndarray, points: np.ndarray,
          still: np.ndarray) -> np.ndarray:
    """POINTS places of each visit at equal distances of its way: [visits, POINTS, 4], on the floor
    and in the picture.
    """
    places = np.concatenate([floor, points], 1)
    length = np.zeros(len(visit))
    length[1:] = np.hypot(*np.diff(floor, axis=0).T)
    length[1:][still[1:] & still[:-1]] = 0  # who stands only seems to move
    first = np.append(True, visit[1:] != visit[:-1])
    length[first] = 1  # from visit to visit, so that they do not touch
    length = np.cumsum(length)
    begin = np.flatnonzero(first)
    end = np.append(begin[1:], len(visit)) - 1
    at = length[begin, None] + (length[end] - length[begin])[:, None] * np.linspace(0, 1, POINTS)
    ways = np.stack([np.interp(at, length, axis) for axis in places.T], 2)
    ways[:, 0], ways[:, -1] = places[begin], places[end]
    return ways


def _given(visit: np.ndarray, floor: np.ndarray, points: np.ndarray, when: Optional[np.ndarray],
           lines: Sequence[Crossings], areas: Sequence[Area]) -> Tuple[List[str], np.ndarray]:
    """The lines and areas that may be doors: their names, and the number of that at which each
    visit begins and ends, [visits, 2]; -1 is none.
    """
    ends = _ends(visit)
    found = np.full(ends.shape, -1)
    which = numbered([area.polygon for area in areas])[
        tuple(np.clip(points, 0, 999).astype(int).T[::-1])].astype(int) - 1
    at = which[ends]
    for number in range(len(areas)):
        here = (at == number).sum(1)
        passed = len(np.unique(visit[which == number]))
        # Not so if all of the room is one area.
        if (here > 0).sum() >= max(1, THROUGH * passed) and (here == 2).sum() < (here == 1).sum():
            found[at == number] = len(lines) + number
    if lines and when is not None:
        crossed = [np.concatenate([getattr(line, name) for line in lines])
                   for name in ('visit', 'when', 'inward')]
        line = np.repeat(np.arange(len(lines)), [len(line.when) for line in lines])
        order = np.lexsort((crossed[1], crossed[0]))
        owner, moment, inward = (values[order] for values in crossed)
        line = line[order]
        for side, way in enumerate((True, False)):  # who comes in first, or goes out last
            _, first = np.unique(owner if side == 0 else owner[::-1], return_index=True)
            first = first if side == 0 else len(owner) - 1 - first
            first = first[inward[first] == way]
            row = np.searchsorted(visit[ends[:, 0]], owner[first])
            end = ends[row, side]
            low, high = ends[row, 0], ends[row, 1]
            near = np.array([a + np.searchsorted(when[a:b + 1], t) for a, b, t in zip(
                low, high, moment[first])], int).clip(low, high)
            close = np.hypot(*(floor[near] - floor[end]).T) <= LINE_REACH
            found[row[close], side] = line[first][close]
    return [*(line.line.name for line in lines), *(area.name for area in areas)], found


def _ends(visit: np.ndarray) -> np.ndarray:
    """The first and the last position of each visit, [visits, 2]."""
    first = np.flatnonzero(np.append(True, visit[1:] != visit[:-1]))
    return np.stack([first, np.append(first[1:], len(visit)) - 1], 1)


def _doors(visit: np.ndarray, floor: np.ndarray, given: np.ndarray,
           names: int) -> Tuple[np.ndarray, List[int]]:
    """The door at which each visit begins and ends, [visits, 2], the busiest is 0; -1 is none. And
    what each door is of what is given, or -1.

    given, names: of lines and areas, as from _given, and their number.
    """
    places, given = floor[_ends(visit)].reshape(-1, 2), given.ravel()
    low, high = places.min(0), places.max(0)
    cell = max(CELL, (high - low).max() / MAX_CELLS)
    at = tuple(((places - low) / cell).astype(int).T)
    cells = np.zeros(tuple(((high - low) / cell).astype(int) + 1), np.float32)
    np.add.at(cells, at, 1)
    cells = cv2.GaussianBlur(cells, (0, 0), BLUR, borderType=cv2.BORDER_CONSTANT)
    basin = _basins(cells * (4 * np.pi * BLUR ** 2))[at]
    door = np.where(given >= 0, given, names + basin)
    least = max(2, MIN_DOOR * len(places))
    for number in np.flatnonzero(np.bincount(basin) >= least):
        here = basin == number
        known = np.bincount(given[here & (given >= 0)], minlength=names + 1)
        if known.max() >= NAMED * here.sum():
            door[here & (given < 0)] = known.argmax()
        elif not _is_door(visit, floor, places[here], places[here][cells[at][here].argmax()]):
            door[here & (given < 0)] = names + basin.max() + 1
    counts = np.bincount(door, minlength=names + basin.max() + 2)
    counts[-1] = 0
    kept = [i for i in np.argsort(-counts, kind='stable') if counts[i] >= least]
    number = np.full(len(counts), -1)
    number[kept] = np.arange(len(kept))
    lost = door == len(counts) - 1
    door = number[door]
    alone = np.flatnonzero((door < 0) & ~lost)
    if len(kept) and len(alone):  # those just beside a door
        door[alone] = _nearest([
            np.hypot(*(places[alone, None] - places[None, door == i]).transpose(2, 0, 1)).min(1)
            for i in range(len(kept))], DOOR_REACH)
    return door.reshape(-1, 2), [i if i < names else -1 for i in kept]


def _is_door(visit: np.ndarray, floor: np.ndarray, ends: np.ndarray, middle: np.ndarray) -> bool:
    """Whether visits begin or end at a place rather than pass through it."""
    near = np.hypot(*(floor - middle).T) <= NEAR
    return bool((np.hypot(*(ends - middle).T) <= NEAR).sum()
                >= THROUGH * len(np.unique(visit[near])))


def _basins(density: np.ndarray) -> np.ndarray:
    """The number of the door to which each cell of a density of ends belongs, as if by water that
    sinks: peaks join where the dip between them is too small to part two doors.

    density: in ends, whose variance is the same.
    """
    width = density.shape[1] + 2
    heights = np.pad(density, 1).ravel()
    basin, peak = np.full(len(heights), -1), []  # type: Tuple[np.ndarray, List[float]]
    joined: List[int] = []  # the basin that each has become part of

    def whole(number: int) -> int:
        while joined[number] != number:
            number = joined[number]
        return number

    filled = np.flatnonzero(heights > 1e-3)
    for cell in filled[np.argsort(-heights[filled], kind='stable')]:
        level = heights[cell]
        near = {whole(basin[cell + step]) for step in (
            -width - 1, -width, -width + 1, -1, 1, width - 1, width, width + 1)
            if basin[cell + step] >= 0}
        if not near:
            near = {len(peak)}
            joined.append(len(peak))
            peak.append(level)
        highest, *lower = sorted(near, key=lambda number: -peak[number])
        basin[cell] = highest
        for number in lower:
            if level >= _parting(peak[number]):
                joined[number] = highest
    found = np.array([whole(number) for number in range(len(peak))] + [0])
    return np.where(basin < 0, 0, found[basin]).reshape(-1, width)[1:-1, 1:-1]


def _parting(peak: float) -> float:
    """The density up to which a dip beside a peak parts two doors."""
    # At which peak - dip = CHANCE * sqrt(peak + dip).
    chance = peak + CHANCE ** 2 / 2 - CHANCE * np.sqrt(2 * peak + CHANCE ** 2 / 4)
    return min(DIP * peak, max(chance, HARDLY * peak))


def _nearest(distances: Sequence[np.ndarray], reach: float) -> np.ndarray:
    """Which of some things is nearest to each place or way, within reach; -1 if none is.

    distances: of each thing from all places, [n].
    """
    table = np.array(distances)
    return np.where(table.min(0) < reach, table.argmin(0), -1)


def _away(ways: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The mean distance of ways [n, POINTS, 2] from another one, [n]."""
    return np.hypot(*(ways - other).transpose(2, 0, 1)).mean(1)


def _routes(ways: np.ndarray) -> List[np.ndarray]:
    """The routes among ways between the same doors: the indices of the ways of each."""
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
        nearest = _nearest([_away(ways, way) for way in found], WAY_REACH)
        members = [np.flatnonzero(nearest == i) for i in range(len(found))]
        members = [group for group in members if len(group) >= max(2, MIN_ROUTE * len(ways))]
        found = [ways[group].mean(0) for group in members]
    nearest = _nearest([_away(ways, way) for way in found], np.inf)
    return [np.flatnonzero(nearest == i) for i in range(len(found))]
