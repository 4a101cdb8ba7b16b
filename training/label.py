"""Labels shards with a teacher: what Google's PoseNet sees at every cell of its grid.

Shards that have labels are left alone. Example:
  python3 training/label.py --data data \\
      --teacher models/mobilenet/posenet_mobilenet_v1_075_353_481_quant_decoder.tflite
With --frames, pictures and videos of your own camera become shards first.
"""
import argparse
import multiprocessing
import os
import pathlib
import signal
import sys

import cv2
import numpy as np
from ai_edge_litert.interpreter import Interpreter
from tqdm import tqdm

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from training import shards, tflite  # noqa: E402
from training.personlab import (  # noqa: E402
    EDGES,
    MID_MIRROR,
    MID_SIGN,
    MIRRORED,
    SHORT_MIRROR,
    SHORT_SIGN,
)
from training.scenes import HEIGHT, MAX_PEOPLE, WIDTH  # noqa: E402

FRAMES_IN_SHARD = 250
PICTURES, VIDEOS = {'.jpg', '.jpeg', '.png', '.webp'}, {'.mp4', '.avi', '.mkv', '.mov', '.webm'}
# What the teacher's three heads look at.
FEATURES = 'MobilenetV1/Conv2d_13_pointwise/Relu6'
# How the teacher's uint8 answers become numbers: (scale, zero point) of heatmaps (logits), short
# and mid offsets (pixels), and features. train.py relies on these, so another teacher is refused.
QUANTIZATION = ((.0470588244, 128), (.392156869, 128), (1.38757646, 117), (.0235284772, 0))

# The keypoint that each channel of the mid offsets starts from.
_EDGE_STARTS = [start for end in (0, 1) for _ in 'yx' for start in np.array(EDGES)[:, end]]


class Teacher:
    """Google's model, stopped before its decoder op."""

    def __init__(self, path: pathlib.Path):
        """Loads it.

        Raises:
          ValueError: this is no PoseNet for 353x481 with the quantisation of Google's.
        """
        network = tflite.with_tensor(tflite.without_decoder(path.read_bytes()), FEATURES)
        self._model = Interpreter(model_content=network, num_threads=1)
        self._model.allocate_tensors()
        self._input = self._model.get_input_details()[0]
        self._outputs = self._model.get_output_details()
        shape = tuple(int(n) for n in self._input['shape'])
        if shape != (1, HEIGHT, WIDTH, 3) or len(self._outputs) != 4:
            raise ValueError(f'{path} takes {shape} and gives {len(self._outputs)} maps: '
                             f'expected (1, {HEIGHT}, {WIDTH}, 3) and 4')
        for output, (scale, zero) in zip(self._outputs, QUANTIZATION):
            if not np.allclose(output['quantization'], (scale, zero), rtol=1e-4):
                raise ValueError(f"{path}: quantisation {output['quantization']}, expected "
                                 f'{(scale, zero)}')

    def _maps(self, image: np.ndarray) -> 'list[np.ndarray]':
        """Logits [23, 31, 17], short [.., 34], mid offsets [.., 64] in pixels, features [.., 384].
        """
        self._model.set_tensor(self._input['index'], image[None])
        self._model.invoke()
        return [(self._model.get_tensor(output['index'])[0] - np.float32(zero)) * np.float32(scale)
                for output, (scale, zero) in zip(self._outputs, QUANTIZATION)]

    def look(self, image: np.ndarray) -> 'list[np.ndarray]':
        """Heatmaps [23, 31, 17], short [.., 34], mid offsets [.., 64], features [.., 384], uint8.

        The teacher sees the image as it is and in a mirror, since it is not of one mind about the
        two: scores are averaged, and offsets too, each by the score of the keypoint it starts from.
        Features have no mirrored twin.
        """
        heat, short, mid, features = self._maps(image)
        heat2, short2, mid2, _ = self._maps(np.ascontiguousarray(image[:, ::-1]))
        score = 1 / (1 + np.exp(-heat))
        score2 = 1 / (1 + np.exp(-heat2[:, ::-1, MIRRORED]))
        short2 = short2[:, ::-1, SHORT_MIRROR] * SHORT_SIGN
        mid2 = mid2[:, ::-1, MID_MIRROR] * MID_SIGN
        both = (score + score2) / 2
        share = score / (score + score2)
        of_edge = share[..., _EDGE_STARTS]
        share = np.concatenate([share, share], 2)
        merged = (np.log(both / (1 - both)), short2 + (short - short2) * share,
                  mid2 + (mid - mid2) * of_edge, features)
        return [np.clip(np.round(values / scale) + zero, 0, 255).astype(np.uint8)
                for values, (scale, zero) in zip(merged, QUANTIZATION)]


def label_shard(path: pathlib.Path, teacher: Teacher, progress: tqdm) -> None:
    """Labels one shard."""
    answers: list[list[np.ndarray]] = []
    for image in shards.load(path, 'images'):
        answers.append(teacher.look(np.ascontiguousarray(image)))
        progress.update()
    shards.write_labels(path, [np.stack(maps) for maps in zip(*answers)])


def letterbox(image: np.ndarray) -> np.ndarray:
    """An image [Y, X, 3] scaled to the network's input, in the middle of black bars."""
    scale = min(WIDTH / image.shape[1], HEIGHT / image.shape[0])
    size = round(image.shape[1] * scale), round(image.shape[0] * scale)
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    out = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    y, x = (HEIGHT - size[1]) // 2, (WIDTH - size[0]) // 2
    out[y:y + size[1], x:x + size[0]] = cv2.resize(image, size, interpolation=way)
    return out


def read_frames(folder: pathlib.Path, every: int) -> 'list[np.ndarray]':
    """All pictures of a folder, and each `every`th frame of its videos, letterboxed, RGB."""
    frames = []
    for path in sorted(folder.rglob('*')):
        if path.suffix.lower() in PICTURES:
            image = cv2.imread(str(path), cv2.IMREAD_COLOR)
            if image is not None:
                frames.append(letterbox(image[..., ::-1]))
        elif path.suffix.lower() in VIDEOS:
            video, number = cv2.VideoCapture(str(path)), 0
            while video.grab():
                if number % every == 0:
                    frames.append(letterbox(video.retrieve()[1][..., ::-1]))
                number += 1
            video.release()
    return frames


def pack_frames(folder: pathlib.Path, data: pathlib.Path, every: int) -> None:
    """Makes shards without truth from the frames of a folder.

    Raises:
      FileNotFoundError: there are none.
    """
    frames = read_frames(folder, every)
    if not frames:
        raise FileNotFoundError(f'{folder} holds no picture and no video')
    taken = [int(path.name.split('-')[1]) for path in shards.find_shards(data)]
    first = max(taken, default=-1) + 1
    for i in range(0, len(frames), FRAMES_IN_SHARD):
        images = np.stack(frames[i:i + FRAMES_IN_SHARD])
        shards.write_shard(
            shards.shard_path(data, first + i // FRAMES_IN_SHARD), images=images,
            keypoints=np.zeros((len(images), MAX_PEOPLE, 17, 3), np.float32),
            areas=np.full((len(images), MAX_PEOPLE), -1, np.float32))


def parse_args() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--data', type=pathlib.Path, required=True, metavar='FOLDER',
                        help='where the shards are')
    parser.add_argument('--teacher', type=pathlib.Path, required=True, metavar='FILE',
                        help="Google's model for 353x481, CPU build")
    parser.add_argument('--frames', type=pathlib.Path, metavar='FOLDER',
                        help='pictures and videos of your own to add first')
    parser.add_argument('--every', type=int, default=15, metavar='N',
                        help='take each Nth frame of a video (default: %(default)s)')
    parser.add_argument('--workers', type=int, default=max(1, (os.cpu_count() or 2) // 2),
                        help='processes (default: half the cores, %(default)s)')
    return parser.parse_args()


def work(args: argparse.Namespace, worker: int) -> None:
    """Labels every shard of this worker that has no labels yet."""
    teacher = Teacher(args.teacher)
    left = [path for n, path in enumerate(shards.find_shards(args.data))
            if n % args.workers == worker and not shards.is_labelled(path)]
    total = sum(len(shards.load(path, 'areas')) for path in left)
    with tqdm(total=total, unit='picture', desc=f'teacher {worker}', position=worker,
              disable=not sys.stderr.isatty()) as progress:
        for path in left:
            label_shard(path, teacher, progress)


def main() -> int:
    """Labels what is not labelled."""
    args = parse_args()
    try:
        Teacher(args.teacher)  # to refuse another model before any work
        if args.frames:
            pack_frames(args.frames, args.data, args.every)
        # A fresh process each: the interpreter's threads do not survive a fork.
        with multiprocessing.get_context('spawn').Pool(args.workers, signal.signal,
                                  (signal.SIGINT, signal.SIG_IGN)) as pool:
            pool.starmap(work, [(args, worker) for worker in range(args.workers)])
    except KeyboardInterrupt:
        print('\nstopped: the same command goes on', file=sys.stderr)
    except (OSError, ValueError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
