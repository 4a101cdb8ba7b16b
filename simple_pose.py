"""Finds the people in pictures and prints their poses.

examples:
  python3 simple_pose.py
  python3 simple_pose.py samples/couple.jpg --output skeletons.png
  python3 simple_pose.py samples/*.jpg --json > poses.jsonl
  python3 simple_pose.py samples/*.jpg --activities sitting --activities standing
  python3 simple_pose.py --model list              # which networks there are
"""
import argparse
import glob
import json
import logging
import os
import signal
import sys
from typing import Any, Dict, List, Optional, Sequence

from pose_engine import PoseEngine
from posesuite import script
from posesuite.activities import ActivityWatch, add_activity_options, check_activity_options
from posesuite.camera import CameraError, open_image, shown
from posesuite.display import drawing_paths, four_panels, save_drawing, save_picture
from posesuite.engine import add_engine_options, open_engine
from posesuite.errors import DeviceFault
from posesuite.files import check_outputs, command, own_file, user_folder
from posesuite.pose import Pose, pose_as_json
from posesuite.transfer import download

import numpy as np

LOGGER = logging.getLogger('posesuite')
SAMPLE_URL = ('https://upload.wikimedia.org/wikipedia/commons/thumb/3/38/'
              'Hindu_marriage_ceremony_offering.jpg/640px-Hindu_marriage_ceremony_offering.jpg')


def main() -> int:
    if hasattr(signal, 'SIGPIPE'):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` ends it quietly
    return script.run(demo, parse_args())


def demo(args: argparse.Namespace) -> int:
    with ActivityWatch.from_args(args) as activities:
        return find_all(args, activities)


def find_all(args: argparse.Namespace, activities: ActivityWatch) -> int:
    pictures, status = args.images or [sample_image()], 0
    outputs = drawing_paths(pictures, args.output) if args.output else [''] * len(pictures)
    sheets = drawing_paths(pictures, args.explain) if args.explain else [''] * len(pictures)
    check_outputs(filter(None, [*outputs, *sheets]))
    engine = None
    for picture, output, sheet in zip(pictures, outputs, sheets):
        poses, labels, inference_time, problem = None, {}, 0.0, ''
        try:
            image = open_image(picture)
            # The first picture decides on the model, if the user does not.
            engine = engine or open_engine(PoseEngine, args, image.size)
            poses, inference_time = engine.DetectPosesInImage(image)
            poses = [pose for pose in poses if pose.score >= args.threshold]
            labels, events = activities.still(dict(enumerate(poses)), image.size)
            activities.run(events)
            if output:
                save_drawing(output, image, poses, labels)
            if sheet:
                save_picture(sheet, four_panels(np.array(image), poses, engine.GetHeatmap(None),
                                                engine.GetAffinity(None)))
        except (CameraError, DeviceFault, OSError) as error:
            problem, status = str(error), 1
            LOGGER.error('%s', error)
        name = picture if os.path.lexists(picture) else shown(picture)  # it may be an address
        name = name if len(pictures) > 1 else ''
        try:
            if args.json:
                print(as_json(poses, name, problem, labels), flush=True)
            else:
                print_table(poses, inference_time, shown(name), labels)
        except OSError as error:
            raise OSError(f'cannot write to standard output: {error.strerror}')
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


def as_json(poses: Optional[List[Pose]], name: str, problem: str,
            labels: Dict[int, Sequence[str]]) -> str:
    """The line of a picture: its poses, null if it has none because it could not be read.

    With a name, as one of several pictures, it is an object of that name and the poses. labels:
    what people do, by the numbers of their poses; {} if nobody asked.
    """
    found: Any = None if poses is None else [
        dict(pose_as_json(pose), **({'activities': labels[i]} if i in labels else {}))
        for i, pose in enumerate(poses)]
    if name:
        found = {'image': name, 'poses': found, **({'error': problem} if problem else {})}
    return json.dumps(found)


def print_table(poses: Optional[List[Pose]], inference_time: float, name: str,
                labels: Dict[int, Sequence[str]]) -> None:
    """Prints a picture's keypoints; name: heads them, if it is one of several pictures; labels: as
    of as_json.
    """
    if name:
        print(name if poses is not None else f'{name}: no poses, it could not be read')
    if poses is not None:
        print(f'Inference time: {inference_time * 1000:.0f} ms')
    for i, pose in enumerate(poses or []):
        print('\nPose Score: ', pose.score)
        if i in labels:
            print('Activities: ', ', '.join(labels[i]) or 'none')
        for label, keypoint in pose.keypoints.items():
            print('  %-20s x=%-4d y=%-4d score=%.1f' % (
                label, keypoint.point[0], keypoint.point[1], keypoint.score))
    print(end='\n' * bool(name), flush=True)


def parse_args() -> argparse.Namespace:
    parser = script.parser(__doc__)
    parser.add_argument('images', nargs='*', metavar='IMAGE',
                        help='JPEG, PNG, WebP, TIFF and other pictures (default: a sample is '
                             'downloaded once)')
    parser.add_argument('--output', metavar='FILE',
                        help='write the picture with skeletons; of several pictures, into a folder')
    parser.add_argument('--explain', metavar='FILE.png',
                        help='write what an OpenPose sees in four panels: the people, the heatmap, '
                             'and the affinity vectors in x and in y; of several pictures, into '
                             'a folder')
    parser.add_argument('--json', action='store_true',
                        help='print a line of JSON for each picture: a list of poses, or, of '
                             'several pictures, {"image": ..., "poses": [...]}')
    add_engine_options(parser)
    add_activity_options(parser)
    args = parser.parse_args()
    check_activity_options(parser, args)
    for option, path in (('--output', args.output), ('--explain', args.explain)):
        if len(args.images) > 1 and path and not os.path.isdir(path):
            parser.error(f'{option} of several pictures must be a folder that exists, got {path}')
    if args.explain and args.output and (
            os.path.realpath(args.explain) == os.path.realpath(args.output)):
        parser.error(f'--explain and --output must differ, got {args.output} twice')
    return args


if __name__ == '__main__':
    sys.exit(main())
