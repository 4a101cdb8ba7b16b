"""What a demo asks of activities: labels and events of each frame, and a command for each event.

    with ActivityWatch.from_args(args) as activities:
        for frame in camera:
            labels, events = activities.update(frame, people)
"""
import argparse
from typing import Any, Iterable, List, Optional, Sequence, Tuple

from posesuite.activities.activities import Activities, Labels
from posesuite.activities.classifier import NEGATIVE
from posesuite.activities.files import open_activity
from posesuite.activities.hooks import Hooks
from posesuite.pose.event import Event
from posesuite.pose.log import LogFrame
from posesuite.pose.pose import Frame, People

# A person in a photograph is taken to keep the pose for so many seconds, in steps of so many.
STILL, STEP = 3.0, 0.15


class ActivityWatch:
    """Watches the people of one source; a context manager. Without files, events are those that a
    pose log has.

    names: shipped names or paths of files of activities. words: of the command for each event, as
    hooks.command() returns them. areas: those that rules may name, as Activities has them.
    Raises OSError or ValueError with one line.
    """

    def __init__(self, names: Sequence[str] = (), words: Optional[List[str]] = None,
                 areas: Iterable[Any] = ()) -> None:
        self._files, self._areas = [open_activity(name) for name in names], list(areas)
        self._activities = Activities(self._files, self._areas)
        self._hooks = Hooks(words)

    @classmethod
    def from_args(cls, args: argparse.Namespace, areas: Iterable[Any] = ()) -> 'ActivityWatch':
        """What add_activity_options describes."""
        return cls(args.activities, args.on_event, areas)

    @property
    def lying(self) -> bool:
        """Whether a file asks for people who lie, whom a PeopleFinder then looks for."""
        return any(getattr(file, 'lying', False) for file in self._files)

    @property
    def kinds(self) -> List[str]:
        """The names of the events that may come."""
        found = {rule.event for file in self._files for rule in getattr(file, 'rules', ())}
        found.update(label for file in self._files for label in getattr(file, 'labels', ()))
        return sorted(filter(None, found.difference(NEGATIVE)))

    def update(self, frame: Frame, people: People) -> Tuple[Labels, List[Event]]:
        """The labels of the people by id, and what begins or is complete with this frame."""
        height, width = frame.image.shape[:2]
        return self._update(frame, people, (width, height))

    def update_log(self, frame: LogFrame) -> Tuple[Labels, List[Event]]:
        """The same of a frame of a pose log."""
        return self._update(frame, frame.people, (frame.width, frame.height))

    def _update(self, frame: Any, people: People, size: Tuple[int, int]) -> Tuple[
            Labels, List[Event]]:
        if not self._files:
            return {}, list(frame.events)
        labels, events = (self.still(people, size, frame.time) if frame.name else
                          self._activities.update(people, frame.time, size))
        self._hooks.run(events)
        return labels, events

    def still(self, people: People, size: Tuple[int, int], time: float = 0.0) -> Tuple[
            Labels, List[Event]]:
        """The same of a photograph: what is seen without movement, as if the pose was kept."""
        activities, labels, events = Activities(self._files, self._areas), {}, []
        for step in range(round(STILL / STEP) + 1 if people and self._files else 0):
            labels, more = activities.update(people, step * STEP, size)
            events += [event._replace(time=time) for event in more]
        return labels, events

    def run(self, events: Iterable[Event]) -> None:
        """Runs the command for events that still() has found."""
        self._hooks.run(events)

    def __enter__(self) -> 'ActivityWatch':
        return self

    def __exit__(self, *_: Any) -> None:
        self._hooks.close()
