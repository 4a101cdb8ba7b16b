"""RTMPose: one person, by how likely each column and each row of the input is that of a part.

Jiang et al., RTMPose, https://arxiv.org/abs/2303.07399, as MMDeploy exports it: simcc_x [1, K, w]
and simcc_y [1, K, h] with two numbers a pixel of the input. K is 17, or 26 or 133 of which the
first 17 are the same. The network looks at a person whom another one has found. Without such a one
the whole image is taken for the person, which MMPose does too.
"""
from typing import Dict, List, Tuple

from posesuite.engine import family
from posesuite.engine.image import INPUT_SCALES, Decoded, Placement
from posesuite.engine.image_tensor import DYNAMIC
from posesuite.engine.listed import decoded, fit_middle
from posesuite.engine.network import Network, TensorDetails
from posesuite.pose.skeleton import KEYPOINT_TYPES

import numpy as np

KEYPOINTS = len(KEYPOINT_TYPES)
PARTS = KEYPOINTS, 26, 133  # of COCO; of Halpe and COCO-WholeBody, which begin with those of COCO
ROOM = 1.25  # the size of what the network sees, in sizes of the person
GREY = 0
MIN_SCORE = 0.2  # of a pose, by default as of Google's PoseNets
MEAN = np.array([123.675, 116.28, 103.53], np.float32)  # of red, green and blue in ImageNet, 0..255
DEVIATION = np.array([58.395, 57.12, 57.375], np.float32)


class Family(family.Family):
    """An RTMPose with the 17 keypoints among its parts."""

    NAME = 'RTMPose'
    OPTIONS = 'max_poses', 'score_threshold'
    INPUT_SCALES = {**INPUT_SCALES, np.float32: lambda canvas: (canvas - MEAN) / DEVIATION}

    def __init__(self, network: Network, options: Dict[str, float]) -> None:
        super().__init__(network, options)
        self._order = _order(network.outputs)
        self._least = options.get('score_threshold', MIN_SCORE)

    @staticmethod
    def matches(outputs: List[TensorDetails]) -> bool:
        shapes = [output['shape'] for output in outputs]
        return (len(shapes) == 2 and all(len(shape) == 3 and shape[0] in (1, DYNAMIC)
                                         and shape[1] in PARTS for shape in shapes)
                and shapes[0][1] == shapes[1][1])

    def fit(self, img: np.ndarray, canvas: np.ndarray) -> Placement:
        return fit_middle(img, canvas, GREY, ROOM)

    def decode(self, outputs: List[np.ndarray]) -> Decoded:
        x, y = [self._best(outputs[i][0, :KEYPOINTS], side)
                for i, side in zip(self._order, self.network.input_size)]
        places = np.stack([y[0], x[0]], axis=1)[None]
        scores = np.minimum(x[1], y[1])[None]
        return decoded(places, scores, scores.mean(axis=1), None, self._least, 1)

    @staticmethod
    def _best(likelihoods: np.ndarray, side: int) -> Tuple[np.ndarray, np.ndarray]:
        """Each part's place on an axis in pixels, and its score.

        likelihoods: [K, n]. side: the input's size along the axis in pixels.
        """
        likelihoods = np.where(np.isfinite(likelihoods), likelihoods, 0)
        places = likelihoods.argmax(axis=1)
        scores = likelihoods.max(axis=1).clip(0, 1)
        return places * (side / likelihoods.shape[1]), scores


def _order(outputs: List[TensorDetails]) -> List[int]:
    """Where x and y are: by their names, else x comes first."""
    first, second = (output['name'] for output in outputs)
    return [1, 0] if first.endswith('y') or second.endswith('x') else [0, 1]
