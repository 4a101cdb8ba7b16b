"""Makes views less like renders and less like each other, on whatever device they are on."""
import math

import torch
import torch.nn.functional as F  # noqa: N812


def _some(count: int, share: float, device: torch.device) -> torch.Tensor:
    """[n] numbers of a random share of the batch, at least one."""
    return torch.randperm(count, device=device)[:max(1, int(count * share))]


def _random_filters(images: torch.Tensor) -> torch.Tensor:
    """Mixes in the images after random convolutions: other textures, other colours."""
    size = (1, 3, 3, 5)[int(torch.randint(4, ()))]
    filters = torch.randn(3, 3, size, size, device=images.device) / math.sqrt(3 * size * size)
    out = F.conv2d(images, filters, padding=size // 2)
    mean, deviation = out.mean((2, 3), keepdim=True), out.std((2, 3), keepdim=True) + 1e-3
    contrast = torch.empty(len(images), 3, 1, 1, device=images.device).uniform_(.5, 1.2)
    out = ((out - mean) / deviation * images.std((2, 3), keepdim=True) * contrast +
           images.mean((2, 3), keepdim=True))
    share = torch.empty(len(images), 1, 1, 1, device=images.device).uniform_(0, .8)
    return share * out + (1 - share) * images


def _patches(images: torch.Tensor) -> torch.Tensor:
    """Hides a rectangle of each image behind a colour, noise or a piece of another image."""
    count, _, height, width = images.shape
    device = images.device

    def between(low: float, high: float) -> torch.Tensor:
        return torch.empty(count, 1, 1, 1, device=device).uniform_(low, high)

    y = torch.arange(height, device=device)[:, None]
    x = torch.arange(width, device=device)
    middle_y, middle_x = between(0, height), between(0, width)
    inside = (((y - middle_y).abs() < between(6, 30)) & ((x - middle_x).abs() < between(6, 30)))
    color = (torch.randn(count, 3, 1, 1, device=device) * .4 +
             torch.randn(count, 1, height, width, device=device) * between(0, .2))
    other = torch.where(between(0, 1) < .5, images.flip(0).roll(width // 3, 3), color)
    return torch.where(inside, other, images)


def augment(images: torch.Tensor) -> torch.Tensor:
    """[n, 3, H, W] of -1 to 1, changed in place where that is quicker."""
    count, device = len(images), images.device

    def chance(limit: float) -> bool:
        return float(torch.rand(())) < limit

    def factors(channels: int, low: float, high: float) -> torch.Tensor:
        return torch.empty(count, channels, 1, 1, device=device).uniform_(low, high)

    if chance(.5):
        some = _some(count, .35, device)
        images[some] = _random_filters(images[some])
    if chance(.3):
        some = _some(count, .25, device)
        images[some] = images[some].mean(1, keepdim=True).expand(-1, 3, -1, -1)
    if chance(.5):  # softer or, as cameras do, sharper
        some = _some(count, .4, device)
        softer = F.avg_pool2d(images[some], 3, 1, 1, count_include_pad=False)
        images[some] = softer.lerp(images[some], factors(1, 0, 2.5)[some])
    if chance(.6):
        some = _some(count, .3, device)
        images[some] = _patches(images[some])
    images = images * (factors(3, .8, 1.2) * factors(1, .7, 1.25))
    images += factors(1, -.2, .2) + factors(3, -.1, .1)
    if chance(.5):
        some = _some(count, .5, device)
        images[some] += torch.randn_like(images[some]) * factors(1, 0, .06)[some]
    return images.clamp_(-1, 1).contiguous(memory_format=torch.channels_last)
