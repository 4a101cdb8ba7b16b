"""Watching a room until its background is set or refused."""
import functools
import os
from typing import Callable, Iterator, List, Tuple

from helpers import ROOT
from pose_engine import PoseEngine
from posesuite.pose.pose import Fault, Frame
from posesuite.privacy import EVIDENCE, Background
from posesuite.privacy.evidence import GREY

import cv2
import numpy as np

RATE = 30  # frames per second
DELAY = 0.5  # seconds
PROOF = 36  # frames that a proof needs with DELAY
ALIKE = 24  # levels of 255 from which a pixel shows something else


def read_clip() -> List[np.ndarray]:
    """samples/in_and_out.mp4, RGB; its first second shows the room without anybody."""
    capture = cv2.VideoCapture(os.path.join(ROOT, 'samples', 'in_and_out.mp4'))
    return [cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
            for _, image in iter(capture.read, (False, None))]


@functools.lru_cache(maxsize=None)
def noise_of(shape: Tuple[int, ...], sigma: float = 2.0) -> np.ndarray:
    """Eight frames of a camera's noise."""
    return np.random.default_rng(0).normal(0, sigma, (8, *shape)).astype(np.int16)


def noisy(images: List[np.ndarray]) -> Iterator[np.ndarray]:
    """Images with a camera's noise."""
    for i, image in enumerate(images):
        yield np.uint8(np.clip(image + noise_of(image.shape)[i * 5 % 8], 0, 255))


def watch(engine: PoseEngine, images: List[np.ndarray],
          missed: Callable[[int], bool] = lambda number: False, fault: str = '',
          until_seen: bool = False) -> Background:
    """A background that has been shown images until it was set or refused.

    missed: the numbers of the frames in which the network finds nobody. fault: the text of theirs.
    until_seen: stop at the first frame in which it finds somebody.
    """
    background = Background(engine, DELAY)
    for i, image in enumerate(noisy(images)):
        poses = [] if missed(i) else engine.DetectPosesInImage(image)[0]
        background.update(Frame(image, i, i / RATE, 0.0, Fault.from_text(fault) if fault else None),
                          poses)
        seen = until_seen and any(pose.score >= EVIDENCE for pose in poses)
        if seen or background.image is not None or background.doubt and not fault:
            break
    return background


def strange(background: Background, empty: np.ndarray) -> int:
    """How many of its pixels are neither the empty room's nor grey."""
    image = background.image
    if image is None:
        return 0
    differs = (cv2.absdiff(cv2.blur(image, (3, 3)), cv2.blur(empty, (3, 3))) > ALIKE).any(2)
    grey = cv2.dilate(np.uint8((image == GREY).all(2)), np.ones((3, 3))) > 0
    return int((differs & ~grey).sum())
