"""The doors of a room, at which visits begin and end.

Doors are counting lines over which visits come in or go out, areas where most visits begin or end,
and other places where many do, except those through which more pass: there people are lost from
sight.
"""
from typing import List, NamedTuple, Sequence, Tuple

from posesuite.visits.areas import Area
from posesuite.visits.polygons import numbered
from posesuite.visits.statistics import Crossings

import cv2
import numpy as np

CELL = 0.1  # metres of a cell of the map of ends, at least
BLUR = 3  # cells of standard deviation by which that is blurred
MAX_CELLS = 400  # across and down
LEAST = 1e-3  # of an end, density below which there is none

MIN_DOOR = 0.02  # share of all ends that a door without a name has, at least
THROUGH, NEAR = 0.5, 0.7  # share of the visits within so many metres of a door that end there
# Share of the ends at a place that are those of a line or an area, below which they are not, and
# from which on all of them are.
FEW, NAMED = 0.1, 0.3
LINE_REACH = 3.0  # metres from where a visit begins or ends to the line of its door, at most
DOOR_REACH = 1.0  # metres of an end from other ends at its door, at most
# Two doors are parted by a dip of the density of ends below this share of the lower peak. A dip
# that may be chance, of less than so many standard deviations, parts none unless hardly an end is
# there.
DIP, CHANCE, HARDLY = 0.5, 2.5, 0.15


class Doors(NamedTuple):
    """names: of each door, the busiest first; '' of those that are neither a line nor an area.
    at: the index of the door at which each visit begins and ends, [visits, 2]; -1 is none.
    """
    names: List[str]
    at: np.ndarray


class Positions(NamedTuple):
    """Positions by visit and time."""
    visit: np.ndarray  # number of the visit, [n]
    when: np.ndarray  # seconds, [n]
    points: np.ndarray  # feet, [n, 2] in thousandths
    floor: np.ndarray  # the same on the floor, [n, 2] in metres

    def ends(self) -> np.ndarray:
        """The indices of the first and the last position of each visit, [visits, 2]."""
        first = np.flatnonzero(np.append(True, self.visit[1:] != self.visit[:-1]))
        return np.stack([first, np.append(first[1:], len(self.visit)) - 1], 1)


def find_doors(seen: Positions, lines: Sequence[Crossings], areas: Sequence[Area]) -> Doors:
    """The doors of a room, and where each visit begins and ends. There must be a visit."""
    ends = seen.ends()
    given = _areas(seen, ends, areas, len(lines))
    if lines:
        _over_lines(seen, ends, lines, given)
    places, given = seen.floor[ends].reshape(-1, 2), given.ravel()
    names = [*(line.line.name for line in lines), *(area.name for area in areas)]
    least = max(2, MIN_DOOR * len(places))
    density, basin = _density(places)
    pair = basin * (len(names) + 1) + given + 1
    given = np.where(np.bincount(pair)[pair] < FEW * np.bincount(basin)[basin], -1, given)
    door = np.where(given >= 0, given, len(names) + basin)
    nowhere = len(names) + basin.max() + 1
    for number in np.flatnonzero(np.bincount(basin) >= least):
        here = basin == number
        known = np.bincount(given[here & (given >= 0)], minlength=len(names) + 1)
        if known.max() >= NAMED * here.sum():
            door[here & (given < 0)] = known.argmax()
        elif not _is_door(seen, places[here], places[here][density[here].argmax()]):
            door[here & (given < 0)] = nowhere
    counts = np.bincount(door, minlength=nowhere + 1)
    kept = [i for i in np.argsort(-counts, kind='stable') if i != nowhere and counts[i] >= (
        2 if i < len(names) else least)]
    alone = np.flatnonzero(~np.isin(door, [*kept, nowhere]))
    busiest = np.full(len(counts), -1)
    busiest[kept] = np.arange(len(kept))
    door = busiest[door]
    if kept:  # those just beside a door
        taken = [CELL * np.unique((places[door == i] / CELL).round(), axis=0)
                 for i in range(len(kept))]  # so that thousands of ends are a few
        door[alone] = nearest([np.hypot(*(places[alone, None] - cells).transpose(2, 0, 1)).min(1)
                               for cells in taken], DOOR_REACH)
    return Doors([names[i] if i < len(names) else '' for i in kept], door.reshape(-1, 2))


def nearest(distances: Sequence[np.ndarray], reach: float) -> np.ndarray:
    """Which of some things is nearest to each place or way, within reach; -1 if none is.

    distances: of each thing from all places, [n].
    """
    table = np.array(distances)
    return np.where(table.min(0) < reach, table.argmin(0), -1)


def _areas(seen: Positions, ends: np.ndarray, areas: Sequence[Area], before: int) -> np.ndarray:
    """The area at which each visit begins and ends, counted from `before`; [visits, 2], or -1."""
    x, y = np.clip(seen.points, 0, 999).astype(int).T
    area = numbered([area.polygon for area in areas])[y, x].astype(int) - 1
    found = np.full(ends.shape, -1)
    for number in range(len(areas)):
        here = area[ends] == number
        passed = len(np.unique(seen.visit[area == number]))
        once, twice = here.any(1).sum(), here.all(1).sum()
        # No area is a door in which most visits both begin and end, such as the whole room.
        if once >= max(1, THROUGH * passed) and twice <= once / 2:
            found[here] = before + number
    return found


def _over_lines(seen: Positions, ends: np.ndarray, lines: Sequence[Crossings],
                found: np.ndarray) -> None:
    """Writes into found, [visits, 2], over which line a visit first came in, or last went out."""
    visit, when, inward = (np.concatenate([getattr(line, name) for line in lines])
                           for name in ('visit', 'when', 'inward'))
    line = np.repeat(np.arange(len(lines)), [len(line.when) for line in lines])
    order = np.lexsort((when, visit))
    visit, when, inward, line = (values[order] for values in (visit, when, inward, line))
    changes = visit[1:] != visit[:-1]
    span = np.ptp(seen.when) + 1  # to look for a visit and a time at once
    keys = seen.visit * span + seen.when - seen.when.min()
    for side, way, outermost in ((0, True, np.append(True, changes)),
                                 (1, False, np.append(changes, True))):
        at = np.flatnonzero(outermost[:len(line)] & (inward == way))
        row = np.searchsorted(seen.visit[ends[:, 0]], visit[at])
        there = np.searchsorted(keys, visit[at] * span + when[at] - seen.when.min())
        away = seen.floor[there.clip(max=len(keys) - 1)] - seen.floor[ends[row, side]]
        close = np.hypot(*away.T) <= LINE_REACH
        found[row[close], side] = line[at[close]]


def _is_door(seen: Positions, ends: np.ndarray, middle: np.ndarray) -> bool:
    """Whether visits begin or end at a place rather than pass through it."""
    near = np.hypot(*(seen.floor - middle).T) <= NEAR
    return bool((np.hypot(*(ends - middle).T) <= NEAR).sum()
                >= THROUGH * len(np.unique(seen.visit[near])))


def _density(places: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """The density of some places at each of them, in places, and the basin of each; [n]."""
    low, high = places.min(0), places.max(0)
    cell = max(CELL, (high - low).max() / MAX_CELLS)
    at = tuple(((places - low) / cell).astype(int).T)
    cells = np.zeros(tuple(((high - low) / cell).astype(int) + 1), np.float32)
    np.add.at(cells, at, 1)
    density = 4 * np.pi * BLUR ** 2 * cv2.GaussianBlur(cells, (0, 0), BLUR,
                                                       borderType=cv2.BORDER_CONSTANT)
    return density[at], _basins(density)[at]


def _basins(density: np.ndarray) -> np.ndarray:
    """The number of the basin of each cell of a density [Y, X], found from the highest cell down:
    where two basins meet, they join if the dip between their peaks is too small to part two doors.

    density: scaled so that its variance by chance is the density itself.
    """
    width = density.shape[1] + 2
    heights = np.pad(density, 1).ravel()
    basin = np.full(len(heights), -1)
    peak: List[float] = []
    joined: List[int] = []  # the basin that each has become part of

    def whole(number: int) -> int:
        while joined[number] != number:
            number = joined[number]
        return number

    filled = np.flatnonzero(heights > LEAST)
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
