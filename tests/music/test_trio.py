"""Who has which place among the players."""
import os
from typing import Dict, List, Optional

from figures import CHILD, musician
from helpers import ROOT
from playing import HEIGHT, LADDER, RATE
from posesuite.music.players import Player, Sound, Trio
from posesuite.music.theory import SCALES, notes
from posesuite.pose.log import read_log
from posesuite.pose.pose import Pose

import pytest


def trio() -> Trio:
    return Trio([Player(notes(SCALES['major'], 0, octave, 2), 0) for octave in (2, 3, 4)])


def octaves(sounds: List[Optional[Sound]]) -> List[Optional[int]]:
    return [sound and sound.note // 12 - 1 for sound in sounds]


def crowd(*identities: int) -> Dict[int, Pose]:
    return {identity: musician(0, x=100.0 * identity) for identity in identities}


def test_everyone_has_a_place_of_their_own():
    players = trio()
    assert octaves(players.update({}, 0.0, HEIGHT)) == [None] * 3
    assert players.places == {}
    assert octaves(players.update(crowd(7), .1, HEIGHT)) == [2, None, None]
    assert octaves(players.update(crowd(3, 7), .2, HEIGHT)) == [2, 3, None]
    assert octaves(players.update(crowd(9, 3, 7), .3, HEIGHT)) == [2, 3, 4]
    assert players.places == {7: 0, 3: 1, 9: 2}


def test_of_those_who_come_together_the_smallest_identity_is_first():
    players = trio()
    players.update(crowd(17, 9, 3), 0.0, HEIGHT)
    assert players.places == {3: 0, 9: 1, 17: 2}


def test_a_fourth_person_waits_until_a_place_is_free():
    players = trio()
    for frame in range(30):
        sounds = players.update(crowd(1, 2, 3, 4), frame / RATE, HEIGHT)
        assert octaves(sounds) == [2, 3, 4]
        assert players.places == {1: 0, 2: 1, 3: 2}
    gone = 29 / RATE
    for frame in range(30, 90):
        time = frame / RATE
        sounds = players.update(crowd(1, 3, 4), time, HEIGHT)
        if time - gone < .99:
            assert players.places == {1: 0, 2: 1, 3: 2}
            if not .29 < time - gone < .31:
                assert octaves(sounds) == [2, 3 if time - gone < .3 else None, 4]
        elif time - gone > 1.01:
            assert players.places == {1: 0, 4: 1, 3: 2}
            assert octaves(sounds) == [2, 3, 4]


def test_who_is_back_within_a_second_has_their_place():
    players = trio()
    players.update(crowd(1, 2), 0.0, HEIGHT)
    for frame in range(1, 10):
        players.update(crowd(2, 5), frame / 10, HEIGHT)
    assert octaves(players.update(crowd(1, 2, 5), .95, HEIGHT)) == [2, 3, 4]
    assert players.places == {1: 0, 2: 1, 5: 2}


def test_places_go_with_identities_not_with_where_they_stand():
    players = Trio([Player(LADDER, 0), Player(LADDER, 0)])
    for frame in range(60):
        people = {1: musician(.2, x=100 + 8 * frame), 2: musician(.8, x=580 - 8 * frame)}
        if frame % 2:
            people = dict(reversed(list(people.items())))
        sounds = players.update(people, frame / RATE, HEIGHT)
        assert [sound.note for sound in sounds] == [LADDER[2], LADDER[8]]


def test_the_next_owner_begins_anew():
    players = Trio([Player(LADDER, 0)])
    for frame in range(30):
        players.update({1: musician(.9, distance=1.5)}, frame / RATE, HEIGHT)
    assert players.update({2: musician(.3, body=CHILD, distance=5.0)}, 1.5, HEIGHT) == [None]
    sounds = players.update({2: musician(.3, body=CHILD, distance=5.0)}, 2.0, HEIGHT)
    assert [sound.note for sound in sounds] == [LADDER[3]]


def test_places_is_a_new_dict_at_each_frame():
    players = trio()
    players.update(crowd(1), 0.0, HEIGHT)
    before = players.places
    players.update(crowd(1, 2), .1, HEIGHT)
    assert before == {1: 0}


@pytest.mark.parametrize('time', [-1.0, 100.0])
def test_a_jump_in_time_frees_the_places_of_those_gone(time):
    players = trio()
    players.update(crowd(1, 2), 0.0, HEIGHT)
    assert octaves(players.update(crowd(2, 3), time, HEIGHT)) == [2, 3, None]
    assert players.places == {2: 1, 3: 0}


def test_three_people_of_the_samples_keep_their_places():
    players, count = trio(), 0
    for frame in read_log(os.path.join(ROOT, 'samples', 'three_people.jsonl'))[1]:
        sounds = players.update(frame.people, frame.time, 480)
        assert sum(sound is not None for sound in sounds) == 3
        assert {identity: players.places[identity] for identity in frame.people} == {
            0: 0, 1: 1, 2: 2}
        count += 1
    assert count == 300
