"""PoseNet's decoding of one person: each part where its heatmap is highest.

The arg-max of each heatmap names a cell, and the short offsets there lead to the exact place. Parts
of several people would be mixed into one, so it is right for one person only.
"""
from typing import List

from posesuite.engine.image import Decoded
from posesuite.engine.network import TensorDetails

import numpy as np


def decode_single(maps: List[np.ndarray], details: List[TensorDetails], stride: float,
                  score_threshold: float) -> Decoded:
    """One person, or nobody below a score.

    maps: heatmaps [1, h, w, k] of logits and short offsets [1, h, w, 2 k], which are y of all parts
        and then x of all, in pixels. details: theirs, with the quantization.
    stride: model pixels from one cell to the next.
    """
    heatmaps, offsets = (values[0] for values in maps)
    width, parts = heatmaps.shape[1:]
    cells = heatmaps.reshape(-1, parts).argmax(0)
    rows, columns = cells // width, cells % width
    part = np.arange(parts)
    logits = _dequantized(heatmaps[rows, columns, part], details[0])
    y = _dequantized(offsets[rows, columns, part], details[1]) + rows * stride
    x = _dequantized(offsets[rows, columns, part + parts], details[1]) + columns * stride
    places = np.stack([y, x], axis=1)
    known = np.isfinite(places).all(1) & ~np.isnan(logits)
    scores = np.where(known, 1 / (1 + np.exp(-logits.clip(-80, 80))), 0)
    found = slice(0, int(scores.mean() >= score_threshold))
    return Decoded(np.where(known[:, None], places, 0)[None][found], scores[None][found],
                   scores.mean()[None][found])


def _dequantized(values: np.ndarray, details: TensorDetails) -> np.ndarray:
    step, zero = details['quantization']
    values = values.astype(np.float64)
    return (values - zero) * step if step else values
