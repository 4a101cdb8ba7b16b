"""Draws skeletons, heatmaps and text on arrays; knows no camera and no model."""
from typing import Tuple

from posesuite.pose.pose import Frame, People, Point, Pose
from posesuite.pose.skeleton import BONES, FACE, KEYPOINT_TYPES

import cv2
import numpy as np

# RGB colours of people: Okabe and Ito's palette, which colour-blind people can tell apart.
BLUE, YELLOW = (86, 180, 233), (240, 228, 66)
COLORS = (BLUE, (230, 159, 0), (0, 158, 115), YELLOW, (204, 121, 167), (0, 114, 178), (213, 94, 0))
WHITE, BLACK = (255, 255, 255), (0, 0, 0)
SCORE_THRESHOLD = 0.2  # lowest score of a keypoint that is drawn
# Radii of the joints by part, in line widths; the parts of the face are close together.
RADII = {part: 1.2 if part in FACE else 2.0 for part in KEYPOINT_TYPES}
FRACTION_BITS = 4  # fractional bits of OpenCV's fixed-point coordinates
ONE_PIXEL = 1 << FRACTION_BITS
MAX_COORDINATE = 30000.0  # pixels; beyond it fixed-point coordinates overflow
FONT = cv2.FONT_HERSHEY_SIMPLEX


def draw_people(image: np.ndarray, people: People) -> None:
    """Draws everybody in place, each id in its own colour.

    image: uint8 [Y, X, RGB]; people: poses in its pixels by id.
    """
    for identity, pose in people.items():
        draw_pose(image, pose, color_of(identity))


def color_of(identity: int) -> Tuple[int, int, int]:
    """The RGB colour of an id; seven consecutive ids have different colours."""
    return COLORS[identity % len(COLORS)]


def draw_pose(image: np.ndarray, pose: Pose, color: Tuple[int, int, int] = COLORS[0],
              threshold: float = SCORE_THRESHOLD) -> None:
    """Draws a pose in place: bones as lines, joints as discs whose white centre shows the score.

    image: uint8 [Y, X, 3]; color: in the image's order of channels.
    threshold: keypoints that score less are left out, and their bones.
    """
    thickness = line_width(image)
    shown = {part: _fixed_point(keypoint.point) for part, keypoint in pose.keypoints.items()
             if keypoint.score >= threshold}
    # A dark rim separates the lines from any background.
    for width, rgb in ((thickness + 2, BLACK), (thickness, color)):
        for a, b in BONES:
            if a in shown and b in shown:
                cv2.line(image, shown[a], shown[b], rgb, width, cv2.LINE_AA, FRACTION_BITS)
    for part, center in shown.items():
        radius = RADII[part] * thickness * ONE_PIXEL
        score = min(max(pose.keypoints[part].score, 0.0), 1.0)
        for size, rgb in ((radius + ONE_PIXEL, BLACK), (radius, color),
                          (0.7 * radius * score, WHITE)):
            cv2.circle(image, center, round(size), rgb, cv2.FILLED, cv2.LINE_AA, FRACTION_BITS)


def draw_heatmap(image: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """A copy of an image with a heatmap laid over it: bright colours where a part is likely.

    image: uint8 [Y, X, RGB]; scores: float32 [Y, X], 0 to 1, as PoseEngine.GetHeatmap returns.
    """
    heat = cv2.applyColorMap(np.uint8(scores * 255), cv2.COLORMAP_INFERNO)[:, :, ::-1]
    share = 0.25 + 0.65 * scores[:, :, None]  # low scores darken the image a little
    return np.uint8(image * (1 - share) + heat * share)


def black(frame: Frame) -> Frame:
    """The same frame with a black image."""
    return frame._replace(image=np.zeros_like(frame.image))


def line_width(image: np.ndarray) -> int:
    """The width of a skeleton's lines on an image of this size, in pixels."""
    return max(1, round(max(image.shape[:2]) / 300))


def shadow_text(image: np.ndarray, x: float, y: float, text: str,
                color: Tuple[int, int, int] = WHITE, size: float = 1.0) -> None:
    """Writes a line of text in place, with a shadow that keeps it readable on any background.

    x, y: left end of the baseline in pixels. size: 1 fits about 60 letters into the width; a line
    that is too long is shrunk. OpenCV's fonts have ASCII only: other characters become '?'.
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
    """A point as OpenCV's fixed-point coordinates."""
    return tuple(round(min(max(value, -MAX_COORDINATE), MAX_COORDINATE) * ONE_PIXEL)
                 for value in point)
