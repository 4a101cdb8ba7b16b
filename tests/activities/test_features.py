"""What a classifier sees of a pose."""
import posers
from figures import diagonal, standing
from posesuite.activities.features import NAMES, features, places_of, reflected
from posesuite.pose.body import facing, sure_points
from posesuite.pose.pose import Keypoint, Point

import numpy as np
import pytest

STILL = posers.Person(noise=0, gaps=0, sway=0)


def numbers(pose):
    values, known = features(places_of([pose]))
    assert values.shape == known.shape == (1, len(NAMES))
    return values[0], known[0]


def moved(pose, scale, x, y):
    return pose._replace(keypoints={part: Keypoint(Point(scale * point.x + x, scale * point.y + y),
                                                   score)
                                    for part, (point, score) in pose.keypoints.items()})


def test_place_and_size_make_no_difference():
    pose = next(posers.frames('tree', STILL, 1))
    there, known = numbers(moved(pose, 0.4, 300, -70))
    here, _ = numbers(pose)
    assert known.all()
    assert np.abs(here).max() > 0.5
    np.testing.assert_allclose(there, here, atol=1e-5)


@pytest.mark.parametrize('name', ['tree', 'left_hand_up', 'lunge'])
def test_a_reflection_is_that_of_the_mirrored_picture(name):
    pose = next(posers.frames(name, STILL, 1))
    seen = next(posers.frames(name, STILL._replace(mirrored=True), 1))
    values, _ = reflected(*features(places_of([pose])))
    np.testing.assert_allclose(values[0], numbers(seen)[0], atol=1e-4)
    assert np.abs(values[0] - numbers(pose)[0]).max() > 0.3


def test_missing_parts_are_unknown_and_zero():
    values, known = numbers(standing(LEFT_WRIST=None))
    missing = {name for name, sure in zip(NAMES, known) if not sure}
    assert missing == {name for name in NAMES if 'left_wrist' in name}
    assert not values[known == 0].any()


def test_an_upper_body_has_the_numbers_of_its_own():
    legs = dict.fromkeys([f'{side}_{part}' for side in ('LEFT', 'RIGHT')
                          for part in ('HIP', 'KNEE', 'ANKLE')])
    values, known = numbers(standing(**legs))
    assert (known > 0).sum() == sum(not any(part in name for part in ('hip', 'knee', 'ankle'))
                              for name in NAMES)
    assert np.isfinite(values).all()


@pytest.mark.parametrize('pose', [diagonal([0.0] * 17), diagonal([0.9] * 5 + [0.0] * 12),
                                  moved(diagonal([0.9] * 17), 0, 5, 5),
                                  moved(diagonal([0.9] * 17), float('nan'), 0, 0)])
def test_what_tells_nothing_is_unknown(pose):
    values, known = numbers(pose)
    assert not known.any()
    assert not values.any()


def test_facing_is_that_of_the_body():
    for yaw in (-50, 0, 50):
        pose = next(posers.frames('standing', STILL._replace(yaw=yaw, camera=1.5), 1))
        values, _ = numbers(pose)
        angle = np.degrees(np.arctan2(values[-2], values[-1])) % 360
        assert abs(angle - facing(sure_points(pose, 0.3))) < 20, yaw
