"""One person of a log across all frames: the longest in view, by a click, under two ids."""
import io

from figures import frame, standing
from posesuite.pose.event import Event
from posesuite.pose.log import PoseLog, read_log
from posesuite.pose.subject import Tracks, at, clicked, keep_subject

import numpy as np
import pytest

IMAGE = np.zeros((480, 640, 3), np.uint8)


@pytest.fixture
def path(tmp_path) -> str:
    """A log of somebody who is 1, hidden for 2 seconds and then 3, of 2 who passes, and of 4."""
    path = str(tmp_path / 'a.jsonl')
    with PoseLog(path, 'test') as log:
        for number in range(100):
            time, people = number / 10, {}
            if not 40 <= number < 60:
                people[1 if number < 40 else 3] = standing(200 + number)
            if 10 <= number < 65:
                people[2] = standing(500)
            if number >= 90:
                people[4] = standing(60)
            events = [Event('fall', 3, time), Event('fall', 2, time)] if number == 62 else ()
            log.write(frame(time, image=IMAGE)._replace(number=number), people, events)
    return path


def test_who_is_in_view_longest(path):
    tracks = Tracks.of(path)
    assert {id: seen.frames for id, seen in tracks.seen.items()} == {1: 40, 2: 55, 3: 40, 4: 10}
    assert tracks.longest() == 2


@pytest.mark.parametrize('id', [1, 3])
def test_a_person_keeps_one_id(path, tmp_path, id):
    ids = Tracks.of(path).followed(id)
    assert ids == [1, 3]
    kept = tmp_path / 'one.jsonl'
    with open(kept, 'wb') as file:
        assert keep_subject(path, ids, file) == 80
    header, frames = read_log(str(kept))
    frames = list(frames)
    assert header == read_log(path)[0]
    assert [frame.number for frame in frames] == list(range(100))
    assert [list(frame.people) for frame in frames] == [[1]] * 40 + [[]] * 20 + [[1]] * 40
    original = list(read_log(path)[1])
    assert frames[70].people[1] == original[70].people[3]
    assert list(frames[62].events) == [Event('fall', 1, 6.2)]


def test_nobody_else_is_taken_for_the_person(path):
    tracks = Tracks.of(path)
    assert tracks.followed(2) == [2]
    assert tracks.followed(4) == [4]


def test_a_click_on_a_frame(path):
    there = at(path, 6.21)
    assert there.number == 62
    assert clicked(there, 500, 300) == 2
    assert clicked(there, 262, 380) == 3
    assert clicked(there, 20, 20) is None


def test_separate_pictures_have_no_subject(tmp_path):
    path = str(tmp_path / 'a.jsonl')
    with PoseLog(path, 'test') as log:
        log.write(frame(0.0, image=IMAGE)._replace(name='a.jpg'), {1: standing()})
    with pytest.raises(ValueError, match='separate pictures'):
        Tracks.of(path)


def test_bytes_are_those_of_a_log(path):
    data = io.BytesIO()
    keep_subject(path, [2], data)
    assert data.getvalue().count(b'\n') == 101
