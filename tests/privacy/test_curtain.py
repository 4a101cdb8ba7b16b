"""The curtain: grey, then the room; live at most before the first background."""
from figures import frame
from posesuite.privacy import Curtain
from posesuite.privacy.curtain import (
    ASKED_FOR,
    CHECKING,
    LITTLE,
    PEEK,
    QUESTION,
    SET,
    SHOWN_FOR,
    WAITING,
)

import numpy as np
import pytest

ROOM = np.full((480, 640, 3), 200, np.uint8)
GREY_PLACE = 30, 40  # x, y in pixels


class FakeBackground:
    """A background that is set and dropped by the test."""

    def __init__(self):
        self.image, self.doubt, self.progress, self.share, self.updates = None, '', 0.0, 1.0, 0
        self.settled = 0

    def update(self, frame, poses):
        self.updates += 1

    def drop(self, doubt):
        self.image = None

    def patch(self, x, y):
        return FakePatch(self) if (x, y) == GREY_PLACE else None


class FakePatch:
    """A grey patch; on display it is white."""

    def __init__(self, background):
        self.image, self._background = np.full_like(ROOM, 255), background

    def settle(self):
        self._background.settled += 1


@pytest.fixture
def background():
    return FakeBackground()


def test_without_a_background_it_is_always_grey(caplog):
    shown, text = Curtain(None).close(frame(0), [])
    assert (shown.image == 128).all() and text == ''
    assert caplog.messages == []


def test_the_share_that_shows_the_room(background):
    assert Curtain(None).share is None
    curtain, background.share = Curtain(background), 0.8
    assert curtain.share == 0
    background.image = ROOM
    assert curtain.share == 0.8


@pytest.mark.parametrize('live', [False, True])
def test_live_at_most_until_the_first_background(background, live):
    curtain = Curtain(background, live_at_first=live)
    shown, text = curtain.close(frame(0), [])
    assert (shown.image == (frame(0).image if live else 128)).all() and text == WAITING
    background.image = ROOM
    shown, text = curtain.close(frame(1), [])
    assert (shown.image == 200).all() and text == SET
    assert curtain.close(frame(1 + SHOWN_FOR), [])[1] == ''
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


def test_the_text_says_how_much_is_shown_and_what_to_do_about_too_little(background, caplog):
    caplog.set_level('INFO', 'posesuite')
    curtain, texts, background.image = Curtain(background), [], ROOM
    for i, background.share in enumerate((0.842, 0.842, 0.845, 0.9, 0.31)):
        texts.append(curtain.close(frame(i * SHOWN_FOR), [])[1])
    about = SET + ' {} % of it is shown; the grey rest may be people.'
    assert texts == [about.format(84), '', '', about.format(90), SET + LITTLE.format(31)]
    assert ' 31 % ' in texts[-1] and 'move the camera' in texts[-1]
    assert caplog.messages == list(filter(None, texts))


def peeking(background) -> Curtain:
    """A curtain whose grey patch was clicked at second 100; its picture is the patch's."""
    curtain, background.image = Curtain(background), ROOM
    curtain.close(frame(0), [])
    curtain.click(*GREY_PLACE)
    shown, text = curtain.close(frame(100), [])
    assert (shown.image == 255).all() and text == QUESTION
    return curtain


def test_a_clicked_patch_is_shown_for_two_seconds_and_asked_about(background):
    curtain = peeking(background)
    assert (curtain.close(frame(100 + PEEK - 0.1), [])[0].image == 255).all()
    shown, text = curtain.close(frame(100 + PEEK), [])
    assert (shown.image == 200).all() and text == QUESTION
    assert curtain.close(frame(100 + ASKED_FOR), [])[1] == ''
    curtain.answer(True)  # too late
    curtain.close(frame(101 + ASKED_FOR), [])
    assert background.settled == 0


@pytest.mark.parametrize('nobody', [True, False])
def test_the_answer_settles_the_patch_or_leaves_it(background, nobody):
    curtain = peeking(background)
    curtain.answer(nobody)
    shown, text = curtain.close(frame(101), [])
    assert (shown.image == 200).all() and text == ''
    assert background.settled == nobody


def test_no_patch_is_shown_where_there_is_none_or_once_the_background_is_dropped(background):
    curtain = peeking(background)
    curtain.click(5, 5)
    shown, text = curtain.close(frame(101), [])
    assert (shown.image == 200).all() and text == ''
    for curtain in (peeking(background), Curtain(background)):
        background.image = None
        curtain.click(*GREY_PLACE)
        curtain.answer(True)
        assert (curtain.close(frame(101), [])[0].image == 128).all()
        background.image = ROOM
        assert (curtain.close(frame(101), [])[0].image == 200).all()
    assert background.settled == 0
