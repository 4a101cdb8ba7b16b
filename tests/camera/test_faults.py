"""Faulty frames: black, blown out, covered and frozen ones; and none among good pictures."""
import os

from cameras import frames
from figures import frame
from helpers import ROOT, shared
from posesuite.camera.faults import FROZEN, FrozenWatch, fault_of
from posesuite.pose.pose import FaultKind

import numpy as np
import pytest


@pytest.mark.parametrize('kind, low, high', [
    (FaultKind.BLACK, 0, 12), (FaultKind.BLOWN_OUT, 250, 256), (FaultKind.COVERED, 40, 56)])
def test_faults_that_an_image_shows(kind, low, high):
    noise = np.random.RandomState(0).randint(low, high, (480, 640, 3)).astype(np.uint8)
    assert fault_of(noise).kind is kind
    assert fault_of(noise[:16, :16]).kind is kind


def test_a_hand_over_the_lens_is_covered():
    y, x = np.mgrid[:480, :640]
    glow = np.exp(-((x - 500) ** 2 + (y - 100) ** 2) / 2 / 250 ** 2)
    noise = np.random.RandomState(0).normal(0, 6, (480, 640))
    image = np.clip(40 + 40 * glow + noise, 0, 255).astype(np.uint8)
    assert fault_of(np.stack([image] * 3, axis=-1)).kind is FaultKind.COVERED


def test_no_sample_has_a_fault():
    samples = os.path.join(ROOT, 'samples')
    sources = [name for name in os.listdir(samples)
               if name.endswith('.mp4') or name == 'couple.jpg']
    faults = [frame.fault for name in sources for frame in frames(os.path.join(samples, name))]
    assert len(faults) == 4 * 300 + 1
    assert set(faults) == {None}


def test_no_photograph_has_a_fault():
    sources = [shared(*place) for place in (('video', 'demo.mp4'), ('photos',),
                                            ('photos', 'evaluate'), ('photos', 'empty'))]
    faults = [frame.fault for source in sources for frame in frames(source)]
    assert len(faults) == 5 + 7 + 24 + 8
    assert set(faults) == {None}


def images(seconds):
    """An image a second, each different from the one before, then the last one again and again."""
    rng = np.random.RandomState(0)
    for second in range(seconds):
        image = rng.randint(0, 256, (48, 64, 3)).astype(np.uint8)
        yield frame(second, image=image)._replace(captured=1000.0 + second)
    for second in range(seconds, seconds + int(FROZEN) + 5):
        yield frame(second, image=image.copy())._replace(captured=1000.0 + second)


def test_an_image_that_stays_for_a_minute_is_frozen(caplog):
    watch = FrozenWatch('the door')
    faults = [watch.check(frame) for frame in images(100)]
    assert set(faults[:100 + int(FROZEN)]) == {None}
    assert [fault.kind for fault in faults[100 + int(FROZEN):]] == [FaultKind.FROZEN] * 5
    assert caplog.messages == [f'camera {faults[-1].text}: the door repeats one image']
    changed = frame(0, image=np.zeros((48, 64, 3), np.uint8))
    assert watch.check(changed) is None


def test_one_changed_region_is_enough_to_be_alive():
    watch = FrozenWatch('x')
    for i in range(200):
        image = np.full((48, 64, 3), 90, np.uint8)
        image[:8, :8] = i
        assert watch.check(frame(i, image=image)._replace(captured=float(i))) is None
