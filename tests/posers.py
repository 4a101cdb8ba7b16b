"""A kinematic body that holds poses before a camera of any height: recordings for the tests.

The body is of sticks with the proportions of Drillis and Contini (after Winter, Biomechanics and
Motor Control of Human Movement), a little other for each person. Directions are (to the person's
left, up, ahead) of somebody who faces the camera; they sway, and keypoints have noise and gaps.
"""
import os
from typing import Any, Dict, Iterator, List, NamedTuple, Sequence

from posesuite.pose.log import PoseLog
from posesuite.pose.pose import Frame, Keypoint, Keypoints, Point, Pose
from posesuite.pose.skeleton import KEYPOINT_TYPES, KeypointType

import numpy as np

SIZE = 640, 480  # pixels of the pictures
RATE = 10.0  # frames a second
FOCAL = 620.0  # pixels
LENGTHS = {'torso': .288, 'arm': .186, 'forearm': .146, 'thigh': .245, 'shin': .246}  # of heights
UP, DOWN, OUT, AHEAD, BACK = (0, 1, 0), (0, -1, 0), (1, 0, 0), (0, 0, 1), (0, 0, -1)
# A pose is of directions: torso, then for the left and the right side arm, forearm, thigh, shin;
# x of a side is outwards. One side alone stands for both.
STRAIGHT = (DOWN, DOWN)
HANGING = ((.15, -1, 0), (.1, -1, .15))
Side = Sequence[Sequence[float]]


def pose(torso: Sequence[float], left: Side, right: Side = ()) -> Dict[str, Any]:
    return {'torso': torso, 'left': left, 'right': right or left}


POSES = {
    'standing': pose(UP, (*HANGING, *STRAIGHT)),
    't_pose': pose(UP, (OUT, OUT, *STRAIGHT)),
    'arms_up': pose(UP, ((.25, 1, 0), (.1, 1, 0), *STRAIGHT)),
    'hands_on_hips': pose(UP, ((.7, -.8, -.2), (-.75, -.6, .35), *STRAIGHT)),
    'arms_crossed': pose(UP, ((.15, -1, .25), (-.9, .15, .45), *STRAIGHT)),
    'left_hand_up': pose(UP, ((.3, 1, 0), (.1, 1, 0), *STRAIGHT), (*HANGING, *STRAIGHT)),
    'right_hand_up': pose(UP, (*HANGING, *STRAIGHT), ((.3, 1, 0), (.1, 1, 0), *STRAIGHT)),
    'phone': pose(UP, ((.4, -1, .2), (-.15, 1, .15), *STRAIGHT), (*HANGING, *STRAIGHT)),
    'pointing': pose(UP, (OUT, OUT, *STRAIGHT), (*HANGING, *STRAIGHT)),
    'tree': pose(UP, ((.35, .9, 0), (-.45, .9, 0), *STRAIGHT),
                 ((.35, .9, 0), (-.45, .9, 0), (.8, -.55, .25), (-.85, -.5, -.2))),
    'warrior': pose(UP, (OUT, OUT, (.9, -.35, .1), DOWN),
                    (OUT, OUT, (.7, -.75, 0), (.65, -.75, 0))),
    'squat': pose((0, .9, .35), ((.1, -.2, 1), (0, -.1, 1), (.5, -.2, .85), (0, -1, -.3))),
    'sitting': pose(UP, ((.1, -1, .15), (0, -.4, .9), (.15, -.05, 1), (0, -1, .05))),
    'lunge': pose(UP, (*HANGING, (.05, -.2, 1), DOWN), (*HANGING, (.05, -1, -.3), (0, -.35, -.95))),
    'star': pose(UP, ((.7, .7, 0), (.7, .7, 0), (.5, -.85, 0), (.5, -.85, 0))),
    'kneeling': pose(UP, (*HANGING, DOWN, (0, -.15, -1))),
    'side_bend': pose((.6, .8, 0), ((.5, -.8, .1), (.1, -1, .1), *STRAIGHT),
                      ((-.5, .85, 0), (-.85, .5, 0), *STRAIGHT)),
    'plank': pose((0, .3, .95), (DOWN, DOWN, (0, -.25, -.97), (0, -.25, -.97))),
    'lying': pose((0, .02, 1), ((.1, 0, -1), (.1, 0, -1), (.05, 0, -1), (.05, 0, -1))),
    'down_dog': pose((0, -.65, .75), ((0, -.65, .75), (0, -.65, .75), (0, -.85, -.5),
                                      (0, -.85, -.5))),
    'bending': pose((0, .15, 1), (DOWN, DOWN, *STRAIGHT)),
}


class Person(NamedTuple):
    """Somebody before a camera. yaw: degrees to the left from facing it. height: metres; camera:
    its height, metres; distance: metres; noise: of keypoints, of the person's height; gaps: share
    of keypoints that are missing. mirrored: as of a mirrored picture. sway: of directions.
    """
    seed: int = 0
    yaw: float = 0
    height: float = 1.7
    camera: float = 1.2
    distance: float = 3.6
    noise: float = .008
    gaps: float = .02
    mirrored: bool = False
    sway: float = .06


def frames(name: str, person: Person, seconds: float) -> Iterator[Pose]:
    """The poses of somebody who holds a pose, RATE a second."""
    rng = np.random.default_rng([person.seed, sorted(POSES).index(name)])
    body = np.random.default_rng(person.seed)
    lengths = {part: length * person.height * body.uniform(.94, 1.06)
               for part, length in LENGTHS.items()}
    widths = body.uniform(.9, 1.1, 2) * (.215, .16) * person.height / 2  # of shoulders and hips
    style = rng.normal(0, .8 * person.sway, (9, 3))
    sway, yaw = np.zeros((9, 3)), person.yaw + rng.normal(0, 4)
    for _ in range(round(seconds * RATE)):
        sway = .93 * sway + rng.normal(0, .37 * person.sway, (9, 3))
        yaw += rng.normal(0, .6)
        yield _seen(_joints(POSES[name], lengths, widths, style + sway), yaw, person, rng)


def _joints(held: Dict[str, Any], lengths: Dict[str, float], widths: np.ndarray,
            off: np.ndarray) -> np.ndarray:
    """The 17 keypoints in metres, float [17, 3], the lowest of them on the floor."""
    joints, off = np.zeros((17, 3)), iter(off)

    def along(direction: Sequence[float], length: float) -> np.ndarray:
        turned = np.asarray(direction, float)
        turned = turned / np.linalg.norm(turned) + next(off)
        return turned / np.linalg.norm(turned) * length

    up = along(held['torso'], lengths['torso'])
    K = KeypointType
    axis = up / np.linalg.norm(up)
    ahead = AHEAD - axis * axis[2] if abs(axis[2]) < .9 else np.subtract((0, -1, 0), 0.)
    head = up + (.1 * axis + .03 * ahead) * lengths['torso'] / .288
    joints[K.NOSE] = head + (.02 * axis + .06 * ahead) * lengths['torso'] / .288
    for sign, side in ((1, 'LEFT'), (-1, 'RIGHT')):
        part = {name: K[f'{side}_{name}'] for name in ('EYE', 'EAR', 'SHOULDER', 'ELBOW', 'WRIST',
                                                       'HIP', 'KNEE', 'ANKLE')}
        arm, forearm, thigh, shin = (np.multiply(direction, (sign, 1, 1))
                                     for direction in held[side.lower()])
        across = np.array([sign, 0, 0.])
        scale = lengths['torso'] / .288
        joints[part['EYE']] = head + (.04 * axis + .05 * ahead + .018 * across) * scale
        joints[part['EAR']] = head + (.03 * axis - .01 * ahead + .045 * across) * scale
        joints[part['SHOULDER']] = up + widths[0] * across
        joints[part['ELBOW']] = joints[part['SHOULDER']] + along(arm, lengths['arm'])
        joints[part['WRIST']] = joints[part['ELBOW']] + along(forearm, lengths['forearm'])
        joints[part['HIP']] = widths[1] * across
        joints[part['KNEE']] = joints[part['HIP']] + along(thigh, lengths['thigh'])
        joints[part['ANKLE']] = joints[part['KNEE']] + along(shin, lengths['shin'])
    joints[:, 1] -= joints[:, 1].min() - .06
    return joints


def _seen(joints: np.ndarray, yaw: float, person: Person, rng: np.random.Generator) -> Pose:
    """What a pinhole camera that looks at the person's middle sees of the joints."""
    angle = np.radians(yaw)
    cos, sin = np.cos(angle), np.sin(angle)
    x = cos * joints[:, 0] + sin * joints[:, 2]
    ahead = -sin * joints[:, 0] + cos * joints[:, 2]
    y, z = joints[:, 1] - person.camera, person.distance - ahead
    pitch = np.arctan2(joints[:, 1].mean() - person.camera, person.distance)
    y, z = np.cos(pitch) * y - np.sin(pitch) * z, np.sin(pitch) * y + np.cos(pitch) * z
    places = np.stack([SIZE[0] / 2 + FOCAL * x / z, SIZE[1] / 2 - FOCAL * y / z], 1)
    places += rng.normal(0, person.noise * person.height * FOCAL / person.distance, (17, 2))
    scores = rng.uniform(.6, 1, 17)
    # What is behind the body is guessed by the network, and not as sure.
    hidden = z > np.median(z) + .12
    scores[hidden] -= rng.uniform(.1, .5, hidden.sum())
    missing = rng.random(17) < person.gaps
    scores[missing] = rng.uniform(0, .15, missing.sum())
    places[missing] += rng.normal(0, 40, (missing.sum(), 2))
    order = np.arange(17)
    if person.mirrored:
        places[:, 0] = SIZE[0] - 1 - places[:, 0]
        order = [0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15]
    return Pose(Keypoints((part, Keypoint(Point(*map(float, places[at])), float(scores[at])))
                          for part, at in zip(KEYPOINT_TYPES, order)), float(scores.mean()))


def record(path: str, name: str, person: Person, seconds: float = 20.0) -> str:
    """Writes a pose log of somebody who holds a pose; returns its path."""
    image = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    with PoseLog(path, 'simulated', fps=RATE) as log:
        for number, held in enumerate(frames(name, person, seconds)):
            log.write(Frame(image, number, number / RATE, 0.0), {1: held})
    return path


def record_all(folder: str, names: Sequence[str], person: Person, seconds: float = 20.0,
               take: str = 'take') -> List[str]:
    """Writes FOLDER/NAME/TAKE.jsonl for each pose; returns the paths."""
    paths = []
    for name in names:
        os.makedirs(os.path.join(folder, name), exist_ok=True)
        paths.append(record(os.path.join(folder, name, f'{take}.jsonl'), name, person, seconds))
    return paths
