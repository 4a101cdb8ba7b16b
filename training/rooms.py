"""Rooms for people and things to be in: floor, walls, ceiling, pictures on the wall."""
from training import rasterizer as r
from training import things
from training.people import Materials, material
from training.poses import about
from training.shapes import sheet

import numpy as np

# From a right-handed space (x left of the person, z ahead of it) to the camera's (z away from it).
FLIP = np.diag([1., 1., -1.])



def heading(yaw: float) -> np.ndarray:
    """[3, 3]: turns a person or a thing towards the camera, then by yaw, into the world."""
    return FLIP @ about([0, 1, 0], yaw)


def grid(x: np.ndarray, z: np.ndarray, number: int) -> r.Mesh:
    """A level surface at y = 0 over the lines x and z."""
    px, pz = np.meshgrid(x, z)
    mesh = sheet(1, 1, number, len(x) - 1, len(z) - 1)
    flat = np.stack([px, 0 * px, pz], 2).reshape(-1, 3).astype(np.float32)
    surface = np.stack([px, pz, 0 * px], 2).reshape(-1, 3).astype(np.float32)
    return mesh._replace(vertices=flat, coordinates=surface)


def _wall_material(rng: np.random.Generator, materials: Materials, textures: int) -> int:
    kind = rng.random()
    if kind < .3:
        m = material(rng, kind=r.TEXTURE, color=rng.uniform(.5, 1.2), bump=0)
        m['extra'][:3] = [rng.integers(textures), *(1 / rng.uniform(8, 60, 2))]
        return materials.add(m)
    color = (np.full(3, rng.uniform(.2, .95)) + rng.normal(0, .06, 3) if rng.random() < .8
             else rng.uniform(.1, .9, 3))
    pattern = r.PLAIN if kind < .65 else rng.choice([
        r.BRICKS, r.WOOD, r.TILES, r.CLOUDS, r.STRIPES_DOWN, r.STRIPES_ACROSS, r.BLOTCHES,
        r.PLAID, r.DOTS])
    m = material(rng, color=np.clip(color, .03, 1), pattern=pattern, noise=rng.uniform(0, .15),
                 frequency=np.exp(rng.uniform(np.log(.06), np.log(1.2))), bump=0, specular=0)
    m['color2'] = np.clip(m['color'] * rng.uniform(.5, 1.4), 0, 1)
    return materials.add(m)


def room(rng: np.random.Generator, materials: Materials, textures: int, points: np.ndarray,
          camera_height: float, is_open: bool) -> 'list[tuple[r.Mesh, int]]':
    """Floor, and walls and a ceiling around `points` [n, 3] unless the place is open."""
    floor = _wall_material(rng, materials, textures)
    lines = np.concatenate([np.arange(0, 40, 4), np.geomspace(40, 500 if is_open else 150, 8)])
    depth = np.concatenate([np.arange(-12, 60, 4), np.geomspace(60, 600 if is_open else 200, 9)])
    out = [grid(np.concatenate([-lines[:0:-1], lines]), depth, floor)]
    if is_open:
        return [(mesh, r.GROUND) for mesh in out]
    back = points[:, 2].max() + np.exp(rng.uniform(np.log(2), np.log(60)))
    left = min(-6, points[:, 0].min()) - np.exp(rng.uniform(np.log(2), np.log(50)))
    right = max(6, points[:, 0].max()) + np.exp(rng.uniform(np.log(2), np.log(50)))
    ceiling = max(camera_height + 2, rng.uniform(23, 45))
    wall = _wall_material(rng, materials, textures)
    side = wall if rng.random() < .6 else _wall_material(rng, materials, textures)
    middle, width = (left + right) / 2, right - left
    out.append(sheet(width, ceiling, wall, 8, 4).moved(np.eye(3),
                                                              np.array([middle, 0, back])))
    for x in (left, right):
        wall_beside = sheet(back + 12, ceiling, side, int(back / 4) + 3, 8)
        out.append(wall_beside.moved(about([0, 1, 0], np.pi / 2),
                                     np.array([x, 0, back / 2 - 6])))
    above = grid(np.linspace(left, right, 12), np.arange(-12, back + 8, 6),
                  materials.add(material(rng, color=rng.uniform(.5, 1), pattern=r.PLAIN, bump=0)))
    out.append(above.moved(np.eye(3), np.array([0, ceiling, 0])))
    for _ in range(int(rng.integers(0, 6))):  # pictures, windows, screens
        wide, tall = np.exp(rng.uniform(np.log(3), np.log(22), 2))
        tall = min(tall, ceiling - 2)
        at = np.array([rng.uniform(left, right), rng.uniform(0, ceiling - tall), back - .3])
        out += [mesh.moved(FLIP, at)
                for mesh in things.picture(rng, materials, textures, wide, tall)]
    return [(mesh, r.GROUND) for mesh in out]
