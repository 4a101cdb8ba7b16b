"""What visits do, as it is stored: which activity in which minute, and roughly where. Pure.

Coarse on purpose: no poses, no times but the minute, and a place is a cell of COARSE.
"""
import re
from typing import Any, Dict, Optional, Sequence, Set, Tuple

from posesuite.visits.rows import SECOND
from posesuite.visits.statistics import COARSE

MINUTE = 60 * SECOND  # milliseconds
MAX_STEP = 5 * SECOND  # milliseconds between two frames for which an activity goes on
COUNTED = re.compile(r': \d+$')  # how the label of a counter ends, which stays after the exercise

Rows = Dict[Tuple[int, str], Tuple[int, int, int, int]]
Place = Optional[Sequence[int]]  # x, y, ... in thousandths


class Doing:
    """What the person of one visit does."""

    def __init__(self) -> None:
        self._now: Optional[int] = None
        self._labels: Set[str] = set()  # of the latest frame
        self._counts: Dict[str, Any] = {}  # seconds, times, x, y by activity, of this minute

    def add(self, now: int, labels: Sequence[str], events: Sequence[str],
            place: Place) -> Rows:
        """The rows that a frame adds or changes, without the visit: by minute and activity.

        now: UTC milliseconds. labels: of the person; events: names of those that begin or are
        complete. place: of the person; without one nothing is recorded.
        """
        before, self._now = self._now, now
        if before is None or before // MINUTE != now // MINUTE:
            self._counts = {}
        held = {label for label in labels if not COUNTED.search(label)}
        step = min(now - before, MAX_STEP) if before is not None else 0
        goes_on, self._labels = held & self._labels, held
        changed = set()
        for name, seconds, times in [*((name, step / SECOND, 0) for name in goes_on),
                                     *((name, 0, 1) for name in events)]:
            if name not in self._counts:
                if place is None:
                    continue
                self._counts[name] = [0.0, 0, *cell(place)]
            self._counts[name][0] += max(0, seconds)
            self._counts[name][1] += times
            changed.add(name)
        minute = now // MINUTE * MINUTE
        return {(minute, name): (int(round(seconds)), times, x, y)
                for name, (seconds, times, x, y) in self._counts.items() if name in changed}


def cell(place: Sequence[int]) -> Tuple[int, int]:
    """The cell of a place in thousandths, across and down."""
    return tuple(min(int(share * count // 1000), count - 1)
                 for share, count in zip(place, COARSE))
