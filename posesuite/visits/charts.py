"""Which plots the report has of a room, by the question that they answer."""
import datetime
from typing import List, Optional, Sequence

from posesuite.visits.answers import busy_hours, day_begins, unwatched
from posesuite.visits.language import Words
from posesuite.visits.plots import Bar, Ground, Plot, bars, ground_map, week
from posesuite.visits.statistics import (
    HISTOGRAM_PERCENTILE,
    AreaUse,
    Room,
    count_days,
    dwell_histogram,
    dwell_quartiles,
    hours_watched,
    occupancy,
    week_rate,
)

import numpy as np

DAY = 86400  # seconds
UNSEEN = '–'  # in place of a value where nobody watched


def today_plots(words: Words, room: Room, min_visits: int) -> List[Plot]:
    """Today's visits by hour beside those of a usual day."""
    _ = words.gettext
    last = day_begins(room)[-1]
    mine = room.edges[:-1] >= last
    earlier = ~mine & (room.watched > 0)
    joined = _joined(room.hour[mine & (room.watched > 0)], room.hour[mine], room.begun[mine],
                     min_visits)
    if not joined:
        return []
    days = max(1, len(day_begins(room)) - 1)
    found = [Bar(begin, end, f'{begin}', words.hours(begin, end), [float(visits)], np.nan if (
        not earlier.any()) else room.begun[earlier & (room.hour >= begin)
                                           & (room.hour < end)].sum() / days)
             for begin, end, visits in joined]
    header = [_('Hour'), words.day(last), *([_('usual')] if earlier.any() else [])]
    return [bars(words, _('Visits by hour'), _('Visits that began in each hour of the last day '
                                               'watched.'), found, header)]


def _joined(hours: Sequence[int], labels: np.ndarray, counts: np.ndarray,
            least: int) -> List[List[int]]:
    """Hours in a row, joined until each has enough: begin, end and count of each."""
    found: List[List[int]] = []
    for hour in hours:
        count = int(counts[labels == hour].sum())
        if found and found[-1][2] < least:
            found[-1][1:] = [hour + 1, found[-1][2] + count]
        else:
            found.append([int(hour), int(hour) + 1, count])
    if len(found) > 1 and found[-1][2] < least:
        last = found.pop()
        found[-1][1:] = [last[1], found[-1][2] + last[2]]
    return [hours for hours in found if hours[2] >= least]


def when_plots(words: Words, room: Room, min_visits: int) -> List[Plot]:
    """Hours of the day and of the week, days, weeks."""
    _ = words.gettext
    found = [Bar(hours.begin, hours.end, f'{hours.begin}', words.hours(hours.begin, hours.end),
                 [hours.people]) for hours in busy_hours(room, min_visits)]
    plots = []
    if found:
        plots.append(bars(words, _('How full it is'),
                          _('People there on average, by the hour of the day.'), found,
                          [_('Hour'), _('People')]))
    hours, rate, unseen = hours_watched(room), week_rate(room, min_visits), unwatched(room)
    if 3 * np.isfinite(rate).sum() > (~unseen).sum():
        few = _('<%(n)d') % {'n': min_visits}
        plots.append(week(
            words, _('The week'), _('Visits that begin in an hour.'), hours, rate[:, hours],
            [[UNSEEN if blank else few for blank in row] for row in unseen[:, hours]],
            _('visits an hour')))
    plots += _days(words, room, min_visits)
    return plots


def _days(words: Words, room: Room, min_visits: int) -> List[Plot]:
    _ = words.gettext
    edges, counts = count_days(room)
    if len(counts) < 2:
        return []
    weekly = np.diff(edges).max() > 1.5 * DAY
    few = _('fewer than %(n)d') % {'n': min_visits}
    watched = np.add.reduceat(room.watched, np.searchsorted(room.edges[:-1], edges[:-1])) > 0
    found = [Bar(begin, end, _day_label(words, begin, len(counts)),
                 words.day(begin) if not weekly else words.date(begin),
                 [count if count >= min_visits else np.nan], why_blank=few if seen else UNSEEN)
             for begin, end, count, seen in zip(edges, edges[1:], counts, watched)]
    return [bars(words, _('Visits per week') if weekly else _('Visits per day'),
                 _('No bar: nobody watched. A dot: fewer than %(n)d visits.') % {'n': min_visits},
                 found, [_('Week from') if weekly else _('Day'), _('Visits')])]


def _day_label(words: Words, begin: float, days: int) -> str:
    if days > 7:
        return words.short_date(begin)
    return words.weekday(datetime.datetime.fromtimestamp(begin).weekday(), short=True)


def where_plots(words: Words, room: Room, min_visits: int, ground: Ground) -> List[Plot]:
    """Maps of the picture."""
    _ = words.gettext
    return [
        ground_map(words, _('Where people stop'),
                   _('How long people stood at each place, all together.'), ground, room.stops,
                   room.stop_visits, min_visits, _('Time')),
        ground_map(words, _('Where people are'),
                   _('How long people were at each place, standing or walking.'), ground, room.map,
                   room.map_visits, min_visits, _('Time'))]


def stay_plots(words: Words, room: Room, min_visits: int) -> List[Plot]:
    """How long visits last."""
    _ = words.gettext
    edges, counts = dwell_histogram(room.dwell, min_visits)
    few = _('fewer than %(n)d') % {'n': min_visits}
    found = [Bar(begin / 60, end / 60, words.rough(begin / 60),
                 f'{words.duration(begin)}–{words.duration(end)}', [count], why_blank=few)
             for begin, end, count in zip(edges, edges[1:], counts)]
    plots = [bars(words, _('How long visits last'),
                  _('Visits by their minutes. The line is the median: half of the visits are '
                    'shorter. The longest %(n)d %% are left out.') % {
                        'n': 100 - HISTOGRAM_PERCENTILE}, found,
                  [_('Minutes'), _('Visits')], marks=[np.median(room.dwell) / 60])]
    medians = dwell_quartiles(room, min_visits)[:, 1] / 60
    hours = hours_watched(room)
    if np.isfinite(medians).sum() > 1:
        plots.append(bars(
            words, _('How long visits last, by hour of arrival'),
            _('The median in minutes.'),
            [Bar(hour, hour + 1, f'{hour}', words.hours(hour), [medians[hour]],
                 why_blank=few if hour in hours else UNSEEN)
             for hour in range(hours[0], hours[-1] + 1)], [_('Hour'), _('Minutes')]))
    return plots


def area_plot(words: Words, room: Room, use: AreaUse, name: str, min_visits: int) -> Optional[Plot]:
    """People in an area by the hour of the day; None with too few visits."""
    _ = words.gettext
    people, hours = occupancy(room, use, min_visits), hours_watched(room)
    if not np.isfinite(people).any():
        return None
    few = _('fewer than %(n)d') % {'n': min_visits}
    return bars(words, name, _('People there on average, by the hour of the day.'),
                [Bar(hour, hour + 1, f'{hour}', words.hours(hour), [people[hour]],
                     why_blank=few if hour in hours else UNSEEN)
                 for hour in range(hours[0], hours[-1] + 1)], [_('Hour'), _('People')])
