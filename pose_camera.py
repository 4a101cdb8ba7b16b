"""Shows the people in front of a camera as skeletons, live.

examples:
  python3 pose_camera.py
  python3 pose_camera.py --videosrc samples/three_people.mp4 --output skeletons.mp4
  python3 pose_camera.py --serve 8080              # a board without a screen: look with a browser
  python3 pose_camera.py --videosrc rtsp://camera/stream --log visit.jsonl --headless
  python3 pose_camera.py --videosrc visit.jsonl    # the same again, from its log
"""
import argparse
import sys
import time
from collections import deque

import numpy as np

from camera import Camera, CameraError, add_camera_options
from display import Display, DisplayError, add_display_options
from overlay import draw_heatmap
from pose_engine import EngineError, KeypointType, PoseEngine, __version__
from pose_log import PARTS, PoseLog
from pose_runtime import add_engine_options, default_model
from pose_tracker import PoseTracker


def main() -> int:
    args = parse_args()
    try:
        with Camera(args) as camera:
            run(args, camera)
    except (CameraError, DisplayError, EngineError, OSError, ValueError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    return 0


def run(args: argparse.Namespace, camera: Camera) -> None:
    engine = None  # a pose log needs none
    if not camera.has_poses:
        engine = PoseEngine(args.model or default_model(args.res), device=args.device)
    tracker, rate = PoseTracker(smooth=args.smooth), Rate()
    with PoseLog(args.log, camera.source, engine and engine.model_path, camera.fps) as log, \
            Display(args, 'pose_camera', fps=camera.fps) as display:
        for frame in camera:
            people, inference_time = frame.people, 0.0
            if people is None:
                poses, inference_time = engine.DetectPosesInImage(frame.image)
                people = tracker.update([pose for pose in poses if pose.score >= args.threshold],
                                        frame.time)
            log.write(frame, people)
            if args.heatmap is not None and frame.people is None:
                frame = frame._replace(
                    image=draw_heatmap(frame.image, engine.GetHeatmap(args.heatmap)))
            if args.skeleton_only:
                frame = frame._replace(image=np.zeros_like(frame.image))
            if not display.show(frame, people, rate.line(inference_time, len(people))):
                break


class Rate:
    """What the network takes and how many frames are shown, over the last second or so."""

    def __init__(self) -> None:
        self._times = deque([time.monotonic()], maxlen=31)
        self._inference_times = deque(maxlen=30)

    def line(self, inference_time: float, count: int) -> str:
        """The text of a frame: its network's time in seconds, and its count of people."""
        self._times.append(time.monotonic())
        self._inference_times.append(inference_time)
        mean = sum(self._inference_times) / len(self._inference_times)
        fps = (len(self._times) - 1) / (self._times[-1] - self._times[0])
        return (f'PoseNet: {mean * 1000:.1f}ms ({1 / max(mean, 1e-4):.1f} fps) '
                f'TrueFPS: {fps:.2f} Nposes {count}')


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    add_camera_options(parser)
    add_engine_options(parser)
    add_display_options(parser)
    parser.add_argument('--log', metavar='FILE.jsonl', help='write the poses of every frame')
    parser.add_argument('--smooth', action='store_true',
                        help='steady the keypoints (One Euro filter)')
    parser.add_argument('--skeleton-only', action='store_true',
                        help='draw on black, without the picture')
    parser.add_argument('--heatmap', type=part, metavar='PART',
                        help='lay over the picture what the network sees of a part, as leftWrist')
    parser.add_argument('--version', action='version', version=__version__)
    return parser.parse_args()


def part(name: str) -> KeypointType:
    """An argument that names a part, as leftWrist or LEFT_WRIST."""
    found = PARTS.get(name) or KeypointType.__members__.get(name.upper())
    if found is None:
        raise argparse.ArgumentTypeError(f"must be one of {', '.join(PARTS)}, got {name}")
    return found


if __name__ == '__main__':
    sys.exit(main())
