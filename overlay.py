"""Draws skeletons on an array; knows no camera and no model."""
from typing import Tuple

import cv2
import numpy as np

from pose_engine import KeypointType as K
from pose_engine import Point, Pose

EDGES = (
    (K.NOSE, K.LEFT_EYE), (K.NOSE, K.RIGHT_EYE),
    (K.LEFT_EYE, K.LEFT_EAR), (K.RIGHT_EYE, K.RIGHT_EAR),
    (K.LEFT_SHOULDER, K.RIGHT_SHOULDER),
    (K.LEFT_SHOULDER, K.LEFT_ELBOW), (K.LEFT_ELBOW, K.LEFT_WRIST),
    (K.RIGHT_SHOULDER, K.RIGHT_ELBOW), (K.RIGHT_ELBOW, K.RIGHT_WRIST),
    (K.LEFT_SHOULDER, K.LEFT_HIP), (K.RIGHT_SHOULDER, K.RIGHT_HIP), (K.LEFT_HIP, K.RIGHT_HIP),
    (K.LEFT_HIP, K.LEFT_KNEE), (K.LEFT_KNEE, K.LEFT_ANKLE),
    (K.RIGHT_HIP, K.RIGHT_KNEE), (K.RIGHT_KNEE, K.RIGHT_ANKLE),
)
# Okabe and Ito's palette, which colour-blind people can tell apart; RGB.
COLORS = ((86, 180, 233), (230, 159, 0), (0, 158, 115), (240, 228, 66), (204, 121, 167),
          (0, 114, 178), (213, 94, 0))
SHIFT = 4  # OpenCV takes coordinates in sixteenths of a pixel


def draw_pose(image: np.ndarray, pose: Pose, color: Tuple[int, int, int] = COLORS[0],
              threshold: float = 0.2) -> None:
    """Draws a pose in place.

    image: uint8 array [Y, X, 3]; color: in the image's order of channels.
    threshold: keypoints that score less are left out, with their edges.
    """
    size = max(image.shape[:2])
    thickness = max(1, round(size / 300))
    shown = {part: _fixed_point(keypoint.point) for part, keypoint in pose.keypoints.items()
             if keypoint.score >= threshold}
    for a, b in EDGES:
        if a in shown and b in shown:
            cv2.line(image, shown[a], shown[b], color, thickness, cv2.LINE_AA, SHIFT)
    for center in shown.values():
        cv2.circle(image, center, 2 * thickness << SHIFT, color, cv2.FILLED, cv2.LINE_AA, SHIFT)


def _fixed_point(point: Point) -> Tuple[int, int]:
    return round(point.x * (1 << SHIFT)), round(point.y * (1 << SHIFT))
