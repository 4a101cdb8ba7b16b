"""Trains PoseNet on shards. After an interruption the same command resumes the training.

Writes to --output: `model.pt` (averaged weights, for export.py and --init), `checkpoint.pt`
(everything that is needed to resume) and `log.jsonl` (losses). With more --minutes than before a
finished training continues.

Examples:
  python3 training/train.py --data data --output run --minutes 60 \\
      --teacher models/mobilenet/posenet_mobilenet_v1_075_353_481_quant_decoder.tflite
  python3 training/train.py --data data my_room --output mine --init run/model.pt --minutes 10 \\
      --learning-rate 5e-4 \\
      --teacher models/mobilenet/posenet_mobilenet_v1_075_353_481_quant_decoder.tflite
"""
import argparse
import copy
import json
import math
import os
import pathlib
import signal
import sys
import time

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from training import shards  # noqa: E402
from training.losses import losses  # noqa: E402
from training.network import SIZE, PoseNet  # noqa: E402
from training.teacher import HINTS, Teacher  # noqa: E402
from training.textures import load_photographs  # noqa: E402
from training.views import CUT_SIZE, Batch, Views  # noqa: E402

WARM_UP = .06  # share of the training in which the learning rate rises
LOWEST_RATE = 1e-6  # learning rate at both ends
AVERAGING = .998  # decay of the averaged weights in a step, at a batch of 8
CLIP = 5.  # norm to which gradients are clipped
# With --init the first FROZEN layers, half of the work, stop learning after FREEZE_AT of the
# training (Brock et al., FreezeOut, arXiv 1706.04983).
FREEZE_AT, FROZEN = .3, 7
# Without --init the training starts with cuts around people, four in place of one view, until
# CUTS_UNTIL of it (as small pictures do in Tan and Le, EfficientNetV2, arXiv 2104.00298).
CUTS_UNTIL = .6
VALIDATION_BATCHES, VALIDATION_BATCH = 12, 8


class Stop(Exception):
    """The user or the system asked the training to end."""


class Trainer:
    """A network, its averaged copy, its optimiser, and the progress of the training."""

    def __init__(self, args: argparse.Namespace, device: torch.device):
        self.args, self.device = args, device
        checkpoint, saved = args.output / 'checkpoint.pt', {}
        source = checkpoint if checkpoint.exists() else args.init
        if source:
            saved = torch.load(source, map_location=device, weights_only=True)
            if saved['width'] != args.width:
                raise ValueError(f"{source} has width {saved['width']}, asked for {args.width}")
        self.network = PoseNet(args.width, saved.get('deep_width')).to(
            device, memory_format=torch.channels_last)
        # These predict the teacher's features during training and are not part of the result.
        self.hints = nn.ModuleList(
            nn.Conv2d(self.network.features[2 * block][0].out_channels, channels, 1)
            for block, channels in HINTS.items()).to(device)
        self.step, self.views, self.seconds = 0, 0, 0.
        self.size = SIZE if args.init else CUT_SIZE  # of the views; it grows once
        parameters = [*self.network.parameters(), *self.hints.parameters()]
        kernels = [p for p in parameters if p.ndim == 4 and p.shape[1] > 1]
        others = [p for p in parameters if not (p.ndim == 4 and p.shape[1] > 1)]
        self.optimizer = torch.optim.AdamW([{'params': kernels, 'weight_decay': 1e-2},
                                            {'params': others, 'weight_decay': 0.}])
        if source:
            self.network.load_state_dict(saved['network' if source == checkpoint else 'weights'])
        self.average = copy.deepcopy(self.network)
        if source == checkpoint:
            self.average.load_state_dict(saved['average'])
            self.hints.load_state_dict(saved['hints'])
            self.optimizer.load_state_dict(saved['optimizer'])
            self.step, self.views = saved['step'], saved['views']
            self.seconds, self.size = saved['seconds'], tuple(saved['size'])
        self.average.eval()

    def save(self) -> None:
        """Writes both files, each complete or not at all."""
        shape = {'width': self.args.width, 'deep_width': self.network.deep_width}
        files = {'model.pt': {**shape, 'weights': self.average.state_dict()},
                 'checkpoint.pt': {
                     **shape, 'network': self.network.state_dict(),
                     'hints': self.hints.state_dict(),
                     'average': self.average.state_dict(), 'step': self.step,
                     'optimizer': self.optimizer.state_dict(), 'views': self.views,
                     'seconds': self.seconds, 'size': self.size}}
        for name, content in files.items():
            part = self.args.output / f'{name}.part'
            torch.save(content, part)
            os.replace(part, self.args.output / name)

    def progress(self) -> float:
        """The share of the training that is done, 0 to 1."""
        return self.seconds / (self.args.minutes * 60)

    def rate(self) -> float:
        """The present learning rate: a short rise, then half a cosine."""
        done = self.progress()
        if done < WARM_UP:
            return self.args.learning_rate * done / WARM_UP + LOWEST_RATE
        angle = math.pi * (done - WARM_UP) / (1 - WARM_UP)
        return self.args.learning_rate * .5 * (1 + math.cos(min(math.pi, angle))) + LOWEST_RATE

    def freeze(self) -> None:
        """Ends the learning of the first layers: their averaged weights stay."""
        first = self.network.features[:FROZEN]
        first.load_state_dict(self.average.features[:FROZEN].state_dict())
        first.requires_grad_(False)
        first.eval()

    def forward(self, network: PoseNet, images: torch.Tensor) -> 'list[torch.Tensor]':
        """Outputs and guessed features, float32, of a network run in bfloat16."""
        with torch.autocast(self.device.type, torch.bfloat16):
            stages = network.stages(images, HINTS)
            hints = self.hints if self.args.teacher else []
            guesses = [hint(stage) for hint, stage in zip(hints, stages)]
            return [output.float() for output in (*network.heads(stages[-1]), *guesses)]

    def train(self, batch: Batch) -> 'tuple[float, ...]':
        """One step; returns the losses."""
        if (self.args.init and self.progress() > FREEZE_AT and
                self.network.features[0].training):
            self.freeze()
        rate = self.rate()
        for group in self.optimizer.param_groups:
            group['lr'] = rate
        parts = losses(self.forward(self.network, batch.images), batch, self.args.exact_share)
        self.optimizer.zero_grad()  # to None, so that frozen layers take no step
        sum(parts).backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), CLIP)
        self.optimizer.step()
        self.step += 1
        self.views += len(batch.images)
        keep = min(AVERAGING ** (len(batch.images) / 8), self.step / (self.step + 20))
        with torch.no_grad():
            torch._foreach_lerp_(list(self.average.parameters()),
                                 list(self.network.parameters()), 1 - keep)
            for mean, now in zip(self.average.buffers(), self.network.buffers()):
                if mean.is_floating_point():
                    mean.lerp_(now, 1 - keep)
                else:
                    mean.copy_(now)
        return tuple(float(part.detach()) for part in parts)

    @torch.no_grad()
    def validate(self, batches: 'list[Batch]') -> 'list[float]':
        """The losses of the averaged network on pictures that it never learns from."""
        parts = [losses(self.forward(self.average, batch.images), batch, self.args.exact_share)
                 for batch in batches]
        return [round(float(np.mean([float(p) for p in part])), 4) for part in zip(*parts)]


def learn(trainer: Trainer, data: Views, until: float, validation: 'list[Batch]',
          bar: tqdm) -> None:
    """Trains until this share of the training is over, with a checkpoint every few minutes."""
    args = trainer.args
    batches = data.load(args.workers)
    next(batches)  # the time that workers take to start does not count
    last, saved, recent, first = time.monotonic(), time.monotonic(), [], trainer.views
    with (args.output / 'log.jsonl').open('a') as log:
        while trainer.progress() < until:
            recent.append(trainer.train(next(batches).to(trainer.device)))
            now = time.monotonic()
            trainer.seconds += now - last
            last = now
            bar.n = round(trainer.seconds)
            if trainer.step % 20 == 0:
                heat, short, mid, hint = np.mean(recent[-20:], 0)
                bar.set_postfix_str(f'{trainer.views} views, heat {heat:.2f} short {short:.3f} '
                                    f'mid {mid:.3f} hint {hint:.3f}')
            if now - saved > args.checkpoint_minutes * 60 or trainer.progress() >= until:
                entry = {'minutes': round(trainer.seconds / 60, 2), 'step': trainer.step,
                         'views': trainer.views, 'size': trainer.size,
                         'rate': round(trainer.rate(), 6),
                         'views_a_second': round((trainer.views - first) / (now - saved), 1),
                         'training': np.mean(recent, 0).round(4).tolist(),
                         'validation': trainer.validate(validation) if validation else None}
                trainer.save()
                log.write(json.dumps(entry) + '\n')
                log.flush()
                bar.write(json.dumps(entry), file=sys.stderr)
                saved, recent, first = time.monotonic(), [], trainer.views


def run(trainer: Trainer, args: argparse.Namespace) -> None:
    """Trains until the time is over, on cuts first if the network knows nothing yet."""
    paths = [path for folder in args.data for path in shards.find_shards(folder)]
    held_out, paths = paths[:args.held_out], paths[args.held_out:]
    if args.teacher:
        Teacher(args.teacher)  # refuses another model before any work
    photographs = load_photographs(args.photographs) if args.photographs else []
    validation = []
    if held_out:
        unseen = iter(Views(held_out, args.teacher, VALIDATION_BATCH, 9, vary=False))
        validation = [next(unseen).to(trainer.device) for _ in range(VALIDATION_BATCHES)]
    stages = [(CUT_SIZE, 4 * args.batch, CUTS_UNTIL), (SIZE, args.batch, 1)]
    with tqdm(total=round(args.minutes * 60), initial=round(trainer.seconds), unit='s',
              disable=not sys.stderr.isatty()) as bar:
        for size, batch, until in stages:
            if (size == CUT_SIZE and trainer.size == SIZE) or trainer.progress() >= until:
                continue
            trainer.size = size
            # A new seed after each interruption, so that the first views are not repeated.
            data = Views(paths, args.teacher, batch, trainer.step, photographs, size=size)
            bar.write(f'{len(data)} pictures at {size[0]}x{size[1]}, width {args.width}, '
                      f'{trainer.views} views so far, {trainer.device}', file=sys.stderr)
            learn(trainer, data, until, validation, bar)


def parse_args() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--data', type=pathlib.Path, nargs='+', required=True, metavar='FOLDER',
                        help='shards, those to hold out first')
    parser.add_argument('--teacher', type=pathlib.Path, metavar='FILE',
                        help="Google's model for 353x481, CPU build; without it the exact truth "
                             'teaches alone, and worse')
    parser.add_argument('--photographs', type=pathlib.Path, metavar='FOLDER',
                        help='pictures without people, to put behind people and to mix in')
    parser.add_argument('--output', type=pathlib.Path, required=True, metavar='FOLDER')
    parser.add_argument('--minutes', type=float, default=60,
                        help='of training in all, interruptions not counted (default: %(default)s)')
    parser.add_argument('--width', type=float, default=.75,
                        help='of the network, 1 is widest (default: %(default)s)')
    parser.add_argument('--init', type=pathlib.Path, metavar='FILE',
                        help='a model.pt to begin with')
    parser.add_argument('--batch', type=int, default=4,
                        help='views in a step (default: %(default)s; 64 on a GPU)')
    parser.add_argument('--workers', type=int, default=1,
                        help='processes that make views and ask the teacher '
                             '(default: %(default)s; all cores beside a GPU)')
    parser.add_argument('--learning-rate', type=float, default=2e-3,
                        help='the highest one (default: %(default)s)')
    parser.add_argument('--exact-share', type=float, default=.1,
                        help="weight of exact offsets beside the teacher's (default: %(default)s)")
    parser.add_argument('--held-out', type=int, default=1, metavar='SHARDS',
                        help='shards that only measure (default: %(default)s)')
    parser.add_argument('--checkpoint-minutes', type=float, default=3,
                        help='(default: %(default)s)')
    parser.add_argument('--threads', type=int, default=0, help='default: all cores')
    parser.add_argument('--device', default='cuda' if torch.cuda.is_available() else 'cpu',
                        help='(default: %(default)s)')
    return parser.parse_args()


def main() -> int:
    """Trains."""
    args = parse_args()
    args.output.mkdir(parents=True, exist_ok=True)
    if args.threads:
        torch.set_num_threads(args.threads)
    torch.manual_seed(time.time_ns() % 2 ** 31)

    def stop(*_: object) -> None:
        raise Stop

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    trainer = None
    try:
        trainer = Trainer(args, torch.device(args.device))
        run(trainer, args)
    except Stop:
        if trainer and trainer.step:
            trainer.save()
        print('\nstopped; the same command resumes', file=sys.stderr)
    except (OSError, ValueError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
