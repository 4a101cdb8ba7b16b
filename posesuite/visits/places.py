"""Which plots the report has of where people are: maps of the picture and of the floor, routes, and
what people do at each area.
"""
from typing import Any, List, NamedTuple, Sequence, Tuple

from posesuite.language import Words
from posesuite.visits.areas import Plan
from posesuite.visits.attention import stages
from posesuite.visits.blanks import blanked
from posesuite.visits.floor import Floor
from posesuite.visits.maps import Ground, Way, ground_map, routes
from posesuite.visits.plots import Plot, Share, shares
from posesuite.visits.polygons import numbered
from posesuite.visits.routes import shown
from posesuite.visits.statistics import GRID, Door, Room

import numpy as np

CELLS = 60  # of a plan's longer side, at most
CELL = 0.25  # metres of a cell of a plan, or more
PARTS = 12  # of a picture's cell, across and down, that are spread over the floor
MARGIN = 0.5  # metres around what a plan shows
MAX_SIDE = 100.0  # metres of a plan
NEAR = 150  # thousandths from a counting line within which a door has its name


def picture(room: Room, plan: Plan, name: str) -> Ground:
    """The picture of a camera as a ground. name: of its picture on the page, or ''."""
    return Ground(room.size, name, [(area.name, np.array(area.polygon) / 1000)
                                    for area in plan.areas],
                  [(line.name, np.array(line.line) / 1000) for line in plan.lines])


def picture_maps(words: Words, room: Room, min_visits: int, ground: Ground) -> List[Plot]:
    """Maps and routes on the picture."""
    _ = words.gettext
    return [
        ground_map(words, _('Where people stop'),
                   _('How long people stood at each place, all together.'), ground, room.stops,
                   room.stop_visits, min_visits, _('Time')),
        ground_map(words, _('Where people are'),
                   _('How long people were at each place, standing or walking.'), ground, room.map,
                   room.map_visits, min_visits, _('Time')),
        *_routes(words, room, min_visits, ground,
                 lambda points: np.asarray(points, float) / 1000, _('Ways'))]


def _routes(words: Words, room: Room, min_visits: int, ground: Ground, place: Any,
            title: str) -> List[Plot]:
    """The main ways on a ground. place: makes shares of its size of thousandths."""
    _ = words.gettext
    doors, few = _named(room), _('fewer than %(n)d') % {'n': min_visits}
    found = shown(room.routes, min_visits).routes
    if not found:
        return []
    ways = [Way(' → '.join([doors[route.origin].name, *_passed(room, route.path),
                            doors[route.goal].name]), place(route.path),
                route.share, _('%(share)s (%(n)s visits)') % {
                    'share': words.share(route.share), 'n': words.number(route.visits)})
            for route in found]
    entries = []
    ends = [blanked([door[i] for door in doors], min_visits) for i in (2, 3)]
    for door, *counts in zip(doors, *ends):
        entered, left = (words.number(n) or few for n in counts)
        entries.append((door.name, place([door.point])[0], _('%(entered)s enter, %(left)s leave')
                        % {'entered': entered, 'left': left}))
    return [routes(title, _('The main ways from door to door; a thicker one is used by '
                                'more visits.'), ground, ways, entries,
                   [_('No.'), _('Way'), _('Share of visits from door to door')])]


def _passed(room: Room, path: np.ndarray) -> List[str]:
    """The areas that a path in thousandths leads through, in its order."""
    if not room.areas:
        return []
    number = numbered([use.area.polygon for use in room.areas])
    share = np.linspace(0, len(path) - 1, 20 * len(path))
    x, y = (np.clip(np.interp(share, np.arange(len(path)), axis), 0, 999).astype(int)
            for axis in np.asarray(path).T)
    along = number[y, x][np.append(True, np.diff(number[y, x].astype(int)) != 0)]
    return [room.areas[i - 1].area.name for i in along if i]


def _named(room: Room) -> List[Door]:
    """The doors; those that routes.py calls by a letter have the name of a counting line near them,
    if it is near no other one.
    """
    doors, lines = room.routes.doors, [line.line for line in room.lines]
    away = np.array([[_distance(door.point, line.line) if len(door.name) == 1 else np.inf
                      for line in lines] for door in doors]).reshape(len(doors), len(lines))
    names = {int(away[:, i].argmin()): line.name for i, line in enumerate(lines)
             if len(doors) and away[:, i].min() <= NEAR and away[:, i].argmin() in np.flatnonzero(
                 away.argmin(1) == i)}
    return [door._replace(name=names.get(i, door.name)) for i, door in enumerate(doors)]


def _distance(point: Sequence[float], line: Sequence[Sequence[float]]) -> float:
    """From a point to the nearest one of a line."""
    begin, end = np.asarray(line, float)
    along = end - begin
    share = np.clip((point - begin) @ along / max(1e-9, along @ along), 0, 1)
    return float(np.linalg.norm(begin + share * along - point))


def attention_plots(words: Words, room: Room, min_visits: int) -> List[Plot]:
    """What people do at each area: pass, stop, face it, reach into it."""
    _ = words.gettext
    few, found = _('fewer than %(n)d') % {'n': min_visits}, []
    for use in room.areas:
        passed, *others = stages(room, use, min_visits)
        if use.queue is not None or np.isnan(passed.visits):
            continue
        unknown = [_('not recorded') if np.isnan(count) else few for count in use.attention]
        parts = [(stage.share, f'{words.share(stage.share)} ({words.number(stage.visits)})'
                  if np.isfinite(stage.share) else said)
                 for stage, said in zip([passed._replace(share=1.0), *others], unknown)]
        found.append(Share(use.area.name, parts))
    return [shares(_('Who takes notice'),
                   _('Of the visits that come near: how many stop, turn to it, and reach for it.'),
                   found, [_('Area'), _('came near'), _('stopped'), _('turned to it'),
                           _('reached for it')])] if found else []


def _aspect(room: Room) -> float:
    return room.size[0] / room.size[1]


class Seen(NamedTuple):
    """A room, what is drawn on it, and its floor in metres."""
    room: Room
    plan: Plan
    floor: Floor


class FloorPlan(NamedTuple):
    """The part of the floor in metres that cameras see. begin, end: its corners; up: whether its y
    axis points up.
    """
    begin: np.ndarray
    end: np.ndarray
    up: bool

    def place(self, metres: Any) -> np.ndarray:
        """Shares of its size, from the top left, of places in metres."""
        found = (np.asarray(metres, float).reshape(-1, 2) - self.begin) / (self.end - self.begin)
        return np.column_stack([found[:, 0], 1 - found[:, 1] if self.up else found[:, 1]])

    def cells(self) -> Tuple[int, int]:
        """Numbers of its cells across and down."""
        size = self.end - self.begin
        across, down = np.maximum(1, np.round(size / max(CELL, size.max() / CELLS))).astype(int)
        return int(across), int(down)

    def spread(self, floor: Floor, aspect: float, seconds: np.ndarray) -> np.ndarray:
        """The seconds in the plan's cells [Y, X] of those in the cells of a picture [Y, X], each
        spread over what it shows of the floor.
        """
        rows, columns = np.nonzero(seconds)
        part = (np.arange(PARTS) + 0.5) / PARTS
        x, y = (axis.ravel() for axis in np.meshgrid(part, part))
        points = np.stack([(columns[:, None] + x) * 1000 / GRID[0],
                           (rows[:, None] + y) * 1000 / GRID[1]], 2).reshape(-1, 2)
        weights = np.repeat(seconds[rows, columns], PARTS ** 2) / PARTS ** 2
        places = self.place(floor.to_metres(points, aspect))
        inside = ((places >= 0) & (places < 1)).all(1)
        across, down = self.cells()
        cell = (places[inside] * (across, down)).astype(int)
        return np.bincount(cell[:, 1] * across + cell[:, 0], weights[inside],
                           across * down).reshape(down, across)


def floor_maps(words: Words, seen: Sequence[Seen], min_visits: int) -> List[Plot]:
    """Maps of the floor in metres, of all cameras that know it; where two see it, the one counts
    that saw more.
    """
    _ = words.gettext
    plan = _extent(seen, min_visits)
    across, down = plan.cells()
    found = np.zeros((2, down, across))
    for room, _plan, floor in seen:
        for total, seconds, visits in ((found[0], room.stops, room.stop_visits),
                                       (found[1], room.map, room.map_visits)):
            shown = np.where(visits >= min_visits, seconds, 0)
            np.maximum(total, plan.spread(floor, _aspect(room), shown), out=total)
    ground = Ground(tuple(plan.end - plan.begin), '', *_drawn(seen, plan), metres=True)
    plots = [ground_map(words, title, text, ground, seconds, np.full((down, across), min_visits),
                        min_visits, _('Time'))
             for title, text, seconds in (
                 (_('Where people stop, from above'),
                  _('How long people stood at each place, all together.'), found[0]),
                 (_('Where people are, from above'),
                  _('How long people were at each place, standing or walking.'), found[1]))]
    for room, _plan, floor in seen:
        title = _('Ways') if len(seen) == 1 else _('%(camera)s: ways') % {'camera': room.label}
        plots += _routes(words, room, min_visits, ground, lambda points, floor=floor, room=room: (
            plan.place(floor.to_metres(points, _aspect(room)))), title)
    return plots


def _extent(seen: Sequence[Seen], min_visits: int) -> FloorPlan:
    """The part of the floor where people were, areas are, or that was measured."""
    points = [np.array(camera.floor.metres, float) for camera in seen]
    for room, plan, floor in seen:
        rows, columns = np.nonzero(room.map_visits >= min_visits)
        middles = np.column_stack([columns + 0.5, rows + 0.5]) * 1000 / GRID
        points.append(floor.to_metres(middles, _aspect(room)))
        points += [floor.to_metres(drawn, above=0) for drawn in (
            *(area.polygon for area in plan.areas), *(line.line for line in plan.lines))]
    every = np.concatenate(points)
    every = every[np.isfinite(every).all(1)]
    begin, end = every.min(0) - MARGIN, every.max(0) + MARGIN
    return FloorPlan(begin, np.minimum(end, begin + MAX_SIDE), seen[0].floor.y_up)


def _drawn(seen: Sequence[Seen], floor_plan: FloorPlan) -> Tuple[List[Any], List[Any]]:
    """Areas and lines of all cameras on the plan; those that are not all on the floor are left out.
    """
    found: Tuple[List[Any], List[Any]] = ([], [])
    for _room, plan, floor in seen:
        for drawn, parts in zip(found, ([(area.name, area.polygon) for area in plan.areas],
                                        [(line.name, line.line) for line in plan.lines])):
            for name, points in parts:
                places = floor_plan.place(floor.to_metres(points, above=0))
                if np.isfinite(places).all():
                    drawn.append((name, places))
    return found
