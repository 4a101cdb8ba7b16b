"""Renders places without people and keeps those in which the network sees somebody.

They become additional shards for training: the truth that nobody is there needs no teacher.

Example, after a first training:
  python3 training/mine.py --model run/model.pt --assets makehuman --output data --shards 4
  python3 training/train.py --data data --output run --minutes 120 --teacher …
"""
import argparse
import pathlib
import sys

import cv2
import numpy as np
import torch
from tqdm import tqdm

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from posesuite.engine.image import fit  # noqa: E402
from training import makehuman, scenes, shards, textures  # noqa: E402
from training.network import SIZE, PoseNet, load_network  # noqa: E402
from training.render import new_surroundings, write_pictures  # noqa: E402

MIN_KEYPOINTS = 3  # kinds of keypoints that the network must see in one picture
PICTURES_IN_SURROUNDINGS = 250


@torch.no_grad()
def seen_keypoints(network: PoseNet, image: np.ndarray, score: float) -> int:
    """How many kinds of keypoints the network sees in an image [Y, X, 3] with this score."""
    canvas = np.empty((*SIZE[::-1], 3), np.uint8)
    fit(image, canvas)
    values = torch.from_numpy(canvas).permute(2, 0, 1)[None] / 128 - 1
    heatmaps = torch.sigmoid(network(values)[0])
    return int((heatmaps.amax((0, 2, 3)) > score).sum())


def mine_shard(path: pathlib.Path, seed: 'tuple[int, int]', args: argparse.Namespace,
               network: PoseNet, cast: makehuman.Cast,
               photographs: 'list[np.ndarray]') -> 'tuple[int, int]':
    """Writes one shard of hard pictures; returns how many were kept and how many were rendered."""
    rng, canvas = np.random.default_rng(seed), scenes.new_canvas()
    kept: list[scenes.Picture] = []
    rendered = 0
    with tqdm(total=args.count, unit='picture', desc=path.name,
              disable=not sys.stderr.isatty()) as progress:
        while len(kept) < args.count:
            if rendered % PICTURES_IN_SURROUNDINGS == 0:
                around = new_surroundings(rng, cast, photographs)
            picture = scenes.random_picture(rng, around, canvas, people=0)
            rendered += 1
            if seen_keypoints(network, picture.image, args.score) >= MIN_KEYPOINTS:
                kept.append(picture)
                progress.update()
                progress.set_postfix_str(f'{len(kept) / rendered:.0%} of all')
    write_pictures(path, kept)
    return len(kept), rendered


def parse_args() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--model', type=pathlib.Path, required=True, metavar='FILE',
                        help="train.py's model.pt")
    parser.add_argument('--assets', type=pathlib.Path, required=True, metavar='FOLDER')
    parser.add_argument('--output', type=pathlib.Path, required=True, metavar='FOLDER',
                        help='where the shards go')
    parser.add_argument('--photographs', type=pathlib.Path, metavar='FOLDER',
                        help='pictures without people for backdrops and posters')
    parser.add_argument('--shards', type=int, default=4, help='how many (default: %(default)s)')
    parser.add_argument('--first', type=int, default=10000,
                        help='number of the first one (default: %(default)s)')
    parser.add_argument('--count', type=int, default=250,
                        help='pictures in a shard (default: %(default)s)')
    parser.add_argument('--score', type=float, default=.35,
                        help='of what counts as seen (default: %(default)s)')
    parser.add_argument('--seed', type=int, default=2, help='(default: %(default)s)')
    return parser.parse_args()


def main() -> int:
    """Mines every shard that is not there yet."""
    args = parse_args()
    cv2.setNumThreads(1)
    try:
        network = load_network(str(args.model))
        cast = makehuman.load_cast(args.assets, args.output / 'cache')
        photographs = textures.load_photographs(args.photographs) if args.photographs else []
        for number in range(args.first, args.first + args.shards):
            path = shards.shard_path(args.output, number)
            if not path.exists():
                kept, rendered = mine_shard(path, (args.seed, number), args, network, cast,
                                            photographs)
                print(f'{path}: {kept} of {rendered} pictures', file=sys.stderr)
    except KeyboardInterrupt:
        print('\nstopped; the same command resumes', file=sys.stderr)
    except (OSError, ValueError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
