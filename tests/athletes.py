"""People who move as the rules of activities know it, before cameras at several heights.

    for time, pose in recording(squats(3), rng, camera=Camera(1.4)):
        activities.update({1: pose} if pose else {}, time, SIZE)

A body is moved by its joints from one posture to the next, set upon the floor and projected. What
a network makes of it is imitated as in walkers.py, with numbers that were measured.
"""
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from posesuite.pose.pose import Pose
from walkers import BODY, Network, as_pose

import numpy as np

SIZE = 640, 480
ON_FLOOR = .09  # metres of the lowest joint above what the body is on
TALL = 1.7  # metres of BODY

# A posture: degrees by which joints are turned from standing, seen by the person.
# pitch, roll: the whole body forward and to its left; lean, side, twist: the trunk at the hips;
# hip, knee: flexed; apart: a leg to its side; turnout: a leg about itself, the knee outwards;
# arm: raised ahead; wing: raised to the side; elbow: flexed. A name with _l or _r is of that side.
Posture = Dict[str, float]
STANDING: Posture = {'wing': 6, 'arm': 4, 'elbow': 12, 'knee': 3, 'hip': 2}
SITTING: Posture = dict(STANDING, hip=88, knee=86, arm=35, elbow=45, lean=2)
BENT: Posture = dict(STANDING, hip=10, knee=16, lean=85, arm=75)
CROUCHED: Posture = dict(STANDING, hip=110, knee=135, lean=25, arm=60)
KNEELING: Posture = dict(STANDING, pitch=0, hip=20, knee=105, lean=15)
ALL_FOURS: Posture = dict(STANDING, pitch=85, hip=85, knee=95, lean=0, arm=85, elbow=5)
ON_BACK: Posture = dict(STANDING, pitch=-90, wing=20, knee=12, hip=8)
ON_FRONT: Posture = dict(STANDING, pitch=90, wing=50, arm=0, elbow=0, knee=4, hip=0)
ON_SIDE: Posture = dict(STANDING, roll=88, hip=35, knee=50, arm=40, elbow=60, wing=0)
PLANK: Posture = dict(STANDING, pitch=78, hip=0, knee=0, arm=80, wing=0, elbow=4)
SQUAT: Posture = dict(STANDING, hip=95, knee=105, lean=28, arm=75, elbow=10)
JACK: Posture = dict(STANDING, wing=165, apart=24, elbow=8, arm=0)
WARRIOR: Posture = dict(STANDING, apart_r=42, apart_l=65, knee_l=65, turnout_l=90, wing=88, elbow=3,
                        hip_l=0, arm=0)
TREE: Posture = dict(STANDING, wing=170, elbow=25, apart_r=60, hip_r=10, knee_r=125, turnout_r=80)
TRIANGLE: Posture = dict(STANDING, apart=32, side=60, wing=88, elbow=2)
DOG: Posture = dict(STANDING, pitch=50, lean=75, arm=170, elbow=3, hip=0, knee=2, wing=8)


class Key(NamedTuple):
    """A posture that is reached after some seconds, by a way that starts or ends fast."""
    seconds: float
    posture: Posture
    floor: float = 0.0  # metres of what the body is on above the floor: a bed
    ahead: float = 0.0  # metres that the feet have gone ahead, in all
    aside: float = 0.0
    way: str = 'smooth'  # or 'falling': faster and faster


class Camera(NamedTuple):
    """height: metres; distance: to the person, metres; turn: of the person, degrees, 0 faces it;
    focal: pixels; mirrored: left and right of the picture, not of the body.
    """
    height: float = 1.4
    distance: float = 4.5
    turn: float = 0.0
    focal: float = 480.0
    mirrored: bool = False
    aside: float = 0.0  # metres of the person from the camera's axis

    def project(self, joints: np.ndarray) -> np.ndarray:
        """[.., 17, 3] x right, y up, z ahead of the person, to pixels [.., 17, 2]."""
        turn = np.radians(self.turn)
        x = -joints[..., 0] * np.cos(turn) + joints[..., 2] * np.sin(turn) + self.aside
        z = -joints[..., 2] * np.cos(turn) - joints[..., 0] * np.sin(turn) + self.distance
        y = joints[..., 1] - self.height
        tilt = np.arctan2(self.height - .75, self.distance)  # it looks at the person's middle
        depth = np.maximum(z * np.cos(tilt) - y * np.sin(tilt), .2)
        up = y * np.cos(tilt) + z * np.sin(tilt)
        sign = -1 if self.mirrored else 1
        return np.stack([SIZE[0] / 2 + sign * self.focal * x / depth,
                         SIZE[1] / 2 - self.focal * up / depth], axis=-1)


def rotation(axis: int, degrees: Any) -> np.ndarray:
    """[.., 3, 3] about x (0), y (1) or z (2); degrees: [..]."""
    sin, cos = np.sin(np.radians(degrees)), np.cos(np.radians(degrees))
    i, j = (axis + 1) % 3, (axis + 2) % 3
    result = np.zeros((*np.shape(sin), 3, 3))
    result[..., axis, axis] = 1
    result[..., i, i] = result[..., j, j] = cos
    result[..., i, j], result[..., j, i] = -sin, sin
    return result


def joints(posture: Mapping[str, Any], body: np.ndarray = BODY) -> np.ndarray:
    """[.., 17, 3]: x to the person's right, y up, z ahead; the lowest joint is ON_FLOOR high and
    the middle of the ankles at x = z = 0. posture: of one moment, or with [frame] of several.
    """
    def of(name: str, side: str = '') -> Any:
        return posture.get(f'{name}_{side}', posture.get(name, 0.0))
    hips = (body[11] + body[12]) / 2
    placed = body - hips
    whole = rotation(2, of('roll')) @ rotation(0, of('pitch'))
    trunk = whole @ rotation(1, of('twist')) @ rotation(2, of('side')) @ rotation(0, of('lean'))
    sides = []
    for side, index, out in (('l', 0, 1), ('r', 1, -1)):  # x is to the right
        upper = trunk @ rotation(2, -out * of('wing', side)) @ rotation(0, -of('arm', side))
        fore = upper @ rotation(0, -of('elbow', side))
        thigh = (whole @ rotation(2, -out * of('apart', side)) @ rotation(0, -of('hip', side))
                 @ rotation(1, -out * of('turnout', side)))
        sides.append((index, upper, fore, thigh, thigh @ rotation(0, of('knee', side))))
    result = np.empty((*np.broadcast(0.0, *posture.values()).shape, 17, 3))
    result[..., :7, :] = placed[:7] @ np.swapaxes(trunk, -1, -2)
    for index, upper, fore, thigh, shin in sides:
        result[..., 11 + index, :] = whole @ placed[11 + index]
        for turn, end, begin in ((upper, 7, 5), (fore, 9, 7), (thigh, 13, 11), (shin, 15, 13)):
            result[..., end + index, :] = (result[..., begin + index, :]
                                           + turn @ (body[end + index] - body[begin + index]))
    feet = (result[..., 15, :] + result[..., 16, :]) / 2
    result[..., [0, 2]] -= feet[..., None, [0, 2]]
    result[..., 1] += ON_FLOOR - result[..., 1].min(axis=-1)[..., None]
    return result


def motion(keys: Sequence[Key], rate: float, body: np.ndarray = BODY) -> Iterator[
        Tuple[float, np.ndarray]]:
    """Times and joints [17, 3], from the first key's posture on."""
    names = sorted({name for key in keys for name in key.posture})
    sides = {name for name in names if name[-2:] in ('_l', '_r')}
    values = np.array([[key.posture.get(name, key.posture.get(name[:-2], 0.0) if name in sides
                                        else 0.0) for name in names]
                       + [key.floor, key.ahead, key.aside] for key in (keys[0], *keys)])
    ends = np.cumsum([0.0] + [key.seconds for key in keys])
    times = np.arange(np.ceil(ends[-1] * rate)) / rate
    which = np.searchsorted(ends, times, 'right') - 1  # the key that is on
    seconds, falling = np.array([(key.seconds, key.way == 'falling') for key in keys])[which].T
    share = (times - ends[which]) / seconds
    share = np.where(falling, share ** 2.2, share ** 2 * (3 - 2 * share))[:, None]
    now = (values[which] * (1 - share) + values[which + 1] * share).T
    placed = joints(dict(zip(names, now)), body)
    yield from zip(times.tolist(), placed + now[[-1, -3, -2]].T[:, None])


def random_body(rng: np.random.Generator) -> np.ndarray:
    """A body of 1.45 to 1.95 metres with proportions of its own."""
    body = BODY * rng.uniform(.86, 1.15) * np.exp(rng.normal(0, .04, (1, 3)))
    legs = np.exp(rng.normal(0, .03))
    body[:, 1] *= np.where(np.arange(17) > 10, legs, 1)
    body[:11, 1] += (legs - 1) * BODY[11, 1]
    return body


def random_camera(rng: np.random.Generator, height: float, turn: Optional[float] = None) -> Camera:
    """A camera at about this height that sees the whole body."""
    distance = rng.uniform(3.4, 6.0)
    return Camera(height * rng.uniform(.9, 1.1), distance,
                  rng.uniform(0, 360) if turn is None else turn,
                  rng.uniform(.75, 1.0) * distance * 130, bool(rng.random() < .5),
                  rng.uniform(-.5, .5))


def recording(keys: Sequence[Key], rng: np.random.Generator, camera: Camera,
              rate: Optional[float] = None, body: Optional[np.ndarray] = None,
              noisy: bool = True, dropouts: float = .03) -> List[Tuple[float, Optional[Pose]]]:
    """Times, and what a network finds; None where it finds nobody."""
    rate = float(rng.choice([10, 12.5, 15, 20, 25, 30])) if rate is None else rate
    body = random_body(rng) if body is None else body
    network, before, found = Network(rng), -1 / rate, []
    last: Optional[np.ndarray] = None
    low = rng.random(17) < .5  # the keypoints whose scores sometimes drop
    for time, placed in motion(keys, rate, body):
        points = camera.project(placed)
        moving = bool(last is None or np.abs(points - last).max() > 1.5)
        last = points
        time += rng.uniform(0, .3) / rate if noisy else 0
        pose = exact(points) if not noisy else network.look(
            points, low & (rng.random(17) < .05), None, time - before,
            abs(np.sin(np.radians(camera.turn))), moving)
        before = time
        if noisy and rng.random() < dropouts:
            pose = None if rng.random() < .7 else pose
            if pose is not None and rng.random() < .5:
                continue  # a frame is missing
        found.append((time, pose))
    return found


def exact(points: np.ndarray) -> Pose:
    """The true places; outside the picture with a score of 0."""
    inside = ((points >= 0) & (points < SIZE)).all(axis=1)
    return as_pose(points, np.where(inside, .9, 0.0))
