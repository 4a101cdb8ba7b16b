"""Collects recordings of labels: who does what when, and where it is written.

    with Collector('poses', [Take('tree', seconds=20)], 'camera') as collector:
        for frame in camera:
            collector.add(frame, people)
            show(collector.text)
"""
import contextlib
import logging
import os
import time
from typing import Any, Dict, List, NamedTuple, Optional, Sequence

from posesuite.activities.recordings import check_label
from posesuite.pose.log import PoseLog
from posesuite.pose.pose import Frame, People, Pose

LOGGER = logging.getLogger(__name__)
SECONDS = 20.0  # of a recording, from a camera
MIN_SCORE = 0.3  # lowest score of a keypoint that counts for somebody's size


class Take(NamedTuple):
    """One recording that is to be made."""
    label: str
    seconds: Optional[float] = None  # None: until the source ends
    countdown: float = 0.0  # seconds before it
    start: float = 0.0  # seconds of the source before which nothing is taken
    end: float = float('inf')


class Collector:
    """Writes takes, one after the other, as FOLDER/LABEL/TIME.jsonl; a context manager.

    Of several people it keeps the one who looks largest, or `person` of a source that has ids.
    model_path, fps: for the logs' headers.
    Attributes: text, a line that says what is happening; done, whether all takes are complete.
    add() and leaving raise OSError.
    """

    def __init__(self, folder: str, takes: Sequence[Take], source: str,
                 model_path: Optional[str] = None, fps: Optional[float] = None,
                 person: Optional[int] = None) -> None:
        for take in takes:
            check_label(take.label)
        self.text, self.done = '', not takes
        self._folder, self._takes, self._person = folder, list(takes), person
        self._header = source, model_path, fps
        self._log: Optional[PoseLog] = None
        self._path = ''
        self._began: Optional[float] = None  # time of the first frame of this take's countdown
        self._frames = self._with_person = 0
        self._opened = contextlib.ExitStack()

    def add(self, frame: Frame, people: People) -> None:
        """Looks at the next frame of the source."""
        if self.done:
            return
        take = self._takes[0]
        if frame.time < take.start:
            self.text = f'{take.label}: begins at {take.start:g} s'
            return
        if self._began is None:
            self._began = frame.time
            if take.countdown:
                LOGGER.info('%s: begins in %g s', take.label, take.countdown)
        passed = round(frame.time - self._began - take.countdown, 6)
        if passed < 0:
            self.text = f'{take.label}: begins in {-passed:.0f}'
            return
        if frame.time > take.end or take.seconds is not None and passed >= take.seconds:
            self._finish()
            return
        self._write(take, frame, people)
        left = '' if take.seconds is None else f', {take.seconds - passed:.0f} s left'
        self.text = f'{take.label}: recording{left}'
        if not people:
            self.text += ', nobody is in view'

    def _write(self, take: Take, frame: Frame, people: People) -> None:
        if self._log is None:
            self._path = new_path(os.path.join(self._folder, take.label))
            self._log = self._opened.enter_context(PoseLog(self._path, *self._header))
        kept: Dict[int, Pose] = people
        if not frame.name:  # of pictures, everybody shows the label
            largest = max(people, key=lambda id: size_of(people[id]), default=None)
            id = largest if self._person is None else self._person
            kept = {id: people[id]} if id in people else {}
        self._frames += 1
        self._with_person += bool(kept)
        self._log.write(frame, kept)

    def _finish(self) -> None:
        """Ends the take, and begins the next one."""
        take = self._takes.pop(0)
        self._opened.close()
        if self._log is None:
            LOGGER.warning('%s: nothing was recorded', take.label)
        elif not self._with_person:
            LOGGER.warning('%s: nobody was in view; remove %s', take.label, self._path)
        else:
            LOGGER.info('%s: %s of %s frames show a person, in %s', take.label, self._with_person,
                        self._frames, self._path)
        self._log, self._began, self._frames, self._with_person = None, None, 0, 0
        self.done = not self._takes
        self.text = 'done' if self.done else self.text

    def __enter__(self) -> 'Collector':
        return self

    def __exit__(self, *_: Any) -> None:
        if self._log is not None:
            self._finish()
        for take in self._takes:
            LOGGER.warning('%s: not recorded, the source or the user ended it before', take.label)
        self._opened.close()


def takes_of(labels: Sequence[str], seconds: Optional[float], countdown: float, start: float,
             end: float, whole: bool) -> List[Take]:
    """The takes of these labels. whole: whether the source is a file, which shows one label as a
    whole unless seconds are given. Raises ValueError if several labels would share it.
    """
    if whole and seconds is None:
        if len(labels) > 1:
            raise ValueError('a file shows one label: name one, and its part with --from and --to; '
                             'or give --seconds for one label after the other')
        countdown = 0.0
    return [Take(label, SECONDS if seconds is None and not whole else seconds, countdown, start,
                 end) for label in labels]


def size_of(pose: Pose) -> float:
    """The height in pixels of what is seen of somebody."""
    ys = [point.y for point, score in pose.keypoints.values() if score >= MIN_SCORE]
    return max(ys) - min(ys) if ys else 0.0


def new_path(folder: str) -> str:
    """A path in a folder, which is made if need be, for a log that begins now. Raises OSError."""
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise OSError(f'cannot make the folder {folder}: {error.strerror}')
    stem = os.path.join(folder, time.strftime('%Y-%m-%d_%H-%M-%S'))
    path, count = f'{stem}.jsonl', 1
    while os.path.lexists(path):
        count += 1
        path = f'{stem}_{count}.jsonl'
    return path


def picture_folders(source: Optional[str], labels: Sequence[str]) -> List[str]:
    """The labels that have a folder of pictures of their own in a folder; all if none is named."""
    if not source or not os.path.isdir(source):
        return []
    found = sorted(entry.name for entry in os.scandir(source)
                   if entry.is_dir() and not entry.name.startswith('.'))
    return [label for label in found if label in labels or not labels]
