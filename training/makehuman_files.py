"""Reads the file formats of MakeHuman's CC0 data: meshes, shapes, poses."""
import pathlib

import numpy as np


def read_obj(path: pathlib.Path) -> 'tuple[np.ndarray, np.ndarray, np.ndarray]':
    """[n, 3] vertices, [t, 3] triangles and the group's name of each triangle of a .obj file."""
    vertices, triangles, groups, group = [], [], [], ''
    for line in path.read_text(errors='ignore').splitlines():
        if line.startswith('v '):
            vertices.append([float(x) for x in line.split()[1:4]])
        elif line.startswith('g '):
            group = line.split()[1]
        elif line.startswith('f '):
            corners = [int(word.split('/')[0]) - 1 for word in line.split()[1:]]
            for k in range(1, len(corners) - 1):
                triangles.append((corners[0], corners[k], corners[k + 1]))
                groups.append(group)
    return np.array(vertices, np.float32), np.array(triangles, np.int32), np.array(groups)


def read_target(path: pathlib.Path) -> 'tuple[np.ndarray, np.ndarray]':
    """Vertex numbers and [n, 3] displacements of a .target file, a shape of the base mesh."""
    rows = [line.split() for line in path.read_text().splitlines()
            if line.strip() and not line.startswith('#')]
    return (np.array([int(row[0]) for row in rows], int),
            np.array([[float(x) for x in row[1:4]] for row in rows], np.float32).reshape(-1, 3))


def rotation(axis: str, degrees: float) -> np.ndarray:
    """[3, 3] rotation about X, Y or Z."""
    c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    return np.array({'X': [[1, 0, 0], [0, c, -s], [0, s, c]],
                     'Y': [[c, 0, s], [0, 1, 0], [-s, 0, c]],
                     'Z': [[c, -s, 0], [s, c, 0], [0, 0, 1]]}[axis])


def read_bvh(path: pathlib.Path, bone: dict) -> np.ndarray:
    """[bones, 3, 3] rotations of a BVH file's first frame (MakeHuman's poses hold one)."""
    names, channels = [], []
    lines = path.read_text().splitlines()
    for number, line in enumerate(lines):
        words = line.split()
        if words and words[0] in ('ROOT', 'JOINT'):
            names.append(words[1])
        elif words and words[0] == 'CHANNELS':
            channels.append(words[2:])
        elif words and words[0] == 'MOTION':
            frame = [float(x) for x in lines[number + 3].split()]
            break
    rotations = np.tile(np.eye(3), (len(bone), 1, 1))
    at = 0
    for name, of_joint in zip(names, channels):
        total = np.eye(3)
        for channel in of_joint:
            if channel.endswith('rotation'):
                total = total @ rotation(channel[0], frame[at])
            at += 1
        if name in bone:
            rotations[bone[name]] = total
    return rotations


def connected_pieces(count: int, triangles: np.ndarray) -> np.ndarray:
    """[count] int: which connected piece of a mesh each vertex belongs to."""
    label = np.arange(count)
    while True:
        lowest = label[triangles].min(1)
        before = label.copy()
        for k in range(3):
            np.minimum.at(label, triangles[:, k], lowest)
        label = label[label]
        if (label == before).all():
            return np.unique(label, return_inverse=True)[1]
