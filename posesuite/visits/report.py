"""The report on stored visits: one self-contained page of plots and tables, and the tables as CSV.

    python3 visits.py report visits.db -o report.html --areas areas.json
"""
import base64
import datetime
import html
import io
import os
import time
from typing import Any, Callable, List, Optional, Sequence, Tuple

from posesuite.visits.areas import read_areas
from posesuite.visits.statistics import (
    COARSE,
    DIRECTIONS,
    GRID,
    STAY,
    AreaUse,
    Room,
    count_days,
    dwell_histogram,
    dwell_quartiles,
    hours_watched,
    measure,
    occupancy,
    seconds_watched,
    waits,
    week_rate,
)
from posesuite.visits.tables import WEEKDAYS, csv_tables

import numpy as np

FEW = 10  # gaps that are listed
HEADLINE = ('Visits', 'Median visit (middle half)', 'Busiest', 'Least busy', 'Watched',
            'Lost meanwhile')
BLUE, ORANGE, GREY = '#0072b2', '#d55e00', '#e4e4e4'  # of Okabe and Ito's palette

STYLE = '''
body { font: 16px/1.5 system-ui, sans-serif; color: #222; max-width: 70rem; margin: auto;
       padding: 1rem; overflow-wrap: anywhere }
h1 { font-size: 1.7rem; line-height: 1.2 } h2 { border-top: 2px solid #0072b2; padding-top: .5rem;
       margin-top: 2.5rem } h3 { margin: 1.5rem 0 .5rem }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr));
         gap: 1.5rem }
figure { margin: 0; break-inside: avoid } img { width: 100%; height: auto }
figcaption b { display: block } figcaption { font-size: .9rem; color: #444 }
.table { overflow-x: auto } table { border-collapse: collapse; font-size: .9rem }
td, th { padding: .3rem .7rem .3rem 0; min-width: 5rem; text-align: left;
         border-bottom: 1px solid #ccc; vertical-align: top; overflow-wrap: normal }
tr { break-inside: avoid }
@media print { body { font-size: 10pt; max-width: none; padding: 0 } h2, h3 { break-after: avoid }
               .plots { grid-template-columns: 1fr 1fr } .table { overflow: visible } }
'''


def make_report(stores: Sequence[str], output: str, areas: Optional[str] = None,
                csv_folder: Optional[str] = None, min_visits: int = 5,
                since: Optional[datetime.datetime] = None,
                until: Optional[datetime.datetime] = None, title: str = '') -> None:
    """Writes the report on some stores, one a camera, as an HTML page.

    areas: an areas.json; csv_folder: where the tables go too, and what is there is written over.
    min_visits: cells, hours and areas that had fewer are left blank.
    since, until: of the visits' begin; without a time zone they are local.
    Raises OSError, ValueError or ImportError with one line.
    """
    try:
        import matplotlib
    except ImportError:
        raise ImportError('the report needs Matplotlib, which is missing: in .venv, '
                          'pip install matplotlib')
    if min_visits < 1:
        raise ValueError(f'the least count of visits must be 1 or more, got {min_visits}')
    names = [os.path.basename(store) for store in stores]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f'two stores are called {name}; rename one, for areas and tables '
                             'tell them apart by it')
    listed = read_areas(areas, stores) if areas else []
    rooms = [measure(store, os.path.splitext(name)[0],
                     [area for area in listed if area.store == name], since, until)
             for store, name in zip(stores, names)]
    with matplotlib.rc_context({'svg.fonttype': 'path', 'font.size': 10, 'axes.spines.top': False,
                                'axes.spines.right': False, 'figure.constrained_layout.use': True,
                                'hatch.linewidth': 0.5}):
        page = _page(rooms, min_visits, title)
    _write(output, page)
    if csv_folder:
        os.makedirs(csv_folder, exist_ok=True)
        for name, text in csv_tables(rooms, min_visits).items():
            _write(os.path.join(csv_folder, name + '.csv'), text)


def _write(path: str, text: str) -> None:
    """Writes a file beside and renames it."""
    part = path + '.part'
    try:
        with open(part, 'w', encoding='utf-8', errors='replace', newline='') as file:
            file.write(text)
        os.replace(part, path)
    except (OSError, ValueError) as error:
        if isinstance(error, OSError) and os.path.isfile(part):
            os.unlink(part)
        raise OSError(f'cannot write {path}: {getattr(error, "strerror", None) or error}')


def _page(rooms: List[Room], least: int, title: str) -> str:
    title = html.escape(title or 'Visits: ' + ', '.join(room.label for room in rooms))
    zone = html.escape('/'.join(dict.fromkeys(time.tzname)))
    parts = [f'<h1>{title}</h1><p>Times are local ({zone}). So that nobody can be singled out, '
             f'cells, hours and areas with fewer than {least} visits are left blank. Hours in '
             'which the camera did not watch, or hardly, are grey: they do not count as empty. '
             'Someone who is lost from sight and comes back is another visit.</p>']
    if len(rooms) > 1:
        parts.append('<h2>Side by side</h2>' + _table(
            ['Camera', *HEADLINE], [[room.label, *_headline(room, least)] for room in rooms]))
    for room in rooms:
        parts.append(f'<h2>{html.escape(room.label)}</h2>' + _in_words(room, least))
        if len(room.begins) >= least:
            parts.append(f'<div class="plots">{"".join(_plots(room, least))}</div>')
        if room.gaps:
            parts.append(_gaps(room))
    if any(room.areas for room in rooms):
        parts.append('<h2>Areas</h2>' + _areas(rooms, least))
    return ('<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
            '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
            'img-src data:; style-src \'unsafe-inline\'">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f'<title>{title}</title><style>{STYLE}</style></head>\n<body>'
            + '\n'.join(parts) + '</body></html>\n')


def _headline(room: Room, least: int) -> List[str]:
    """What HEADLINE names, in words; blank what there is too little of."""
    watched = _time(room.watched.sum())
    lost = 'never'
    if room.gaps:
        lost = f'{_time(sum(end - begin for begin, end, _ in room.gaps))} ({len(room.gaps)} gaps)'
    if len(room.begins) < least:
        return [f'fewer than {least}', '', '', '', watched, lost]
    week = week_rate(room, least)
    extremes = ['', '']
    if np.isfinite(week).any():
        found = (np.unravel_index(find(week), week.shape) for find in (np.nanargmax, np.nanargmin))
        extremes = [f'{WEEKDAYS[day]} {_hours(hour)} ({week[day, hour]:.1f} visits an hour)'
                    for day, hour in found]
    return [f'{len(room.begins):,}', _spread(room.dwell), *extremes, watched, lost]


def _in_words(room: Room, least: int) -> str:
    said = _headline(room, least)
    if len(room.begins) >= least:
        said[0] += f', {_date(room.begins.min())} to {_date(room.begins.max())}'
    return '<p>' + '<br>'.join(f'<b>{name}:</b> {text}' for name, text in zip(HEADLINE, said)
                               if text) + '</p>'


def _plots(room: Room, least: int) -> List[str]:
    hours = hours_watched(room)
    unwatched = seconds_watched(room, room.weekday * 24 + room.hour, 168).reshape(7, 24) == 0

    def week(figure: Any, axes: Any) -> None:
        span = (hours[0] - 0.5, hours[-1] + 0.5, 6.5, -0.5)
        columns = slice(hours[0], hours[-1] + 1)
        axes.imshow(np.where(unwatched, 0.0, np.nan)[:, columns], extent=span, aspect='auto',
                    cmap=_one_color(GREY))
        image = axes.imshow(week_rate(room, least)[:, columns], extent=span, aspect='auto',
                            cmap='viridis', vmin=0)
        axes.set_yticks(range(7))
        axes.set_yticklabels(WEEKDAYS)
        axes.set_xlabel('hour of the day')
        figure.colorbar(image, ax=axes, label='visits an hour')

    def days(_: Any, axes: Any) -> None:
        from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
        edges, counts = count_days(room)
        shown = np.where(counts >= least, counts, np.nan)
        begins = [datetime.datetime.fromtimestamp(edge) for edge in edges]
        axes.bar(begins[:-1], shown, np.diff(edges) / 86400 * 0.85, align='edge', color=BLUE)
        axes.set_xlim(begins[0], begins[-1])
        axes.xaxis.set_major_locator(AutoDateLocator(maxticks=6))
        axes.xaxis.set_major_formatter(ConciseDateFormatter(axes.xaxis.get_major_locator()))
        axes.set_ylabel('visits')

    def dwell(_: Any, axes: Any) -> None:
        edges, counts = dwell_histogram(room.dwell, least)
        axes.bar(edges[:-1] / 60, counts, np.diff(edges) / 60 * 0.9, align='edge', color=BLUE)
        for value, style in zip(np.percentile(room.dwell, (25, 50, 75)), (':', '-', ':')):
            axes.axvline(value / 60, color=ORANGE, linestyle=style)
        axes.set_xlabel('minutes')
        axes.set_ylabel('visits')

    def dwell_by_hour(_: Any, axes: Any) -> None:
        low, middle, high = dwell_quartiles(room, least).T / 60
        axes.vlines(range(24), low, high, BLUE, linewidth=6, alpha=0.4)
        axes.plot(range(24), middle, 'o', color=BLUE)
        _hour_axis(axes, room)
        axes.set_ylabel('minutes')

    def paths(_: Any, axes: Any) -> None:
        way = np.where(room.flow >= least, room.flow, 0)
        # A direction counts where it is busier than those beside it.
        way *= (way > np.roll(way, 1, 2)) & (way >= np.roll(way, -1, 2)) & (
            4 * way >= way.max(2, keepdims=True)) & (20 * way >= way.max())
        row, column, direction = np.nonzero(way)
        count = way[row, column, direction]
        angle = direction * 2 * np.pi / DIRECTIONS
        step = np.array(room.size) / COARSE
        length = step.min() * (0.25 + 0.8 * np.sqrt(count / max(1, way.max())))
        # Ways there and back keep to the right, so that both are seen.
        x = (column + 0.5) * step[0] - 0.15 * step.min() * np.sin(angle)
        y = (row + 0.5) * step[1] + 0.15 * step.min() * np.cos(angle)
        scale = 1000 / np.array(room.size)
        axes.quiver(x * scale[0], y * scale[1], length * np.cos(angle) * scale[0],
                    length * np.sin(angle) * scale[1], angles='xy', scale_units='xy', scale=1,
                    pivot='mid', width=0.006, headwidth=4, headlength=4, headaxislength=3.6,
                    color=BLUE)
        _picture(axes, room, least)

    period = 'week' if count_days(room)[0][1] - count_days(room)[0][0] > 100000 else 'day'
    return [
        _figure('Where people are', 'Person-minutes in each cell of the picture, by the feet. '
                'The numbers are areas.' if room.areas else 'Person-minutes in each cell of the '
                'picture, by the feet.', _map(room, room.map, room.map_visits, least)),
        _figure('Where they stop', 'Person-minutes of people who stand.',
                _map(room, room.stops, room.stop_visits, least)),
        _figure('Paths', 'Where people walk; the longer an arrow, the more visits go that way.',
                paths),
        _figure('When it is busy', 'Visits that begin in an hour, while the camera watched. Grey: '
                f'not watched. White: fewer than {least} visits.', week),
        _figure(f'Visits each {period}', f'No bar: not watched, or fewer than {least}.', days),
        _figure('How long visits last', 'Solid line: the median. Dotted: the middle half of all '
                f'visits lies between. Longest visits and bars of fewer than {least} left out.',
                dwell),
        _figure('How long, by the hour of arrival', 'Dot: the median. Bar: the middle half.',
                dwell_by_hour)]


def _figure(title: str, text: str, draw: Callable[[Any, Any], None],
            inches: Tuple[float, float] = (4.8, 3.3)) -> str:
    """A plot as an image within the page; what users wrote stands in the text, never in a plot."""
    from matplotlib.figure import Figure
    figure, buffer = Figure(inches), io.BytesIO()
    draw(figure, figure.add_subplot())
    figure.savefig(buffer, format='svg', metadata={'Date': None})
    title = html.escape(title)
    return (f'<figure><figcaption><b>{title}</b></figcaption><img alt="{title}" '
            f'src="data:image/svg+xml;base64,{base64.b64encode(buffer.getvalue()).decode()}">'
            f'<figcaption>{html.escape(text)}</figcaption></figure>')


def _map(room: Room, seconds: np.ndarray, visits: np.ndarray, least: int) -> Callable:
    def draw(figure: Any, axes: Any) -> None:
        from matplotlib.colors import PowerNorm
        # Where people queue and where they pass differ a hundredfold: the root shows both.
        shown = np.where(visits >= least, seconds / 60, np.nan)
        top = np.nanmax(shown) if np.isfinite(shown).any() else 1
        image = axes.imshow(shown, extent=(0, 1000, 1000, 0), cmap='viridis',
                            norm=PowerNorm(0.5, 0, top), interpolation='nearest')
        _picture(axes, room, least)
        figure.colorbar(image, ax=axes, label='person-minutes', location='bottom', aspect=40,
                        ticks=top * np.array([0, 1, 4, 9]) / 9,  # evenly spaced roots
                        format='%d' if top >= 100 else '%.2g')
    return draw


def _picture(axes: Any, room: Room, least: int) -> None:
    """The part of the picture where people or areas are, with the areas outlined."""
    rows, columns = np.nonzero(room.map_visits >= least)
    corners = [np.stack([columns + side, rows + side], 1) * 1000 / GRID for side in (0, 1)]
    for number, use in enumerate(room.areas, 1):
        outline = np.array(use.area.polygon + use.area.polygon[:1])
        corners.append(outline)
        axes.plot(*outline.T, color=ORANGE, linewidth=1.2)
        axes.annotate(str(number), outline[outline[:, 1].argmin()], (0, 2), color=ORANGE,
                      textcoords='offset points', ha='center', weight='bold', size=12)
    (left, top), (right, bottom) = (end(np.concatenate(corners), 0) for end in (np.min, np.max))
    axes.set(xlim=(left - 20, right + 20), ylim=(bottom + 20, top - 40), xlabel='x, thousandths',
             ylabel='y, thousandths', aspect=room.size[1] / room.size[0])


def _areas(rooms: List[Room], least: int) -> str:
    """Areas of all cameras side by side, then their order."""
    used = [(room, use) for room in rooms for use in room.areas]
    top = max([0.0] + [np.nanmax(people) for people in (
        occupancy(room, use, least) for room, use in used) if np.isfinite(people).any()])

    def plot(room: Room, use: AreaUse) -> str:
        def draw(_: Any, axes: Any) -> None:
            axes.bar(range(24), occupancy(room, use, least), color=BLUE)
            _hour_axis(axes, room)
            axes.set_ylim(0, 1.1 * top or 1)
            axes.set_ylabel('people')
        return _figure(_name(rooms, room, use), 'People there in the mean, by the hour of the day.',
                       draw, (4.8, 2.5))

    plots = [plot(*both) for both in used if len(both[1].dwell) >= least]
    rows = [[_name(rooms, room, use), *_area_in_words(room, use, least)] for room, use in used]
    parts = ['<h3>How long one waits where</h3>', _table(
        ['Area', 'Visits', 'Median stay (middle half)', 'Last half hour', 'Usual at this hour',
         'Least busy hours'], rows),
        f'<p>A visit counts from {STAY:g} s in an area. The last half hour is that before '
        + ', '.join(dict.fromkeys(_date(room.now, True) for room in rooms)) + '; its stays are '
        'those that ended in it. The least busy hours are those with the fewest people there, of '
        f'the hours of the day with {least} visits or more.</p><h3>People by hour</h3>',
        f'<div class="plots">{"".join(plots)}</div>' if plots else
        f'<p>Every area has fewer than {least} visits.</p>',
        '<h3>Order of visits</h3><p>How many visits go from the area on the left to the one above '
        'next.</p>']
    for room in rooms:
        names = [f'{number} {use.area.name}' for number, use in enumerate(room.areas, 1)]
        if names:
            parts.append((f'<h4>{html.escape(room.label)}</h4>' if len(rooms) > 1 else '') + _table(
                ['', *names, 'leaves'], [[name, *(f'{n:,}' if n >= least else '' for n in row)]
                                         for name, row in zip(['enters', *names], room.steps)]))
    return ''.join(parts)


def _area_in_words(room: Room, use: AreaUse, least: int) -> List[str]:
    """Visits, median stay, that now and usually at this hour, the least busy hours."""
    if len(use.dwell) < least:
        return [f'fewer than {least}', '', '', '', '']
    recent, usual = waits(room, use)
    people = occupancy(room, use, least)
    quiet = [hour for hour in np.argsort(people, kind='stable')[:3] if np.isfinite(people[hour])]
    return [f'{len(use.dwell):,}', _spread(use.dwell),
            *(_time(np.median(stays)) if len(stays) >= least else f'fewer than {least}'
              for stays in (recent, usual)), _hours(*sorted(quiet))]


def _name(rooms: List[Room], room: Room, use: AreaUse) -> str:
    name = f'{room.areas.index(use) + 1} {use.area.name}'
    return f'{room.label}: {name}' if len(rooms) > 1 else name


def _gaps(room: Room) -> str:
    longest = sorted(room.gaps, key=lambda gap: gap[0] - gap[1])[:FEW]
    return (f'<h3>Lost meanwhile</h3><p>The longest of {len(room.gaps)} gaps.</p>' if
            len(room.gaps) > FEW else '<h3>Lost meanwhile</h3>') + _table(
        ['From', 'For', 'Why'], [[_date(begin, True), _time(end - begin), why]
                                 for begin, end, why in sorted(longest)])


def _hour_axis(axes: Any, room: Room) -> None:
    hours = hours_watched(room)
    for hour in set(range(hours[0], hours[-1])) - set(hours):
        axes.axvspan(hour - 0.5, hour + 0.5, color=GREY, linewidth=0)
    axes.set_xlim(hours[0] - 0.6, hours[-1] + 0.6)
    axes.set_ylim(bottom=0)
    axes.set_xlabel('hour of the day')


def _table(header: List[str], rows: List[List[str]]) -> str:
    def line(tag: str, cells: List[str]) -> str:
        return '<tr>' + ''.join(f'<{tag}>{html.escape(cell)}</{tag}>' for cell in cells) + '</tr>'
    return ('<div class="table"><table>' + line('th', header)
            + ''.join(line('td', row) for row in rows) + '</table></div>')


def _spread(seconds: np.ndarray) -> str:
    low, middle, high = np.percentile(seconds, (25, 50, 75))
    return f'{_time(middle)} ({_time(low)} to {_time(high)})'


def _time(seconds: float) -> str:
    for limit, unit, name in ((90, 1, 's'), (5400, 60, 'min')):
        if seconds < limit:
            return f'{seconds / unit:.{0 if unit == 1 else 1}f} {name}'
    return f'{seconds / 3600:,.1f} h'


def _hours(*hours: int) -> str:
    return ', '.join(f'{hour}-{hour + 1}' for hour in hours) + ' h' * bool(hours)


def _date(seconds: float, exact: bool = False) -> str:
    local = datetime.datetime.fromtimestamp(seconds)
    return f'{local.day} {local:%b %Y %H:%M}' if exact else f'{local.day} {local:%b %Y}'


def _one_color(color: str) -> Any:
    from matplotlib.colors import ListedColormap
    return ListedColormap([color])
