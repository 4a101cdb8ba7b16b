"""posesuite/visits/answers.py: the first lines of the report, on rooms whose numbers are known."""
import datetime
import math
from typing import Any

import passers
from posesuite.language import Words
from posesuite.visits import answers
from posesuite.visits.areas import Plan
from posesuite.visits.measure import measure
from posesuite.visits.queues import QueueNow
from posesuite.visits.statistics import Queue, Room

import numpy as np
import pytest

WORDS = Words('en')
PLAN = Plan([passers.display()], passers.lines(), [], [passers.floor()])
NAN = math.nan


@pytest.fixture(scope='module')
def found(tmp_path_factory) -> Any:
    """Eight days of people, and their room."""
    days = passers.people(datetime.date(2026, 3, 2), 8, 60, seed=3)
    path = str(tmp_path_factory.mktemp('answers') / 'hall.db')
    passers.write_store(days, path)
    return days, measure(path, 'hall', PLAN.areas, lines=PLAN.lines, floor=PLAN.floors[0])


def asked(room: Room, question: str, min_visits: int = 5) -> answers.Answer:
    answer, = (answer for answer in answers.answers(WORDS, room, min_visits)
               if question in answer.question)
    return answer


def test_who_came_in(found):
    days, room = found
    came = passers.crossings(days)
    shown = {name: int(came[name][-1, 0]) for name in came if came[name][-1, 0] >= 5}
    answer = asked(room, 'came in today')
    assert int(answer.answer) == pytest.approx(sum(shown.values()), abs=3)
    assert answer.more[0] == 'Monday, 9 Mar until 17:00.'
    assert answer.more[1].startswith('On a usual Monday by this time: ')


def test_visits_without_lines(found):
    days, room = found
    answer = asked(room._replace(lines=[]), 'came in today')
    assert answer.answer == f'{len(days[-1])} visits'
    assert answer.more[1] == f'On a usual Monday by this time: {len(days[0])}.'
    assert asked(room._replace(lines=[]), 'came in today', 61).answer == 'fewer than 61'


@pytest.mark.parametrize('now, answer, more', [
    (QueueNow(3.2, 2.0, 2.5, 1.0, 130.0, 95.0), '3 people', [
        'From first to last: 2.5 m.', 'Waiting takes 2.2 min.', 'Usual wait at this hour: 95 s.',
        'Usually in the queue at this hour: 2.']),
    (QueueNow(0, 0.1, 0, 0.2, NAN, 95.0), 'nobody', ['Usual wait at this hour: 95 s.']),
    (QueueNow(1.0, NAN, 0.3, NAN, NAN, NAN), '1 person', []),
    (QueueNow(NAN, NAN, NAN, NAN, NAN, NAN), 'hardly any', [
        'Fewer than 5 people in the last half hour.'])])
def test_the_queue(found, monkeypatch, now, answer, more):
    monkeypatch.setattr(answers, 'queue_now', lambda room, use, min_visits: now)
    room = found[1]
    queue = room.areas[0]._replace(queue=Queue(np.zeros(0), np.zeros(0, int), np.zeros(0), 9))
    told = asked(room._replace(areas=[queue]), 'queue now')
    assert told.answer == answer
    assert told.more == [*more, 'As of 9 Mar 2026, 17:00.']


def test_without_a_queue_it_says_how_to_mark_one(found):
    told = asked(found[1], 'queue now')
    assert told.answer == 'not known' and 'anonymizer.py --edit-areas' in told.more[0]


def test_the_quietest_hour_may_have_too_few_visits_to_tell(found):
    """Nobody comes after 16 o'clock: that is the answer, not the least of the known hours."""
    told = asked(found[1], 'come')
    assert told.answer == '16:00–17:00' and told.more[0] == 'Quietest: fewer than 5 visits.'
    assert told.more[1].startswith('Busiest: 1')


def test_people_stop_at_a_display_that_hangs_on_a_wall(found):
    """Nobody's feet are in it."""
    days, room = found
    told = asked(room, 'stop')
    assert told.answer == 'display'
    share = 100 * sum(passer.stops for day in days for passer in day) / len(room.begins)
    assert abs(float(told.more[0].split(': ')[1].split(' %')[0]) - share) < 3


def test_too_little_yet(found):
    room = found[1]
    assert answers.too_little(WORDS, room, 5) == ''
    some = room._replace(begins=room.begins[:20], now=room.begins[19] + 60)
    told = answers.too_little(WORDS, some, 5)
    assert told.startswith('Too little yet for a closer look: 20 visits. Come back after ')
    assert 'fewer than 5 visits' in answers.too_little(
        WORDS, room._replace(begins=room.begins[:4]), 5)


def test_weeks_are_compared(found):
    days, room = found
    assert answers.this_week(WORDS, room, 5) == (
        f'The week from 9 Mar so far: {len(days[7])} visits; the week before by then: '
        f'{len(days[0])} (±0 %).')
    assert answers.this_week(WORDS, room, 100) == ''
