"""YOLO-pose as Ultralytics exports it: a box and 17 keypoints for each of many anchors, or a list.

https://docs.ultralytics.com/tasks/pose/. One output, of one of these forms:
    [1, 56, n] or [1, n, 56]   middle x and y, width, height, score, 17 times x, y, score: a row for
                               each anchor (YOLOv8, YOLO11), so that a person has many
    [1, n, 57]                 left, top, right, bottom, score, class, 17 times x, y, score: people,
                               each once (YOLO26, and exports with nms=True)
Places are pixels of the input, or shares of its sides as in exports to TensorFlow Lite.
"""
from typing import Dict, List

from posesuite.engine import family
from posesuite.engine.image import Decoded, Placement
from posesuite.engine.image_tensor import DYNAMIC
from posesuite.engine.listed import (
    FRACTIONS,
    MAX_PLACE,
    clean,
    counted_from_edges,
    decoded,
    each_once,
    fit_middle,
)
from posesuite.engine.network import Network, TensorDetails
from posesuite.pose.skeleton import KEYPOINT_TYPES

import numpy as np

KEYPOINTS = len(KEYPOINT_TYPES)
ANCHOR = 5 + 3 * KEYPOINTS  # values of an anchor
PERSON = 6 + 3 * KEYPOINTS  # of a person in a list
MOST_LISTED = 1000  # people in such a list, which is 300 long
FEWEST_ANCHORS = 21  # of an input of 32 pixels
# Ultralytics' own defaults: score, overlap of boxes that are one person, people, and grey beside an
# image.
MIN_SCORE, OVERLAP, MOST_PEOPLE, GREY = 0.25, 0.7, 300, 114
MAX_CANDIDATES = 2000  # anchors that are looked at, the best ones
HALF = np.float32(0.5)
SHARES = 2.0  # a person is larger than so many pixels, but not than so many inputs


class Family(family.Family):
    """A YOLO-pose with one class, persons, and the 17 keypoints."""

    NAME = 'YOLO-pose'
    OPTIONS = 'max_poses', 'score_threshold'
    INPUT_SCALES = FRACTIONS

    def __init__(self, network: Network, options: Dict[str, float]) -> None:
        super().__init__(network, options)
        self._least = options.get('score_threshold', MIN_SCORE)
        self._most = int(options.get('max_poses', MOST_PEOPLE))

    @staticmethod
    def matches(outputs: List[TensorDetails]) -> bool:
        shape = list(map(int, outputs[0]['shape']))
        if len(outputs) != 1 or len(shape) != 3 or shape[0] not in (1, DYNAMIC):
            return False
        rows, columns = shape[1:]
        return (columns == PERSON and rows <= MOST_LISTED
                or ANCHOR in (rows, columns) and not 0 <= min(rows, columns) < FEWEST_ANCHORS)

    def fit(self, img: np.ndarray, canvas: np.ndarray) -> Placement:
        return counted_from_edges(fit_middle(img, canvas, GREY))

    def decode(self, outputs: List[np.ndarray]) -> Decoded:
        rows = outputs[0][0]
        if rows.shape[1] != PERSON and rows.shape[0] == ANCHOR:
            rows = rows.T
        listed = rows.shape[1] == PERSON
        scores = self._numbers(rows[:, 4])
        found = np.flatnonzero((scores >= self._least) & np.isfinite(scores))
        found = found[np.argsort(-scores[found], kind='stable')[:MAX_CANDIDATES]]
        rows, scores = self._numbers(rows[found]), scores[found]
        whole = np.isfinite(rows[:, :4]).all(axis=1)
        if listed:
            whole &= rows[:, 5] < 0.5  # the class of persons is 0
        rows, scores = clean(rows[whole], -MAX_PLACE, MAX_PLACE), scores[whole]
        width, height = self.network.input_size
        boxes = rows[:, [1, 0, 3, 2]] if listed else np.concatenate(
            [rows[:, 1::-1] + half * rows[:, 3:1:-1] for half in (-HALF, HALF)], axis=1)
        keypoints = rows[:, -3 * KEYPOINTS:].reshape(-1, KEYPOINTS, 3)
        places = keypoints[:, :, 1::-1]
        if (boxes[:, 2:] - boxes[:, :2]).max(initial=0) <= SHARES:
            places, boxes = places * (height, width), boxes * (height, width, height, width)
        once = np.arange(len(rows)) if listed else each_once(boxes, scores, OVERLAP, self._most)
        return decoded(places[once], keypoints[once, :, 2], scores[once], boxes[once], self._least,
                       self._most)

    def _numbers(self, values: np.ndarray) -> np.ndarray:
        """What values of the output mean, which may be quantised."""
        step, zero = self.network.outputs[0]['quantization']
        return (values - np.float32(zero)) * np.float32(step) if step else values.astype(np.float32)
