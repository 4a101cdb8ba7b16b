"""A person as rules see them, and the quantities that they can measure, by their names."""
import math
from typing import Callable, Dict, NamedTuple, Optional, Sequence

from posesuite.activities.track import Track
from posesuite.pose.body import Points, feet, has_feet
from posesuite.pose.pose import Point


class View(NamedTuple):
    """One person among those of a frame."""
    track: Track
    everybody: Sequence[Track]  # this one, too
    known: Dict[str, Optional[float]]  # quantities that were measured before

    @property
    def points(self) -> Points:
        return self.track.points

    @property
    def feet(self) -> Optional[Point]:
        """The middle of the ankles, or the one known ankle."""
        return feet(self.points) if has_feet(self.points) else None


class Quantity(NamedTuple):
    """Something that a rule can measure."""
    measure: Callable[[View], Optional[float]]
    unit: str
    text: str  # what it is


QUANTITIES: Dict[str, Quantity] = {}


def quantity(unit: str) -> Callable[[Callable[[View], Optional[float]]],
                                    Callable[[View], Optional[float]]]:
    """Enters a function into QUANTITIES; its docstring is the text."""
    def enter(measure: Callable[[View], Optional[float]]) -> Callable[[View], Optional[float]]:
        text = ' '.join((measure.__doc__ or '').split())
        QUANTITIES[measure.__name__] = Quantity(measure, unit, text)
        return measure
    return enter


def value_of(name: str, view: View) -> Optional[float]:
    """A quantity by its name; None if it is not known, never NaN or infinite."""
    if name not in view.known:
        value = QUANTITIES[name].measure(view)
        view.known[name] = value if value is not None and math.isfinite(value) else None
    return view.known[name]


def mean(values: Sequence[float]) -> Optional[float]:
    """None of no values."""
    return sum(values) / len(values) if values else None
