"""What one frame looks like in every output."""
from figures import LEFT_HALF, coloured, diagonal, sure
from posesuite.display.scene import Scene, mirrored
from posesuite.pose.skeleton import KeypointType

import numpy as np

FAULT_COLOR = (240, 228, 66)


def picture(fault: str = '', text: str = '') -> np.ndarray:
    return Scene(coloured(0, 0.0, fault=fault), {3: sure()}, text, 0.0).picture


def test_skeletons_and_texts_are_on_the_picture_and_not_on_the_frame():
    frame = coloured(7, 0.0)
    scene = Scene(frame, {3: sure()}, 'text', 0.0)
    assert scene.picture[50, 100].tolist() == [255, 255, 255]  # the nose
    assert (scene.picture[220:] == 255).all(2).any()  # the text
    assert np.array_equal(frame.image, coloured(7, 0.0).image)
    assert scene.fault == ''


def test_the_fault_is_on_the_picture():
    top = picture('camera lost since 14:03')[:40].astype(int)
    # OpenCV 4's letters are thinner, so most of their pixels are mixed with the shadow.
    assert (np.abs(top - FAULT_COLOR).max(axis=2) < 60).sum() > 50
    assert (picture()[:30, :160] == LEFT_HALF).all()


def test_a_picture_is_painted_when_it_is_needed_and_once():
    calls = []
    scene = Scene(coloured(0, 0.0), {}, '', 0.0, lambda image, people: calls.append(1))
    assert calls == []
    assert scene.picture is scene.picture
    assert calls == [1]


def test_a_mirror_flips_the_picture_and_the_skeleton():
    frame, people = mirrored(coloured(0, 0.0), {3: diagonal([0.9] * 17)})
    assert frame.image[0, 319].tolist() == list(LEFT_HALF)
    for part in KeypointType:  # left stays left
        assert people[3].keypoints[part].point == (319 - (100 + 10 * part), 50 + 5 * part)
    shown = Scene(frame, people, '', 0.0).picture.astype(int)
    assert (np.abs(shown[:, ::-1] - picture()).max(axis=2) > 30).mean() < 0.01
