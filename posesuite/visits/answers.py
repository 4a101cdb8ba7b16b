"""The report's first lines: answers to what a shop's owner asks, in words.

How many came in today, how long the queue is now, when to come, and where people stop.
"""
import datetime
from typing import List, NamedTuple

from posesuite.language import Words
from posesuite.visits import crossings, hours
from posesuite.visits.queues import queue_now
from posesuite.visits.statistics import AreaUse, Room

import numpy as np

DAY = 86400  # seconds
ENOUGH = 10  # times min_visits: visits from which on hours can be told apart
LISTED = 3  # places that are listed


class Answer(NamedTuple):
    """An answer. answer: in a few words; more: sentences below it."""
    question: str
    answer: str
    more: List[str]


def answers(words: Words, room: Room, min_visits: int) -> List[Answer]:
    """The answers on one camera's room. It must have min_visits visits."""
    came = _came_in if room.lines else _visits
    return [came(words, room, min_visits), _queue(words, room, min_visits),
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


def _came_in(words: Words, room: Room, min_visits: int) -> Answer:
    _ = words.gettext
    found = [(line, *crossings.today(room, line, min_visits)) for line in room.lines]
    few = _('fewer than %(n)d') % {'n': min_visits}
    # A total of all lines would tell what is left out of one.
    total = hours.today(room, min_visits, *crossings.came_in(room, [
        line for line, came, _went in found if np.isfinite(came.visits)]))
    more = [_so_far(words, room, total.begin)]
    if np.isfinite(total.visits) and np.isfinite(total.usual):
        more.append(_usual(words, total))
    for line, came, went in found:
        before = _('%(name)s: ') % {'name': line.line.name} if len(found) > 1 else ''
        more.append(before + _('%(came)s in, %(went)s out.') % {
            'came': words.number(came.visits) or few, 'went': words.number(went.visits) or few})
    return Answer(_('How many came in today?'), words.number(total.visits) or few, more)


def _visits(words: Words, room: Room, min_visits: int) -> Answer:
    _, now = words.gettext, hours.today(room, min_visits)
    answer = _('fewer than %(n)d') % {'n': min_visits}
    if np.isfinite(now.visits):
        answer = words.ngettext('%(n)s visit', '%(n)s visits', int(now.visits)) % {
            'n': words.number(now.visits)}
    more = [_so_far(words, room, now.begin)]
    if np.isfinite(now.usual):
        more.append(_usual(words, now))
    return Answer(_('How many came in today?'), answer, more)


def _usual(words: Words, now: hours.Comparison) -> str:
    _, day = words.gettext, datetime.datetime.fromtimestamp(now.begin).weekday()
    return _('On a usual %(day)s by this time: %(n)s.') % {
        'day': words.weekday(day) if now.same_weekday else _('day'),
        'n': words.number(now.usual)}


def _so_far(words: Words, room: Room, begin: float) -> str:
    """Which day that is, which need not be today, and until when."""
    _ = words.gettext
    is_today = datetime.date.fromtimestamp(begin) == datetime.date.today()
    said = _('%(day)s until %(time)s.') % {
        'day': _('Today') if is_today else words.day(begin), 'time': words.clock(room.now)}
    return said[0].upper() + said[1:]


def this_week(words: Words, room: Room, min_visits: int) -> str:
    """This week against the one before, in a sentence; an empty text with too few visits."""
    _, found = words.gettext, hours.this_week(room, min_visits)
    if not (np.isfinite(found.visits) and np.isfinite(found.usual)):
        return ''
    change = found.visits / found.usual - 1
    return _('The week from %(date)s so far: %(n)s visits; the week before by then: %(usual)s '
             '(%(change)s).') % {
                 'date': words.short_date(found.begin), 'n': words.number(found.visits),
                 'usual': words.number(found.usual),
                 'change': ('+' if change > 0 else '−' if change < 0 else '±')
                 + words.share(abs(change))}


def _queue(words: Words, room: Room, min_visits: int) -> Answer:
    _ = words.gettext
    question = _('How long is the queue now?')
    queues = [use for use in room.areas if use.queue is not None]
    if not queues:
        return Answer(question, _('not known'), [_(
            'Mark where people queue: anonymizer.py --edit-areas, kind “queue”.')])
    said, more = [], []
    for use in queues:
        now = queue_now(room, use, min_visits)
        before = _('%(name)s: ') % {'name': use.area.name} if len(queues) > 1 else ''
        if np.isnan(now.people):
            said.append(before + _('hardly any'))
            more.append(before + _('Fewer than %(n)d people in the last half hour.') % {
                'n': min_visits})
        else:
            people = int(round(now.people))
            said.append(before + (words.ngettext('%(n)s person', '%(n)s people', people) % {
                'n': words.number(people)} if people else _('nobody')))
        length = words.metres(now.metres) if now.people > 1 else ''
        for value, text in ((length, _('From first to last: %(value)s.')),
                            (words.duration(now.wait), _('Waiting takes %(value)s.')),
                            (words.duration(now.usual_wait),
                             _('Usual wait at this hour: %(value)s.')),
                            (words.rough(now.usual_people) if now.usual_people >= 0.5 else '',
                             _('Usually in the queue at this hour: %(value)s.'))):
            if value:
                more.append(before + text % {'value': value})
    return Answer(question, ', '.join(said),
                  [*more, _('As of %(moment)s.') % {'moment': words.moment(room.now)}])


def _when(words: Words, room: Room, min_visits: int) -> Answer:
    _, question = words.gettext, words.gettext('When should I come?')
    quiet, busy = hours.quietest(room, min_visits), hours.busiest(room, min_visits)
    if quiet is None or busy is None or np.isnan(busy.people):
        return Answer(question, _('not known yet'), [])
    more = [_('Quietest: fewer than %(n)d visits.') % {'n': min_visits} if np.isnan(quiet.people)
            else _('Quietest, with %(n)s people on average.') % {'n': words.rough(quiet.people)}]
    if busy[:2] != quiet[:2]:
        more.append(_('Busiest: %(hours)s, with %(n)s people.') % {
            'hours': words.hours(*busy[:2]), 'n': words.rough(busy.people)})
    most = hours.peak(room, min_visits)
    if np.isfinite(most.when):
        more.append(_('At most %(n)s at once, on %(moment)s.') % {
            'n': words.number(most.people), 'moment': words.moment(most.when)})
    elif np.isfinite(most.people):
        more.append(_('At most %(n)s at once.') % {'n': words.number(most.people)})
    return Answer(question, words.hours(*quiet[:2]), more)


def _where(words: Words, room: Room, min_visits: int) -> Answer:
    _, question = words.gettext, words.gettext('Where do people stop?')
    if not room.areas:
        return Answer(question, _('see the map'), [_(
            'Name the places: anonymizer.py --edit-areas.')])
    places = [use for use in room.areas if use.queue is None] or room.areas
    uses = sorted((use for use in places if stops(use) >= min_visits),
                  key=lambda use: -stops(use))[:LISTED]
    if not uses:
        return Answer(question, _('not known yet'), [])
    return Answer(question, uses[0].area.name, [
        _place(words, room, use, min_visits) for use in uses])


def _place(words: Words, room: Room, use: AreaUse, min_visits: int) -> str:
    _ = words.gettext
    said = {'area': use.area.name, 'share': words.share(stops(use), len(room.begins))}
    if len(use.dwell) < min_visits:
        return _('%(area)s: %(share)s of the visits.') % said
    return _('%(area)s: %(share)s of the visits, for %(time)s.') % {
        **said, 'time': words.duration(np.median(use.dwell))}


def stops(use: AreaUse) -> int:
    """The number of visits that stop at an area. Who stops at a display need not be in it."""
    stopped = use.attention.stopped
    return int(stopped) if use.area.kind == 'display' and stopped >= 0 else len(use.dwell)


def few_said(words: Words, room: Room, min_visits: int) -> str:
    """Which hours of the day have too few visits, in a sentence; an empty text if none has."""
    found = hours.few_hours(room, min_visits)
    return found and words.gettext('Fewer than %(n)d visits: %(hours)s.') % {
        'n': min_visits, 'hours': ', '.join(words.hours(*pair) for pair in found)} or ''
