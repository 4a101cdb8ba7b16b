"""Rules: labels and events from conditions that hold for a time, and counters of repetitions.

    rules = RuleSet(json.load(file))
    labels, events = rules.update(people, time)

docs/activities.md describes the files.
"""
import math
from typing import Any, Dict, List, Optional, Tuple

from posesuite.activities.conditions import All, Areas, areas_of, conditions_from
from posesuite.activities.quantities import QUANTITIES, View, value_of
from posesuite.activities.track import Track
from posesuite.pose.event import Event
from posesuite.pose.json_poses import number, text

MAX_RULES = 100  # of a file
MAX_NAME = 60  # characters of a label
MAX_SECONDS = 3600.0
HELD, RELEASED = 0.5, 0.4  # seconds for which conditions must hold, or not hold, if no file says so
FLICKER = 0.25  # seconds of not holding that interrupt nothing
UNSEEN = 2.0  # seconds after which what cannot be seen holds no longer
RULE_KEYS = {'label', 'event', 'when', 'keep', 'for', 'release', 'scope', 'count', 'needs',
             'misses', 'notes'}
COUNT_KEYS = {'from', 'to', 'while', 'seconds', 'depth'}


class Hold:
    """Whether something has held long enough, and not ended for long enough.

    Attributes: active; begun, the time since when it has held.
    """

    def __init__(self) -> None:
        self.active, self.begun = False, math.inf
        self._last = self._known = -math.inf  # when it held; when it was known whether it does

    def update(self, holds: Optional[bool], time: float, seconds: float, release: float) -> bool:
        """Whether it becomes active now. holds: None if that is not known.

        seconds: for which it must hold; release: for which it must not hold, to end.
        """
        if holds is not None and time - self._known <= UNSEEN:
            self._known = time
        elif holds is not None or time - self._known > UNSEEN:
            self._known = time
            if not holds or not self.active:
                self.active, self.begun = False, math.inf
        if holds:
            self._last = time
            self.begun = min(self.begun, time)
        elif holds is False and time - self._last > (
                release if self.active else min(FLICKER, release)):
            self.active, self.begun = False, math.inf
        begins = bool(holds) and not self.active and time - self.begun >= seconds
        self.active = self.active or begins
        return begins


class Rule:
    """A label from when conditions have held for a time until others no longer hold, and an event
    when that begins.

    Attributes: label; event, None if there is none; needs, misses, notes: what it says of itself.
    """

    def __init__(self, value: Dict[str, Any]) -> None:
        self.label, self.event = _name(value, 'label'), _event(value)
        self.needs, self.misses, self.notes = (
            text(value, key) if key in value else '' for key in ('needs', 'misses', 'notes'))
        self.scope = value.get('scope', 'person')
        if self.scope not in ('person', 'scene'):
            raise ValueError(f'need "scope", person or scene, got {self.scope!r:.40}')
        self._when = _conditions(value, 'when')
        self._keep = _conditions(value, 'keep') if 'keep' in value else self._when
        self._seconds = number(value, 'for', 0, MAX_SECONDS) if 'for' in value else HELD
        self._release = number(value, 'release', 0, MAX_SECONDS) if 'release' in value else RELEASED
        self._scene = Hold()

    @property
    def areas(self) -> List[str]:
        """The names of the areas that it asks for."""
        return areas_of(self._when) + areas_of(self._keep)

    def _fits(self, view: View, areas: Areas, active: bool) -> Optional[bool]:
        begins, lasts = self._when.holds(view, areas), self._keep.holds(view, areas)
        return lasts if active else begins

    def update(self, views: Dict[int, View], areas: Areas, time: float) -> Tuple[
            Dict[int, str], List[Event]]:
        """The labels of those whom it fits, and what begins. views: those in the picture."""
        if self.scope == 'scene':
            return self._whole(views, areas, time)
        labels, events = {}, []
        for id, view in views.items():
            hold = view.track.notes.setdefault(self, Hold())
            fits = self._fits(view, areas, hold.active)
            if hold.update(fits, time, self._seconds, self._release):
                events += [Event(self.event, id, time)] if self.event else []
            if hold.active:
                labels[id] = self.label
        return labels, events

    def _whole(self, views: Dict[int, View], areas: Areas, time: float) -> Tuple[
            Dict[int, str], List[Event]]:
        """It fits the picture if it fits anybody in it."""
        answers = {id: self._fits(view, areas, self._scene.active) for id, view in views.items()}
        fits = True in answers.values() or (None if None in answers.values() else False)
        begins = self._scene.update(fits, time, self._seconds, self._release)
        labels = {id: self.label for id, fits in answers.items() if fits and self._scene.active}
        return labels, [Event(self.event, None, time, float(len(views)))
                        ] if begins and self.event else []


class _Count:
    """One person's repetitions: how many, the depth of this one and of the last, since when."""

    def __init__(self) -> None:
        self.number, self.depth, self.last = 0, 0.0, 0.0
        self.left: Optional[float] = None  # when the beginning was last seen; None: not yet
        self.turned = False
        self.wrong = Hold()


class Counter:
    """Counts repetitions: from a first position to a second and back. Attributes as of a Rule."""

    scope = 'person'

    def __init__(self, value: Dict[str, Any]) -> None:
        self.label, self.event = _name(value, 'label'), _event(value)
        self.needs, self.misses, self.notes = (
            text(value, key) if key in value else '' for key in ('needs', 'misses', 'notes'))
        count = value['count']
        _only(count, COUNT_KEYS, 'count')
        self._from, self._to = _conditions(count, 'from'), _conditions(count, 'to')
        self._while = _conditions(count, 'while') if 'while' in count else None
        self._shortest, self._longest = _range(count.get('seconds', [0.3, 10]))
        self._depth = _depth(count['depth']) if 'depth' in count else None

    @property
    def areas(self) -> List[str]:
        """The names of the areas that it asks for."""
        parts = [self._from, self._to] + ([self._while] if self._while else [])
        return [name for part in parts for name in areas_of(part)]

    def update(self, views: Dict[int, View], areas: Areas, time: float) -> Tuple[
            Dict[int, str], List[Event]]:
        """The labels of those who have repetitions, and those that are complete now."""
        labels, events = {}, []
        for id, view in views.items():
            count = view.track.notes.setdefault(self, _Count())
            if self._step(count, view, areas, time):
                value = round(count.last, 2) if self._depth else None
                if self.event:
                    events.append(Event(self.event, id, time, value, count.number))
            if count.number:
                labels[id] = f'{self.label}: {count.number}'
        return labels, events

    def _step(self, count: _Count, view: View, areas: Areas, time: float) -> bool:
        """Whether a repetition is complete."""
        first, second = self._from.holds(view, areas), self._to.holds(view, areas)
        allowed = self._while.holds(view, areas) if self._while else True
        if count.wrong.update(None if allowed is None else not allowed, time, FLICKER, FLICKER):
            count.left, count.turned = None, False
        if count.wrong.active:
            return False
        if self._depth and count.left is not None:
            value = value_of(self._depth[0], view)
            if value is not None:
                none, full = self._depth[1:]
                count.depth = max(count.depth, (value - none) / (full - none))
        if second and count.left is not None:
            count.turned = True
        if not first:
            return False
        complete = (count.turned and count.left is not None
                    and self._shortest <= time - count.left <= self._longest)
        if complete:
            count.number += 1
            count.last = count.depth
        count.left, count.turned, count.depth = time, False, 0.0
        return complete


class RuleSet:
    """The rules of one file, checked.

    value: the file's JSON. Raises ValueError with one line.
    Attributes: rules; lying, whether people who lie are to be looked for.
    """

    def __init__(self, value: Dict[str, Any]) -> None:
        listed = value.get('rules')
        if not isinstance(listed, list) or not 0 < len(listed) <= MAX_RULES:
            raise ValueError(f'need "rules", a list of 1 to {MAX_RULES} rules')
        self.lying = value.get('lying', False)
        if not isinstance(self.lying, bool):
            raise ValueError(f'"lying" must be true or false, got {self.lying!r:.40}')
        self.rules = []
        for index, item in enumerate(listed, 1):
            try:
                _only(item, RULE_KEYS, 'rule')
                self.rules.append(Counter(item) if 'count' in item else Rule(item))
            except ValueError as error:
                label = item.get('label') if isinstance(item, dict) else None
                raise ValueError(f'rule {index}{f" ({label!r:.40})" if label else ""}: {error}')

    @property
    def areas(self) -> List[str]:
        """The names of the areas that the rules ask for."""
        return sorted({name for rule in self.rules for name in rule.areas})

    def update(self, tracks: Dict[int, Track], areas: Areas, time: float) -> Tuple[
            Dict[int, List[str]], List[Event]]:
        """The labels of those in the picture, in the order of the rules, and the events."""
        views = {id: View(track, list(tracks.values()), {}) for id, track in tracks.items()}
        labels: Dict[int, List[str]] = {id: [] for id in tracks}
        events: List[Event] = []
        for rule in self.rules:
            found, more = rule.update(views, areas, time)
            # Rules of one label are alternatives: who has it already causes no second event.
            events += [event for event in more if event.id is None or event.count is not None
                       or rule.label not in labels[event.id] + tracks[event.id].notes.get(self, [])]
            for id, label in found.items():
                if label not in labels[id]:
                    labels[id].append(label)
        for id, track in tracks.items():
            track.notes[self] = labels[id]
        return labels, events


def _only(value: Any, keys: 'set[str]', what: str) -> None:
    if not isinstance(value, dict):
        raise ValueError(f'a {what} must be an object, got {value!r:.40}')
    for key in value:
        if key not in keys:
            raise ValueError(f'a {what} has no {key!r:.40}: need one of {", ".join(sorted(keys))}')


def _name(value: Dict[str, Any], key: str) -> str:
    found = text(value, key)
    if not 0 < len(found.strip()) <= MAX_NAME:
        raise ValueError(f'need "{key}", a text of 1 to {MAX_NAME} characters')
    return found


def _event(value: Dict[str, Any]) -> Optional[str]:
    """The name of the event: the label if the file does not say, None if it says false."""
    if value.get('event') is False:
        return None
    return _name(value, 'event' if 'event' in value else 'label')


def _conditions(value: Dict[str, Any], key: str) -> All:
    try:
        return conditions_from(value.get(key))
    except ValueError as error:
        raise ValueError(f'"{key}": {error}')


def _range(value: Any) -> Tuple[float, float]:
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError(f'need "seconds", the shortest and the longest time, got {value!r:.40}')
    pair = dict(zip(('shortest', 'longest'), value))
    shortest = number(pair, 'shortest', 0, MAX_SECONDS)
    return shortest, number(pair, 'longest', shortest, MAX_SECONDS)


def _depth(value: Any) -> Tuple[str, float, float]:
    """The quantity, where its depth is 0, and where it is 1."""
    _only(value, {'quantity', 'none', 'full'}, 'depth')
    name = value.get('quantity')
    if name not in QUANTITIES:
        raise ValueError(f'there is no quantity {name!r:.40}: need one of '
                         f'{", ".join(sorted(QUANTITIES))}')
    none, full = (number(value, key, -1e6, 1e6) for key in ('none', 'full'))
    if none == full:
        raise ValueError('"none" and "full" of a depth must differ')
    return name, none, full
