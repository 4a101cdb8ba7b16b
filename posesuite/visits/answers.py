"""The report's first lines: answers to what a shop's owner asks, in words.

How many came in today, how long the queue is now, when to come, and where people stop.
"""
import datetime
import time
from typing import List, NamedTuple, Tuple

from posesuite.visits.language import Words
from posesuite.visits.statistics import (
    RECENT,
    AreaUse,
    Room,
    hours_watched,
    seconds_watched,
    sum_by,
    waits,
)

import numpy as np

HOUR, DAY = 3600, 86400  # seconds
ENOUGH = 10  # times min_visits: visits from which on hours can be told apart
LISTED = 3  # places that are listed


class Answer(NamedTuple):
    """An answer. answer: in a few words; more: sentences below it."""
    question: str
    answer: str
    more: List[str]


class Hours(NamedTuple):
    """Hours of the day in a row that together have enough visits."""
    begin: int
    end: int
    people: float  # mean number of people there
    visits: int  # visits that began in them, of all days


class Today(NamedTuple):
    """The last day watched so far, and earlier days up to the same time."""
    begin: float  # seconds since 1970
    visits: int
    usual: float  # mean of the earlier days; NaN without any
    weekday: bool  # whether those are of the same weekday


def answers(words: Words, room: Room, min_visits: int) -> List[Answer]:
    """The answers on one camera's room. It must have min_visits visits."""
    return [_today(words, room, min_visits), _queue(words, room, min_visits),
            _when(words, room, min_visits), _where(words, room, min_visits)]


def too_little(words: Words, room: Room, min_visits: int) -> str:
    """What to say of too few visits and when to come back; an empty text if there are enough."""
    _, visits = words.gettext, len(room.begins)
    if visits >= ENOUGH * min_visits:
        return ''
    if visits < min_visits:
        return _('Too little yet: fewer than %(n)d visits. Come back in a few days.') % {
            'n': min_visits}
    days = (room.now - room.begins.min()) / DAY + 0.1
    back = room.now + DAY * (1 + days * (ENOUGH * min_visits - visits) / visits)
    return words.ngettext(
        'Too little yet for a closer look: %(n)d visit. Come back after %(date)s.',
        'Too little yet for a closer look: %(n)d visits. Come back after %(date)s.', visits) % {
            'n': visits, 'date': words.day(back)}


def today(room: Room) -> Today:
    """How the last day watched compares with the earlier ones."""
    days = day_begins(room)
    elapsed = room.now - days[-1]
    counts, seen = (np.array([np.sum(weights[(times >= day) & (times < day + elapsed)])
                              for day in days])
                    for times, weights in ((room.begins, np.ones(len(room.begins))),
                                           (room.edges[:-1], room.watched)))
    usable = seen[:-1] >= 0.5 * seen[-1]  # the others hardly watched by that time
    same = usable & (np.array([datetime.datetime.fromtimestamp(day).weekday() for day in days[:-1]],
                              int) == datetime.datetime.fromtimestamp(days[-1]).weekday())
    chosen = same if same.any() else usable
    return Today(days[-1], int(counts[-1]), counts[:-1][chosen].mean() if chosen.any() else np.nan,
                 bool(same.any()))


def day_begins(room: Room) -> np.ndarray:
    """The midnights before the days watched, seconds since 1970."""
    return room.edges[np.flatnonzero(np.concatenate([[True], np.diff(room.weekday) != 0]))]


def busy_hours(room: Room, min_visits: int) -> List[Hours]:
    """The hours of the day that were watched, joined until each has min_visits visits."""
    seconds, people, visits = (sum_by(room.hour, 24, values)
                               for values in (room.watched, room.people, room.begun))
    found: List[List[int]] = []
    for hour in hours_watched(room):
        if found and found[-1][1] == hour and visits[slice(*found[-1])].sum() < min_visits:
            found[-1][1] = hour + 1
        else:
            found.append([hour, hour + 1])
    # The last ones may still have too few; those before take them in.
    while len(found) > 1 and visits[slice(*found[-1])].sum() < min_visits and (
            found[-2][1] == found[-1][0]):
        found[-2:] = [[found[-2][0], found[-1][1]]]
    return [Hours(int(begin), int(end), people[begin:end].sum() / seconds[begin:end].sum(),
                  int(visits[begin:end].sum())) for begin, end in found
            if visits[begin:end].sum() >= min_visits]


def day_name(words: Words, moment: float) -> str:
    """'Today', or a date."""
    is_today = datetime.date.fromtimestamp(moment) == datetime.date.today()
    return words.gettext('Today') if is_today else words.day(moment)


def _today(words: Words, room: Room, min_visits: int) -> Answer:
    _, now = words.gettext, today(room)
    few = _('fewer than %(n)d') % {'n': min_visits}
    answer = words.ngettext('%(n)s visit', '%(n)s visits', now.visits) % {
        'n': words.number(now.visits)} if now.visits >= min_visits else few
    more = [_('%(day)s until %(time)s.') % {'day': day_name(words, now.begin),
                                            'time': words.clock(room.now)}]
    if np.isfinite(now.usual) and now.usual >= min_visits:
        day = datetime.datetime.fromtimestamp(now.begin).weekday()
        on = words.weekday(day) if now.weekday else _('a usual day')
        more.append(_('By this time on %(day)s it is usually %(n)s.') % {
            'day': on, 'n': words.number(now.usual)})
    return Answer(_('How many came in today?'), answer, more)


def _queue(words: Words, room: Room, min_visits: int) -> Answer:
    _ = words.gettext
    question = _('How long is the queue now?')
    queues = [use for use in room.areas if getattr(use.area, 'kind', '') == 'queue']
    if not queues:
        return Answer(question, _('not known'), [_(
            'Mark where people queue: anonymizer.py --edit-areas, kind “queue”.')])
    said, more = [], []
    for use in queues:
        people, recent, usual = queue_now(room, use, min_visits)
        name = f'{use.area.name}: ' if len(queues) > 1 else ''
        said.append(name + (_('hardly any') if np.isnan(people) else words.ngettext(
            '%(n)s person', '%(n)s people', round(people)) % {'n': words.rough(round(people))}))
        if np.isnan(people):
            more.append(_('%(area)sfewer than %(n)d people were there in the last half hour.') % {
                'area': name, 'n': min_visits})
        if np.isfinite(recent):
            more.append(_('%(area)swaiting takes %(time)s.') % {
                'area': name, 'time': words.duration(recent)})
        if np.isfinite(usual):
            more.append(_('%(area)susually at this hour: %(time)s.') % {
                'area': name, 'time': words.duration(usual)})
    more = [text[:1].upper() + text[1:] for text in more]
    more.append(_('As of %(moment)s.') % {'moment': words.moment(room.now)})
    return Answer(question, ', '.join(said), more)


def queue_now(room: Room, use: AreaUse, min_visits: int) -> Tuple[float, float, float]:
    """Mean people there in the latest hour, median seconds that people waited in the last half
    hour and usually at its hour. NaN with too few visits.
    """
    slot = max(0, np.searchsorted(room.edges, room.now - RECENT / 2, 'right') - 1)
    enough = use.present[slot] >= min_visits and room.watched[slot] > 0
    people = use.people[slot] / room.watched[slot] if enough else np.nan
    return (people, *(float(np.median(stays)) if len(stays) >= min_visits else np.nan
                      for stays in waits(room, use)))


def _when(words: Words, room: Room, min_visits: int) -> Answer:
    _ = words.gettext
    found = sorted(busy_hours(room, min_visits), key=lambda hours: hours.people)
    if len(found) < 2:
        return Answer(_('When should I come?'), _('not known yet'), [])
    quiet, busy = found[0], found[-1]
    return Answer(_('When should I come?'), words.hours(quiet.begin, quiet.end), [
        _('Quietest, with %(n)s people on average.') % {'n': words.rough(quiet.people)},
        _('Busiest: %(hours)s, with %(n)s people.') % {
            'hours': words.hours(busy.begin, busy.end), 'n': words.rough(busy.people)}])


def _where(words: Words, room: Room, min_visits: int) -> Answer:
    _ = words.gettext
    question = _('Where do people stop?')
    uses = sorted((use for use in room.areas if len(use.dwell) >= min_visits),
                  key=lambda use: -len(use.dwell))[:LISTED]
    if not room.areas:
        return Answer(question, _('see the map'), [_(
            'Name the places: anonymizer.py --edit-areas.')])
    if not uses:
        return Answer(question, _('not known yet'), [])
    return Answer(question, uses[0].area.name, [
        _('%(area)s: %(share)s of the visits, for %(time)s.') % {
            'area': use.area.name, 'share': words.share(len(use.dwell), len(room.begins)),
            'time': words.duration(np.median(use.dwell))} for use in uses])


def is_stale(room: Room) -> bool:
    """Whether the last moment watched is long past."""
    return time.time() - room.now > HOUR


def unwatched(room: Room) -> np.ndarray:
    """Hours of the week that were hardly watched, bool [7, 24]."""
    return seconds_watched(room, room.weekday * 24 + room.hour, 168).reshape(7, 24) == 0
