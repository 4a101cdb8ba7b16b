"""Pictures as the network gets to see them, and what the teacher says of each of just these.

A picture of a shard is enlarged or shrunk, turned, mirrored, put before another one, mixed with
another one, changed by augment.py, and fitted as PoseEngine fits a camera's picture into the input.
Then the teacher is asked: student and teacher see the very same pixels (Beyer et al., Knowledge
distillation: a good teacher is patient and consistent, arXiv 2106.05237).
"""
import pathlib
import signal
from typing import Iterator, NamedTuple, Optional, Sequence

import cv2
import numpy as np
import torch
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from pose_engine import PADDING
from training import shards
from training.augment import augment
from training.personlab import EDGES, KEYPOINTS, MIRRORED, STRIDE
from training.scenes import HEIGHT, OUTSIDE, SEEN, WIDTH
from training.teacher import Teacher
from training.textures import piece_of

SIZE = WIDTH, HEIGHT
HALF_SIZE = (WIDTH + 1) // 2, (HEIGHT + 1) // 2  # whole steps of the network's stride as well
DESERTED, MOVED, MIXED = .07, .65, .3  # shares of the views
LARGEST_MIX = .4  # how much another picture may shine through
ZOOM = .65, 2.
TURN = .08  # standard deviation, radians
AT_A_KEYPOINT = .8  # share of the moved views that are centred on one
SAMPLED, PADDED = .6, .25  # shares of the views


class Batch(NamedTuple):
    """Views and what is known of them, on one device."""

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
    """Whether the teacher's maps are; they are meaningless where not."""

    def to(self, device: torch.device) -> 'Batch':
        """The same batch on a device."""
        def moved(tensor: torch.Tensor) -> torch.Tensor:
            return tensor.to(device, non_blocking=True)
        return Batch(moved(self.images).contiguous(memory_format=torch.channels_last),
                     *map(moved, self[1:4]), [moved(hint) for hint in self.hints],
                     moved(self.keypoints), moved(self.has_truth), self.has_teacher)


def placement(rng: np.random.Generator, keypoints: np.ndarray) -> 'tuple[np.ndarray, bool]':
    """A random move of a picture: a matrix [2, 3] from its pixels to the view's; is it a mirror?"""
    scale, turn = np.exp(rng.uniform(*np.log(ZOOM))), rng.normal(0, TURN)
    mirror = bool(rng.random() < .5)
    seen = keypoints[keypoints[..., 2] == SEEN][:, :2]
    if len(seen) and rng.random() < AT_A_KEYPOINT:
        centre = seen[rng.integers(len(seen))]
    else:
        centre = rng.uniform(0, (WIDTH, HEIGHT))
    target = (WIDTH, HEIGHT) * rng.uniform(.3, .7, 2)
    cos, sin = scale * np.cos(turn), scale * np.sin(turn)
    matrix = np.array([[cos, -sin], [sin, cos]]) @ np.diag([-1 if mirror else 1, 1])
    return np.column_stack([matrix, target - matrix @ centre]), mirror


def move_keypoints(keypoints: np.ndarray, matrix: np.ndarray, mirror: bool) -> np.ndarray:
    """[people, 17, 3] moved with their picture; what leaves the view is OUTSIDE, nobody stays 0."""
    moved = keypoints.copy()
    moved[..., :2] = keypoints[..., :2] @ matrix[:, :2].T + matrix[:, 2]
    outside = ((moved[..., :2] < 0) | (moved[..., :2] > (WIDTH - 1, HEIGHT - 1))).any(-1)
    moved[outside, 2] = OUTSIDE
    moved[~keypoints.any((1, 2))] = 0
    return moved[:, MIRRORED] if mirror else moved


def sampled(image: np.ndarray, scale: float) -> np.ndarray:
    """The image as if PoseEngine had shrunk it by `scale`, that is, picked some of the pixels."""
    def picked(size: int) -> np.ndarray:
        return (np.floor((np.arange(size) + .5) / scale) + .5) * scale - .5

    x, y = np.meshgrid(picked(image.shape[1]), picked(image.shape[0]))
    return cv2.remap(image, x.astype(np.float32), y.astype(np.float32), cv2.INTER_CUBIC,
                     borderMode=cv2.BORDER_REPLICATE)


def pad(rng: np.random.Generator, pixels: torch.Tensor, keypoints: np.ndarray) -> None:
    """Covers an image [3, H, W] at the right or below, as a tall or a wide picture leaves it."""
    end = np.array(pixels.shape[:0:-1])
    axis = int(rng.random() < .3)
    end[axis] *= rng.uniform(.45, .95)
    pixels[:, end[1]:] = pixels[:, :, end[0]:] = PADDING / 128 - 1
    keypoints[(keypoints[..., :2] > end - 1).any(-1), 2] = OUTSIDE


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
          size: width and height of the views.

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

    def _place_without_people(self, rng: np.random.Generator) -> np.ndarray:
        """A piece of a picture that shows nobody, [353, 481, 3]; grey where there is none."""
        if self._photographs and rng.random() < .5:
            return piece_of(rng, self._photographs, HEIGHT, WIDTH, .3)
        if len(self._empty):
            return piece_of(rng, [self._picture(rng.choice(self._empty))], HEIGHT, WIDTH, .4)
        return np.full((HEIGHT, WIDTH, 3), rng.integers(256), np.uint8)

    def view(self, rng: np.random.Generator) -> 'tuple[np.ndarray, np.ndarray, bool]':
        """An image [353, 481, 3] uint8, its keypoints, and whether these are known."""
        index = int(rng.integers(len(self)))
        image, keypoints = self._picture(index), self._keypoints[index]
        if not self._vary:
            return image, keypoints, bool(self._has_truth[index])
        if rng.random() < DESERTED:
            return self._place_without_people(rng), np.zeros_like(keypoints), True
        if rng.random() < MOVED:
            matrix, mirror = placement(rng, keypoints)
            image = cv2.warpAffine(image, matrix, (WIDTH, HEIGHT), self._place_without_people(rng),
                                   borderMode=cv2.BORDER_TRANSPARENT)
            keypoints = move_keypoints(keypoints, matrix, mirror)
        if rng.random() < MIXED:
            share = rng.uniform(0, LARGEST_MIX)
            image = cv2.addWeighted(image, 1 - share, self._place_without_people(rng), share, 0)
        if rng.random() < SAMPLED:
            image = sampled(image, rng.uniform(.5, 1))
        return image, keypoints, bool(self._has_truth[index])

    def __iter__(self) -> Iterator[Batch]:
        worker = get_worker_info()
        rng = np.random.default_rng((self._seed, worker.id if worker else 0))
        torch.manual_seed(int(rng.integers(2 ** 31)))
        teacher = Teacher(self._teacher, self._size) if self._teacher else None
        while True:
            images, keypoints, has_truth = zip(*(self.view(rng) for _ in range(self._count)))
            if self._size != SIZE:
                images = [cv2.resize(image, self._size, interpolation=cv2.INTER_AREA)
                          for image in images]
                keypoints = [points * np.float32([*np.divide(self._size, SIZE), 1])
                             for points in keypoints]
            pixels = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).float() / 128 - 1
            if self._vary:
                # In whole bytes, as the teacher gets it.
                pixels = ((augment(pixels) + 1) * 128).round().clamp(0, 255) / 128 - 1
                for image, points in zip(pixels, keypoints):
                    if rng.random() < PADDED:
                        pad(rng, image, points)
            if teacher:
                seen = ((pixels + 1) * 128).to(torch.uint8).permute(0, 2, 3, 1).numpy()
                maps = [torch.from_numpy(np.stack(answers)) for answers in
                        zip(*(teacher.look(np.ascontiguousarray(image)) for image in seen))]
            else:
                channels = [KEYPOINTS, 2 * KEYPOINTS, 4 * len(EDGES)]
                grid = [(length - 1) // STRIDE + 1 for length in self._size[::-1]]
                maps = [torch.zeros(self._count, c, *grid) for c in channels]
            yield Batch(pixels, *maps[:3], maps[3:],
                        torch.from_numpy(np.stack(keypoints)).float(), torch.tensor(has_truth),
                        teacher is not None)

    def load(self, workers: int) -> 'Iterator[Batch]':
        """Batches made by processes of their own."""
        return iter(DataLoader(self, batch_size=None, num_workers=workers,
                               multiprocessing_context='spawn', worker_init_fn=_leave_signals))


def _leave_signals(_: int) -> None:
    """The trainer hears the user's Ctrl-C and ends its workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
