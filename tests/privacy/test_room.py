"""Doubts about parts of a room come, stay and go."""
from typing import Optional, Tuple

from posesuite.privacy.composition import levels
from posesuite.privacy.evidence import CELL, GREY, Evidence
from posesuite.privacy.look import Look
from posesuite.privacy.room import CALM, CALM_AT_RIM, UNCHANGED, Room

import numpy as np

SIZE = 640, 480
MIDDLE, RIM = (80, 60), (2, 60)  # cells x, y
MINUTE = 60.0


class Told(Evidence):
    """Evidence for a pixel's surroundings."""

    def __init__(self, place: Optional[Tuple[int, int]], score: float = 1.0):
        super().__init__(SIZE)
        self._place, self._score = place, score

    def doubtful(self, factor=1.0, within=None):
        found = np.zeros((120, 160), bool)
        if self._place and self._score >= factor and (
                within is None or within[self._place[::-1]]):
            x, y = self._place
            found[max(0, y - 15):y + 15, max(0, x - 10):x + 10] = True
        return found


def look(place=None, score=1.0, image=None, moving=None) -> Look:
    if image is None:
        image = np.full((SIZE[1], SIZE[0], 3), 90, np.uint8)
    nothing = np.zeros(image.shape[:2], bool)
    return Look(image, nothing if moving is None else moving, levels([image]), Told(place, score))


def shows(room: Room, place: Tuple[int, int]) -> bool:
    x, y = place
    assert room.shown[CELL * y, CELL * x] == (room.image[CELL * y, CELL * x] != GREY).all()
    return bool(room.shown[CELL * y, CELL * x])


def test_only_what_is_doubted_is_grey():
    room = Room(look(MIDDLE), 0)
    assert not shows(room, MIDDLE) and shows(room, RIM)
    assert 0.9 < room.share < 0.99
    assert (room.image[~room.shown] == GREY).all() and (room.image[room.shown] == 90).all()


def test_a_doubt_stays_while_evidence_remains():
    room = Room(look(MIDDLE), 0)
    for minute in range(1, 60):
        room.add(look(MIDDLE, 0.8), minute * MINUTE)
        assert not shows(room, MIDDLE)


def test_a_doubt_goes_after_minutes_without_evidence_and_at_the_rim_later():
    for place, calm in ((MIDDLE, CALM), (RIM, CALM_AT_RIM)):
        room = Room(look(place), 0)
        room.add(look(place), 10)
        room.add(look(), 20)
        room.add(look(), 10 + calm - 1)
        assert not shows(room, place)
        room.add(look(), 10 + calm)
        assert shows(room, place) and room.share == 1
    assert CALM_AT_RIM > CALM > MINUTE


def test_a_change_below_the_noise_begins_the_minutes_anew():
    room, seconds = Room(look(MIDDLE), 0), 0.0
    swaying = np.full((SIZE[1], SIZE[0], 3), 90, np.uint8)
    x, y = CELL * MIDDLE[0], CELL * MIDDLE[1]
    swaying[y - 8:y + 8, x - 8:x + 8] += int(UNCHANGED + 1)
    for i in range(20):
        seconds += CALM / 2
        room.add(look(image=swaying if i % 2 else None), seconds)
        assert not shows(room, MIDDLE)


def test_what_a_change_surrounds_has_changed_as_well():
    """The inside of somebody in plain clothes who sways."""
    room = Room(look(MIDDLE), 0)
    for i in range(20):
        swaying, left = np.full((SIZE[1], SIZE[0], 3), 90, np.uint8), 280 + i % 2
        swaying[180:300, left:left + 80] = 20
        room.add(look(image=swaying), i * CALM / 2)
        assert not shows(room, MIDDLE)


def test_a_light_that_changes_is_no_change():
    room = Room(look(MIDDLE), 0)
    for i in range(3):
        room.add(look(image=np.full((SIZE[1], SIZE[0], 3), 90 + 20 * i, np.uint8)), i * CALM)
    assert shows(room, MIDDLE)


def test_who_passes_hides_nothing_and_is_not_shown():
    room = Room(look(), 0)
    passing, moving = np.full((SIZE[1], SIZE[0], 3), 90, np.uint8), np.zeros(SIZE[::-1], bool)
    passing[180:300, 280:360], moving[180:300, 280:360] = 200, True
    for evidence in (MIDDLE, None):
        room.add(look(evidence, 2.0, passing, moving), 10)
        assert (room.image == 90).all()


def test_what_has_gone_for_good_is_hidden_and_what_is_there_now_shown_after_minutes():
    """As somebody whom no look had any evidence of, and who leaves."""
    room, there = Room(look(), 0), np.full((SIZE[1], SIZE[0], 3), 90, np.uint8)
    there[180:300, 280:360] = 200
    room.add(look(image=there), 10)
    assert (room.image == 90).all()  # somebody passes, it seems
    room.add(look(image=there), 20)
    assert not shows(room, MIDDLE) and set(np.unique(room.image)) == {90, GREY}
    room.add(look(image=there), 10 + CALM - 1)
    assert not shows(room, MIDDLE)
    room.add(look(image=there), 10 + CALM)
    assert shows(room, MIDDLE) and (room.image == there).all()


def test_another_light_hides_nothing():
    room, light = Room(look(), 0), np.full((SIZE[1], SIZE[0], 3), 90, np.uint8)
    light[:, 100:450] = 200
    for i in range(5):
        room.add(look(image=light), 10 * i)
        assert (room.image == 90).all()


def test_evidence_in_what_is_shown_and_has_not_changed_hides_it():
    room = Room(look(), 0)
    room.add(look(MIDDLE, 1.0), 10)  # as likely as what is just not shown
    assert room.share == 1
    room.add(look(MIDDLE, 1.5), 20)
    assert not shows(room, MIDDLE) and 0.9 < room.share < 1
    moved = np.full((SIZE[1], SIZE[0], 3), 90, np.uint8)
    moved[180:300, 280:360] = 200
    room = Room(look(), 0)
    for i in range(3):  # somebody who stands before it
        room.add(look(MIDDLE, 1.5, moved), 10 * i)
        assert (room.image == 90).all()


def test_what_the_operator_settles_is_shown_whatever_is_seen_in_it():
    room, latest = Room(look(MIDDLE), 0), look(MIDDLE, 2.0)
    assert room.patch_at(5, 5) is None
    patch = room.patch_at(CELL * MIDDLE[0], CELL * MIDDLE[1])
    assert patch.sum() == (~room.shown[::CELL, ::CELL]).sum()
    room.settle(patch, latest)
    assert room.share == 1
    room.add(latest, 10)
    assert room.share == 1
