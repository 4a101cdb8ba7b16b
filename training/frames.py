"""Makes shards of your own camera's frames, to train on: pictures and videos of a folder.

Nothing is known of who is in them: train.py asks the teacher. Example:
  python3 training/frames.py recordings --output my_room --every 15
"""
import argparse
import pathlib
import sys

import cv2
import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from posesuite.engine.image import fit  # noqa: E402
from posesuite.pose.skeleton import KEYPOINT_TYPES  # noqa: E402
from training import shards  # noqa: E402
from training.scenes import HEIGHT, MAX_PEOPLE, WIDTH  # noqa: E402

FRAMES_IN_SHARD = 250
PICTURES, VIDEOS = {'.jpg', '.jpeg', '.png', '.webp'}, {'.mp4', '.avi', '.mkv', '.mov', '.webm'}


def letterbox(image: np.ndarray) -> np.ndarray:
    """An image [Y, X, 3] at the size of all pictures, the rest of it grey as in PoseEngine."""
    scale = min(WIDTH / image.shape[1], HEIGHT / image.shape[0])
    if scale < 1:
        image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    out = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    fit(image, out)
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
            keypoints=np.zeros((len(images), MAX_PEOPLE, len(KEYPOINT_TYPES), 3), np.float32),
            areas=np.full((len(images), MAX_PEOPLE), -1, np.float32))


def main() -> int:
    """Packs a folder."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('frames', type=pathlib.Path, metavar='FOLDER',
                        help='pictures and videos')
    parser.add_argument('--output', type=pathlib.Path, required=True, metavar='FOLDER',
                        help='where the shards go')
    parser.add_argument('--every', type=int, default=15, metavar='N',
                        help='take each Nth frame of a video (default: %(default)s)')
    args = parser.parse_args()
    try:
        pack_frames(args.frames, args.output, args.every)
    except (OSError, ValueError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    print(f'{args.output}: {len(shards.find_shards(args.output))} shards', file=sys.stderr)
    return 0


if __name__ == '__main__':
    sys.exit(main())
