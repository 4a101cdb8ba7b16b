"""The plots of the report: where their bars, cells and lines lie. plots.html draws them as SVG.

A plot is PLOT_WIDTH units wide, which a phone shows as about as many pixels, so that its letters
are as large as the page's. Each bar and cell has its value as a title, which a mouse shows, and
each plot a table of the same values.
"""
import math
from typing import Any, Dict, List, NamedTuple, Sequence, Tuple

from posesuite.visits.language import Words

import numpy as np

PLOT_WIDTH, BAR_HEIGHT, ROW_HEIGHT = 360, 190, 22  # of a plot, of plots of bars, of a row
LEFT, RIGHT, TOP, BOTTOM = 30, 4, 16, 20  # margins
LETTER = 6.2  # width of a letter
STEPS = 5  # equal steps of colour
TICKS = 4  # about so many values beside an axis
TOP_PERCENTILE = 99  # of a map's cells: what exceeds it has the strongest colour too
MAX_NAME = 22  # letters of a name in a plot

Line = Sequence[Sequence[float]]


class Plot(NamedTuple):
    """A plot on the page."""
    kind: str  # name of the macro of plots.html that draws it
    title: str
    text: str  # what it shows
    drawing: Dict[str, Any]  # for the macro
    header: List[str]  # of its table
    rows: List[List[str]]


class Bar(NamedTuple):
    """A bar of a plot, or some side by side; NaN is blank."""
    begin: float  # on the axis
    end: float
    label: str  # below it
    name: str  # in titles and the table
    values: Sequence[float]  # one of each series
    usual: float = math.nan  # a mark for comparison
    why_blank: str = ''  # said where the first value is NaN; '-' if nobody watched


def bars(words: Words, title: str, text: str, found: Sequence[Bar], header: Sequence[str],
         marks: Sequence[float] = ()) -> Plot:
    """Bars over an axis.

    header: names of the axis, of each series and, if some bar has one, of the usual value.
    marks: places on the axis of vertical lines.
    """
    series = len(found[0].values)
    usual = len(header) > 1 + series
    highest = np.array([[*bar.values, bar.usual] for bar in found])
    step = nice(max(1e-9, np.nanmax(highest) if np.isfinite(highest).any() else 1) / TICKS)
    ticks = step * np.arange(math.ceil(np.nanmax([step, *highest.ravel()]) / step - 1e-6) + 1)
    x0, span = found[0].begin, found[-1].end - found[0].begin

    def across(value: float) -> float:
        return LEFT + (value - x0) / span * (PLOT_WIDTH - LEFT - RIGHT)

    def height(value: float) -> float:
        return value / ticks[-1] * (BAR_HEIGHT - TOP - BOTTOM)

    floor, drawn, labels, free = BAR_HEIGHT - BOTTOM, [], [], 0.0
    for bar in found:
        left, right = across(bar.begin), across(bar.end)
        gap = min(2.0, 0.1 * (right - left))
        width = (right - left - 2 * gap) / series
        values = [{'x': left + gap + i * width, 'width': width, 'y': floor - height(value),
                   'height': height(value), 'series': i, 'text': words.rough(value),
                   'room': LETTER * len(words.rough(value)) <= right - left}
                  for i, value in enumerate(bar.values) if np.isfinite(value)]
        drawn.append({
            'x': left, 'width': right - left, 'parts': values, 'blank': bar.why_blank,
            'usual': floor - height(bar.usual) if np.isfinite(bar.usual) else None,
            'title': f'{bar.name}: ' + '; '.join(
                (f'{name} ' if len(header) > 2 else '') + said
                for name, said in zip(header[1:], _said(words, bar, usual)) if said)})
        middle, half = (left + right) / 2, LETTER * len(bar.label) / 2
        if bar.label and middle - half >= free:
            labels.append({'x': middle, 'text': bar.label})
            free = middle + half + LETTER
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    return Plot('bars', title, text, {
        'bars': drawn, 'labels': labels, 'floor': floor, 'top': TOP, 'height': BAR_HEIGHT,
        'right': PLOT_WIDTH - RIGHT, 'axis': header[0], 'series': list(header[1:1 + series]),
        'usual': header[-1] if usual else '', 'marks': [across(mark) for mark in marks],
        'ticks': [{'y': floor - height(tick), 'text': words.number(tick, decimals)}
                  for tick in ticks]}, list(header), [
        [bar.name, *_said(words, bar, usual)] for bar in found])


def _said(words: Words, bar: Bar, usual: bool) -> List[str]:
    """A bar's values in words, and the usual one if it is to be shown."""
    return [*(words.rough(value) or bar.why_blank for value in bar.values),
            *([words.rough(bar.usual)] if usual else [])]


def week(words: Words, title: str, text: str, hours: Sequence[int], values: np.ndarray,
         blanks: Sequence[Sequence[str]], scale: str) -> Plot:
    """A week's hours as cells in steps of colour.

    hours: of the day, across. values: [7, hours], NaN is blank; blanks: why. scale: what is meant.
    """
    step = nice(max(1e-9, np.nanmax(values) if np.isfinite(values).any() else 1) / STEPS)
    left, rows = 32, []
    width = (PLOT_WIDTH - left - RIGHT) / len(hours)
    cells = []
    for day in range(7):
        name = words.weekday(day)
        rows.append([name, *(words.rough(value) or blank
                             for value, blank in zip(values[day], blanks[day]))])
        for i, (hour, value) in enumerate(zip(hours, values[day])):
            said = words.rough(value) or blanks[day][i]
            cells.append({'x': left + i * width, 'y': TOP + day * ROW_HEIGHT, 'width': width - 1,
                          'height': ROW_HEIGHT - 1, 'step': _step(value, step),
                          'title': f'{name}, {words.hours(hour)}: {said}',
                          'text': said if LETTER * len(said) <= width else ''})
    every = max(1, math.ceil(3 * LETTER / width))
    return Plot('week', title, text, {
        'cells': cells, 'height': TOP + 7 * ROW_HEIGHT, 'left': left,
        'days': [{'y': TOP + (day + 0.5) * ROW_HEIGHT, 'text': words.weekday(day, short=True)}
                 for day in range(7)],
        'hours': [{'x': left + i * width, 'text': f'{hour}'}
                  for i, hour in enumerate(hours) if i % every == 0],
        'scale': scale, 'steps': _scale(words, step, words.rough, lambda least, most: (
            f'{words.rough(least)}–{words.rough(most)}'))},
        ['', *map(words.hours, hours)], rows)


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


def ground_map(words: Words, title: str, text: str, ground: Ground, seconds: np.ndarray,
               visits: np.ndarray, min_visits: int, scale: str) -> Plot:
    """Time in cells [Y, X] of the ground in steps of colour; cells of fewer visits are blank."""
    shown = np.where((visits >= min_visits) & (seconds > 0), seconds, np.nan)
    finite = shown[np.isfinite(shown)]
    top = float(np.percentile(finite, TOP_PERCENTILE)) if len(finite) else 1.0
    # Whole seconds, minutes or hours, so that the scale reads well.
    unit = next(unit for unit in (3600, 60, 1) if top >= 2 * unit or unit == 1)
    step = unit * nice(top / STEPS / unit)
    rows, columns = np.nonzero(np.isfinite(shown))
    cells = [{'x': column, 'y': row, 'step': _step(shown[row, column], step),
              'title': words.duration(shown[row, column])} for row, column in zip(rows, columns)]
    return Plot('map', title, text, {
        **_ground(ground), 'cells': cells, 'grid': shown.shape[::-1], 'routes': [], 'doors': [],
        'scale': scale, 'steps': _scale(words, step, words.duration, words.durations)},
        *_places(words, ground, shown))


def _places(words: Words, ground: Ground, shown: np.ndarray) -> Tuple[List[str], List[List[str]]]:
    """A map's table: the time in each ninth of the ground, by place in words."""
    _ = words.gettext
    names = [[_('back left'), _('back'), _('back right')], [_('left'), _('middle'), _('right')],
             [_('front left'), _('front'), _('front right')]]
    if ground.metres:
        names = [[_('top left'), _('top'), _('top right')], names[1],
                 [_('bottom left'), _('bottom'), _('bottom right')]]
    thirds = [np.array_split(part, 3, 1) for part in np.array_split(np.nan_to_num(shown), 3)]
    total = max(1e-9, np.nansum(shown))
    return [_('Place'), _('Share of the time')], [
        [name, words.share(part.sum(), total)]
        for names_across, parts in zip(names, thirds) for name, part in zip(names_across, parts)]


class Way(NamedTuple):
    """A route on the ground."""
    name: str
    line: np.ndarray  # [n, 2] in shares of the size
    share: float  # of all routes
    text: str  # for its title and the table


def routes(words: Words, title: str, text: str, ground: Ground, ways: Sequence[Way],
           doors: Sequence[Tuple[str, np.ndarray, str]], header: List[str]) -> Plot:
    """Routes with an arrow each, whose thickness is their share.

    doors: name, place in shares of the size, and text of each.
    """
    ways = [way for way in ways if np.isfinite(way.line).all()]
    most = max([way.share for way in ways], default=1)
    drawn = []
    for number, way in enumerate(ways, 1):
        width = round(2 + 9 * way.share / most, 1)
        line = _to_the_right(ground.draw(way.line), width / 2)
        drawn.append({'d': 'M' + ' L'.join(f'{x:g} {y:g}' for x, y in line), 'width': width,
                      'title': f'{way.name}: {way.text}', 'number': number,
                      'at': line[len(line) // 3].tolist()})
    marks = [{'at': ground.draw(place)[0].tolist(), 'name': _short(name),
              'title': f'{name}: {said}'} for name, place, said in doors
             if np.isfinite(place).all()]
    return Plot('map', title, text, {**_ground(ground), 'cells': [], 'grid': (1, 1),
                                     'routes': drawn[::-1], 'doors': marks, 'scale': '',
                                     'steps': []}, header,
                [[f'{number}', way.name, way.text] for number, way in enumerate(ways, 1)]
                + [['', name, said] for name, _place, said in doors])


def _to_the_right(line: np.ndarray, by: float) -> np.ndarray:
    """A line [n, 2] moved to its right, so that ways there and back lie side by side."""
    along = np.gradient(line, axis=0)
    along /= np.maximum(1e-6, np.linalg.norm(along, axis=1, keepdims=True))
    return np.round(line + by * np.column_stack([-along[:, 1], along[:, 0]]), 1)


def _ground(ground: Ground) -> Dict[str, Any]:
    areas = [{'points': ' '.join(f'{x:g},{y:g}' for x, y in ground.draw(corners)),
              'at': ground.draw(corners).mean(0).round(1).tolist(), 'name': _short(name),
              'title': name} for name, corners in ground.areas]
    lines = []
    for name, ends in ground.lines:
        (x, y), (to_x, to_y) = ground.draw(ends)
        length = max(1e-6, math.hypot(to_x - x, to_y - y))
        inwards = np.array([to_y - y, x - to_x]) / length * 18  # to the left, y points down
        middle = np.array([x + to_x, y + to_y]) / 2
        lines.append({'ends': [x, y, to_x, to_y], 'name': _short(name), 'title': name,
                      'arrow': [*middle, *np.round(middle + inwards, 1)]})
    return {'height': round(ground.height, 1), 'picture': ground.picture, 'areas': areas,
            'lines': lines, 'metres': _metre_lines(ground)}


def _metre_lines(ground: Ground) -> Dict[str, Any]:
    """A plan's grid: places of its lines across and down."""
    if not ground.metres:
        return {}
    step = nice(max(ground.size) / 8)
    across, down = (np.arange(step, size, step) / size for size in ground.size)
    return {'x': (across * PLOT_WIDTH).round(1).tolist(),
            'y': (down * ground.height).round(1).tolist(), 'step': f'{step:g} m'}


class Share(NamedTuple):
    """A row of a plot of shares. parts: (share of 1, text) of each series; NaN is blank."""
    name: str
    parts: Sequence[Tuple[float, str]]


def shares(title: str, text: str, found: Sequence[Share], header: Sequence[str]) -> Plot:
    """Horizontal bars, some for each name. header: of the names and of each series."""
    drawn, y = [], 0
    for share in found:
        drawn.append({'y': y + 15, 'name': share.name, 'parts': [
            {'y': y + 22 + 16 * i, 'width': 0 if math.isnan(part) else round(150 * part, 1),
             'text': f'{header[1 + i]}: {said}',
             'title': f'{share.name}, {header[1 + i]}: {said}'}
            for i, (part, said) in enumerate(share.parts)]})
        y += 30 + 16 * len(share.parts)
    return Plot('shares', title, text, {'rows': drawn, 'height': y}, list(header),
                [[share.name, *(said for _, said in share.parts)] for share in found])


def nice(value: float) -> float:
    """The least of 1, 2 and 5 times a power of ten that is not below a value above 0."""
    power = 10.0 ** math.floor(math.log10(value) + 1e-9)
    return next(power * digit for digit in (1, 2, 5, 10) if power * digit >= value * (1 - 1e-9))


def _step(value: float, step: float) -> int:
    """The step of colour of a value, from 1; 0 for NaN."""
    return 0 if math.isnan(value) else min(STEPS, int(value / step) + 1)


def _scale(words: Words, step: float, write: Any, write_range: Any) -> List[str]:
    """The steps of a scale in words."""
    _ = words.gettext
    return [_('under %(most)s') % {'most': write(step)},
            *(write_range(i * step, (i + 1) * step) for i in range(1, STEPS - 1)),
            _('over %(least)s') % {'least': write((STEPS - 1) * step)}]


def _short(name: str) -> str:
    return name if len(name) <= MAX_NAME else name[:MAX_NAME - 1] + '…'
