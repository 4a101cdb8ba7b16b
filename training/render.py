"""Renders made-up photographs of people with exact keypoints, into shards.

Example:
  python3 training/render.py --assets makehuman --output data --shards 60
resumes after an interruption; add --workers 4 to use four processes.
"""
import argparse
import multiprocessing
import os
import pathlib
import signal
import sys
import time

import cv2
import numpy as np
from tqdm import tqdm

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from training import makehuman, scenes, shards, textures  # noqa: E402

BACKDROPS, TEXTURES = 60, 48
BACKDROP_SIZE = 580, 780


def new_surroundings(rng: np.random.Generator, cast: makehuman.Cast,
                     photographs: 'list[np.ndarray]') -> scenes.Surroundings:
    """Textures and backdrops that the pictures of a shard share."""
    return scenes.Surroundings(
        cast, textures.texture_pool(rng, TEXTURES, photographs),
        textures.backdrop_pool(rng, BACKDROPS, *BACKDROP_SIZE, photographs))


def write_pictures(path: pathlib.Path, pictures: 'list[scenes.Picture]') -> None:
    """Writes pictures as one shard."""
    shards.write_shard(path, images=np.stack([p.image for p in pictures]),
                       keypoints=np.stack([p.keypoints for p in pictures]),
                       areas=np.stack([p.areas for p in pictures]))


def render_shard(path: pathlib.Path, seed: 'tuple[int, int]', count: int, cast: makehuman.Cast,
                 photographs: 'list[np.ndarray]', progress: tqdm) -> None:
    """Renders one shard: the same seed gives the same pictures."""
    rng = np.random.default_rng(seed)
    around, canvas = new_surroundings(rng, cast, photographs), scenes.new_canvas()
    pictures = []
    for _ in range(count):
        pictures.append(scenes.random_picture(rng, around, canvas))
        progress.update()
    write_pictures(path, pictures)


def work(args: argparse.Namespace, worker: int) -> None:
    """Renders every shard of this worker that is not there yet."""
    cv2.setNumThreads(1)
    cast = makehuman.load_cast(args.assets, args.output / 'cache')
    photographs = textures.load_photographs(args.photographs) if args.photographs else []
    mine = [number for number in range(args.first, args.first + args.shards)
            if number % args.workers == worker]
    left = [number for number in mine if not shards.shard_path(args.output, number).exists()]
    with tqdm(total=len(mine) * args.count, initial=(len(mine) - len(left)) * args.count,
              unit='picture', desc=f'renderer {worker}', position=worker,
              disable=not sys.stderr.isatty()) as progress:
        for number in left:
            render_shard(shards.shard_path(args.output, number), (args.seed, number), args.count,
                         cast, photographs, progress)


def parse_args() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--assets', type=pathlib.Path, required=True, metavar='FOLDER',
                        help="MakeHuman's files, as training/assets.py downloads them")
    parser.add_argument('--output', type=pathlib.Path, required=True, metavar='FOLDER',
                        help='where the shards go')
    parser.add_argument('--photographs', type=pathlib.Path, metavar='FOLDER',
                        help='pictures without people for backdrops and posters')
    parser.add_argument('--shards', type=int, default=60, help='how many (default: %(default)s)')
    parser.add_argument('--first', type=int, default=0,
                        help='number of the first one (default: %(default)s)')
    parser.add_argument('--count', type=int, default=500,
                        help='pictures in a shard (default: %(default)s)')
    parser.add_argument('--seed', type=int, default=1, help='(default: %(default)s)')
    parser.add_argument('--workers', type=int, default=max(1, (os.cpu_count() or 2) // 2),
                        help='processes (default: half the cores, %(default)s)')
    return parser.parse_args()


def main() -> int:
    """Runs the renderers."""
    args = parse_args()
    args.output.mkdir(parents=True, exist_ok=True)
    begin = time.monotonic()
    try:
        makehuman.load_cast(args.assets, args.output / 'cache')
        with multiprocessing.Pool(args.workers, signal.signal,
                                  (signal.SIGINT, signal.SIG_IGN)) as pool:
            pool.starmap(work, [(args, worker) for worker in range(args.workers)])
    except KeyboardInterrupt:
        print('\nstopped; the same command resumes', file=sys.stderr)
    except (OSError, ValueError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    print(f'{args.output}: {len(shards.find_shards(args.output))} shards, '
          f'{time.monotonic() - begin:.0f} s', file=sys.stderr)
    return 0


if __name__ == '__main__':
    sys.exit(main())
