"""What an owner sees of a room while the camera runs, as JSON: of today, of the last hours, of now.

    numbers_of(plan, [tally], now, present=[3, 4])

    {"time": "14:03:05", "since": "09:00",                   local; today is counted since then
     "people": 2, "visits": 131,                             there now; begun today
     "came": 128,                                            in today over any line, each once
     "lines": [{"name": "Entrance", "came": 128, "went": 125}],                          today
     "areas": [{"name": "Till", "kind": "queue", "people": 2,
                "waited": 140,              seconds there so far, of who has been there longest
                "lately": 95, "usual": 80}],         medians of the last half hour's stays, today's
     "hours": [{"hour": 13, "visits": 20, "watched": 0.94},          the last ones, and the share
               {"hour": 14, "visits": 2, "watched": 1.0}],                         that was watched
     "camera": {"since": "13:20",                                        has watched since then
                "lost": 200, "gaps": [{"begun": "13:16", "ended": "13:20", "why": "camera lost"}]}}

What is not known is null: people while the camera sees nothing, visits of hours in which it saw
none and hardly watched. So are medians of fewer than MIN_STAYS stays, which might tell how long one
person was there. Counts are exact: the picture that the page shows as well has everybody in it.
"""
import statistics
import time
from typing import Any, Dict, Iterable, List, Optional, Sequence

from posesuite.visits.areas import Plan
from posesuite.visits.rows import SECOND
from posesuite.visits.statistics import MIN_WATCHED, RECENT
from posesuite.visits.tally import Crossing, Span, Stay, Tally

HOURS = 12  # hours that are shown, with the one that goes on
HOUR = 3600 * SECOND
NOT_RUNNING = 'the program was not running'
MIN_STAYS = 5  # least number of stays that have a median
MIN_GAP = 5 * SECOND  # milliseconds; shorter gaps are not worth a word
MAX_GAPS = 5  # latest gaps that are listed


def numbers_of(plan: Plan, tallies: Sequence[Tally], now: int,
               present: Optional[Sequence[int]]) -> Dict[str, Any]:
    """The numbers of a moment, UTC milliseconds; see above.

    tallies: what happened, the last of them under the present recorder.
    present: that recorder's visits that go on; None if the camera sees nothing.
    """
    visits = [visit for tally in tallies for visit in tally.people()]
    runs = sorted(run for tally in tallies for run in tally.runs.values())
    gaps = gaps_of(runs, (gap for tally in tallies for gap in tally.gaps.values()))
    today = midnight(now)
    crossed = [crossing for tally in tallies for crossing in tally.crossings()
               if crossing.when >= today]
    lost = [gap for gap in gaps if gap.ended > today]
    begun = min((run.begun for run in runs if run.ended >= today), default=now)
    return {
        'time': local(now, '%H:%M:%S'), 'since': local(max(today, begun)),
        'people': None if present is None else len(present),
        'visits': sum(visit.begun >= today for visit in visits),
        'came': len({crossing.visit for crossing in crossed if crossing.inward}),
        'lines': _lines(plan, crossed),
        'areas': _areas(plan, tallies, today, now, present),
        'hours': _hours(visits, runs, gaps, now),
        'camera': {'since': local(max([gap.ended for gap in gaps], default=begun), day=today),
                   'lost': seconds(sum(gap.ended - max(gap.begun, today) for gap in lost)),
                   'gaps': [{'begun': local(gap.begun, day=today), 'ended': local(gap.ended),
                             'why': gap.why} for gap in lost[-MAX_GAPS:]]}}


def gaps_of(runs: Sequence[Span], gaps: Iterable[Span]) -> List[Span]:
    """The gaps of MIN_GAP or more within runs and between them, by time. runs: by time."""
    found = [gap for gap in gaps if gap.ended - gap.begun >= MIN_GAP]
    ended = runs[0].begun if runs else 0
    for run in runs:
        if run.begun - ended >= MIN_GAP:
            found.append(Span(ended, run.begun, NOT_RUNNING))
        ended = max(ended, run.ended)
    return sorted(found)


def shown_since(now: int) -> int:
    """The time from which on anything counts, UTC milliseconds."""
    return min(midnight(now), now - HOURS * HOUR)


def midnight(now: int) -> int:
    """When the local day began, UTC milliseconds."""
    date = time.localtime(now / SECOND)[:3]
    return round(time.mktime((*date, 0, 0, 0, 0, 0, -1)) * SECOND)


def local(when: int, form: str = '%H:%M', day: int = 0) -> str:
    """A local time; before `day`, with its date."""
    return time.strftime(('%Y-%m-%d ' if when < day else '') + form,
                         time.localtime(when / SECOND))


def seconds(milliseconds: float) -> int:
    """Whole seconds."""
    return round(milliseconds / SECOND)


def _lines(plan: Plan, crossed: Sequence[Crossing]) -> List[Dict[str, Any]]:
    ways = [(crossing.line, crossing.inward) for crossing in crossed]
    return [{'name': line.name, 'came': ways.count((i, True)), 'went': ways.count((i, False))}
            for i, line in enumerate(plan.lines)]


def _areas(plan: Plan, tallies: Sequence[Tally], today: int, now: int,
           present: Optional[Sequence[int]]) -> List[Dict[str, Any]]:
    ended = [stay for tally in tallies[:-1] for stay in tally.stays()]
    mine = tallies[-1].stays(present or [])
    ongoing = tallies[-1].going_on(present or [], mine)
    ended += [stay for stay in mine if stay not in ongoing]
    ended = [stay for stay in ended if stay.ended >= today]
    found = []
    for i, area in enumerate(plan.areas):
        here = [stay.seconds for stay in ongoing if stay.area == i]
        stays = [stay for stay in ended if stay.area == i]
        found.append({
            'name': area.name, 'kind': area.kind, 'people': None if present is None else len(here),
            'waited': round(max(here)) if here else None,
            'lately': _median([stay for stay in stays if stay.ended > now - RECENT * SECOND]),
            'usual': _median(stays)})
    return found


def _median(stays: Sequence[Stay]) -> Optional[int]:
    """Of the latest stay of each person."""
    latest = {stay.visit: stay.seconds for stay in stays}
    return round(statistics.median(latest.values())) if len(latest) >= MIN_STAYS else None


def _hours(visits: Sequence[Span], runs: Sequence[Span], gaps: Sequence[Span],
           now: int) -> List[Dict[str, Any]]:
    """The last hours, from the first of them that was watched."""
    clock = time.localtime(now / SECOND)
    full = (now // SECOND - 60 * clock.tm_min - clock.tm_sec) * SECOND
    found: List[Dict[str, Any]] = []
    for begin in range(full - (HOURS - 1) * HOUR, full + 1, HOUR):
        end = min(begin + HOUR, now)
        watched = _within(runs, begin, end) - _within(
            [gap for gap in gaps if gap.why != NOT_RUNNING], begin, end)
        count = sum(begin <= visit.begun < begin + HOUR for visit in visits)
        share = watched / max(1, end - begin)
        if watched or count or found:
            found.append({'hour': time.localtime(begin / SECOND).tm_hour,
                          'visits': count if count or share >= MIN_WATCHED else None,
                          'watched': round(share, 2)})
    return found


def _within(spans: Iterable[Span], begin: int, end: int) -> int:
    """Milliseconds of the spans between two times."""
    return sum(max(0, min(span.ended, end) - max(span.begun, begin)) for span in spans)
