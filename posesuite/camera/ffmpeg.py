"""OpenCV's captures through FFmpeg, why one gives nothing, and a way round what they cannot read.

As a program of its own it reads a few frames of the source that standard input names, so that
FFmpeg's complaints can be read.
"""
import contextlib
import os
import re
import shutil
import subprocess
import sys
from typing import Iterator, Optional, Tuple
from urllib.parse import unquote

from posesuite.addresses import is_address
from posesuite.camera import base
from posesuite.camera.base import CameraError, shown
from posesuite.child import child_command
from posesuite.files import utf8_path
from posesuite.pose.json_poses import printable

import cv2
import numpy as np

# The suite reports problems itself, in one line, so OpenCV and FFmpeg need not.
os.environ.setdefault('OPENCV_FFMPEG_LOGLEVEL', '-8')
for module in (cv2, getattr(getattr(cv2, 'utils', None), 'logging', None)):
    if hasattr(module, 'setLogLevel'):  # its place depends on the release
        module.setLogLevel(0)

JPEG = ('mjpg', 'mjpe', 'jpeg')  # FourCCs in different releases of OpenCV
RELEASE = tuple(int(number) for number in re.findall(r'\d+', cv2.__version__)[:2])
# These leave in an interlaced frame what was there before: black, the frame before it, or anything.
FAILS_ON_INTERLACED = RELEASE >= (4, 13)
INTERLACED = 'interlaced'  # the word in FFmpeg's complaint about it
COMPLAINT = re.compile(r'\[OPENCV:FFMPEG:(\d+)\] *(\S.*)')  # its level and text
COMPLAINT_TIME = 10.0  # seconds beyond the timeout of a stream until a complaint is given up
MAX_COMPLAINT = 120  # characters
TURNS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}
MAX_ASPECT = 8.0  # ratio of a pixel's sides beyond which it counts as unknown


def capture_of(source: str) -> cv2.VideoCapture:
    """Opens a file or an address; JPEGs stay undecoded, and no picture is turned."""
    limits = [part for name in ('CAP_PROP_OPEN_TIMEOUT_MSEC', 'CAP_PROP_READ_TIMEOUT_MSEC')
              if hasattr(cv2, name) for part in (getattr(cv2, name), int(base.TIMEOUT * 1000))]
    capture = cv2.VideoCapture(source, cv2.CAP_FFMPEG, *([limits] if limits else []))
    # OpenCV 4.6 turns the wrong way, and all turn the bytes of an undecoded JPEG.
    capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 0)
    if fourcc(capture) in JPEG:
        capture.set(cv2.CAP_PROP_FORMAT, -1)
    return capture


@contextlib.contextmanager
def openable(path: str) -> Iterator[str]:
    """A name of a file that OpenCV takes, valid inside the block. Raises OSError."""
    with open(path, 'rb') as file:
        try:
            name = utf8_path(path)
        except OSError:  # OpenCV takes no name that is not UTF-8
            name = f'/dev/fd/{file.fileno()}'
            if not os.path.exists(name):
                raise
        yield name


def fourcc(capture: cv2.VideoCapture) -> str:
    """The code of the format that is captured, four lower-case letters such as 'mjpg'."""
    code = int(capture.get(cv2.CAP_PROP_FOURCC)) & 0xffffffff
    return code.to_bytes(4, 'little').decode('latin-1').lower()


class Deinterlaced:
    """An interlaced source, read by the ffmpeg program; what is used of a cv2.VideoCapture.

    source: an address, or a file's absolute path. Raises CameraError.
    """

    def __init__(self, source: str) -> None:
        program = shutil.which('ffmpeg')
        if program is None or not os.path.exists('/dev/fd'):
            raise CameraError(f'{shown(source)} is interlaced, which OpenCV {cv2.__version__} '
                              'cannot read: install the ffmpeg program')
        options = ['-rtsp_transport', 'tcp'] if source.lower().startswith('rtsp') else []
        self._process = subprocess.Popen(
            [program, '-nostdin', '-v', 'quiet', *options, '-i', source, '-map', '0:v:0',
             '-vf', 'yadif=deint=interlaced', '-pix_fmt', 'yuv420p', '-c:v', 'rawvideo',
             '-f', 'nut', 'pipe:1'],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            start_new_session=True)  # Ctrl-C is for the script
        self._capture = capture_of(f'/dev/fd/{self._process.stdout.fileno()}')
        self.read, self.get = self._capture.read, self._capture.get

    def release(self) -> None:
        """Ends reading."""
        self._process.kill()
        self._capture.release()
        self._process.stdout.close()
        self._process.wait()


class Geometry:
    """How the stored pixels of a capture become an upright picture with square pixels."""

    def __init__(self, capture: cv2.VideoCapture) -> None:
        wide, high = capture.get(cv2.CAP_PROP_SAR_NUM), capture.get(cv2.CAP_PROP_SAR_DEN)
        known = wide > 0 < high and 1 / MAX_ASPECT <= wide / high <= MAX_ASPECT
        self._aspect = wide / high if known else 1.0
        self._stored = (capture.get(cv2.CAP_PROP_FRAME_WIDTH),
                        capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
        angle = round(capture.get(cv2.CAP_PROP_ORIENTATION_META))
        self._turn: Optional[int] = TURNS.get((-angle if RELEASE == (4, 6) else angle) % 360)

    def size(self, width: int, height: int) -> Tuple[int, int]:
        """Width and height that a stored frame has before it is turned, in square pixels."""
        return max(1, round(width * self._aspect)), height

    def apply(self, image: np.ndarray) -> np.ndarray:
        """A stored frame as it is to be seen."""
        height, width = image.shape[:2]
        if (width, 2 * height) == self._stored:  # interlaced JPEG, of which only a field is decoded
            height *= 2
        size = self.size(width, height)
        if size != image.shape[1::-1]:
            image = cv2.resize(image, size)
        return image if self._turn is None else cv2.rotate(image, self._turn)


class UnchangedWatch:
    """Notices frames that FFmpeg may have failed to convert: they are as the one before."""

    def __init__(self) -> None:
        self._rows: Optional[np.ndarray] = None  # every eighth one of the latest frame

    def check(self, image: np.ndarray) -> bool:
        """Whether a frame is like that."""
        rows, self._rows = self._rows, image[::8]
        return rows is not None and np.array_equal(rows, self._rows)


def complaint(source: str, frames: int = 1) -> str:
    """What FFmpeg says about a source and its first frames, in one line; '' if it says nothing.

    The source is opened once more, in another process. What an address holds besides its host is
    not in the answer.
    """
    try:
        done = subprocess.run(
            child_command('posesuite.camera.ffmpeg', str(frames)), input=os.fsencode(source),
            env=dict(os.environ, OPENCV_FFMPEG_LOGLEVEL='24'),  # errors and warnings
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,  # it depends on the release
            timeout=base.TIMEOUT + COMPLAINT_TIME)
    except (OSError, subprocess.TimeoutExpired):
        return ''
    found = COMPLAINT.findall(done.stdout.decode('utf-8', 'replace'))
    _, text = min(found, key=lambda line: int(line[0]), default=(0, ''))  # the first of the worst
    return without_secrets(source, printable(text))[:MAX_COMPLAINT]


def reason(source: str) -> str:
    """FFmpeg's complaint as the end of a message; '' if it has none."""
    text = complaint(source)
    return f' (FFmpeg: {text.rstrip(".")})' if text else ''


def without_secrets(source: str, text: str) -> str:
    """A text without the secrets of an address that it may repeat."""
    text = re.sub(r'\w+://\S+', lambda found: shown(found.group()), text)
    if is_address(source):
        parts = {part for form in (source, unquote(source))
                 for part in re.split(r'[/?#&=:;@,\s]+', form)}
        for part in sorted(parts, key=len, reverse=True):
            if len(part) > 2 and part not in shown(source):
                text = text.replace(part, '(hidden)')
    return text


def main() -> int:
    source = os.fsdecode(sys.stdin.buffer.read())
    with contextlib.nullcontext(source) if is_address(source) else openable(source) as name:
        capture = capture_of(name)
    for _ in range(int(sys.argv[-1])):
        if not capture.read()[0]:
            break
    return 0
