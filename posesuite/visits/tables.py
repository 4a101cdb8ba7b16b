"""The tables of the report on stored visits, as CSV."""
import csv
import datetime
import io
from typing import Any, Callable, Dict, List, Sequence

from posesuite.visits import crossings, hours
from posesuite.visits.activity_plots import told_uses
from posesuite.visits.attention import stages
from posesuite.visits.blanks import blanked
from posesuite.visits.queues import queue_now
from posesuite.visits.routes import shown
from posesuite.visits.statistics import (
    COARSE,
    DIRECTIONS,
    GRID,
    Room,
    count_days,
    dwell_histogram,
    occupancy,
    quartiles,
    rate,
    sum_by,
    to_milliseconds,
    waits,
    week_rate,
)

import numpy as np

WEEKDAYS = ('Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun')
COLUMNS = {  # names of each table's columns after the first, 'camera'
    'visits': 'visits first_quartile_s median_s third_quartile_s watched_h lost_h short_visits '
              'mean_people peak_people median_speed_m_s',
    'hours': 'weekday hour watched_h visits_per_hour mean_people',
    'days': 'begin visits',
    'dwell': 'from_s to_s visits',
    'map': 'x_thousandths y_thousandths person_minutes standing_person_minutes',
    'paths': 'x_thousandths y_thousandths degrees_clockwise visits',
    'areas': 'area visits first_quartile_s median_s third_quartile_s median_now_s median_usual_s',
    'area_hours': 'area hour mean_people',
    'order': 'from to visits',
    'attention': 'area passed stopped faced reached stopped_share faced_share reached_share',
    'activities': 'activity visits seconds times share',
    'activity_hours': 'activity hour visits',
    'activity_areas': 'activity area visits',
    'activity_map': 'activity x_thousandths y_thousandths seconds',
    'queues': 'area people_now people_usual metres_now metres_usual wait_now_s wait_usual_s',
    'lines': 'line day came_in went_out',
    'line_hours': 'line from_hour to_hour came_in went_out',
    'doors': 'door x_thousandths y_thousandths entered left',
    'routes': 'from to visits share way',
    'busy_hours': 'from_hour to_hour visits mean_people',
    'compared': 'what begin so_far usual compared_with',
    'gaps': 'begin seconds why'}


def csv_tables(rooms: List[Room], min_visits: int) -> Dict[str, str]:
    """What the report shows, as the text of a CSV file by the table's name.

    The first row names the columns. Cells, hours and areas with fewer than `min_visits` visits are
    left blank, as in the report.
    """
    return {name: csv_text(rows) for name, rows in _tables(rooms, min_visits).items()}


def csv_text(rows: Sequence[Sequence[Any]]) -> str:
    """Rows as CSV: NaN is blank, and no text is a formula of a spreadsheet."""
    text = io.StringIO()
    csv.writer(text, lineterminator='\n').writerows(
        [[_cell_text(value) for value in row] for row in rows])
    return text.getvalue()


def _tables(rooms: List[Room], min_visits: int) -> Dict[str, List[List[Any]]]:
    tables = {name: [['camera', *columns.split()]] for name, columns in COLUMNS.items()}
    for room in rooms:
        def add(name: str, *rows: Sequence[Any], label: str = room.label) -> None:
            tables[name] += [[label, *row] for row in rows]
        few = len(room.begins) < min_visits
        add('visits', ['' if few else len(room.begins), *quartiles(room.dwell, min_visits),
                       to_milliseconds(room.watched.sum()) / 3600,
                       to_milliseconds(sum(gap.ended - gap.begun for gap in room.gaps)) / 3600,
                       room.short if room.short >= min_visits else '',
                       hours.mean_people(room, min_visits), hours.peak(room, min_visits).people,
                       quartiles(room.speed[np.isfinite(room.speed)], min_visits)[1]])
        add('gaps', *([iso(gap.begun), gap.ended - gap.begun, gap.why] for gap in room.gaps))
        if few:
            continue
        hour = room.weekday * 24 + room.hour
        add('hours', *([WEEKDAYS[i // 24], i % 24, *row] for i, row in enumerate(zip(
            sum_by(hour, 168, room.watched) / 3600, week_rate(room, min_visits).ravel(),
            rate(room, room.people, room.present, hour, 168, min_visits, 7)))))
        add('days', *([iso(edge), n] for edge, n in zip(*count_days(room, min_visits))))
        edges, counts = dwell_histogram(room.dwell, min_visits)
        add('dwell', *zip(edges, edges[1:], counts))
        for row, column in np.argwhere(room.map_visits >= min_visits):
            stand = room.stop_visits[row, column] >= min_visits
            add('map', [(column + 0.5) * 1000 / GRID[0], (row + 0.5) * 1000 / GRID[1],
                        room.map[row, column] / 60, room.stops[row, column] / 60 if stand else ''])
        for row, column, direction in np.argwhere(room.flow >= min_visits):
            add('paths', [(column + 0.5) * 1000 / COARSE[0], (row + 0.5) * 1000 / COARSE[1],
                          direction * 360 / DIRECTIONS, room.flow[row, column, direction]])
        names = [use.area.name for use in room.areas]
        for use in room.areas:
            few = len(use.dwell) < min_visits
            add('areas', [use.area.name, '' if few else len(use.dwell),
                          *quartiles(use.dwell, min_visits),
                          *(quartiles(stays, min_visits)[1] for stays in waits(room, use))])
            add('area_hours', *([use.area.name, *row]
                                for row in enumerate(occupancy(room, use, min_visits))))
        _add_ways(add, room, min_visits)
        _add_times(add, room, min_visits)
        _add_activities(add, room, min_visits)
        if names:
            add('order', *([['', *names][i], [*names, ''][j], n]
                           for (i, j), n in np.ndenumerate(blanked(room.steps, min_visits))))
    return tables


def _add_ways(add: Callable[..., None], room: Room, min_visits: int) -> None:
    """Attention, queues, lines, doors and routes."""
    for use in room.areas:
        found = stages(room, use, min_visits)
        add('attention', [use.area.name, *(stage.visits for stage in found),
                          *(stage.share for stage in found[1:])])
        if use.queue is not None:
            add('queues', [use.area.name, *queue_now(room, use, min_visits)])
    for line in room.lines:
        add('lines', *([line.line.name, iso(part.begin)[:10], part.came, part.went]
                       for part in crossings.by_day(room, line, min_visits)))
        add('line_hours', *([line.line.name, *part]
                            for part in crossings.by_hour(room, line, min_visits)))
    doors = room.routes.doors
    ends = [blanked([door[i] for door in doors], min_visits) for i in (2, 3)]
    add('doors', *([door.name, *door.point, *counts] for door, *counts in zip(doors, *ends)))
    add('routes', *([doors[route.origin].name, doors[route.goal].name, route.visits, route.share,
                     ' '.join(f'{x:.0f},{y:.0f}' for x, y in route.path)]
                    for route in shown(room.routes, min_visits).routes))


def _add_activities(add: Callable[..., None], room: Room, min_visits: int) -> None:
    """What people do, of enough visits."""
    for use in told_uses(room, min_visits):
        add('activities', [use.name, use.visits, use.seconds, use.times,
                           use.visits / len(room.begins)])
        add('activity_hours', *([use.name, *row]
                                for row in enumerate(blanked(use.by_hour, min_visits))))
        add('activity_areas', *([use.name, area.area.name, visits] for area, visits in zip(
            room.areas, blanked(use.places, min_visits))))
        for row, column in np.argwhere(use.map_visits >= min_visits):
            add('activity_map', [use.name, (column + 0.5) * 1000 / COARSE[0],
                                 (row + 0.5) * 1000 / COARSE[1], use.map[row, column]])


def _add_times(add: Callable[..., None], room: Room, min_visits: int) -> None:
    """Busy hours, today and this week."""
    add('busy_hours', *([part.begin, part.end, part.visits, part.people]
                        for part in hours.busy_hours(room, min_visits)))
    day, week = hours.today(room, min_visits), hours.this_week(room, min_visits)
    for what, found, unit in (('day', day, 'of this weekday' if day.same_weekday else 'days'),
                              ('week', week, 'weeks')):
        add('compared', [what, iso(found.begin), found.visits, found.usual,
                         f'{found.others} {unit}'])


def _cell_text(value: Any) -> Any:
    """A table's value; a text that a spreadsheet would run as a formula gets a quote before it."""
    if isinstance(value, float):
        return '' if np.isnan(value) else f'{value:.6g}'
    return "'" + value if isinstance(value, str) and value[:1] in '=+-@\t' and value else value


def iso(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(seconds).isoformat(' ', 'minutes')
