"""Fixtures of the tests that look for leaked images."""
import os

from canary import CLIP, EMPTY, PLANTED, planted

import cv2
import numpy as np
import pytest


@pytest.fixture(scope='session')
def room() -> np.ndarray:
    """The empty room, BGR."""
    return cv2.VideoCapture(CLIP).read()[1]


@pytest.fixture(scope='session')
def canaries(tmp_path_factory, room) -> str:
    """A folder of pictures, whose pixels reach the demo as they are: the empty room for EMPTY
    frames, then PLANTED with the canary.
    """
    folder = tmp_path_factory.mktemp('canaries')
    for name, image in (('empty', room), ('planted', planted(room))):
        cv2.imwrite(str(folder / f'{name}.png'), image, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    (folder / 'frames').mkdir()
    for i in range(EMPTY + PLANTED):
        os.link(str(folder / f'{"empty" if i < EMPTY else "planted"}.png'),
                str(folder / 'frames' / f'{i:04}.png'))
    return str(folder / 'frames')
