"""The plots of the report: maps of the image, hours, days, dwell times and paths. Needs Matplotlib.

What users wrote, such as names of areas, stands in a plot's text, never in its image.
"""
import base64
import datetime
import io
from typing import Any, Callable, List, NamedTuple, Tuple

from posesuite.visits.statistics import (
    COARSE,
    DIRECTIONS,
    GRID,
    HISTOGRAM_PERCENTILE,
    AreaUse,
    Room,
    count_days,
    dwell_histogram,
    dwell_quartiles,
    hours_watched,
    occupancy,
    seconds_watched,
    week_rate,
)
from posesuite.visits.tables import WEEKDAYS

import matplotlib
import numpy as np
from matplotlib.colors import ListedColormap, PowerNorm
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, DayLocator
from matplotlib.figure import Figure

BLUE, ORANGE, GREY = '#0072b2', '#d55e00', '#e4e4e4'  # from Okabe and Ito's palette
SIZE, LOW_SIZE = (4.8, 3.3), (4.8, 2.5)  # width and height of plots, inches
MAX_TICKS = 6  # dates beside an axis
MARGIN = 20  # thousandths around what a map shows
STYLE = {'svg.fonttype': 'path', 'font.size': 10, 'axes.spines.top': False,
         'axes.spines.right': False, 'figure.constrained_layout.use': True, 'hatch.linewidth': 0.5}
DAY = 86400  # seconds of a day

Draw = Callable[[Any, Any], None]  # draws into a figure and its axes


class Plot(NamedTuple):
    """A plot on the page."""
    title: str
    text: str  # how to read it
    source: str  # data: URI of an SVG image


def room_plots(room: Room, min_visits: int) -> List[Plot]:
    """The plots of one camera. It must have min_visits visits."""
    period = 'week' if np.diff(count_days(room)[0]).max() > 1.5 * DAY else 'day'
    numbers = ' The numbers mark areas.' if room.areas else ''
    return [
        _plot('Where people are',
              f'Person-minutes in each cell of the image, counted at the feet.{numbers}',
              _map(room, room.map, room.map_visits, min_visits)),
        _plot('Where people stop', 'Person-minutes of people who stand still.',
              _map(room, room.stops, room.stop_visits, min_visits)),
        _plot('Paths', 'Directions in which people walk. A longer arrow stands for more visits.',
              _paths(room, min_visits)),
        _plot('When it is busy',
              'Visits that begin in an hour, while the camera watched. Grey: not watched. White: '
              f'fewer than {min_visits} visits.', _week(room, min_visits)),
        _plot(f'Visits per {period}', f'No bar: not watched, or fewer than {min_visits} visits.',
              _days(room, min_visits)),
        _plot('How long visits last',
              'Solid line: the median. Dotted lines: the middle half of all visits lies between '
              f'them. The longest {100 - HISTOGRAM_PERCENTILE} % of visits and bars of fewer than '
              f'{min_visits} visits are omitted.', _dwell(room, min_visits)),
        _plot('How long visits last, by hour of arrival',
              'Dot: the median. Bar: the middle half of the visits.',
              _dwell_by_hour(room, min_visits))]


def area_plots(uses: List[Tuple[str, Room, AreaUse]], min_visits: int) -> List[Plot]:
    """The hours of areas by name, all at one scale, without those of too few visits."""
    people = [occupancy(room, use, min_visits) for _, room, use in uses]
    top = max([0.0] + [np.nanmax(mean) for mean in people if np.isfinite(mean).any()])
    return [_plot(name, 'Mean number of people there, by the hour of the day.',
                  _occupancy(room, mean, top), LOW_SIZE)
            for (name, room, use), mean in zip(uses, people) if len(use.dwell) >= min_visits]


def _plot(title: str, text: str, draw: Draw, inches: Tuple[float, float] = SIZE) -> Plot:
    with matplotlib.rc_context(STYLE):
        figure, buffer = Figure(inches), io.BytesIO()
        draw(figure, figure.add_subplot())
        figure.savefig(buffer, format='svg', metadata={'Date': None})
    return Plot(title, text, 'data:image/svg+xml;base64,'
                + base64.b64encode(buffer.getvalue()).decode())


def _week(room: Room, min_visits: int) -> Draw:
    def draw(figure: Any, axes: Any) -> None:
        hours = hours_watched(room)
        unwatched = seconds_watched(room, room.weekday * 24 + room.hour, 168).reshape(7, 24) == 0
        span = (hours[0] - 0.5, hours[-1] + 0.5, 6.5, -0.5)
        columns = slice(hours[0], hours[-1] + 1)
        axes.imshow(np.where(unwatched, 0.0, np.nan)[:, columns], extent=span, aspect='auto',
                    cmap=ListedColormap([GREY]))
        image = axes.imshow(week_rate(room, min_visits)[:, columns], extent=span, aspect='auto',
                            cmap='viridis', vmin=0)
        axes.set_yticks(range(7))
        axes.set_yticklabels(WEEKDAYS)
        axes.set_xlabel('hour of the day')
        figure.colorbar(image, ax=axes, label='visits per hour')
    return draw


def _days(room: Room, min_visits: int) -> Draw:
    def draw(_: Any, axes: Any) -> None:
        edges, counts = count_days(room)
        shown = np.where(counts >= min_visits, counts, np.nan)
        begins = [datetime.datetime.fromtimestamp(edge) for edge in edges]
        axes.bar(begins[:-1], shown, np.diff(edges) / DAY * 0.85, align='edge', color=BLUE)
        axes.set_xlim(begins[0], begins[-1])
        axes.xaxis.set_major_locator(DayLocator() if len(counts) <= MAX_TICKS
                                     else AutoDateLocator(maxticks=MAX_TICKS))
        axes.xaxis.set_major_formatter(ConciseDateFormatter(axes.xaxis.get_major_locator()))
        axes.set_ylabel('visits')
    return draw


def _dwell(room: Room, min_visits: int) -> Draw:
    def draw(_: Any, axes: Any) -> None:
        edges, counts = dwell_histogram(room.dwell, min_visits)
        axes.bar(edges[:-1] / 60, counts, np.diff(edges) / 60 * 0.9, align='edge', color=BLUE)
        for value, style in zip(np.percentile(room.dwell, (25, 50, 75)), (':', '-', ':')):
            axes.axvline(value / 60, color=ORANGE, linestyle=style)
        axes.set_xlabel('minutes')
        axes.set_ylabel('visits')
    return draw


def _dwell_by_hour(room: Room, min_visits: int) -> Draw:
    def draw(_: Any, axes: Any) -> None:
        low, middle, high = dwell_quartiles(room, min_visits).T / 60
        axes.vlines(range(24), low, high, BLUE, linewidth=6, alpha=0.4)
        axes.plot(range(24), middle, 'o', color=BLUE)
        _hour_axis(axes, room)
        axes.set_ylabel('minutes')
    return draw


def _occupancy(room: Room, people: np.ndarray, top: float) -> Draw:
    def draw(_: Any, axes: Any) -> None:
        axes.bar(range(24), people, color=BLUE)
        _hour_axis(axes, room)
        axes.set_ylim(0, 1.1 * top or 1)
        axes.set_ylabel('people')
    return draw


def _paths(room: Room, min_visits: int) -> Draw:
    def draw(_: Any, axes: Any) -> None:
        way = np.where(room.flow >= min_visits, room.flow, 0)
        # A direction is shown where it is busier than those beside it.
        way *= (way > np.roll(way, 1, 2)) & (way >= np.roll(way, -1, 2)) & (
            4 * way >= way.max(2, keepdims=True)) & (20 * way >= way.max())
        row, column, direction = np.nonzero(way)
        count = way[row, column, direction]
        angle = direction * 2 * np.pi / DIRECTIONS
        step = np.array(room.size) / COARSE
        length = step.min() * (0.25 + 0.8 * np.sqrt(count / max(1, way.max())))
        # Arrows there and back both keep to their right, so that neither hides the other.
        x = (column + 0.5) * step[0] - 0.15 * step.min() * np.sin(angle)
        y = (row + 0.5) * step[1] + 0.15 * step.min() * np.cos(angle)
        scale = 1000 / np.array(room.size)
        axes.quiver(x * scale[0], y * scale[1], length * np.cos(angle) * scale[0],
                    length * np.sin(angle) * scale[1], angles='xy', scale_units='xy', scale=1,
                    pivot='mid', width=0.006, headwidth=4, headlength=4, headaxislength=3.6,
                    color=BLUE)
        _image_axes(axes, room, min_visits)
    return draw


def _map(room: Room, seconds: np.ndarray, visits: np.ndarray, min_visits: int) -> Draw:
    def draw(figure: Any, axes: Any) -> None:
        # Queues and passages differ a hundredfold in person-minutes: the square root shows both.
        shown = np.where(visits >= min_visits, seconds / 60, np.nan)
        top = np.nanmax(shown) if np.isfinite(shown).any() else 1
        image = axes.imshow(shown, extent=(0, 1000, 1000, 0), cmap='viridis',
                            norm=PowerNorm(0.5, 0, top), interpolation='nearest')
        _image_axes(axes, room, min_visits)
        figure.colorbar(image, ax=axes, label='person-minutes', location='bottom', aspect=40,
                        ticks=top * np.array([0, 1, 4, 9]) / 9,  # evenly spaced square roots
                        format='%d' if top >= 100 else '%.2g')
    return draw


def _image_axes(axes: Any, room: Room, min_visits: int) -> None:
    """Limits axes to the part of the image where people or areas are, and outlines the areas."""
    rows, columns = np.nonzero(room.map_visits >= min_visits)
    corners = [np.stack([columns + side, rows + side], 1) * 1000 / GRID for side in (0, 1)]
    for number, use in enumerate(room.areas, 1):
        outline = np.array(use.area.polygon + use.area.polygon[:1])
        corners.append(outline)
        axes.plot(*outline.T, color=ORANGE, linewidth=1.2)
        axes.annotate(str(number), outline[outline[:, 1].argmin()], (0, 2), color=ORANGE,
                      textcoords='offset points', ha='center', weight='bold', size=12)
    (left, top), (right, bottom) = (end(np.concatenate(corners), 0) for end in (np.min, np.max))
    axes.set(xlim=(left - MARGIN, right + MARGIN), ylim=(bottom + MARGIN, top - 2 * MARGIN),
             xlabel='x (thousandths)', ylabel='y (thousandths)', aspect=room.size[1] / room.size[0])


def _hour_axis(axes: Any, room: Room) -> None:
    """Limits axes to the hours watched, with the others between them in grey."""
    hours = hours_watched(room)
    for hour in set(range(hours[0], hours[-1])) - set(hours):
        axes.axvspan(hour - 0.5, hour + 0.5, color=GREY, linewidth=0)
    axes.set_xlim(hours[0] - 0.6, hours[-1] + 0.6)
    axes.set_ylim(bottom=0)
    axes.set_xlabel('hour of the day')
