"""Furniture, and other things that look like a person and are none.

Each builder returns meshes in decimetres that stand on y = 0 around the origin.
"""
from typing import Callable

from training import makehuman
from training import rasterizer as r
from training.makehuman import Cast
from training.people import Materials, material, suit_materials
from training.poses import about
from training.shapes import blob, box, pipe, sheet, turned

import numpy as np


def _wood(rng: np.random.Generator, materials: Materials) -> int:
    if rng.random() < .5:
        return materials.add(material(rng, pattern=r.PLAIN))
    color = np.array([.35, .2, .1]) * rng.uniform(.4, 2)
    return materials.add(material(rng, color=color, pattern=r.WOOD, bump=0,
                                  frequency=rng.uniform(.3, 1.5)))


def any_material(rng: np.random.Generator, materials: Materials, textures: int) -> int:
    if rng.random() < .35:
        m = material(rng, kind=r.TEXTURE, color=1., bump=0)
        m['extra'][:3] = [rng.integers(textures), *(1 / rng.uniform(3, 20, 2))]
        return materials.add(m)
    return materials.add(material(rng))


def picture(rng: np.random.Generator, materials: Materials, textures: int, width: float,
            height: float) -> 'list[r.Mesh]':
    """A framed picture, window, screen or poster: one whole texture on it."""
    m = material(rng, kind=r.TEXTURE, color=rng.uniform(.5, 1.5), bump=0)
    m['offset'] = [width / 2, 0, 0]
    m['extra'][:3] = [rng.integers(textures), 1 / width, 1 / height]
    meshes = [sheet(width, height, materials.add(m)).moved(np.eye(3), np.array([0, 0, -.12]))]
    if rng.random() < .7:
        border = rng.uniform(.2, 1.2)
        meshes.append(box(width + border, height + border, .1, _wood(rng, materials),
                          (0, -border / 2, 0)))
    return meshes


def chair(rng: np.random.Generator, materials: Materials, textures: int,
          seat: 'float | None' = None) -> 'list[r.Mesh]':
    """A chair, stool or armchair that faces +z; `seat` is the height of its seat."""
    del textures
    seat = rng.uniform(4, 5.5) if seat is None else max(.6, seat)
    wood, cloth = _wood(rng, materials), materials.add(material(rng))
    width, depth = rng.uniform(4, 6.5), rng.uniform(4, 5.5)
    thick = min(rng.uniform(.3, 1.5), seat * .6)
    meshes = [box(width, thick, depth, cloth, (0, seat - thick, 0))]
    if rng.random() < .75:
        back = rng.uniform(2.5, 6)
        meshes.append(box(width, back, rng.uniform(.2, 1.4), cloth, (0, seat, -depth / 2)))
    if rng.random() < .4:
        meshes += [box(.6, 2.2, depth, wood, (s * (width / 2 + .3), seat, 0)) for s in (-1, 1)]
    if rng.random() < .65:
        meshes += [box(.35, seat - thick, .35, wood, (sx * width * .45, 0, sz * depth * .45))
                   for sx in (-1, 1) for sz in (-1, 1)]
    else:
        meshes.append(box(width, seat - thick, depth, cloth))
    return meshes


def bench(rng: np.random.Generator, materials: Materials, textures: int,
          seat: 'float | None' = None) -> 'list[r.Mesh]':
    """A bench or sofa."""
    del textures
    seat = rng.uniform(4, 5) if seat is None else max(.6, seat)
    cloth, width = materials.add(material(rng)), rng.uniform(12, 24)
    meshes = [box(width, seat, 6, cloth)]
    if rng.random() < .7:
        meshes.append(box(width, rng.uniform(3, 5), 1.2, cloth, (0, seat, -3)))
    return meshes


def table(rng: np.random.Generator, materials: Materials, textures: int) -> 'list[r.Mesh]':
    """A table with things on it."""
    wood, width, depth = _wood(rng, materials), rng.uniform(6, 20), rng.uniform(5, 10)
    top = rng.uniform(4, 10)
    meshes = [box(width, .4, depth, wood, (0, top - .4, 0))]
    meshes += [box(.5, top - .4, .5, wood, (sx * width * .45, 0, sz * depth * .45))
               for sx in (-1, 1) for sz in (-1, 1)]
    for _ in range(int(rng.integers(0, 6))):
        at = (rng.uniform(-.45, .45) * width, top, rng.uniform(-.45, .45) * depth)
        number = any_material(rng, materials, textures)
        meshes.append(box(*rng.uniform(.4, 3.5, 3), number, at) if rng.random() < .6 else
                      pipe(rng.uniform(.2, .8), rng.uniform(.5, 3.5), number, at,
                           rng.uniform(.1, .8)))
    return meshes


def shelf(rng: np.random.Generator, materials: Materials, textures: int) -> 'list[r.Mesh]':
    """Shelves with books and boxes, as in shops."""
    del textures
    wood, width = _wood(rng, materials), rng.uniform(6, 20)
    rows, step = int(rng.integers(2, 7)), rng.uniform(2.5, 4.5)
    meshes = [box(width, step * rows, .2, wood, (0, 0, -1.5))]
    colors = [materials.add(material(rng, pattern=r.PLAIN)) for _ in range(6)]
    for row in range(rows):
        meshes.append(box(width, .25, 3, wood, (0, row * step, 0)))
        x = -width / 2
        while x < width / 2 - .5 and rng.random() < .97:
            thick = rng.uniform(.2, 1.6)
            meshes.append(box(thick, rng.uniform(.4, .9) * step, rng.uniform(1.2, 2.4),
                              colors[rng.integers(6)], (x + thick / 2, row * step + .25, 0)))
            x += thick + (rng.uniform(0, 2) if rng.random() < .2 else .03)
    return meshes


def pole(rng: np.random.Generator, materials: Materials, textures: int) -> 'list[r.Mesh]':
    """A post, a lamp, a traffic sign or a column."""
    number, height = materials.add(material(rng)), rng.uniform(8, 40)
    radius = rng.uniform(.15, 1.6) if rng.random() < .85 else rng.uniform(1.5, 4)
    meshes = [pipe(radius, height, number, top=radius * rng.uniform(.5, 1))]
    top = rng.random()
    if top < .3:  # a lamp, or a head
        size = rng.uniform(.6, 2.2)
        meshes.append(blob(rng, np.array([size, size * rng.uniform(.6, 1.5), size]),
                           materials.add(material(rng)), (0, height + size * .6, 0)))
    elif top < .6:  # a sign
        width, tall = rng.uniform(3, 9, 2)
        meshes += [mesh.moved(np.eye(3), np.array([0, height - tall, -radius]))
                   for mesh in picture(rng, materials, textures, width, tall)]
    elif top < .75:  # arms
        meshes.append(box(rng.uniform(4, 14), .4, .4, number,
                          (0, height * rng.uniform(.6, .95), 0)))
    return meshes


def coat_stand(cast: Cast) -> Callable:
    """A builder of clothes without anybody in them: on a hanger, a stand, or headless."""
    def build(rng: np.random.Generator, materials: Materials, textures: int) -> 'list[r.Mesh]':
        del textures
        character = cast.characters[rng.integers(len(cast.characters))]
        suits = [name for name, garment in cast.garments.items() if garment.kind == 'suit']
        garment = cast.garments[rng.choice(suits)]
        at_rest = character.fitted[garment.name].astype(np.float32)
        top, bottom, shoes = (materials.add(material(rng)) for _ in range(3))
        chosen = suit_materials(rng, garment, top, bottom, shoes, materials)
        # Arms hang down: the vertices of each sleeve turn about its shoulder.
        vertices = at_rest.copy()
        shoulder = character.bone_heads[[cast.bone['upperarm01.L'], cast.bone['upperarm01.R']]]
        for sign, joint in zip((1, -1), shoulder):
            sleeve = (np.isin(garment.regions, (makehuman.UPPER_ARM, makehuman.LOWER_ARM,
                                                makehuman.HAND)) & (at_rest[:, 0] * sign > 0))
            turn = about([0, 0, 1], -sign * rng.uniform(.4, .95))
            vertices[sleeve] = (vertices[sleeve] - joint) @ turn.T + joint
        flat = np.array([1, 1, rng.uniform(.25, 1.)])
        triangles = garment.triangles
        if rng.random() < .6:  # the upper part alone
            upper = garment.regions <= makehuman.HAND
            triangles = triangles[upper[triangles].all(1)]
        used = np.unique(triangles)
        if not len(used):
            return pole(rng, materials, 1)
        lift = -vertices[used, 1].min() + (rng.uniform(0, 12) if rng.random() < .7 else 0)
        meshes = [r.Mesh(vertices * flat + [0, lift, 0], at_rest, triangles,
                         chosen[triangles[:, 0]].astype(np.int32))]
        neck = float(vertices[used, 1].max() + lift)
        rod = materials.add(material(rng, pattern=r.PLAIN))
        meshes.append(pipe(.15, neck + rng.uniform(0, 3), rod))
        if rng.random() < .3:
            meshes.append(blob(rng, np.array([.8, 1.1, .9]) * rng.uniform(.4, .9), rod,
                               (0, neck + .4, 0)))
        return meshes
    return build


def flag(rng: np.random.Generator, materials: Materials, textures: int) -> 'list[r.Mesh]':
    """A flag, a banner, a curtain or a towel."""
    width, height = rng.uniform(3, 14), rng.uniform(4, 20)
    waves, phase, size = rng.uniform(.2, 1.6), rng.uniform(0, 6), rng.uniform(.1, .8)

    def folds(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return size * np.sin(x * waves + phase + .15 * y) * (1 + .3 * np.sin(.7 * y))

    foot = rng.uniform(0, 15)
    cloth = sheet(width, height, any_material(rng, materials, textures), 18, 8, folds)
    meshes = [cloth.moved(np.eye(3), np.array([0, foot, 0]))]
    if rng.random() < .6:
        rod = materials.add(material(rng, pattern=r.PLAIN))
        meshes.append(pipe(.2, foot + height + 1, rod, (-width / 2, 0, 0)))
    return meshes


def door(rng: np.random.Generator, materials: Materials, textures: int) -> 'list[r.Mesh]':
    """A door frame, with a door or without, or a rack of bars."""
    wood, width, height = _wood(rng, materials), rng.uniform(7, 12), rng.uniform(18, 24)
    bar = rng.uniform(.4, 1.5)
    meshes = [box(bar, height, .8, wood, (s * width / 2, 0, 0)) for s in (-1, 1)]
    meshes.append(box(width, bar, .8, wood, (0, height - bar, 0)))
    if rng.random() < .5:
        angle = rng.uniform(-1.4, 1.4)
        leaf = sheet(width, height, any_material(rng, materials, textures))
        meshes.append(leaf.moved(about([0, 1, 0], angle),
                                 np.array([width / 2 * (1 - np.cos(angle)), 0, 0])))
    if rng.random() < .4:
        meshes += [box(.3, height, .3, wood, (x, 0, 0))
                   for x in np.arange(-width / 2, width / 2, rng.uniform(.8, 2.5))]
    return meshes


def tree(rng: np.random.Generator, materials: Materials, textures: int) -> 'list[r.Mesh]':
    """A tree, a bush or a plant in a pot."""
    del textures
    bark = materials.add(material(rng, color=np.array([.3, .22, .15]) * rng.uniform(.4, 1.6)))
    green = np.array([.12, .3, .08]) * rng.uniform(.4, 2.2, 3)
    leaves = materials.add(material(rng, kind=r.HAIR, color=green, frequency=rng.uniform(.5, 3),
                                    cutout=rng.uniform(.3, .6), bump=1.5))
    height = rng.uniform(3, 30)
    meshes = [pipe(height * rng.uniform(.02, .05), height, bark, top=height * .015)]
    for _ in range(int(rng.integers(2, 9))):
        size = height * rng.uniform(.08, .3, 3)
        at = (rng.normal(0, .16) * height, height * rng.uniform(.5, 1.05),
              rng.normal(0, .16) * height)
        meshes.append(blob(rng, size, leaves, at, .18))
    if height < 12 and rng.random() < .6:
        meshes.append(pipe(height * .15, height * .25, materials.add(material(rng)),
                           top=height * .2))
    return meshes


def animal(rng: np.random.Generator, materials: Materials, textures: int) -> 'list[r.Mesh]':
    """Something on four legs."""
    del textures
    fur = materials.add(material(rng, bump=1.5))
    size = rng.uniform(1.5, 9)
    length = size * rng.uniform(.7, 1.2)
    legs = size * rng.uniform(.5, 1.1)
    meshes = [blob(rng, np.array([size * .38, size * .4, length]), fur, (0, legs + size * .2, 0),
                   .06)]
    for sx in (-1, 1):
        for sz in (-1, 1):
            meshes.append(pipe(size * .09, legs + size * .2, fur,
                               (sx * size * .22, 0, sz * length * rng.uniform(.5, .8)),
                               size * .14))
    head = size * rng.uniform(.25, .4)
    top = legs + size * rng.uniform(.4, 1.1)
    meshes.append(blob(rng, np.array([head * .8, head, head * 1.2]), fur,
                       (rng.normal(0, .1) * size, top, length + head * .6), .05))
    for sx in (-1, 1):
        meshes.append(pipe(head * .3, head * .8, fur, (sx * head * .5, top + head * .7, length),
                           .05))
    return meshes


def heap(rng: np.random.Generator, materials: Materials, textures: int) -> 'list[r.Mesh]':
    """Boxes, bottles, bags and balls, on each other."""
    meshes, top = [], 0.
    for _ in range(int(rng.integers(1, 5))):
        number, height = any_material(rng, materials, textures), rng.uniform(.8, 7)
        kind, aside = rng.random(), rng.normal(0, .6)
        if kind < .5:
            meshes.append(box(rng.uniform(1, 8), height, rng.uniform(1, 8), number,
                              (aside, top, 0)))
        elif kind < .8:
            meshes.append(pipe(rng.uniform(.4, 3), height, number, (aside, top, 0),
                               rng.uniform(.2, 3)))
        else:
            meshes.append(blob(rng, np.array([rng.uniform(.6, 3), height / 2,
                                              rng.uniform(.6, 3)]), number,
                               (aside, top + height / 2, 0), .05))
        top += height
    return meshes


def dummy(rng: np.random.Generator, materials: Materials, textures: int) -> 'list[r.Mesh]':
    """A tailor's dummy, a vase, a skittle or a snowman: smooth, upright, no limbs."""
    del textures
    height = rng.uniform(6, 19)
    levels = np.linspace(0, 1, 9)
    radius = height * rng.uniform(.07, .2) * np.exp(np.cumsum(rng.normal(0, .35, 9)) * .5)
    profile = np.stack([np.concatenate([[1e-3], radius, [1e-3]]),
                        np.concatenate([[0], levels, [1]]) * height], 1)
    meshes = [turned(profile, materials.add(material(rng)))]
    if rng.random() < .4:
        head = height * rng.uniform(.06, .14)
        meshes.append(blob(rng, np.array([head, head * 1.2, head]), materials.add(material(rng)),
                           (0, height + head, 0)))
    return meshes


def builders(cast: Cast) -> 'list[Callable]':
    """All builders, those more often that fooled the network more."""
    coats = coat_stand(cast)
    return [chair, chair, bench, table, shelf, pole, pole, coats, coats, flag, door, tree, tree,
            animal, heap, heap, dummy]
