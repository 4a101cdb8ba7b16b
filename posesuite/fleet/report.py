"""The report on a fleet: a page on all cameras together, and tables of each.

    make_report('s3://museums/fleet', 'fleet.html', csv_folder='tables')

The tables have the names, columns and numbers of those of visits.py report; rows of all cameras
together come first, and their camera is ALL.
"""
import datetime
from typing import Any, Callable, Dict, List, Optional, Sequence

from posesuite.fleet.engines import DUCKDB, Choice, engine_of
from posesuite.fleet.joined import Joined, join
from posesuite.fleet.rooms import Measured, measure_fleet, read_areas
from posesuite.fleet.storage import Storage
from posesuite.language import Words, user_language
from posesuite.visits.blanks import blanked
from posesuite.visits.report import need_jinja, write_page, write_tables
from posesuite.visits.statistics import GRID, occupancy, sum_by, to_milliseconds
from posesuite.visits.tables import COLUMNS, WEEKDAYS, csv_text, iso

import numpy as np

ALL = 'all cameras'
LACKING = {'visits': ['median_speed_m_s'], 'areas': ['median_now_s', 'median_usual_s']}
TABLES = 'visits', 'hours', 'days', 'dwell', 'map', 'areas', 'area_hours'


def make_report(fleet: str, output: str, engine: str = DUCKDB, areas: Optional[str] = None,
                csv_folder: Optional[str] = None, min_visits: int = 5,
                choice: Choice = Choice(), title: str = '',  # noqa: B008
                language: str = '', settings: Optional[Dict[str, str]] = None) -> None:
    """Writes the report on a fleet as an HTML page.

    engine: duckdb, or a master of Spark. areas: an areas.json, see rooms.read_areas.
    csv_folder: for the tables, which replace files of the same names there.
    min_visits: what fewer visits make up is left blank. settings: of the engine.
    Raises OSError, ValueError or ImportError with one line.
    """
    if min_visits < 1:
        raise ValueError(f'min_visits must be 1 or more, got {min_visits}')
    need_jinja()
    storage = Storage(fleet)
    listed = [camera for camera in storage.cameras()
              if not choice.sites or camera.site in choice.sites]
    if not listed:
        raise ValueError(f'{fleet} has no cameras' + (
            f' of {", ".join(choice.sites)}' if choice.sites else ''))
    drawn = read_areas(areas, listed) if areas else []
    with engine_of(engine, storage, choice, settings) as running:
        cameras, quartiles = measure_fleet(running, drawn, maps=csv_folder is not None)
    if not cameras:
        raise ValueError(f'{fleet} has nothing of these days')
    joined = join(cameras, min_visits)
    words = Words(language or user_language())
    write_page(output, words, min_visits, title or fleet.rstrip('/').rsplit('/', 1)[-1],
               joined.room, _facts(words, cameras, joined, quartiles, min_visits),
               _side_by_side(words, cameras, joined, min_visits),
               enough=bool(np.isfinite(joined.visits.all)))
    if csv_folder:
        write_tables(csv_folder, {name: csv_text(rows) for name, rows in tables(
            cameras, joined, quartiles, min_visits).items()})


def tables(cameras: Sequence[Measured], joined: Joined, quartiles: Sequence[float],
           min_visits: int) -> Dict[str, List[List[Any]]]:
    """The rows of each table, its header first."""
    found = {name: [['camera', *COLUMNS[name].split()]] for name in TABLES}
    for table, names in LACKING.items():
        found[table][0] = [name for name in found[table][0] if name not in names]
    room, lost = joined.room, sum(camera.lost for camera in cameras)
    if np.isfinite(joined.visits.all):
        found['visits'].append([
            ALL, int(joined.visits.all), *quartiles, to_milliseconds(room.watched.sum()) / 3600,
            to_milliseconds(lost) / 3600, room.short if room.short >= min_visits else '',
            _mean_people(room), ''])
        found['hours'] += [[ALL, *row] for row in _week(
            room, joined.per_hour.all, joined.people.all)]
        found['days'] += [[ALL, iso(day), n] for day, n in zip(joined.days, joined.by_day.all)]
    for number, camera in enumerate(cameras):
        def add(name: str, *rows: Sequence[Any], label: str = camera.room.label) -> None:
            found[name] += [[label, *row] for row in rows]
        _add_camera(add, camera, joined, number, min_visits)
    return found


def _mean_people(room: Any) -> float:
    watched = to_milliseconds(room.watched.sum())
    return float(to_milliseconds(room.people.sum()) / watched) if watched else np.nan


def _week(room: Any, per_hour: np.ndarray, people: np.ndarray) -> List[List[Any]]:
    watched = sum_by(room.weekday * 24 + room.hour, 168, room.watched) / 3600
    return [[WEEKDAYS[i // 24], i % 24, *row]
            for i, row in enumerate(zip(watched, per_hour, people))]


def _add_camera(add: Callable[..., None], camera: Measured, joined: Joined, number: int,
                min_visits: int) -> None:
    room, shown = camera.room, bool(joined.shown[number])
    nothing = [np.nan] * 3
    add('visits', [camera.visits if shown else '', *(camera.quartiles if shown else nothing),
                   to_milliseconds(room.watched.sum()) / 3600, camera.lost / 3600,
                   room.short if room.short >= min_visits else '',
                   _mean_people(room) if shown else np.nan,
                   float(camera.peak) if shown else np.nan])
    if not shown:
        return
    add('hours', *_week(room, joined.per_hour.each[number], joined.people.each[number]))
    add('days', *([iso(max(day, room.edges[0])), n] for day, n, covered in zip(
        joined.days, joined.by_day.each[number], joined.covers[number]) if covered))
    edges, counts = camera.dwell
    add('dwell', *zip(edges, edges[1:], blanked(counts, min_visits)))
    for row, column in np.argwhere(room.map_visits >= min_visits):
        stand = room.stop_visits[row, column] >= min_visits
        add('map', [(column + 0.5) * 1000 / GRID[0], (row + 0.5) * 1000 / GRID[1],
                    room.map[row, column] / 60, room.stops[row, column] / 60 if stand else ''])
    for use, (stayed, quartiles) in zip(room.areas, camera.areas):
        few = stayed < min_visits
        add('areas', [use.area.name, '' if few else stayed, *(nothing if few else quartiles)])
        use = use._replace(dwell=np.zeros(stayed))
        add('area_hours', *([use.area.name, *row]
                            for row in enumerate(occupancy(room, use, min_visits))))


def _facts(words: Words, cameras: Sequence[Measured], joined: Joined, quartiles: Sequence[float],
           min_visits: int) -> List[str]:
    _, room, facts = words.gettext, joined.room, []
    if np.isfinite(joined.visits.all):
        days = [datetime.date.fromordinal(int(camera.days[i])) for camera in cameras
                for i in (0, -1)]
        begin, end = (datetime.datetime.combine(day, datetime.time()).timestamp()
                      for day in (min(days), max(days)))
        facts.append(words.ngettext(
            '%(n)s visit from %(begin)s to %(end)s.', '%(n)s visits from %(begin)s to %(end)s.',
            int(joined.visits.all)) % {'n': words.number(joined.visits.all),
                                       'begin': words.date(begin), 'end': words.date(end)})
        low, middle, high = map(words.duration, quartiles)
        facts.append(_('The median visit lasts %(middle)s; half of all visits last between '
                       '%(low)s and %(high)s.') % {'middle': middle, 'low': low, 'high': high})
    if len(cameras) > 1:
        facts.append(_('Means are those of one camera.'))
    facts.append(_('Watched for %(time)s.') % {'time': words.duration(room.watched.sum())})
    if room.short:
        facts.append(_('Not counted, because shorter than %(time)s: %(n)s.') % {
            'time': words.duration(room.min_stay), 'n': words.number(room.short) if (
                room.short >= min_visits) else words.fewer_than(min_visits)})
    return facts


def _side_by_side(words: Words, cameras: Sequence[Measured], joined: Joined,
                  min_visits: int) -> List[List[str]]:
    """Name, visits, median visit and time watched, as of a report on stores."""
    return [[camera.room.label, words.number(camera.visits) if shown else
             words.fewer_than(min_visits), words.duration(camera.quartiles[1]) if shown else '',
             words.duration(camera.room.watched.sum())]
            for camera, shown in zip(cameras, joined.shown)]

