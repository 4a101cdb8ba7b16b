"""Draws skeletons, heatmaps and text on arrays; knows no camera and no model."""
import math
from typing import Dict, NamedTuple, Optional, Sequence, Tuple

from posesuite.display.palette import COLORS, Color, Palette
from posesuite.pose import body
from posesuite.pose.pose import Frame, People, Point, Pose
from posesuite.pose.skeleton import BONES, FACE, KEYPOINT_TYPES

import cv2
import numpy as np

WHITE, BLACK, YELLOW = (255, 255, 255), (0, 0, 0), (240, 228, 66)
SCORE_THRESHOLD = 0.2  # lowest score of a keypoint that is drawn
# Radii of the joints by part, in line widths; the parts of the face are close together.
RADII = {part: 1.2 if part in FACE else 2.0 for part in KEYPOINT_TYPES}
LINE_WIDTH = 1 / 110  # of a skeleton, as a share of the diagonal of the person's box
LETTER = 1 / 12  # height of a person's number, as a share of the same
MIN_LETTER, MAX_LETTER = 9.0, 32.0  # pixels
LABEL, LABEL_STEP = 0.8, 1.2  # height of what a person does and of its line, in LETTERs
DIGIT = 0.95  # width of a digit, as a share of its height
FRACTION_BITS = 4  # fractional bits of OpenCV's fixed-point coordinates
ONE_PIXEL = 1 << FRACTION_BITS
MAX_COORDINATE = 30000.0  # pixels; beyond it fixed-point coordinates overflow
FONT = cv2.FONT_HERSHEY_SIMPLEX
FONT_HEIGHT = 21.0  # pixels of FONT's digits at scale 1


class Look(NamedTuple):
    """How a person is drawn in a picture of some size; the page for browsers draws by it too."""
    line: int  # width of the lines, pixels
    neck: Optional[Tuple[Point, Point]]  # a line beside the skeleton's bones
    letter: float  # height of the number's digits, pixels
    number: Point  # left end of the number's baseline


def look_of(pose: Pose, identity: int, width: int, height: int,
            threshold: float = SCORE_THRESHOLD) -> Optional[Look]:
    """The look of a person in a picture of that size in pixels; None if nothing of them is drawn.

    threshold: keypoints that score less are not drawn and do not count.
    """
    points = body.sure_points(pose, threshold)
    if not points:
        return None
    xs, ys = zip(*points.values())
    size = math.hypot(max(xs) - min(xs), max(ys) - min(ys))
    line = min(max(1, round(LINE_WIDTH * size)), _widest_line(width, height))
    letter = min(max(LETTER * size, MIN_LETTER), MAX_LETTER, height / 4)
    head = body.chosen(points, FACE) or body.chosen(points, body.SHOULDERS) or points.values()
    room = width - 1 - DIGIT * letter * len(str(identity))
    left = max(point.x for point in head) + 2 * line + letter / 2
    if left > room:  # then on the other side of the head
        left = min(point.x for point in head) - (width - room) - 2 * line
    top = min(point.y for point in head)
    return Look(line, body.neck(points), letter,
                Point(min(max(left, 0), room), min(max(top, letter + 1), height - 2)))


def draw_people(image: np.ndarray, people: People, colors: Optional[Dict[int, Color]] = None,
                numbers: bool = True) -> None:
    """Draws everybody in place, each in a colour of their own, with their ids beside their heads.

    image: uint8 [Y, X, RGB]; people: poses in its pixels by id; colors: RGB by id, as a Palette
    keeps them from frame to frame. numbers: whether the ids are written.
    """
    colors = Palette().update(people) if colors is None else colors
    for identity, pose in people.items():
        draw_pose(image, pose, colors[identity])
    height, width = image.shape[:2]
    for identity, pose in people.items() if numbers else ():
        look = look_of(pose, identity, width, height)
        if look:
            shadow_text(image, *look.number, str(identity), colors[identity],
                        look.letter / FONT_HEIGHT * 1000 / width)


def write_labels(image: np.ndarray, people: People, labels: Dict[int, Sequence[str]]) -> None:
    """Writes what people do below their ids, in place. labels: by id; people: as of draw_people."""
    height, width = image.shape[:2]
    for identity, texts in labels.items():
        look = look_of(people[identity], identity, width, height) if (
            texts and identity in people) else None
        if look:
            step = LABEL_STEP * look.letter
            top = min(look.number.y, height - 2 - step * len(texts))
            for row, text in enumerate(texts, 1):
                shadow_text(image, look.number.x, top + step * row, text, WHITE,
                            LABEL * look.letter / FONT_HEIGHT * 1000 / width)


def draw_pose(image: np.ndarray, pose: Pose, color: Color = COLORS[0],
              threshold: float = SCORE_THRESHOLD) -> None:
    """Draws a pose in place: bones as lines, joints as discs whose white centre shows the score.

    image: uint8 [Y, X, 3]; color: in the image's order of channels.
    threshold: keypoints that score less are left out, and their bones.
    """
    look = look_of(pose, 0, image.shape[1], image.shape[0], threshold)
    if look is None:
        return
    shown = {part: _fixed_point(point)
             for part, point in body.sure_points(pose, threshold).items()}
    lines = [(shown[a], shown[b]) for a, b in BONES if a in shown and b in shown]
    if look.neck:
        lines.append(tuple(map(_fixed_point, look.neck)))
    # A dark rim separates the lines from any background.
    for width, rgb in ((look.line + 2, BLACK), (look.line, color)):
        for start, end in lines:
            cv2.line(image, start, end, rgb, width, cv2.LINE_AA, FRACTION_BITS)
    for part, center in shown.items():
        radius = RADII[part] * look.line * ONE_PIXEL
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
    """The width of lines on an image of this size that belong to nobody, in pixels."""
    return max(1, round(max(image.shape[:2]) / 300))


def _widest_line(width: int, height: int) -> int:
    """Of somebody who is larger than the picture, in pixels."""
    return max(1, round(LINE_WIDTH * math.hypot(width, height)))


def shadow_text(image: np.ndarray, x: float, y: float, text: str,
                color: Color = WHITE, size: float = 1.0) -> None:
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
