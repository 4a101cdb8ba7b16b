"""The targets of the training: the teacher's maps, corrected by exact truth where that is certain.

- Where nobody is, the target is nothing, even if the teacher sees somebody in a coat on a hanger.
- Everywhere else the target is the teacher's map, also where the teacher misses somebody: its maps
  transfer to photographs better than exact ones do.
Without a teacher the truth is the only target.
"""
from typing import NamedTuple

from posesuite.pose.skeleton import TREE
from training import STRIDE
from training.scenes import HIDDEN, SEEN
from training.views import Batch

import torch
import torch.nn.functional as F  # noqa: N812 the name that everybody knows

DISK, SOFTNESS = 20., 3.  # radius of a keypoint's disk in the heatmap and width of its rim, pixels
OFFSET_REACH = 28.  # short offsets are exact within this distance, pixels
MID_REACH = 26.  # mid offsets are exact within this distance, pixels
ELSEWHERE = 48.  # pixels beyond which the teacher's keypoint is not the true one
WRONG_SHARE = .3  # of the teacher's heat that is kept there
TEACHER_SHARE = .4  # weight of the teacher's offsets where exact ones are known
AROUND = 24.  # pixels around a person within which the teacher's maps count
TEACHER_CLIP = 49.  # pixels at which the teacher's short offsets saturate
SHORT_UNIT, MID_UNIT = 5., 12.  # units of the errors of offsets, pixels
MID_WEIGHT = .7
HINT_WEIGHT = 2.
HEAT_UNIT = 160.
NEAR_PEOPLE = 4.  # additional weight of features near people
# Standard deviation of the teacher's features on renders, by block.
FEATURE_UNITS = {5: .77, 9: .75, 13: 1.4}


class Truth(NamedTuple):
    """Exact maps; offsets hold where their mask is 1."""

    heat: torch.Tensor
    short: torch.Tensor
    short_mask: torch.Tensor
    mid: torch.Tensor
    mid_mask: torch.Tensor
    is_background: torch.Tensor
    """[n, 1, h, w] bool: nobody is here."""
    is_hidden: torch.Tensor
    """[n, 17, h, w] bool: a keypoint lies here that something hides."""
    is_elsewhere: torch.Tensor
    """[n, 17, h, w] bool: no such keypoint is near, seen or not."""


def exact_maps(batch: Batch) -> Truth:
    """Draws the exact keypoints of a batch as PersonLab's maps."""
    height, width = batch.images.shape[2:]
    device = batch.images.device
    grid_y = torch.arange(0, height, STRIDE, device=device, dtype=torch.float)
    grid_x = torch.arange(0, width, STRIDE, device=device, dtype=torch.float)
    x, y, state = batch.keypoints.unbind(3)  # [n, people, 17]
    inside = (x >= -4) & (x <= width + 3) & (y >= -4) & (y <= height + 3)
    seen = (state == SEEN) & inside
    dx = x[..., None, None] - grid_x[None, :]
    dy = y[..., None, None] - grid_y[:, None]
    dx, dy = torch.broadcast_tensors(dx, dy)  # [n, people, 17, h, w]
    distance = (dx * dx + dy * dy).sqrt()
    nearest, person = torch.where(seen[..., None, None], distance, 1e4).min(1)
    known = (batch.keypoints != 0).any(3)[..., None, None]
    any_nearest = torch.where(known, distance, 1e4).amin(1)
    unseen = (state == HIDDEN)[..., None, None] & (distance < OFFSET_REACH)

    def of_nearest(values: torch.Tensor) -> torch.Tensor:
        return values.gather(1, person[:, None])[:, 0]

    short = torch.cat([of_nearest(dy), of_nearest(dx)], 1)
    short_mask = (nearest <= OFFSET_REACH).float().repeat(1, 2, 1, 1)

    reachable = (state >= HIDDEN) & (x > -48) & (x < width + 48) & (y > -48) & (y < height + 48)
    parents, children = (torch.tensor(ends, device=device) for ends in zip(*TREE))

    def mid(start: torch.Tensor, end: torch.Tensor) -> 'tuple[torch.Tensor, ...]':
        who = person[:, start]  # [n, edges, h, w]
        n, edges, h, w = who.shape

        def of_person(values: torch.Tensor) -> torch.Tensor:
            return values[:, :, end].permute(0, 2, 1).gather(2, who.flatten(2)).view(n, edges, h, w)

        mask = (nearest[:, start] <= MID_REACH) * of_person(reachable.float())
        return (of_person(y) - grid_y[:, None], of_person(x) - grid_x[None, :], mask)

    forward_y, forward_x, forward_mask = mid(parents, children)
    backward_y, backward_x, backward_mask = mid(children, parents)

    exists = (batch.keypoints != 0).flatten(2).any(2)  # [n, people]
    margin = AROUND + .1 * (y.amax(2) - y.amin(2))
    in_rows = ((grid_y > (y.amin(2) - margin)[..., None]) &
               (grid_y < (y.amax(2) + margin)[..., None]))
    in_columns = ((grid_x > (x.amin(2) - margin)[..., None]) &
                  (grid_x < (x.amax(2) + margin)[..., None]))
    taken = (in_rows[..., :, None] & in_columns[..., None, :] & exists[..., None, None]).any(1)
    background = ~taken & batch.has_truth[:, None, None]
    return Truth(torch.sigmoid((DISK - nearest) / SOFTNESS), short, short_mask,
                 torch.cat([forward_y, forward_x, backward_y, backward_x], 1),
                 torch.cat([forward_mask, forward_mask, backward_mask, backward_mask], 1),
                 background[:, None], unseen.any(1),
                 (any_nearest > ELSEWHERE) & batch.has_truth[:, None, None, None])


def _huber(error: torch.Tensor) -> torch.Tensor:
    size = error.abs()
    return torch.where(size < 1, .5 * error * error, size - .5)


def _mean_over(error: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    return (_huber(error) * weight).sum() / (weight.sum() + 1)


def losses(outputs: 'tuple[torch.Tensor, ...]', batch: Batch,
           exact_share: float) -> 'tuple[torch.Tensor, ...]':
    """The losses of heatmaps, short offsets, mid offsets and features.

    Args:
      outputs: of the network, in float32.
      exact_share: weight of the exact offsets beside the teacher's.
    """
    heat, short, mid, *hints = outputs
    if not batch.has_teacher:
        exact_share = 1.
    truth = exact_maps(batch)
    teacher = torch.sigmoid(batch.heatmaps)
    background = truth.is_background.float()
    teacher = teacher * (1 - background) * float(batch.has_teacher)
    teacher = teacher * (1 - (1 - WRONG_SHARE) * truth.is_elsewhere.float())
    unsure = (truth.is_hidden & (truth.heat < .5)).float()
    target = teacher if batch.has_teacher else truth.heat
    weight = torch.ones_like(target) if batch.has_teacher else 1 - unsure
    weight = weight * (1 + 2 * (target > .3))
    cross = F.binary_cross_entropy_with_logits(heat, target, reduction='none')
    # Minus its minimum, so that a perfect student has a loss of 0.
    lowest = F.binary_cross_entropy(target, target, reduction='none')
    heat_loss = ((cross - lowest) * weight).sum() / heat.shape[0] / HEAT_UNIT

    near = teacher.repeat(1, 2, 1, 1)
    near = near * (near > .3) * (1 - (1 - TEACHER_SHARE) * truth.short_mask)
    clipped = torch.where(
        batch.short_offsets >= TEACHER_CLIP, torch.maximum(short.detach(), batch.short_offsets),
        torch.where(batch.short_offsets <= -TEACHER_CLIP,
                    torch.minimum(short.detach(), batch.short_offsets), batch.short_offsets))
    short_loss = (_mean_over((short - clipped) / SHORT_UNIT, near) + exact_share *
                  _mean_over((short - truth.short) / SHORT_UNIT, truth.short_mask))

    parents, children = zip(*TREE)
    forward, backward = teacher[:, list(parents)], teacher[:, list(children)]
    along = torch.cat([forward, forward, backward, backward], 1)
    along = along * (along > .3) * (1 - (1 - TEACHER_SHARE) * truth.mid_mask.float())
    mid_loss = (_mean_over((mid - batch.mid_offsets) / MID_UNIT, along) + exact_share *
                _mean_over((mid - truth.mid) / MID_UNIT, truth.mid_mask))
    # Romero et al., FitNets, arXiv 1412.6550: the teacher's features carry more information than
    # its maps, above all where nobody is.
    near_people = 1 + NEAR_PEOPLE * (teacher.amax(1, keepdim=True) > .1).float()
    hint_loss = heat_loss.new_zeros(())
    for hint, features, unit in zip(hints, batch.hints, FEATURE_UNITS.values()):
        weight = F.interpolate(near_people, features.shape[2:])
        squared = ((hint - features) / unit).square().mean(1, keepdim=True)
        hint_loss = hint_loss + (squared * weight).sum() / weight.sum()
    return heat_loss, short_loss, MID_WEIGHT * mid_loss, HINT_WEIGHT * hint_loss
