r"""How well the tracker distinguishes people and steadies them, on made clips with known tracks.

examples:
  python3 benchmarks/tracker.py
  python3 benchmarks/tracker.py --seeds 1000 1200
  python3 benchmarks/tracker.py --shake 10
  python3 benchmarks/tracker.py --model \
    models/rendered/posenet_rendered_mobilenet_v1_075_353_481_quant_decoder.tflite

The clips are those of tests/walkers.py: stick figures who cross, seen by an imitated network.
--model runs the tracker behind a real network on samples/*.mp4 instead.

  crossings  two people's torsos within half a torso of each other in the picture
  switches   a person gets an id that another one had
  fragments  a person gets a new id though they were seen within the last second
"""
import argparse
import os
import sys
from typing import List, Optional

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.path[:0] = [ROOT, os.path.join(ROOT, 'tests')]

from pose_engine import PoseEngine  # noqa: E402
from posesuite.pose.log import read_log  # noqa: E402
from posesuite.pose.tracker import PoseTracker  # noqa: E402
from tracking import evaluate, id_of, mistakes, steadiness  # noqa: E402
from walkers import THRESHOLD, Truth  # noqa: E402

import cv2  # noqa: E402
import numpy as np  # noqa: E402


def real_clip(engine: PoseEngine, name: str) -> List[Truth]:
    """The poses that a network finds in a clip of samples/, and the person of each by its log."""
    video = cv2.VideoCapture(os.path.join(ROOT, 'samples', name + '.mp4'))
    clip = []
    for frame in read_log(os.path.join(ROOT, 'samples', name + '.jsonl'))[1]:
        image = cv2.cvtColor(video.read()[1], cv2.COLOR_BGR2RGB)
        poses = [pose for pose in engine.DetectPosesInImage(image)[0] if pose.score > THRESHOLD]
        people = {id: np.array([k.point for k in pose.keypoints.values()])
                  for id, pose in frame.people.items()}
        owners: List[Optional[int]] = []
        for pose in poses:
            points = np.array([k.point for k in pose.keypoints.values()])
            gaps = {id: np.median(np.hypot(*(points - own).T)) / np.hypot(*np.ptp(own, axis=0))
                    for id, own in people.items() if id not in owners}
            best = min(gaps, key=gaps.get, default=None)
            owners.append(best if best is not None and gaps[best] < .12 else None)
        points = np.array([people.get(id, np.full((17, 2), np.nan)) for id in range(3)])
        clip.append(Truth(frame.time, points, poses, owners))
    return clip


def real_jitter(clip: List[Truth], smooth: bool) -> float:
    """Pixels from frame to frame that keypoints move and people do not."""
    tracker, last, moves = PoseTracker(smooth), {}, []
    for frame in clip:
        for pose in tracker.update(frame.poses, frame.time).values():
            owner = next((o for p, o in zip(frame.poses, frame.owners)
                          if o is not None and id_of(p) == id_of(pose)), None)
            if owner is not None:
                off = np.array([k.point for k in pose.keypoints.values()]) - frame.points[owner]
                if owner in last:
                    moves.append(np.hypot(*(off - last[owner]).T).mean())
                last[owner] = off
    return float(np.mean(moves))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--seeds', nargs=2, type=int, default=[1000, 1030], metavar=('FROM', 'TO'),
                        help='a clip of each count of people for each (default: 1000 1030; '
                             'the tracker was set by 0 40)')
    parser.add_argument('--shake', type=float, default=0.0, metavar='PIXELS',
                        help='the camera shakes by this much from frame to frame, and turns and '
                             'zooms a little (default: 0)')
    parser.add_argument('--model', metavar='FILE',
                        help='measure a network on samples/*.mp4 instead')
    args = parser.parse_args()
    if args.model:
        engine = PoseEngine(args.model)
        print(f'{"clip":14}{"switches":>9}{"fragments":>10}{"jitter px":>11}{"smoothed":>9}')
        for name in ('two_crossing', 'in_and_out', 'three_people', 'one_person'):
            clip = real_clip(engine, name)
            switches, fragments = mistakes(clip, PoseTracker())
            print(f'{name:14}{switches:9}{fragments:10}{real_jitter(clip, False):11.2f}'
                  f'{real_jitter(clip, True):9.2f}')
        return
    print(f'{"people":7}{"crossings":>10}{"switches":>9}{"fragments":>10}{"switches in 50":>15}')
    results = evaluate(range(*args.seeds), args.shake)
    for count, (met, switches, fragments) in [*results.items(), ('all', sum(results.values()))]:
        print(f'{count!s:7}{met:10}{switches:9}{fragments:10}{50 * switches / met:15.2f}')
    print(f'\n{"":9}{"fps":>4}{"jitter px":>11}{"lag ms":>8}{"overshoot px":>14}')
    for rate in (30, 15):
        for smooth in (False, True):
            jitter, lag, overshoot = np.mean(
                [steadiness(seed, smooth, rate) for seed in range(*args.seeds)[:20]], axis=0)
            print(f'{"smoothed" if smooth else "as it is":9}{rate:4}{jitter:11.2f}{lag:8.0f}'
                  f'{overshoot:14.1f}')


if __name__ == '__main__':
    main()
