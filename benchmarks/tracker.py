r"""How well pose_tracker.py tells people apart and steadies them, on made clips with known tracks.

examples:
  python3 benchmarks/tracker.py
  python3 benchmarks/tracker.py --seeds 1000 1200
  python3 benchmarks/tracker.py --model \
    models/rendered/posenet_rendered_mobilenet_v1_075_353_481_quant_decoder.tflite

Stick figures walk through a room and cross before a camera; what a network makes of them is
imitated: keypoints off by a slow and a quick part, single ones far off, left and right swapped
in profile, limbs of whoever stands in front, people that are missed while they are hidden or for
no reason, ghosts, frames dropped. Half of those who are farther away in a crossing are not found
for up to another second. Its numbers were measured with Google's 353x481 model and the bundled one
on samples/*.mp4 and their exact logs; --model runs the tracker behind a network on those clips.

  crossings  two people's torsos within half a torso of each other in the picture
  switches   a person gets an id that another one had
  fragments  a person gets a new id though they were seen within the last second
"""
import argparse
import os
import sys
from typing import Dict, List, NamedTuple, Optional, Tuple

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))

from posesuite.pose.pose import Keypoint, Point, Pose  # noqa: E402
from posesuite.pose.skeleton import KEYPOINT_TYPES  # noqa: E402
from posesuite.pose.tracker import PoseTracker  # noqa: E402

WIDTH, HEIGHT, FOCAL = 640, 480, 620.0  # pixels, as in samples/
NMS_RADIUS = 27.0  # pixels: 20 of a network that is 481 wide
THRESHOLD = 0.4  # as the demos'
CAMERA = 1.4  # metres above the floor
NEAREST = 1.2  # metres before it
SWING = .45  # radians of a leg
APART = .5  # metres that people keep from each other
# A body that stands and looks ahead, 1.7 m tall: to its right, up, ahead, in metres.
BODY = np.array([(0, 1.55, .12), (.03, 1.59, .09), (-.03, 1.59, .09), (.08, 1.57, 0),
                 (-.08, 1.57, 0), (.18, 1.38, 0), (-.18, 1.38, 0), (.23, 1.1, 0), (-.23, 1.1, 0),
                 (.25, .86, .04), (-.25, .86, .04), (.1, .92, 0), (-.1, .92, 0), (.1, .5, 0),
                 (-.1, .5, 0), (.1, .08, 0), (-.1, .08, 0)]) * (-1, 1, 1)
SWAPPED = [0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15]
ARMS, LEGS = [5, 6, 7, 8, 9, 10], [11, 12, 13, 14, 15, 16]
# What hides those behind it: bones and their radius in metres.
BONES = [(0, 0, .12), (5, 6, .09), (5, 11, .12), (6, 12, .12), (11, 12, .14), (5, 7, .06),
         (7, 9, .05), (6, 8, .06), (8, 10, .05), (11, 13, .09), (13, 15, .07), (12, 14, .09),
         (14, 16, .07)]

# Measured on samples/ by the exact logs, in shares of the diagonal of a person's box.
SLOW = np.array([.01] * 5 + [.017] * 2 + [.025] * 4 + [.019] * 2 + [.025] * 2 + [.038] * 2)[:, None]
SLOW_TIME = 2.0  # seconds after which this error is another
QUICK_STILL, QUICK_MOVING = .0016, .006  # standard deviations of one frame's error
FAR, FAR_TIME = .15, .12  # of one on something else, of someone who walks; and for how long
# How often a second that is, by keypoint.
FAR_RATE = np.array([.03] * 7 + [.25] * 2 + [.9] * 2 + [.04] * 2 + [.5] * 2 + [1.6] * 2)
SWAP_RATE, SWAP_TIME = 1.3, .25  # left and right in profile: how often a second, for how long


class Truth(NamedTuple):
    """One frame: what is there and what the network said."""
    time: float
    points: np.ndarray  # [person, 17, xy], pixels
    poses: List[Pose]
    owners: List[Optional[int]]  # who each pose is; None: nobody


class Person:
    """Walks nearly in a line through the middle of the room; all arrays are over frames."""

    def __init__(self, rng: np.random.Generator, times: np.ndarray) -> None:
        x, z, when = rng.normal(0, .6), rng.uniform(3, 7.5), times[0] + 4 + rng.normal(0, .7)
        speed, heading = rng.uniform(.5, 1.6), rng.uniform(0, 2 * np.pi)  # metres a second
        self.body = BODY * rng.uniform(.9, 1.12) * rng.normal(1, .03, (1, 3))
        wobble = 1 + rng.uniform(0, .15) * np.sin(times * rng.uniform(1, 4) + rng.uniform(0, 6))
        along = np.cumsum(np.gradient(times) * speed * wobble)
        along -= np.interp(when, times, along)
        self.heading = heading + rng.normal(0, .06) * along
        self.x = x + along * np.sin(self.heading)
        self.z = z + along * np.cos(self.heading)
        self.phase = along / .7 * np.pi + rng.uniform(0, 6)

    def joints(self) -> np.ndarray:
        """In the room, [frame, 17, xyz]; the camera is at (0, CAMERA, 0) and looks along z."""
        joints = np.tile(self.body, (len(self.x), 1, 1))
        for side, sign in ((0, 1), (1, -1)):
            swing = sign * SWING * np.sin(self.phase)
            for knee, ankle, root, share in ((13, 15, 11, 1), (7, 9, 5, -.8)):
                for part in (knee + side, ankle + side):
                    length = self.body[root + side, 1] - self.body[part, 1]
                    bend = .3 * SWING * (part in (15, 16, 9, 10))  # of knees and elbows
                    reach = share * swing - np.sign(share) * bend * (1 + np.sin(self.phase * sign))
                    joints[:, part, 2] += length * np.sin(reach)
                    joints[:, part, 1] = self.body[root + side, 1] - length * np.cos(reach)
        sin, cos = np.sin(self.heading)[:, None], np.cos(self.heading)[:, None]
        x = joints[..., 0] * cos + joints[..., 2] * sin + self.x[:, None]
        z = -joints[..., 0] * sin + joints[..., 2] * cos + self.z[:, None]
        return np.stack([x, joints[..., 1], z], axis=-1)


def project(joints: np.ndarray) -> np.ndarray:
    depth = np.maximum(joints[..., 2], .3)
    return np.stack([WIDTH / 2 + FOCAL * joints[..., 0] / depth,
                     HEIGHT / 2 - FOCAL * (joints[..., 1] - CAMERA) / depth], axis=-1)


def hidden(points: np.ndarray, depth: float, other: np.ndarray, other_depth: float) -> np.ndarray:
    """Which of a person's points [17, xy] lie behind another person."""
    if depth < other_depth:
        return np.zeros(17, bool)
    result = np.zeros(17, bool)
    for a, b, radius in BONES:
        start, along = other[a], other[b] - other[a]
        share = ((points - start) @ along / max(along @ along, 1e-9)).clip(0, 1)
        gap = np.hypot(*(points - start - share[:, None] * along).T)
        result |= gap < radius * FOCAL / other_depth
    return result


class Network:
    """What a network makes of one person."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.slow = SLOW * rng.normal(size=(17, 2))
        self.far = np.zeros((17, 2))
        self.swapped = [False, False]  # arms, legs
        self.missing = 0.0

    def look(self, points: np.ndarray, hides: np.ndarray, thief: Optional[np.ndarray], dt: float,
             profile: float, moving: bool) -> Optional[Pose]:
        """points: [17, xy]; hides: which are hidden; thief: points of the person in front."""
        rng = self.rng
        size = np.hypot(*(points.max(axis=0) - points.min(axis=0)))
        keep = np.exp(-dt / SLOW_TIME)
        self.slow = keep * self.slow + SLOW * np.sqrt(1 - keep ** 2) * rng.normal(size=(17, 2))
        begins, ends = rng.random(17) < FAR_RATE * dt * moving, rng.random(17) < dt / FAR_TIME
        self.far[ends] = 0
        self.far[begins] = rng.normal(0, FAR, (int(begins.sum()), 2))
        for i in range(2):
            rate = 1 / SWAP_TIME if self.swapped[i] else SWAP_RATE * (profile > .7)
            self.swapped[i] ^= rng.random() < rate * dt
        outside = ((points < 0) | (points > (WIDTH - 1, HEIGHT - 1))).any(axis=1)
        seen = ~hides & ~outside
        # Measured: 12 of 17 keypoints and more are nearly always found, 8 hardly.
        if rng.random() > 1 / (1 + np.exp(-(seen.sum() - 9.5) * 1.2)):
            return None
        self.missing = self.missing - dt if self.missing > 0 else (
            rng.exponential(.1) if rng.random() < .1 * dt else 0)
        if self.missing > 0:
            return None
        quick = QUICK_MOVING if moving else QUICK_STILL
        noise = quick * rng.standard_t(3, (17, 2)) / np.sqrt(3)
        noisy = points + size * (self.slow + self.far + noise)
        scores = rng.beta(12, 1.5, 17)
        scores[self.far.any(axis=1)] *= rng.uniform(.3, 1)
        for part in np.flatnonzero(hides):
            scores[part] = rng.beta(1, 3)
            noisy[part] += size * rng.normal(0, .03, 2)
            if thief is not None and rng.random() < .4:
                noisy[part] = thief[part] + size * rng.normal(0, .01, 2)
                scores[part] = rng.uniform(.3, .9)
        scores[outside] = rng.beta(1, 8, outside.sum())
        order = np.arange(17)
        for swap, parts in zip(self.swapped, (ARMS, LEGS)):
            if swap:
                order[parts] = np.array(SWAPPED)[parts]
        noisy = noisy[order].clip(0, (WIDTH - 1, HEIGHT - 1))
        return as_pose(noisy, scores) if scores.mean() > .4 else None


def as_pose(points: np.ndarray, scores: np.ndarray) -> Pose:
    return Pose({part: Keypoint(Point(*point), score) for part, point, score in
                 zip(KEYPOINT_TYPES, points.tolist(), scores.tolist())}, float(scores.mean()))


def make_clip(seed: int, count: int) -> Tuple[List[Truth], int]:
    """A clip of eight seconds with `count` people that meet in it, and its count of crossings."""
    rng = np.random.default_rng(seed)
    rate = rng.choice([10, 15, 30])
    times = np.arange(0, 8, 1 / rate)
    times = times[rng.random(len(times)) > .02] + rng.uniform(0, 2)
    people: List[Person] = []
    while len(people) < count:
        person = Person(rng, times)
        if all(np.hypot(person.x - other.x, person.z - other.z).min() > APART for other in people):
            people.append(person)
    joints = np.stack([person.joints() for person in people], axis=1)  # [frame, person, 17, xyz]
    points, depth = project(joints), joints[..., 2].mean(axis=2)
    points[depth < NEAREST] = -1e4
    networks = [Network(np.random.default_rng((seed, i))) for i in range(count)]
    gone = np.zeros((len(times), count), bool)  # in half of the crossings, for up to a second
    for i, j, frame in crossings(points, depth):
        if rng.random() < .5:
            gone[:, i if depth[frame, i] > depth[frame, j] else j] |= (
                np.abs(times - times[frame]) < rng.uniform(0, .5))
    ghost = project(BODY + (0, 0, rng.uniform(4, 7))) + (rng.uniform(-250, 250), 0)
    ghostly = rng.random() < .15
    clip, before = [], times[0] - 1 / rate
    for frame, time in enumerate(times):
        poses, owners = [], []
        for i in range(count):
            hides, thief = np.zeros(17, bool), None
            for j in range(count):
                if i != j and depth[frame, j] > NEAREST:
                    more = hidden(points[frame, i], depth[frame, i], points[frame, j],
                                  depth[frame, j])
                    hides |= more
                    if more.sum() > 3:
                        thief = points[frame, j]
            profile = abs(np.sin(people[i].heading[frame]))
            pose = depth[frame, i] >= NEAREST and networks[i].look(
                points[frame, i], hides, thief, time - before, profile, True)
            if pose and not gone[frame, i]:
                poses.append(pose)
                owners.append(i)
                if rng.random() < .003:  # twice
                    twice = np.array([k.point for k in pose.keypoints.values()])
                    poses.append(as_pose(twice + rng.normal(0, 8, twice.shape),
                                         rng.uniform(.2, .8, 17)))
                    owners.append(None)
        if ghostly and rng.random() < .7:
            poses.append(as_pose(ghost + rng.normal(0, 1, (17, 2)), rng.uniform(.3, .7, 17)))
            owners.append(None)
        kept = suppressed(poses)
        clip.append(Truth(float(time), points[frame], [poses[k] for k in kept],
                          [owners[k] for k in kept]))
        before = time
    return clip, len(crossings(points, depth))


def suppressed(poses: List[Pose]) -> List[int]:
    """Which poses the decoder keeps, by falling score: what has another's place does not count."""
    kept = []
    arrays = [np.array([(*k.point, k.score) for k in pose.keypoints.values()]) for pose in poses]
    for i in sorted(range(len(poses)), key=lambda i: -poses[i].score):
        own = np.ones(17, bool)
        for j in kept:
            own &= np.hypot(*(arrays[i] - arrays[j])[:, :2].T) > NMS_RADIUS
        if arrays[i][own, 2].sum() / 17 > THRESHOLD:
            kept.append(i)
    return kept


def crossings(points: np.ndarray, depth: np.ndarray) -> List[Tuple[int, int, int]]:
    """Pairs of people and the frame where their torsos are nearest in the picture.

    points: [frame, person, 17, xy]; depth: [frame, person] in metres.
    """
    top, bottom = (points[:, :, parts].mean(axis=2) for parts in ([5, 6], [11, 12]))
    centre, size = (top + bottom) / 2, np.hypot(*np.moveaxis(top - bottom, -1, 0))
    inside = ((centre > 0) & (centre < (WIDTH, HEIGHT))).all(axis=2) & (depth > NEAREST)
    found = []
    for i in range(points.shape[1]):
        for j in range(i):
            gap = np.hypot(*(centre[:, i] - centre[:, j]).T) / np.maximum(
                1, np.maximum(size[:, i], size[:, j]))
            gap[~(inside[:, i] & inside[:, j])] = 9
            # An episode: from when they come within half a torso until they are a whole one apart.
            frames = np.flatnonzero(gap < .5)
            while len(frames):
                apart = np.flatnonzero(gap[frames[0]:] > 1)
                end = frames[0] + apart[0] if len(apart) else len(gap)
                found.append((i, j, frames[0] + int(gap[frames[0]:end].argmin())))
                frames = frames[frames >= end]
    return found


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
    """Tells poses of a frame apart, smoothed or not."""
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


def real_clip(engine: object, name: str) -> List[Truth]:
    """What a network says of a clip in samples/, and who its log says that each pose is."""
    from posesuite.pose.log import read_log

    import cv2

    video = cv2.VideoCapture(os.path.join(HERE, '..', 'samples', name + '.mp4'))
    clip = []
    for frame in read_log(os.path.join(HERE, '..', 'samples', name + '.jsonl'))[1]:
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


def evaluate(seeds: range) -> Dict[int, np.ndarray]:
    """Crossings, switches and fragments by count of people."""
    return {count: sum(np.array((met, *mistakes(clip, PoseTracker()))) for clip, met in (
        make_clip(seed * 10 + count, count) for seed in seeds)) for count in (2, 3, 4, 5)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--seeds', nargs=2, type=int, default=[1000, 1030], metavar=('FROM', 'TO'),
                        help='a clip of each count of people for each (default: 1000 1030; '
                             'the tracker was set by 0 40)')
    parser.add_argument('--model', metavar='FILE',
                        help='measure a network on samples/*.mp4 instead')
    args = parser.parse_args()
    if args.model:
        from pose_engine import PoseEngine

        engine = PoseEngine(args.model)
        print(f'{"clip":14}{"switches":>9}{"fragments":>10}{"jitter px":>11}{"smoothed":>9}')
        for name in ('two_crossing', 'in_and_out', 'three_people', 'one_person'):
            clip = real_clip(engine, name)
            switches, fragments = mistakes(clip, PoseTracker())
            print(f'{name:14}{switches:9}{fragments:10}{real_jitter(clip, False):11.2f}'
                  f'{real_jitter(clip, True):9.2f}')
        return
    print(f'{"people":7}{"crossings":>10}{"switches":>9}{"fragments":>10}{"switches in 50":>15}')
    results = evaluate(range(*args.seeds))
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
