"""Video files and network streams, read by OpenCV and FFmpeg."""
import abc
import contextlib
import itertools
import logging
import os
import stat
import sys
import time
from typing import Any, Iterator, Optional, Tuple

from posesuite.addresses import is_address
from posesuite.camera import base
from posesuite.camera.base import CameraError, Source, suggestion
from posesuite.camera.ffmpeg import (
    FAILS_ON_INTERLACED,
    INTERLACED,
    JPEG,
    Deinterlaced,
    Geometry,
    UnchangedWatch,
    capture_of,
    complaint,
    fourcc,
    openable,
    reason,
)
from posesuite.camera.multipart import MultipartJpegs
from posesuite.camera.pictures import as_rgb, decode_jpeg
from posesuite.files import utf8_path
from posesuite.pose.pose import Fault, Frame

import cv2
import numpy as np
from PIL import Image

TEXT = 'ansi'  # FourCC of a text file, which FFmpeg would play
SCHEMES = ('rtsp', 'rtsps', 'http', 'https')
STDIN = ('-', '/dev/stdin')
MIN_SHARE = 0.9  # share of a file's announced frames below which it counts as damaged
LOGGER = logging.getLogger(__name__)


class _Unreadable(CameraError):
    """OpenCV reads no good frames from number on, perhaps because they are interlaced."""

    def __init__(self, message: str, number: int = 0, interlaced: bool = False) -> None:
        super().__init__(message)
        self.number, self.interlaced = number, interlaced


class VideoSource(Source):
    """What OpenCV captures from."""
    checks_unchanged = False  # whether an image that does not change may be a failure of FFmpeg

    @abc.abstractmethod
    def open(self) -> Any:
        """Opens the source: a cv2.VideoCapture or its like. Raises CameraError."""

    def open_otherwise(self, problem: _Unreadable) -> Any:
        """Opens the source by another way; raises CameraError if there is none."""
        raise CameraError(f'{problem}{self.why()}')

    def why(self) -> str:
        """FFmpeg's complaint about the source, as the end of a message."""
        return ''

    def frames(self) -> Iterator[Frame]:
        try:
            yield from self._frames(self.open(), 0, self.checks_unchanged)
        except _Unreadable as problem:
            yield from self._frames(self.open_otherwise(problem), problem.number, False)

    def _frames(self, capture: Any, first: int, checks_unchanged: bool) -> Iterator[Frame]:
        """The frames of a capture, which it releases, from number first on."""
        try:
            geometry = Geometry(capture)
            self._check_size(capture, geometry)
            fps = capture.get(cv2.CAP_PROP_FPS)
            self.fps = fps if 0 < fps < 1000 else self.fps
            timestamps, watch = _Timestamps(self.fps), UnchangedWatch()
            check_next = 0 if checks_unchanged and fourcc(capture) not in JPEG else sys.maxsize
            decodable, held = 0, None
            for number in itertools.count():
                got, image = capture.read()
                if not got or image is None:
                    break
                captured = time.monotonic()
                seconds = timestamps.next(capture.get(cv2.CAP_PROP_POS_MSEC) / 1000)
                if watch.check(image) and number >= check_next:
                    check_next = 2 * number + 25  # most are films that stand still for a while
                    self._check_interlaced(number)
                decoded = self._decode(image)
                if not decoded:
                    continue
                decodable += 1
                frame = Frame(geometry.apply(decoded[0]), number, seconds, captured, decoded[1])
                if held:
                    yield held
                held = frame if number == check_next == 0 else None  # until there is a second one
                if not held and number >= first:
                    yield frame
            if held:
                self._check_interlaced(0)
                yield held
            if not number:
                raise _Unreadable(f'{self.name} contains no frame')
            if not decodable:
                raise CameraError(f'{self.name}: none of its {number} frames can be decoded'
                                  f'{self.why()}')
            count = capture.get(cv2.CAP_PROP_FRAME_COUNT)
            # A file of a variable rate announces the frames that its length has room for.
            if not self.live and max(number, seconds * self.fps + 1) < MIN_SHARE * count:
                self.warn(f'{self.name} ends after {number} of {count:.0f} frames: it is truncated '
                          'or damaged')
        finally:
            capture.release()

    def _check_interlaced(self, number: int) -> None:
        first = number if number > 1 else 0  # nothing has been yielded before the second one
        if INTERLACED in complaint(self._source, number + 1):
            raise _Unreadable(f'{self.name} is interlaced', first, interlaced=True)

    def _check_size(self, capture: Any, geometry: Geometry) -> None:
        width, height = geometry.size(int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)),
                                      int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT)))
        if width * height > Image.MAX_IMAGE_PIXELS:
            raise CameraError(f'{self.name} has frames of {width}x{height}, more than '
                              f'{Image.MAX_IMAGE_PIXELS} pixels')

    def _decode(self, image: np.ndarray) -> Optional[Tuple[np.ndarray, Optional[Fault]]]:
        """(uint8 [Y, X, RGB], fault) of an image or an undecoded JPEG; None if nothing shows."""
        if image.ndim == 2 and image.shape[0] == 1:
            return decode_jpeg(image.tobytes(), self.name)
        return as_rgb(image, self.name), None


class _Timestamps:
    """Seconds since the first frame, strictly increasing.

    Releases of OpenCV differ in the position of the first frame, and the position of JPEGs stands
    still in 4.5.
    """

    def __init__(self, fps: float) -> None:
        self._interval = 1 / fps
        self._first: Optional[float] = None  # position of the first frame, seconds
        self._latest = 0.0

    def next(self, position: float) -> float:
        """The timestamp of the next frame. position: what OpenCV reports, seconds."""
        if self._first is None:
            self._first = position
        elif position - self._first > self._latest:
            self._latest = position - self._first
        else:
            self._latest += self._interval
        return self._latest


def is_pipe(path: str) -> bool:
    """Whether a path leads to a pipe, which gives its bytes only once."""
    return os.path.exists(path) and stat.S_ISFIFO(os.stat(path).st_mode)


class VideoFile(VideoSource):
    """A video file, a named pipe, or standard input."""
    checks_unchanged = FAILS_ON_INTERLACED

    def __init__(self, source: str) -> None:
        super().__init__(source)
        self.once = source in STDIN or is_pipe(source)

    @staticmethod
    def matches(source: str) -> bool:
        return True

    def open(self) -> cv2.VideoCapture:
        try:
            with self._path() as path:
                capture = capture_of(path)
        except OSError as error:
            raise CameraError(f'cannot open {self.name!r} ({error.strerror}): try {suggestion()}')
        if not capture.isOpened() or fourcc(capture) == TEXT:
            raise CameraError(f'{self.name} is not a readable video, and its name does not end as '
                              f'that of a picture or a pose log{self.why()}')
        return capture

    def open_otherwise(self, problem: _Unreadable) -> Any:
        if problem.interlaced:
            return Deinterlaced(os.path.abspath(self._source))
        return super().open_otherwise(problem)

    def _check_interlaced(self, number: int) -> None:
        if not self.once:
            super()._check_interlaced(number)
        elif number > 1:  # it cannot be opened once more to hear FFmpeg
            self.warn(f'{self.name}: its picture does not change; if it is interlaced, OpenCV '
                      f'{cv2.__version__} needs "ffmpeg -i - -vf yadif -f matroska -" before it')

    def why(self) -> str:
        if not self.once:
            return reason(os.path.abspath(self._source))
        return ' (a pipe needs a format that is read in one go, such as MPEG-TS or Matroska)'

    @contextlib.contextmanager
    def _path(self) -> Iterator[str]:
        """A path from the root, so that it is no protocol of FFmpeg. Raises OSError."""
        if self._source in STDIN:
            mode = os.fstat(0).st_mode
            if stat.S_ISCHR(mode) and os.isatty(0):
                raise CameraError('standard input is a terminal: redirect a video or a pipe to it')
            yield '/dev/stdin' if stat.S_ISREG(mode) else 'pipe:0'
        elif is_pipe(self._source):  # opened once, or its writer ends
            yield utf8_path(os.path.abspath(self._source))
        else:
            with openable(os.path.abspath(self._source)) as name:
                yield name


class Stream(VideoSource):
    """An RTSP or HTTP stream. One that announces its number of frames is read like a file."""

    def __init__(self, source: str) -> None:
        super().__init__(source)
        self.live = True
        self._announced = self._asked = False
        self._scheme = source.split('://')[0].lower()
        if self._scheme not in SCHEMES:
            raise CameraError(f'{self.name}: need an address such as {"://, ".join(SCHEMES)}://')
        self.checks_unchanged = FAILS_ON_INTERLACED

    @staticmethod
    def matches(source: str) -> bool:
        return is_address(source)

    def open(self) -> Any:
        if not self._announced:
            self._announced = True
            LOGGER.info('images travel over the network from %s', self.name)
        began = time.monotonic()
        capture = capture_of(self._source)
        if not capture.isOpened():
            if time.monotonic() - began > base.TIMEOUT / 2:
                raise CameraError(f'{self.name} does not answer')
            raise _Unreadable(f'{self.name} cannot be opened as a stream')
        self.live = not capture.get(cv2.CAP_PROP_FRAME_COUNT) > 0
        return capture

    def open_otherwise(self, problem: _Unreadable) -> Any:
        if problem.interlaced:
            return Deinterlaced(self._source)
        if self._scheme.startswith('http'):
            with contextlib.suppress(CameraError):
                return MultipartJpegs(self._source)
        return super().open_otherwise(problem)

    def why(self) -> str:
        asked, self._asked = self._asked, True  # not again with every retry
        return '' if asked else reason(self._source)
