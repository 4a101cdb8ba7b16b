"""Video files that tests look into."""
from typing import Any, List

import cv2
import numpy as np


def frames_of(path: Any) -> List[np.ndarray]:
    """All frames of a video file, uint8 [Y, X, RGB]; none if it does not play."""
    video, frames = cv2.VideoCapture(str(path)), []
    while True:
        read, image = video.read()
        if not read:
            return frames
        frames.append(image[:, :, ::-1])


def write_clip(path: str, frames: List[np.ndarray], fps: float) -> None:
    """Writes frames, uint8 [Y, X, RGB] of one size, as Motion JPEG into an .avi."""
    height, width = frames[0].shape[:2]
    video = cv2.VideoWriter(path, cv2.VideoWriter_fourcc(*'MJPG'), fps, (width, height))
    for image in frames:
        video.write(np.ascontiguousarray(image[:, :, ::-1]))
    video.release()
