"""MoveNet: 17 keypoints of one person, [1, 1, 17, 3], or of up to six with boxes, [1, 6, 56].

https://www.tensorflow.org/hub/tutorials/movenet. Values are y, x and score, as shares of the input;
MultiPose adds top, left, bottom, right and score of a box. The network for one person sees little
of somebody far away: in a clip (`tracking`), each frame is therefore cut to the square around the
person of the frame before.
"""
from typing import Dict, List, Optional, Tuple

from posesuite.engine import family, image
from posesuite.engine.image import Decoded, Placement
from posesuite.engine.network import Network, TensorDetails
from posesuite.pose.pose import Box
from posesuite.pose.skeleton import KEYPOINT_TYPES, KeypointType

import numpy as np

KEYPOINTS = len(KEYPOINT_TYPES)
PERSON = 3 * KEYPOINTS + 5  # values of a person of MultiPose
MOST_PEOPLE = 20  # of a MultiPose; Google's has 6, and longer lists are other families'
MIN_SCORED = 0.1  # one person's pose score is, as published, the mean of keypoints that score more
MIN_POSE_SCORE = 0.2  # by default, as of Google's PoseNets
PADDING = 0  # what the published code puts beside an image
# MultiPose for inputs of any size: the longer side as published; sides are multiples of a step.
LONGER_SIDE, STEP = 256, 32
# The published crop. Score from which a keypoint counts, and how far beyond the farthest part of
# torso and body the crop reaches, as a factor of its distance from the middle of the hips.
MIN_CROP_SCORE = 0.2
TORSO_EXPANSION, BODY_EXPANSION = 1.9, 1.2
SHOULDERS = [KeypointType.LEFT_SHOULDER, KeypointType.RIGHT_SHOULDER]
HIPS = [KeypointType.LEFT_HIP, KeypointType.RIGHT_HIP]


class Family(family.Family):
    """MoveNet Lightning or Thunder for one person, or MultiPose."""

    NAME = 'MoveNet'
    OPTIONS = 'max_poses', 'score_threshold', 'single'
    INPUT_SCALES = {**image.INPUT_SCALES, np.float32: lambda canvas: canvas}  # 0..255

    def __init__(self, network: Network, options: Dict[str, float]) -> None:
        super().__init__(network, options)
        self._multi = len(network.outputs[0]['shape']) == 3
        self._threshold = options.get('score_threshold', MIN_POSE_SCORE)
        self._most = 1 if options.get('single') else int(options.get('max_poses', MOST_PEOPLE))
        self._size = 0, 0  # width and height of the last image in pixels
        self._placement = Placement(1.0, 1.0)  # of the last image
        self._region: Optional[Box] = None  # of the next frame, in pixels; None for all of it

    @staticmethod
    def matches(outputs: List[TensorDetails]) -> bool:
        shape = list(map(int, outputs[0]['shape']))
        return (len(outputs) == 1 and outputs[0]['dtype'] in (np.float32, np.uint8, np.int8)
                and (shape == [1, 1, KEYPOINTS, 3] or len(shape) == 3 and shape[0] == 1
                     and 0 < shape[1] <= MOST_PEOPLE and shape[2] == PERSON))

    def draw(self, img: np.ndarray) -> Placement:
        if self._multi and self.network.dynamic:
            size = dynamic_size(img.shape[1], img.shape[0])
            if size != self.network.input_size:
                self.network.resize(*size)
        return super().draw(img)

    def fit(self, img: np.ndarray, canvas: np.ndarray) -> Placement:
        if self._multi:
            return image.fit(img, canvas, PADDING)
        size = img.shape[1], img.shape[0]
        if not self.tracking or size != self._size:
            self._region = None
        self._size = size
        region = self._region or whole_image(size)
        self._placement = image.fit_region(img, canvas, widened(
            region, canvas.shape[1] / canvas.shape[0]))
        return self._placement

    def decode(self, outputs: List[np.ndarray]) -> Decoded:
        width, height = self.network.input_size
        people = self._shares(outputs[0]).reshape(-1, PERSON if self._multi else 3 * KEYPOINTS)
        parts = people[:, :3 * KEYPOINTS].reshape(-1, KEYPOINTS, 3)
        places, scores = parts[:, :, :2] * (height, width), parts[:, :, 2].clip(0, 1)
        if self._multi:
            boxes = people[:, -5:-1] * (height, width, height, width) - 0.5
            return self._best(places - 0.5, scores, people[:, -1].clip(0, 1), boxes)
        if self.tracking:
            scale_x, scale_y, left, top = self._placement
            in_image = places[0, :, ::-1] / (scale_x, scale_y) + (left, top)
            self._region = crop_region(in_image, scores[0], self._size)
        counted = np.where(scores > MIN_SCORED, scores, 0)
        return self._best(places - 0.5, scores, counted.sum(1) / max(1, np.count_nonzero(counted)))

    def _best(self, places: np.ndarray, scores: np.ndarray, pose_scores: np.ndarray,
              boxes: Optional[np.ndarray] = None) -> Decoded:
        order = np.argsort(-pose_scores, kind='stable')
        order = order[pose_scores[order] >= self._threshold][:self._most]
        return Decoded(places[order], scores[order], pose_scores[order],
                       None if boxes is None else boxes[order])

    def _shares(self, values: np.ndarray) -> np.ndarray:
        """The output as float32; what is no number, or far from the image, becomes harmless."""
        details = self.network.outputs[0]
        step, zero = details['quantization']
        if step and values.dtype != np.float32:
            values = (values.astype(np.float32) - zero) * np.float32(step)
        return np.nan_to_num(values, nan=0.0).clip(-1, 2)


def dynamic_size(width: int, height: int) -> Tuple[int, int]:
    """The input's width and height for an image's: LONGER_SIDE, and as much of the other side as
    the image needs, rounded up to a multiple of STEP.
    """
    scale = LONGER_SIDE / max(width, height)
    return (max(1, -(-round(width * scale) // STEP)) * STEP,
            max(1, -(-round(height * scale) // STEP)) * STEP)


def whole_image(size: Tuple[int, int]) -> Box:
    """The square around an image of a width and height; the image is in its middle."""
    x, y, half = size[0] / 2, size[1] / 2, max(size) / 2
    return Box(x - half, y - half, x + half, y + half)


def widened(region: Box, aspect: float) -> Box:
    """A square, made as much wider or higher as an input of another aspect ratio needs."""
    x, y = (region.right - region.left) / 2, (region.bottom - region.top) / 2
    more_x, more_y = x * max(0, aspect - 1), y * max(0, 1 / aspect - 1)
    return Box(region.left - more_x, region.top - more_y, region.right + more_x,
               region.bottom + more_y)


def crop_region(points: np.ndarray, scores: np.ndarray, size: Tuple[int, int]) -> Optional[Box]:
    """The square that the next frame is cut to; None for the whole image, where no torso is seen or
    the body fills the image.

    points: [17, 2] as (x, y) in pixels from the image's corner; scores: [17]. size: the image's
        width and height.
    """
    if scores[HIPS].max() <= MIN_CROP_SCORE or scores[SHOULDERS].max() <= MIN_CROP_SCORE:
        return None
    middle = points[HIPS].mean(0)
    distances = np.abs(points - middle).max(1)
    torso = distances[SHOULDERS + HIPS].max()
    body = distances[scores >= MIN_CROP_SCORE].max()
    half = min(max(TORSO_EXPANSION * torso, BODY_EXPANSION * body),
               np.maximum(middle, size - middle).max())
    if not 1 <= half <= max(size) / 2:
        return None
    return Box(*map(float, (*(middle - half), *(middle + half))))
