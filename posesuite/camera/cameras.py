"""Cameras: the frames of several sources, the newest of each, in fair turns.

    with Cameras([Camera('0'), Camera('rtsp://hall/stream', wait=True)]) as cameras:
        for frame in cameras:
            ... frame.camera ...

A thread waits for each source, so one that dies or stalls costs the others nothing.
"""
import argparse
import itertools
import logging
import threading
import time
from typing import Any, Dict, Iterator, List, Optional, Set, Tuple, Union

from posesuite.camera.base import CameraError
from posesuite.camera.camera import START_TIMEOUT, TICK, Camera
from posesuite.camera.options import plays_in_realtime
from posesuite.camera.sources import is_live
from posesuite.errors import one_line
from posesuite.pose.pose import Fault, FaultKind, Frame

import numpy as np

PATIENCE = 0.5  # seconds that files wait for a frame of one that is slower
GRACE = 2.0  # seconds for the other sources to start once the first one delivers frames
END_TIMEOUT = 2.0  # seconds for all sources to end
LOGGER = logging.getLogger(__name__)


class Cameras:
    """The frames of several sources as those of one: an iterable context manager, to be entered
    once. The `camera` of each frame says whose it is.

    each: the sources; not entered yet. frames: the number of all frames to stop after; None for no
        limit.
    keeps: whether all frames of files are handed over, in the order of their times, rather than
        the newest one of each.

    A source that fails while others go on is reported once, and a last frame with the fault LOST
    stands for it. Entering raises CameraError if a file cannot be read, or if no source delivers a
    frame in time; iterating if all have failed.
    """

    def __init__(self, each: List[Camera], frames: Optional[int] = None, keeps: bool = True,
                 wait: bool = False) -> None:
        self.each, self._limit, self._keeps, self._wait = each, frames, keeps, wait
        self._changed = threading.Condition()  # guards what follows
        self._newest: List[Optional[Frame]] = [None] * len(each)
        self._ended: List[bool] = [False] * len(each)
        self._errors: Dict[int, CameraError] = {}  # by source
        self._late: Set[int] = set()  # files that are not waited for, because they stall
        self._stopped = False
        self._last = -1  # the source whose turn was the latest
        self._threads = [threading.Thread(target=self._feed, args=(number,), daemon=True)
                         for number in range(len(each))]

    @classmethod
    def from_args(cls, args: argparse.Namespace) -> 'Union[Camera, Cameras]':
        """The sources that add_camera_options(several=True) describes; of one a Camera."""
        sources = args.videosrc or [None]
        realtime = plays_in_realtime(args)
        several = len(sources) > 1
        each = [Camera(source, resolution=args.res, format=args.format, fps=args.fps,
                       frames=None if several else args.frames, realtime=realtime,
                       wait=args.wait or several and is_live(source), loop=args.loop,
                       picture_time=realtime * args.picture_time) for source in sources]
        return cls(each, args.frames, not realtime, args.wait) if several else each[0]

    @property
    def source(self) -> str:
        """The sources' names."""
        return ', '.join(camera.source for camera in self.each)

    @property
    def fps(self) -> float:
        """Frames per second of the fastest source."""
        return max(camera.fps for camera in self.each)

    @property
    def size(self) -> Optional[Tuple[int, int]]:
        """Width and height of the largest source's frames, as far as they are known."""
        return max((camera.size for camera in self.each if camera.size), default=None,
                   key=lambda size: size[0] * size[1])

    @property
    def has_poses(self) -> bool:
        """Whether all sources know their people themselves."""
        return all(camera.has_poses for camera in self.each)

    @property
    def pictures(self) -> bool:
        """Whether frames may be pictures of their own."""
        return any(camera.pictures for camera in self.each)

    def skip(self) -> None:
        """Goes on to the next picture of each folder."""
        for camera in self.each:
            camera.skip()

    def stop(self) -> None:
        """Ends opening and iterating; may be called by a signal handler or another thread."""
        self._stopped = True
        for camera in self.each:
            camera.stop()

    def __enter__(self) -> 'Cameras':
        for thread in self._threads:
            thread.start()
        began = time.monotonic()
        problem: Optional[CameraError] = None
        first: Optional[float] = None  # when a source delivered a frame, before others did
        with self._changed:
            while not self._stopped:
                known = [ended or frame is not None
                         for ended, frame in zip(self._ended, self._newest)]
                now = time.monotonic()
                first = now if first is None and self.size else first
                if all(known) or first and now - first > GRACE or (
                        now - began > START_TIMEOUT and (first or self._wait)):
                    break
                if now - began > START_TIMEOUT:
                    problem = CameraError(f'none of {self.source} answers')
                    break
                if any(self.each[number].size is None for number in self._errors):
                    break
                self._changed.wait(TICK)
            problem = problem or next((error for number, error in self._errors.items()
                                       if self.each[number].size is None), None)
        if problem and not self._stopped:
            self.__exit__()
            raise problem
        return self

    def __exit__(self, *_: Any) -> None:
        self.stop()
        end = time.monotonic() + END_TIMEOUT
        for thread in self._threads:  # one that hangs in a driver ends with the process
            thread.join(max(0, end - time.monotonic()))

    def __iter__(self) -> Iterator[Frame]:
        return itertools.islice(iter(self._next, None), self._limit)

    def _next(self) -> Optional[Frame]:
        """The frame of the source whose turn it is among those that have one; None at the end."""
        with self._changed:
            began = time.monotonic()
            while not self._stopped:
                number = self._turn(time.monotonic() - began > PATIENCE)
                if number is not None:
                    frame, self._newest[number], self._last = self._newest[number], None, number
                    self._changed.notify_all()
                    # How long a frame waited that had to be kept is no delay.
                    return (frame._replace(captured=time.monotonic())
                            if self._is_kept(number) else frame)
                if all(self._ended):
                    break
                self._changed.wait(TICK)
        if len(self._errors) == len(self.each) and not self._stopped:
            raise self._errors[0]
        return None

    def _turn(self, impatient: bool) -> Optional[int]:
        """The source whose turn it is; None while none is ready, or a file is waited for."""
        count = len(self.each)
        turns = [(self._last + step) % count for step in range(1, count + 1)]
        ready = [turn for turn in turns if self._newest[turn] is not None]
        files = [turn for turn in ready if self._is_kept(turn)]
        if not ready or ready[0] not in files:
            return ready[0] if ready else None
        missing = {turn for turn in turns if self._is_kept(turn) and turn not in ready
                   and not self._ended[turn]} - self._late
        if missing and not impatient:
            return next((turn for turn in ready if turn not in files), None)
        self._late |= missing
        return min(files, key=lambda turn: self._newest[turn].time)

    def _feed(self, number: int) -> None:
        """The work of a source's thread."""
        frame = None
        try:
            with self.each[number] as camera:
                for frame in camera:
                    self._put(number, frame, self._is_kept(number))
                    if self._stopped:
                        break
        except CameraError as error:
            with self._changed:
                self._errors[number] = error
            if frame is not None:
                LOGGER.error('%s', one_line(error))
                grey = np.full_like(frame.image, 128)
                fault = Fault.since(FaultKind.LOST, time.time())
                self._put(number, frame._replace(image=grey, fault=fault, people={}), True)
        finally:
            with self._changed:
                self._ended[number] = True
                self._changed.notify_all()

    def _is_kept(self, number: int) -> bool:
        """Whether all frames of a source are handed over."""
        return self._keeps and not self.each[number].live

    def _put(self, number: int, frame: Frame, waits: bool) -> None:
        with self._changed:
            while waits and self._newest[number] is not None and not self._stopped:
                self._changed.wait(TICK)
            self._newest[number] = frame._replace(camera=number)
            self._late.discard(number)
            self._changed.notify_all()
