"""Writes what a demo shows into files: a video, or the last picture."""
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from typing import Tuple

from posesuite.errors import SuiteError

import cv2
import numpy as np

LONGEST_GAP = 10  # seconds; longer ones between two frames of a file are left out
CODECS = {'.mp4': ['-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '21'],
          '.avi': ['-c:v', 'mjpeg', '-q:v', '3', '-pix_fmt', 'yuvj420p']}
FOURCCS = {'.mp4': 'mp4v', '.avi': 'MJPG'}  # what OpenCV itself can write


class DisplayError(SuiteError):
    """What keeps a picture from being shown, in one line for the user."""


class PictureFile:
    """The last picture, as a PNG file."""

    def __init__(self, path: str, fps: float) -> None:
        self._path, self._image = path, None
        _check_folder(path)

    def show(self, image: np.ndarray, seconds: float) -> bool:
        self._image = image
        return True

    def close(self) -> None:
        if self._image is not None:
            try:
                write_png(self._path, self._image)
            except OSError as error:
                raise DisplayError(f'cannot write {self._path}: {error.strerror}')


class VideoFile:
    """A video file at a constant rate, in which a frame's time says where it goes.

    The ffmpeg program writes it, in a session of its own: whatever ends the demo, even SIGKILL,
    ffmpeg then sees the end of its input and completes the file. Without that program OpenCV
    writes, and a killed demo leaves no .mp4 that plays.
    """

    def __init__(self, path: str, fps: float) -> None:
        self._path, self._fps = path, min(max(fps, 1.0), 120.0)
        self._writer = self._image = self._last = None
        self._clock, self._written = 0.0, 0
        self._ffmpeg = shutil.which('ffmpeg')
        if not self._ffmpeg:
            print(f'no ffmpeg program here: OpenCV writes {path}, which is not complete if the '
                  'demo is killed', file=sys.stderr)
        _check_folder(path)

    def show(self, image: np.ndarray, seconds: float) -> bool:
        """Writes an RGB image of a time, the last one again in the gap before it, or, where there
        are more frames than the file has room for, nothing. Returns False once ffmpeg was told by
        a signal to end, as all of a service is when it is stopped."""
        if self._writer is None:
            height, width = image.shape[:2]
            self._size = width + width % 2, height + height % 2  # for YUV with half the colours
            self._open()
        else:
            step = seconds - self._last
            # What jumps is no time: a camera that came back, a file of several parts.
            self._clock += step if 0 <= step <= LONGEST_GAP else 1 / self._fps
        self._last = seconds
        image = _fitted(image, self._size)
        place = round(self._clock * self._fps)
        try:
            while self._written < place:
                self._write(self._image)
            if self._written == place:
                self._write(image)
        except BrokenPipeError:
            return self._complete()
        self._image = image
        return True

    def _open(self) -> None:
        ending = os.path.splitext(self._path)[1].lower()
        width, height = self._size
        if self._ffmpeg:
            self._errors = tempfile.TemporaryFile()  # noqa: SIM115
            self._writer = subprocess.Popen(
                [self._ffmpeg, '-hide_banner', '-loglevel', 'error', '-nostdin', '-y',
                 '-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-s', f'{width}x{height}',
                 '-r', f'{self._fps:.6g}', '-i', 'pipe:0', *CODECS[ending], f'file:{self._path}'],
                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=self._errors,
                start_new_session=True)
        else:
            self._writer = cv2.VideoWriter(
                self._path, cv2.VideoWriter_fourcc(*FOURCCS[ending]), self._fps, self._size)
            if not self._writer.isOpened():
                raise DisplayError(f'OpenCV cannot write {self._path}')

    def _write(self, image: np.ndarray) -> None:
        if self._ffmpeg:
            self._writer.stdin.write(cv2.cvtColor(image, cv2.COLOR_RGB2YUV_I420).data)
        else:
            self._writer.write(cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
        self._written += 1

    def _complete(self) -> bool:
        """Waits for ffmpeg to end; returns False if a signal made it, True if the file is whole."""
        with contextlib.suppress(BrokenPipeError):
            self._writer.stdin.close()
        try:
            status = self._writer.wait(4)
        except subprocess.TimeoutExpired:
            print(f'ffmpeg is still writing {self._path}', file=sys.stderr)
            return True
        if status not in (0, 255):
            self._errors.seek(0)
            lines = self._errors.read().decode(errors='replace').split('\n')
            reason = next((line for line in lines if line.strip()), f'it ended with {status}')
            raise DisplayError(f'ffmpeg cannot write {self._path}: {reason.strip()}')
        return status == 0

    def close(self) -> None:
        if self._writer is None:
            return
        if self._ffmpeg:
            self._complete()
            self._errors.close()
        else:
            self._writer.release()
        self._writer = None


def _fitted(image: np.ndarray, size: Tuple[int, int]) -> np.ndarray:
    """An image of any size as one of this width and height, its aspect ratio kept by a black rim.
    """
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


def _check_folder(path: str) -> None:
    folder = os.path.dirname(path) or '.'
    if not os.path.isdir(folder) or not os.access(folder, os.W_OK) or os.path.isdir(path):
        raise DisplayError(f'cannot write {path}: it needs a folder that is there and writable')


def write_png(path: str, image: np.ndarray) -> None:
    """Writes an RGB image beside its place and moves it there. Raises OSError."""
    _, png = cv2.imencode('.png', cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    part = f'{path}.part'
    with open(part, 'wb') as file:
        file.write(png.tobytes())
    os.replace(part, path)
