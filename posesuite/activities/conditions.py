"""The conditions of rules, one line of text each, and whether they hold for a person.

    torso_tilt < 40             a quantity below or above a number
    torso_tilt < 40 until 50    the same with hysteresis: once it holds, it does so up to 50
    descent > 0.4 within 3      it held at some time of the last 3 seconds
    upright > 0.7 for 1         it has held for 1 second; with "within 3" after it: at some time of
                                the last 3 seconds it had
    inside kitchen              the person stands in an area; or: outside kitchen

A list of conditions holds if each does, {"any": [list, list]} if one of the lists does. The answer
is None where something that decides it is not seen.
"""
import math
import re
from typing import Any, Dict, List, Optional, Sequence, Union

from posesuite.activities.quantities import QUANTITIES, View, ground, value_of

MAX_CONDITIONS = 50  # in one list
MAX_DEPTH = 4  # of lists in lists
NUMBER = r'(-?\d{1,7}(?:\.\d{1,6})?)'
COMPARISON = re.compile(rf'\s*(\w+)\s*([<>])\s*{NUMBER}(?:\s+until\s+{NUMBER})?'
                        rf'(?:\s+for\s+{NUMBER})?(?:\s+within\s+{NUMBER})?\s*', re.ASCII)
PLACE = re.compile(r'\s*(inside|outside)\s+(\S.*?)\s*')


class Comparison:
    """A quantity against a number, with hysteresis and memory."""

    def __init__(self, name: str, above: bool, number: float, until: float, seconds: float,
                 within: Optional[float]) -> None:
        self.name, self._above, self._number, self._until = name, above, number, until
        self._seconds, self._within = seconds, within

    def holds(self, view: View, areas: 'Areas') -> Optional[bool]:
        value, notes = value_of(self.name, view), view.track.notes
        time = view.track.time
        begun, last = notes.get(self, (math.inf, -math.inf))  # since when it holds; when it did
        if value is not None:
            limit = self._number if begun == math.inf else self._until
            holds = value > limit if self._above else value < limit
            begun = min(begun, time) if holds else math.inf
            last = time if time - begun >= self._seconds else last
            notes[self] = begun, last
        if self._within is not None and time - last <= self._within:
            return True
        return None if value is None else time - begun >= self._seconds


class Place:
    """Whether somebody stands in an area; nobody stands in an area that is not given."""

    def __init__(self, area: str, inside: bool) -> None:
        self.area, self._inside = area, inside

    def holds(self, view: View, areas: 'Areas') -> Optional[bool]:
        point, (width, height) = ground(view.track), view.track.size
        if point is None:
            return None
        place = 1000 * point.x / width, 1000 * point.y / height
        return self._inside == any(_is_inside(place, polygon)
                                   for polygon in areas.get(self.area, []))


class OneOf:
    """One list of several must hold."""

    def __init__(self, choices: 'List[All]') -> None:
        self.choices = choices

    def holds(self, view: View, areas: 'Areas') -> Optional[bool]:
        answers = [choice.holds(view, areas) for choice in self.choices]
        return True if True in answers else None if None in answers else False


class All:
    """A list of conditions, each of which must hold."""

    def __init__(self, conditions: 'List[Condition]') -> None:
        self.conditions = conditions

    def holds(self, view: View, areas: 'Areas') -> Optional[bool]:
        # Each is asked, because comparisons remember.
        answers = [condition.holds(view, areas) for condition in self.conditions]
        return False if False in answers else None if None in answers else True


Condition = Union[Comparison, Place, OneOf, All]
Areas = Dict[str, List[Sequence[Sequence[float]]]]  # corners in thousandths, by name


def conditions_from(value: Any, depth: int = 0) -> All:
    """Checks a list of conditions. Raises ValueError with one line."""
    if not isinstance(value, list) or not 0 < len(value) <= MAX_CONDITIONS or depth > MAX_DEPTH:
        raise ValueError(f'need a list of 1 to {MAX_CONDITIONS} conditions, got {value!r:.60}')
    return All([_condition(item, depth) for item in value])


def areas_of(condition: Condition) -> List[str]:
    """The names of the areas that a condition asks for."""
    if isinstance(condition, Place):
        return [condition.area]
    inner: Sequence[Condition] = (condition.conditions if isinstance(condition, All) else
                                  condition.choices if isinstance(condition, OneOf) else [])
    return [name for one in inner for name in areas_of(one)]


def _condition(value: Any, depth: int) -> Condition:
    if isinstance(value, dict) and list(value) == ['any'] and isinstance(value['any'], list):
        if not 0 < len(value['any']) <= MAX_CONDITIONS:
            raise ValueError(f'"any" needs 1 to {MAX_CONDITIONS} lists of conditions')
        return OneOf([conditions_from(choice, depth + 1) for choice in value['any']])
    found = COMPARISON.fullmatch(value) if isinstance(value, str) else None
    if found and found[1] in QUANTITIES:
        above, number = found[2] == '>', float(found[3])
        until = float(found[4] or found[3])
        if until > number if above else until < number:
            raise ValueError(f'{value!r:.60}: "until" must make it last longer, not end it sooner')
        return Comparison(found[1], above, number, until, float(found[5] or 0),
                          float(found[6]) if found[6] else None)
    if found:
        raise ValueError(f'there is no quantity {found[1]!r:.40}: need one of '
                         f'{", ".join(sorted(QUANTITIES))}')
    place = PLACE.fullmatch(value) if isinstance(value, str) else None
    if place and place[2].isprintable():
        return Place(place[2], place[1] == 'inside')
    raise ValueError(f'{value!r:.60} is no condition: need one such as "torso_tilt < 40 until 50", '
                     '"descent > 0.4 within 3", "inside NAME" or {"any": [[...], [...]]}')


def _is_inside(place: Sequence[float], polygon: Sequence[Sequence[float]]) -> bool:
    """Whether a ray to the right crosses the polygon's outline an odd number of times."""
    x, y = place
    inside = False
    for (x1, y1), (x2, y2) in zip(polygon, [*polygon[1:], polygon[0]]):
        if (y1 > y) != (y2 > y) and x < x1 + (y - y1) / (y2 - y1) * (x2 - x1):
            inside = not inside
    return inside
