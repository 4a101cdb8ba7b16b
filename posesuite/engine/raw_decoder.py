"""The decoder library called directly, for networks that end in raw feature maps."""
import ctypes
import os
from typing import Any, Dict, List, Optional

from posesuite.engine.model_file import EngineError
from posesuite.files import decoder_library, install_command
from posesuite.pose.skeleton import KEYPOINT_TYPES, TREE

import numpy as np

POSENET_SHARED_LIB = decoder_library()

KEYPOINTS, EDGES = len(KEYPOINT_TYPES), len(TREE)
# Floats of the library's Pose: (y, x) of the keypoints, their scores, its own score.
POSE_FLOATS = 3 * KEYPOINTS + 1
TYPES = {np.float32: 1, np.uint8: 3, np.int8: 9}  # TensorFlow Lite's numbers of types


def library_path() -> str:
    """The path of the decoder library. Raises EngineError if it is not compiled."""
    if not os.path.exists(POSENET_SHARED_LIB):
        raise EngineError(f'no {POSENET_SHARED_LIB}: {install_command()} compiles it')
    return POSENET_SHARED_LIB


class _Map(ctypes.Structure):
    _fields_ = [('data', ctypes.c_void_p), ('type', ctypes.c_int32), ('height', ctypes.c_int32),
                ('width', ctypes.c_int32), ('channels', ctypes.c_int32), ('scale', ctypes.c_float),
                ('zero_point', ctypes.c_int32)]


class _Features(ctypes.Structure):
    _fields_ = [(name, _Map) for name in ('heatmaps', 'short_offsets', 'forward_offsets',
                                          'backward_offsets', 'long_offsets')]


class _Options(ctypes.Structure):
    _fields_ = [('max_poses', ctypes.c_int32), ('stride', ctypes.c_int32),
                ('score_threshold', ctypes.c_float), ('nms_radius', ctypes.c_float),
                ('coral', ctypes.c_int32)]


class RawDecoder:
    """Turns a network's raw outputs into what PosenetDecoderOp would answer.

    library: the path of the decoder library.
    outputs: the interpreter's details of heatmaps, short offsets, and either mid offsets or
        displacements forward and displacements backward.
    stride: model pixels from one cell of the maps to the next.
    options: max_detections, score_threshold, nms_radius where they differ from Google's models'.
    Raises ValueError if the maps do not fit each other.
    """

    def __init__(self, library: str, outputs: List[Dict[str, Any]], stride: int,
                 options: Dict[str, float]) -> None:
        self._library = ctypes.CDLL(library)
        self._decode = self._library.posenet_decode
        self._decode.restype = ctypes.c_char_p
        self._outputs = outputs
        self._options = _Options(int(options.get('max_detections', 10)), stride,
                                 options.get('score_threshold', 0.2),
                                 options.get('nms_radius', 10.0), len(outputs) == 3)
        self._poses = np.zeros((self._options.max_poses, POSE_FLOATS), np.float32)
        self._count = ctypes.c_int32()
        self([np.zeros(output['shape'], output['dtype']) for output in outputs])

    def __call__(self, maps: List[np.ndarray]) -> List[np.ndarray]:
        """maps: the network's outputs [1, height, width, channels], in the order of the details.

        Returns [poses [1, n, 17, 2] as (y, x) in model pixels, keypoint scores [1, n, 17],
        pose scores [1, n], count [1]], good until the next call.
        """
        error: Optional[bytes] = self._decode(
            ctypes.byref(_Features(*self._maps(maps))), ctypes.byref(self._options),
            self._poses.ctypes.data_as(ctypes.c_void_p), ctypes.byref(self._count))
        if error:
            raise ValueError(error.decode())
        poses = self._poses[None, :self._count.value]
        return [poses[..., :2 * KEYPOINTS].reshape(1, -1, KEYPOINTS, 2),
                poses[..., 2 * KEYPOINTS:-1], poses[..., -1], np.array([self._count.value])]

    def instance_masks(self, maps: List[np.ndarray], details: Dict[str, Any],
                       long_offsets: np.ndarray) -> np.ndarray:
        """To which of the poses of the latest call each cell belongs, as the op's fifth output.

        maps: of that call. details, long_offsets: BodyPix's further output [1, h, w, 34].
        Returns float32 [n, h, w] with 1 at the cells of each pose, which have no cell in common.
        Raises ValueError if the long offsets do not fit the maps.
        """
        features = _Features(*self._maps(maps), self._map(details, long_offsets[0]))
        masks = np.zeros((self._options.max_poses, *long_offsets.shape[1:3]), np.float32)
        assign = self._library.posenet_instance_masks
        assign.restype = ctypes.c_char_p
        error: Optional[bytes] = assign(
            ctypes.byref(features), ctypes.byref(self._options),
            self._poses.ctypes.data_as(ctypes.c_void_p), self._count,
            masks.ctypes.data_as(ctypes.c_void_p))
        if error:
            raise ValueError(error.decode())
        return masks[:self._count.value]

    def _maps(self, maps: List[np.ndarray]) -> List[_Map]:
        views = [self._map(output, array[0]) for output, array in zip(self._outputs, maps)]
        if len(maps) == 3:  # both directions in one tensor, forward before backward
            details = self._outputs[2]
            views[2:] = [self._map(details, maps[2][0, ..., :2 * EDGES]),
                         self._map(details, maps[2][0, ..., 2 * EDGES:])]
        return views

    @staticmethod
    def _map(details: Dict[str, Any], array: np.ndarray) -> _Map:
        height, width, _ = array.shape
        scale, zero_point = details['quantization']
        return _Map(array.ctypes.data, TYPES[array.dtype.type], height, width,
                    array.strides[1] // array.itemsize, scale, zero_point)
