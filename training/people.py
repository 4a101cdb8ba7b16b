"""Dresses a character, poses it, and says where its 17 keypoints are."""
from typing import NamedTuple, Optional

from posesuite.pose.skeleton import KEYPOINT_TYPES
from posesuite.pose.skeleton import KeypointType as K
from training import makehuman, poses
from training import rasterizer as r
from training.makehuman import Cast, Character

import cv2
import numpy as np

SKIN_TONES = np.array([[.93, .72, .60], [.87, .64, .51], [.78, .56, .43], [.66, .44, .32],
                       [.50, .32, .22], [.36, .22, .15], [.25, .15, .10]])
HAIR_TONES = np.array([[.05, .04, .035], [.10, .065, .045], [.20, .12, .07], [.33, .2, .1],
                       [.6, .45, .25], [.45, .18, .08], [.55, .53, .5], [.03, .03, .03]])
IRIS_TONES = np.array([[.25, .15, .08], [.2, .3, .45], [.25, .3, .15]])

# Keypoints that are the head of a bone; nose, eyes and ears are points of the mesh.
JOINTS = {K.LEFT_SHOULDER: 'upperarm01.L', K.RIGHT_SHOULDER: 'upperarm01.R',
          K.LEFT_ELBOW: 'lowerarm01.L', K.RIGHT_ELBOW: 'lowerarm01.R',
          K.LEFT_WRIST: 'wrist.L', K.RIGHT_WRIST: 'wrist.R',
          K.LEFT_HIP: 'upperleg01.L', K.RIGHT_HIP: 'upperleg01.R',
          K.LEFT_KNEE: 'lowerleg01.L', K.RIGHT_KNEE: 'lowerleg01.R',
          K.LEFT_ANKLE: 'foot.L', K.RIGHT_ANKLE: 'foot.R'}


class Person(NamedTuple):
    """A posed, dressed person. Feet (or whatever is lowest) at y = 0; decimetres."""

    meshes: list
    keypoints: np.ndarray
    """[17, 3] in the order of KeypointType; left is the person's own."""
    height: float
    """Height of the standing body, decimetres."""
    seat: Optional[float]
    """Height of the seat that a sitting person needs, else None."""


class Materials:
    """The materials of one scene, in the order of their numbers."""

    def __init__(self):
        self._list: list[np.ndarray] = []

    def add(self, material: np.ndarray) -> int:
        """Adds a material; returns its number."""
        self._list.append(material)
        return len(self._list) - 1

    def array(self) -> np.ndarray:
        """[n] of rasterizer.MATERIAL."""
        return np.array(self._list, r.MATERIAL)


def random_color(rng: np.random.Generator) -> np.ndarray:
    """[3] of 0 to 1: greys, denim and navy, and all others."""
    kind = rng.random()
    if kind < .3:
        return np.clip(np.full(3, rng.uniform(.03, .9)) + rng.normal(0, .02, 3), .02, 1)
    if kind < .48:
        return np.array([.08, .12, .25]) * rng.uniform(.5, 2.5)
    hsv = np.uint8([[[rng.integers(180), np.clip(rng.gamma(2, 45), 5, 235),
                      rng.uniform(30, 250)]]])
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)[0, 0] / 255.


def material(rng: np.random.Generator, **fixed: object) -> np.ndarray:
    """A random material; `fixed` sets fields of rasterizer.MATERIAL."""
    m = np.zeros((), r.MATERIAL)
    m['color'] = fixed.get('color', random_color(rng))
    m['color2'] = (random_color(rng) if rng.random() < .5
                   else np.clip(m['color'] * rng.uniform(.4, 1.6), 0, 1))
    m['frequency'] = np.exp(rng.uniform(np.log(.7), np.log(5)))
    if rng.random() < .5:
        m['pattern'] = rng.choice([r.STRIPES_ACROSS, r.STRIPES_DOWN, r.CHECK, r.BLOTCHES, r.DOTS,
                                   r.CLOUDS, r.DIAGONAL, r.PRINT, r.PLAID])
    m['noise'] = rng.uniform(0, .35)
    m['specular'] = 0 if rng.random() < .7 else rng.uniform(0, .4)
    m['shininess'] = rng.uniform(4, 40)
    m['offset'] = rng.uniform(-3, 3, 3)
    m['bump'] = rng.uniform(0, 1.6) if rng.random() < .75 else 0
    m['extra'][:4] = [m['offset'][0] + rng.normal(0, .2), rng.uniform(.2, 1),
                      m['offset'][1] + rng.uniform(1, 4), rng.uniform(.2, 1)]
    for field, value in fixed.items():
        m[field] = value
    return m


class _Wardrobe:
    """Random materials of one person, in the scene's list."""

    def __init__(self, rng: np.random.Generator, character: Character, materials: Materials):
        scale = abs(character.eye[0]) / .3
        hair_color = HAIR_TONES[rng.integers(len(HAIR_TONES))] * rng.uniform(.7, 1.3)
        tone = (SKIN_TONES[rng.integers(len(SKIN_TONES))] * rng.uniform(.85, 1.1) *
                (1 + rng.normal(0, .03, 3)))
        skin = material(rng, kind=r.SKIN, color=tone, pattern=r.PLAIN, bump=0,
                        noise=rng.uniform(.02, .12), specular=rng.uniform(0, .2), offset=0)
        has_beard = character.gender == 'male' and not character.is_child and rng.random() < .35
        is_bald = rng.random() < .06
        skin['extra'] = np.concatenate([
            np.abs(character.eye[:1]), character.eye[1:], character.mouth, hair_color,
            [rng.uniform(.3, .9) * (1 if character.gender == 'female' else .7),
             rng.uniform(.2, .9) if has_beard else 0,
             99 if is_bald else rng.uniform(.25, .5) * scale,
             0, character.eye[1] + .35 * scale, character.eye[2] - .85 * scale]])
        eye = material(rng, kind=r.EYE, pattern=r.PLAIN, specular=.5, shininess=60)
        eye['extra'][:7] = [abs(character.eye[0]), character.eye[1], 0,
                            *IRIS_TONES[rng.integers(3)], character.eye_radius]
        self.skin, self.eye = materials.add(skin), materials.add(eye)
        self.top = materials.add(material(rng))
        plain = {} if rng.random() < .25 else {'pattern': r.PLAIN}
        self.bottom = materials.add(material(rng, **plain))
        self.shoes = materials.add(material(rng, pattern=r.PLAIN))
        self.hair = materials.add(material(
            rng, kind=r.HAIR, color=hair_color, pattern=r.PLAIN, frequency=rng.uniform(3, 8),
            noise=0, specular=rng.uniform(0, .5), bump=.6, cutout=rng.uniform(.02, .3)))


def suit_materials(rng: np.random.Generator, garment: makehuman.Garment, top: int, bottom: int,
                   shoes: int, materials: Materials) -> np.ndarray:
    """[vertices] the material of each vertex of a suit: shirt, trousers, small pieces."""
    of_region = np.array([top] * 5 + [bottom] * 3 + [shoes])
    if rng.random() < .12:
        of_region[:8] = top
    chosen = of_region[garment.regions]
    for piece in range(garment.pieces.max() + 1):
        inside = garment.pieces == piece
        regions = garment.regions[inside]
        upper = (regions <= makehuman.HAND).sum()
        lower = len(regions) - upper
        if len(regions) < 300:  # belts, buttons, collars
            if len(regions) > 20:
                chosen[inside] = materials.add(material(rng, pattern=r.PLAIN))
        elif lower > upper * 1.5:
            chosen[inside] = of_region[makehuman.PELVIS]
        elif upper > lower:
            chosen[inside] = top
    return chosen


def random_person(rng: np.random.Generator, cast: Cast, materials: Materials,
                  character: Optional[Character] = None,
                  stance: Optional[poses.Stance] = None) -> Person:
    """A person at the origin, facing +z."""
    if character is None:
        character = cast.characters[rng.integers(len(cast.characters))]
    if stance is None:
        stance = poses.random_stance(rng, cast, character)
    transforms, joints = poses.bone_transforms(cast, character, stance.rotations)
    wardrobe = _Wardrobe(rng, character, materials)
    rest, regions = character.vertices, cast.regions
    body = makehuman.posed(rest, cast.bones, cast.bone_weights, transforms)
    of_region = np.full(9, wardrobe.skin)
    hidden = np.zeros(len(rest), bool)
    swelling = np.zeros(len(rest), np.float32)
    meshes = []

    def wear(name: str, vertex_materials: 'np.ndarray | int') -> None:
        garment = cast.garments[name]
        at_rest = character.fitted[name].astype(np.float32)
        chosen = np.broadcast_to(vertex_materials, len(at_rest))
        meshes.append(r.Mesh(
            makehuman.posed(at_rest, garment.bones, garment.bone_weights, transforms), at_rest,
            garment.triangles, chosen[garment.triangles[:, 0]].astype(np.int32)))
        if garment.kind in ('suit', 'shoes'):
            np.logical_or(hidden, garment.hides, out=hidden)

    def names(kind: str, start: str = '') -> 'list[str]':
        return [n for n, g in cast.garments.items() if g.kind == kind and n.startswith(start)]

    if rng.random() < .68:
        gender = character.gender
        if rng.random() < .1:
            gender = 'male' if gender == 'female' else 'female'
        suit = rng.choice(names('suit', gender))
        wear(suit, suit_materials(rng, cast.garments[suit], wardrobe.top, wardrobe.bottom,
                                  wardrobe.shoes, materials))
        if rng.random() < .8:
            wear(rng.choice(names('shoes')), wardrobe.shoes)
    else:  # clothes painted on a body that is swollen below them: shorts, shirts, tights
        of_region[[makehuman.TORSO, makehuman.PELVIS, makehuman.FOOT]] = (
            wardrobe.top, wardrobe.bottom, wardrobe.shoes)
        for region, chance, cloth in ((makehuman.UPPER_ARM, .85, wardrobe.top),
                                      (makehuman.LOWER_ARM, .5, wardrobe.top),
                                      (makehuman.THIGH, .9, wardrobe.bottom),
                                      (makehuman.SHIN, .65, wardrobe.bottom)):
            if rng.random() < chance:
                of_region[region] = cloth
        swelling = np.where(of_region[regions] != wardrobe.skin, rng.uniform(.02, .16),
                            0).astype(np.float32)
        if character.gender == 'female' and rng.random() < .5:
            skirt = cast.triangles['helper-skirt']
            meshes.append(r.Mesh(body, rest, skirt, np.full(len(skirt), wardrobe.bottom)))
    if rng.random() < .87:
        wear(rng.choice(names('hair')), wardrobe.hair)
    if rng.random() < .08:
        wear(rng.choice(names('hat')), materials.add(material(rng, pattern=r.PLAIN)))

    triangles = cast.triangles['body']
    if swelling.any():
        body = body + r.vertex_normals(body, triangles) * swelling[:, None]
    drawn = triangles[~hidden[triangles].all(1)]
    meshes.append(r.Mesh(body, rest, drawn, of_region[regions[drawn[:, 0]]].astype(np.int32)))
    eyes = np.concatenate([cast.triangles['helper-l-eye'], cast.triangles['helper-r-eye']])
    meshes.append(r.Mesh(body, rest, eyes, np.full(len(eyes), wardrobe.eye)))

    keypoints = np.zeros((len(KEYPOINT_TYPES), 3))
    keypoints[K.NOSE] = body[character.nose]
    for part, group in ((K.LEFT_EYE, 'helper-l-eye'), (K.RIGHT_EYE, 'helper-r-eye')):
        keypoints[part] = body[cast.groups[group]].mean(0)
    for part, vertices in zip((K.LEFT_EAR, K.RIGHT_EAR), cast.ears):
        keypoints[part] = body[vertices].mean(0)
    for part, bone in JOINTS.items():
        keypoints[part] = joints[cast.bone[bone]]

    skin_vertices = cast.groups['body']
    lowest = body[skin_vertices, 1].min()
    down = np.array([0, -lowest, 0])
    below = body[(regions == makehuman.PELVIS) & np.isin(np.arange(len(body)), skin_vertices), 1]
    seat = float(below.min() - lowest) if stance.sits else None
    return Person([mesh.moved(np.eye(3), down) for mesh in meshes], keypoints + down,
                  character.height, seat)
