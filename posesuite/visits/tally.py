"""Counts what happens in a room while it happens: visits, crossings of lines, stays in areas.

Fed with the rows of recorder.py, it counts what the report will count of them, a second later
instead of a day. No clock, no disk. All times are UTC in milliseconds.

    tally = Tally(plan)
    tally.add(recorder.record(frame, people, clock), (width, height))
"""
import math
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

from posesuite.visits.areas import Line, Plan
from posesuite.visits.crossings import MARGIN
from posesuite.visits.measure import MAX_STEP
from posesuite.visits.rows import SECOND, Rows
from posesuite.visits.statistics import STAY

import cv2
import numpy as np


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


class Stay:
    """A person's stay in an area, given by its index in the plan; it may be interrupted.

    Attributes: area, ended, seconds (there, without interruptions).
    """

    def __init__(self, area: int, begun: int) -> None:
        self.area, self.ended, self.seconds = area, begun, 0.0


class Tally:
    """What happened so far. plan: of this camera.

    Attributes, all of what has not been forgotten: runs, gaps and visits (by their keys in Rows),
    crossings and stays (in the order in which they began; those shorter than STAY do not count).
    """

    def __init__(self, plan: Plan) -> None:
        self._polygons = [np.array(area.polygon, np.float32) for area in plan.areas]
        self._lines = plan.lines
        self._walks: Dict[int, _Walk] = {}  # by visit
        self.runs: Dict[int, Span] = {}
        self.visits: Dict[int, Span] = {}
        self.gaps: Dict[Tuple[int, int], Span] = {}
        self.crossings: List[Crossing] = []
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
        for (visit, when), (x, y, height, *_) in rows['positions'].items():
            walk = self._walks.get(visit)
            if walk is None:
                walk = self._walks[visit] = _Walk(self._lines, when)
            self._stay(walk, when, self._area(x, y))
            self._cross(when, [side.go((x, y), height, size) for side in walk.sides])

    def _cross(self, when: int, inward: List[Optional[bool]]) -> None:
        """Counts crossings: for each line whether it is crossed inward, outward (False) or not."""
        self.crossings += [Crossing(when, line, way) for line, way in enumerate(inward)
                           if way is not None]

    def _area(self, x: float, y: float) -> Optional[int]:
        """The area of a place in thousandths."""
        return next((i for i, polygon in enumerate(self._polygons)
                     if cv2.pointPolygonTest(polygon, (float(x), float(y)), False) >= 0), None)

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

    def end_all_but(self, present: Sequence[int]) -> None:
        """Ends all visits but some."""
        for visit in [visit for visit in self._walks if visit not in present]:
            walk = self._walks.pop(visit)
            self._cross(walk.when, [side.settle() for side in walk.sides])

    def forget(self, before: int) -> None:
        """Forgets what ended before a time."""
        for spans in (self.runs, self.visits, self.gaps):
            for key in [key for key, span in spans.items() if span.ended < before]:
                del spans[key]
        self.crossings = [crossing for crossing in self.crossings if crossing.when >= before]
        self.stays = [stay for stay in self.stays if stay.ended >= before]

    def shift(self, by: int) -> None:
        """Moves all times, because the clock was set."""
        self.runs, self.visits = (
            {key: Span(span.begun + by, span.ended + by) for key, span in spans.items()}
            for spans in (self.runs, self.visits))
        self.gaps = {(run, begun + by): Span(begun + by, span.ended + by, span.why)
                     for (run, begun), span in self.gaps.items()}
        self.crossings = [crossing._replace(when=crossing.when + by)
                          for crossing in self.crossings]
        for stay in self.stays:
            stay.ended += by
        for walk in self._walks.values():
            walk.when += by


class _Walk:
    """How a visit's person walks.

    Attributes: when (of the latest position), inside (whether that is in an area), stays (that do
    not just pass through; the latest one may), sides (one for each line).
    """

    def __init__(self, lines: Sequence[Line], when: int) -> None:
        self.when, self.inside = when, False
        self.stays: List[Stay] = []
        self.sides = [_Side(line) for line in lines]


class _Side:
    """On which side of a line a person is; it counts as find_crossings does."""

    def __init__(self, line: Line) -> None:
        self._line = line.line
        self._latest: Optional[Tuple[float, float]] = None  # pixels to the left of the line, along
        self._inside: Optional[bool] = None  # where the person was clearly
        self._net = 0  # times that their way has met the line since then, those outward subtracted

    def go(self, place: Tuple[float, float], height: float,
           size: Tuple[int, int]) -> Optional[bool]:
        """Whether going to a place crosses the line inward (True), outward (False) or not (None).

        place, height: thousandths. size: of the picture in pixels.
        """
        (x, y), (to_x, to_y) = ((x * size[0] / 1000, y * size[1] / 1000)
                                for x, y in (self._line[0], self._line[1]))
        dx, dy = to_x - x, to_y - y
        x, y = place[0] * size[0] / 1000 - x, place[1] * size[1] / 1000 - y
        length = math.hypot(dx, dy)
        latest, off, along = self._latest, (dy * x - dx * y) / length, (dx * x + dy * y) / length
        self._latest = off, along
        if latest is None:
            return self.settle()
        if (latest[0] > 0) != (off > 0):
            met = latest[1] + latest[0] / (latest[0] - off) * (along - latest[1])
            self._net += (1 if off > 0 else -1) if 0 <= met <= length else 0
        return self.settle() if abs(off) > MARGIN * height * size[1] / 1000 else None

    def settle(self) -> Optional[bool]:
        """As go, if the person's latest place counts as clearly on its side, as the first and last
        ones do.
        """
        inside = self._latest is not None and self._latest[0] > 0
        crosses = self._inside is not None and inside != self._inside and self._net != 0
        self._inside, self._net = inside, 0
        return inside if crosses else None
