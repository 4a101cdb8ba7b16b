"""Reads MakeHuman's CC0 files and bakes a cast: bodies of all ages and builds, clothes fitted.

Lengths are decimetres, y is up, z is ahead of the person, x is to the person's left. Only data
of MakeHuman is used (CC0), none of its code.
"""
import pathlib
import pickle
import re
from typing import NamedTuple

from training import rasterizer
from training.makehuman_files import connected_pieces, read_bvh, read_obj, read_target

import numpy as np

# Which part of the body a vertex belongs to: its garment is chosen by this.
HEAD, TORSO, UPPER_ARM, LOWER_ARM, HAND, PELVIS, THIGH, SHIN, FOOT = range(9)
_REGION_OF_BONE = [
    (UPPER_ARM, ('upperarm', 'shoulder')), (LOWER_ARM, ('lowerarm',)),
    (HAND, ('wrist', 'finger', 'metacarpal')), (PELVIS, ('pelvis', 'root')),
    (THIGH, ('upperleg',)), (SHIN, ('lowerleg',)), (FOOT, ('foot', 'toe')),
    (TORSO, ('spine', 'clavicle', 'breast'))]

RACES = ['caucasian', 'asian', 'african']
CACHE_VERSION = 2


class Garment(NamedTuple):
    """Clothes, shoes, hair or a hat, bound to the base mesh."""

    name: str
    kind: str
    """suit, shoes, hair or hat."""
    triangles: np.ndarray
    anchors: np.ndarray
    """[n, 3] int: the base mesh's vertices that each vertex hangs from."""
    anchor_weights: np.ndarray
    anchor_offsets: np.ndarray
    scales: dict
    """Axis letter -> (vertex, vertex, distance at rest): offsets grow with the body."""
    hides: np.ndarray
    """[base vertices] bool: skin below it that is not drawn."""
    bones: np.ndarray
    bone_weights: np.ndarray
    regions: np.ndarray
    pieces: np.ndarray
    """[n] int: connected piece of each vertex (a suit's shirt, its trousers, its buttons)."""


class Character(NamedTuple):
    """A body at rest, with every garment fitted to it."""

    gender: str
    is_child: bool
    vertices: np.ndarray
    bone_heads: np.ndarray
    nose: int
    eye: np.ndarray
    """[3] middle of the left eye."""
    eye_radius: float
    mouth: np.ndarray
    fitted: dict
    """Garment's name -> [n, 3] float16 vertices."""
    height: float


class Cast(NamedTuple):
    """All that people are made of."""

    triangles: dict
    """Group name of the base mesh -> [t, 3] int32."""
    groups: dict
    """Group name -> vertex numbers."""
    bone_names: list
    parents: np.ndarray
    bones: np.ndarray
    bone_weights: np.ndarray
    regions: np.ndarray
    garments: dict
    poses: dict
    """Name of a BVH file -> [bones, 3, 3] rotations about the axes of the world."""
    ears: tuple
    characters: list

    @property
    def bone(self) -> dict:
        """Bone's name -> its number."""
        return {name: i for i, name in enumerate(self.bone_names)}


class _Library:
    """The base mesh and the skeleton, from which a cast is baked."""

    def __init__(self, folder: pathlib.Path):
        import json
        core = folder / 'core'
        self.core, self.assets = core, folder / 'assets'
        self.vertices, self.triangles, self.triangle_groups = read_obj(core / '3dobjs/base.obj')
        skeleton = json.loads((core / 'rigs/default.mhskel').read_text())
        self.joints, self.bones = skeleton['joints'], skeleton['bones']
        self.order: list[str] = []
        for name in self.bones:
            self._add_after_parent(name)
        self.bone = {name: i for i, name in enumerate(self.order)}
        weights = np.zeros((len(self.vertices), len(self.order)), np.float32)
        listed = json.loads((core / 'rigs/default_weights.mhw').read_text())['weights']
        for name, pairs in listed.items():
            for vertex, weight in pairs:
                weights[vertex, self.bone[name]] += weight
        weights[weights.sum(1) == 0, self.bone['root']] = 1
        self.weights = weights / weights.sum(1, keepdims=True)
        self.region_of_bone = np.array([
            next((region for region, starts in _REGION_OF_BONE if name.startswith(starts)), HEAD)
            for name in self.order])
        self.groups = {group: np.unique(self.triangles[self.triangle_groups == group])
                       for group in set(self.triangle_groups)}
        self._targets: dict = {}

    def _add_after_parent(self, name: str) -> None:
        if name in self.order:
            return
        if self.bones[name]['parent']:
            self._add_after_parent(self.bones[name]['parent'])
        self.order.append(name)

    def target(self, name: str) -> 'tuple[np.ndarray, np.ndarray] | None':
        if name not in self._targets:
            path = self.core / 'targets' / f'{name}.target'
            self._targets[name] = read_target(path) if path.exists() else None
        return self._targets[name]

    def four_strongest(self, weights: np.ndarray) -> 'tuple[np.ndarray, np.ndarray]':
        index = np.argsort(-weights, 1)[:, :4].astype(np.int32)
        strongest = np.take_along_axis(weights, index, 1)
        strongest = strongest / (strongest.sum(1, keepdims=True) + 1e-9)
        return np.ascontiguousarray(index), np.ascontiguousarray(strongest, np.float32)

    def body(self, rng: np.random.Generator, gender: str, is_child: bool) -> np.ndarray:
        """A random body: age, ancestry, muscle, weight, height and proportions."""
        vertices = self.vertices.copy()

        def add(name: str, weight: float) -> None:
            target = self.target(f'macrodetails/{name}') if abs(weight) > 1e-3 else None
            if target is not None and len(target[0]):
                vertices[target[0]] += np.float32(weight) * target[1]

        if is_child:
            share = rng.uniform(.3, .9)
            ages = [('child', share), ('young', 1 - share)]
        else:
            share = max(0, rng.uniform(-.8, .9))
            ages = [('young', 1 - share), ('old', share)]
        muscle, weight = rng.uniform(0, 1), np.clip(rng.normal(.5, .25), 0, 1)

        def three(value: float, word: str) -> 'list[tuple[str, float]]':
            return [(f'min{word}', max(0, 1 - 2 * value)),
                    (f'average{word}', 1 - abs(2 * value - 1)),
                    (f'max{word}', max(0, 2 * value - 1))]

        height, ideal = np.clip(rng.normal(.5, .22), 0, 1), rng.uniform(-.6, 1)
        tall = 'maxheight' if height > .5 else 'minheight'
        proportions = 'idealproportions' if ideal > 0 else 'uncommonproportions'
        for age, of_age in ages:
            for race, of_race in zip(RACES, rng.dirichlet([.4] * 3)):
                add(f'{race}-{gender}-{age}', of_age * of_race)
            for m, of_muscle in three(muscle, 'muscle'):
                for w, of_weight in three(weight, 'weight'):
                    amount = of_age * of_muscle * of_weight
                    kind = f'{gender}-{age}-{m}-{w}'
                    add(f'universal-{kind}', amount)
                    add(f'height/{kind}-{tall}', amount * abs(2 * height - 1))
                    add(f'proportions/{kind}-{proportions}', amount * abs(ideal))
        return vertices

    def garment(self, path: pathlib.Path, kind: str) -> Garment:
        """Reads a .mhclo file and the mesh it names."""
        mesh, anchors, scales, section = '', [], {}, ''
        hides = np.zeros(len(self.vertices), bool)
        for line in path.read_text(errors='ignore').splitlines():
            words = line.split()
            if not words or words[0].startswith('#'):
                continue
            if words[0] == 'obj_file':
                mesh = words[1]
            elif words[0] in ('x_scale', 'y_scale', 'z_scale'):
                scales[words[0][0]] = (int(words[1]), int(words[2]), float(words[3]))
            elif words[0] in ('verts', 'delete_verts', 'weights', 'verts_weights'):
                section = words[0]
            elif section == 'verts' and re.match(r'^-?\d', words[0]):
                numbers = [float(x) for x in words[:9]]
                anchors.append(numbers[:1] * 3 + [1, 0, 0, 0, 0, 0] if len(numbers) == 1
                               else numbers + [0.] * (9 - len(numbers)))
            elif section == 'delete_verts' and words[0].isdigit():
                for first, last in re.findall(r'(\d+)(?:\s*-\s*(\d+))?', line):
                    hides[int(first):int(last or first) + 1] = True
        vertices, triangles, _ = read_obj(path.parent / mesh)
        if len(anchors) != len(vertices):
            raise ValueError(f'{path}: {len(anchors)} anchors for {len(vertices)} vertices')
        table = np.array(anchors, np.float64)
        index = table[:, :3].astype(int)
        weights = sum(self.weights[index[:, k]] * np.clip(table[:, 3 + k:4 + k], 0, None)
                      for k in range(3)).astype(np.float32)
        weights /= weights.sum(1, keepdims=True) + 1e-9
        bones, bone_weights = self.four_strongest(weights)
        return Garment(path.stem, kind, triangles, index, table[:, 3:6].astype(np.float32),
                       table[:, 6:9].astype(np.float32), scales, hides, bones, bone_weights,
                       self.region_of_bone[weights.argmax(1)],
                       connected_pieces(len(vertices), triangles))

    def character(self, rng: np.random.Generator, gender: str, is_child: bool,
                  garments: dict) -> Character:
        vertices = self.body(rng, gender, is_child)
        heads = np.array([vertices[self.joints[self.bones[name]['head']]].mean(0)
                          for name in self.order], np.float32)
        body = self.groups['body']
        in_head = body[self.region_of_bone[self.weights.argmax(1)][body] == HEAD]
        left_eye = vertices[self.groups['helper-l-eye']]
        lips = np.intersect1d(self.target('mouth/mouth-scale-vert-decr')[0], body)
        front = vertices[lips[np.argsort(-vertices[lips, 2])[:len(lips) // 3]]].mean(0)
        return Character(
            gender, is_child, vertices, heads, int(in_head[vertices[in_head, 2].argmax()]),
            left_eye.mean(0), float(np.ptp(left_eye[:, 0]) / 2), front * [0, 1, 1],
            {name: fit(garment, vertices).astype(np.float16)
             for name, garment in garments.items()},
            float(np.ptp(vertices[body, 1])))


def fit(garment: Garment, vertices: np.ndarray) -> np.ndarray:
    """[n, 3] vertices of a garment on a body."""
    base = sum(vertices[garment.anchors[:, k]] * garment.anchor_weights[:, k:k + 1]
               for k in range(3))
    offsets = garment.anchor_offsets.copy()
    for k, axis in enumerate('xyz'):
        if axis in garment.scales:
            a, b, at_rest = garment.scales[axis]
            offsets[:, k] *= abs(vertices[a, k] - vertices[b, k]) / at_rest
    return (base + offsets).astype(np.float32)


def _kind(path: pathlib.Path) -> str:
    if path.parent.parent.name == 'hair':
        return 'hair'
    return 'shoes' if 'shoes' in path.stem else 'hat' if 'fedora' in path.stem else 'suit'


def bake(folder: pathlib.Path, count: int, seed: int) -> Cast:
    """A cast of `count` characters from a folder with MakeHuman's `core/` and `assets/`."""
    library = _Library(folder)
    rng = np.random.default_rng(seed)
    garments = {}
    for path in sorted([*library.assets.glob('clothes/*/*.mhclo'),
                        *library.assets.glob('hair/*/*.mhclo')]):
        garments[path.stem] = library.garment(path, _kind(path))
    characters = [library.character(rng, 'female' if i % 2 else 'male', i % 8 >= 6, garments)
                  for i in range(count)]
    body = library.groups['body']
    ears = tuple(np.intersect1d(library.target(f'ears/{side}-ear-scale-decr')[0], body)
                 for side in 'lr')
    bones, bone_weights = library.four_strongest(library.weights)
    parents = np.array([library.bone.get(library.bones[name]['parent'], -1)
                        for name in library.order])
    return Cast(
        {group: library.triangles[library.triangle_groups == group] for group in library.groups},
        library.groups, library.order, parents, bones, bone_weights,
        library.region_of_bone[library.weights.argmax(1)], garments,
        {path.stem: read_bvh(path, library.bone)
         for path in sorted(library.assets.glob('poses/*.bvh'))}, ears, characters)


def load_cast(folder: pathlib.Path, cache: pathlib.Path, count: int = 64, seed: int = 5) -> Cast:
    """The cast, baked once (a minute or two) and kept in `cache`.

    Raises:
      FileNotFoundError: the folder holds no MakeHuman assets.
    """
    path = cache / f'cast-v{CACHE_VERSION}-{count}-{seed}.pickle'
    if path.exists():
        with path.open('rb') as file:
            return pickle.load(file)
    if not (folder / 'core/3dobjs/base.obj').exists():
        raise FileNotFoundError(f'{folder} holds no MakeHuman assets: see training/README.md')
    cast = bake(folder, count, seed)
    cache.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix('.part')
    with temporary.open('wb') as file:
        pickle.dump(cast, file, protocol=4)
    temporary.replace(path)
    return cast


def posed(vertices: np.ndarray, index: np.ndarray, weight: np.ndarray,
          bones: np.ndarray) -> np.ndarray:
    """[n, 3] vertices moved by [b, 3, 4] bones."""
    return rasterizer.skin(vertices.astype(np.float32), index, weight, bones)
