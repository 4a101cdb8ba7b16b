"""Random crops of a data set, aligned to the network's grid so that labels are cut, not moved.

On the CPU shards are mapped into memory and cut by a thread of its own; on a GPU the whole data set
lies in the GPU's memory and is cut there.
"""
import pathlib
import queue
import threading
from typing import NamedTuple

import numpy as np
import torch

from training import shards
from training.label import QUANTIZATION
from training.personlab import (
    FEATURES,
    MID_MIRROR,
    MID_SIGN,
    MIRRORED,
    SHORT_MIRROR,
    SHORT_SIGN,
    STRIDE,
)
from training.scenes import HEIGHT, SEEN, WIDTH

GRID = (HEIGHT - 1) // STRIDE + 1, (WIDTH - 1) // STRIDE + 1

# A mirrored crop has no features of the teacher to learn from, so few are.
MIRRORED_SHARE = .1

_SHAPES = {'images': (HEIGHT, WIDTH, 3), 'heatmaps': (*GRID, 17), 'short_offsets': (*GRID, 34),
           'mid_offsets': (*GRID, 64), 'features': (*GRID, FEATURES)}


class Batch(NamedTuple):
    """Crops and what is known of them, on one device."""

    images: torch.Tensor
    """[n, 3, H, W] float, -1 to 1."""
    heatmaps: torch.Tensor
    """[n, 17, h, w] logits of the teacher."""
    short_offsets: torch.Tensor
    """[n, 34, h, w] pixels."""
    mid_offsets: torch.Tensor
    """[n, 64, h, w] pixels."""
    features: torch.Tensor
    """[n, 384, h, w]: what the teacher's heads look at."""
    keypoints: torch.Tensor
    """[n, people, 17, 3]: x and y in pixels of the crop; OUTSIDE, HIDDEN or SEEN."""
    has_truth: torch.Tensor
    """[n] bool: whether the keypoints are known."""
    has_teacher: torch.Tensor
    """[n] bool: whether the teacher's maps are; they are meaningless where not."""
    has_features: torch.Tensor
    """[n] bool: whether its features are too, which a mirrored crop has not."""


class DataSet:
    """Some shards, labelled or not."""

    def __init__(self, paths: 'list[pathlib.Path]', device: torch.device):
        """Maps the shards, or copies them to the GPU.

        Raises:
          FileNotFoundError: there is no shard.
        """
        if not paths:
            raise FileNotFoundError('no shard to learn from: run training/render.py first')
        self.device = device
        labelled = [shards.is_labelled(path) for path in paths]
        arrays: dict[str, list] = {'images': [shards.load(path, 'images') for path in paths]}
        for name in shards.LABEL_ARRAYS:
            arrays[name] = [shards.load(path, name) if known else None
                            for path, known in zip(paths, labelled)]
        self.keypoints = np.concatenate([shards.load(path, 'keypoints') for path in paths])
        areas = np.concatenate([shards.load(path, 'areas') for path in paths])
        self.has_truth = areas[:, 0] >= 0
        counts = [len(array) for array in arrays['images']]
        self._shard_of = np.repeat(np.arange(len(paths)), counts)
        self.has_teacher = np.repeat(labelled, counts)
        self._first_of = np.cumsum([0, *counts])
        self._mapped = arrays
        self._on_gpu = {}
        if device.type == 'cuda':
            for name, parts in arrays.items():
                whole = torch.zeros((len(self), *_SHAPES[name]), dtype=torch.uint8, device=device)
                for first, part in zip(self._first_of, parts):
                    if part is not None:
                        whole[first:first + len(part)] = torch.from_numpy(np.array(part)).to(device)
                self._on_gpu[name] = whole

    def __len__(self) -> int:
        return len(self._shard_of)

    def _cut(self, index: np.ndarray, rows: np.ndarray, columns: np.ndarray, height: int,
             width: int, name: str) -> torch.Tensor:
        """[n, height, width, c] uint8 pieces of one array."""
        if self._on_gpu:
            device = self.device
            y = torch.from_numpy(rows).to(device)[:, None] + torch.arange(height, device=device)
            x = torch.from_numpy(columns).to(device)[:, None] + torch.arange(width, device=device)
            i = torch.from_numpy(index).to(device)[:, None, None]
            return self._on_gpu[name][i, y[:, :, None], x[:, None, :]]
        parts = self._mapped[name]
        out = np.zeros((len(index), height, width, _SHAPES[name][2]), np.uint8)
        for n, (i, y, x) in enumerate(zip(index, rows, columns)):
            shard = self._shard_of[i]
            if parts[shard] is None:
                continue
            out[n] = parts[shard][i - self._first_of[shard], y:y + height, x:x + width]
        return torch.from_numpy(out)

    def batch(self, rng: np.random.Generator, count: int, height: int, width: int,
              augment: bool = True) -> Batch:
        """Random crops of height x width pixels, each a multiple of 16 plus 1.

        Four of five are around a keypoint that is seen; a few are mirrored (if `augment`).
        """
        h, w = (height - 1) // STRIDE + 1, (width - 1) // STRIDE + 1
        index = rng.integers(0, len(self), count)
        keypoints = self.keypoints[index].copy()
        rows = rng.integers(0, GRID[0] - h + 1, count)
        columns = rng.integers(0, GRID[1] - w + 1, count)
        for n in np.flatnonzero(rng.random(count) < .8):
            seen = np.argwhere(keypoints[n, :, :, 2] == SEEN)
            if len(seen):
                person, k = seen[rng.integers(len(seen))]
                x, y = keypoints[n, person, k, :2] + rng.normal(0, (50, 40))
                rows[n] = np.clip(round((y - height / 2) / STRIDE), 0, GRID[0] - h)
                columns[n] = np.clip(round((x - width / 2) / STRIDE), 0, GRID[1] - w)
        mirror = (rng.random(count) < MIRRORED_SHARE) & augment
        known = keypoints.any((2, 3))
        keypoints[..., 0] -= columns[:, None, None] * STRIDE
        keypoints[..., 1] -= rows[:, None, None] * STRIDE
        keypoints[mirror] = keypoints[mirror][:, :, MIRRORED]
        keypoints[mirror, :, :, 0] = width - 1 - keypoints[mirror, :, :, 0]
        keypoints[~known] = 0
        images = self._cut(index, rows * STRIDE, columns * STRIDE, height, width, 'images')
        maps = [self._cut(index, rows, columns, h, w, name) for name in shards.LABEL_ARRAYS]
        device = self.device
        return _decode(images.to(device), [m.to(device) for m in maps],
                       torch.from_numpy(keypoints).to(device),
                       torch.from_numpy(self.has_truth[index]).to(device),
                       torch.from_numpy(self.has_teacher[index]).to(device),
                       torch.from_numpy(mirror).to(device))

    def stream(self, seed: int, count: int, height: int, width: int) -> 'queue.Queue[Batch]':
        """Batches without end, made by a thread of its own."""
        batches: queue.Queue[Batch] = queue.Queue(6)

        def fill() -> None:
            rng = np.random.default_rng(seed)
            while True:
                batches.put(self.batch(rng, count, height, width))

        threading.Thread(target=fill, daemon=True).start()
        return batches


def _decode(images: torch.Tensor, maps: 'list[torch.Tensor]', keypoints: torch.Tensor,
            has_truth: torch.Tensor, has_teacher: torch.Tensor, mirror: torch.Tensor) -> Batch:
    """Bytes to numbers, mirrored where asked for."""
    where = mirror[:, None, None, None]
    images = images.permute(0, 3, 1, 2)
    images = torch.where(where, images.flip(3), images).float().mul_(1 / 128).sub_(1)
    heat, short, mid, features = ((m.permute(0, 3, 1, 2).float() - zero) * scale
                                  for m, (scale, zero) in zip(maps, QUANTIZATION))
    device = images.device

    def mirrored(maps: torch.Tensor, order: np.ndarray, sign: np.ndarray) -> torch.Tensor:
        signs = torch.from_numpy(sign).to(device)[:, None, None]
        return torch.where(where, maps.flip(3)[:, torch.from_numpy(order).to(device)] * signs, maps)

    heat = torch.where(where, heat.flip(3)[:, MIRRORED], heat)
    short = mirrored(short, SHORT_MIRROR, SHORT_SIGN)
    mid = mirrored(mid, MID_MIRROR, MID_SIGN)
    return Batch(images, heat, short, mid, features, keypoints, has_truth, has_teacher,
                 has_teacher & ~mirror)
