"""Camera: the frames of one source in order, each with its timestamp and its fault.

    with Camera('clip.mp4', realtime=True) as camera:
        for frame in camera:
            ...

A thread reads and checks the frames. Of a live source only the newest frame is kept; a file is read
a few frames ahead, and no frame is dropped unless it plays in real time.
"""
import argparse
import itertools
import logging
import re
import threading
import time
from collections import deque
from datetime import datetime
from typing import Any, Iterator, List, Optional, Tuple

from posesuite.camera import base
from posesuite.camera.base import CameraError
from posesuite.camera.faults import FrozenWatch, fault_of
from posesuite.camera.options import plays_in_realtime
from posesuite.camera.sources import open_source
from posesuite.errors import one_line
from posesuite.pose.pose import Fault, FaultKind, Frame

import cv2
import numpy as np

READ_AHEAD = 4  # frames of a file that are read in advance
START_TIMEOUT = 10.0  # seconds until the first frame; some cameras need several to start
RETRY_DELAYS = (1, 2, 5, 10, 20, 40, 60)  # seconds before each retry; the last one is repeated
TICK = 0.1  # seconds between the frames that stand for a lost camera, and between looks at a stop
GREY = 128  # level of the frames that stand for a lost camera
LOGGER = logging.getLogger(__name__)


class Camera:
    """The frames of one source: an iterable context manager, to be entered once.

    source: a camera (/dev/video0 or its number), a video (also through a named pipe, or '-' for
        standard input), a picture, a folder or glob of pictures, an rtsp:// or http(s):// stream,
        or a pose log; None is the first camera.
    resolution: 'WIDTHxHEIGHT' in pixels, format: 'MJPG' or 'H264', fps: frames per second; what a
        device is asked for. It decides on a format and a rate that are None.
    frames: the number of frames to stop after; None for no limit.
    realtime: whether a video plays at its own pace; frames that are late are dropped.
    wait: whether a source that is not there yet is waited for.
    loop: whether a file is repeated; its frames' numbers and times go on.
    picture_time: seconds for which each picture of a folder is kept before the next one, and the
        last one before the end.

    A live source that is lost is opened again and again; meanwhile it yields ten grey frames a
    second with the fault LOST and without people. Creating, entering and iterating raise
    CameraError.
    """

    def __init__(self, source: Optional[str] = None, *, resolution: str = '640x480',
                 format: Optional[str] = None, fps: Optional[int] = None,
                 frames: Optional[int] = None, realtime: bool = False, wait: bool = False,
                 loop: bool = False, picture_time: float = 0) -> None:
        if not re.match(r'[1-9]\d{0,4}x[1-9]\d{0,4}$', resolution):
            raise CameraError(f"resolution must be like '640x480', got {resolution!r}")
        width, height = map(int, resolution.split('x'))
        self._source = open_source('0' if source is None else source, (width, height), format, fps)
        if loop and self._source.once:
            raise CameraError(f'{self.source} cannot be repeated, because it can be read only once')
        self._limit, self._wait = frames, wait
        # Photographs have no pace, so none is dropped.
        self._realtime = realtime and not self._source.pictures
        self._loop, self._picture_time = loop, picture_time
        self._kept_until = 0.0  # monotonic time until which a picture is kept
        self._thread = threading.Thread(target=self._capture, daemon=True)
        self._changed = threading.Condition()  # guards what follows
        self._queue = deque()
        self._problem = ''  # why there are no frames at the moment
        self._error: Optional[Exception] = None  # what ended the thread
        self._ended = False  # whether the thread has ended
        self._stopped = False  # whether no more frames are wanted
        self._opened_at = self._heard_at = 0.0  # monotonic time of entering and of the last frame
        self._lost: Optional[Fault] = None  # of the frames that stand for a lost camera
        self._shape = height, width, 3  # of these frames
        self._size: Optional[Tuple[int, int]] = None  # of the newest frame of the source itself
        self._numbers = itertools.count()

    @classmethod
    def from_args(cls, args: argparse.Namespace) -> 'Camera':
        """The camera that add_camera_options describes. Raises CameraError."""
        return cls(args.videosrc or None, resolution=args.res, format=args.format, fps=args.fps,
                   frames=args.frames, realtime=plays_in_realtime(args), wait=args.wait,
                   loop=args.loop, picture_time=plays_in_realtime(args) * args.picture_time)

    @property
    def each(self) -> 'List[Camera]':
        """The camera itself, as Cameras.each has several."""
        return [self]

    @property
    def source(self) -> str:
        """The source's name for logs and titles; of an address only its scheme and host."""
        return self._source.name

    @property
    def fps(self) -> float:
        """Frames per second; 30 if the source does not know."""
        return self._source.fps

    @property
    def size(self) -> Optional[Tuple[int, int]]:
        """Width and height in pixels of the source's newest frame; None before there is one.

        Once entered, a camera has one, unless it waits for a source that is not there yet.
        """
        return self._size

    @property
    def live(self) -> bool:
        """Whether it is a camera or an endless stream, which can be lost but has no end."""
        return self._source.live

    @property
    def has_poses(self) -> bool:
        """Whether its frames come with their people, as those of a pose log do."""
        return self._source.has_poses

    @property
    def pictures(self) -> bool:
        """Whether each frame is a picture of its own, as those of a folder of photographs are."""
        return self._source.pictures

    @property
    def started(self) -> Optional[datetime]:
        """When the recording of a pose log began, in UTC; None of other sources."""
        return self._source.started

    def __enter__(self) -> 'Camera':
        self._opened_at = self._heard_at = time.monotonic()
        self._thread.start()
        with self._changed:
            while not (self._queue or self._problem or self._ended or self._stopped):
                self._changed.wait(TICK)
                if time.monotonic() - self._opened_at > START_TIMEOUT and not self._wait:
                    self._error = CameraError(f'{self.source} does not answer')
                    break
        if self._error and not self._queue and not self._stopped:
            self.__exit__()
            raise self._error
        return self

    def __exit__(self, *_: Any) -> None:
        self._stopped = True
        self._thread.join(1)  # one that hangs in a driver ends with the process

    def stop(self) -> None:
        """Ends opening and iterating; may be called by a signal handler or another thread."""
        self._stopped = True  # locks nothing, as a signal may interrupt whoever has the lock

    def __iter__(self) -> Iterator[Frame]:
        yield from itertools.islice(iter(self._next, None), self._limit)
        self._keep_picture()

    def skip(self) -> None:
        """Goes on to the next picture of a folder at once; may be called by another thread."""
        self._kept_until = 0.0

    def _keep_picture(self) -> None:
        while time.monotonic() < self._kept_until and not self._stopped:
            time.sleep(max(0, min(TICK, self._kept_until - time.monotonic())))

    def _next(self) -> Optional[Frame]:
        """Waits for the next frame, which may be one that stands for a lost camera; None at the
        end.
        """
        self._keep_picture()
        while not self._stopped:
            with self._changed:
                if not self._queue and not self._ended:
                    self._changed.wait(TICK)
                if self._queue:
                    frame = self._queue.popleft()
                    self._changed.notify_all()
                    if self._lost:
                        LOGGER.info('%s is back', self.source)
                    self._lost, self._shape = None, frame.image.shape
                    if not (self.live or self._realtime):  # how long it was read ahead is no delay
                        frame = frame._replace(captured=time.monotonic())
                    if frame.name and frame.people is None:
                        self._kept_until = time.monotonic() + self._picture_time
                    return frame
                if self._ended:
                    break
            silence = time.monotonic() - self._heard_at
            if self._problem or self.live and silence > base.TIMEOUT:
                return self._frame_of_loss(silence)
        if self._error and not self._stopped:
            raise self._error
        return None

    def _frame_of_loss(self, silence: float) -> Frame:
        if self._lost is None:
            since = time.localtime(time.time() - silence)
            self._lost = Fault(FaultKind.LOST,
                               time.strftime(f'{FaultKind.LOST.value} since %H:%M', since))
            LOGGER.warning('%s: %s', self._lost.text,
                           self._problem or f'{self.source} delivers no more frames')
        now = time.monotonic()
        return Frame(np.full(self._shape, GREY, np.uint8), next(self._numbers),
                     now - self._opened_at, now, self._lost, {})

    def _put(self, frame: Frame) -> None:
        """Hands a frame over: as the newest one, or when there is room."""
        with self._changed:
            if self.live or self._realtime:
                self._queue.clear()
            while len(self._queue) >= READ_AHEAD and not self._stopped:
                self._changed.wait(TICK)
            self._queue.append(frame)
            self._size = frame.image.shape[1], frame.image.shape[0]
            self._problem = ''
            self._changed.notify_all()

    def _capture(self) -> None:
        """The thread's work."""
        try:
            self._capture_all()
        except Exception as error:  # all errors are raised in the thread that iterates
            self._error = error
        self._ended = True

    def _capture_all(self) -> None:
        """Reads the source to its end; opens a live one again when it is lost."""
        delays, seen = iter(RETRY_DELAYS), False
        while not self._stopped:
            try:
                for frame in self._read():
                    delays, seen = iter(RETRY_DELAYS), True
                    self._put(frame)
                if not self.live or self._stopped:
                    return
                self._problem = f'{self.source} delivers no more frames'
            except (CameraError, cv2.error) as error:
                if not (self.live if seen else self._wait):
                    raise CameraError(one_line(error))
                self._problem = one_line(error)
            self._sleep_until(time.monotonic() + next(delays, RETRY_DELAYS[-1]))

    def _read(self) -> Iterator[Frame]:
        """Opens the source and yields its frames, with timestamps and faults, until there are no
        more.
        """
        watch, began = FrozenWatch(self.source), None
        for frame in self._repeated():
            self._heard_at = time.monotonic()
            if self.live:
                frame = frame._replace(number=next(self._numbers),
                                       time=frame.captured - self._opened_at)
                frame = frame._replace(fault=watch.check(frame) or frame.fault)
            elif self._realtime:
                began = frame.captured - frame.time if began is None else began
                frame = frame._replace(captured=began + frame.time)
                self._sleep_until(frame.captured)
            if frame.people is None and not frame.fault:
                frame = frame._replace(fault=fault_of(frame.image))
            yield frame
            if self._stopped:
                return

    def _repeated(self) -> Iterator[Frame]:
        """The source's frames; of a file that is repeated, over and over."""
        number, seconds = 0, 0.0  # of the first frame
        while True:
            frame = None
            for frame in self._source.frames():
                frame = frame._replace(number=number + frame.number, time=seconds + frame.time)
                yield frame
            if not self._loop or self.live or frame is None:
                return
            number, seconds = frame.number + 1, frame.time + 1 / self.fps

    def _sleep_until(self, moment: float) -> None:
        while time.monotonic() < moment and not self._stopped:
            time.sleep(max(0, min(TICK, moment - time.monotonic())))
