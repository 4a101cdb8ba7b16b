"""Which activities people do, from their poses alone: of rules and of trained classifiers.

    activities = Activities([RuleSet(...)])
    labels, events = activities.update(people, frame.time, (640, 480))
"""
from typing import Any, Dict, Iterable, List, Sequence, Tuple

from posesuite.activities.conditions import Areas
from posesuite.activities.rules import Event
from posesuite.activities.track import Track
from posesuite.pose.pose import People, Pose

FORGOTTEN = 4.0  # seconds after which somebody who is not seen is somebody new
LOST = 2.0  # seconds within which a new id may be somebody who was just lost
Labels = Dict[int, List[str]]  # of the people in the picture, by their ids


class Activities:
    """What files of activities say of the people of one camera or one log.

    files: RuleSets and classifiers, which all have
        `update(tracks, areas, time) -> (labels, events)`.
    areas: those that rules may name, each with a name and a polygon of x, y in thousandths.
    Raises ValueError if a rule names an area that is not there.
    """

    def __init__(self, files: Sequence[Any], areas: Iterable[Any] = ()) -> None:
        self._files = list(files)
        self._areas: Areas = {}
        for area in areas:
            self._areas.setdefault(area.name, []).append(area.polygon)
        for name in sorted({name for file in files for name in getattr(file, 'areas', ())}):
            if name not in self._areas:
                raise ValueError(f'a rule names the area {name!r:.40}, which is not given; given: '
                                 f'{", ".join(sorted(self._areas)) or "none"}')
        self._tracks: Dict[int, Track] = {}
        self._time = float('-inf')

    def update(self, people: People, time: float, size: Tuple[float, float]) -> Tuple[
            Labels, List[Event]]:
        """The labels of the people of a frame, and what begins or is complete with it.

        people: by their ids, as a PoseTracker or a log has them. time: of the frame in seconds, at
        any rate; when it jumps back, everything begins anew. size: width and height of the frame.
        """
        if time < self._time:
            self._tracks.clear()
        self._time = time
        lost = {id: track for id, track in self._tracks.items() if id not in people}
        for id in [id for id, track in lost.items() if time - track.time > FORGOTTEN]:
            del self._tracks[id], lost[id]
        present = {}
        for id, pose in people.items():
            track = self._tracks.get(id)
            if track is None or time - track.time > FORGOTTEN or not track.is_near(pose, time):
                track = self._found_again(lost, pose, time)
            if time > track.time:
                track.add(pose, time, size)
            self._tracks[id] = present[id] = track
        labels: Labels = {id: [] for id in people}
        events: List[Event] = []
        for file in self._files:
            found, more = file.update(present, self._areas, time)
            for id, texts in found.items():
                labels[id] += texts
            events += more
        return labels, events

    def _found_again(self, lost: Dict[int, Track], pose: Pose, time: float) -> Track:
        """The track of somebody just lost whom this pose may be, who has a new id now; or a new
        one.
        """
        for id, track in sorted(lost.items(), key=lambda item: -item[1].time):
            if time - track.time <= LOST and track.length and track.is_near(pose, time):
                del lost[id], self._tracks[id]
                return track
        return Track()
