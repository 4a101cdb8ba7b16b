"""PoseNet: a MobileNet v1 at output stride 16 with PersonLab's heads.

Howard et al., MobileNets, arXiv 1704.04861; Papandreou et al., PersonLab, arXiv 1803.08225.
"""
from typing import Iterable, Optional

from posesuite.pose.skeleton import KEYPOINT_TYPES, TREE

import torch
from torch import nn

SIZE = 481, 353  # width and height of training images, pixels
# Output channels of each depthwise-separable block at width 1, and its stride. As in Google's
# PoseNet the last stage keeps its stride and its 512 channels, so that nothing is dilated.
_DEEP = 512
_BLOCKS = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (_DEEP, 2), *[(_DEEP, 1)] * 7]
# Pixels for an output of 1, so that all heads learn at the same pace.
_SHORT_SCALE, _MID_SCALE = 10., 30.


def _convolution(inputs: int, outputs: int, kernel: int, stride: int = 1,
                 groups: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs, momentum=.03, eps=1e-3), nn.ReLU6(inplace=True))


class PoseNet(nn.Module):
    """Maps [n, 3, H, W] images of -1 to 1 to heatmap logits and offsets in pixels.

    H and W are multiples of 16, plus 1. The outputs are [n, 17, h, w] logits, [n, 34, h, w] short
    and [n, 64, h, w] mid offsets, with h = (H - 1) / 16 + 1 and w alike.
    """

    def __init__(self, width: float = .75, deep_width: Optional[float] = None):
        """Builds it.

        Args:
          deep_width: of the blocks with 512 channels, if they have another width. They take less
            time than those before them for as many weights.
        """
        super().__init__()
        self.width, self.deep_width = width, deep_width or width

        def scaled(channels: int) -> int:
            return max(8, int(channels * (self.deep_width if channels == _DEEP else width)))

        layers = [_convolution(3, scaled(32), 3, 2)]
        inputs = scaled(32)
        for channels, stride in _BLOCKS:
            layers += [_convolution(inputs, inputs, 3, stride, inputs),
                       _convolution(inputs, scaled(channels), 1)]
            inputs = scaled(channels)
        self.features = nn.Sequential(*layers)
        self.heatmaps = nn.Conv2d(inputs, len(KEYPOINT_TYPES), 1)
        self.short_offsets = nn.Conv2d(inputs, 2 * len(KEYPOINT_TYPES), 1)
        self.mid_offsets = nn.Conv2d(inputs, 4 * len(TREE), 1)
        for module in self.features.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity='relu',
                                        mode='fan_out' if module.groups == 1 else 'fan_in')
        for head in (self.heatmaps, self.short_offsets, self.mid_offsets):
            nn.init.normal_(head.weight, 0, .01)
            nn.init.zeros_(head.bias)
        nn.init.constant_(self.heatmaps.bias, -3.)  # nearly every cell is empty

    def forward(self, images: torch.Tensor) -> 'tuple[torch.Tensor, torch.Tensor, torch.Tensor]':
        return self.heads(self.features(images))

    def stages(self, images: torch.Tensor, blocks: 'Iterable[int]') -> 'list[torch.Tensor]':
        """The features after some of the blocks 1 to 13; the heads use those after 13."""
        ends, stages = {2 * block for block in blocks}, []
        for number, layer in enumerate(self.features):
            images = layer(images)
            if number in ends:
                stages.append(images)
        return stages

    def heads(self, features: torch.Tensor) -> 'tuple[torch.Tensor, torch.Tensor, torch.Tensor]':
        """The three outputs from the last layer's features, [n, c, h, w]."""
        return (self.heatmaps(features), self.short_offsets(features) * _SHORT_SCALE,
                self.mid_offsets(features) * _MID_SCALE)


def load_network(path: str) -> PoseNet:
    """The network of a `model.pt` that train.py wrote, ready for inference."""
    saved = torch.load(path, map_location='cpu', weights_only=True)
    network = PoseNet(saved['width'], saved.get('deep_width'))
    network.load_state_dict(saved['weights'])
    return network.eval()
