"""The anonymizer as its user runs it, and a canary: noise planted in what its camera sees.

Nothing else in the world looks like that noise, so wherever it is found, an image has leaked.
"""
import contextlib
import glob
import os
import subprocess
import sys
import time
from typing import Any, Callable, Dict, Iterator, List

from helpers import ROOT, bundled_model, wait_for

import cv2
import numpy as np

SCRIPT = os.path.join(ROOT, 'anonymizer.py')
CLIP = os.path.join(ROOT, 'samples', 'in_and_out.mp4')
WAITING = 'Waiting for everyone to leave the frame...'
CHECKING, SET = 'Checking the room...', 'Background set.'
EMPTY = 45  # frames, until the background is set and for some more
PLANTED = 45  # frames with the canary
CANARY = np.s_[160:320, 240:400]  # where the noise is planted
NOISE = np.random.RandomState(7).randint(0, 256, (160, 160, 3), np.uint8)
GREY = 128
ENVIRONMENT = dict(os.environ, DISPLAY='', WAYLAND_DISPLAY='', PYTHONDONTWRITEBYTECODE='1')


def command(*arguments: Any) -> List[str]:
    model = [] if '--model' in arguments else ['--model', bundled_model()]
    return [sys.executable, SCRIPT, '--background-delay', '0.4', '--device', 'cpu', *model,
            *map(str, arguments)]


def run(*arguments: Any, status: int = 0, **options: Any) -> 'subprocess.CompletedProcess[str]':
    """Runs the anonymizer to its end."""
    done = subprocess.run(command(*arguments), capture_output=True, text=True, env=ENVIRONMENT,
                          **options)
    assert done.returncode == status, done.stderr
    return done


def messages(done: 'subprocess.CompletedProcess[str]') -> List[str]:
    """The lines of stderr without the runtime's."""
    return [line for line in done.stderr.splitlines() if not line.startswith('INFO:')]


@contextlib.contextmanager
def running(tmp_path: Any, *arguments: Any, **more: str) -> Iterator[Callable[[], str]]:
    """Runs the anonymizer as long as it is needed; yields a function that returns its stderr."""
    path = str(tmp_path / 'stderr.txt')
    with open(path, 'wb') as stderr:
        demo = subprocess.Popen(command(*arguments), stderr=stderr,
                                env={**ENVIRONMENT, **more}, cwd=str(tmp_path))

    def read() -> str:
        assert demo.poll() in (None, 0)
        with open(path) as file:
            return file.read()
    try:
        yield read
    finally:
        demo.terminate()
        assert demo.wait(10) == 0


def planted(room: np.ndarray, noise: np.ndarray = NOISE) -> np.ndarray:
    """A picture of the room with the canary."""
    image = room.copy()
    image[CANARY] = noise
    return image


def is_planted(image: np.ndarray) -> bool:
    """Whether a picture shows the canary, if ever so faintly; mirrored, too."""
    seen = np.float32(image)[CANARY].ravel()
    if seen.std() == 0:
        return False
    return any(abs(np.corrcoef(seen, np.float32(noise).ravel())[0, 1]) > 0.05
               for noise in (NOISE, NOISE[:, ::-1], NOISE[:, :, ::-1]))


def assert_no_canary(folder: Any, *outputs: bytes) -> None:
    """No file below a folder, and no output, has as much as 24 bytes of the canary's rows."""
    rows = [part[::step].tobytes() for row in NOISE for step in (1, -1)
            for part in (row, row[:, ::-1])]
    needles = [row[48:72] for row in rows]
    found = [open(path, 'rb').read()  # noqa: SIM115
             for path in glob.glob(f'{folder}/**', recursive=True) if os.path.isfile(path)]
    for data in [*found, *outputs]:
        assert not any(needle in data for needle in needles)


def frames_of(path: Any) -> List[np.ndarray]:
    """The frames of a video, BGR."""
    capture = cv2.VideoCapture(str(path))
    return [image for _, image in iter(capture.read, (False, None))]


class RoomCamera:
    """A script for streams.mjpeg_server: pictures in turn, each with a camera's noise.

    images: BGR, uint8 [Y, X, 3].
    """
    INTERVAL = 0.05  # seconds

    def __init__(self, *images: np.ndarray) -> None:
        self._noise = np.random.default_rng(0).normal(0, 1, (4, *images[0].shape))
        self._jpegs: Dict[int, bytes] = {}
        self._images, self._sent, self._cut = images, 0, False

    def show(self, *images: np.ndarray) -> None:
        """Shows other pictures; returns when the demo must have received some."""
        self._images, self._jpegs, self._sent = images, {}, 0
        wait_for(lambda: self._sent > 20)

    def cut(self) -> None:
        """Disconnects for good."""
        self._cut = True

    def __call__(self, send: Callable[[bytes], None], _: int) -> None:
        i = 0
        while not self._cut:
            send(self._jpeg(i))
            self._sent += 1
            i += 1
            time.sleep(self.INTERVAL)

    def _jpeg(self, i: int) -> bytes:
        images, jpegs = self._images, self._jpegs
        i %= 4 * len(images)
        if i not in jpegs:
            image = np.uint8(np.clip(images[i % len(images)] + self._noise[i % 4], 0, 255))
            jpegs[i] = cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes()
        return jpegs[i]
