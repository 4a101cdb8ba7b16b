"""posesuite/pose/gait.py: steps of simulated walkers, seen from the side and from the front."""
from typing import Optional

from posesuite.pose.gait import Gait, gait_of

import numpy as np
import pytest

LEG, FPS = 120.0, 30.0


def walk(left_step: float = 0.5, right_step: float = 0.5, seconds: float = 8.0, noise: float = 2.0,
         way=(1.0, 0.0), fps: float = FPS, seed: int = 1, swaps: float = 0.0,
         stride: float = 60.0) -> Optional[Gait]:
    """The gait of somebody whose feet turn after steps of these durations."""
    random = np.random.RandomState(seed)
    times = np.arange(0, seconds, 1 / fps)
    cycle = left_step + right_step
    part = times % cycle
    # From -1, the right foot ahead, to 1 in left_step, and back in right_step.
    swing = np.where(part < left_step, -np.cos(np.pi * part / left_step),
                     np.cos(np.pi * (part - left_step) / right_step))
    way = np.array(way)
    trunk = 200 + times[:, None] * way * 1.2 * LEG
    left, right = (trunk + [0, LEG] + side * swing[:, None] * way * stride / 2
                   + random.normal(0, noise, (len(times), 2)) for side in (1, -1))
    swapped = random.rand(len(times)) < swaps
    left[swapped], right[swapped] = right[swapped], left[swapped].copy()
    return gait_of(times, left, right, trunk, LEG)


@pytest.mark.parametrize('way', [(1, 0), (-1, 0), (.1, .3)])
@pytest.mark.parametrize('step', [.38, .5, .7])
def test_steps_a_minute(way, step):
    gait = walk(step, step, way=way, stride=60 / np.hypot(*way) / (1 if way[0] else 1) * (
        1 if abs(way[0]) == 1 else .3))
    assert gait.steps >= 8
    assert gait.cadence == pytest.approx(60 / step, rel=.03)
    assert gait.cadence_deviation < .03 * gait.cadence
    assert gait.symmetry > .93


@pytest.mark.parametrize('way', [(1, 0), (-1, 0)])
def test_which_step_is_longer(way):
    gait = walk(.5, .7, way=way, seconds=14)
    assert gait.left == pytest.approx(.5, abs=.04)
    assert gait.right == pytest.approx(.7, abs=.04)
    assert gait.symmetry == pytest.approx(.5 / .7, abs=.1)
    assert gait.cadence == pytest.approx(100, rel=.03)


def test_ankles_that_the_network_swaps_now_and_then():
    gait = walk(.5, .5, swaps=.1, seconds=12)
    assert gait.cadence == pytest.approx(120, rel=.04)
    assert gait.symmetry > .9


def test_a_slow_camera():
    assert walk(fps=12.0, seconds=12).cadence == pytest.approx(120, rel=.04)


def test_who_stands_has_no_gait():
    assert walk(stride=0, way=(0, 0)) is None
    assert walk(stride=0, way=(1, 0), noise=4.0) is None


def test_unsure_ankles_have_no_gait():
    times = np.arange(0, 5, 1 / FPS)
    nothing = np.full((len(times), 2), np.nan)
    assert gait_of(times, nothing, nothing, nothing, LEG) is None
    assert walk(seconds=1.2) is None
