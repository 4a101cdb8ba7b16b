"""A data set: folders of `.npy` files, each complete or absent, so that any work can be resumed.

A shard holds `images` [n, Y, X, 3] uint8, `keypoints` [n, 6, 17, 3] and `areas` [n, 6] float32
(see scenes.Picture; -1 in `areas` where no truth is known). Pictures of one shard have one size.
"""
import pathlib
import shutil

import numpy as np

PICTURE_ARRAYS = ('images', 'keypoints', 'areas')


def shard_path(folder: pathlib.Path, number: int) -> pathlib.Path:
    """Where a shard lies."""
    return folder / f'shard-{number:05d}'


def write_shard(path: pathlib.Path, **arrays: np.ndarray) -> None:
    """Writes a shard; it appears under its name only when it is complete."""
    part = path.with_name(path.name + '.part')
    if part.exists():
        shutil.rmtree(part)
    part.mkdir(parents=True)
    for name in PICTURE_ARRAYS:
        np.save(part / f'{name}.npy', arrays[name])
    part.rename(path)


def find_shards(folder: pathlib.Path) -> 'list[pathlib.Path]':
    """The complete shards of a folder, in order."""
    return sorted(path for path in folder.glob('shard-*') if path.suffix != '.part')


def load(path: pathlib.Path, name: str) -> np.ndarray:
    """One array of a shard, mapped into memory."""
    return np.load(path / f'{name}.npy', mmap_mode='r')
