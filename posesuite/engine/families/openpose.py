"""OpenPose and its kin: heatmaps of parts, and affinity fields that tell which parts are whose.

Cao et al., https://arxiv.org/abs/1611.08050. A network has the parts of COCO, BODY-25 or MPII: a
heatmap for each part and one for the background, and an x and a y for each bone, in one output or
in two, channels first or last. Of the heatmaps and fields of several stages the last ones count.
Pictures are BGR. Some networks take 0 to 255, others -0.5 to 0.5.
"""
from typing import Callable, Dict, List, NamedTuple, Optional, Tuple

from posesuite.engine import family, raw_decoder
from posesuite.engine.affinity import AffinityDecoder, Layout
from posesuite.engine.image import Decoded, Placement, fit
from posesuite.engine.model_file import EngineError
from posesuite.engine.network import Network, TensorDetails
from posesuite.files import own_file
from posesuite.pose.skeleton import JSON_NAMES, KeypointType, Skeleton

import cv2
import numpy as np

_ARMS = ('rightShoulder', 'rightElbow', 'rightWrist', 'leftShoulder', 'leftElbow', 'leftWrist')
_LEGS = ('rightHip', 'rightKnee', 'rightAnkle', 'leftHip', 'leftKnee', 'leftAnkle')
_FACE = ('rightEye', 'leftEye', 'rightEar', 'leftEar')
_FEET = ('leftBigToe', 'leftSmallToe', 'leftHeel', 'rightBigToe', 'rightSmallToe', 'rightHeel')
COCO_18 = Layout(Skeleton(
    ('nose', 'neck', *_ARMS, *_LEGS, *_FACE),
    ((1, 2), (1, 5), (2, 3), (3, 4), (5, 6), (6, 7), (1, 8), (8, 9), (9, 10), (1, 11), (11, 12),
     (12, 13), (1, 0), (0, 14), (14, 16), (0, 15), (15, 17), (2, 16), (5, 17))),
    (12, 20, 14, 16, 22, 24, 0, 2, 4, 6, 8, 10, 28, 30, 34, 32, 36, 18, 26))
BODY_25 = Layout(Skeleton(
    ('nose', 'neck', *_ARMS, 'midHip', *_LEGS, *_FACE, *_FEET),
    ((1, 8), (1, 2), (1, 5), (2, 3), (3, 4), (5, 6), (6, 7), (8, 9), (9, 10), (10, 11), (8, 12),
     (12, 13), (13, 14), (1, 0), (0, 15), (15, 17), (0, 16), (16, 18), (2, 17), (5, 18), (14, 19),
     (19, 20), (14, 21), (11, 22), (22, 23), (11, 24))),
    (0, 14, 22, 16, 18, 24, 26, 6, 2, 4, 8, 10, 12, 30, 32, 36, 34, 38, 20, 28, 40, 42, 44, 46, 48,
     50))
MPII_15 = Layout(Skeleton(
    ('head', 'neck', *_ARMS, *_LEGS, 'chest'),
    ((0, 1), (1, 2), (2, 3), (3, 4), (1, 5), (5, 6), (6, 7), (1, 14), (14, 8), (8, 9), (9, 10),
     (14, 11), (11, 12), (12, 13))),
    tuple(range(0, 28, 2)))
LAYOUTS = COCO_18, BODY_25, MPII_15
# From a picture, 0..255, to what networks take that have arithmetic of their own, and OpenPose's.
SCALES = ((lambda canvas: canvas), (lambda canvas: canvas * np.float32(1 / 256) - np.float32(0.5)))
SAMPLE = 'samples', 'couple.jpg'  # a picture of people, on which a network's scale shows


class Family(family.Family):
    """A network with heatmaps and affinity fields."""

    NAME = 'OpenPose'
    OPTIONS = 'max_poses', 'score_threshold', 'nms_radius'

    def __init__(self, network: Network, options: Dict[str, float]) -> None:
        super().__init__(network, options)
        self._form = _forms(network.outputs)[0]
        if len(network.outputs) == 1:  # height or width may be the number of channels, too
            width, height = network.input_size
            self._form = min(_forms(network.outputs), key=lambda form: abs(
                np.log(form.cells(network.outputs)[1] * height
                       / (form.cells(network.outputs)[0] * width))))
        rows, columns = self._form.cells(network.outputs)
        self._stride = max(1, round(network.input_size[0] / columns))
        self.skeleton = self._form.layout.skeleton
        self._decoder = AffinityDecoder(raw_decoder.library_path(), self._form.layout,
                                        self._stride, options)
        # For each of the 17 its index among the network's parts, or one behind them.
        names = (*self.skeleton.parts, *JSON_NAMES.values())
        self._index = [min(names.index(name), len(self.skeleton.parts))
                       for name in JSON_NAMES.values()]
        self._heatmaps = self._affinities = np.zeros((0, rows, columns), np.float32)
        self._parts = np.zeros((0, len(self.skeleton.parts), 3), np.float32)
        self._scale = SCALES[0]
        if network.input().dtype == np.float32:
            inside, outside = map(self._people_in_sample, SCALES)
            self._scale = SCALES[outside > 1.2 * inside]

    @staticmethod
    def matches(outputs: List[TensorDetails]) -> bool:
        return bool(_forms(outputs))

    def draw(self, img: np.ndarray) -> Placement:
        target = self.network.input()
        if self._canvas.shape != target.shape:
            self._canvas = np.empty(target.shape, np.uint8)
        placement = fit(img, self._canvas, average_below=1)  # without it fragments count as people
        scale = self._scale if target.dtype == np.float32 else self.INPUT_SCALES.get(
            target.dtype.type, SCALES[0])
        target[...] = scale(self._canvas[:, :, ::-1])
        # A cell stands for the centre of its pixels.
        scale_x, scale_y, left, top = placement
        margin = (self._stride - 1) / 2
        return Placement(scale_x, scale_y, left + margin / scale_x, top + margin / scale_y)

    def decode(self, outputs: List[np.ndarray]) -> Decoded:
        self._heatmaps, self._affinities = self._form.planes(outputs)
        self._parts, scores = self._decoder(self._heatmaps, self._affinities)
        with_none = np.concatenate([self._parts, np.zeros_like(self._parts[:, :1])], axis=1)
        found = with_none[:, self._index]
        is_found = found[:, :, 2:] > 0
        # What was not found is in the middle of what was.
        middle = (found * is_found).sum(1, keepdims=True) / np.maximum(1, is_found.sum(
            1, keepdims=True))
        keypoints = np.where(is_found, found, middle)[:, :, :2]
        return Decoded(keypoints, found[:, :, 2], scores)

    def heatmap(self, part: Optional[KeypointType]) -> Tuple[np.ndarray, float]:
        parts = self.skeleton.parts
        if part is None:
            scores = self._heatmaps[:len(parts)].max(0)
        elif JSON_NAMES.get(part, part) in parts:
            scores = self._heatmaps[parts.index(JSON_NAMES.get(part, part))]
        else:
            raise EngineError(f'this network has no {JSON_NAMES.get(part, part)}, it has '
                              f'{", ".join(parts)}')
        return np.nan_to_num(scores).clip(0, 1), self._stride

    def affinity(self, bone: Optional[str]) -> Tuple[np.ndarray, float]:
        if bone is None:
            fields = np.array(self._form.layout.fields)
            vectors = np.abs(self._affinities[[fields, fields + 1]]).max(1)
        else:
            x = self._form.layout.fields[self.skeleton.bone(bone)]
            vectors = self._affinities[x:x + 2]
        return np.nan_to_num(vectors).clip(-1, 1), self._stride

    def parts(self) -> np.ndarray:
        return self._parts

    def _people_in_sample(self, scale: Callable[[np.ndarray], np.ndarray]) -> float:
        """How much of the people in the sample picture the network finds by a scale."""
        picture = cv2.imread(own_file(*SAMPLE))
        if picture is None:
            return 0.0
        self._scale = scale
        self.draw(picture[:, :, ::-1])
        decoded = self.decode(self.network.run())
        return float(decoded.keypoint_scores.sum())


class _Form(NamedTuple):
    """Where a network's outputs have what a layout needs."""
    layout: Layout
    axis: int  # of the channels: 1 or 3
    heatmaps: int  # index of the output
    affinities: int  # of theirs, which may be the same one: then heatmaps come first

    def cells(self, outputs: List[TensorDetails]) -> Tuple[int, int]:
        """The rows and columns of the maps."""
        sides = [int(side) for side in outputs[self.heatmaps]['shape'][1:]]
        del sides[self.axis - 1]
        return sides[0], sides[1]

    def planes(self, outputs: List[np.ndarray]) -> Tuple[np.ndarray, np.ndarray]:
        """Heatmaps and affinity fields, float32 [channels, rows, columns]."""
        first = len(self.layout.skeleton.parts) + 1
        heatmaps, affinities = (
            np.ascontiguousarray(np.moveaxis(outputs[i][0], self.axis - 1, 0), np.float32)
            for i in (self.heatmaps, self.affinities))
        return heatmaps, affinities[first:] if self.heatmaps == self.affinities else affinities


def _forms(outputs: List[TensorDetails]) -> List[_Form]:
    """All readings of a network's outputs; [] if it is of another family."""
    forms = []
    for layout in LAYOUTS:
        parts, fields = len(layout.skeleton.parts) + 1, 2 * len(layout.skeleton.bones)
        for axis in (1, 3):
            last: Dict[Tuple[int, Tuple[int, ...]], int] = {}
            for i, output in enumerate(outputs):
                shape = tuple(map(int, output['shape']))
                if len(shape) == 4:
                    last[shape[axis], shape[:axis] + shape[axis + 1:]] = i
            for (channels, rest), i in last.items():
                if channels == parts and (fields, rest) in last:
                    forms.append(_Form(layout, axis, i, last[fields, rest]))
                elif channels == parts + fields and len(outputs) == 1:
                    forms.append(_Form(layout, axis, i, i))
    return forms
