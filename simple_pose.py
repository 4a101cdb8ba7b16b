"""Finds the people in pictures and prints their poses.

examples:
  python3 simple_pose.py
  python3 simple_pose.py couple.jpg --output skeletons.png
  python3 simple_pose.py photos/*.jpg --json > poses.jsonl
"""
import argparse
import glob
import json
import os
import signal
import sys
from typing import List

import numpy as np
from PIL import Image

from camera_sources import CameraError, open_image
from models.download import download
from overlay import COLORS, draw_pose
from pose_engine import HERE, EngineError, Pose, PoseEngine, __version__
from pose_log import pose_as_json
from pose_runtime import add_engine_options, default_model

SAMPLE_URL = ('https://upload.wikimedia.org/wikipedia/commons/thumb/3/38/'
              'Hindu_marriage_ceremony_offering.jpg/640px-Hindu_marriage_ceremony_offering.jpg')


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('images', nargs='*', metavar='IMAGE',
                        help='JPEG, PNG, WebP or BMP files (default: a sample is downloaded once)')
    parser.add_argument('--output', metavar='FILE',
                        help='write the picture with skeletons; of several pictures, into a folder')
    parser.add_argument('--json', action='store_true',
                        help='print the poses as JSON, a line a picture')
    add_engine_options(parser)
    parser.add_argument('--version', action='version', version=__version__)
    args = parser.parse_args()
    if len(args.images) > 1 and args.output and not os.path.isdir(args.output):
        parser.error(f'--output of several images must be a folder, got {args.output}')

    status = 0
    try:
        engine = PoseEngine(args.model or default_model('640x480'), device=args.device)
        for path in args.images or [sample_image()]:
            try:
                image = open_image(path)
            except CameraError as error:
                print(f'error: {error}', file=sys.stderr)
                status = 1
                continue
            poses, inference_time = engine.DetectPosesInImage(image)
            poses = [pose for pose in poses if pose.score >= args.threshold]
            if args.output:
                save(args.output, path, image, poses)
            if args.json:
                print(json.dumps([pose_as_json(pose) for pose in poses]))
            else:
                print(f'Inference time: {inference_time * 1000:.0f} ms')
                print_poses(poses)
    except (EngineError, OSError, ValueError) as error:
        parser.exit(1, f'error: {error}\n')
    return status


def sample_image() -> str:
    """The path of a picture to try: downloaded once into the user's cache, else from samples/."""
    cache = os.environ.get('XDG_CACHE_HOME') or os.path.expanduser('~/.cache')
    path = os.path.join(cache, 'edge-tpu-pose-suite', os.path.basename(SAMPLE_URL))
    if os.path.exists(path):
        return path
    try:
        download(SAMPLE_URL, path)
        return path
    except OSError as error:
        samples = sorted(glob.glob(os.path.join(HERE, 'samples', '*.jpg')))
        if not samples:
            raise OSError(f'no sample picture ({error}): name one, python3 simple_pose.py IMAGE')
        print(f'no sample picture from the net ({error}); taking {samples[0]}', file=sys.stderr)
        return samples[0]


def print_poses(poses: List[Pose]) -> None:
    for pose in poses:
        print('\nPose Score: ', pose.score)
        for label, keypoint in pose.keypoints.items():
            print('  %-20s x=%-4d y=%-4d score=%.1f' % (
                label, keypoint.point[0], keypoint.point[1], keypoint.score))


def save(output: str, path: str, image: Image.Image, poses: List[Pose]) -> None:
    """Writes the picture with skeletons to the file `output`, or into it if it is a folder."""
    if os.path.isdir(output):
        output = os.path.join(output, os.path.basename(path))
    picture = np.array(image)
    for i, pose in enumerate(poses):
        draw_pose(picture, pose, COLORS[i % len(COLORS)])
    Image.fromarray(picture).save(output)


if __name__ == '__main__':
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` ends it quietly
    sys.exit(main())
