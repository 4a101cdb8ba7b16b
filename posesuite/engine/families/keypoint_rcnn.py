"""Keypoint R-CNN as torchvision exports it: boxes, labels, scores, keypoints and their scores.

https://pytorch.org/vision/stable/models/keypoint_rcnn.html. The outputs are boxes [N, 4] as left,
top, right, bottom; labels [N], of which 1 is a person; scores [N]; keypoints [N, 17, 3] as x, y,
visible; keypoint scores [N, 17], which are logits. N is the number of people found. An export may
lack the last output or the labels. The network normalises and resizes the image itself.
"""
from typing import Dict, List, Tuple

from posesuite.engine import family
from posesuite.engine.image import Decoded, Placement
from posesuite.engine.image_tensor import DYNAMIC
from posesuite.engine.listed import FRACTIONS, counted_from_edges, decoded, fit_middle
from posesuite.engine.model_file import EngineError
from posesuite.engine.network import Network, TensorDetails
from posesuite.pose.skeleton import KEYPOINT_TYPES

import numpy as np

KEYPOINTS = len(KEYPOINT_TYPES)
# Shapes of the outputs in their order, behind N, which is any number.
FORM: Dict[str, Tuple[int, ...]] = {
    'boxes': (4,), 'labels': (), 'scores': (), 'keypoints': (KEYPOINTS, 3),
    'keypoints_scores': (KEYPOINTS,)}
NEEDED = {'boxes', 'scores', 'keypoints'}
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
        found = {name: outputs[i] for name, i in self._order.items()}
        scores = found['scores']
        if len({len(values) for values in found.values()}) > 1:
            raise EngineError(f'{self.NAME} answers with {len(scores)} scores, but another number '
                              'of people')
        people = found.get('labels', np.full(len(scores), PERSON)) == PERSON
        keypoint_scores = np.repeat(scores[:, None], KEYPOINTS, axis=1)
        if 'keypoints_scores' in found:
            keypoint_scores = 1 / (1 + np.exp((VISIBLE - found['keypoints_scores']).clip(-80, 80)))
        return decoded(found['keypoints'][people][:, :, 1::-1], keypoint_scores[people],
                       scores[people], found['boxes'][people][:, [1, 0, 3, 2]], self._least,
                       self._most)


def _order(outputs: List[TensorDetails]) -> Dict[str, int]:
    """Where the outputs of FORM are, by torchvision's names; {} if these are not the network's."""
    order: Dict[str, int] = {}
    for name, form in FORM.items():
        fits = [i for i, output in enumerate(outputs) if i not in order.values()
                and _is_like(output['shape'], form)
                and (np.dtype(output['dtype']).kind in 'iu') == (name == 'labels')]
        order.update({name: fits[0]} if fits else {})
    return order if set(order) >= NEEDED and len(order) == len(outputs) else {}


def _is_like(shape: np.ndarray, form: Tuple[int, ...]) -> bool:
    return len(shape) == 1 + len(form) and all(
        size in (DYNAMIC, wanted) for size, wanted in zip(shape[1:], form))
