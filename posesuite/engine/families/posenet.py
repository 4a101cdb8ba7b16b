"""PoseNet and BodyPix: people in feature maps, decoded by PersonLab's algorithm.

Papandreou et al., PersonLab, https://arxiv.org/abs/1803.08225. A model file ends in
PosenetDecoderOp, as Google's for the Edge TPU do, or in raw feature maps: heatmaps with 17, short
offsets with 34 and mid offsets with 64 channels, or mid offsets as two outputs of 32 channels, the
displacements forward and backward. Without mid offsets one person is found, as with the option
`single`: see posesuite/engine/single_pose.py. A BodyPix is a PoseNet that also tells which cells
belong to a person, an output of one channel, and to which: the op's fifth output, or long offsets
of 34 channels from which the same library derives it.
"""
from typing import Dict, List, Optional, Tuple

from posesuite.engine import family, raw_decoder
from posesuite.engine.image import Decoded
from posesuite.engine.model_file import EngineError
from posesuite.engine.network import Network, TensorDetails, dequantized
from posesuite.engine.single_pose import decode_single
from posesuite.pose.skeleton import KEYPOINT_TYPES, TREE, KeypointType

import numpy as np

OP = b'PosenetDecoderOp'
KEYPOINTS = len(KEYPOINT_TYPES)
STRIDES = 8, 16, 32  # input pixels per cell, of the published networks
MIN_SINGLE_SCORE = 0.2  # of the pose of `single`, by default; the op's in Google's models
MID_CHANNELS = 4 * len(TREE)  # channels of the mid offsets: x and y, forward and backward
OP_OPTIONS = {'max_poses': 'max_detections', 'score_threshold': 'score_threshold',
              'nms_radius': 'nms_radius'}  # the op's names of PoseEngine's options


class Family(family.Family):
    """A PoseNet with the op or with raw outputs, which the same library decodes."""

    NAME = 'PoseNet'
    OPTIONS = (*OP_OPTIONS, 'single', 'image_scale_factor')

    def __init__(self, network: Network, options: Dict[str, float]) -> None:
        super().__init__(network, options)
        if options.get('image_scale_factor', 1) < 1:
            _shrink(network, options['image_scale_factor'])
        self._order, self._decoder = _op_outputs(network.outputs), None
        # The op's own inputs are still there after it ran, since nothing runs after it.
        self._heatmaps = _last_map(network.tensors, KEYPOINTS)
        self._single: List[TensorDetails] = []  # heatmaps and short offsets, to find one person
        self._min_score = options.get('score_threshold', MIN_SINGLE_SCORE)
        self._cell = output_stride(network)
        raw = [] if self._order else _raw_outputs(network.outputs)
        if options.get('single') or len(raw) == 2:
            self._single = [network.outputs[i] for i in raw[:2]] or [
                self._heatmaps, _last_map(network.tensors, 2 * KEYPOINTS)]
        elif raw:
            self._decoder = raw_decoder.RawDecoder(
                raw_decoder.library_path(), [network.outputs[i] for i in raw], self._cell,
                _op_options(options))
        self._order = self._order or raw
        self._people = 0  # in the last run
        self._mask = next((tensor for tensor in network.outputs if len(tensor['shape']) == 4
                           and tensor['shape'][-1] == 1), None)
        self._instances = _instances(network.outputs, self._heatmaps, self._decoder is not None)
        self.has_masks = self._mask is not None
        if self.has_masks:
            self.NAME = 'BodyPix'

    @staticmethod
    def matches(outputs: List[TensorDetails]) -> bool:
        return bool(_op_outputs(outputs) or _raw_outputs(outputs))

    @staticmethod
    def op_libraries(model: bytes, options: Dict[str, float]) -> List[Tuple[str, Dict[str, str]]]:
        if OP not in model:
            return []
        return [(raw_decoder.library_path(),
                 {name: f'{value:.9g}' for name, value in _op_options(options).items()})]

    def decode(self, outputs: List[np.ndarray]) -> Decoded:
        if self._single:
            found = decode_single([self.network.read(tensor) for tensor in self._single],
                                  self._single, self._cell, self._min_score)
            self._people = len(found.pose_scores)
            return found
        outputs = [outputs[i] for i in self._order]
        if self._decoder is not None:
            outputs = self._decoder(outputs)
        keypoints, keypoint_scores, pose_scores, count = outputs
        self._people = people = int(count.item())
        return Decoded(keypoints[0, :people], keypoint_scores[0, :people], pose_scores[0, :people])

    def heatmap(self, part: Optional[KeypointType]) -> Tuple[np.ndarray, float]:
        maps = self.network.read(self._heatmaps)[0]
        return self._scores(maps.max(2) if part is None else maps[:, :, part], self._heatmaps)

    def mask(self) -> Tuple[np.ndarray, float]:
        if self._mask is None:
            return super().mask()
        return self._scores(self.network.read(self._mask)[0, :, :, 0], self._mask)

    def instance_masks(self) -> Tuple[np.ndarray, float]:
        if self._mask is not None and self._single:  # all that shows somebody is the one's
            return np.ones((self._people, *self._mask['shape'][1:3]), np.float32), self._cell
        if self._mask is None:
            return super().instance_masks()
        if self._instances is None:
            raise EngineError('this BodyPix has one mask of all people, and none for each pose: '
                              'its file has no long offsets')
        masks = self.network.read(self._instances)
        if self._decoder is None:
            return masks[0, :self._people], self._cell
        maps = [self.network.read(self.network.outputs[i]) for i in self._order]
        return self._decoder.instance_masks(maps, self._instances, masks), self._cell

    def _scores(self, logits: np.ndarray, tensor: TensorDetails) -> Tuple[np.ndarray, float]:
        return 1 / (1 + np.exp(-dequantized(logits, tensor))), self._cell


def _op_options(options: Dict[str, float]) -> Dict[str, float]:
    return {OP_OPTIONS[name]: value for name, value in options.items() if name in OP_OPTIONS}


def _last_map(tensors: List[TensorDetails], channels: int) -> TensorDetails:
    """The last of a network's maps [1, h, w, channels], which is its output or the op's input."""
    return next(tensor for tensor in reversed(tensors)
                if tensor['shape'][-1:].tolist() == [channels] and len(tensor['shape']) == 4
                and 'long' not in tensor['name'])


def output_stride(network: Network) -> int:
    """The input's pixels from one cell of the heatmaps to the next."""
    height, cells = network.input_size[1], int(_last_map(network.tensors, KEYPOINTS)['shape'][1])
    return next((stride for stride in STRIDES if -(-height // stride) == cells),
                round((height - 1) / max(1, cells - 1)))


def _shrink(network: Network, factor: float) -> None:
    """Makes a network's input smaller, to a size of whole strides, as the JavaScript PoseNet does.

    Raises ValueError if the runtime does not allow it.
    """
    stride = output_stride(network)
    width, height = (max(1, int((side * factor - 1) // stride)) * stride + 1
                     for side in network.input_size)
    try:
        network.resize(width, height)
    except (RuntimeError, ValueError) as error:
        raise ValueError(f'there is no image_scale_factor for it: {error}')


def _op_outputs(outputs: List[TensorDetails]) -> List[int]:
    """Where the op's poses, keypoint scores, pose scores and count are among a network's outputs.

    They are known by their shapes [1, n, 17, 2], [1, n, 17], [1, n] and [1]; [] without them.
    """
    by_rank = {len(output['shape']): i for i, output in reversed(list(enumerate(outputs)))
               if len(output['shape']) < 4 or tuple(output['shape'][2:]) == (KEYPOINTS, 2)}
    return [by_rank[rank] for rank in (4, 3, 2, 1)] if {1, 2, 3, 4} <= set(by_rank) else []


def _raw_outputs(outputs: List[TensorDetails]) -> List[int]:
    """Where heatmaps, short offsets and perhaps mid offsets are among a network's outputs, or [].

    They are known by their channels; names distinguish displacements backward ('bwd') from forward,
    and BodyPix's long offsets from short ones.
    """
    def with_channels(channels: int) -> List[int]:
        return [i for i, output in enumerate(outputs) if len(output['shape']) == 4
                and output['shape'][-1] == channels and 'long' not in output['name']]

    displacements = sorted(with_channels(MID_CHANNELS // 2),
                           key=lambda i: 'bwd' in outputs[i]['name'])
    maps = with_channels(KEYPOINTS)[:1] + with_channels(2 * KEYPOINTS)[:1]
    mid_offsets = with_channels(MID_CHANNELS)[:1] or displacements
    channels = sum(outputs[i]['shape'][-1] for i in mid_offsets)
    return maps + mid_offsets if len(maps) == 2 and channels in (0, MID_CHANNELS) else []


def _instances(outputs: List[TensorDetails], heatmaps: TensorDetails,
               raw: bool) -> Optional[TensorDetails]:
    """The output that assigns cells to people: the op's fifth output [1, n, h, w] of the size
    [1, h, w, 17] of the heatmaps, or raw long offsets [1, h, w, 34]; None without it.
    """
    if raw:
        return next((output for output in outputs if 'long' in output['name']
                     and tuple(output['shape'][3:]) == (2 * KEYPOINTS,)), None)
    return next((output for output in outputs if len(output['shape']) == 4
                 and tuple(output['shape'][2:]) == tuple(heatmaps['shape'][1:3])), None)
