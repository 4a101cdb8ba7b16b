"""Shows the people in front of a camera as skeletons, live.

examples:
  python3 pose_camera.py
  python3 pose_camera.py samples/three_people.mp4 --loop
  python3 pose_camera.py samples/three_people.mp4 --output skeletons.mp4
  python3 pose_camera.py --serve 8080              # a board without a screen: look with a browser
  python3 pose_camera.py --videosrc rtsp://camera/stream --log visit.jsonl --headless
  python3 pose_camera.py --videosrc 0 --videosrc rtsp://hall/stream   # several cameras, one network
  python3 pose_camera.py visit.jsonl               # the same again, from its log
  python3 pose_camera.py --activities fall --on-event 'notify-send "{event}: {id}"'
  python3 pose_camera.py --publish osc://127.0.0.1:9527     # for TouchDesigner, Max
  python3 pose_camera.py --mask blur               # with a BodyPix: people without their looks
"""
import argparse
import contextlib
import itertools
import os
import sys
import time
from collections import deque
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple, Union

from pose_engine import PoseEngine
from posesuite import script
from posesuite.activities import ActivityWatch, add_activity_options, check_activity_options
from posesuite.camera import Camera, Cameras, add_camera_options, files_of
from posesuite.display import (
    MASKS,
    Display,
    add_display_options,
    black,
    draw_affinity,
    draw_heatmap,
    draw_mask,
)
from posesuite.engine import add_engine_options, open_engine
from posesuite.errors import DeviceFault
from posesuite.pose import (
    BY_JSON_NAME,
    FURTHER_PARTS,
    Frame,
    KeypointType,
    People,
    PeopleFinder,
    PoseLog,
)
from posesuite.publish import Publishers, add_publish_options, check_publish_options

import numpy as np

# A frame, perhaps with a fault now, its people, what they do, and the network's seconds.
Look = Tuple[Frame, People, Dict[int, List[str]], float]


def main() -> int:
    return script.run(demo, parse_args())


def demo(args: argparse.Namespace) -> None:
    with ActivityWatch.from_args(args, rule_areas(args.areas)):
        pass  # What is wrong with files of activities is said before a network is loaded.
    with script.stopped_by_signals(Cameras.from_args(args)) as cameras:
        engine = None if cameras.has_poses else open_engine(
            PoseEngine, args, cameras.size, masks=bool(args.mask),
            tracking=not cameras.pictures and len(cameras.each) == 1)
        ids, rate = itertools.count(1), Rate(engine.family if engine else '')
        with script.all_of([watch(args, camera, suffix, engine, ids) for camera, suffix in zip(
                cameras.each, suffixes(len(cameras.each)))]) as looks, \
                Display.from_args(args, 'pose_camera', cameras) as display:
            for frame in cameras:
                frame, people, labels, inference_time = looks[frame.camera](frame)
                was_looked_at = frame.people is None
                try:
                    if was_looked_at:
                        frame = frame._replace(image=explained(frame.image, engine, args))
                except DeviceFault:  # it has gone since, as the next frame will say
                    was_looked_at = False
                if args.skeleton_only or args.mask and not was_looked_at:
                    frame = black(frame)
                text = rate.line(inference_time, len(people), frame.camera)
                if not display.show(frame, people, text, labels=labels):
                    break


@contextlib.contextmanager
def watch(args: argparse.Namespace, camera: Camera, suffix: str, engine: Optional[PoseEngine],
          ids: Iterator[int]) -> Iterator[Callable[[Frame], Look]]:
    """What looks at the frames of one camera, and writes and publishes what is there.

    suffix: to tell several cameras apart. ids: the numbers of people, which all cameras share.
    """
    model, path = engine and engine.model_path, log_path(args.log, suffix)
    with ActivityWatch.from_args(args, rule_areas(args.areas)) as activities, \
            PoseLog(path, camera.source, model, camera.fps) as log, \
            Publishers.from_args(args, kinds=activities.kinds, camera=suffix) as publishers:
        finder = PeopleFinder(engine, args.threshold, smooth=args.smooth, ids=ids,
                              lying=activities.lying)

        def look(frame: Frame) -> Look:
            frame, people, _, inference_time = finder.find(frame)
            labels, events = activities.update(frame, people)
            log.write(frame, people, events)
            publishers.publish(frame, people, events)
            return frame, people, labels, inference_time

        yield look


def suffixes(count: int) -> List[str]:
    """What tells cameras apart: '-1', '-2' and so on; '' for a single one."""
    return [f'-{number}' for number in range(1, count + 1)] if count > 1 else ['']


def log_path(path: Optional[str], suffix: str) -> Optional[str]:
    """The log of one of several cameras: hall-2.jsonl for hall.jsonl."""
    return path and suffix.join(os.path.splitext(path))


def explained(image: np.ndarray, engine: PoseEngine, args: argparse.Namespace) -> np.ndarray:
    """The engine's last image with the mask, the heatmap and the vectors that are asked for."""
    if args.mask:
        image = draw_mask(image, engine.GetMask(), args.mask)
    if args.heatmap is not None:
        image = draw_heatmap(image, engine.GetHeatmap(args.heatmap))
    if args.affinity:
        image = draw_affinity(image, engine.GetAffinity(args.affinity))
    return image


def rule_areas(path: Optional[str]) -> List[Any]:
    """The areas of an areas.json; none without a file."""
    if path is None:
        return []
    from posesuite.visits import read_live_plan  # which takes a moment to import
    return read_live_plan(path, None).areas


class Rate:
    """A network's mean time and the frames per second, over about the last 30 frames.

    network: its name.
    """

    def __init__(self, network: str) -> None:
        self._network = network
        self._counts: Dict[int, int] = {}  # of people, by camera
        self._times = deque([time.monotonic()], maxlen=31)
        self._inference_times = deque(maxlen=30)

    def line(self, inference_time: float, count: int, camera: int = 0) -> str:
        """The text of a frame, such as '2 people, 30.0 frames a second, PoseNet 14.0 ms'.

        inference_time: in seconds, 0 if no network ran, as for a pose log or a lost camera.
        count: the number of people before the camera; the text has that of all cameras.
        """
        self._times.append(time.monotonic())
        fps = (len(self._times) - 1) / max(1e-6, self._times[-1] - self._times[0])
        self._counts[camera] = count
        count = sum(self._counts.values())
        people = {0: 'nobody', 1: '1 person'}.get(count, f'{count} people')
        text = f'{people}, {fps:.1f} frames a second'
        if not inference_time:
            return text
        self._inference_times.append(inference_time)
        mean = sum(self._inference_times) / len(self._inference_times)
        return f'{text}, {self._network} {mean * 1000:.1f} ms'


def parse_args() -> argparse.Namespace:
    parser = script.parser(__doc__)
    add_camera_options(parser, several=True)
    add_engine_options(parser)
    add_display_options(parser)
    add_activity_options(parser)
    add_publish_options(parser)
    parser.add_argument('--areas', metavar='AREAS.json', help='areas that rules of --activities '
                        'may name, as anonymizer.py --edit-areas draws them')
    parser.add_argument('--log', metavar='FILE.jsonl', help='write the poses of every frame')
    parser.add_argument('--smooth', action='store_true',
                        help='steady the keypoints with a One Euro filter')
    parser.add_argument('--skeleton-only', action='store_true',
                        help='draw on black instead of the picture')
    parser.add_argument('--mask', nargs='?', choices=MASKS, const=MASKS[0],
                        help='paint or blur people, or all but people, with a BodyPix (default '
                             'without a value: %(const)s)')
    parser.add_argument('--heatmap', type=part, metavar='PART',
                        help="overlay the network's heatmap of a keypoint, such as leftWrist, or, "
                             'with an OpenPose, of another part, such as neck')
    parser.add_argument('--affinity', metavar='BONE',
                        help='overlay the vectors that an OpenPose sees along a bone, such as '
                             'leftElbow-leftWrist')
    args = parser.parse_args()
    check_activity_options(parser, args)
    check_publish_options(parser, args)
    sources = args.videosrc or []
    logs = [log_path(args.log, suffix) for suffix in suffixes(len(sources))]
    script.refuse_overwriting(parser, [args.output, *logs], [
        *(file for source in sources for file in files_of(source)), *args.activities, args.areas])
    return args


def part(name: str) -> Union[KeypointType, str]:
    """An argument that names a keypoint, such as leftWrist or LEFT_WRIST, or a further part."""
    if name in FURTHER_PARTS:
        return name
    found = BY_JSON_NAME.get(name, KeypointType.__members__.get(name.upper()))
    if found is None:
        raise argparse.ArgumentTypeError(
            f"must be one of {', '.join(BY_JSON_NAME)}, or, with an OpenPose, of "
            f"{', '.join(FURTHER_PARTS)}, got {name}")
    return found


if __name__ == '__main__':
    sys.exit(main())
