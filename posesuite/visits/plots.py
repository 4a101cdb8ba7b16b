"""The plots of the report: where their bars, cells and lines lie. plots.html draws them as SVG.

A plot is PLOT_WIDTH units wide, which a phone shows as about as many pixels, so that its letters
are as large as the page's. Each bar and cell has its value as a title, which a mouse shows, and
each plot a table of the same values.
"""
import math
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from posesuite.language import Words

import numpy as np

PLOT_WIDTH, BAR_HEIGHT, ROW_HEIGHT = 360, 212, 22  # of a plot, of plots of bars, of a row
LEFT, RIGHT, TOP, BOTTOM = 30, 4, 30, 34  # margins of plots of bars
LETTER, LETTER_HEIGHT = 6.2, 12  # width and height of a letter
UNSEEN = '–'  # in place of a value where nobody watched
WEEK_LEFT, WEEK_TOP = 32, 16  # margins of a week
STEPS = 5  # equal steps of colour
FINE = 1, 2, 3, 4, 5, 6, 8, 10  # first digits of a step of colour, so that most of them are used
TICKS = 4  # about so many values beside an axis

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
    why_blank: str = ''  # said where the first value is NaN; UNSEEN if nobody watched


def bars(words: Words, title: str, text: str, found: Sequence[Bar], header: Sequence[str],
         marks: Sequence[float] = (), at_begins: bool = False) -> Plot:
    """Bars over an axis.

    header: names of the axis, of each series and, if some bar has one, of the usual value.
    marks: places on the axis of vertical lines.
    at_begins: whether the labels stand where the bars begin, not below their middles.
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

    floor, drawn, labels, free, fits = BAR_HEIGHT - BOTTOM, [], [], 0.0, True
    for bar in found:
        left, right = across(bar.begin), across(bar.end)
        gap = min(2.0, 0.1 * (right - left))
        width = (right - left - 2 * gap) / series
        mark = floor - height(bar.usual) if np.isfinite(bar.usual) else None
        parts = [{'x': left + gap + i * width, 'width': width, 'y': floor - height(value),
                  'height': height(value), 'series': i,
                  **_value(words, value, floor - height(value), mark)}
                 for i, value in enumerate(bar.values) if np.isfinite(value)]
        fits &= all(LETTER * len(part['text']) <= (right - left) / series for part in parts)
        drawn.append({
            'x': left, 'width': right - left, 'parts': parts, 'blank': bar.why_blank, 'usual': mark,
            'title': f'{bar.name}: ' + '; '.join(
                (f'{name} ' if len(header) > 2 else '') + said
                for name, said in zip(header[1:], _said(words, bar, usual)) if said)})
        middle = left if at_begins else (left + right) / 2
        half = LETTER * len(bar.label) / 2
        if bar.label and middle - half >= free:
            labels.append({'x': middle, 'text': bar.label})
            free = middle + half + LETTER
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    return Plot('bars', title, text, {
        'bars': drawn, 'says_values': fits, 'labels': labels, 'floor': floor, 'top': TOP,
        'height': BAR_HEIGHT, 'right': PLOT_WIDTH - RIGHT, 'axis': header[0],
        'series': list(header[1:1 + series]), 'usual': header[-1] if usual else '',
        'marks': [across(mark) for mark in marks],
        'few': next((bar.why_blank for bar, one in zip(found, drawn)
                     if not one['parts'] and bar.why_blank != UNSEEN), ''),
        'unseen': any(bar.why_blank == UNSEEN and not one['parts']
                      for bar, one in zip(found, drawn)),
        'ticks': [{'y': floor - height(tick), 'text': words.number(tick, decimals)}
                  for tick in ticks]}, list(header), [
        [bar.name, *_said(words, bar, usual)] for bar in found])


def _value(words: Words, value: float, top: float, mark: Optional[float]) -> Dict[str, Any]:
    """The value beside the top of its bar: inside, if a mark is where it would stand above it."""
    text = words.rough(value)
    inside = mark is not None and top - LETTER_HEIGHT <= mark <= top
    return {'text': text, 'inside': inside, 'text_y': top + LETTER_HEIGHT if inside else top - 3}


def _said(words: Words, bar: Bar, usual: bool) -> List[str]:
    """A bar's values in words, and the usual one if it is to be shown."""
    return [*(words.rough(value) or bar.why_blank for value in bar.values),
            *([words.rough(bar.usual)] if usual else [])]


def week(words: Words, title: str, text: str, hours: Sequence[int], values: np.ndarray,
         blanks: Sequence[Sequence[str]], scale: str) -> Plot:
    """A week's hours as cells in steps of colour.

    hours: of the day, across. values: [7, hours], NaN is blank; blanks: why. scale: what is meant.
    """
    step = nice(max(1e-9, np.nanmax(values) if np.isfinite(values).any() else 1) / STEPS, FINE)
    left, rows = WEEK_LEFT, []
    width = (PLOT_WIDTH - left - RIGHT) / len(hours)
    cells = []
    for day in range(7):
        name = words.weekday(day)
        rows.append([name, *(words.rough(value) or blank
                             for value, blank in zip(values[day], blanks[day]))])
        for i, (hour, value) in enumerate(zip(hours, values[day])):
            said = words.rough(value) or blanks[day][i]
            cells.append({'x': left + i * width, 'y': WEEK_TOP + day * ROW_HEIGHT,
                          'width': width - 1, 'height': ROW_HEIGHT - 1,
                          'step': step_of(value, step),
                          'title': f'{name}, {words.hours(hour)}: {said}',
                          'text': said if LETTER * len(said) <= width else ''})
    every = max(1, math.ceil(3 * LETTER / width))
    return Plot('week', title, text, {
        'cells': cells, 'height': WEEK_TOP + 7 * ROW_HEIGHT, 'left': left,
        'days': [{'y': WEEK_TOP + (day + 0.5) * ROW_HEIGHT, 'text': words.weekday(day, short=True)}
                 for day in range(7)],
        'hours': [{'x': left + i * width, 'text': f'{hour}'}
                  for i, hour in enumerate(hours) if i % every == 0],
        'unseen': any(UNSEEN in row for row in blanks),
        'scale': scale, 'steps': scale_in_words(words, step, words.rough, lambda least, most: (
            f'{words.rough(least)}–{words.rough(most)}'))},
        ['', *map(words.hours, hours)], rows)


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


def nice(value: float, digits: Sequence[int] = (1, 2, 5, 10)) -> float:
    """The least of some digits times a power of ten that is not below a value above 0."""
    power = 10.0 ** math.floor(math.log10(value) + 1e-9)
    return next(power * digit for digit in digits if power * digit >= value * (1 - 1e-9))


def step_of(value: float, step: float) -> int:
    """The step of colour of a value, from 1; 0 for NaN."""
    return 0 if math.isnan(value) else min(STEPS, int(value / step) + 1)


def scale_in_words(words: Words, step: float, write: Any, write_range: Any) -> List[str]:
    """The steps of a scale in words."""
    _ = words.gettext
    return [_('under %(most)s') % {'most': write(step)},
            *(write_range(i * step, (i + 1) * step) for i in range(1, STEPS - 1)),
            _('over %(least)s') % {'least': write((STEPS - 1) * step)}]
