"""What is drawn on a room for the report and the screen: reads and writes areas.json.

All points are x and y in thousandths of the picture's width and height, from its top left corner.
With several stores, "store" names the one whose camera sees what is drawn. All four lists may be
left out:

    {"areas": [{"name": "Till", "polygon": [[489, 484], [795, 517], [655, 854]], "kind": "queue"},
               {"name": "Door", "polygon": [[10, 20], [90, 20], [90, 80]], "store": "hall.db"}],
     "lines": [{"name": "Entrance", "line": [[100, 900], [600, 900]]}],
     "blackout": [{"polygon": [[700, 100], [900, 100], [900, 300]]}],
     "floor": [{"points": [[200, 900], [800, 900], [700, 400], [300, 400]],
                "metres": [[0, 0], [3, 0], [3, 5], [0, 5]]}]}

A person is where their feet are. Where areas overlap, the first one counts. The kind of an area is
"area", "display" (something that people look at) or "queue". Who crosses a line towards its left,
as seen from its first point to its second, comes in. What lies in a blackout is neither shown nor
counted. The floor is known in metres by four points (floor.py), once for each store.
"""
import json
import logging
import os
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple, TypeVar

from posesuite.files import written_whole
from posesuite.visits.floor import Floor, floor_from, pair_from
from posesuite.visits.polygons import crosses_itself

import cv2
import numpy as np

LOGGER = logging.getLogger(__name__)
MAX_FILE_SIZE = 1 << 20  # bytes of an areas.json
MAX_ITEMS = 99  # in each of its lists, of all stores
MAX_CORNERS = 100  # corners of a polygon
MAX_NAME_LENGTH = 60  # characters of a name
MIN_LINE = 10  # thousandths, shortest line in x or y
KINDS = 'area', 'display', 'queue'
LISTS = {'areas': 'areas', 'lines': 'lines', 'blackout': 'blackouts', 'floor': 'floors'}
Part = TypeVar('Part')
Points = List[Tuple[float, float]]


class Area(NamedTuple):
    """A part of a picture. polygon: x, y in thousandths; store: the store's file name, or '';
    kind: one of KINDS.
    """
    name: str
    polygon: Points
    store: str
    kind: str = 'area'


class Line(NamedTuple):
    """A counting line. line: its two ends, x, y in thousandths; store: as of an area."""
    name: str
    line: Points
    store: str

    def inner_side(self, points: Any) -> np.ndarray:
        """How far points, [N, 2] in thousandths, are on the inner side, to the left of the line and
        of what prolongs it; [N], negative on the outer side.
        """
        (x, y), (to_x, to_y) = self.line
        points = np.asarray(points, float).reshape(-1, 2)
        across = (to_y - y) * (points[:, 0] - x) - (to_x - x) * (points[:, 1] - y)
        return across / np.hypot(to_x - x, to_y - y)


class Blackout(NamedTuple):
    """A part of a picture that is neither shown nor counted. As an area without a name."""
    polygon: Points
    store: str


class Plan(NamedTuple):
    """What an areas.json holds."""
    areas: List[Area] = []
    lines: List[Line] = []
    blackouts: List[Blackout] = []
    floors: List[Floor] = []

    def of(self, store: str) -> 'Plan':
        """What belongs to the store of this file name, or to any."""
        return Plan(*([part for part in parts if part.store in ('', store)] for parts in self))

    def without(self, store: str) -> 'Plan':
        """What belongs to other stores than the one of this file name."""
        return Plan(*([part for part in parts if part.store not in ('', store)]
                      for parts in self))


def read_plan(path: str, stores: Optional[Sequence[str]] = None) -> Plan:
    """Reads an areas.json.

    stores: the paths of the stores whose parts are wanted; None for all. What belongs to others is
        left out, which is reported.
    Raises ValueError or OSError with one line, also if all of it belongs to other stores.
    """
    try:
        with open(path, 'rb') as file:
            text = file.read(MAX_FILE_SIZE + 1)
    except (OSError, ValueError) as error:
        raise OSError(f'cannot read {path}: {getattr(error, "strerror", None) or error}')
    if len(text) > MAX_FILE_SIZE:
        raise ValueError(f'{path} must have at most {MAX_FILE_SIZE} bytes')
    try:
        value = json.loads(text.decode('utf-8'))
    except (ValueError, RecursionError) as error:
        raise ValueError(f'{path} is not JSON: {error}')
    # An unknown name may be a blackout that is misspelt.
    if not isinstance(value, dict) or not value or set(value) - set(LISTS):
        raise ValueError(f'{path}: need an object with lists called '
                         + ', '.join(f'"{name}"' for name in LISTS) + ' and no others')
    names = stores and [os.path.basename(store) for store in stores]
    plan = Plan(*(_read_list(path, value, key, check, names) for key, check in (
        ('areas', area_from), ('lines', line_from), ('blackout', blackout_from),
        ('floor', floor_from))))
    return plan if names is None else _only(path, plan, names)


def read_blackouts(path: Optional[str], store: Optional[str]) -> List[Points]:
    """The blackouts of an areas.json, for the camera of the store of that path; none without a
    file. Raises ValueError or OSError with one line, also if the file has none for this camera.
    """
    if path is None:
        return []
    plan = read_plan(path)
    found = plan.of(os.path.basename(store or '')).blackouts
    if not found:
        names = sorted({blackout.store for blackout in plan.blackouts})
        raise ValueError(f'{path} has no blackout' + (
            f' for this camera: they are for {", ".join(names)}, and --store is '
            f'{os.path.basename(store) if store else "not given"}' if names else ''))
    return [blackout.polygon for blackout in found]


def write_plan(path: str, plan: Plan) -> None:
    """Writes an areas.json, a line a part of it. Raises OSError with one line."""
    texts = []
    for key, parts in zip(LISTS, plan):
        lines = [json.dumps({name: value for name, value in part._asdict().items()
                             if value and (name, value) != ('kind', KINDS[0])}) for part in parts]
        if lines or key == 'areas':
            texts.append(f'"{key}": [\n' + ',\n'.join(lines) + '\n]')
    with written_whole(path) as file:
        file.write('{' + ',\n'.join(texts) + '}\n')


def _only(path: str, plan: Plan, stores: List[str]) -> Plan:
    """What of a plan belongs to some stores. path: its file. Raises ValueError if nothing does."""
    found = Plan(*([part for part in parts if part.store in stores] for parts in plan))
    others = sorted({part.store for parts in plan for part in parts} - set(stores))
    if others and not any(found):
        raise ValueError(f'{path}: need "store", one of {", ".join(stores)}; '
                         f'got {others[0]!r:.40}')
    if others:
        LOGGER.info('%s: what belongs to other stores is left out: %s', path, ', '.join(others))
    return found


def _read_list(path: str, value: Dict[str, Any], key: str, check: Callable[[Any, str], Part],
               stores: Optional[List[str]]) -> List[Part]:
    """One list of an areas.json. stores: the names of those whose parts are wanted; None: all."""
    listed = value.get(key, [])
    if not isinstance(listed, list) or len(listed) > MAX_ITEMS:
        raise ValueError(f'{path}: "{key}" must list {MAX_ITEMS} {LISTS[key]} or fewer')
    found: List[Part] = []
    for number, item in enumerate(listed, 1):
        try:
            part = check(item, _store(item, stores))
            refuse_conflicts(part, found)
            found.append(part)
        except ValueError as error:
            name = item.get('name') if isinstance(item, dict) else None
            raise ValueError(f'{path}: {LISTS[key][:-1]} {number}'
                             f'{f" ({name!r:.40})" if name else ""}: {error}')
    return found


def _store(item: Any, stores: Optional[List[str]]) -> str:
    """The store that an item of an areas.json belongs to. Raises ValueError."""
    store = item.get('store') if isinstance(item, dict) else None
    if not isinstance(store, (str, type(None))):
        raise ValueError(f'need "store", a file name, got {store!r:.40}')
    if not store and stores is not None and len(stores) > 1:
        raise ValueError(f'need "store", one of {", ".join(stores)}')
    return store or (stores or [''])[0]


def refuse_conflicts(part: Any, others: Sequence[Any]) -> None:
    """Raises ValueError if a part of a plan cannot stand beside others of its list."""
    beside = [other for other in others if part.store == other.store
              or '' in (part.store, other.store)]
    if isinstance(part, Floor):
        if beside:
            raise ValueError('the floor of this store is given already')
        if any(part.y_up != other.y_up for other in others):
            raise ValueError('it is the mirror image of the other floors: seen from above, the y '
                             "axis must be on the same side of the x axis for all cameras")
    elif not isinstance(part, Blackout) and any(part.name == other.name for other in beside):
        raise ValueError(f'there is another {type(part).__name__.lower()} of this name')


def area_from(item: Any, store: str) -> Area:
    """Checks an area of an areas.json. Raises ValueError."""
    name, polygon = _name(item), _polygon(item)
    kind = item.get('kind', KINDS[0])
    if kind not in KINDS:
        raise ValueError(f'need "kind", one of {", ".join(KINDS)}; got {kind!r:.40}')
    return Area(name, polygon, store, kind)


def line_from(item: Any, store: str) -> Line:
    """Checks a counting line of an areas.json. Raises ValueError."""
    name, line = _name(item), item.get('line')
    if not isinstance(line, list) or len(line) != 2:
        raise ValueError('need "line", a list of 2 points')
    ends = [pair_from(point) for point in line]
    if np.abs(np.subtract(*ends)).max() < MIN_LINE:
        raise ValueError(f'the line is too short, less than {MIN_LINE} thousandths')
    return Line(name, ends, store)


def blackout_from(item: Any, store: str) -> Blackout:
    """Checks a blackout of an areas.json. Raises ValueError."""
    return Blackout(_polygon(item), store)


def _name(item: Any) -> str:
    name = item.get('name') if isinstance(item, dict) else None
    if not isinstance(name, str) or not name.isprintable() or not 0 < len(name) <= MAX_NAME_LENGTH:
        raise ValueError(f'need "name", a text of 1 to {MAX_NAME_LENGTH} printable characters')
    return name


def _polygon(item: Any) -> Points:
    polygon = item.get('polygon') if isinstance(item, dict) else None
    if not isinstance(polygon, list) or not 3 <= len(polygon) <= MAX_CORNERS:
        raise ValueError(f'need "polygon", a list of 3 to {MAX_CORNERS} points')
    corners = [pair_from(point) for point in polygon]
    if cv2.contourArea(np.array(corners, np.float32)) < 1:
        raise ValueError('the polygon has no area')
    if crosses_itself(corners):
        raise ValueError('the polygon crosses itself')
    return corners
