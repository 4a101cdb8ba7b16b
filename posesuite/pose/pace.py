"""How often a source's frames come, from their own times, and what that means for who is lost."""
import logging
import statistics
from collections import deque
from typing import Deque, Optional

LOGGER = logging.getLogger(__name__)

MAX_GAP = 2.0  # seconds between frames; after a longer gap nobody is known any more
MEMORY = 1.2  # seconds for which somebody is known who is not seen
# The same in steps of a source that is slow: one frame may be missing, or a person in it.
GAP_STEPS = MEMORY_STEPS = 2.5
SLOWEST = 10.0  # seconds between frames; nobody is followed over more
RARE = 1.0  # seconds between frames over which people who walk are not followed reliably
STEPS = 5  # latest steps whose median is the source's pace


class Pace:
    """The pace of one source, which says once if its frames come too rarely to follow people."""

    def __init__(self) -> None:
        self._steps: Deque[float] = deque(maxlen=STEPS)  # seconds
        self._said = False

    def add(self, step: float) -> bool:
        """Adds the seconds since the frame before. False if they are a gap, or time went back."""
        usual = self._usual
        if step > 0:
            self._steps.append(step)
        pace = self._usual
        if not self._said and len(self._steps) == STEPS and pace and pace > RARE:
            self._said = True
            LOGGER.warning('frames come %.1f s apart, too rarely to follow people who move: '
                           'their numbers may change', pace)
        longest = SLOWEST if usual is None else min(SLOWEST, max(MAX_GAP, GAP_STEPS * usual))
        return 0 <= step <= longest

    @property
    def memory(self) -> float:
        """Seconds for which somebody is known who is not seen."""
        return max(MEMORY, MEMORY_STEPS * min(self._usual or 0.0, SLOWEST))

    @property
    def _usual(self) -> Optional[float]:
        return statistics.median(self._steps) if self._steps else None
