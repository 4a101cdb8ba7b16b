"""The median and the mean of frames, and what moved in them."""
from posesuite.privacy.composition import compose, levels

import cv2
import numpy as np
import pytest


def test_compose_fills_what_movement_surrounds():
    samples = []
    for i in range(16):
        image = np.full((240, 320, 3), 90, np.uint8)
        # Plain clothes: only their rim changes.
        cv2.ellipse(image, (160 + i % 3, 130), (40, 70), 0, 0, 360, (200,) * 3, cv2.FILLED)
        samples.append(image)
    still, moving = compose(samples)
    assert moving[(samples[0] == 200).all(2)].all()
    assert not moving[:30].any()
    assert (still[:30] == 90).all()


def test_compose_keeps_a_room_at_rest():
    rng = np.random.default_rng(0)
    room = rng.integers(0, 256, (60, 80, 3)).astype(np.uint8).repeat(4, 0).repeat(4, 1)
    samples = [np.uint8(np.clip(room + rng.normal(0, 2, room.shape), 0, 255)) for _ in range(16)]
    still, moving = compose(samples)
    assert not moving.any()
    assert cv2.absdiff(still, room).max() <= 4


@pytest.mark.parametrize('number', [1, 2, 15, 16])
def test_the_picture_is_the_median_of_each_pixel(number):
    samples = list(np.random.default_rng(0).integers(0, 256, (number, 31, 46, 3), np.uint8))
    still, _ = compose(samples)
    assert (still == np.sort(samples, axis=0)[number // 2]).all()


def test_levels_are_without_the_noise():
    rng = np.random.default_rng(0)
    samples = [np.uint8(np.clip(90 + rng.normal(0, 4, (241, 322, 3)), 0, 255)) for _ in range(16)]
    mean = levels(samples)
    assert mean.shape == (61, 81, 3)
    assert np.abs(mean - 90).max() < 1.5
