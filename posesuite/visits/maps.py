"""The maps of the report: what lies where on the picture or on a plan of the floor.

As of plots.py; a map is as wide as its other plots, and plots.html draws it.
"""
import math
from typing import Any, Dict, List, NamedTuple, Sequence, Tuple

from posesuite.language import Words
from posesuite.visits.plots import PLOT_WIDTH, STEPS, Plot, nice, scale_in_words, step_of

import numpy as np

TOP_PERCENTILE = 97  # of a map's cells: what exceeds it has the strongest colour too
# Seconds of a step that reads well.
TIMES = 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600
MAX_NAME, NAME_LETTER = 22, 7.6  # letters of a name in a map, width of one
NAME_HEIGHT, BADGE = 14, 9  # of a name, radius of a route's number
SHIFTS = (0, 1, -1, 2, -2, 3, -3)  # heights by which a name may move to be clear of others
BADGES_AT = (0.33, 0.5, 0.67, 0.2, 0.8)  # shares of a route where its number may be
LEAST_WIDTH, MOST_WIDTH = 2, 10  # of a route

Box = Tuple[float, float, float, float]  # left, top, right, bottom


class Ground(NamedTuple):
    """What maps lie on: the picture, or a plan of the floor."""
    size: Tuple[float, float]  # of the picture in pixels, or of the plan in metres
    picture: str = ''  # id of the picture on the page, if there is one
    areas: Sequence[Tuple[str, np.ndarray]] = ()  # names and corners in shares of the size
    lines: Sequence[Tuple[str, np.ndarray]] = ()  # names and ends of counting lines, likewise
    metres: bool = False  # whether a plan

    @property
    def height(self) -> float:
        """Of the plot."""
        return PLOT_WIDTH * self.size[1] / self.size[0]

    def draw(self, points: Any) -> np.ndarray:
        """Units of the plot [n, 2] of shares of the size."""
        return np.round(np.asarray(points, float).reshape(-1, 2) * (PLOT_WIDTH, self.height), 1)


class Way(NamedTuple):
    """A route on the ground."""
    name: str
    line: np.ndarray  # [n, 2] in shares of the size
    share: float  # of all routes
    text: str  # for its title and the table


def ground_map(words: Words, title: str, text: str, ground: Ground, seconds: np.ndarray,
               visits: np.ndarray, min_visits: int, scale: str) -> Plot:
    """Time in cells [Y, X] of the ground in steps of colour; cells of fewer visits are blank."""
    shown = np.where((visits >= min_visits) & (seconds > 0), seconds, np.nan)
    finite = shown[np.isfinite(shown)]
    top = float(np.percentile(finite, TOP_PERCENTILE)) if len(finite) else 1.0
    step = next((step for step in TIMES if STEPS * step >= top), 3600 * nice(top / STEPS / 3600))
    rows, columns = np.nonzero(np.isfinite(shown))
    cells = [{'x': column, 'y': row, 'step': step_of(shown[row, column], step),
              'title': words.duration(shown[row, column])} for row, column in zip(rows, columns)]
    return Plot('map', title, text, {
        **_ground(ground, []), 'cells': cells, 'grid': shown.shape[::-1], 'routes': [], 'doors': [],
        'ways': [], 'scale': scale,
        'steps': scale_in_words(words, step, words.duration, words.durations) if cells else []},
        *_places(words, ground, shown))


def _places(words: Words, ground: Ground, shown: np.ndarray) -> Tuple[List[str], List[List[str]]]:
    """A map's table: the share of the time in each ninth of the ground."""
    _ = words.gettext
    names = [_('top'), _('middle'), _('bottom')] if ground.metres else [
        _('back'), _('middle'), _('front')]
    thirds = [np.array_split(part, 3, 1) for part in np.array_split(np.nan_to_num(shown), 3)]
    total = max(1e-9, np.nansum(shown))
    return [_('Share of the time'), _('left'), _('middle'), _('right')], [
        [name, *(words.share(part.sum(), total) for part in parts)]
        for name, parts in zip(names, thirds)]


def routes(title: str, text: str, ground: Ground, ways: Sequence[Way],
           doors: Sequence[Tuple[str, np.ndarray, str]], header: List[str]) -> Plot:
    """Routes with an arrow each, whose thickness is their share.

    doors: name, place in shares of the size, and text of each.
    """
    ways = [way for way in ways if np.isfinite(way.line).all()]
    most = max([way.share for way in ways], default=1)
    taken: List[Box] = []
    drawn = []
    for number, way in enumerate(ways, 1):
        width = round(LEAST_WIDTH + (MOST_WIDTH - LEAST_WIDTH) * way.share / most, 1)
        line = _to_the_right(ground.draw(way.line), width / 2)
        places = [line[int(share * (len(line) - 1))].tolist() for share in BADGES_AT]
        at = next((at for at in places if _free(_around(at), taken)), places[0])
        taken.append(_around(at))
        drawn.append({'d': 'M' + ' L'.join(f'{x:g} {y:g}' for x, y in line), 'width': width,
                      'title': f'{way.name}: {way.text}', 'number': number, 'at': at})
    named = [name for name, _ends in ground.lines]
    marks = [{'at': ground.draw(place)[0].tolist(), 'title': f'{name}: {said}',
              'name': '' if name in named else short(name)}
             for name, place, said in doors if np.isfinite(place).all()]
    taken += [_around(mark['at']) for mark in marks]
    on_ground = _ground(ground, taken)
    for mark in marks:
        mark['label'] = _label(ground, mark['name'], *mark['at'], taken)
    return Plot('map', title, text, {
        **on_ground, 'cells': [], 'grid': (1, 1), 'routes': drawn[::-1], 'doors': marks,
        'scale': '', 'steps': [], 'ways': [
            {'number': number, 'text': f'{way.name}: {way.text}'}
            for number, way in enumerate(ways, 1)]}, header,
        [[f'{number}', way.name, way.text] for number, way in enumerate(ways, 1)]
        + [['', name, said] for name, _place, said in doors])


def _to_the_right(line: np.ndarray, by: float) -> np.ndarray:
    """A line [n, 2] moved to its right, so that ways there and back lie side by side."""
    along = np.gradient(line, axis=0)
    along /= np.maximum(1e-6, np.linalg.norm(along, axis=1, keepdims=True))
    return np.round(line + by * np.column_stack([-along[:, 1], along[:, 0]]), 1)


def _ground(ground: Ground, taken: List[Box]) -> Dict[str, Any]:
    """The areas and lines; their names are added to the boxes that are taken."""
    areas = [{'points': ' '.join(f'{x:g},{y:g}' for x, y in ground.draw(corners)),
              'label': _label(ground, short(name), *ground.draw(corners).mean(0), taken),
              'name': short(name), 'title': name} for name, corners in ground.areas]
    lines = []
    for name, ends in ground.lines:
        (x, y), (to_x, to_y) = ground.draw(ends)
        length = max(1e-6, math.hypot(to_x - x, to_y - y))
        inwards = np.array([to_y - y, x - to_x]) / length  # to the left, y points down
        middle = np.array([x + to_x, y + to_y]) / 2
        tip = np.round(middle + 18 * inwards, 1)
        beside = middle - inwards * (NAME_LETTER * len(short(name)) / 2 + 6, NAME_HEIGHT)
        lines.append({'ends': [x, y, to_x, to_y], 'name': short(name), 'title': name,
                      'arrow': [*middle, *tip],
                      'label': _label(ground, short(name), *beside, taken)})
    return {'height': round(ground.height, 1), 'picture': ground.picture, 'areas': areas,
            'lines': lines, 'metres': _metre_lines(ground)}


def _label(ground: Ground, name: str, x: float, y: float, taken: List[Box]) -> List[float]:
    """The middle of a name near a place: within the map, and clear of what is taken if it can be.
    Its box is taken from then on.
    """
    half, tall = NAME_LETTER * len(name) / 2 + 3, NAME_HEIGHT / 2
    x = min(max(x, half), max(half, PLOT_WIDTH - half))
    places = [min(max(y + shift * NAME_HEIGHT, tall), ground.height - tall) for shift in SHIFTS]
    boxes = [(x - half, middle - tall, x + half, middle + tall) for middle in places]
    best = next((i for i, box in enumerate(boxes) if _free(box, taken)), 0)
    if name:
        taken.append(boxes[best])
    return [round(x, 1), round(places[best], 1)]


def _around(at: Sequence[float]) -> Box:
    """The box of a badge."""
    return at[0] - BADGE, at[1] - BADGE, at[0] + BADGE, at[1] + BADGE


def _free(box: Box, taken: Sequence[Box]) -> bool:
    return not any(box[0] < other[2] and other[0] < box[2] and box[1] < other[3]
                   and other[1] < box[3] for other in taken)


def _metre_lines(ground: Ground) -> Dict[str, Any]:
    """A plan's grid: places of its lines across and down."""
    if not ground.metres:
        return {}
    step = nice(max(ground.size) / 8)
    across, down = (np.arange(step, size, step) / size for size in ground.size)
    return {'x': (across * PLOT_WIDTH).round(1).tolist(),
            'y': (down * ground.height).round(1).tolist(), 'step': f'{step:g} m'}


def short(name: str) -> str:
    """A name with at most MAX_NAME letters: its beginning and its end, which tell areas apart."""
    half = MAX_NAME // 2
    return name if len(name) <= MAX_NAME else f'{name[:half - 1].rstrip()}…{name[-half:].lstrip()}'
