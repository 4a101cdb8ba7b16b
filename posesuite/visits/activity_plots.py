"""Which plots the report has of what people do: how many, when and where."""
from typing import List, Optional

from posesuite.language import Words
from posesuite.visits.blanks import blanked
from posesuite.visits.charts import hour_bars
from posesuite.visits.maps import Ground, ground_map
from posesuite.visits.plots import UNSEEN, Plot, Share, bars, shares
from posesuite.visits.statistics import ActivityUse, Room

import numpy as np

MAX_SHOWN = 6  # activities with plots of their own


def told_uses(room: Room, min_visits: int) -> List[ActivityUse]:
    """The activities of enough visits."""
    return [use for use in room.activities if use.visits >= max(1, min_visits)]


def activity_plots(words: Words, room: Room, min_visits: int, ground: Ground) -> List[Plot]:
    """All activities of enough visits, and of the commonest when and where they are done."""
    uses = told_uses(room, min_visits)
    if not uses:
        return []
    plots = [_overview(words, room, uses)]
    for use in uses[:MAX_SHOWN]:
        plots += [plot for plot in (_hours(words, room, use, min_visits),
                                    _map(words, use, min_visits, ground)) if plot]
    return plots


def said(words: Words, name: str) -> str:
    """An activity in the page's language, if it is shipped; else as its file calls it."""
    _ = words.gettext
    return {
        'crowding': _('crowding'), 'fall': _('fall'), 'hand raised': _('hand raised'),
        'jumping jack': _('jumping jack'), 'lying': _('lying'), 'plank': _('plank'),
        'plank: hips high': _('plank: hips high'), 'plank: hips low': _('plank: hips low'),
        'sitting': _('sitting'), 'squat': _('squat'), 'standing': _('standing'),
        'raised arms': _('raised arms'), 'tree': _('tree'), 'warrior': _('warrior'),
        'triangle': _('triangle'), 'downward dog': _('downward dog')
    }.get(name, name)


def _overview(words: Words, room: Room, uses: List[ActivityUse]) -> Plot:
    _ = words.gettext
    longest, most = (max(1, *(getattr(use, key) for use in uses)) for key in ('seconds', 'times'))
    found = [Share(said(words, use.name), [
        (use.visits / len(room.begins),
         f'{words.share(use.visits, len(room.begins))} ({words.number(use.visits)})'),
        (use.seconds / longest, words.duration(use.seconds) if use.seconds else UNSEEN),
        (use.times / most, words.number(use.times))]) for use in uses]
    return shares(_('What people do'),
                  _('The visits in which somebody did it, for how long in all, and how often.'),
                  found, [_('Activity'), _('Visits'), _('Time'), _('Number of times')])


def _hours(words: Words, room: Room, use: ActivityUse, min_visits: int) -> Optional[Plot]:
    _, counts = words.gettext, blanked(use.by_hour, min_visits)
    if not np.isfinite(counts).any():
        return None
    return bars(words, said(words, use.name),
                _('Visits in which it was done, by the hour of the day.'),
                hour_bars(words, room, counts, _('fewer than %(n)d') % {'n': min_visits}),
                [_('Hour'), _('Visits')])


def _map(words: Words, use: ActivityUse, min_visits: int, ground: Ground) -> Optional[Plot]:
    _ = words.gettext
    if not ((use.map_visits >= min_visits) & (use.map > 0)).any():
        return None
    return ground_map(words, said(words, use.name), _('For how long it was done at each place.'),
                      ground, use.map, use.map_visits, min_visits, _('Time'))
