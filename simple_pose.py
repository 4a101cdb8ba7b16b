"""Finds the people in pictures and prints their poses.

examples:
  python3 simple_pose.py
  python3 simple_pose.py samples/couple.jpg --output skeletons.png
  python3 simple_pose.py samples/*.jpg --json > poses.jsonl
"""
import argparse
import glob
import json
import logging
import os
import signal
import sys
from typing import List

from pose_engine import PoseEngine
from posesuite import script
from posesuite.camera import CameraError, open_image
from posesuite.display import draw_people
from posesuite.download import download
from posesuite.engine import add_engine_options, engine_options
from posesuite.files import command, own_file, user_folder
from posesuite.pose import Pose, pose_as_json

import numpy as np
from PIL import Image

LOGGER = logging.getLogger('posesuite')
SAMPLE_URL = ('https://upload.wikimedia.org/wikipedia/commons/thumb/3/38/'
              'Hindu_marriage_ceremony_offering.jpg/640px-Hindu_marriage_ceremony_offering.jpg')


def main() -> int:
    if hasattr(signal, 'SIGPIPE'):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` ends it quietly
    return script.run(demo, parse_args())


def demo(args: argparse.Namespace) -> int:
    engine, status = PoseEngine(**engine_options(args)), 0
    for path in args.images or [sample_image()]:
        try:
            image = open_image(path)
        except CameraError as error:
            LOGGER.error('%s', error)
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
    return status


def sample_image() -> str:
    """The path of a picture to try: downloaded once into the user's cache, else from samples/."""
    path = os.path.join(user_folder('cache'), os.path.basename(SAMPLE_URL))
    if os.path.exists(path):
        return path
    try:
        download(SAMPLE_URL, path)
        return path
    except OSError as error:
        samples = sorted(glob.glob(os.path.join(glob.escape(own_file('samples')), '*.jpg')))
        if not samples:
            raise OSError(f'there is no sample picture ({error}): name one, '
                          f'{command("simple_pose.py")} IMAGE')
        LOGGER.info('the sample picture was not downloaded (%s); using %s', error, samples[0])
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
    draw_people(picture, dict(enumerate(poses)))
    Image.fromarray(picture).save(output)


def parse_args() -> argparse.Namespace:
    parser = script.parser(__doc__)
    parser.add_argument('images', nargs='*', metavar='IMAGE',
                        help='JPEG, PNG, WebP or BMP files (default: a sample is downloaded once)')
    parser.add_argument('--output', metavar='FILE',
                        help='write the picture with skeletons; of several pictures, into a folder')
    parser.add_argument('--json', action='store_true',
                        help='print the poses as JSON, a line a picture')
    add_engine_options(parser)
    args = parser.parse_args()
    if len(args.images) > 1 and args.output and not os.path.isdir(args.output):
        parser.error(f'--output of several images must be a folder, got {args.output}')
    return args


if __name__ == '__main__':
    sys.exit(main())
