"""A camera that was moved is distinguished from people and lights."""
from posesuite.privacy.structure import Structure
from rooms import read_clip

import cv2
import numpy as np
import pytest

NOWHERE = np.zeros((480, 640), bool)


@pytest.fixture(scope='module')
def clip():
    return read_clip()


def turned(angle: float, scale: float):
    matrix = cv2.getRotationMatrix2D((320, 240), angle, scale)
    return lambda image: cv2.warpAffine(image, matrix, (640, 480))


def test_people_and_light_are_no_other_view(clip):
    structure = Structure(clip[0], NOWHERE)
    assert all(structure.is_in(image) for image in clip[::5])
    for gain, offset in ((0.3, 20), (0.5, 0), (1.5, 0), (1, 60)):
        assert structure.is_in(np.uint8(np.clip(clip[120] * gain + offset, 0, 255)))


@pytest.mark.parametrize('turn', [
    lambda image: np.roll(image, 16, axis=1), lambda image: np.roll(image, 12, axis=0),
    lambda image: np.roll(image, -200, axis=1), lambda image: image[:, ::-1],
    turned(3, 1), turned(0, 1.15)])
def test_another_view_is_noticed(clip, turn):
    structure = Structure(clip[0], NOWHERE)
    for number in (0, 120, 200):
        assert not structure.is_in(np.ascontiguousarray(turn(clip[number])))


def test_a_room_without_structure_is_in_every_image(clip):
    assert Structure(np.full_like(clip[0], 90), NOWHERE).is_in(clip[0])
    assert Structure(clip[0], ~NOWHERE).is_in(clip[0][:, ::-1])
