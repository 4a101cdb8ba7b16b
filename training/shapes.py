"""Simple shapes as meshes: boxes, sheets, bodies of revolution. Lengths are decimetres, y is up.

The first two surface coordinates of a face run along it, so that any pattern fits any shape.
"""
from typing import Callable

from training import rasterizer as r

import numpy as np

_CUBE = np.array([[x, y, z] for x in (-.5, .5) for y in (0, 1) for z in (-.5, .5)], np.float32)
_CUBE_FACES = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
_CUBE_AXES = [(2, 1), (2, 1), (0, 2), (0, 2), (0, 1), (0, 1)]


def box(width: float, height: float, depth: float, number: int,
        at: 'tuple[float, float, float]' = (0, 0, 0)) -> r.Mesh:
    """A box whose floor is centred on `at`, of material `number`."""
    corners = _CUBE * np.float32([width, height, depth])
    vertices, coordinates, triangles = [], [], []
    for face, (u, v) in zip(_CUBE_FACES, _CUBE_AXES):
        first = len(vertices)
        for corner in face:
            vertices.append(corners[corner] + np.float32(at))
            coordinates.append([corners[corner][u], corners[corner][v], 0])
        triangles += [(first, first + 1, first + 2), (first, first + 2, first + 3)]
    return r.Mesh(np.array(vertices, np.float32), np.array(coordinates, np.float32),
                  np.array(triangles, np.int32), np.full(12, number, np.int32))


def sheet(width: float, height: float, number: int, columns: int = 1, rows: int = 1,
          bulge: 'Callable[[np.ndarray, np.ndarray], np.ndarray] | None' = None) -> r.Mesh:
    """An upright sheet in the plane z = 0; `bulge` gives z from x and y."""
    x, y = np.meshgrid(np.linspace(-width / 2, width / 2, columns + 1),
                       np.linspace(0, height, rows + 1))
    z = bulge(x, y) if bulge else np.zeros_like(x)
    vertices = np.stack([x, y, z], 2).reshape(-1, 3).astype(np.float32)
    coordinates = np.stack([x, y, 0 * x], 2).reshape(-1, 3).astype(np.float32)
    first = (np.arange(rows)[:, None] * (columns + 1) + np.arange(columns)).reshape(-1)
    triangles = np.concatenate([
        np.stack([first, first + 1, first + columns + 2], 1),
        np.stack([first, first + columns + 2, first + columns + 1], 1)])
    return r.Mesh(vertices, coordinates, triangles.astype(np.int32),
                  np.full(len(triangles), number, np.int32))


def turned(profile: np.ndarray, number: int, sides: int = 14,
           uneven: 'np.ndarray | None' = None) -> r.Mesh:
    """A body of revolution around y from [n, 2] (radius, height); `uneven` [n, sides] scales it."""
    angle = np.linspace(0, 2 * np.pi, sides + 1)
    radius = profile[:, :1] * (np.ones((len(profile), sides)) if uneven is None else uneven)
    radius = np.concatenate([radius, radius[:, :1]], 1)
    height = np.broadcast_to(profile[:, 1:], radius.shape)
    vertices = np.stack([radius * np.cos(angle), height, radius * np.sin(angle)], 2)
    around = np.broadcast_to(angle * profile[:, 0].max(), radius.shape)
    coordinates = np.stack([around, height, 0 * height], 2)
    first = (np.arange(len(profile) - 1)[:, None] * (sides + 1) + np.arange(sides)).reshape(-1)
    triangles = np.concatenate([
        np.stack([first, first + 1, first + sides + 2], 1),
        np.stack([first, first + sides + 2, first + sides + 1], 1)])
    return r.Mesh(vertices.reshape(-1, 3).astype(np.float32),
                  coordinates.reshape(-1, 3).astype(np.float32), triangles.astype(np.int32),
                  np.full(len(triangles), number, np.int32))


def pipe(radius: float, height: float, number: int, at: 'tuple[float, float, float]' = (0, 0, 0),
         top: 'float | None' = None) -> r.Mesh:
    """A closed upright cylinder or cone."""
    top = radius if top is None else top
    profile = np.array([[1e-3, 0], [radius, 0], [top, height], [1e-3, height]])
    return turned(profile, number, 10).moved(np.eye(3), np.array(at, float))


def blob(rng: np.random.Generator, size: np.ndarray, number: int,
         at: 'tuple[float, float, float]', roughness: float = 0) -> r.Mesh:
    """An ellipsoid of these half axes around `at`."""
    polar = np.linspace(0, np.pi, 10)
    profile = np.stack([np.sin(polar) + 1e-3, -np.cos(polar)], 1)
    uneven = 1 + roughness * rng.normal(size=(10, 14))
    return turned(profile, number, 14, uneven).moved(np.diag(size), np.array(at, float))
