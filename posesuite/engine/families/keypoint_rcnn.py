"""Keypoint R-CNN as torchvision exports it: boxes, labels, scores, keypoints and their scores.

https://pytorch.org/vision/stable/models/keypoint_rcnn.html. The outputs are boxes [N, 4] as left,
top, right, bottom; labels [N], of which 1 is a person; scores [N]; keypoints [N, 17, 3] as x, y,
visible; keypoint scores [N, 17], which are logits. N is the number of people found. An export may
lack the last output or the labels. The network normalises and resizes the image itself.
"""
from typing import Dict, List, Optional, Tuple

from posesuite.engine import family
from posesuite.engine.image import Decoded, Placement
from posesuite.engine.image_tensor import DYNAMIC
from posesuite.engine.listed import FRACTIONS, counted_from_edges, decoded, fit_middle
from posesuite.engine.network import Network, TensorDetails
from posesuite.pose.skeleton import KEYPOINT_TYPES

import numpy as np

KEYPOINTS = len(KEYPOINT_TYPES)
# Shapes of the outputs in their order; the first is N, which is any number.
FORM = (4,), (), (), (KEYPOINTS, 3), (KEYPOINTS,)
PERSON = 1  # the label
MIN_SCORE = 0.2  # of a pose, by default as of Google's PoseNets
MOST_PEOPLE = 100  # the network's own limit
VISIBLE = 2.0  # the logit at which Detectron shows a keypoint, which becomes 0.5
GREY = 0


class Family(family.Family):
    """A Keypoint R-CNN with the 17 keypoints."""

    NAME = 'Keypoint R-CNN'
    OPTIONS = 'max_poses', 'score_threshold'
    INPUT_SCALES = FRACTIONS

    def __init__(self, network: Network, options: Dict[str, float]) -> None:
        super().__init__(network, options)
        self._order = _order(network.outputs)
        self._least = options.get('score_threshold', MIN_SCORE)
        self._most = int(options.get('max_poses', MOST_PEOPLE))

    @staticmethod
    def matches(outputs: List[TensorDetails]) -> bool:
        return bool(_order(outputs))

    def fit(self, img: np.ndarray, canvas: np.ndarray) -> Placement:
        return counted_from_edges(fit_middle(img, canvas, GREY))

    def decode(self, outputs: List[np.ndarray]) -> Decoded:
        boxes, labels, scores, keypoints, logits = [
            None if i is None else outputs[i] for i in self._order]
        people = np.ones(len(scores), bool) if labels is None else labels == PERSON
        if logits is None:
            keypoint_scores = np.repeat(scores[:, None], KEYPOINTS, axis=1)
        else:
            keypoint_scores = 1 / (1 + np.exp((VISIBLE - logits).clip(-80, 80)))
        return decoded(keypoints[people][:, :, 1::-1], keypoint_scores[people], scores[people],
                       boxes[people][:, [1, 0, 3, 2]], self._least, self._most)


def _order(outputs: List[TensorDetails]) -> List[Optional[int]]:
    """Where the outputs of FORM are; None for labels or keypoint scores that are missing; [] if
    these are not the network's outputs.
    """
    free = list(range(len(outputs)))
    order: List[Optional[int]] = []
    for place, form in enumerate(FORM):
        is_label = place == 1
        found = next((i for i in free if _is_like(outputs[i]['shape'], form)
                      and (np.dtype(outputs[i]['dtype']).kind in 'iu') == is_label), None)
        order.append(found)
        free = [i for i in free if i != found]
    return order if None not in (order[0], order[2], order[3]) and not free else []


def _is_like(shape: np.ndarray, form: Tuple[int, ...]) -> bool:
    return len(shape) == 1 + len(form) and all(
        size in (DYNAMIC, wanted) for size, wanted in zip(shape[1:], form))
