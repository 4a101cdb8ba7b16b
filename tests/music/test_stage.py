"""Rulers, bars and labels: they cover no arm and are seen on every wall."""
from typing import Dict

from figures import musician
from playing import HEIGHT, LADDER
from posesuite.display.overlay import draw_pose
from posesuite.display.scene import mirrored
from posesuite.music import stage
from posesuite.music.players import Player, Trio
from posesuite.pose.pose import Frame, Pose
from posesuite.pose.skeleton import KeypointType

import numpy as np
import pytest

WIDTH = 640
Y, X = np.mgrid[:HEIGHT, :WIDTH]
WALLS = {'black': np.zeros_like(X), 'white': np.full_like(X, 255), 'unlit': np.full_like(X, 90),
         'light': np.full_like(X, 200), 'blinds': np.where(Y % 8 < 3, 90, 235),
         'bars': np.where(X % 8 < 4, 90, 200), 'fine': np.where((X + Y) % 2, 0, 255),
         'noise': np.random.default_rng(0).integers(0, 256, X.shape)}


def wall(name: str) -> np.ndarray:
    return np.repeat(WALLS[name].astype(np.uint8)[:, :, None], 3, axis=2)


def drawn(image: np.ndarray, people: Dict[int, Pose]) -> np.ndarray:
    """The image with people who play."""
    trio = Trio([Player(LADDER, program) for program in (29, 33, 53)])
    trio.update(people, 0.0, HEIGHT)
    stage.painter(trio)(image, people)
    return image


@pytest.mark.parametrize('flipped', [False, True])
@pytest.mark.parametrize('right', [0.0, 0.35, 0.7, 1.0])
@pytest.mark.parametrize('x, distance, off', [(320, 3, 0), (60, 4, 0), (580, 4, 0), (320, 1.6, 0),
                                              (320, 3, -0.35), (20, 2, 0)])
def test_nothing_covers_an_arm(right: float, x: int, distance: float, off: float, flipped: bool):
    people = {0: musician(right, 1 - right, x=x, distance=distance, off=(off, 0))}
    if flipped:
        frame = Frame(wall('unlit'), 0, 0.0, 0.0)
        _, people = mirrored(frame, people)
    color = np.array(stage.COLORS[0])
    alone = wall('unlit')
    draw_pose(alone, people[0], stage.COLORS[0])
    skeleton = (alone == color).all(axis=2)
    assert skeleton.sum() > 100
    assert (drawn(wall('unlit'), people)[skeleton] == color).all()


@pytest.mark.parametrize('x, distance', [(30, 4), (120, 3), (320, 3), (610, 4), (320, 1.2)])
def test_the_label_is_in_the_picture_above_the_ruler(x: int, distance: float):
    """Where no arm comes to, and no neighbour's bar."""
    people = {0: musician(0.5, 0.5, x=x, distance=distance)}
    before, after = (drawn(wall('unlit'), {0: pose}) for pose in (
        musician(0.5, 0.5, x=x, distance=distance, hidden=[KeypointType.RIGHT_WRIST]), people[0]))
    color = np.abs(after.astype(int) - stage.COLORS[0]).max(axis=2) < 12
    trio = Trio([Player(LADDER, 29)])
    trio.update(people, 0.0, HEIGHT)
    top = max(0, round(trio.players[0].ladder[1]))
    rows, columns = np.nonzero(color & (before != after).any(axis=2))
    label = rows < max(40, top - 4)
    assert label.sum() > 30
    assert rows[label].min() >= 2
    assert 2 <= columns[label].min() <= columns[label].max() <= WIDTH - 3


@pytest.mark.parametrize('name', WALLS)
def test_ruler_and_bar_are_seen_on_every_wall(name: str):
    """Each line has a light core between dark rims."""
    people = {0: musician(0.5, 0.5, distance=3)}
    trio = Trio([Player(LADDER, 29)])
    trio.update(people, 0.0, HEIGHT)
    low, high = (round(y) for y in trio.players[0].ladder)
    image = wall(name)
    stage.painter(trio)(image, people)
    light, dark = ((image == level).all(axis=2)[high + 5:low - 5] for level in (stage.UNLIT, 0))
    tall = np.nonzero(light.sum(axis=0) > 0.9 * (low - high - 10))[0]
    assert tall.min() < 320 < tall.max()  # the ruler's line and the bar's two
    for column in (tall.min(), tall.max()):
        near = dark[:, column - 8:column + 9].any(axis=1)
        assert near.mean() > 0.6  # but for the ticks
