"""Pictures as the network sees them, and what the teacher finds in each of them.

A picture of a shard is enlarged or shrunk, turned, mirrored, put before another one and mixed with
another one, as if a camera had taken it at some size; PoseEngine's own function fits it into the
input, and augment.py changes it. The teacher then labels the result: student and teacher see the
same pixels (Beyer et al., Knowledge distillation: a good teacher is patient and consistent,
arXiv 2106.05237).
"""
import pathlib
import signal
from typing import Iterator, NamedTuple, Optional, Sequence

from posesuite.engine.image import PADDING, fit
from posesuite.pose.skeleton import KEYPOINT_TYPES, MIRRORED, TREE
from training import STRIDE, shards
from training.augment import augment
from training.network import SIZE
from training.scenes import OUTSIDE, SEEN
from training.teacher import Teacher
from training.textures import piece_of

import cv2
import numpy as np
import torch
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

CUT_SIZE = (SIZE[0] + 1) // 2, (SIZE[1] + 1) // 2  # whole steps of the network's stride as well
DESERTED, MIXED = .07, .3  # shares of the views without people, and mixed with another picture
MAX_MIX = .4  # largest weight of the other picture
# Share of the views that are moved, and how far they are enlarged, against a whole picture in the
# view: views of SIZE, and cuts, which show people about as large on a quarter of the area.
WHOLE, CUT = (.65, .65, 2.), (.9, 1., 3.)
TURN = .08  # standard deviation, radians
AT_A_KEYPOINT = .8  # share of the moved views that are centred on one
# Shares of the views that PoseEngine has to shrink, which makes edges jagged, and to pad.
SHRUNK, PADDED = .6, .25


class Batch(NamedTuple):
    """Views and their labels, on one device."""

    images: torch.Tensor
    """[n, 3, H, W] float, -1 to 1."""
    heatmaps: torch.Tensor
    """[n, 17, h, w] logits of the teacher."""
    short_offsets: torch.Tensor
    """[n, 34, h, w] pixels."""
    mid_offsets: torch.Tensor
    """[n, 64, h, w] pixels."""
    hints: 'list[torch.Tensor]'
    """The teacher's features, [n, c, h, w] for each of teacher.HINTS."""
    keypoints: torch.Tensor
    """[n, people, 17, 3]: x and y in pixels of the view; OUTSIDE, HIDDEN or SEEN."""
    has_truth: torch.Tensor
    """[n] bool: whether the keypoints are known."""
    has_teacher: bool
    """Whether the teacher's maps are known; otherwise they are meaningless."""

    def to(self, device: torch.device) -> 'Batch':
        """The same batch on a device."""
        def moved(tensor: torch.Tensor) -> torch.Tensor:
            return tensor.to(device, non_blocking=True)
        return Batch(moved(self.images).contiguous(memory_format=torch.channels_last),
                     *map(moved, self[1:4]), [moved(hint) for hint in self.hints],
                     moved(self.keypoints), moved(self.has_truth), self.has_teacher)


def placement(rng: np.random.Generator, keypoints: np.ndarray, size: 'tuple[int, int]',
              new_size: 'tuple[int, int]',
              kind: 'tuple[float, float, float]' = WHOLE) -> 'tuple[np.ndarray, bool]':
    """A random move of a picture into one of another width and height.

    Args:
      kind: WHOLE or CUT.

    Returns: a matrix [2, 3] from pixels to pixels, and whether it is a mirror.
    """
    moved, *zoom = kind
    scale = min(np.divide(new_size, size))
    if rng.random() > moved:
        return np.array([[scale, 0, scale / 2 - .5], [0, scale, scale / 2 - .5]]), False
    scale, turn = scale * np.exp(rng.uniform(*np.log(zoom))), rng.normal(0, TURN)
    mirror = bool(rng.random() < .5)
    seen = keypoints[keypoints[..., 2] == SEEN][:, :2]
    if len(seen) and rng.random() < AT_A_KEYPOINT:
        centre = seen[rng.integers(len(seen))]
    else:
        centre = rng.uniform(0, size)
    target = new_size * rng.uniform(.3, .7, 2)
    cos, sin = scale * np.cos(turn), scale * np.sin(turn)
    matrix = np.array([[cos, -sin], [sin, cos]]) @ np.diag([-1 if mirror else 1, 1])
    return np.column_stack([matrix, target - matrix @ centre]), mirror


def move_keypoints(keypoints: np.ndarray, matrix: np.ndarray, mirror: bool,
                   size: 'tuple[int, int]') -> np.ndarray:
    """[people, 17, 3] moved with their picture; what leaves it is OUTSIDE, nobody stays 0."""
    moved = keypoints.copy()
    moved[..., :2] = keypoints[..., :2] @ matrix[:, :2].T + matrix[:, 2]
    outside = ((moved[..., :2] < 0) | (moved[..., :2] > np.subtract(size, 1))).any(-1)
    moved[outside, 2] = OUTSIDE
    moved[~keypoints.any((1, 2))] = 0
    return moved[:, MIRRORED] if mirror else moved


class View(NamedTuple):
    """A picture in the network's input."""

    image: np.ndarray
    """[H, W, 3] uint8."""
    used: 'tuple[int, int]'
    """Its width and height; the rest of the image is padding."""
    keypoints: np.ndarray
    """[people, 17, 3] as in Batch."""
    has_truth: bool


class Views(IterableDataset):
    """Endless batches of views of some shards."""

    def __init__(self, paths: 'list[pathlib.Path]', teacher: Optional[pathlib.Path], count: int,
                 seed: int, photographs: 'Sequence[np.ndarray]' = (), vary: bool = True,
                 size: 'tuple[int, int]' = SIZE):
        """Reads what is known of the shards; their pictures stay on disk.

        Args:
          teacher: Google's model, or None to learn from the truth alone.
          count: views in a batch.
          seed: for random numbers.
          photographs: without people, to put behind people or to mix in.
          vary: move, mix and augment pictures, or leave them as they are.
          size: width and height of the views, SIZE or CUT_SIZE.

        Raises:
          FileNotFoundError: there is no shard.
        """
        if not paths:
            raise FileNotFoundError('no shard to learn from: run training/render.py first')
        self._paths = paths
        self._keypoints = np.concatenate([shards.load(path, 'keypoints') for path in paths])
        self._has_truth = np.concatenate([shards.load(path, 'areas') for path in paths])[:, 0] >= 0
        counts = [len(shards.load(path, 'areas')) for path in paths]
        self._where = [(n, i) for n, count in enumerate(counts) for i in range(count)]
        self._empty = np.flatnonzero(self._has_truth & ~self._keypoints.any((1, 2, 3)))
        self._photographs, self._vary, self._size = photographs, vary, size
        self._teacher, self._count, self._seed = teacher, count, seed

    def __len__(self) -> int:
        return len(self._where)

    def _picture(self, index: int) -> np.ndarray:
        shard, i = self._where[index]
        return shards.load(self._paths[shard], 'images')[i]

    def _place_without_people(self, rng: np.random.Generator,
                              size: 'tuple[int, int]') -> np.ndarray:
        """A piece of a picture that shows nobody; grey where there is none."""
        if self._photographs and rng.random() < .5:
            return piece_of(rng, self._photographs, *size[::-1], .3)
        if len(self._empty):
            return piece_of(rng, [self._picture(rng.choice(self._empty))], *size[::-1], .4)
        return np.full((*size[::-1], 3), rng.integers(256), np.uint8)

    def _photographed(self, rng: np.random.Generator,
               index: int) -> 'tuple[np.ndarray, np.ndarray, bool]':
        """A picture, its keypoints and whether they are known, as if by another camera."""
        picture, keypoints = self._picture(index), self._keypoints[index]
        size = np.array(self._size, float)
        if rng.random() < PADDED:  # tall or wide
            size[int(rng.random() < .3)] *= rng.uniform(.45, .95)
        if rng.random() < SHRUNK:
            size /= rng.uniform(.5, 1)
        size = tuple(size.round().astype(int).tolist())
        image = self._place_without_people(rng, size)
        if rng.random() < DESERTED:
            return image, np.zeros_like(keypoints), True
        matrix, mirror = placement(rng, keypoints, picture.shape[1::-1], size,
                                   WHOLE if self._size == SIZE else CUT)
        image = cv2.warpAffine(picture, matrix, size, image, borderMode=cv2.BORDER_TRANSPARENT)
        if rng.random() < MIXED:
            share = rng.uniform(0, MAX_MIX)
            image = cv2.addWeighted(image, 1 - share, self._place_without_people(rng, size), share,
                                    0)
        return image, move_keypoints(keypoints, matrix, mirror, size), self._has_truth[index]

    def view(self, rng: np.random.Generator) -> View:
        """A picture, moved and mixed unless nothing is to vary, in the input."""
        index = int(rng.integers(len(self)))
        if self._vary:
            picture, keypoints, has_truth = self._photographed(rng, index)
        else:
            picture, keypoints = self._picture(index), self._keypoints[index]
            has_truth = self._has_truth[index]
        image = np.empty((*self._size[::-1], 3), np.uint8)
        scale = fit(picture, image)[:2]
        used = np.multiply(picture.shape[1::-1], scale).round().astype(int)
        return View(image, tuple(used.tolist()), keypoints * np.float32([*scale, 1]),
                    bool(has_truth))

    def __iter__(self) -> Iterator[Batch]:
        worker = get_worker_info()
        rng = np.random.default_rng((self._seed, worker.id if worker else 0))
        torch.manual_seed(int(rng.integers(2 ** 31)))
        teacher = Teacher(self._teacher, self._size) if self._teacher else None
        while True:
            views = [self.view(rng) for _ in range(self._count)]
            pixels = torch.from_numpy(np.stack([view.image for view in views]))
            pixels = pixels.permute(0, 3, 1, 2).float() / 128 - 1
            if self._vary and self._size == SIZE:  # cuts come first and are easier
                # In whole bytes, as the teacher gets it.
                pixels = ((augment(pixels) + 1) * 128).round().clamp(0, 255) / 128 - 1
                for image, (width, height) in zip(pixels, (view.used for view in views)):
                    image[:, height:] = image[:, :, width:] = PADDING / 128 - 1
            if teacher:
                seen = ((pixels + 1) * 128).to(torch.uint8).permute(0, 2, 3, 1).numpy()
                maps = [torch.from_numpy(np.stack(answers)) for answers in
                        zip(*(teacher.look(np.ascontiguousarray(image)) for image in seen))]
            else:
                channels = [len(KEYPOINT_TYPES), 2 * len(KEYPOINT_TYPES), 4 * len(TREE)]
                grid = [(length - 1) // STRIDE + 1 for length in self._size[::-1]]
                maps = [torch.zeros(self._count, c, *grid) for c in channels]
            yield Batch(pixels, *maps[:3], maps[3:],
                        torch.from_numpy(np.stack([view.keypoints for view in views])).float(),
                        torch.tensor([view.has_truth for view in views]), teacher is not None)

    def load(self, workers: int) -> 'Iterator[Batch]':
        """Batches made by worker processes."""
        return iter(DataLoader(self, batch_size=None, num_workers=workers,
                               multiprocessing_context='spawn', worker_init_fn=_leave_signals))


def _leave_signals(_: int) -> None:
    """Leaves Ctrl-C to the trainer, which ends its workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
