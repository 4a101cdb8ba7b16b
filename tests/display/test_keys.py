"""What the keys of a window do, without a window."""
import logging
import os
import re

from figures import coloured
from posesuite.display import keys as keys_module
from posesuite.display.keys import HINT_TIME, Keys

import cv2
import numpy as np
import pytest

PICTURE = coloured(9, 0.0).image


@pytest.fixture
def clock(monkeypatch):
    """The time in seconds as the keys see it, in a list."""
    now = [1000.0]
    monkeypatch.setattr(keys_module.time, 'monotonic', lambda: now[0])
    return now


def no_mirror() -> None:
    raise AssertionError('nobody asked for a mirror')


@pytest.mark.parametrize('key, goes_on', [('q', False), ('Q', False), ('\x1b', False),
                                          ('', True), ('x', True), ('\xff', True)])
def test_what_ends_a_demo(key, goes_on):
    assert Keys('demo', no_mirror).press(key, PICTURE) is goes_on


def test_a_demo_has_keys_of_its_own():
    pressed = []
    keys = Keys('demo', lambda: pressed.append('m'),
                more={'b': ('forget the background', lambda: pressed.append('b')),
                      'space': ('go on', lambda: pressed.append('go on'))})
    assert all(keys.press(key, PICTURE) for key in 'bmB ')
    assert pressed == ['b', 'm', 'b', 'go on']


def height(keys: Keys) -> int:
    """The lowest row of the picture that the keys' list covers."""
    return int(np.flatnonzero((keys.listed_on(PICTURE) != PICTURE).any((1, 2)))[-1])


def test_h_is_mentioned_for_the_first_seconds(clock):
    keys = Keys('demo', no_mirror)
    mentioned = height(keys)
    assert mentioned > 40
    keys.press('h', PICTURE)
    assert height(keys) > mentioned + 40
    keys.press('h', PICTURE)
    clock[0] += HINT_TIME - .1
    assert height(keys) == mentioned
    clock[0] += .2
    assert keys.listed_on(PICTURE) is PICTURE


def test_h_lists_the_keys_that_there_are(clock):
    more = {'b': ('forget the background', no_mirror)}
    usual, longer, shorter = (Keys('demo', no_mirror), Keys('demo', no_mirror, more=more),
                              Keys('demo', no_mirror, may_save=False))
    for keys in (usual, longer, shorter):
        keys.listed_on(PICTURE)
    clock[0] += HINT_TIME
    assert usual.listed_on(PICTURE) is PICTURE
    for keys in (usual, longer, shorter):
        assert keys.press('h', PICTURE)
    assert height(shorter) < height(usual) < height(longer)
    assert np.array_equal(PICTURE, coloured(9, 0.0).image)
    usual.press('h', PICTURE)
    assert usual.listed_on(PICTURE) is PICTURE


def test_s_saves_the_picture_whole(monkeypatch, tmp_path, caplog):
    caplog.set_level(logging.INFO, 'posesuite')
    monkeypatch.chdir(tmp_path)
    assert Keys('100%d', no_mirror).press('s', PICTURE)
    path, = tmp_path.iterdir()
    assert re.match(r'100%d_\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d\.png$', path.name)
    assert np.array_equal(cv2.imread(str(path))[:, :, ::-1], PICTURE)
    assert caplog.messages == [f'saved {os.path.realpath(str(path))}']


def test_s_saves_nothing_where_it_may_not(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert Keys('demo', no_mirror, may_save=False).press('s', PICTURE)
    assert not list(tmp_path.iterdir())


def test_a_picture_that_cannot_be_saved_ends_nothing(monkeypatch, tmp_path, caplog):
    monkeypatch.chdir(tmp_path)
    assert Keys('no folder/demo', no_mirror).press('s', PICTURE)
    message, = caplog.messages
    assert 'cannot write' in message and 'No such file or directory' in message
