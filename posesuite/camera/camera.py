"""Frames in: one iterable context manager for cameras, streams, videos, pictures and pose logs.

    with Camera(args) as camera:
        for frame in camera:
            ...

A thread of its own reads and checks the frames. Of a live source it keeps the newest one only; a
file it reads a little ahead, and every frame comes in order.
"""
import argparse
import itertools
import threading
import time
from collections import deque
from typing import Any, Iterator, Optional

from posesuite.camera.sources import TIMEOUT, CameraError, open_source, say
from posesuite.pose.pose import Fault, FaultKind, Frame

import cv2
import numpy as np

RESOLUTIONS = ('480x360', '640x480', '1280x720')

READ_AHEAD = 4  # frames of a file
START_TIMEOUT = 10.0  # seconds: some cameras take their time to start
RETRIES = (1, 2, 5, 10, 20, 40, 60)  # seconds between attempts to open a source again
TICK = 0.1  # seconds between the frames that stand for a lost camera
FROZEN = 60.0  # seconds for which a frame may stay the same
GREY = 128  # of those that stand for a lost camera

# What 98 % of a shrunk frame's green keep to, 0 to 255.
GRID = 40, 30
BLACK = 24  # darker
BLOWN_OUT = 245  # lighter
COVERED = 10  # neighbours differ by less: photographs by 28 and more, with a hand on the lens by 4


def add_camera_options(parser: argparse.ArgumentParser) -> None:
    """Adds what Camera takes from the command line."""
    parser.add_argument('--videosrc', metavar='SOURCE',
                        help='a camera (/dev/video0 or its number), a video, a picture, a folder '
                             'or glob of pictures, an rtsp:// or http(s):// stream, or a pose log '
                             '(default: the first camera)')
    parser.add_argument('--res', choices=RESOLUTIONS, default='640x480',
                        help="the camera's resolution (default: %(default)s)")
    form = parser.add_mutually_exclusive_group()
    form.add_argument('--jpeg', action='store_const', dest='format', const='MJPG',
                      help='take JPEG from the camera, which many need for higher rates')
    form.add_argument('--h264', action='store_const', dest='format', const='H264',
                      help='take H.264 from the camera')
    parser.add_argument('--fps', type=_positive, metavar='N', help="the camera's frames a second")
    parser.add_argument('--frames', type=_positive, metavar='N', help='stop after N frames')
    parser.add_argument('--realtime', action='store_true',
                        help='play a file at its own pace; frames that come too late are dropped')
    parser.add_argument('--wait', action='store_true',
                        help='wait for a source that is not there yet')


def _positive(text: str) -> int:
    if not (text.isdecimal() and 0 < int(text) < 1 << 31):
        raise argparse.ArgumentTypeError(f'must be a whole number from 1, got {text!r}')
    return int(text)


class Camera:
    """The frames of one source, as add_camera_options describes it.

    Entering opens the source. Entering and iterating raise CameraError.
    """

    def __init__(self, args: argparse.Namespace) -> None:
        self._args = args
        self._source = open_source(args)
        self._thread = threading.Thread(target=self._capture, daemon=True)
        self._changed = threading.Condition()
        self._frames = deque()
        self._problem = ''  # why there are no frames just now
        self._error: Optional[Exception] = None  # what ended the thread
        self._ended = False  # the thread reads no more
        self._stopped = False  # nobody wants more
        self._lost = ''  # the fault of the frames that stand for a lost camera
        self._size = tuple(map(int, args.res.split('x')))[::-1] + (3,)
        self._numbers = itertools.count()

    @classmethod
    def from_args(cls, args: argparse.Namespace) -> 'Camera':
        """The camera that add_camera_options describes."""
        return cls(args)

    @property
    def source(self) -> str:
        """Its name for logs and titles, without credentials."""
        return self._source.name

    @property
    def fps(self) -> float:
        """Its frames a second, 30 where it does not say."""
        return self._source.fps

    @property
    def live(self) -> bool:
        """Whether it is a camera or an endless stream, which may be lost but does not end."""
        return self._source.live

    @property
    def has_poses(self) -> bool:
        """Whether its frames come with their people, as those of a pose log do."""
        return self._source.has_poses

    def __enter__(self) -> 'Camera':
        self._began = self._heard = time.monotonic()
        self._thread.start()
        with self._changed:
            while not (self._frames or self._problem or self._ended or self._stopped):
                self._changed.wait(TICK)  # a signal wakes nobody
                if time.monotonic() - self._began > START_TIMEOUT and not self._args.wait:
                    self._error = CameraError(f'{self.source} does not answer')
                    break
        if self._error and not self._frames:
            self.__exit__()
            raise self._error
        return self

    def __exit__(self, *_: Any) -> None:
        self._stopped = True
        self._thread.join(1)  # one that hangs in a driver ends with the process

    def stop(self) -> None:
        """Ends the iteration; may be called by a signal handler or another thread."""
        self._stopped = True

    def __iter__(self) -> Iterator[Frame]:
        return itertools.islice(iter(self._take, None), self._args.frames)

    def _take(self) -> Optional[Frame]:
        """Waits for the next frame; None at the end. A lost camera has one in every TICK, too."""
        while not self._stopped:
            with self._changed:
                if not self._frames and not self._ended:
                    self._changed.wait(TICK)
                if self._frames:
                    frame = self._frames.popleft()
                    self._changed.notify_all()
                    if self._lost:
                        say(f'{self.source} is back')
                    self._lost, self._size = '', frame.image.shape
                    return frame
                if self._ended:
                    break
            silence = time.monotonic() - self._heard
            if self._problem or self.live and silence > TIMEOUT:
                return self._frame_of_loss(silence)
        if self._error and not self._stopped:
            raise self._error
        return None

    def _frame_of_loss(self, silence: float) -> Frame:
        if not self._lost:
            since = time.localtime(time.time() - silence)
            self._lost = time.strftime('camera lost since %H:%M', since)
            say(f'{self._lost}: {self._problem or self.source + " gives no more frames"}')
        now = time.monotonic()
        return Frame(np.full(self._size, GREY, np.uint8), next(self._numbers), now - self._began,
                     now, Fault(FaultKind.LOST, self._lost), {})

    def _put(self, frame: Frame, newest: bool) -> None:
        """Hands a frame over when there is room, or as the newest in the place of the last."""
        with self._changed:
            if newest:
                self._frames.clear()
            while len(self._frames) >= READ_AHEAD and not self._stopped:
                self._changed.wait(TICK)
            self._frames.append(frame)
            self._problem = ''
            self._changed.notify_all()

    def _capture(self) -> None:
        """The thread."""
        try:
            self._capture_all()
        except Exception as error:  # whatever it is, it is the main thread's to raise
            self._error = error
        self._ended = True

    def _capture_all(self) -> None:
        """Reads the source to its end, and where that makes sense opens it anew when it is lost."""
        retries, seen = iter(RETRIES), False
        while not self._stopped:
            try:
                for frame in self._read():
                    retries, seen = iter(RETRIES), True
                    self._put(frame, newest=self.live or self._args.realtime)
                if not self.live or self._stopped:
                    return
                self._problem = f'{self.source} gives no more frames'
            except (CameraError, cv2.error) as error:
                if not (self.live if seen else self._args.wait):
                    raise CameraError(' '.join(str(error).split()))
                self._problem = str(error)
            self._sleep_until(time.monotonic() + next(retries, RETRIES[-1]))

    def _read(self) -> Iterator[Frame]:
        """Opens the source and gives its frames their times and faults, until there are no more."""
        shown, changed, since, said, began = np.empty(0), 0.0, '', '', None
        for frame in self._source.frames():
            self._heard = time.monotonic()
            if self.live:
                frame = frame._replace(number=next(self._numbers),
                                       time=frame.captured - self._began)
                if not np.array_equal(frame.image[::4, ::4, 1], shown):
                    shown, changed = frame.image[::4, ::4, 1].copy(), frame.captured
                    since = time.strftime('frozen since %H:%M')
                elif frame.captured - changed > FROZEN:
                    frame = frame._replace(fault=Fault(FaultKind.FROZEN, since))
                    if said != since:
                        said = since
                        say(f'camera {since}: {self.source} repeats one frame')
            elif self._args.realtime:
                began = frame.captured - frame.time if began is None else began
                frame = frame._replace(captured=began + frame.time)
                self._sleep_until(frame.captured)
            if frame.people is None and not frame.fault:
                frame = frame._replace(fault=fault_of(frame.image))
            yield frame
            if self._stopped:
                return

    def _sleep_until(self, moment: float) -> None:
        while time.monotonic() < moment and not self._stopped:
            time.sleep(max(0, min(TICK, moment - time.monotonic())))


def fault_of(image: np.ndarray) -> Optional[Fault]:
    """The fault that a picture itself shows: black, blown out or covered; None for a usable one.

    image: uint8 [Y, X, RGB].
    """
    small = cv2.resize(image[::4, ::4, 1], GRID, interpolation=cv2.INTER_AREA).astype(np.int16)
    few = small.size // 50
    light = np.sort(small, axis=None)
    if light[-few] < BLACK:
        return Fault.of(FaultKind.BLACK)
    if light[few] > BLOWN_OUT:
        return Fault.of(FaultKind.BLOWN_OUT)
    flat = np.sort(np.abs(np.diff(small)), axis=None)[-few] < COVERED
    return Fault.of(FaultKind.COVERED) if flat else None


