"""Draws skeletons and text on an array; knows no camera and no model."""
from typing import Dict, Tuple

from posesuite.pose.pose import Frame, Point, Pose
from posesuite.pose.skeleton import BONES
from posesuite.pose.skeleton import KeypointType as K

import cv2
import numpy as np

# Okabe and Ito's palette, which colour-blind people can tell apart; RGB.
COLORS = ((86, 180, 233), (230, 159, 0), (0, 158, 115), (240, 228, 66), (204, 121, 167),
          (0, 114, 178), (213, 94, 0))
WHITE, BLACK = (255, 255, 255), (0, 0, 0)
THRESHOLD = 0.2  # keypoints that score less are not drawn
SHIFT = 4  # OpenCV takes coordinates in sixteenths of a pixel
FAR = 30000.0  # pixels; beyond, OpenCV's fixed-point coordinates overflow
FONT = cv2.FONT_HERSHEY_SIMPLEX


def draw_people(image: np.ndarray, people: Dict[int, Pose]) -> None:
    """Draws everybody in place, each id in a colour of its own.

    image: uint8 array [Y, X, RGB]; people: poses in its pixels by their ids.
    """
    for identity, pose in people.items():
        draw_pose(image, pose, color_of(identity))


def color_of(identity: int) -> Tuple[int, int, int]:
    """The RGB colour of an id; those of seven that follow each other differ."""
    return COLORS[identity % len(COLORS)]


def draw_pose(image: np.ndarray, pose: Pose, color: Tuple[int, int, int] = COLORS[0],
              threshold: float = THRESHOLD) -> None:
    """Draws a pose in place: bones as lines, joints as discs, the surer the more white in them.

    image: uint8 array [Y, X, 3]; color: in the image's order of channels.
    threshold: keypoints that score less are left out, with their edges.
    """
    thickness = line_width(image)
    shown = {part: _fixed_point(keypoint.point) for part, keypoint in pose.keypoints.items()
             if keypoint.score >= threshold}
    # A dark rim keeps the lines apart from any background.
    for width, rgb in ((thickness + 2, BLACK), (thickness, color)):
        for a, b in BONES:
            if a in shown and b in shown:
                cv2.line(image, shown[a], shown[b], rgb, width, cv2.LINE_AA, SHIFT)
    for part, center in shown.items():
        # Eyes and ears are close together.
        radius = (1.2 if part <= K.RIGHT_EAR else 2) * thickness * (1 << SHIFT)
        score = min(max(pose.keypoints[part].score, 0.0), 1.0)
        for size, rgb in ((radius + (1 << SHIFT), BLACK), (radius, color),
                          (0.7 * radius * score, WHITE)):
            cv2.circle(image, center, round(size), rgb, cv2.FILLED, cv2.LINE_AA, SHIFT)


def draw_heatmap(image: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """A copy of an image in which a colour covers what a part's heatmap sees.

    image: uint8 array [Y, X, RGB]; scores: float32 [Y, X], 0 to 1, as PoseEngine.GetHeatmap gives.
    """
    heat = cv2.applyColorMap(np.uint8(scores * 255), cv2.COLORMAP_INFERNO)[:, :, ::-1]
    share = 0.25 + 0.65 * scores[:, :, None]  # the rest of the picture darkens a little
    return np.uint8(image * (1 - share) + heat * share)


def black(frame: Frame) -> Frame:
    """The same frame with a black picture."""
    return frame._replace(image=np.zeros_like(frame.image))


def line_width(image: np.ndarray) -> int:
    """The width in pixels of a line that suits an image of this size."""
    return max(1, round(max(image.shape[:2]) / 300))


def shadow_text(image: np.ndarray, x: float, y: float, text: str,
                color: Tuple[int, int, int] = WHITE, size: float = 1.0) -> None:
    """Writes a line in place, with a shadow so that it can be read on anything.

    x, y: left end of the baseline in pixels; size: 1 fits about 60 letters into the width. What
    OpenCV's fonts lack (all but ASCII) becomes a question mark.
    """
    text = text.encode('ascii', 'replace').decode()
    width = image.shape[1]
    (needed, _), _ = cv2.getTextSize(text, FONT, 1.0, 1)
    scale = min(size * width / 1000, 0.95 * max(1, width - x) / max(1, needed))
    thickness = max(1, round(1.5 * scale))
    # Four shadows rather than a thicker one: in OpenCV 5 thicker letters are also wider.
    for dx, dy, rgb in ((-1, -1, BLACK), (1, -1, BLACK), (-1, 1, BLACK), (1, 1, BLACK),
                        (0, 0, color)):
        origin = round(x + dx * thickness), round(y + dy * thickness)
        cv2.putText(image, text, origin, FONT, scale, rgb, thickness, cv2.LINE_AA)


def _fixed_point(point: Point) -> Tuple[int, int]:
    return tuple(round(min(max(value, -FAR), FAR) * (1 << SHIFT)) for value in point)
