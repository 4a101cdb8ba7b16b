"""Makes a trained network wider without changing what it computes.

Chen et al., Net2Net, arXiv 1511.05641: a new channel is a copy of an old one, and the layer after
it divides its weights among the copies, unevenly, so that they learn different things.
"""
from training.network import PoseNet

import torch

UNEVEN = .3  # how unevenly weights are divided among copies, at most


def widened(network: PoseNet, deep_width: float) -> PoseNet:
    """A network with wider blocks at the end that computes nearly the same.

    Raises:
      ValueError: the network is wider already.
    """
    if deep_width < network.deep_width:
        raise ValueError(f'a network of width {network.deep_width} cannot shrink to {deep_width}')
    wide = PoseNet(network.width, deep_width)
    source, target = network.state_dict(), wide.state_dict()
    copies = torch.arange(3)  # for each input channel of a layer, the old channel that it copies

    def shares() -> torch.Tensor:
        """[inputs] the part of the old weight that each copy gets."""
        part = 1 + UNEVEN * (2 * torch.rand(len(copies)) - 1)
        total = torch.zeros(int(copies.max()) + 1).index_add_(0, copies, part)
        return part / total[copies]

    for number, layer in enumerate(wide.features):
        name, old = f'features.{number}', network.features[number][0].out_channels
        weight = source[f'{name}.0.weight'].float()
        if layer[0].groups == 1:
            weight = weight[:, copies] * shares()[:, None, None]
            new = layer[0].out_channels
            copies = torch.cat([torch.arange(old), torch.randperm(old)[:new - old]])
        target[f'{name}.0.weight'] = weight[copies]
        for key in ('weight', 'bias', 'running_mean', 'running_var'):
            target[f'{name}.1.{key}'] = source[f'{name}.1.{key}'].float()[copies]
    for head in ('heatmaps', 'short_offsets', 'mid_offsets'):
        target[f'{head}.weight'] = source[f'{head}.weight'].float()[:, copies] * shares()[
            :, None, None]
        target[f'{head}.bias'] = source[f'{head}.bias'].float()
    wide.load_state_dict(target)
    return wide
