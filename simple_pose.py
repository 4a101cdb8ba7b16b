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
import warnings
from typing import Any, Dict, List

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from models.download import download
from overlay import COLORS, draw_pose
from pose_engine import HERE, EngineError, KeypointType, Pose, PoseEngine, __version__

MODELS = [os.path.join(HERE, 'models', name) for name in (  # the first that is here
    'mobilenet/posenet_mobilenet_v1_075_481_641_quant_decoder_edgetpu.tflite',
    'rendered/posenet_rendered_mobilenet_v1_075_353_481_quant_decoder.tflite')]
SAMPLE_URL = ('https://upload.wikimedia.org/wikipedia/commons/thumb/3/38/'
              'Hindu_marriage_ceremony_offering.jpg/640px-Hindu_marriage_ceremony_offering.jpg')
SMALLEST = 16  # pixels: one cell of the network's maps


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('images', nargs='*', metavar='IMAGE',
                        help='JPEG, PNG, WebP or BMP files (default: a sample is downloaded once)')
    parser.add_argument('--model', default=next(filter(os.path.exists, MODELS)), metavar='FILE',
                        help="a PoseNet (default: Google's 481x641 one, or until it is downloaded "
                             'the bundled 353x481 one: %(default)s)')
    parser.add_argument('--device', default='auto',
                        help='auto, cpu, edgetpu, edgetpu:N, usb or pci (default: %(default)s)')
    parser.add_argument('--threshold', type=float, default=0.4, metavar='SCORE',
                        help='leave out poses that score less, 0 to 1 (default: %(default)s)')
    parser.add_argument('--output', metavar='FILE',
                        help='write the picture with skeletons; of several pictures, into a folder')
    parser.add_argument('--json', action='store_true',
                        help='print the poses as JSON, a line a picture')
    parser.add_argument('--version', action='version', version=__version__)
    args = parser.parse_args()
    if not 0 <= args.threshold <= 1:
        parser.error(f'--threshold must be 0 to 1, got {args.threshold:g}')
    if len(args.images) > 1 and args.output and not os.path.isdir(args.output):
        parser.error(f'--output of several images must be a folder, got {args.output}')

    if args.model == MODELS[1]:
        print("Google's models are not here (python3 models/download.py fetches them); taking the "
              'bundled one', file=sys.stderr)

    status = 0
    try:
        engine = PoseEngine(args.model, device=args.device)
        for path in args.images or [sample_image()]:
            try:
                image = open_image(path)
            except (OSError, ValueError) as error:
                print(f'error: {error}', file=sys.stderr)
                status = 1
                continue
            poses, inference_time = engine.DetectPosesInImage(image)
            poses = [pose for pose in poses if pose.score >= args.threshold]
            if args.output:
                save(args.output, path, image, poses)
            if args.json:
                print(json.dumps([to_json(pose) for pose in poses]))
            else:
                print(f'Inference time: {inference_time * 1000:.0f} ms')
                print_poses(poses)
    except (EngineError, OSError, ValueError) as error:
        parser.exit(1, f'error: {error}\n')
    return status


def open_image(path: str) -> Image.Image:
    """Opens a picture upright, as RGB. Raises OSError or ValueError in a line with the path."""
    with warnings.catch_warnings():
        warnings.simplefilter('error', Image.DecompressionBombWarning)
        try:
            image = Image.open(path, formats=['JPEG', 'PNG', 'WEBP', 'BMP'])
            if min(image.size) < SMALLEST:
                raise ValueError(f'it has {image.width}x{image.height} pixels, '
                                 f'need {SMALLEST}x{SMALLEST} or more')
            return ImageOps.exif_transpose(image).convert('RGB')
        except UnidentifiedImageError:
            raise ValueError(f'{path}: no JPEG, PNG, WebP or BMP picture')
        except (Image.DecompressionBombError, Image.DecompressionBombWarning):
            raise ValueError(f'{path}: more than {Image.MAX_IMAGE_PIXELS} pixels')
        except (OSError, SyntaxError, ValueError) as error:  # Pillow has all of them
            raise ValueError(f'{path}: {getattr(error, "strerror", None) or error}')


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


def to_json(pose: Pose) -> Dict[str, Any]:
    """A pose in the convention of the PoseNet models: parts in camelCase, in the order of ids."""
    return {'score': pose.score,
            'keypoints': [{'part': camel_case(part), 'score': keypoint.score,
                           'position': {'x': keypoint.point.x, 'y': keypoint.point.y}}
                          for part, keypoint in pose.keypoints.items()]}


def camel_case(part: KeypointType) -> str:
    first, *others = part.name.lower().split('_')
    return first + ''.join(map(str.capitalize, others))


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
