"""A video file at a constant frame rate."""
import contextlib
import logging
import os
import shutil
import subprocess
import tempfile
from typing import Optional, Tuple, Union

from posesuite.display.output import DisplayError, Output
from posesuite.display.scene import Scene
from posesuite.files import utf8_path

import cv2
import numpy as np

MIN_FPS, MAX_FPS = 1.0, 120.0  # frames per second of a file
MAX_GAP = 10  # seconds between two frames; longer gaps are left out of the file
FINISH_TIMEOUT = 4  # seconds for ffmpeg to complete the file
SIGNALLED = 255  # exit status of ffmpeg after SIGINT or SIGTERM
CODECS = {'.mp4': ['-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '21'],
          '.avi': ['-c:v', 'mjpeg', '-q:v', '3', '-pix_fmt', 'yuvj420p']}
FOURCCS = {'.mp4': 'mp4v', '.avi': 'MJPG'}  # codecs that OpenCV itself can write
LOGGER = logging.getLogger(__name__)

Size = Tuple[int, int]  # width and height in pixels


class VideoFile(Output):
    """A video file, in which each frame's timestamp decides its position.

    The ffmpeg program writes it. Without that program OpenCV does, and the .mp4 of a demo that is
    killed does not play.

    path: ends in .mp4 or .avi. fps: frames per second.
    """

    def __init__(self, path: str, fps: float) -> None:
        self._path, self._fps = path, min(max(fps, MIN_FPS), MAX_FPS)
        self._ffmpeg = shutil.which('ffmpeg')
        if not self._ffmpeg:
            LOGGER.warning('there is no ffmpeg program: OpenCV writes %s, which is incomplete if '
                           'the demo is killed', path)
        self._writer: Optional[Union[_Ffmpeg, _OpenCV]] = None  # opened for the first frame's size
        self._image: Optional[np.ndarray] = None  # of the last frame, fitted into the file's size
        self._timestamp = 0.0  # of the last frame, seconds
        self._position = 0.0  # of the last frame in the file, seconds
        self._written = 0  # frames in the file

    def show(self, scene: Scene) -> bool:
        """Writes a frame. The frame before is repeated to fill the time between them; a frame that
        has no position of its own, because the source is faster than the file, is left out.

        Returns False once a signal has ended ffmpeg, as happens when a service is stopped.
        """
        image, timestamp = scene.picture, scene.frame.time
        if self._writer is None:
            self._writer = self._open(image)
        else:
            step = timestamp - self._timestamp
            # A timestamp jump, as after a lost camera or between pictures, is not elapsed time.
            self._position += step if 0 <= step <= MAX_GAP else 1 / self._fps
        self._timestamp = timestamp
        image = fitted(image, self._writer.size)
        index = round(self._position * self._fps)
        try:
            while self._written < index:
                self._write(self._image)
            if self._written == index:
                self._write(image)
        except BrokenPipeError:
            return self._finish()
        self._image = image
        return True

    def close(self) -> None:
        if self._writer:
            self._finish()

    def _open(self, image: np.ndarray) -> 'Union[_Ffmpeg, _OpenCV]':
        height, width = image.shape[:2]
        size = width + width % 2, height + height % 2  # even, for YUV with half the colour samples
        if self._ffmpeg:
            return _Ffmpeg(self._ffmpeg, self._path, size, self._fps)
        return _OpenCV(self._path, size, self._fps)

    def _write(self, image: np.ndarray) -> None:
        self._writer.write(image)
        self._written += 1

    def _finish(self) -> bool:
        writer, self._writer = self._writer, None
        return writer.finish()


class _Ffmpeg:
    """The ffmpeg program, in a session of its own: when the demo ends, even by SIGKILL, ffmpeg sees
    the end of its input and completes the file.
    """

    def __init__(self, program: str, path: str, size: Size, fps: float) -> None:
        self.size, self._path = size, path
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        self._process = subprocess.Popen(
            [program, '-hide_banner', '-loglevel', 'error', '-nostdin', '-y',
             '-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-s', '{}x{}'.format(*size),
             '-r', f'{fps:.6g}', '-i', 'pipe:0', *CODECS[_ending(path)], f'file:{path}'],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=self._errors,
            start_new_session=True)

    def write(self, image: np.ndarray) -> None:
        """Writes an RGB image of this size. Raises BrokenPipeError once ffmpeg has ended."""
        self._process.stdin.write(cv2.cvtColor(image, cv2.COLOR_RGB2YUV_I420).data)

    def finish(self) -> bool:
        """Completes the file. Returns False if a signal has ended ffmpeg; raises DisplayError."""
        with self._errors:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
            try:
                status = self._process.wait(FINISH_TIMEOUT)
            except subprocess.TimeoutExpired:
                LOGGER.warning('ffmpeg is still writing %s', self._path)
                return True
            if status == SIGNALLED:
                return False
            # If the disk is full at the end of the file, ffmpeg reports it but exits with 0.
            error = self._first_error() or (f'it ended with {status}' if status else '')
            if error:
                raise DisplayError(f'ffmpeg cannot write {self._path}: {error}')
            return True

    def _first_error(self) -> str:
        self._errors.seek(0)
        lines = self._errors.read().decode(errors='replace').split('\n')
        return next((line.strip() for line in lines if line.strip()), '')


class _OpenCV:
    """OpenCV's own video writer."""

    def __init__(self, path: str, size: Size, fps: float) -> None:
        self.size = size
        self._writer = cv2.VideoWriter(
            utf8_path(path), cv2.VideoWriter_fourcc(*FOURCCS[_ending(path)]), fps, size)
        if not self._writer.isOpened():
            raise DisplayError(f'OpenCV cannot write {path}')

    def write(self, image: np.ndarray) -> None:
        """Writes an RGB image of this size."""
        self._writer.write(cv2.cvtColor(image, cv2.COLOR_RGB2BGR))

    def finish(self) -> bool:
        """Completes the file; returns True."""
        self._writer.release()
        return True


def _ending(path: str) -> str:
    return os.path.splitext(path)[1].lower()


def fitted(image: np.ndarray, size: Size) -> np.ndarray:
    """An image of any size as one of this width and height; black bars keep its aspect ratio."""
    height, width = image.shape[:2]
    if (width, height) == size:
        return image
    scale = min(size[0] / width, size[1] / height)
    used = max(1, round(width * scale)), max(1, round(height * scale))
    left, top = (size[0] - used[0]) // 2, (size[1] - used[1]) // 2
    canvas = np.zeros((size[1], size[0], 3), np.uint8)
    canvas[top:top + used[1], left:left + used[0]] = cv2.resize(
        image, used, interpolation=cv2.INTER_AREA)
    return canvas
