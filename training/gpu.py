"""Trains on a GPU: renders, moves and labels pictures while it trains, with nothing on disk.

Processes render pictures into the GPU's memory. There each batch of views is made, Google's
network labels it, and the network learns. Writes to --output: `model.pt` (averaged weights), the
same at earlier points (`model-60.pt`: after 60 %), and `log.jsonl` (losses). It ends after
--seconds.

Example:
  python3 training/gpu.py --assets makehuman --photographs backdrops --output run \\
      --init models/rendered/posenet_rendered_mobilenet_v1_075.pt --deep-width 1 \\
      --teacher models/mobilenet/posenet_mobilenet_v1_075_353_481_quant_decoder.tflite
"""
import argparse
import copy
import json
import math
import os
import pathlib
import sys
import time

import numpy as np
import torch
from torch import nn

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from training import makehuman  # noqa: E402
from training.device_views import DeviceViews, fitted  # noqa: E402
from training.losses import losses  # noqa: E402
from training.network import SIZE, PoseNet, load_network  # noqa: E402
from training.pool import Pool  # noqa: E402
from training.teacher import HINTS  # noqa: E402
from training.textures import load_photographs  # noqa: E402
from training.torch_teacher import TorchTeacher, read_layers  # noqa: E402
from training.views import Batch  # noqa: E402
from training.widen import widened  # noqa: E402

LARGE_SIZE = 641, 481
LARGE_EVERY, LARGE_SHARE = 3, .55  # each third batch has large views, and fewer of them
WARM_UP = .04  # share of the training in which the learning rate rises
LOWEST_RATE = 1e-6
AVERAGING = .997  # decay of the averaged weights in a step
CLIP = 5.  # norm to which gradients are clipped
VALIDATION_BATCH = 32
REFILL_EVERY = 25  # steps between two looks at what was rendered
PEOPLE = 128  # bodies in the cast
FROZEN = 7  # layers at the input, a third of the time, that stop learning after --freeze-at
SAVED_AT = .3, .6, .8  # of the training, beside the end


class Trainer:
    """A network, its average, and its teacher, on one device."""

    def __init__(self, args: argparse.Namespace, device: torch.device):
        self.args, self.device = args, device
        network = load_network(str(args.init)) if args.init else PoseNet(args.width)
        if args.deep_width:
            network = widened(network, args.deep_width)
        self.network = network.to(device, memory_format=torch.channels_last).float().train()
        self.average = copy.deepcopy(self.network).eval()
        self.half = torch.float16 if device.type == 'cuda' else torch.float32
        self.teacher = TorchTeacher(read_layers(args.teacher)).to(
            device, self.half, memory_format=torch.channels_last)
        # These predict the teacher's features during training and are not part of the result.
        self.hints = nn.ModuleList(
            nn.Conv2d(self.network.features[2 * block][0].out_channels, channels, 1)
            for block, channels in HINTS.items()).to(device)
        parameters = [*self.network.parameters(), *self.hints.parameters()]
        kernels = [p for p in parameters if p.ndim == 4 and p.shape[1] > 1]
        others = [p for p in parameters if not (p.ndim == 4 and p.shape[1] > 1)]
        self.optimizer = torch.optim.AdamW(
            [{'params': kernels, 'weight_decay': 1e-2}, {'params': others, 'weight_decay': 0.}],
            fused=device.type == 'cuda')
        self.step, self.views = 0, 0

    def warm_up(self, count: int, size: 'tuple[int, int]') -> None:
        """Lets cuDNN choose its algorithms for batches of this kind."""
        pixels = torch.rand(count, 3, *size[::-1], device=self.device).contiguous(
            memory_format=torch.channels_last)
        nobody = torch.zeros(count, 6, 17, 3, device=self.device)
        batch = self.batch(DeviceViews(pixels, nobody))
        sum(self.losses(copy.deepcopy(self.network), batch)).backward()

    def batch(self, views: DeviceViews) -> Batch:
        """The views with the teacher's answers."""
        answers = self.teacher(views.pixels.to(self.half))
        known = torch.ones(len(views.pixels), dtype=torch.bool, device=self.device)
        return Batch(views.pixels, *[a.float() for a in answers[:3]], answers[3:],
                     views.keypoints, known, True)

    def losses(self, network: PoseNet, batch: Batch) -> 'tuple[torch.Tensor, ...]':
        """Of heatmaps, short offsets, mid offsets and features."""
        with torch.autocast(self.device.type, torch.bfloat16):
            stages = network.stages(batch.images, HINTS)
            guesses = [hint(stage) for hint, stage in zip(self.hints, stages)]
            heads = network.heads(stages[-1])
        return losses([output.float() for output in (*heads, *guesses)], batch,
                      self.args.exact_share)

    def rate(self, done: float) -> float:
        """The learning rate when this share of the training is done."""
        if done < WARM_UP:
            return self.args.learning_rate * done / WARM_UP + LOWEST_RATE
        angle = math.pi * min(1., (done - WARM_UP) / (1 - WARM_UP))
        return self.args.learning_rate * .5 * (1 + math.cos(angle)) + LOWEST_RATE

    def train(self, batch: Batch, done: float) -> torch.Tensor:
        """One step; returns the losses [4]."""
        first = self.network.features[:FROZEN]
        if done > self.args.freeze_at and first[0][0].weight.requires_grad:
            first.load_state_dict(self.average.features[:FROZEN].state_dict())
            first.requires_grad_(False)
            first.eval()
        for group in self.optimizer.param_groups:
            group['lr'] = self.rate(done)
        parts = self.losses(self.network, batch)
        self.optimizer.zero_grad()
        sum(parts).backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), CLIP)
        self.optimizer.step()
        self.step, self.views = self.step + 1, self.views + len(batch.images)
        keep = min(AVERAGING, self.step / (self.step + 20))
        with torch.no_grad():
            torch._foreach_lerp_(list(self.average.parameters()),
                                 list(self.network.parameters()), 1 - keep)
            means, now = ([b for b in n.buffers() if b.is_floating_point()]
                          for n in (self.average, self.network))
            torch._foreach_lerp_(means, now, 1 - keep)
        return torch.stack([part.detach() for part in parts])

    @torch.no_grad()
    def validate(self, pool: Pool) -> 'list[float]':
        """The losses of the average on pictures that are never drawn."""
        parts = []
        for first in range(0, pool.held_out, VALIDATION_BATCH):
            count = min(VALIDATION_BATCH, pool.held_out - first)
            views = fitted(pool, pool.unseen(first, count), SIZE, vary=False)
            parts.append(torch.stack(self.losses(self.average, self.batch(views))))
        return torch.stack(parts).mean(0).cpu().numpy().round(4).tolist()

    def save(self, path: pathlib.Path) -> None:
        """Writes the averaged network."""
        part = path.with_suffix('.part')
        torch.save({'width': self.network.width, 'deep_width': self.network.deep_width,
                    'weights': self.average.state_dict()}, part)
        os.replace(part, path)


def learn(trainer: Trainer, pool: Pool, args: argparse.Namespace, began: float) -> None:
    """Trains until the time is over."""
    kinds = [(SIZE, args.batch), (LARGE_SIZE, max(1, round(args.batch * LARGE_SHARE)))]
    if trainer.device.type == 'cuda':
        for size, count in kinds:
            trainer.warm_up(count, size)
            print(f'algorithms chosen after {time.monotonic() - began:.0f} s', file=sys.stderr)
    while len(pool) < max(args.least, 2 * pool.held_out):
        time.sleep(.5)
        pool.refill()
    start, to_save, recent = time.monotonic(), list(SAVED_AT), []
    seconds = max(1., args.seconds - (start - began))
    print(f'{len(pool)} pictures after {start - began:.0f} s', file=sys.stderr)
    with (args.output / 'log.jsonl').open('a') as log:
        while True:
            done = (time.monotonic() - start) / seconds
            size, count = kinds[trainer.step % LARGE_EVERY == LARGE_EVERY - 1]
            views = fitted(pool, pool.draw(count), size, vary=True)
            recent.append(trainer.train(trainer.batch(views), min(1., done)))
            if trainer.step % REFILL_EVERY == 0:
                pool.refill()
            if trainer.step % args.log_every == 0 or done >= 1:
                entry = {'seconds': round(time.monotonic() - began), 'step': trainer.step,
                         'views': trainer.views, 'rendered': pool.made,
                         'training': np.round(torch.stack(recent).mean(0).tolist(), 4).tolist(),
                         'validation': trainer.validate(pool)}
                recent = []
                log.write(json.dumps(entry) + '\n')
                log.flush()
                print(json.dumps(entry), file=sys.stderr)
            if to_save and done > to_save[0]:
                trainer.save(args.output / f'model-{round(100 * to_save.pop(0))}.pt')
            if done >= 1:
                trainer.save(args.output / 'model.pt')
                return


def parse_args() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--assets', type=pathlib.Path, required=True, metavar='FOLDER',
                        help="MakeHuman's files, as training/assets.py downloads them")
    parser.add_argument('--photographs', type=pathlib.Path, required=True, metavar='FOLDER',
                        help='pictures without people')
    parser.add_argument('--teacher', type=pathlib.Path, required=True, metavar='FILE',
                        help="Google's model, CPU build")
    parser.add_argument('--output', type=pathlib.Path, required=True, metavar='FOLDER')
    parser.add_argument('--seconds', type=float, default=3000,
                        help='from the start to the end (default: %(default)s)')
    parser.add_argument('--init', type=pathlib.Path, metavar='FILE',
                        help='a model.pt to begin with')
    parser.add_argument('--width', type=float, default=.75,
                        help='of a new network (default: %(default)s)')
    parser.add_argument('--deep-width', type=float, help='of the blocks after the fifth, if wider')
    parser.add_argument('--batch', type=int, default=96,
                        help='views in a step (default: %(default)s)')
    parser.add_argument('--workers', type=int, default=max(1, (os.cpu_count() or 2) - 1),
                        help='renderers (default: all cores but one, %(default)s)')
    parser.add_argument('--capacity', type=int, default=45000,
                        help="pictures in the GPU's memory, 0.9 MB each (default: %(default)s)")
    parser.add_argument('--least', type=int, default=3000,
                        help='pictures to begin with (default: %(default)s)')
    parser.add_argument('--held-out', type=int, default=256, metavar='PICTURES',
                        help='that only measure (default: %(default)s)')
    parser.add_argument('--learning-rate', type=float, default=2.5e-3,
                        help='the highest one (default: %(default)s)')
    parser.add_argument('--exact-share', type=float, default=.5,
                        help="weight of exact offsets beside the teacher's (default: %(default)s)")
    parser.add_argument('--freeze-at', type=float, default=.5,
                        help='share of the training after which the first layers stop learning '
                             '(default: %(default)s)')
    parser.add_argument('--log-every', type=int, default=300, metavar='STEPS',
                        help='(default: %(default)s)')
    parser.add_argument('--seed', type=int, default=1, help='(default: %(default)s)')
    parser.add_argument('--device', default='cuda' if torch.cuda.is_available() else 'cpu',
                        help='(default: %(default)s)')
    return parser.parse_args()


def main() -> int:
    """Trains."""
    began, args = time.monotonic(), parse_args()
    args.output.mkdir(parents=True, exist_ok=True)
    pool = None
    try:
        pool = Pool(args.capacity, args.held_out, args.workers, args.seed,
                    makehuman.load_cast(args.assets, args.output / 'cache', PEOPLE),
                    load_photographs(args.photographs))
        torch.manual_seed(args.seed)
        torch.backends.cudnn.benchmark, torch.backends.cudnn.benchmark_limit = True, 4
        trainer = Trainer(args, torch.device(args.device))
        learn(trainer, pool.on(trainer.device), args, began)
    except (OSError, RuntimeError, ValueError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    finally:
        if pool:
            pool.close()
    return 0


if __name__ == '__main__':
    sys.exit(main())
