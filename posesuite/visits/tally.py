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
from posesuite.visits.rows import SECOND, Rows
from posesuite.visits.statistics import STAY

import numpy as np

LONG = 1000  # places of a track that is long
STILL = 10  # thousandths; who is nearer to both latest places of their track stands still


class Span(NamedTuple):
    """A time, and what was the matter."""
    begun: int
    ended: int
    why: str = ''


class Crossing(NamedTuple):
    """A person crossed a line, given by its index in the plan."""
    when: int
    line: int
    inward: bool


class Place(NamedTuple):
    """Where a person's feet are, and how tall the person is, in thousandths."""
    when: int
    x: int
    y: int
    height: int


Track = List[Place]


class Stay:
    """A person's stay in an area, given by its index in the plan; it may be interrupted.

    Attributes: area, ended, seconds (there, without interruptions).
    """

    def __init__(self, area: int, begun: int) -> None:
        self.area, self.ended, self.seconds = area, begun, 0.0


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
        for (visit, when), (x, y, height, *_) in rows['positions'].items():
            walk = self._walks.get(visit)
            if walk is None:
                walk = self._walks[visit] = _Walk(when)
            self._stay(walk, when, self._area(x, y))
            if self._lines:
                _extend(self._tracks.setdefault(visit, []), Place(when, x, y, height))

    def crossings(self) -> List[Crossing]:
        """All crossings so far. Who stands on a line may cross it back."""
        return self.settled + [crossing for _, crossing in self._find()[1]]

    def _find(self) -> Tuple[List[int], List[Tuple[int, Crossing]]]:
        """The number of each track's chain (chains.py), and the crossings with those of theirs."""
        if not self._tracks:
            return [], []
        visit = np.repeat(np.arange(len(self._tracks)), list(map(len, self._tracks.values())))
        when, x, y, height = np.array(list(itertools.chain(*self._tracks.values())), float).T
        points = np.stack([x, y], 1)
        chain = chains(visit, when / SECOND, points, height, self._size)
        order = np.lexsort((when, chain[visit]))
        found = find_crossings(self._lines, chain[visit][order], when[order], points[order],
                               height[order], self._size)
        return chain.tolist(), [
            (number, Crossing(round(moment), line, inward))
            for line, crossings in enumerate(found) for number, moment, inward in zip(
                crossings.visit.tolist(), crossings.when.tolist(), crossings.inward.tolist())]

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
                walk.stays.append(Stay(area, when))
                self.stays.append(walk.stays[-1])
        walk.stays[-1].ended = when

    def going_on(self, visits: Sequence[int]) -> List[Stay]:
        """The stays that go on, of those whose visits do."""
        return [walk.stays[-1] for walk in map(self._walks.get, visits) if walk and walk.inside]

    def end(self, present: Sequence[int] = (), now: float = math.inf) -> None:
        """Ends all visits but some. now: until when those who are lost from sight may come back."""
        for visit in [visit for visit in self._walks if visit not in present]:
            del self._walks[visit]
        back = [visit in present or now - track[-1].when <= LOST * SECOND
                for visit, track in self._tracks.items()]
        if all(back):
            return
        chain, crossings = self._find()
        going_on = {number for number, may_be in zip(chain, back) if may_be}
        self.settled += [crossing for number, crossing in crossings if number not in going_on]
        self._tracks = {visit: track for number, (visit, track) in zip(chain, self._tracks.items())
                        if number in going_on}

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

    Attributes: when (of the latest position), inside (whether that is in an area), stays (that do
    not just pass through; the latest one may).
    """

    def __init__(self, when: int) -> None:
        self.when, self.inside = when, False
        self.stays: List[Stay] = []


def _extend(track: Track, place: Place) -> None:
    """Adds a place to a track; who stands still makes a long one no longer."""
    if len(track) >= LONG and all(
            max(abs(place.x - other.x), abs(place.y - other.y)) <= STILL for other in track[-2:]):
        track[-1] = place
    else:
        track.append(place)
