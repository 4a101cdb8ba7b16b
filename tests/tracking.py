"""How well a tracker distinguishes walkers and steadies them."""
from typing import Dict, List, Tuple

from posesuite.pose.pose import Pose
from posesuite.pose.tracker import PoseTracker
from walkers import BODY, Network, Truth, make_clip, project, shaken

import numpy as np


def evaluate(seeds: range, shake: float = 0.0) -> Dict[int, np.ndarray]:
    """Crossings, switches and fragments by count of people; shake: of the camera, in pixels."""
    return {count: sum(np.array((met, *mistakes(
        shaken(clip, seed, shake) if shake else clip, PoseTracker()))) for seed, (clip, met) in (
            (seed, make_clip(seed * 10 + count, count)) for seed in seeds))
            for count in (2, 3, 4, 5)}


def mistakes(clip: List[Truth], tracker: PoseTracker) -> Tuple[int, int]:
    """Switches and fragments."""
    had: Dict[int, int] = {}  # person -> id
    seen: Dict[int, float] = {}  # person -> when
    taken: Dict[int, int] = {}  # id -> person
    switches = fragments = 0
    for frame in clip:
        by_pose = {id_of(pose): id for id, pose in tracker.update(frame.poses, frame.time).items()}
        for pose, person in zip(frame.poses, frame.owners):
            if person is None:
                continue
            id = by_pose[id_of(pose)]
            if had.get(person, id) != id and frame.time - seen[person] <= 1:
                if taken.get(id, person) != person:
                    switches += 1
                else:
                    fragments += 1
            had[person], seen[person], taken[id] = id, frame.time, person
    return switches, fragments


def id_of(pose: Pose) -> Tuple[float, ...]:
    """A value that distinguishes the poses of a frame, smoothed or not."""
    return tuple(k.score for k in pose.keypoints.values())


def steadiness(seed: int, smooth: bool, rate: int = 30) -> Tuple[float, float, float]:
    """Of someone who stands 4 m away for 4 s, then waves for 4 s at 1.5 Hz, then reaches out.

    Returns (jitter, lag, overshoot): pixels that a still keypoint moves from frame to frame;
    milliseconds by which the waving wrist is late; pixels by which the reaching one goes too far.
    """
    rng = np.random.default_rng(seed)
    times = np.arange(0, 12, 1 / rate)
    hand = np.where(times < 4, 0, .25 * np.sin(2 * np.pi * 1.5 * (times - 4)))
    share = ((times - 9) / .3).clip(0, 1)  # half a metre in 0.3 s, as arms do: least jerk
    hand = np.where(times < 8, hand, .5 * share ** 3 * (10 - 15 * share + 6 * share ** 2))
    network, tracker = Network(rng), PoseTracker(smooth)
    truth, output = [], []
    for time, x in zip(times, hand):
        body = BODY + (0, 0, 4)
        body[9, 0] += x
        points = project(body)
        pose = network.look(points, np.zeros(17, bool), None, 1 / rate, 0, False)
        truth.append(points)
        people = tracker.update([pose] if pose else [], float(time))
        output.append([k.point for k in next(iter(people.values())).keypoints.values()]
                      if people else np.full((17, 2), np.nan))
    truth, output = np.array(truth), np.array(output)
    still = output[(times > 1) & (times < 4)]
    jitter = np.nanmean(np.hypot(*np.moveaxis(np.diff(still, axis=0), -1, 0)))
    wrist, true_wrist = output[:, 9, 0], truth[:, 9, 0]
    wave = (times > 4.5) & (times < 8) & ~np.isnan(wrist)

    def error(lag: float) -> float:  # the slow part of the noise is no lag
        return float(np.std(wrist[wave] - np.interp(times[wave] - lag, times, true_wrist)))

    lag = min(np.arange(-.05, .2, .001), key=error)
    before, after = wrist[(times > 8.7) & (times < 9)], wrist[(times > 9.6)]
    reach = wrist[(times > 9) & (times < 9.6)]
    sign = np.sign(np.nanmean(after) - np.nanmean(before))
    overshoot = max(0.0, float(np.nanmax(sign * (reach - np.nanmean(after)))))
    return float(jitter), lag * 1000, overshoot
