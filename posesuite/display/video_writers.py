"""Programs that encode a video file, as VideoFile uses them: ffmpeg, or OpenCV without it."""
import contextlib
import logging
import os
import re
import shutil
import signal
import struct
import subprocess
import tempfile
from typing import Tuple

from posesuite.display.output import DisplayError
from posesuite.files import utf8_path

import cv2
import numpy as np

SOUND_RATE = 44100  # samples a second of a video's sound
SAMPLE_SIZE = 4  # bytes of a sample: two channels of 16 bits
FINISH_TIMEOUT = 4  # seconds for ffmpeg to complete the file
SIGNALLED = 255  # exit status of ffmpeg after SIGINT or SIGTERM
# An MP4 is written in fragments of a second, each of which plays without what comes after it.
CODECS = {'.mp4': ['-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '21', '-pix_fmt', 'yuv420p',
                   '-c:a', 'aac', '-movflags', 'delay_moov+default_base_moof',
                   '-frag_duration', '1000000'],
          '.avi': ['-c:v', 'mjpeg', '-q:v', '3', '-pix_fmt', 'yuvj420p', '-c:a', 'pcm_s16le']}
FOURCCS = {'.mp4': 'mp4v', '.avi': 'MJPG'}  # codecs that OpenCV itself can write
RESERVE = 1 << 24  # bytes of free disk space with which OpenCV can complete a file
LOGGER = logging.getLogger(__name__)

Size = Tuple[int, int]  # width and height in pixels


class Ffmpeg:
    """The ffmpeg program, in a session of its own: when the demo ends, even by SIGKILL, ffmpeg sees
    the end of its input and completes the file. If it is killed too, or the disk is full, what it
    has written plays.

    fps: frames per second. sound: whether the file has any.
    """

    def __init__(self, program: str, path: str, size: Size, fps: float, sound: bool) -> None:
        self.size, self._path = size, path
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        self._process = subprocess.Popen(
            [program, '-hide_banner', '-loglevel', 'error', '-nostdin', '-y', '-f', 'avi',
             '-i', 'pipe:0', *CODECS[ending(path)], '-flush_packets', '1', f'file:{path}'],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=self._errors,
            # As Python does, it ignores SIGXFSZ, so that it says what the disk's largest file is.
            start_new_session=True, restore_signals=False)
        self._process.stdin.write(_avi_header(size, fps, sound))

    def write(self, image: np.ndarray, sound: bytes) -> None:
        """Writes an RGB image of this size, and the sound before it as 16-bit stereo samples.

        Raises BrokenPipeError once ffmpeg has ended.
        """
        if sound:
            self._process.stdin.write(_chunk_header(b'01wb', len(sound)) + sound)
        frame = cv2.cvtColor(image, cv2.COLOR_RGB2YUV_I420)
        self._process.stdin.write(_chunk_header(b'00dc', frame.nbytes))
        self._process.stdin.write(frame.data)

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
            error = self._first_error() or (f'it ended with {_name(status)}' if status else '')
            if error:
                raise DisplayError(f'ffmpeg cannot write {self._path}: {error}')
            return True

    def _first_error(self) -> str:
        self._errors.seek(0)
        lines = self._errors.read().decode(errors='replace').split('\n')
        first = next((line.strip() for line in lines if line.strip()), '')
        return re.sub(r'^(\[[^]]*\] |\w+\(\): )+', '', first)  # names of parts of FFmpeg


class OpenCV:
    """OpenCV's own video writer, which knows no sound."""

    def __init__(self, path: str, size: Size, fps: float) -> None:
        self.size, self._path = size, path
        self._writer = cv2.VideoWriter(
            utf8_path(path), cv2.VideoWriter_fourcc(*FOURCCS[ending(path)]), fps, size)
        if not self._writer.isOpened():
            raise DisplayError(f'OpenCV cannot write {path}')

    def write(self, image: np.ndarray, sound: bytes) -> None:
        """Writes an RGB image of this size. Raises DisplayError while the file can still be
        completed, because OpenCV does not say that a disk is full.
        """
        if shutil.disk_usage(os.path.dirname(self._path) or '.').free < RESERVE:
            raise DisplayError(f'cannot write on {self._path}: its disk has less than '
                               f'{RESERVE >> 20} MB left')
        self._writer.write(cv2.cvtColor(image, cv2.COLOR_RGB2BGR))

    def finish(self) -> bool:
        """Completes the file; returns True."""
        self._writer.release()
        return True


def ending(path: str) -> str:
    """The ending of a file's name, which chooses the format, in lower case."""
    return os.path.splitext(path)[1].lower()


def _name(status: int) -> str:
    """An exit status of a process, or the name of the signal that ended it."""
    with contextlib.suppress(ValueError):
        return signal.Signals(-status).name
    return str(status)


def _avi_header(size: Size, fps: float, sound: bool) -> bytes:
    """The beginning of an AVI of unknown length: I420 frames and, with sound, stereo samples.

    In one stream, picture and sound cannot wait for each other, as they would in two pipes.
    """
    width, height = size
    frame_size = width * height * 3 // 2
    streams = [_list(b'strl', _stream(b'vids', b'I420', 1000, round(fps * 1000), 0) + _chunk(
        b'strf', struct.pack('<3i2h4s5i', 40, width, height, 1, 12, b'I420', frame_size,
                             0, 0, 0, 0)))]
    if sound:
        second = SOUND_RATE * SAMPLE_SIZE
        streams.append(_list(b'strl', _stream(
            b'auds', bytes(4), SAMPLE_SIZE, second, SAMPLE_SIZE) + _chunk(
                b'strf', struct.pack('<2h2i3h', 1, 2, SOUND_RATE, second, SAMPLE_SIZE, 16, 0))))
    main = _chunk(b'avih', struct.pack('<14i', round(1e6 / fps), 0, 0, 0x100, 0, 0, len(streams),
                                       0, width, height, 0, 0, 0, 0))
    return (_chunk_header(b'RIFF', 0) + b'AVI ' + _list(b'hdrl', main + b''.join(streams))
            + _chunk_header(b'LIST', 0) + b'movi')


def _stream(kind: bytes, codec: bytes, scale: int, rate: int, sample_size: int) -> bytes:
    return _chunk(b'strh', struct.pack('<4s4si2h8i4h', kind, codec, 0, 0, 0, 0, scale, rate, 0, 0,
                                       0, -1, sample_size, 0, 0, 0, 0))


def _list(name: bytes, content: bytes) -> bytes:
    return _chunk(b'LIST', name + content)


def _chunk(name: bytes, content: bytes) -> bytes:
    return _chunk_header(name, len(content)) + content


def _chunk_header(name: bytes, size: int) -> bytes:
    return struct.pack('<4sI', name, size)
