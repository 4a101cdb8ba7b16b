"""Stick figures that walk through a room and cross, and what a network makes of them.

A network's faults are imitated: keypoints off by a slow and a quick part, single ones far off, left
and right swapped in profile, limbs of whoever stands in front, people that are missed while they
are hidden or for no reason, ghosts, dropped frames. Half of those who are farther away in a
crossing are not found for up to another second. The numbers were measured with Google's 353x481
model and the bundled one on samples/*.mp4 and their exact logs.
"""
from typing import List, NamedTuple, Optional, Tuple

from posesuite.pose.pose import Keypoint, Point, Pose
from posesuite.pose.skeleton import BONES, FACE, KEYPOINT_TYPES, MIRRORED

import numpy as np

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
ARMS, LEGS = [5, 6, 7, 8, 9, 10], [11, 12, 13, 14, 15, 16]
# What hides whoever is behind it: the ends of a limb and its radius in metres.
LIMBS = [(0, 0, .12)] + [(a, b, radius) for (a, b), radius in zip(
    (bone for bone in BONES if not set(FACE) & set(bone)),
    (.09, .06, .05, .06, .05, .12, .12, .14, .09, .07, .09, .07))]

# Measured on samples/ by the exact logs, in shares of the diagonal of a person's box.
SLOW = np.array([.01] * 5 + [.017] * 2 + [.025] * 4 + [.019] * 2 + [.025] * 2 + [.038] * 2)[:, None]
SLOW_TIME = 2.0  # seconds after which this error is another
QUICK_STILL, QUICK_MOVING = .0016, .006  # standard deviations of one frame's error
FAR, FAR_TIME = .15, .12  # of one on something else, of someone who walks; and for how long
# How often a second that is, by keypoint.
FAR_RATE = np.array([.03] * 7 + [.25] * 2 + [.9] * 2 + [.04] * 2 + [.5] * 2 + [1.6] * 2)
SWAP_RATE, SWAP_TIME = 1.3, .25  # left and right in profile: how often a second, for how long


class Truth(NamedTuple):
    """One frame: what is there and what the network found."""
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
    for a, b, radius in LIMBS:
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
                order[parts] = np.array(MIRRORED)[parts]
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


def shaken(clip: List[Truth], seed: int, pixels: float = 10.0, turn: float = .012) -> List[Truth]:
    """A clip as a camera shows it that shakes: standard deviations in a frame, turn in radians and
    of the logarithm of a zoom.
    """
    rng, middle, result = np.random.default_rng(seed), np.array([WIDTH, HEIGHT]) / 2, []
    for truth in clip:
        angle, zoom = rng.normal(0, turn), np.exp(rng.normal(0, turn))
        jump = rng.normal(0, pixels, 2)
        turned = zoom * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        poses = [pose._replace(keypoints={
            part: Keypoint(Point(*(turned @ (point - middle) + middle + jump).tolist()), score)
            for part, (point, score) in pose.keypoints.items()}) for pose in truth.poses]
        result.append(truth._replace(poses=poses))
    return result


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
