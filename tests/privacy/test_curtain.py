"""The curtain: grey, then the room; live at most before the first background."""
from figures import frame
from posesuite.privacy import Curtain
from posesuite.privacy.curtain import CHECKING, SET, SET_SHOWN, WAITING

import numpy as np
import pytest

ROOM = np.full((480, 640, 3), 200, np.uint8)


class FakeBackground:
    """A background that is set and dropped by the test."""

    def __init__(self):
        self.image, self.doubt, self.progress, self.updates = None, '', 0.0, 0

    def update(self, frame, poses):
        self.updates += 1

    def drop(self, doubt):
        self.image = None


@pytest.fixture
def background():
    return FakeBackground()


def test_without_a_background_it_is_always_grey(caplog):
    shown, text = Curtain(None).close(frame(0), [])
    assert (shown.image == 128).all() and text == ''
    assert caplog.messages == []


@pytest.mark.parametrize('live', [False, True])
def test_live_at_most_until_the_first_background(background, live):
    curtain = Curtain(background, live_at_first=live)
    shown, text = curtain.close(frame(0), [])
    assert (shown.image == (frame(0).image if live else 128)).all() and text == WAITING
    background.image = ROOM
    shown, text = curtain.close(frame(1), [])
    assert (shown.image == 200).all() and text == SET
    assert curtain.close(frame(1 + SET_SHOWN), [])[1] == ''
    curtain.renew()
    shown, text = curtain.close(frame(10), [])
    assert (shown.image == 128).all() and text == WAITING
    assert background.updates == 4


def test_a_doubt_is_shown_and_logged_once(background, caplog):
    caplog.set_level('INFO', 'posesuite')
    curtain = Curtain(background)
    for doubt in ('', 'black', 'black', ''):
        background.doubt = doubt
        _, text = curtain.close(frame(0), [])
        assert text == WAITING + (' (black)' if doubt else '')
    assert caplog.messages == [WAITING, WAITING + ' (black)']
    for image in (ROOM, None):  # set and dropped: it is logged again
        background.image, background.doubt = image, ''
        curtain.close(frame(0), [])
    assert caplog.messages[2:] == [SET, WAITING]


def test_the_check_of_the_empty_room_shows_its_progress(background, caplog):
    """Which is logged once; that somebody is seen is something else."""
    caplog.set_level('INFO', 'posesuite')
    curtain, texts = Curtain(background), []
    for background.progress, background.doubt in ((0.0, ''), (0.03, ''), (0.4, ''),
                                                  (0.03, 'possibly a person near 3, 4')):
        texts.append(curtain.close(frame(0), [])[1])
    last = ' (last time: possibly a person near 3, 4)'
    assert texts == [WAITING, f'{CHECKING} 3 %', f'{CHECKING} 40 %', f'{CHECKING} 3 %{last}']
    assert caplog.messages == [WAITING, CHECKING, CHECKING + last]


def test_the_rest_of_a_frame_stays():
    before = frame(3, 'covered', name='a.png')
    after, _ = Curtain(None).close(before, [])
    assert after._replace(image=before.image) == before
