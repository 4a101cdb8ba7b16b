"""Which plots the report has of when people come and how long they stay."""
import datetime
from typing import List, Optional, Sequence

from posesuite.language import Words
from posesuite.visits import crossings, hours
from posesuite.visits.answers import few_said
from posesuite.visits.blanks import blanked
from posesuite.visits.plots import UNSEEN, Bar, Plot, bars, week
from posesuite.visits.statistics import (
    HISTOGRAM_PERCENTILE,
    AreaUse,
    Crossings,
    Room,
    count_days,
    dwell_histogram,
    dwell_quartiles,
    hours_watched,
    occupancy,
    seconds_watched,
    sum_by,
    week_rate,
)

import numpy as np

DAY = 86400  # seconds
LONG = 180  # seconds of the longest visits from which on they are shown in minutes


def today_plots(words: Words, room: Room, min_visits: int) -> List[Plot]:
    """Today by the hour: in and out of each line, and visits beside the usual ones."""
    _ = words.gettext
    now = hours.today(room, min_visits)
    plots = [_line_hours(words, room, line, now.begin, min_visits) for line in room.lines]
    mine = (room.edges[:-1] >= now.begin) & (room.watched > 0)
    earlier = (room.edges[:-1] < now.begin) & (room.watched > 0)
    if now.same_weekday:
        earlier &= room.weekday == room.weekday[room.edges[:-1] >= now.begin][0]
    counts, before = (sum_by(room.hour[which], 24, room.begun[which]) for which in (mine, earlier))
    usable, days = (np.bincount(room.hour[which], minlength=24) for which in (mine, earlier))
    found = []
    spans = hours.widened(counts, usable > 0, min_visits)
    for (begin, end), visits in zip(spans, blanked(
            [counts[slice(*span)].sum() for span in spans], min_visits)):
        usual = before[begin:end].sum()
        found.append(_hours_bar(
            words, begin, end, [visits / (end - begin)],
            _few(words, min_visits), usual / max(1, days[begin:end].sum()) if (
                usual >= min_visits) else np.nan))
    if any(np.isfinite(bar.values[0]) for bar in found):
        shows_usual = any(np.isfinite(bar.usual) for bar in found)
        plots.append(bars(words, _('Visits by hour'),
                          _('%(day)s: visits that began in an hour.') % {
                              'day': words.day(now.begin)}, found,
                          [_('Hour'), _('Visits an hour'), *([_('usual')] if shows_usual else [])]))
    return [plot for plot in plots if plot]


def _line_hours(words: Words, room: Room, line: Crossings, since: float,
                min_visits: int) -> Optional[Plot]:
    _ = words.gettext
    return _in_and_out(words, _('%(line)s: in and out by hour') % {'line': line.line.name},
                       _('%(day)s: who crossed the line in an hour.') % {'day': words.day(since)}, [
        _hours_bar(words, int(begin), int(end), [way / (end - begin) for way in ways],
                   _few(words, min_visits))
        for begin, end, *ways in crossings.by_hour(room, line, min_visits, since)], _('Hour'))


def _in_and_out(words: Words, title: str, text: str, found: Sequence[Bar],
                axis: str) -> Optional[Plot]:
    _ = words.gettext
    if not any(np.isfinite(value) for bar in found for value in bar.values):
        return None
    return bars(words, title, text, found, [axis, _('in'), _('out')])


def when_plots(words: Words, room: Room, min_visits: int) -> List[Plot]:
    """Hours of the day and of the week, days, weeks."""
    _, few = words.gettext, _few(words, min_visits)
    found = [_hours_bar(words, part.begin, part.end, [part.people], few)
             for part in hours.busy_hours(room, min_visits)]
    plots = []
    if any(np.isfinite(bar.values[0]) for bar in found):
        text = _('People there on average, by the hour of the day.')
        plots.append(bars(words, _('How full it is'),
                          f'{text} {few_said(words, room, min_visits)}', found,
                          [_('Hour'), _('People')]))
    watched, rate = hours_watched(room), week_rate(room, min_visits)
    unseen = seconds_watched(room, room.weekday * 24 + room.hour, 168).reshape(7, 24) == 0
    if 3 * np.isfinite(rate).sum() > (~unseen).sum() and (~unseen).any(1).sum() > 1:
        plots.append(week(
            words, _('The week'), _('Visits that begin in an hour, on average.'), watched,
            rate[:, watched],
            [[UNSEEN if blank else f'<{min_visits}' for blank in row]
             for row in unseen[:, watched]], _('visits an hour')))
    plots += [_line_days(words, room, line, min_visits) for line in room.lines]
    plots.append(_days(words, room, min_visits))
    return [plot for plot in plots if plot]


def _days(words: Words, room: Room, min_visits: int) -> Optional[Plot]:
    _ = words.gettext
    edges, counts = count_days(room, min_visits)
    if len(counts) < 2 or not np.isfinite(counts).any():
        return None
    weekly = np.diff(edges).max() > 1.5 * DAY
    watched = np.add.reduceat(room.watched, np.searchsorted(room.edges[:-1], edges[:-1])) > 0
    found = [Bar(begin, end, _day_label(words, begin, len(counts)),
                 words.date(begin) if weekly else words.day(begin),
                 [count], why_blank=_few(words, min_visits) if seen else UNSEEN)
             for begin, end, count, seen in zip(edges, edges[1:], counts, watched)]
    return bars(words, _('Visits per week') if weekly else _('Visits per day'),
                _('All visits that began in a week.') if weekly else
                _('All visits that began on a day.'), found,
                [_('Week from') if weekly else _('Day'), _('Visits')])


def _line_days(words: Words, room: Room, line: Crossings, min_visits: int) -> Optional[Plot]:
    _, days = words.gettext, crossings.by_day(room, line, min_visits)
    if len(days) < 2:
        return None
    return _in_and_out(words, _('%(line)s: in and out by day') % {'line': line.line.name},
                       _('Who crossed the line on each day.'), [
        Bar(day.begin, day.end, _day_label(words, day.begin, len(days)), words.day(day.begin),
            [day.came, day.went], why_blank=_few(words, min_visits)) for day in days], _('Day'))


def _day_label(words: Words, begin: float, days: int) -> str:
    if days > 7:
        return words.short_date(begin)
    return words.weekday(datetime.datetime.fromtimestamp(begin).weekday(), short=True)


def _few(words: Words, min_visits: int) -> str:
    return words.gettext('fewer than %(n)d') % {'n': min_visits}


def stay_plots(words: Words, room: Room, min_visits: int) -> List[Plot]:
    """How long visits last."""
    _, few = words.gettext, _few(words, min_visits)
    edges, counts = dwell_histogram(room.dwell, min_visits)
    unit, name = (60, _('Minutes')) if edges[-1] > LONG else (1, _('Seconds'))
    found = [Bar(begin / unit, end / unit, '' if begin % unit else words.rough(begin / unit),
                 f'{words.duration(begin)}–{words.duration(end)}', [count], why_blank=few)
             for begin, end, count in zip(edges, edges[1:], counts)]
    plots = []
    if np.isfinite(counts).any():
        plots.append(bars(
            words, _('How long visits last'),
            _('Visits by their duration. The line is the median: half of the visits are shorter. '
              'The longest %(n)d %% are left out.') % {'n': 100 - HISTOGRAM_PERCENTILE}, found,
            [name, _('Visits')], [min(np.median(room.dwell), edges[-1]) / unit], True))
    medians = dwell_quartiles(room, min_visits)[:, 1] / unit
    if np.isfinite(medians).sum() > 1:
        plots.append(bars(words, _('How long visits last, by hour of arrival'),
                          _('The median: half of the visits are shorter.'),
                          _hour_bars(words, room, medians, few), [_('Hour'), name]))
    return plots


def area_plots(words: Words, room: Room, use: AreaUse, min_visits: int) -> List[Plot]:
    """People in an area by the hour of the day; none with too few visits."""
    _, people = words.gettext, occupancy(room, use, min_visits)
    if not np.isfinite(people).any():
        return []
    return [bars(words, use.area.name, _('People there on average, by the hour of the day.'),
                 _hour_bars(words, room, people, _few(words, min_visits)),
                 [_('Hour'), _('People')])]


def _hour_bars(words: Words, room: Room, values: np.ndarray, few: str) -> List[Bar]:
    """A bar for each hour of the day from the first to the last watched. values: [24]."""
    watched = hours_watched(room)
    return [_hours_bar(words, hour, hour + 1, [values[hour]], few if hour in watched else UNSEEN)
            for hour in range(watched[0], watched[-1] + 1)]


def _hours_bar(words: Words, begin: int, end: int, values: Sequence[float], blank: str,
               usual: float = np.nan) -> Bar:
    """A bar of some hours in a row."""
    return Bar(begin, end, f'{begin}' if end == begin + 1 else f'{begin}–{end}',
               words.hours(begin, end), values, usual, blank)
