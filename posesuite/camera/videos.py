"""Video files and network streams, read by OpenCV and FFmpeg."""
import abc
import itertools
import logging
import os
import re
import time
from typing import Iterator, Optional, Tuple

from posesuite.camera import base
from posesuite.camera.base import CameraError, Source, suggestion
from posesuite.camera.pictures import as_rgb, decode_jpeg
from posesuite.files import utf8_path
from posesuite.pose.pose import Fault, Frame

import cv2
import numpy as np
from PIL import Image

# The suite reports problems itself, in one line, so OpenCV and FFmpeg need not.
os.environ.setdefault('OPENCV_FFMPEG_LOGLEVEL', '-8')
for module in (cv2, getattr(getattr(cv2, 'utils', None), 'logging', None)):
    if hasattr(module, 'setLogLevel'):  # its place depends on the release
        module.setLogLevel(0)

JPEG = ('mjpg', 'mjpe', 'jpeg')  # FourCCs in different releases of OpenCV
TEXT = 'ansi'  # FourCC of a text file, which FFmpeg would play
SCHEMES = ('rtsp', 'rtsps', 'http', 'https')
MIN_SHARE = 0.9  # share of a file's announced frames below which it counts as damaged
LOGGER = logging.getLogger(__name__)


class VideoSource(Source):
    """What OpenCV captures from."""

    @abc.abstractmethod
    def open(self) -> cv2.VideoCapture:
        """Opens the source. Raises CameraError."""

    def frames(self) -> Iterator[Frame]:
        capture = self.open()
        try:
            self._check_size(capture)
            fps = capture.get(cv2.CAP_PROP_FPS)
            self.fps = fps if 0 < fps < 1000 else self.fps
            timestamps = _Timestamps(self.fps)
            for number in itertools.count():
                got, image = capture.read()
                if not got or image is None:
                    break
                captured = time.monotonic()
                seconds = timestamps.next(capture.get(cv2.CAP_PROP_POS_MSEC) / 1000)
                decoded = self._decode(image)
                if decoded:
                    yield Frame(decoded[0], number, seconds, captured, decoded[1])
            if not number:
                raise CameraError(f'{self.name} contains no frame')
            count = capture.get(cv2.CAP_PROP_FRAME_COUNT)
            if not self.live and number < MIN_SHARE * count:
                LOGGER.warning('%s ends after %d of %.0f frames: it is truncated or damaged',
                               self.name, number, count)
        finally:
            capture.release()

    def _check_size(self, capture: cv2.VideoCapture) -> None:
        width = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH))
        height = int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
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


class VideoFile(VideoSource):
    """A video file."""

    @staticmethod
    def matches(source: str) -> bool:
        return True

    def open(self) -> cv2.VideoCapture:
        try:
            with open(self._source, 'rb'):
                path = utf8_path(os.path.abspath(self._source))
        except OSError as error:
            raise CameraError(f'cannot open {self.name!r} ({error.strerror}): try {suggestion()}')
        capture = _ffmpeg(path)  # from the root, so that it is no protocol of FFmpeg
        if not capture.isOpened() or fourcc(capture) == TEXT:
            raise CameraError(f'{self.name} is not a readable video, and its name does not end as '
                              'that of a picture or a pose log')
        return capture


class Stream(VideoSource):
    """An RTSP or HTTP stream. One that announces its number of frames is read like a file."""

    def __init__(self, source: str) -> None:
        super().__init__(source)
        self.live = True
        self._announced = False
        if source.split('://')[0].lower() not in SCHEMES:
            raise CameraError(f'{self.name}: need an address with {", ".join(SCHEMES)}')

    @staticmethod
    def matches(source: str) -> bool:
        return re.match(r'\w+://', source) is not None

    def open(self) -> cv2.VideoCapture:
        if not self._announced:
            self._announced = True
            LOGGER.info('images travel over the network from %s', self.name)
        began = time.monotonic()
        capture = _ffmpeg(self._source)
        if not capture.isOpened():
            slow = time.monotonic() - began > base.TIMEOUT / 2
            raise CameraError(f'{self.name} does not answer' if slow else
                              f'{self.name} cannot be opened as a stream')
        self.live = not capture.get(cv2.CAP_PROP_FRAME_COUNT) > 0
        return capture


def _ffmpeg(source: str) -> cv2.VideoCapture:
    limits = [part for name in ('CAP_PROP_OPEN_TIMEOUT_MSEC', 'CAP_PROP_READ_TIMEOUT_MSEC')
              if hasattr(cv2, name) for part in (getattr(cv2, name), int(base.TIMEOUT * 1000))]
    capture = cv2.VideoCapture(source, cv2.CAP_FFMPEG, *([limits] if limits else []))
    if fourcc(capture) in JPEG:
        capture.set(cv2.CAP_PROP_FORMAT, -1)  # undecoded, for decode_jpeg
    return capture


def fourcc(capture: cv2.VideoCapture) -> str:
    """The code of the format that is captured, four lower-case letters such as 'mjpg'."""
    code = int(capture.get(cv2.CAP_PROP_FOURCC)) & 0xffffffff
    return code.to_bytes(4, 'little').decode('latin-1').lower()
