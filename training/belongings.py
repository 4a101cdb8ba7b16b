"""What people wear on their heads, carry on their backs and hold in their hands."""
from posesuite.pose.skeleton import KeypointType as K
from training import rasterizer as r
from training import shapes, things
from training.people import Materials, Person, material
from training.poses import about, between

import numpy as np

HATTED, LOADED, HOLDING = .2, .05, .12  # shares of people, of people, of hands
FOREARMS = (K.LEFT_ELBOW, K.LEFT_WRIST), (K.RIGHT_ELBOW, K.RIGHT_WRIST)


def _frame(across: np.ndarray, ahead: np.ndarray) -> np.ndarray:
    """[3, 3] whose columns point to the left, up and ahead, as in the space of a person."""
    across = across / np.linalg.norm(across)
    up = np.cross(ahead, across)
    up /= np.linalg.norm(up)
    return np.stack([across, up, np.cross(across, up)], 1)


def _headgear(rng: np.random.Generator, materials: Materials) -> 'list[r.Mesh]':
    """A cap, hat or helmet, in a space where the ears are at (1, 0, 0) and (-1, 0, 0)."""
    cloth = materials.add(material(rng))
    low, top = rng.uniform(.45, .9), rng.uniform(2.25, 2.8)
    depth = np.linspace(np.arccos(rng.uniform(-.4, .1)), np.pi, 8)
    dome = np.stack([np.sin(depth) + 1e-3, -np.cos(depth)], 1)
    size = np.array([1.2, top - low, 1.7]) * rng.uniform(1, 1.15)
    crown = shapes.turned(dome, cloth).moved(np.diag(size), np.array([0, low, .05]))
    kind = rng.random()
    if kind < .35:  # neither peak nor brim
        return [crown]
    edge = cloth if rng.random() < .6 else materials.add(material(rng))
    if kind < .8:
        reach, at = np.array([1.05, 1, rng.uniform(1., 1.5)]), np.array([0, low + .05, 1.5])
        if rng.random() < .1:
            at[2] *= -1
    else:
        reach, at = np.array([1.2, 1, 1.5]) * rng.uniform(1.3, 2.2), np.array([0, low + .05, .05])
    slope = rng.uniform(-.3, .05)
    rim = shapes.turned(np.array([[1e-3, 0], [1, slope]]), edge)
    return [crown, rim.moved(np.diag(reach), at)]


def _handful(rng: np.random.Generator, materials: Materials, textures: int) -> 'list[r.Mesh]':
    """Something around the origin, where a hand holds it."""
    surface = things.any_material(rng, materials, textures)
    kind = rng.random()
    if kind < .35:  # telephone, book, tray, parcel
        width, height, depth = np.exp(rng.uniform(np.log([.5, .6, .08]), np.log([3., 4., 1.5])))
        return [shapes.box(width, height, depth, surface, (0, -height / 2, 0))]
    if kind < .55:  # cup, bottle, ball
        radius = np.exp(rng.uniform(np.log(.25), np.log(.9)))
        if rng.random() < .4:
            return [shapes.blob(rng, np.full(3, radius), surface, (0, 0, 0))]
        height = rng.uniform(.8, 2.6)
        return [shapes.pipe(radius * .7, height, surface, (0, -height / 2, 0), radius * .5)]
    if kind < .75:  # bag
        width, height, depth = rng.uniform([1.5, 2, .4], [4.5, 5, 1.8])
        return [shapes.box(width, height, depth, surface, (0, -height - rng.uniform(0, 2.5), 0))]
    length = rng.uniform(3, 10)  # stick, bat, racket
    thick = rng.uniform(.08, .3)
    meshes = [shapes.pipe(thick, length, surface, (0, -1, 0), thick * rng.uniform(.6, 2))]
    if rng.random() < .35:
        head = np.array([rng.uniform(.8, 1.6), rng.uniform(1, 2), .08])
        meshes.append(shapes.blob(rng, head, surface, (0, length - 1 + head[1], 0)))
    tilt = rng.normal(size=3)
    return [mesh.moved(between(np.array([0., 1, 0]), tilt / np.linalg.norm(tilt)), np.zeros(3))
            for mesh in meshes]


def worn(rng: np.random.Generator, person: Person, materials: Materials) -> 'list[r.Mesh]':
    """Headgear and baggage of a person, or nothing."""
    points, meshes = person.keypoints, []
    left_ear, right_ear = points[K.LEFT_EAR], points[K.RIGHT_EAR]
    if rng.random() < HATTED:
        ears, eyes = (left_ear + right_ear) / 2, points[[K.LEFT_EYE, K.RIGHT_EYE]].mean(0)
        frame = _frame(left_ear - right_ear, eyes - ears) @ about([1, 0, 0], rng.normal(-.1, .12))
        radius = np.linalg.norm(left_ear - right_ear) / 2
        meshes += [mesh.moved(frame * radius, ears) for mesh in _headgear(rng, materials)]
    if rng.random() < LOADED:
        shoulders = points[[K.LEFT_SHOULDER, K.RIGHT_SHOULDER]].mean(0)
        hips = points[[K.LEFT_HIP, K.RIGHT_HIP]].mean(0)
        across = points[K.LEFT_SHOULDER] - points[K.RIGHT_SHOULDER]
        frame = _frame(across, np.cross(across, shoulders - hips))
        size = np.array([.7, .45, .3]) * np.linalg.norm(shoulders - hips) * rng.uniform(.6, 1.1, 3)
        bag = shapes.blob(rng, size, materials.add(material(rng)), (0, 0, 0), .05)
        meshes.append(bag.moved(frame, (.7 * shoulders + .3 * hips) - frame[:, 2] *
                                (size[2] + 1.)))
    return meshes


def held(rng: np.random.Generator, person: Person, materials: Materials,
         textures: int) -> 'list[r.Mesh]':
    """What is in a person's hands, mostly nothing."""
    meshes = []
    for elbow, wrist in FOREARMS:
        if rng.random() < HOLDING:
            forearm = person.keypoints[wrist] - person.keypoints[elbow]
            hand = person.keypoints[wrist] + .35 * forearm
            turn = about([0, 1, 0], rng.uniform(-np.pi, np.pi))
            meshes += [mesh.moved(turn, hand) for mesh in _handful(rng, materials, textures)]
    return meshes
