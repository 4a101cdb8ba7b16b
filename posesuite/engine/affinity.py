"""The decoder library's assembly of people from heatmaps and part affinity fields."""
import ctypes
from typing import Dict, NamedTuple, Tuple

from posesuite.pose.skeleton import Skeleton

import numpy as np


class Layout(NamedTuple):
    """Where a network has its parts and bones: a heatmap for each part, in the skeleton's order,
    and one more for the background; a vector's x and y for each bone.
    """
    skeleton: Skeleton
    fields: Tuple[int, ...]  # of each bone, the channel of x; y is the next one


class _Layout(ctypes.Structure):
    _fields_ = [('parts', ctypes.c_int32), ('num_bones', ctypes.c_int32),
                ('bones', ctypes.c_void_p)]


class _Fields(ctypes.Structure):
    _fields_ = [('heatmaps', ctypes.c_void_p), ('affinities', ctypes.c_void_p),
                ('channels', ctypes.c_int32), ('height', ctypes.c_int32),
                ('width', ctypes.c_int32)]


class _Options(ctypes.Structure):
    _fields_ = [('max_poses', ctypes.c_int32), ('stride', ctypes.c_int32),
                ('min_parts', ctypes.c_int32), ('part_threshold', ctypes.c_float),
                ('score_threshold', ctypes.c_float), ('nms_radius', ctypes.c_float)]


class AffinityDecoder:
    """Turns a network's heatmaps and affinity fields into people.

    library: the path of the decoder library.
    stride: model pixels from one cell of the maps to the next.
    options: max_poses, min_parts, part_threshold, score_threshold and nms_radius where they differ
        from what OpenPose, tf-pose and the Open Model Zoo use.
    """

    def __init__(self, library: str, layout: Layout, stride: int,
                 options: Dict[str, float]) -> None:
        self._assemble = ctypes.CDLL(library).posenet_assemble
        self._assemble.restype = ctypes.c_char_p
        self._bones = np.array([(*bone, x, x + 1) for bone, x in zip(layout.skeleton.bones,
                                                                     layout.fields)], np.int32)
        parts = len(layout.skeleton.parts)
        self._layout = _Layout(parts, len(self._bones), self._bones.ctypes.data)
        self._options = _Options(int(options.get('max_poses', 100)), stride,
                                 int(options.get('min_parts', 3)),
                                 options.get('part_threshold', 0.1),
                                 options.get('score_threshold', 0.2),
                                 options.get('nms_radius', 6.0))
        self._people = np.zeros((self._options.max_poses, parts, 3), np.float32)
        self._scores = np.zeros(self._options.max_poses, np.float32)

    def __call__(self, heatmaps: np.ndarray,
                 affinities: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
        """heatmaps: float32 [parts or more, height, width]; affinities: float32 [channels, height,
        width]; both contiguous.

        Returns parts [n, parts, 3] as (y, x) in model pixels and a score, 0 for what was not
        found, and the scores [n] of the people, best first; good until the next call.
        Raises ValueError if the maps do not fit.
        """
        parts, (channels, height, width) = self._layout.parts, affinities.shape
        if len(heatmaps) < parts or heatmaps.shape[1:] != affinities.shape[1:]:
            raise ValueError(f'heatmaps {list(heatmaps.shape)} and affinity fields '
                             f'{list(affinities.shape)} do not fit {parts} parts')
        count = ctypes.c_int32()
        error = self._assemble(
            ctypes.byref(self._layout),
            ctypes.byref(_Fields(heatmaps.ctypes.data, affinities.ctypes.data, channels, height,
                                 width)),
            ctypes.byref(self._options), ctypes.c_void_p(self._people.ctypes.data),
            ctypes.c_void_p(self._scores.ctypes.data), ctypes.byref(count))
        if error:
            raise ValueError(error.decode())
        return self._people[:count.value], self._scores[:count.value]
