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

    Attributes: visit, area, ended, seconds (there, without interruptions).
    """

    def __init__(self, visit: int, area: int, begun: int) -> None:
        self.visit, self.area, self.ended, self.seconds = visit, area, begun, 0.0


class Tally:
    """What happened so far. plan: of this camera.

    Attributes, all of what has not been forgotten: runs, gaps and visits (by their keys in Rows),
    stays (in the order in which they began; those shorter than STAY do not count) and settled (the
    crossings of who cannot come back into sight).
    """

    def __init__(self, plan: Plan) -> None:
        # The number of the area, from 1, at each place in thousandths, counted row by row.
        self._areas = numbered([area.polygon for area in plan.areas]).tobytes()
        self._lines = plan.lines
        self._size = 0, 0  # of the latest picture
        self._walks: Dict[int, _Walk] = {}  # of the visits that go on
        self._tracks: Dict[int, Track] = {}  # by visit, of those whose crossings are not settled
        self.runs: Dict[int, Span] = {}
        self.visits: Dict[int, Span] = {}
        self.gaps: Dict[Tuple[int, int], Span] = {}
        self.settled: List[Crossing] = []
        self.stays: List[Stay] = []

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
            walk = self._walks.get(visit)
            if walk is None:
                walk = self._walks[visit] = _Walk(visit, when)
            self._stay(walk, when, self._area(x, y))
            if self._lines:
                _extend(self._tracks.setdefault(visit, []), Place(when, x, y, height, flags & FEET > 0))

    def crossings(self) -> List[Crossing]:
        """All crossings so far. Who stands on a line may cross it back."""
        return self.settled + self._find()[1]

    def _find(self) -> Tuple[Dict[int, int], List[Crossing]]:
        """The first visit of the person (chains.py) of each track that counts, and the crossings.
        """
        tracks = {visit: track for visit, track in self._tracks.items() if self._counts(visit)}
        if not tracks:
            return {}, []
        index = np.repeat(np.arange(len(tracks)), list(map(len, tracks.values())))
        when, x, y, height, feet = np.array(list(itertools.chain(*tracks.values())), float).T
        points = np.stack([x, y], 1)
        chain = chains(index, when / SECOND, points, height, self._size)
        person = chain[index]
        order = np.lexsort((when, person))
        order = order[on_their_feet(person, feet > 0)[order]]
        found = find_crossings(self._lines, person[order], when[order], points[order],
                               height[order], self._size)
        visits = list(tracks)
        return {visit: visits[first] for visit, first in zip(visits, chain)}, [
            Crossing(round(moment), line, inward, visits[first])
            for line, crossings in enumerate(found) for moment, inward, first in zip(
                crossings.when.tolist(), crossings.inward.tolist(), crossings.visit.tolist())]

    def _counts(self, visit: int) -> bool:
        """Whether a visit is long enough."""
        span = self.visits.get(visit)
        return span is None or span.ended - span.begun >= MIN_VISIT * SECOND

    def _area(self, x: int, y: int) -> Optional[int]:
        """The area of a place in thousandths."""
        number = self._areas[1000 * min(y, 999) + min(x, 999)]
        return number - 1 if number else None

    def _stay(self, walk: '_Walk', when: int, area: Optional[int]) -> None:
        """Counts the time since a person's position before for the area that they were in then."""
        if walk.inside:
            stay = walk.stays[-1]
            stay.seconds += min((when - walk.when) / SECOND, MAX_STEP)
        walk.when, walk.inside = when, area is not None
        if area is None:
            return
        if not walk.stays or walk.stays[-1].area != area:
            while walk.stays and walk.stays[-1].seconds < STAY:  # just passed through
                walk.stays.pop()
            if not walk.stays or walk.stays[-1].area != area:
                walk.stays.append(Stay(walk.visit, area, when))
                self.stays.append(walk.stays[-1])
        walk.stays[-1].ended = when

    def going_on(self, visits: Sequence[int]) -> List[Stay]:
        """The stays that go on, of those whose visits do."""
        return [walk.stays[-1] for walk in map(self._walks.get, visits) if walk and walk.inside]

    def end(self, present: Sequence[int] = (), now: float = math.inf) -> None:
        """Ends all visits but some. now: until when those who are lost from sight may come back."""
        for visit in [visit for visit in self._walks if visit not in present]:
            del self._walks[visit]
        back = {visit for visit, track in self._tracks.items()
                if visit in present or now - track[-1].when <= LOST * SECOND}
        if len(back) == len(self._tracks):
            return
        person, crossings = self._find()
        going_on = {person[visit] for visit in back if visit in person}
        self.settled += [crossing for crossing in crossings if crossing.visit not in going_on]
        self._tracks = {visit: track for visit, track in self._tracks.items()
                        if visit in back or person.get(visit) in going_on}

    def forget(self, before: int) -> None:
        """Forgets what ended before a time."""
        for spans in (self.runs, self.visits, self.gaps):
            for key in [key for key, span in spans.items() if span.ended < before]:
                del spans[key]
        self.settled = [crossing for crossing in self.settled if crossing.when >= before]
        self.stays = [stay for stay in self.stays if stay.ended >= before]

    def shift(self, by: int) -> None:
        """Moves all times, because the clock was set."""
        self.runs, self.visits = (
            {key: Span(span.begun + by, span.ended + by) for key, span in spans.items()}
            for spans in (self.runs, self.visits))
        self.gaps = {(run, begun + by): Span(begun + by, span.ended + by, span.why)
                     for (run, begun), span in self.gaps.items()}
        self.settled = [crossing._replace(when=crossing.when + by) for crossing in self.settled]
        self._tracks = {visit: [place._replace(when=place.when + by) for place in track]
                        for visit, track in self._tracks.items()}
        for stay in self.stays:
            stay.ended += by
        for walk in self._walks.values():
            walk.when += by


class _Walk:
    """Where a visit's person is.

    Attributes: visit, when (of the latest position), inside (whether that is in an area), stays (that do
    not just pass through; the latest one may).
    """

    def __init__(self, visit: int, when: int) -> None:
        self.visit, self.when, self.inside = visit, when, False
        self.stays: List[Stay] = []


def _extend(track: Track, place: Place) -> None:
    """Adds a place to a track; who stands still makes a long one no longer."""
    if len(track) >= LONG and all(
            max(abs(place.x - other.x), abs(place.y - other.y)) <= STILL for other in track[-2:]):
        track[-1] = place
    else:
        track.append(place)
