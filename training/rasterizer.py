"""Python's side of rasterizer.cc: compiles it at first use, checks arrays, holds the buffers."""
import ctypes
import hashlib
import os
import pathlib
import shutil
import subprocess
import tempfile
from typing import NamedTuple

import numpy as np

SOURCES = [pathlib.Path(__file__).with_name(name) for name in ('rasterizer.cc', 'materials.h')]
BUILD_FOLDER = pathlib.Path(__file__).with_name('build')
FLAGS = ['-O3', '-march=native', '-ffast-math', '-std=c++14', '-shared', '-fPIC']

SURFACE, SKIN, EYE, HAIR, TEXTURE = range(5)
(PLAIN, STRIPES_ACROSS, STRIPES_DOWN, CHECK, BLOTCHES, DOTS, CLOUDS, DIAGONAL, PRINT,
 BRICKS, WOOD, TILES, PLAID) = range(13)

# Mirrors Material in materials.h, which says what each field means.
MATERIAL = np.dtype([
    ('kind', 'f4'), ('color', 'f4', 3), ('color2', 'f4', 3), ('frequency', 'f4'),
    ('pattern', 'f4'), ('noise', 'f4'), ('specular', 'f4'), ('cutout', 'f4'),
    ('shininess', 'f4'), ('offset', 'f4', 3), ('extra', 'f4', 15), ('bump', 'f4')])

SHADOW_SIZE = 640
# The instance number of floors and walls: shadows fall on them, and they cast none.
GROUND = 1000


class Mesh(NamedTuple):
    """A triangle mesh, ready to be drawn."""

    vertices: np.ndarray
    """[n, 3] float32, decimetres."""
    coordinates: np.ndarray
    """[n, 3] float32: where the pattern of the surface is read, decimetres."""
    triangles: np.ndarray
    """[t, 3] int32."""
    materials: np.ndarray
    """[t] int32, indices into the scene's list of materials."""

    def moved(self, rotation: np.ndarray, translation: np.ndarray) -> 'Mesh':
        """The mesh under v -> rotation v + translation ([3, 3], [3])."""
        return self._replace(vertices=self.vertices @ rotation.T + translation)


class Light(NamedTuple):
    """A key light that casts shadows, a fill light that does not, and the light of the sky."""

    position: np.ndarray
    """[3] decimetres, in camera space."""
    target: np.ndarray
    """[3] decimetres: the middle of what casts shadows."""
    radius: float
    """Of the sphere around the target that casts shadows, decimetres."""
    color: np.ndarray
    sky: np.ndarray
    ground: np.ndarray
    fill_direction: np.ndarray
    fill: np.ndarray
    softness: float
    """Of the shadow's edge, in pixels of the shadow map."""
    casts_shadows: bool


def _library() -> ctypes.CDLL:
    """Loads the compiled rasterizer, after compiling it if this source was not compiled yet.

    Raises:
      OSError: no C++ compiler is installed, or it failed.
    """
    compiler = os.environ.get('CXX') or next(
        (name for name in ('g++', 'clang++', 'c++') if shutil.which(name)), None)
    digest = hashlib.sha256(b''.join(source.read_bytes() for source in SOURCES)
                            + ' '.join(FLAGS).encode()).hexdigest()[:12]
    path = BUILD_FOLDER / f'rasterizer-{digest}.so'
    if not path.exists():
        if compiler is None:
            raise OSError('rendering needs a C++ compiler: install g++ or clang++')
        BUILD_FOLDER.mkdir(exist_ok=True)
        # Two renderers may start at once: each compiles a file of its own, the last rename wins.
        handle, temporary = tempfile.mkstemp(dir=BUILD_FOLDER, suffix='.so')
        os.close(handle)
        result = subprocess.run([compiler, *FLAGS, '-o', temporary, str(SOURCES[0])],
                                capture_output=True, text=True, check=False)
        if result.returncode:
            raise OSError(f'{compiler} failed on {SOURCES[0].name}: {result.stderr[-800:]}')
        os.replace(temporary, path)
    return ctypes.CDLL(str(path))


_LIB = _library()


def _pointer(array: np.ndarray) -> ctypes.c_void_p:
    if not array.flags.c_contiguous:
        raise ValueError('the rasterizer takes contiguous arrays only')
    return array.ctypes.data_as(ctypes.c_void_p)


def _floats(array: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(array, np.float32)


def skin(vertices: np.ndarray, index: np.ndarray, weight: np.ndarray,
         bones: np.ndarray) -> np.ndarray:
    """Linear blend skinning.

    Args:
      vertices: [n, 3] float32 at rest.
      index, weight: [n, 4] int32 and float32, the bones of each vertex.
      bones: [b, 3, 4] float32.

    Returns: [n, 3] float32, posed.
    """
    vertices, bones = _floats(vertices), _floats(bones)
    out = np.empty_like(vertices)
    _LIB.SkinVertices(len(vertices), _pointer(vertices), _pointer(index), _pointer(weight),
                      _pointer(bones), _pointer(out))
    return out


def vertex_normals(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """[n, 3] unit normals of a mesh, weighted by the areas of its triangles."""
    vertices = _floats(vertices)
    triangles = np.ascontiguousarray(triangles, np.int32)
    out = np.empty_like(vertices)
    _LIB.VertexNormals(len(vertices), _pointer(vertices), len(triangles), _pointer(triangles),
                       _pointer(out))
    return out


def look_at(position: np.ndarray, target: np.ndarray) -> np.ndarray:
    """[3, 4] float32: from the space that both points are in to one that looks at the target."""
    z = target - position
    z = z / np.linalg.norm(z)
    x = np.cross([0., 1., 0.] if abs(z[1]) < .99 else [1., 0., 0.], z)
    x = x / np.linalg.norm(x)
    rotation = np.stack([x, np.cross(z, x), z])
    return np.concatenate([rotation, -(rotation @ position)[:, None]], 1).astype(np.float32)


class Canvas:
    """The buffers of one picture size, used again for picture after picture.

    After `render`: `depth` [H, W] (1 / z, 0 where nothing is), `instance` [H, W] (-1 where
    nothing is) and `color` [H, W, 3] (1 = white, unclipped).
    """

    def __init__(self, width: int, height: int):
        self.width, self.height = width, height
        self.depth = np.zeros((height, width), np.float32)
        self.color = np.zeros((height, width, 3), np.float32)
        self.instance = np.full((height, width), -1, np.int32)
        self._normal = np.zeros((height, width, 3), np.float32)
        self._coordinate = np.zeros((height, width, 3), np.float32)
        self._material = np.zeros((height, width), np.int32)
        self._shadow = np.zeros((SHADOW_SIZE, SHADOW_SIZE), np.float32)

    def render(self, meshes: 'list[tuple[Mesh, int]]', materials: np.ndarray,
               textures: np.ndarray, focal: float, light: Light) -> None:
        """Draws meshes, each with its instance number, in camera space (x right, y up, z ahead).

        Args:
          materials: [m] of MATERIAL.
          textures: [n, size, size, 3] uint8.
          focal: the camera's focal length in pixels.
          light: in camera space.
        """
        self.depth[:] = 0
        self.color[:] = 0
        self.instance[:] = -1
        self._shadow[:] = 0
        materials = np.ascontiguousarray(materials)
        to_light = look_at(light.position, light.target)
        distance = float(np.linalg.norm(light.target - light.position))
        shadow_focal = SHADOW_SIZE / 2 * distance / light.radius
        for mesh, instance in meshes:
            vertices, coordinates = _floats(mesh.vertices), _floats(mesh.coordinates)
            triangles = np.ascontiguousarray(mesh.triangles, np.int32)
            triangle_materials = np.ascontiguousarray(mesh.materials, np.int32)
            normals = vertex_normals(vertices, triangles)
            _LIB.DrawMesh(
                self.width, self.height, ctypes.c_float(focal), len(vertices),
                _pointer(vertices), _pointer(normals), _pointer(coordinates), len(triangles),
                _pointer(triangles), _pointer(triangle_materials), _pointer(materials),
                int(instance), _pointer(self.depth), _pointer(self._normal),
                _pointer(self._coordinate), _pointer(self._material), _pointer(self.instance))
            if light.casts_shadows and instance != GROUND:
                seen = _floats(vertices @ to_light[:, :3].T + to_light[:, 3])
                _LIB.DrawDepth(SHADOW_SIZE, ctypes.c_float(shadow_focal), len(seen),
                               _pointer(seen), len(triangles), _pointer(triangles),
                               _pointer(self._shadow))
        direction = (light.position - light.target) / distance
        # The bias grows with what one pixel of the shadow map spans, or surfaces shade themselves.
        bias = .25 + 3 * light.radius / SHADOW_SIZE
        lamp = _floats(np.concatenate([
            direction, light.color, light.sky, light.ground, light.fill_direction, light.fill,
            [light.softness, shadow_focal, bias]]))
        textures = np.ascontiguousarray(textures, np.uint8)
        _LIB.ShadeBuffer(
            self.width, self.height, ctypes.c_float(focal), _pointer(self.depth),
            _pointer(self._normal), _pointer(self._coordinate), _pointer(self._material),
            _pointer(materials), _pointer(textures), textures.shape[1], _pointer(lamp),
            _pointer(_floats(to_light)), _pointer(self._shadow),
            SHADOW_SIZE if light.casts_shadows else 0, _pointer(self.color))
