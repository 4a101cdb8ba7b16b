"""Random poses of the skeleton within the limits of joints, and forward kinematics.

A pose is [bones, 3, 3] rotations about the axes of the rest pose, child after parent.
"""
from typing import NamedTuple

from training.makehuman import Cast, Character

import numpy as np

SPINE = ['spine05', 'spine04', 'spine03', 'spine02', 'spine01']
NECK = ['neck01', 'neck02', 'neck03', 'head']
SIDES = [('L', 1), ('R', -1)]


class Stance(NamedTuple):
    """A pose, and what it needs around it."""

    rotations: np.ndarray
    sits: bool


def about(axis: np.ndarray, angle: float) -> np.ndarray:
    """[3, 3] rotation by an angle in radians about an axis."""
    x, y, z = np.asarray(axis, float) / (np.linalg.norm(axis) + 1e-9)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


def between(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """[3, 3] the shortest rotation that turns direction a into direction b."""
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    axis = np.cross(a, b)
    sine, cosine = np.linalg.norm(axis), a @ b
    if sine < 1e-6:
        return np.eye(3) if cosine > 0 else about([0, 0, 1], np.pi)
    return about(axis, np.arctan2(sine, cosine))


def wobble(rng: np.random.Generator, x: float, y: float, z: float) -> np.ndarray:
    """[3, 3] a small random rotation, of these standard deviations in radians."""
    return (about([0, 1, 0], rng.normal(0, y)) @ about([1, 0, 0], rng.normal(0, x)) @
            about([0, 0, 1], rng.normal(0, z)))


def mirrored(rotations: np.ndarray, bone: dict) -> np.ndarray:
    """The pose as in a mirror."""
    flip = np.diag([-1, 1, 1])
    out = rotations.copy()
    for name, i in bone.items():
        other = {'.L': name[:-2] + '.R', '.R': name[:-2] + '.L'}.get(name[-2:], name)
        out[i] = flip @ rotations[bone[other]] @ flip
    return out


def aim_arm(rotations: np.ndarray, character: Character, bone: dict, side: str, sign: int,
            direction: np.ndarray, bend: float, twist: float) -> None:
    """Points an upper arm (in x outwards, y up, z ahead), bends the elbow; radians."""
    direction = np.asarray(direction, float) * [sign, 1, 1]
    direction = direction / np.linalg.norm(direction)
    heads = character.bone_heads
    upper, lower, wrist = (bone[f'{name}.{side}'] for name in
                           ('upperarm01', 'lowerarm01', 'wrist'))
    if direction[1] > 0:  # the shoulder blade rises with the arm
        clavicle = bone[f'clavicle.{side}']
        rotations[clavicle] = about([0, 0, 1], sign * .3 * direction[1])
        direction = rotations[clavicle].T @ direction
    rotations[upper] = (about(direction, -sign * twist) @
                        between(heads[lower] - heads[upper], direction))
    forearm = heads[wrist] - heads[lower]
    rotations[lower] = about(np.cross(forearm, [0, 0, 1]), bend)


def aim_leg(rotations: np.ndarray, character: Character, bone: dict, side: str, sign: int,
            direction: np.ndarray, bend: float, twist: float) -> None:
    """Points a thigh (in x outwards, y up, z ahead), bends the knee; radians."""
    direction = np.asarray(direction, float) * [sign, 1, 1]
    direction = direction / np.linalg.norm(direction)
    heads = character.bone_heads
    upper, lower = bone[f'upperleg01.{side}'], bone[f'lowerleg01.{side}']
    thigh = heads[lower] - heads[upper]
    rotations[upper] = about(direction, twist) @ between(thigh, direction)
    rotations[lower] = about(np.cross(thigh, [0, 0, -1]), bend)


def _random_arm(rng: np.random.Generator) -> 'tuple[np.ndarray, float, float]':
    kind = rng.random()
    if kind < .38:  # hanging
        return (np.array([.1 + abs(rng.normal()) * .22, -1, rng.normal() * .22]),
                abs(rng.normal()) * np.deg2rad(28), rng.normal() * .35)
    if kind < .62:  # at work in front of the body, at the hip, at the face
        return (np.array([.15 + rng.random() * .35, -1, .1 + rng.random() * .5]),
                rng.uniform(np.deg2rad(50), np.deg2rad(135)), rng.uniform(-.3, 1.))
    while True:  # anywhere a shoulder reaches
        direction = rng.normal(size=3)
        direction /= np.linalg.norm(direction)
        if direction[0] > -.35 and direction[2] > -.5:
            return direction, rng.uniform(0, np.deg2rad(135)) * rng.random(), rng.uniform(-1.2, 1.2)


def _random_legs(rng: np.random.Generator, rotations: np.ndarray, character: Character,
                 bone: dict, sits: bool) -> None:
    kind = rng.random()
    stride = rng.choice([-1, 1])
    spread, lift = abs(rng.normal(0, .2)), rng.normal(-.08, .08)
    knees = rng.uniform(np.deg2rad(65), np.deg2rad(105))
    squat, depth = rng.uniform(.2, .9), rng.uniform(.3, 1)
    for side, sign in SIDES:
        if sits:
            direction = np.array([.1 + spread + rng.normal() * .06, lift + rng.normal() * .05, 1])
            bend = knees + rng.normal(0, .12)
        elif kind < .62:  # standing
            direction = np.array([.03 + rng.normal() * .09, -1, rng.normal() * .10])
            bend = abs(rng.normal()) * np.deg2rad(10)
        elif kind < .86:  # walking, running
            phase = sign * stride
            direction = np.array([.03, -1, phase * rng.uniform(.1, .6)])
            bend = rng.uniform(0, np.deg2rad(70 if phase < 0 else 25))
        elif kind < .92:  # squatting, ready to jump
            direction = np.array([squat + rng.normal() * .06, -1.1 * (1 - depth), .9])
            bend = np.deg2rad(60) + depth * np.deg2rad(75) + rng.normal(0, .1)
        else:  # kneeling, kicking, climbing, lying
            direction = np.array([rng.uniform(-.1, .7), rng.uniform(-1, .3), rng.uniform(-.5, 1)])
            bend = rng.uniform(0, np.deg2rad(130))
        aim_leg(rotations, character, bone, side, sign, direction, bend, rng.normal() * .2)
        rotations[bone[f'foot.{side}']] = wobble(rng, .2, .15, .1)


def random_stance(rng: np.random.Generator, cast: Cast, character: Character) -> Stance:
    """A quarter of the poses come from MakeHuman's files, the rest from limits of joints."""
    bone = cast.bone
    if rng.random() < .22:
        name = sorted(cast.poses)[rng.integers(len(cast.poses))]
        rotations = cast.poses[name].copy()
        if rng.random() < .5:
            rotations = mirrored(rotations, bone)
        for limb in ('upperarm01', 'lowerarm01', 'upperleg01', 'lowerleg01'):
            for side, _ in SIDES:
                i = bone[f'{limb}.{side}']
                rotations[i] = rotations[i] @ wobble(rng, .2, .2, .2)
        for name_of_bone in ('spine01', 'spine03', 'neck02', 'head'):
            i = bone[name_of_bone]
            rotations[i] = rotations[i] @ wobble(rng, .08, .15, .06)
        return Stance(rotations, name.startswith('sit'))
    rotations = np.tile(np.eye(3), (len(bone), 1, 1))
    sits = rng.random() < .25
    lean = rng.normal(0, .12) if rng.random() < .82 else rng.uniform(-.2, .9)
    side_lean, twist = rng.normal(0, .08), rng.normal(0, .15)
    for name in SPINE:
        rotations[bone[name]] = (about([0, 1, 0], twist / 5) @ about([1, 0, 0], lean / 5) @
                                 about([0, 0, 1], side_lean / 5))
    yaw, pitch, roll = rng.normal(0, .45), rng.normal(.05, .22), rng.normal(0, .12)
    for name in NECK:
        rotations[bone[name]] = (about([0, 1, 0], yaw / 4) @ about([1, 0, 0], pitch / 4) @
                                 about([0, 0, 1], roll / 4))
    both = _random_arm(rng) if rng.random() < .25 else None
    for side, sign in SIDES:
        aim_arm(rotations, character, bone, side, sign, *(both or _random_arm(rng)))
        rotations[bone[f'wrist.{side}']] = wobble(rng, .3, .3, .3)
        for finger in range(2, 6):
            for joint in (1, 2, 3):
                rotations[bone[f'finger{finger}-{joint}.{side}']] = about(
                    [0, 0, 1], -sign * abs(rng.normal(.3, .3)))
    _random_legs(rng, rotations, character, bone, sits)
    rotations[bone['root']] = wobble(rng, .07, 0, .05)
    return Stance(rotations, sits)


def bone_transforms(cast: Cast, character: Character,
                    rotations: np.ndarray) -> 'tuple[np.ndarray, np.ndarray]':
    """Forward kinematics.

    Returns: [bones, 3, 4] transforms from rest to the pose, and [bones, 3] heads of the bones.
    """
    heads, count = character.bone_heads, len(cast.parents)
    world, at = np.empty((count, 3, 3)), np.empty((count, 3))
    for i, parent in enumerate(cast.parents):
        if parent < 0:
            world[i], at[i] = rotations[i], heads[i]
        else:
            world[i] = world[parent] @ rotations[i]
            at[i] = at[parent] + world[parent] @ (heads[i] - heads[parent])
    transforms = np.empty((count, 3, 4), np.float32)
    transforms[:, :, :3] = world
    transforms[:, :, 3] = at - np.einsum('nij,nj->ni', world, heads)
    return transforms, at
