"""Google's PoseNet as a float network of PyTorch, so that a GPU can run it in batches.

Its weights are those of the .tflite file, dequantized. Activations are not quantized, so that its
answers differ from the file's own by about what quantization costs there.
"""
import pathlib

from training import tflite
from training.teacher import HINTS

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 the name that everybody knows
from ai_edge_litert import schema_py_generated as schema
from torch import nn

HEADS = 'heatmap_2', 'offset_2', 'displacement_fwd_2', 'displacement_bwd_2'


def read_layers(path: pathlib.Path) -> 'list[tuple]':
    """The convolutions of a quantized PoseNet, in order: (name, weight, bias, stride, groups).

    `weight` has PyTorch's layout; both arrays are float32.
    """
    model = tflite.read(path.read_bytes())
    graph = model.subgraphs[0]

    def values(number: int) -> np.ndarray:
        tensor = graph.tensors[number]
        kind = np.int32 if tensor.type == schema.TensorType.INT32 else np.uint8
        raw = np.frombuffer(bytes(model.buffers[tensor.buffer].data), kind).reshape(tensor.shape)
        of = tensor.quantization
        return np.float32((raw.astype(float) - of.zeroPoint[0]) * of.scale[0])

    layers = []
    for operator in graph.operators:
        code = model.operatorCodes[operator.opcodeIndex]
        kind = max(code.builtinCode, code.deprecatedBuiltinCode)
        if kind == schema.BuiltinOperator.CONV_2D:  # [out, y, x, in]
            weight, groups = values(operator.inputs[1]).transpose(0, 3, 1, 2), 1
        elif kind == schema.BuiltinOperator.DEPTHWISE_CONV_2D:  # [1, y, x, channels]
            weight = values(operator.inputs[1]).transpose(3, 0, 1, 2)
            groups = len(weight)
        else:
            continue
        name = graph.tensors[operator.outputs[0]].name.decode().split('/')[1]
        layers.append((name, np.ascontiguousarray(weight), values(operator.inputs[2]),
                       int(operator.builtinOptions.strideH), groups))
    return layers


class TorchTeacher(nn.Module):
    """Answers as teacher.Teacher does, for a batch [n, 3, H, W] of -1 to 1."""

    def __init__(self, layers: 'list[tuple]'):
        """Takes what read_layers returned.

        Raises:
          ValueError: a head is missing.
        """
        super().__init__()
        missing = set(HEADS) - {name for name, *_ in layers}
        if missing:
            raise ValueError(f'no PoseNet: it has no {sorted(missing)[0]}')
        self._plan = []
        self._hints = [f'Conv2d_{block}_pointwise' for block in HINTS]
        for name, weight, bias, stride, groups in layers:
            self.register_buffer(f'{name}_weight', torch.from_numpy(weight))
            self.register_buffer(f'{name}_bias', torch.from_numpy(bias))
            self._plan.append((name, stride, groups))

    @torch.no_grad()
    def forward(self, images: torch.Tensor) -> 'list[torch.Tensor]':
        """Heatmap logits, short and mid offsets in pixels, then the features of teacher.HINTS."""
        heads, hints = {}, []
        for name, stride, groups in self._plan:
            weight = getattr(self, f'{name}_weight')
            out = F.conv2d(images, weight, getattr(self, f'{name}_bias'), stride,
                           weight.shape[2] // 2, 1, groups)
            if name in HEADS:
                heads[name] = out
                continue
            images = out.clamp_(0, 6)
            if name in self._hints:
                hints.append(images)
        heat, short, forward, backward = (heads[name] for name in HEADS)
        return [heat, short, torch.cat([forward, backward], 1), *hints]
