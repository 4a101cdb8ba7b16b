"""People that a network lists one by one, most with boxes: made clean, ordered, and each kept once.

Such networks take a picture whose middle is the input's, and answer in pixels of the input.
"""
from typing import Any, Callable, Dict, List

from posesuite.engine import image
from posesuite.engine.image import Decoded, Placement
from posesuite.pose.pose import Box

import numpy as np

MAX_PLACE = 1e6  # pixels; what lies further out is nonsense
# From a canvas, 0..255, to inputs of which 1 is white.
FRACTIONS: Dict[type, Callable[[np.ndarray], np.ndarray]] = {
    **image.INPUT_SCALES, np.float32: lambda canvas: canvas * np.float32(1 / 255)}


def fit_middle(img: np.ndarray, canvas: np.ndarray, grey: int, room: float = 1.0) -> Placement:
    """Draws an image into the middle of a canvas, its aspect ratio kept, and grey around it.

    img: uint8 [Y, X, RGB or RGBX]. canvas: uint8 [Y, X, RGB], overwritten. grey: 0 to 255.
    room: the canvas's size in sizes of the image, along the side that limits it.
    """
    sizes = list(zip(img.shape[1::-1], canvas.shape[1::-1]))
    scale = min(to / size for size, to in sizes) / room
    low, high = ([size / 2 + sign * to / scale / 2 for size, to in sizes] for sign in (-1, 1))
    return image.fit_region(img, canvas, Box(*low, *high), grey)


def counted_from_edges(placement: Placement) -> Placement:
    """The placement for a network to which a place is x or y times the image's scale, whether that
    is the middle of a pixel or its edge, as the labels that most were trained with are scaled.
    """
    x, y, left, top = placement
    return Placement(x, y, left + 0.5 - 0.5 / x, top + 0.5 - 0.5 / y)


def decoded(keypoints: Any, keypoint_scores: Any, pose_scores: Any, boxes: Any, least: float,
            most: int) -> Decoded:
    """People as a family answers, by falling score; numbers that are none do not get through.

    keypoints: [n, 17, 2] as (y, x). keypoint_scores: [n, 17]. pose_scores: [n]. boxes: [n, 4] as
        top, left, bottom, right. least: omit people that score less. most: keep so many.
    """
    pose_scores = clean(pose_scores, 0, 1)
    order = np.argsort(-pose_scores, kind='stable')[:most]
    order = order[pose_scores[order] >= least]
    keypoints, scores = keypoints[order], clean(keypoint_scores[order], 0, 1)
    scores[~(np.abs(keypoints) <= MAX_PLACE).all(axis=-1)] = 0
    return Decoded(clean(keypoints, -MAX_PLACE, MAX_PLACE), scores, pose_scores[order],
                   None if boxes is None else clean(boxes[order], -MAX_PLACE, MAX_PLACE))


def clean(values: Any, low: float, high: float) -> np.ndarray:
    """Values as float32 from low to high; what is no number becomes `low` as a score, 0 else."""
    values = np.asarray(values)
    return np.where(np.isfinite(values), values, max(low, 0)).clip(low, high).astype(np.float32)


def each_once(boxes: np.ndarray, scores: np.ndarray, overlap: float, most: int) -> np.ndarray:
    """Non-maximum suppression: which boxes to keep, by falling score.

    boxes: float32 [n, 4] as top, left, bottom, right. scores: [n]. overlap: a box whose
        intersection with a better one is more than this share of their union is dropped.
    most: keep so many.
    """
    kept: List[int] = []
    order = np.argsort(-scores, kind='stable')
    rest = boxes[order].T.copy()
    areas = np.maximum(rest[2:] - rest[:2], 0).prod(axis=0)
    while len(order) and len(kept) < most:
        kept.append(order[0])
        best, area = rest[:, :1], areas[0]
        order, rest, areas = order[1:], rest[:, 1:], areas[1:]
        width, height = np.maximum(
            np.minimum(rest[2:], best[2:]) - np.maximum(rest[:2], best[:2]), 0)
        shared = width * height
        others = shared <= overlap * (areas + area - shared)
        if not others.all():
            order, rest, areas = order[others], rest[:, others], areas[others]
    return np.array(kept, np.intp)
