"""What was collected to train on: FOLDER/LABEL/NAME.jsonl, pose logs in folders of their labels.

Of each log the person counts who is in it longest. What a classifier learns of a frame is what it
would see live: steadied over the last moments, as Steady has it.
"""
import os
from typing import Dict, Iterator, List, NamedTuple, Optional

from posesuite.activities.features import features, places_of
from posesuite.activities.neighbours import NOBODY, Bodies
from posesuite.activities.track import Track
from posesuite.pose.log import LogFrame, read_log

import numpy as np

STEADY_TIME = 0.3  # seconds, time constant of the mean over the last moments
LEAST = 0.02  # how sure the mean of a number must be to be known
MAX_GAP = 1.0  # seconds between two frames after which the mean begins anew
MAX_FRAMES = 200_000  # of all recordings
MAX_LABEL = 60  # characters


class Recording(NamedTuple):
    """A log and what it shows."""
    label: str
    path: str
    bodies: Bodies  # of the frames in which enough of somebody is seen
    times: np.ndarray  # of these frames, seconds, float [N]
    separate: bool  # whether each frame is a picture of its own


class Steady:
    """The mean of a body's numbers over the last moments, newer ones weighing more."""

    def __init__(self) -> None:
        self._sums = self._weights = np.zeros(0, np.float32)
        self._time, self._all = -np.inf, 0.0

    def update(self, bodies: Bodies, time: float) -> Bodies:
        """Adds the numbers of one body at a time in seconds; returns the mean."""
        passed = time - self._time
        kept = np.exp(-passed / STEADY_TIME) if 0 <= passed <= MAX_GAP else 0.0
        if not self._sums.size:
            self._sums = np.zeros_like(bodies.values)
            self._weights = np.zeros_like(bodies.values)
        self._sums = kept * self._sums + bodies.values * bodies.known
        self._weights = kept * self._weights + bodies.known
        self._all = kept * self._all + 1
        self._time = time
        known = self._weights / self._all
        return Bodies(np.where(known > LEAST, self._sums / np.maximum(self._weights, 1e-6), 0
                               ).astype(np.float32), np.where(known > LEAST, known, 0))


def bodies_of(track: Track) -> Bodies:
    """The numbers of one person, as one row."""
    return Bodies(*features(places_of([] if track.pose is None else [track.pose], track.size)))


def find_logs(folder: str) -> Dict[str, List[str]]:
    """The paths of the logs of each label, in order. Raises OSError or ValueError."""
    try:
        labels = sorted(entry.name for entry in os.scandir(folder)
                        if entry.is_dir() and not entry.name.startswith('.'))
        found = {label: sorted(os.path.join(folder, label, name)
                               for name in os.listdir(os.path.join(folder, label))
                               if name.endswith('.jsonl')) for label in labels}
    except OSError as error:
        raise OSError(f'cannot read {folder}: {error.strerror}')
    found = {label: paths for label, paths in found.items() if paths}
    for label in found:
        check_label(label)
    return found


def check_label(label: str) -> str:
    """The label, if it can name a folder and stand in a line. Raises ValueError."""
    if (not 0 < len(label) <= MAX_LABEL or not label.isprintable() or label[0] in '.-'
            or set(label) & set('/\\:*?"<>|') or label != label.strip()):
        raise ValueError(f'a label needs 1 to {MAX_LABEL} letters, digits, spaces, - or _, and '
                         f'begins with none of .-, got {label!r:.70}')
    return label


def read_recordings(folder: str) -> Iterator[Recording]:
    """All recordings of a folder, label by label. Raises OSError or ValueError."""
    for label, paths in find_logs(folder).items():
        for path in paths:
            yield read_recording(path, label)


def read_recording(path: str, label: str, start: float = 0.0,
                   end: float = float('inf'), id: Optional[int] = None) -> Recording:
    """One log from a time to another in seconds. id: the person's; None: who is in it longest.

    Raises OSError or ValueError.
    """
    frames: List[LogFrame] = []
    for frame in read_log(path)[1]:
        if start <= frame.time <= end and not frame.fault:
            frames.append(frame)
            if len(frames) > MAX_FRAMES:
                raise ValueError(f'{path} has more than {MAX_FRAMES} frames')
    separate = any(frame.name for frame in frames)
    id = subject(frames) if id is None and not separate else id
    rows, times = [NOBODY], []
    track, steady = Track(), Steady()
    for frame in frames:
        size = frame.width, frame.height
        people = (frame.people.values() if separate and id is None else
                  [frame.people[id]] if id in frame.people else [])
        for pose in people:
            if separate:
                track, steady = Track(), Steady()
            if separate or frame.time > track.time:
                track.add(pose, frame.time, size)
                rows.append(steady.update(bodies_of(track), frame.time))
                times.append(frame.time)
    bodies = Bodies.joined(rows)
    usable = bodies.usable
    return Recording(label, path, bodies.chosen(usable), np.array(times)[usable], separate)


def subject(frames: List[LogFrame]) -> Optional[int]:
    """The id of the person who is in most of the frames; of several, the larger one."""
    sizes: Dict[int, List[float]] = {}
    for frame in frames:
        for id, pose in frame.people.items():
            ys = [point.y for point, score in pose.keypoints.values() if score >= 0.3]
            sizes.setdefault(id, []).append(max(ys) - min(ys) if ys else 0.0)
    return max(sizes, key=lambda id: (len(sizes[id]), sum(sizes[id])), default=None)
