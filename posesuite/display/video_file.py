"""A video file at a constant frame rate."""
import logging
import shutil
from typing import Optional, Union

from posesuite.display.output import Output
from posesuite.display.scene import Scene
from posesuite.display.video_writers import SAMPLE_SIZE, SOUND_RATE, Ffmpeg, OpenCV, Size, ending

import cv2
import numpy as np

MIN_FPS, MAX_FPS = 1.0, 120.0  # frames per second of a file
MAX_SIDE = 8192  # pixels; larger pictures are reduced, which H.264 cannot hold
MAX_GAP = 10  # seconds between two frames; longer gaps are left out of the file
LOGGER = logging.getLogger(__name__)


class VideoFile(Output):
    """A video file, in which each frame's timestamp decides its position.

    It has sound if the first scene has. The ffmpeg program writes it. Without that program OpenCV
    does, without sound, and the .mp4 of a demo that is killed does not play.

    path: ends in .mp4 or .avi. fps: frames per second.
    """

    def __init__(self, path: str, fps: float) -> None:
        self._path, self._fps = path, min(MAX_FPS, max(MIN_FPS, fps))
        self._ffmpeg = shutil.which('ffmpeg')
        if not self._ffmpeg and ending(path) == '.mp4':
            LOGGER.warning('there is no ffmpeg program: OpenCV writes %s, which does not play if '
                           'the demo is killed; an .avi does', path)
        self._writer: Optional[Union[Ffmpeg, OpenCV]] = None  # opened for the first frame's size
        self._image: Optional[np.ndarray] = None  # of the last frame, fitted into the file's size
        self._timestamp = 0.0  # of the last frame, seconds
        self._position = 0.0  # of the last frame in the file, seconds
        self._written = 0  # frames in the file
        self._sound: Optional[bytearray] = None  # what of the sound is not in the file yet
        self._sound_written = 0  # bytes of it in the file

    def show(self, scene: Scene) -> bool:
        """Writes a frame. The frame before is repeated to fill the time between them; a frame that
        has no position of its own, because the source is faster than the file, is left out.

        Returns False once a signal has ended ffmpeg, as happens when a service is stopped.
        """
        image, timestamp = scene.picture, scene.frame.time
        if self._writer is None:
            self._writer = self._open(image, scene.sound is not None)
        else:
            step = timestamp - self._timestamp
            # A timestamp jump, as after a lost camera or between pictures, is not elapsed time.
            self._position += step if 0 <= step <= MAX_GAP else 1 / self._fps
        self._timestamp = timestamp
        image = fitted(image, self._writer.size)
        index = round(self._position * self._fps)
        self._add_sound(scene.sound or b'')
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

    def _open(self, image: np.ndarray, sound: bool) -> Union[Ffmpeg, OpenCV]:
        scale = min(1.0, MAX_SIDE / max(image.shape))
        height, width = (max(1, round(length * scale)) for length in image.shape[:2])
        size = width + width % 2, height + height % 2  # even, for YUV with half the colour samples
        if self._ffmpeg:
            self._sound = bytearray() if sound else None
            return Ffmpeg(self._ffmpeg, self._path, size, self._fps, sound)
        if sound:
            LOGGER.warning('without the ffmpeg program %s has no sound', self._path)
        return OpenCV(self._path, size, self._fps)

    def _add_sound(self, sound: bytes) -> None:
        """Queues the sound up to this frame's position in the file: its end where time was left
        out, after silence where it is too short.
        """
        if self._sound is None:
            return
        end = SAMPLE_SIZE * round(self._position * SOUND_RATE)
        needed = max(0, end - self._sound_written - len(self._sound))
        kept = sound[-needed:] if needed else b''
        self._sound += bytes(needed - len(kept)) + kept

    def _write(self, image: np.ndarray) -> None:
        sound = b''
        if self._sound is not None:
            end = SAMPLE_SIZE * round(self._written / self._fps * SOUND_RATE)
            sound = bytes(self._sound[:end - self._sound_written])
            del self._sound[:len(sound)]
            self._sound_written += len(sound)
        self._writer.write(image, sound)
        self._written += 1

    def _finish(self) -> bool:
        writer, self._writer = self._writer, None
        return writer.finish()


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
