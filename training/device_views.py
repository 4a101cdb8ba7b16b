"""What views.py makes of pictures one at a time, here for a batch on a GPU.

Each view is a picture as if taken by some camera (moved, turned, mirrored, put before and mixed
with a place without people), fitted into the input as PoseEngine does, by taking nearest pixels.
"""
from typing import NamedTuple

from posesuite.engine.image import PADDING
from posesuite.pose.skeleton import MIRRORED
from training.augment import augment
from training.pool import Pictures, Pool
from training.scenes import HEIGHT, OUTSIDE, SEEN, WIDTH
from training.views import AT_A_KEYPOINT, MAX_MIX, MIXED, PADDED, SHRUNK, TURN

import torch
import torch.nn.functional as F  # noqa: N812

MOVED, ZOOM = .75, (.5, 2.2)  # share of views that are moved; zoom against the whole picture
DESERTED = .1
LEAST_PIECE = .4  # of a place's height behind people
AUGMENTED_TOGETHER = 12  # views that share the kinds of changes that augment.py draws


class DeviceViews(NamedTuple):
    """Views and where their people are."""

    pixels: torch.Tensor
    """[n, 3, H, W] of -1 to 1, in whole bytes."""
    keypoints: torch.Tensor
    """[n, people, 17, 3]."""


def _uniform(count: int, low: float, high: float, device: torch.device) -> torch.Tensor:
    return torch.empty(count, device=device).uniform_(low, high)


def _sample(images: torch.Tensor, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """[n, 3, H, W] of the images at x and y [n, H, W], pixels of the images."""
    grid = torch.stack([x * (2 / (images.shape[3] - 1)) - 1,
                        y * (2 / (images.shape[2] - 1)) - 1], 3)
    return F.grid_sample(images, grid, 'bilinear', 'border', align_corners=True)


class _Camera(NamedTuple):
    """The pictures that imaginary cameras take, and how they lie in the input."""

    size: torch.Tensor
    """[n, 2] width and height, pixels."""
    used: torch.Tensor
    """[n, 2] width and height in the input; grey beside it."""
    x: torch.Tensor
    """[n, W] the camera's column for each column of the input; rows alike."""
    y: torch.Tensor


def _cameras(count: int, size: 'tuple[int, int]', vary: bool, device: torch.device) -> _Camera:
    taken = torch.tensor(size, device=device, dtype=torch.float).repeat(count, 1)
    if vary:
        narrow = torch.where(_uniform(count, 0, 1, device) < PADDED,
                             _uniform(count, .45, .95, device), torch.ones((), device=device))
        is_row = (_uniform(count, 0, 1, device) < .3)
        taken[:, 0] *= torch.where(is_row, torch.ones_like(narrow), narrow)
        taken[:, 1] *= torch.where(is_row, narrow, torch.ones_like(narrow))
        shrink = torch.where(_uniform(count, 0, 1, device) < SHRUNK,
                             _uniform(count, .5, 1, device), torch.ones((), device=device))
        taken = (taken / shrink[:, None]).round()
    else:
        taken[:] = torch.tensor([WIDTH, HEIGHT], device=device)
    scale = (torch.tensor(size, device=device) / taken).amin(1, keepdim=True)
    used = (taken * scale).round().clamp_(min=1)
    x = torch.arange(size[0], device=device) + .5
    y = torch.arange(size[1], device=device) + .5
    return _Camera(taken, used, (x * (taken / used)[:, :1]).floor(),
                   (y * (taken / used)[:, 1:]).floor())


def _places(pool: Pool, camera: _Camera) -> torch.Tensor:
    """[n, 3, H, W] pieces of pictures without people, in the input."""
    count, device = len(camera.size), camera.size.device
    images = pool.draw_deserted(count)
    width, height = camera.size.unbind(1)
    rows = _uniform(count, LEAST_PIECE, 1, device) * torch.minimum(
        torch.full_like(height, HEIGHT - 1.), (WIDTH - 1) * height / width)
    columns = rows * width / height
    left = _uniform(count, 0, 1, device) * (WIDTH - 1 - columns)
    top = _uniform(count, 0, 1, device) * (HEIGHT - 1 - rows)
    x = left[:, None] + camera.x / width[:, None] * columns[:, None]
    mirrored = _uniform(count, 0, 1, device)[:, None] < .5
    x = torch.where(mirrored, WIDTH - 1 - x, x)
    y = top[:, None] + camera.y / height[:, None] * rows[:, None]
    return _sample(images, *torch.broadcast_tensors(x[:, None, :], y[:, :, None]))


def _placements(pictures: Pictures, camera: _Camera,
                vary: bool) -> 'tuple[torch.Tensor, torch.Tensor, torch.Tensor]':
    """Matrices [n, 2, 2] and shifts [n, 2] from pictures to cameras, and which are mirrors."""
    count, device = len(camera.size), camera.size.device
    picture = torch.tensor([WIDTH, HEIGHT], device=device, dtype=torch.float)
    whole = (camera.size / picture).amin(1)
    eye = torch.eye(2, device=device)
    matrix, shift = whole[:, None, None] * eye, (whole / 2 - .5)[:, None].repeat(1, 2)
    if not vary:
        return matrix, shift, torch.zeros(count, dtype=torch.bool, device=device)
    low, high = torch.tensor(ZOOM).log().tolist()
    scale = whole * _uniform(count, low, high, device).exp()
    turn = torch.randn(count, device=device) * TURN
    moved = _uniform(count, 0, 1, device) < MOVED
    mirror = moved & (_uniform(count, 0, 1, device) < .5)
    cos, sin = scale * turn.cos(), scale * turn.sin()
    side = 1 - 2 * mirror.float()
    turned = torch.stack([torch.stack([cos * side, -sin], 1),
                          torch.stack([sin * side, cos], 1)], 1)
    seen = (pictures.keypoints[..., 2] == SEEN).flatten(1).float()
    has_people = seen.any(1)
    chosen = torch.multinomial(seen + 1e-9, 1)
    at = pictures.keypoints[..., :2].flatten(1, 2).gather(1, chosen[..., None].expand(-1, 1, 2))
    anywhere = torch.rand(count, 2, device=device) * picture
    at_keypoint = has_people & (_uniform(count, 0, 1, device) < AT_A_KEYPOINT)
    centre = torch.where(at_keypoint[:, None], at[:, 0], anywhere)
    target = camera.size * (.3 + .4 * torch.rand(count, 2, device=device))
    turned_shift = target - (turned @ centre[..., None])[..., 0]
    return (torch.where(moved[:, None, None], turned, matrix),
            torch.where(moved[:, None], turned_shift, shift), mirror)


def _moved_keypoints(keypoints: torch.Tensor, matrix: torch.Tensor, shift: torch.Tensor,
                     mirror: torch.Tensor, camera: _Camera) -> torch.Tensor:
    """[n, people, 17, 3] in the input; what has left the camera's picture is OUTSIDE."""
    points = keypoints[..., :2] @ matrix.transpose(1, 2)[:, None] + shift[:, None, None]
    size = camera.size[:, None, None]
    outside = ((points < 0) | (points > size - 1)).any(3)
    state = keypoints[..., 2].masked_fill(outside, OUTSIDE)
    scale = (camera.used / camera.size)[:, None, None]
    moved = torch.cat([(points + .5) * scale - .5, state[..., None]], 3)
    moved = moved * (keypoints != 0).flatten(2).any(2)[..., None, None]
    return torch.where(mirror[:, None, None, None], moved[:, :, list(MIRRORED)], moved)


@torch.no_grad()
def fitted(pool: Pool, pictures: Pictures, size: 'tuple[int, int]', vary: bool) -> DeviceViews:
    """Views of these pictures in an input of this width and height."""
    count, device = len(pictures.images), pictures.images.device
    camera = _cameras(count, size, vary, device)
    matrix, shift, mirror = _placements(pictures, camera, vary)
    keypoints = _moved_keypoints(pictures.keypoints, matrix, shift, mirror, camera)
    x, y = torch.broadcast_tensors(camera.x[:, None, :], camera.y[:, :, None])
    at = torch.stack([x, y], 3) - shift[:, None, None]  # [n, H, W, 2]
    at = at @ torch.linalg.inv(matrix).transpose(1, 2)[:, None]
    inside = ((at > -.5) & (at < torch.tensor([WIDTH - .5, HEIGHT - .5], device=device))).all(3)
    pixels = _sample(pictures.images, at[..., 0], at[..., 1])
    if vary:
        deserted = _uniform(count, 0, 1, device) < DESERTED
        inside = inside & ~deserted[:, None, None]
        keypoints = keypoints * ~deserted[:, None, None, None]
        pixels = torch.where(inside[:, None], pixels, _places(pool, camera))
        share = torch.where(_uniform(count, 0, 1, device) < MIXED,
                            _uniform(count, 0, MAX_MIX, device), torch.zeros((), device=device))
        pixels = pixels.lerp(_places(pool, camera), share[:, None, None, None])
        pixels = pixels.round_().div_(128).sub_(1)
        pixels = torch.cat([augment(some) for some in pixels.split(AUGMENTED_TOGETHER)])
        pixels = ((pixels + 1) * 128).round()
    grey = ((torch.arange(size[0], device=device) >= camera.used[:, :1])[:, None, :] |
            (torch.arange(size[1], device=device) >= camera.used[:, 1:])[:, :, None])
    pixels = pixels.masked_fill(grey[:, None], PADDING).round().clamp_(0, 255)
    return DeviceViews((pixels / 128 - 1).contiguous(memory_format=torch.channels_last), keypoints)
