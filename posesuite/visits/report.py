"""The report on stored visits: one self-contained page, in words and plots, and its tables as CSV.

    make_report(['hall.db', 'shop.db'], 'report.html', areas='areas.json')

report.html beside this file is the page's template, plots.py draws its plots.
"""
import datetime
import importlib.util
import os
import time
from typing import Any, Dict, List, Optional, Sequence

from posesuite.files import written_whole
from posesuite.visits.areas import read_areas
from posesuite.visits.measure import measure
from posesuite.visits.statistics import (
    MIN_VISIT,
    STAY,
    AreaUse,
    Room,
    occupancy,
    waits,
    week_rate,
)
from posesuite.visits.tables import WEEKDAYS, csv_tables

import numpy as np

FOLDER = os.path.dirname(os.path.abspath(__file__))
TEMPLATE = 'report.html'
NEEDED = 'matplotlib', 'jinja2'  # packages that only the report needs
MAX_GAPS = 10  # interruptions that are listed
QUIET_HOURS = 3  # hours of an area that are listed
HEADLINE = ['Visits', 'Median visit (middle half)', 'Busiest', 'Least busy', 'Watched',
            'Interruptions']


def make_report(stores: Sequence[str], output: str, areas: Optional[str] = None,
                csv_folder: Optional[str] = None, min_visits: int = 5,
                since: Optional[datetime.datetime] = None,
                until: Optional[datetime.datetime] = None, title: str = '') -> None:
    """Writes the report on some stores, one a camera, as an HTML page.

    areas: an areas.json. csv_folder: for the tables, which replace files of the same names there.
    min_visits: cells, hours and areas with fewer visits are left blank.
    since, until: limits of the visits' begin; without a time zone they are local.
    Raises OSError, ValueError or ImportError with one line.
    """
    missing = [package for package in NEEDED if importlib.util.find_spec(package) is None]
    if missing:
        raise ImportError(f'the report needs {" and ".join(missing)}, which this Python lacks: '
                          f'pip install {" ".join(missing)}')
    if min_visits < 1:
        raise ValueError(f'min_visits must be 1 or more, got {min_visits}')
    rooms = _measure(stores, areas, since, until)
    page = _page(rooms, min_visits, title)
    _write(output, page)
    if csv_folder:
        os.makedirs(csv_folder, exist_ok=True)
        for name, text in csv_tables(rooms, min_visits).items():
            _write(os.path.join(csv_folder, name + '.csv'), text)


def _measure(stores: Sequence[str], areas: Optional[str], since: Optional[datetime.datetime],
             until: Optional[datetime.datetime]) -> List[Room]:
    names = [os.path.basename(store) for store in stores]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f'two stores are called {name}; rename one, because areas and tables '
                             'distinguish stores by their names')
    listed = read_areas(areas, stores) if areas else []
    return [measure(store, os.path.splitext(name)[0],
                    [area for area in listed if area.store == name], since, until)
            for store, name in zip(stores, names)]


def _write(path: str, text: str) -> None:
    # A store's title or a file's name may hold what UTF-8 does not.
    with written_whole(path, errors='replace', newline='') as file:
        file.write(text)


def _page(rooms: List[Room], min_visits: int, title: str) -> str:
    import jinja2
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True)
    return environment.get_template(TEMPLATE).render(
        title=title or 'Visits: ' + ', '.join(room.label for room in rooms),
        zone='/'.join(dict.fromkeys(time.tzname)), min_visits=min_visits, stay=f'{STAY:g}',
        min_visit=f'{MIN_VISIT:g}', headline=HEADLINE,
        side_by_side=[[room.label, *_headline(room, min_visits)] for room in rooms],
        rooms=[_room(room, min_visits) for room in rooms],
        areas=_areas(rooms, min_visits) if any(room.areas for room in rooms) else None)


def _room(room: Room, min_visits: int) -> Dict[str, Any]:
    """The template's values for one camera."""
    from posesuite.visits.plots import room_plots
    facts, plots = _headline(room, min_visits), []
    if len(room.begins) >= min_visits:
        facts[0] += f', {_date(room.begins.min())} to {_date(room.begins.max())}'
        plots = room_plots(room, min_visits)
    longest = sorted(room.gaps, key=lambda gap: gap.begun - gap.ended)[:MAX_GAPS]
    return {'label': room.label, 'plots': plots, 'gap_count': len(room.gaps),
            'facts': [(name, text) for name, text in zip(HEADLINE, facts) if text],
            'gaps': [[_time(gap.begun), _duration(gap.ended - gap.begun), gap.why]
                     for gap in sorted(longest)]}


def _headline(room: Room, min_visits: int) -> List[str]:
    """The values of HEADLINE in words; blank those based on too few visits."""
    watched, gaps = _duration(room.watched.sum()), 'none'
    if room.gaps:
        lost = _duration(sum(gap.ended - gap.begun for gap in room.gaps))
        gaps = f'{len(room.gaps)} ({lost} in all)'
    short = f'{room.short:,}' if room.short >= min_visits else f'fewer than {min_visits}'
    short = f' ({short} under {MIN_VISIT:g} s not counted)' * bool(room.short)
    if len(room.begins) < min_visits:
        return [f'fewer than {min_visits}{short}', '', '', '', watched, gaps]
    week = week_rate(room, min_visits)
    extremes = ['', '']
    if np.isfinite(week).any():
        found = (np.unravel_index(find(week), week.shape) for find in (np.nanargmax, np.nanargmin))
        extremes = [f'{WEEKDAYS[day]} {_hours(hour)} ({week[day, hour]:.1f} visits per hour)'
                    for day, hour in found]
    return [f'{len(room.begins):,}{short}', _spread(room.dwell), *extremes, watched, gaps]


def _areas(rooms: List[Room], min_visits: int) -> Dict[str, Any]:
    """The template's values for the areas of all cameras, side by side."""
    from posesuite.visits.plots import area_plots
    uses = [(_area_name(rooms, room, use), room, use) for room in rooms for use in room.areas]
    return {'rows': [[name, *_area_in_words(room, use, min_visits)] for name, room, use in uses],
            'now': list(dict.fromkeys(_time(room.now) for room in rooms)),
            'plots': area_plots(uses, min_visits),
            'orders': [_order(room, min_visits) for room in rooms if room.areas]}


def _area_name(rooms: List[Room], room: Room, use: AreaUse) -> str:
    name = f'{room.areas.index(use) + 1} {use.area.name}'
    return f'{room.label}: {name}' if len(rooms) > 1 else name


def _area_in_words(room: Room, use: AreaUse, min_visits: int) -> List[str]:
    """Visits, median stay, that in the last half hour and usually at its hour, the quiet hours."""
    few = f'fewer than {min_visits}'
    if len(use.dwell) < min_visits:
        return [few, '', '', '', '']
    recent, usual = (_duration(np.median(stays)) if len(stays) >= min_visits else few
                     for stays in waits(room, use))
    people = occupancy(room, use, min_visits)
    quiet = [hour for hour in np.argsort(people, kind='stable')[:QUIET_HOURS]
             if np.isfinite(people[hour])]
    return [f'{len(use.dwell):,}', _spread(use.dwell), recent, usual, _hours(*sorted(quiet))]


def _order(room: Room, min_visits: int) -> Dict[str, Any]:
    names = [f'{number} {use.area.name}' for number, use in enumerate(room.areas, 1)]
    return {'label': room.label, 'names': names,
            'rows': [[name, *(f'{n:,}' if n >= min_visits else '' for n in row)]
                     for name, row in zip(['enters', *names], room.steps)]}


def _spread(seconds: np.ndarray) -> str:
    low, middle, high = np.percentile(seconds, (25, 50, 75))
    return f'{_duration(middle)} ({_duration(low)} to {_duration(high)})'


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f'{seconds:.0f} s'
    if seconds < 5400:
        return f'{seconds / 60:.1f} min'
    return f'{seconds / 3600:,.1f} h'


def _hours(*hours: int) -> str:
    return ', '.join(f'{hour}-{hour + 1}' for hour in hours) + ' h' * bool(hours)


def _date(seconds: float) -> str:
    local = datetime.datetime.fromtimestamp(seconds)
    return f'{local.day} {local:%b %Y}'


def _time(seconds: float) -> str:
    return f'{_date(seconds)} {datetime.datetime.fromtimestamp(seconds):%H:%M}'
