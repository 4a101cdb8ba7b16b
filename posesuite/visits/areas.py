"""Areas, the named parts of the floor that the report distinguishes: reads and writes areas.json.

An area is a polygon of three points or more, x and y in thousandths of the image's width and
height, from its top left corner. With several stores, "store" names the one whose camera sees the
area:

    {"areas": [{"name": "Till", "polygon": [[489, 484], [795, 517], [655, 854]]},
               {"name": "Door", "polygon": [[10, 20], [90, 20], [90, 80]], "store": "hall.db"}]}

A person is where their feet are. Where areas overlap, the first one counts.
"""
import json
import os
from typing import Any, List, NamedTuple, Optional, Sequence, Tuple

from posesuite.files import written_whole

import cv2
import numpy as np

MAX_FILE_SIZE = 1 << 20  # bytes of an areas.json
MAX_AREAS = 99  # areas in an areas.json, of all stores
MAX_CORNERS = 100  # corners of an area
MAX_NAME_LENGTH = 60  # characters of an area's name


class Area(NamedTuple):
    """A part of an image. polygon: x, y in thousandths; store: the store's file name, or ''."""
    name: str
    polygon: List[Tuple[float, float]]
    store: str


def read_areas(path: str, stores: Optional[Sequence[str]] = None) -> List[Area]:
    """Reads an areas.json.

    stores: the paths of the stores that areas may name; None allows any.
    Raises ValueError or OSError with one line.
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
    listed = value.get('areas') if isinstance(value, dict) else None
    if not isinstance(listed, list) or len(listed) > MAX_AREAS:
        raise ValueError(f'{path}: need an object whose "areas" lists {MAX_AREAS} areas or fewer')
    names = stores and [os.path.basename(store) for store in stores]
    found = []
    for number, item in enumerate(listed, 1):
        try:
            area = area_from(item, names)
            if area[::2] in (other[::2] for other in found):
                raise ValueError('there is another area of this name')
            found.append(area)
        except ValueError as error:
            name = item.get('name') if isinstance(item, dict) else None
            raise ValueError(f'{path}: area {number}{f" ({name!r:.40})" if name else ""}: {error}')
    return found


def write_areas(path: str, areas: Sequence[Area]) -> None:
    """Writes an areas.json, a line an area. Raises OSError with one line."""
    lines = [json.dumps({key: value for key, value in area._asdict().items() if value})
             for area in areas]
    with written_whole(path) as file:
        file.write('{"areas": [\n' + ',\n'.join(lines) + '\n]}\n')


def area_from(item: Any, stores: Optional[List[str]]) -> Area:
    """Checks one item of an areas.json and makes an area of it.

    stores: names that it may have in "store"; None allows any. Raises ValueError.
    """
    name, polygon, store = (item.get(key) if isinstance(item, dict) else None
                            for key in ('name', 'polygon', 'store'))
    if not isinstance(name, str) or not name.isprintable() or not 0 < len(name) <= MAX_NAME_LENGTH:
        raise ValueError(f'need "name", a text of 1 to {MAX_NAME_LENGTH} printable characters')
    if not isinstance(polygon, list) or not 3 <= len(polygon) <= MAX_CORNERS:
        raise ValueError(f'need "polygon", a list of 3 to {MAX_CORNERS} points')
    for point in polygon:
        if not (isinstance(point, list) and len(point) == 2 and all(
                isinstance(v, (int, float)) and not isinstance(v, bool) and 0 <= v <= 1000
                for v in point)):
            raise ValueError(f'need points [x, y] with numbers from 0 to 1000, got {point!r:.40}')
    if cv2.contourArea(np.array(polygon, np.float32)) < 1:
        raise ValueError('the polygon has no area')
    if crosses_itself(polygon):
        raise ValueError('the polygon crosses itself')
    if stores is None:
        if not isinstance(store, (str, type(None))):
            raise ValueError(f'need "store", a file name, got {store!r:.40}')
    elif store not in stores and not (store is None and len(stores) == 1):
        raise ValueError(f'need "store", one of {", ".join(stores)}'
                         + (f'; got {store!r:.40}' if store is not None else ''))
    return Area(name, [(x, y) for x, y in polygon], store or (stores or [''])[0])


def crosses_itself(corners: Sequence[Sequence[float]], closed: bool = True) -> bool:
    """Whether lines from corner to corner cross or touch each other anywhere but at their ends.

    corners: x, y of each; closed: whether a line leads from the last one to the first.
    """
    points = [point for point, last in zip(corners, [None, *corners]) if point != last]
    if closed and points and points[0] == points[-1]:
        del points[-1]
    ends = np.array(points, float).reshape(-1, 2)
    begins, ends = (ends, np.roll(ends, -1, 0)) if closed else (ends[:-1], ends[1:])
    return any(_touch(begins[i], ends[i], begins[j], ends[j], j == i + 1,
                      closed and i == 0 and j == len(begins) - 1)
               for i in range(len(begins)) for j in range(i + 1, len(begins)))


def _touch(a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray, joined: bool,
           ringed: bool) -> bool:
    """Whether the lines ab and cd share a point; joined: apart from b = c; ringed: from a = d."""
    if joined and ringed:  # a polygon of two lines
        return True
    if joined or ringed:  # they share more only if one leads back over the other
        corner, one, other = (b, a, d) if joined else (a, b, c)
        return _side(corner, one, other) == 0 and np.dot(one - corner, other - corner) > 0
    sides = _side(a, b, c), _side(a, b, d), _side(c, d, a), _side(c, d, b)
    if sides[0] * sides[1] < 0 and sides[2] * sides[3] < 0:
        return True
    return any(side == 0 and (np.minimum(p, q) <= r).all() and (r <= np.maximum(p, q)).all()
               for side, p, q, r in zip(sides, (a, a, c, c), (b, b, d, d), (c, d, a, b)))


def _side(a: np.ndarray, b: np.ndarray, point: np.ndarray) -> float:
    """On which side of the line from a to b a point is: its sign; 0 on the line."""
    return (b[0] - a[0]) * (point[1] - a[1]) - (b[1] - a[1]) * (point[0] - a[0])
