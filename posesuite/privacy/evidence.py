"""Where an image may show a person, by every trace that a network has of one.

A pose's score is a mean of 17 parts, so it is low for a person of whom the image shows only legs
or half a body. Here single parts count: where any of them scores more than a low threshold, an area
of the size of a body is doubtful. A BodyPix, if there is one, is a second witness, which also
recognizes hands, legs and clothes by themselves.
"""
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

from posesuite.pose.pose import Pose

import cv2
import numpy as np

GREY = 128  # level of 255 of what is not known
CELL = 4  # pixels of an image that share one verdict
# Score from which a pose in a frame may be a person; far below the threshold for display.
EVIDENCE = 0.15
# Scores from which a part, and a cell of BodyPix's mask, may be a person's, by the view's scale.
# benchmarks/background.py has measured them: see docs/anonymizer.md.
PARTS = {1 / 3: 0.2, 1 / 2: 0.2, 1: 0.2, 2: 0.29, 3: 0.35}
MASKS = {1 / 3: 0.5, 1 / 2: 0.5, 1: 0.5, 2: 0.6, 3: 0.7}
RIM = 1 / 12  # share of the width; people who are cut off there get lower scores
# Factors of these scores at the rim.
RIM_FACTORS = {'part': 0.5, 'mask': 0.7}
# How far a body may reach beyond a part's place and beyond the mask, as shares of the image's
# width, or of an enlarged part's. Where the image is shrunk, a part's place is larger by as much.
BODY, MASK_MARGIN = 1 / 12, 1 / 24
POSE_MARGIN = 0.2  # of a pose's size, around the box of its keypoints
# Widths of the grey around the whole image, in its size, for people who are too close.
RIMS = 0, 0.5, 1
ENLARGEMENTS = 2, 3  # factors by which parts are enlarged; the parts overlap by half


class View(NamedTuple):
    """A picture for the network to examine: a part of an image, or the image in a grey frame.

    A network that takes a thing for a person often does not in its mirror image, but a person is
    one in both. So the mean of both counts.
    """
    image: np.ndarray  # uint8 [Y, X, RGB]
    left: int  # of the view in the image, in pixels
    top: int
    scale: float  # the image's width by the view's
    mirrored: bool


class Evidence:
    """What witnesses have seen in the views of an image.

    size: the image's width and height in pixels.
    factors: of all scores in PARTS and MASKS, as long as no BodyPix has seen a view, and then.
    """

    def __init__(self, size: Tuple[int, int], factors: Tuple[float, float] = (1.0, 1.0)) -> None:
        self._factors = factors
        self._cells = -(-size[0] // CELL), -(-size[1] // CELL)
        self._seen: Dict[Tuple[str, float], np.ndarray] = {}  # highest score of each cell
        self._boxes = np.zeros(self._cells[::-1], np.uint8)  # 1 where a pose was seen
        self._unmirrored = np.zeros(0, np.float32)  # scores of the view before

    def examine(self, view: View, engine: Any) -> None:
        """Adds what a PoseEngine sees in a view; the mirrored one follows the one that is not.
        Raises DeviceFault.
        """
        poses, _ = engine.DetectPosesInImage(view.image)
        to_view = self._to_view(view)
        if engine.has_masks:
            kind, scores = 'mask', engine.GetMaskScores()
        else:
            kind, scores = 'part', engine.GetHeatmap(None)
        seen = cv2.warpAffine(scores, to_view, self._cells,
                              flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
        if view.mirrored:
            seen = (seen + self._unmirrored) / 2
            before = self._seen.setdefault((kind, view.scale), seen)
            np.maximum(before, seen, out=before)
        self._unmirrored = seen
        self.add_poses(poses, cv2.invertAffineTransform(to_view))

    def add_poses(self, poses: List[Pose], to_cells: Optional[np.ndarray] = None) -> None:
        """Adds those of the poses that may be people.

        to_cells: from their pixels to cells, [2, 3]; default: they are in the image's pixels.
        """
        if to_cells is None:
            to_cells = np.array([[1 / CELL, 0, 0], [0, 1 / CELL, 0]])
        for pose in poses:
            if pose.score >= EVIDENCE:
                points = np.array([keypoint.point for keypoint in pose.keypoints.values()])
                points = points @ to_cells[:, :2].T + to_cells[:, 2]
                low, high = points.min(0), points.max(0)
                margin = POSE_MARGIN * (high - low).max()
                cv2.rectangle(self._boxes, tuple(map(int, low - margin)),
                              tuple(map(int, high + margin)), 1, cv2.FILLED)

    def doubtful(self, factor: float = 1.0, within: Optional[np.ndarray] = None) -> np.ndarray:
        """Cells that may show a person: bool [Y, X], a cell for CELL x CELL pixels.

        factor: of all scores in PARTS and MASKS, besides `factors`.
        within: the only cells whose scores count, bool [Y, X]; without it poses count as well.
        """
        found = np.zeros_like(self._boxes) if within is not None else self._boxes.copy()
        at_rim = rim(self._cells, RIM)
        has_mask = any(kind == 'mask' for kind, _ in self._seen)
        for (kind, scale), seen in self._seen.items():
            if kind == 'part' and scale == min(PARTS) and has_mask:
                continue  # people who are that close have a mask, things too often only parts
            least = factor * self._factors[has_mask] * (PARTS if kind == 'part' else MASKS)[scale]
            traces = (seen >= least) | (seen >= RIM_FACTORS[kind] * least) & at_rim
            if within is not None:
                traces &= within
            margin = BODY if kind == 'part' else MASK_MARGIN
            found |= widened(traces, margin * self._cells[0] / max(1, scale))
        return found > 0

    def _to_view(self, view: View) -> np.ndarray:
        """From cells to pixels of a view, [2, 3]."""
        x, width = 0.5 * (CELL - 1) - view.left, view.image.shape[1]
        to_view = np.array([[CELL, 0, x], [0, CELL, 0.5 * (CELL - 1) - view.top]], np.float64)
        if view.mirrored:
            to_view[0] = -CELL, 0, width - 1 - x
        return to_view


def rim(cells: Tuple[int, int], share: float) -> np.ndarray:
    """Which of (columns, rows) of cells are at the rim, bool [Y, X]; share: of the columns."""
    width = max(1, round(share * cells[0]))
    found = np.ones(cells[::-1], bool)
    found[width:-width, width:-width] = False
    return found


def widened(cells: np.ndarray, radius: float) -> np.ndarray:
    """Cells, bool [Y, X], and all within a radius in cells of them: uint8 [Y, X], 1 or 0."""
    if not cells.any():
        return np.zeros(cells.shape, np.uint8)
    return np.uint8(cv2.distanceTransform(np.uint8(~cells), cv2.DIST_L2, 3) <= radius)


def views(image: np.ndarray, enlargements: Tuple[int, ...] = ENLARGEMENTS) -> Iterator[View]:
    """An image, uint8 [Y, X, RGB], as a whole, smaller, and in parts that the network enlarges;
    each also mirrored, right after it.
    """
    height, width = image.shape[:2]
    parts = []
    for share in RIMS:
        x, y = round(width * share), round(height * share)
        parts.append((cv2.copyMakeBorder(image, y, y, x, x, cv2.BORDER_CONSTANT,
                                         value=(GREY,) * 3), -x, -y, 1 / (1 + 2 * share)))
    for factor in enlargements:
        for row in range(2 * factor - 1):
            for column in range(2 * factor - 1):
                y, x = row * height // (2 * factor), column * width // (2 * factor)
                parts.append((image[y:y + -(-height // factor), x:x + -(-width // factor)],
                              x, y, factor))
    for part, x, y, scale in parts:
        for mirrored in (False, True):
            yield View(np.ascontiguousarray(part[:, ::-1] if mirrored else part), x, y, scale,
                       mirrored)


def number_of_views(enlargements: Tuple[int, ...] = ENLARGEMENTS) -> int:
    return 2 * (len(RIMS) + sum((2 * factor - 1) ** 2 for factor in enlargements))
