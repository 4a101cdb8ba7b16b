"""People in frames: poses from an engine, above a threshold, followed by a tracker."""
import itertools
import logging
from typing import Any, Iterator, List, NamedTuple, Optional, Tuple

from posesuite.errors import DeviceFault
from posesuite.pose.pose import Fault, FaultKind, Frame, People, Pose
from posesuite.pose.tracker import PoseTracker
from posesuite.pose.turned import TurnedLook

LOGGER = logging.getLogger(__name__)
FOLLOWING = 'MoveNet',  # families that use the frame before
FAINT = 0.75  # share of the threshold above which a pose still tells where somebody known has gone


class Found(NamedTuple):
    """What a frame shows."""
    frame: Frame  # the same one, or with a fault if the network's device failed
    people: People
    poses: List[Pose]  # all that the network found, also those below the threshold
    inference_time: float  # seconds; 0 where no network ran


class PeopleFinder:
    """Finds and follows the people in the frames of one source.

    engine: a PoseEngine; None for a source that knows its people itself, as a pose log does.
    threshold: lowest score, 0 to 1, of a pose that counts as a person.
    smooth: steady the keypoints.
    trusts_faulty: whether frames with a fault, such as black or frozen ones, are looked at too.
    ids: the numbers that people get, which finders for several cameras may share.
    lying: look for people who lie, too, in the turned picture: see turned.py.
    """

    def __init__(self, engine: Any, threshold: float, smooth: bool = False,
                 trusts_faulty: bool = True, ids: Optional[Iterator[int]] = None,
                 lying: bool = False) -> None:
        self._engine, self._threshold, self._trusts_faulty = engine, threshold, trusts_faulty
        self._ids = itertools.count(1) if ids is None else ids
        self._tracker = PoseTracker(smooth, self._ids)
        # A MoveNet looks where it saw somebody in the frame before, which must not be turned.
        self._turned = TurnedLook(engine, threshold) if (
            lying and engine and engine.family not in FOLLOWING) else None
        self._lost: Optional[Fault] = None  # of the device, while it fails

    def find(self, frame: Frame) -> Found:
        """Who is in a frame. A device that fails makes it a frame with a fault and without people.

        Raises EngineError if the device has failed too often.
        """
        if frame.fault and not self._trusts_faulty:
            return Found(frame, {}, [], 0.0)
        if frame.people is not None:
            return Found(frame, frame.people, [], 0.0)
        try:
            likely, poses, inference_time = self._look(frame)
        except DeviceFault as error:
            if self._lost is None:
                self._lost = Fault.since(FaultKind(f'{error.what} lost'), error.since)
                LOGGER.warning('%s: %s', self._lost.text, error)
            return Found(frame._replace(fault=self._lost, people={}), {}, [], 0.0)
        if self._lost is not None:
            LOGGER.info('the %s is back', self._lost.kind.value.partition(' lost')[0])
            self._lost = None
        if frame.name:  # a photograph shows other people than the one before
            people = {next(self._ids): pose for pose in likely}
        else:
            faint = [pose for pose in poses
                     if FAINT * self._threshold <= pose.score < self._threshold
                     and pose not in likely]
            people = self._tracker.update(likely, frame.time, faint)
        return Found(frame, people, poses, inference_time)

    def _look(self, frame: Frame) -> Tuple[List[Pose], List[Pose], float]:
        """The poses that count as people, all poses, and the seconds of inference."""
        turned = None if frame.name else self._turned  # photographs have no time
        lying, more = turned.find(frame.image, frame.time) if turned else ([], 0.0)
        poses, seconds = self._engine.DetectPosesInImage(frame.image)
        if turned:
            return (*turned.joined(lying, poses, frame.time), seconds + more)
        return [pose for pose in poses if pose.score >= self._threshold], poses, seconds
