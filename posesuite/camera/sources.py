"""What Camera reads: pictures, pose logs, videos, streams and devices, each as frames in order."""
import abc
import argparse
import glob
import io
import itertools
import os
import platform
import re
import sys
import time
import warnings
from typing import IO, Iterator, Optional, Tuple, Union

from posesuite.errors import SuiteError
from posesuite.pose.log import read_log
from posesuite.pose.pose import Fault, FaultKind, Frame

import cv2
import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

# What is wrong is said here, in one line, and not by OpenCV and FFmpeg.
os.environ.setdefault('OPENCV_FFMPEG_LOGLEVEL', '-8')
for module in (cv2, getattr(getattr(cv2, 'utils', None), 'logging', None)):
    if hasattr(module, 'setLogLevel'):  # it is not in the same place in all releases
        module.setLogLevel(0)

BACKENDS = {'Linux': cv2.CAP_V4L2, 'Windows': cv2.CAP_DSHOW, 'Darwin': cv2.CAP_AVFOUNDATION}
BY_ID = '/dev/v4l/by-id/*'  # links to cameras that outlive unplugging
SAMPLE = '--videosrc samples/one_person.mp4'
PICTURES = ('.jpg', '.jpeg', '.png', '.webp', '.bmp')
SMALLEST = 16  # pixels: one cell of the network's maps
TIMEOUT = 5.0  # seconds until a stream's silence is an error and a camera's a loss
JPEG = ('mjpg', 'mjpe', 'jpeg')  # as releases of OpenCV name it
START_OF_SCAN, END_OF_IMAGE = b'\xff\xda', b'\xff\xd9'  # JPEG's marks, never within a scan
MISSING = 128  # what a JPEG decoder makes of blocks that are not there


class CameraError(SuiteError):
    """A source that does not serve: one line with what is wrong and what helps."""


class Source(abc.ABC):
    """Where frames come from."""
    live = False  # whether it may be lost but does not end; holds once there is a frame
    fps = 30.0  # frames a second, if it says nothing else; holds once there is a frame
    has_poses = False  # whether its frames come with their people

    def __init__(self, source: str) -> None:
        self._source = source
        self.name = _public(source)  # without credentials

    @abc.abstractmethod
    def frames(self) -> Iterator[Frame]:
        """Opens the source and yields its frames. Raises CameraError."""


def open_source(args: argparse.Namespace) -> Source:
    """What reads args.videosrc, by its looks alone. Raises CameraError."""
    source = args.videosrc or '0'
    if '\0' in source:
        raise CameraError(f'no source {source!r}: it has a NUL')
    if source.isdecimal() or source.startswith('/dev/'):
        return _Device(source, args)
    scheme = re.match(r'(\w+)://', source)
    if scheme:
        if scheme.group(1).lower() not in ('rtsp', 'rtsps', 'http', 'https'):
            raise CameraError(f'{_public(source)}: need rtsp, http or https')
        return _Stream(source)
    if source.lower().endswith('.jsonl'):
        return _Log(source)
    if os.path.isdir(source) or source.lower().endswith(PICTURES) or glob.has_magic(source):
        return _Pictures(source)
    return _Video(source)


class _Pictures(Source):
    """One picture, or those of a folder or a glob, by name."""

    def frames(self) -> Iterator[Frame]:
        pattern = self._source
        if os.path.isdir(pattern):
            pattern = os.path.join(glob.escape(pattern), '*')
        paths = [pattern] if os.path.isfile(pattern) else sorted(glob.glob(pattern))
        paths = [path for path in paths if path.lower().endswith(PICTURES)]
        if not paths:
            raise CameraError(f'no pictures {self.name!r}: need {", ".join(PICTURES)}')
        for number, path in enumerate(paths):
            try:
                yield Frame(np.asarray(open_image(path)), number, number / self.fps,
                            time.monotonic(), name=os.path.basename(path))
            except CameraError as error:
                if len(paths) == 1:
                    raise
                say(str(error))


class _Log(Source):
    """A pose log; its frames are black or the background that it names."""
    has_poses = True

    def frames(self) -> Iterator[Frame]:
        try:
            header, lines = read_log(self._source)
            self.fps = header.get('fps', self.fps)
            image = np.zeros((header['height'], header['width'], 3), np.uint8)
            if 'background' in header:
                image = self._background(str(header['background']), image.shape)
            for line in lines:
                if (line.height, line.width) != image.shape[:2]:
                    image = np.zeros((line.height, line.width, 3), np.uint8)
                yield Frame(image, line.number, line.time, time.monotonic(), line.fault,
                            line.people, line.name)
        except (OSError, ValueError) as error:
            raise CameraError(str(error))

    def _background(self, name: str, shape: Tuple[int, ...]) -> np.ndarray:
        folder = os.path.realpath(os.path.dirname(self._source))
        path = os.path.realpath(os.path.join(folder, name))
        if os.path.dirname(path) != folder:
            raise CameraError(f'{self.name}: its background must lie in the same folder')
        image = np.asarray(open_image(path))
        if image.shape != shape:
            raise CameraError(f'{path} has {image.shape[1]}x{image.shape[0]} pixels, '
                              f'{self.name} has {shape[1]}x{shape[0]}')
        return image


class _Video(Source):
    """A video file, and what reads devices and streams."""

    def frames(self) -> Iterator[Frame]:
        capture = self._open()
        try:
            fps = capture.get(cv2.CAP_PROP_FPS)
            self.fps = fps if 0 < fps < 1000 else self.fps
            width, height = (int(capture.get(of)) for of in (cv2.CAP_PROP_FRAME_WIDTH,
                                                             cv2.CAP_PROP_FRAME_HEIGHT))
            if width * height > Image.MAX_IMAGE_PIXELS:
                raise CameraError(f'{self.name} has frames of {width}x{height}, more than '
                                  f'{Image.MAX_IMAGE_PIXELS} pixels')
            first = seconds = 0.0
            for number in itertools.count():
                got, image = capture.read()
                if not got or image is None:
                    break
                captured = time.monotonic()
                decoded = self._decode(image)
                # Releases of OpenCV differ in the first frame's time; 4.5's of JPEGs stands still.
                position = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
                first = first if number else position
                if number:
                    ahead = position - first > seconds
                    seconds = position - first if ahead else seconds + 1 / self.fps
                if decoded:
                    yield Frame(decoded[0], number, seconds, captured, decoded[1])
            if not number:
                raise CameraError(f'{self.name} gives no picture')
            count = capture.get(cv2.CAP_PROP_FRAME_COUNT)
            if not self.live and number < 0.9 * count:
                say(f'{self.name} ends after {number} of {count:.0f} frames: it is cut off or '
                     'damaged')
        finally:
            capture.release()

    def _open(self) -> cv2.VideoCapture:
        try:
            with open(self._source, 'rb'):
                pass
        except OSError as error:
            raise CameraError(f'no source {self.name!r} ({error.strerror}): try {SAMPLE}')
        # As a path, never a protocol of FFmpeg's.
        capture = _ffmpeg(os.path.abspath(self._source))
        if not capture.isOpened() or _fourcc(capture) == 'ansi':  # so FFmpeg reads texts
            raise CameraError(f'{self.name} is no video that can be read, and by its name no '
                              'picture and no pose log')
        return capture

    def _decode(self, image: np.ndarray) -> Optional[Tuple[np.ndarray, Optional[Fault]]]:
        """(RGB, fault) of what OpenCV hands over; None of a JPEG that has nothing to show.

        OpenCV would make half a JPEG whole, with what an earlier frame or the memory had there.
        """
        if image.ndim != 2 or image.shape[0] != 1:
            return as_rgb(image, self.name), None
        data = image.tobytes()
        if data.rfind(END_OF_IMAGE) > data.rfind(START_OF_SCAN):
            image = cv2.imdecode(image, cv2.IMREAD_COLOR)
            return None if image is None else (as_rgb(image, self.name), None)
        try:
            image = np.asarray(open_image(io.BytesIO(data + END_OF_IMAGE), self.name))
        except CameraError:
            return None
        # Up to 4.8 OpenCV itself may drop the last bytes, which costs no pixels.
        cut = (image[-8:, -8:] == MISSING).all()
        return image, Fault.of(FaultKind.TRUNCATED) if cut else None


class _Stream(_Video):
    """An RTSP or HTTP stream; one that tells how many frames it has is read as a file."""
    live = True
    _said = False

    def _open(self) -> cv2.VideoCapture:
        if not self._said:
            self._said = True
            say(f'images travel over the network from {self.name}')
        began = time.monotonic()
        capture = _ffmpeg(self._source)
        if not capture.isOpened():
            raise CameraError(f'{self.name} ' + (
                'does not answer' if time.monotonic() - began > TIMEOUT / 2 else
                'is no stream that can be opened'))
        self.live = not capture.get(cv2.CAP_PROP_FRAME_COUNT) > 0
        return capture


class _Device(_Video):
    """A camera at this machine."""
    live = True

    def __init__(self, source: str, args: argparse.Namespace) -> None:
        self._linux = platform.system() == 'Linux'
        super().__init__(f'/dev/video{source}' if self._linux and source.isdecimal() else source)
        self._args = args
        self._lasting = ''  # one of BY_ID

    def _open(self) -> cv2.VideoCapture:
        source = self._find() if self._linux else int(self._source)
        capture = cv2.VideoCapture(source, BACKENDS.get(platform.system(), cv2.CAP_ANY))
        if not capture.isOpened():
            raise CameraError(f'{self.name} is no camera or is in use: {_cameras()}')
        form = self._args.format
        if form:
            capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter_fourcc(*form))
        for setting, value in zip((cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT),
                                  self._args.res.split('x')):
            capture.set(setting, int(value))
        if self._args.fps:
            capture.set(cv2.CAP_PROP_FPS, self._args.fps)
        given = _fourcc(capture)
        if form and form.lower() != given:
            raise CameraError(f'{self.name} gives {given.upper()} where {form} is asked for')
        if self._linux and given in JPEG:
            capture.set(cv2.CAP_PROP_CONVERT_RGB, 0)  # undecoded: see _decode
        return capture

    def _find(self) -> str:
        node = os.path.realpath(self._lasting or self._source)
        if not os.path.exists(node):
            raise CameraError(f'no camera {self.name}: {_cameras()}')
        if not os.access(node, os.R_OK | os.W_OK):
            raise CameraError(f'no permission for {node}: sudo usermod -aG video "$USER" and log '
                              f'in anew, or try {SAMPLE}')
        if not self._lasting:
            self._lasting = next((link for link in sorted(glob.glob(BY_ID))
                                  if os.path.realpath(link) == node), '')
        return node


def _ffmpeg(source: str) -> cv2.VideoCapture:
    limits = [part for name in ('CAP_PROP_OPEN_TIMEOUT_MSEC', 'CAP_PROP_READ_TIMEOUT_MSEC')
              if hasattr(cv2, name) for part in (getattr(cv2, name), int(TIMEOUT * 1000))]
    capture = cv2.VideoCapture(source, cv2.CAP_FFMPEG, *([limits] if limits else []))
    if _fourcc(capture) in JPEG:
        capture.set(cv2.CAP_PROP_FORMAT, -1)  # undecoded: see _decode
    return capture


def _fourcc(capture: cv2.VideoCapture) -> str:
    code = int(capture.get(cv2.CAP_PROP_FOURCC)) & 0xffffffff
    return code.to_bytes(4, 'little').decode('latin-1').lower()


def open_image(file: Union[str, IO[bytes]], name: str = '') -> Image.Image:
    """Opens a picture upright, as RGB; name is what errors call it.

    Raises CameraError if it is no JPEG, PNG, WebP or BMP, damaged, too small or too large.
    """
    name = name or str(file)
    with warnings.catch_warnings():
        warnings.simplefilter('error', Image.DecompressionBombWarning)
        try:
            image = Image.open(file, formats=['JPEG', 'PNG', 'WEBP', 'BMP'])
            if min(image.size) < SMALLEST:
                raise ValueError(f'it has {image.width}x{image.height} pixels, '
                                 f'need {SMALLEST}x{SMALLEST} or more')
            return ImageOps.exif_transpose(image).convert('RGB')
        except UnidentifiedImageError:
            raise CameraError(f'{name}: no JPEG, PNG, WebP or BMP picture')
        except (Image.DecompressionBombError, Image.DecompressionBombWarning):
            raise CameraError(f'{name}: more than {Image.MAX_IMAGE_PIXELS} pixels')
        except (OSError, SyntaxError, ValueError) as error:  # Pillow has all of them
            raise CameraError(f'{name}: {getattr(error, "strerror", None) or error}')


def as_rgb(image: np.ndarray, name: str) -> np.ndarray:
    """Makes uint8 [Y, X, RGB] of what OpenCV hands over: grey, BGR or BGRA of 8 or 16 bits.

    Raises CameraError for anything else.
    """
    channels = image.shape[2] if image.ndim == 3 else 1
    convert = {1: cv2.COLOR_GRAY2RGB, 3: cv2.COLOR_BGR2RGB, 4: cv2.COLOR_BGRA2RGB}.get(channels)
    if image.dtype == np.uint16:
        image = (image >> 8).astype(np.uint8)
    if (convert is None or image.dtype != np.uint8 or image.ndim < 2
            or min(image.shape[:2]) < SMALLEST):
        raise CameraError(f'{name} gives {image.dtype} {list(image.shape)}, need 8 or 16 bit '
                          f'grey, BGR or BGRA of {SMALLEST}x{SMALLEST} or more')
    return cv2.cvtColor(image, convert)


def _public(source: str) -> str:
    """A source without the user, password and query of a URL."""
    return re.sub('//.*@', '//', source).split('?')[0] if '://' in source else source


def _cameras() -> str:
    nodes = sorted(glob.glob('/dev/video[0-9]*'), key=lambda node: (len(node), node))
    return f'there {"is " + ", ".join(nodes) if nodes else "is no /dev/video*"}; or try {SAMPLE}'


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
