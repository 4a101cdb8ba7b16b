"""Counts what happens in a room while it happens: visits, crossings of lines, stays in areas.

Fed with the rows of recorder.py, it counts what the report will count of them, a second later
instead of a day. No clock, no disk. All times are UTC in milliseconds.

    tally = Tally(plan)
    tally.add(recorder.record(frame, people, clock), (width, height))
"""
import itertools
import math
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

from posesuite.visits.areas import Plan
from posesuite.visits.chains import LOST, chains
from posesuite.visits.crossings import find_crossings
from posesuite.visits.measure import MAX_STEP
from posesuite.visits.polygons import numbered
from posesuite.visits.rows import FEET, SECOND, Rows
from posesuite.visits.statistics import MIN_VISIT, STAY
from posesuite.visits.walking import on_their_feet

import numpy as np

LONG = 1000  # places of a track that is long
# Seconds after which nobody can go on: who comes back counts after MIN_VISIT, at a position.
SETTLED = LOST + MIN_VISIT + 1
STILL = 10  # thousandths; who is nearer to both latest places of their track stands still


class Span(NamedTuple):
    """A time, and what was the matter."""
    begun: int
    ended: int
    why: str = ''


class Crossing(NamedTuple):
    """A person crossed a line, given by its index in the plan. visit: the person's first one."""
    when: int
    line: int
    inward: bool
    visit: int = 0


class Place(NamedTuple):
    """Where a person's feet are, and how tall the person is, in thousandths. feet: whether they
    are seen.
    """
    when: int
    x: int
    y: int
    height: int
    feet: bool


Track = List[Place]


class Stay:
    """A person's stay in an area, given by its index in the plan; it may be interrupted.

    Attributes: visit, area, begun, ended, seconds (there, without interruptions) and lasts (whether
    the visit's latest position is there).
    """

    def __init__(self, visit: int, area: int, begun: int) -> None:
        self.visit, self.area, self.begun, self.ended = visit, area, begun, begun
        self.seconds, self.lasts = 0.0, True


class Tally:
    """What happened so far. plan: of this camera.

    Attributes, all of what has not been forgotten: runs, gaps and visits (by their keys in Rows).
    """

    def __init__(self, plan: Plan) -> None:
        # The number of the area, from 1, at each place in thousandths, counted row by row.
        self._areas = numbered([area.polygon for area in plan.areas]).tobytes()
        self._lines = plan.lines
        self._size = 0, 0  # of the latest picture
        self._tracks: Dict[int, Track] = {}  # by visit, of those whose persons are not settled
        self._latest: Dict[int, Stay] = {}  # of the same visits
        self._stays: List[Stay] = []  # in the order in which they began, as they are seen
        self._persons: Dict[int, int] = {}  # the first visit of the person, by visit, if settled
        self._settled: List[Crossing] = []  # of who cannot come back into sight
        self._found: Optional[Tuple[Dict[int, int], List[Crossing]]] = None  # latest of _find
        self.runs: Dict[int, Span] = {}
        self.visits: Dict[int, Span] = {}
        self.gaps: Dict[Tuple[int, int], Span] = {}

    def add(self, rows: Rows, size: Tuple[int, int]) -> None:
        """Counts rows, the positions of each visit in the order of time.

        size: width and height in pixels of the picture that they are of.
        """
        for run, (begun, ended, *_) in rows['runs'].items():
            self.runs[run] = Span(begun, ended)
        for (run, begun), (ended, why) in rows['gaps'].items():
            self.gaps[run, begun] = Span(begun, ended, why)
        for visit, (_, begun, ended) in rows['visits'].items():
            self.visits[visit] = Span(begun, ended)
        self._size = size
        for (visit, when), (x, y, height, flags) in rows['positions'].items():
            track = self._tracks.setdefault(visit, [])
            self._stay(visit, track[-1].when if track else when, when, self._area(x, y))
            _extend(track, Place(when, x, y, height, flags & FEET > 0))
        if rows['visits'] or rows['positions']:
            self._found = None

    def people(self) -> List[Span]:
        """The visits that count so far, those of each person joined as by chains.py."""
        persons, spans = self._all_persons(), {}
        for visit, span in self.visits.items():
            person = persons.get(visit, visit)
            other = spans.get(person, span)
            spans[person] = Span(min(span.begun, other.begun), max(span.ended, other.ended))
        return [span for span in spans.values() if _counts(span)]

    def crossings(self) -> List[Crossing]:
        """All crossings so far. Who stands on a line may cross it back."""
        return self._settled + self._find()[1]

    def stays(self, going_on: Sequence[int] = ()) -> List[Stay]:
        """The stays of STAY or more of each person in each area; of visits that go on, the latest
        one may be shorter. Their visits are the persons' first.
        """
        persons, found = self._all_persons(), []
        present = {persons.get(visit, visit) for visit in going_on}
        parts: Dict[int, List[Stay]] = {}
        for stay in self._stays:
            parts.setdefault(persons.get(stay.visit, stay.visit), []).append(stay)
        for person, stays in parts.items():
            stays = _joined(person, stays)
            latest = stays[-1:] if person in present else []
            found += _joined(person, [stay for stay in stays
                                      if stay.seconds >= STAY or stay in latest])
        return found

    def going_on(self, visits: Sequence[int], stays: Sequence[Stay]) -> List[Stay]:
        """Those of some stays that go on, if some visits do."""
        persons = self._all_persons()
        there = {persons[visit] for visit in visits
                 if visit in self._latest and self._latest[visit].lasts}
        return list({stay.visit: stay for stay in stays if stay.visit in there}.values())

    def _all_persons(self) -> Dict[int, int]:
        return {**self._persons, **self._find()[0]}

    def _find(self) -> Tuple[Dict[int, int], List[Crossing]]:
        """The first visit of the person of each track, and the crossings of those that count."""
        if self._found is None:
            self._found = self._find_now() if self._tracks else ({}, [])
        return self._found

    def _find_now(self) -> Tuple[Dict[int, int], List[Crossing]]:
        spans = {visit: self.visits.get(visit, Span(track[0].when, track[-1].when))
                 for visit, track in self._tracks.items()}
        visits = [visit for visit in self._tracks if _counts(spans[visit])]
        persons = {visit: visit for visit in self._tracks}
        if not visits:
            return persons, []
        tracks = [self._tracks[visit] for visit in visits]
        index = np.repeat(np.arange(len(visits)), list(map(len, tracks)))
        when, x, y, height, feet = np.array(list(itertools.chain(*tracks)), float).T
        points = np.stack([x, y], 1)
        chain = chains(index, when / SECOND, points, height, self._size, feet > 0)
        persons.update((visit, visits[first]) for visit, first in zip(visits, chain))
        person = chain[index]
        order = np.lexsort((when, person))
        order = order[on_their_feet(person, feet > 0)[order]]
        found = find_crossings(self._lines, person[order], when[order], points[order],
                               height[order], self._size)
        return persons, [
            Crossing(round(moment), line, inward, visits[first])
            for line, crossings in enumerate(found) for moment, inward, first in zip(
                crossings.when.tolist(), crossings.inward.tolist(), crossings.visit.tolist())]

    def _area(self, x: int, y: int) -> Optional[int]:
        """The area of a place in thousandths."""
        number = self._areas[1000 * min(y, 999) + min(x, 999)]
        return number - 1 if number else None

    def _stay(self, visit: int, before: int, when: int, area: Optional[int]) -> None:
        """Counts the time since a person's position before for the area that they were in then."""
        stay = self._latest.get(visit)
        if stay and stay.lasts:
            stay.seconds += min((when - before) / SECOND, MAX_STEP)
            stay.lasts = False
        if area is None:
            return
        if stay is None or stay.area != area:
            stay = self._latest[visit] = Stay(visit, area, when)
            self._stays.append(stay)
        stay.ended, stay.lasts = when, True

    def end(self, present: Sequence[int] = (), now: float = math.inf) -> None:
        """Ends all visits but some. now: until when those who are lost from sight may come back."""
        back = {visit for visit, track in self._tracks.items()
                if visit in present or now - track[-1].when <= SETTLED * SECOND}
        if len(back) == len(self._tracks):
            return
        persons, crossings = self._find()
        going_on = {persons[visit] for visit in back}
        self._settled += [crossing for crossing in crossings if crossing.visit not in going_on]
        for visit in [visit for visit in self._tracks if persons[visit] not in going_on]:
            self._persons[visit] = persons[visit]
            del self._tracks[visit]
            self._latest.pop(visit, None)
        self._found = None

    def forget(self, before: int) -> None:
        """Forgets what ended before a time."""
        for spans in (self.runs, self.visits, self.gaps):
            for key in [key for key, span in spans.items() if span.ended < before]:
                del spans[key]
        self._persons = {visit: person for visit, person in self._persons.items()
                         if visit in self.visits}
        self._settled = [crossing for crossing in self._settled if crossing.when >= before]
        self._stays = [stay for stay in self._stays if stay.ended >= before]

    def shift(self, by: int) -> None:
        """Moves all times, because the clock was set."""
        self.runs, self.visits = (
            {key: Span(span.begun + by, span.ended + by) for key, span in spans.items()}
            for spans in (self.runs, self.visits))
        self.gaps = {(run, begun + by): Span(begun + by, span.ended + by, span.why)
                     for (run, begun), span in self.gaps.items()}
        self._settled = [crossing._replace(when=crossing.when + by) for crossing in self._settled]
        self._tracks = {visit: [place._replace(when=place.when + by) for place in track]
                        for visit, track in self._tracks.items()}
        for stay in self._stays:
            stay.begun += by
            stay.ended += by
        self._found = None


def _counts(span: Span) -> bool:
    return span.ended - span.begun >= MIN_VISIT * SECOND


def _joined(visit: int, stays: Sequence[Stay]) -> List[Stay]:
    """The stays of a person by time, those in the same area one after the other as one."""
    found: List[Stay] = []
    for stay in stays:
        if found and found[-1].lasts:  # lost from sight there, until this one began
            found[-1].seconds += min((stay.begun - found[-1].ended) / SECOND, MAX_STEP)
            found[-1].lasts = False
        if not found or found[-1].area != stay.area:
            found.append(Stay(visit, stay.area, stay.begun))
        found[-1].seconds += stay.seconds
        found[-1].ended, found[-1].lasts = stay.ended, stay.lasts
    return found


def _extend(track: Track, place: Place) -> None:
    """Adds a place to a track; who stands still makes a long one no longer."""
    if len(track) >= LONG and all(
            max(abs(place.x - other.x), abs(place.y - other.y)) <= STILL for other in track[-2:]):
        track[-1] = place
    else:
        track.append(place)
