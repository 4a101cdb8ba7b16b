"""posesuite/visits/hours.py and queues.py: busy hours, comparisons, peaks, queues."""
import datetime
import time
from typing import Any, List

import visitors
from posesuite.visits import hours
from posesuite.visits.areas import Area
from posesuite.visits.floor import Floor
from posesuite.visits.measure import measure
from posesuite.visits.queues import queue_now
from posesuite.visits.statistics import MIN_VISIT, Room
from stores import fill

import numpy as np
import pytest

MONDAY = datetime.date(2026, 3, 2)


@pytest.mark.parametrize('counts, usable, expected', [
    ([9, 9, 9], [1, 1, 1], [[0, 1], [1, 2], [2, 3]]),
    ([9, 1, 7], [1, 1, 1], [[0, 1], [1, 3]]),  # to the smaller neighbour
    ([1, 1, 1, 1, 1, 9], [1] * 6, [[0, 5], [5, 6]]),
    ([9, 2, 9], [1, 1, 0], [[0, 2]]),
    ([9, 2, 9], [0, 1, 0], [[1, 2]]),  # stays few
    ([0, 0], [1, 1], [[0, 2]]), ([], [], [])])
def test_bins_widen_until_each_holds_enough(counts, usable, expected):
    assert hours.widened(counts, usable, 5) == expected


def stay(begin: str, seconds: float, number: int = 1) -> List[Any]:
    """Visitors who come at a time such as '2026-03-02T10:30' and stand at a place."""
    first = datetime.datetime.fromisoformat(begin).timestamp()
    return [visitors.Visitor(1, np.array([(begin, 4, 4), (begin + seconds, 4, 4)]), 1.7)
            for begin in first + 60 * np.arange(number)]


@pytest.fixture
def shop(tmp_path) -> Any:
    """Measures a store of visitors; the camera watches each of some days from 10 to 15 o'clock."""
    def make(*people: Any, days: int = 1, until: float = 15, first: datetime.date = MONDAY,
             **options: Any) -> Room:
        watched = []
        for day in range(days):
            midnight = datetime.datetime.combine(first + datetime.timedelta(day),
                                                 datetime.time()).timestamp()
            end = midnight + 3600 * (until if day == days - 1 else 15)
            watched.append(visitors.Day(midnight + 36000, end, [
                visitor for group in people for visitor in group
                if midnight <= visitor.path[0, 0] < midnight + 86400], []))
        visitors.write_store(watched, str(tmp_path / 'shop.db'))
        return measure(str(tmp_path / 'shop.db'), **options)
    return make


def test_the_quietest_hour_is_not_one_that_is_left_out(shop):
    room = shop(stay('2026-03-02T10:05', 60, 20), stay('2026-03-02T11:05', 60, 2),
                stay('2026-03-02T12:05', 60, 9), stay('2026-03-02T13:05', 60, 30),
                stay('2026-03-02T14:05', 60, 7))
    assert hours.few_hours(room, 5) == [[11, 12]]
    quiet, busy = hours.quietest(room, 5), hours.busiest(room, 5)
    assert quiet[:2] == (11, 12) and np.isnan(quiet.people) and np.isnan(quiet.visits)
    assert busy[:2] == (13, 14) and busy.visits == 30
    assert busy.people == pytest.approx(30 * 60 / 3600, rel=0.01)
    found = hours.busy_hours(room, 5)
    assert [part[:2] for part in found] == [(10, 11), (11, 13), (13, 14), (14, 15)]
    assert [part.visits for part in found] == [20, 11, 30, 7]
    assert found[1].people == pytest.approx(11 * 60 / 7200, rel=0.01)
    assert hours.mean_people(room, 5) == pytest.approx(68 * 60 / 18000, rel=0.01)


def test_an_hour_without_anybody_is_the_quietest(shop):
    room = shop(stay('2026-03-02T10:05', 60, 20), stay('2026-03-02T12:05', 60, 9))
    assert hours.few_hours(room, 5) == [[11, 12], [13, 15]]
    assert hours.quietest(room, 5)[:2] == (11, 12)
    assert [part[:2] for part in hours.busy_hours(room, 5)] == [(10, 11), (11, 15)]


def test_hours_that_were_not_watched_are_not_quiet(shop):
    room = shop(stay('2026-03-02T10:05', 60, 20), stay('2026-03-02T11:05', 60, 9), until=12)
    assert hours.few_hours(room, 5) == []
    assert hours.quietest(room, 5)[:2] == (11, 12)
    assert np.isfinite(hours.quietest(room, 5).people)


def test_of_few_visits_all_hours_are_few(shop):
    room = shop(stay('2026-03-02T10:05', 60, 3))
    assert hours.few_hours(room, 5) == [[10, 15]]
    part, = hours.busy_hours(room, 5)
    assert part[:2] == (10, 15) and np.isnan(part.people)
    assert np.isnan(hours.mean_people(room, 5)) and np.isnan(hours.peak(room, 5)).all()


def test_today_is_compared_with_its_weekday_by_the_same_time(shop):
    first = datetime.date(2026, 3, 1)  # a Sunday
    room = shop(stay('2026-03-02T10:05', 60, 12), stay('2026-03-02T14:05', 60, 50),
                stay('2026-03-05T10:05', 60, 40), stay('2026-03-09T10:05', 60, 8), days=9,
                until=12, first=first)
    now = hours.today(room, 5)
    assert (now.visits, now.usual, now.others, now.same_weekday) == (8, 12, 1, True)
    assert now.end - now.begin == 12 * 3600
    assert np.isnan(hours.today(room, 10).visits) and hours.today(room, 10).usual == 12
    week = hours.this_week(room, 5)
    assert (week.visits, week.usual, week.others) == (8, 12, 1)  # by Monday noon
    assert datetime.datetime.fromtimestamp(week.begin).weekday() == 0


def test_another_weekday_is_compared_with_all_days(shop):
    room = shop(stay('2026-03-02T10:05', 60, 12), stay('2026-03-03T10:05', 60, 8),
                stay('2026-03-04T10:05', 60, 7), days=3)
    now = hours.today(room, 5)
    assert (now.visits, now.usual, now.others, now.same_weekday) == (7, 10, 2, False)
    week = hours.this_week(room, 5)
    assert (week.visits, week.others) == (27, 0) and np.isnan(week.usual)


def test_a_week_that_was_hardly_watched_is_no_comparison(shop):
    """Watched from its Saturday, against a week until Friday."""
    room = shop(stay('2026-03-07T10:05', 60, 12), stay('2026-03-09T10:05', 60, 8), days=7,
                first=datetime.date(2026, 3, 7))
    week = hours.this_week(room, 5)
    assert (week.visits, week.others) == (8, 0) and np.isnan(week.usual)


def test_the_most_people_at_once(shop):
    room = shop(stay('2026-03-02T10:00', 600, 7), stay('2026-03-02T12:00', 90, 7))
    assert hours.peak(room, 5).people == 7
    when = datetime.datetime.fromtimestamp(hours.peak(room, 5).when)
    assert (when.hour, when.minute) == (10, 6)
    assert hours.peak(room, 8).people == 7 and np.isnan(hours.peak(room, 8).when)


def in_queue(day: visitors.Day, moment: float) -> np.ndarray:
    """Where those are who queue, by the truth, [n, 2] in metres."""
    return np.array([visitor.at(np.array([moment]))[0] for visitor in day.visitors
                     if visitor.path[0, 0] <= moment <= visitor.path[-1, 0]
                     and visitor.inside(np.array([moment]))['queue'][0]]).reshape(-1, 2)


def test_how_long_the_queue_is(tmp_path):
    """Against the truth about the simulated visitors, when the queue is long."""
    *earlier, last = days = visitors.simulate(MONDAY, 3, per_hour=60, seed=3, hours=(10, 13))
    visitors.write_store(days, str(tmp_path / 'shop.db'))
    now = max(np.arange(last.begin + 3600, last.end - 1800, 300),
              key=lambda moment: len(in_queue(last, moment - 30)))
    queue = Area('queue', visitors.areas()[-1]['polygon'], '', 'queue')
    # The simulator's feet are ankles.
    metres = [(2.4, 0.7), (6.6, 0.7), (6.6, 5.0), (2.4, 5.0)]
    points = visitors.project(np.column_stack([metres, np.zeros(4)])) * 1000 / (
        visitors.WIDTH, visitors.HEIGHT)
    room = measure(str(tmp_path / 'shop.db'), '', [queue],
                   until=datetime.datetime.fromtimestamp(now).astimezone(),
                   floor=Floor([tuple(point) for point in points], metres, ''))
    use, = room.areas
    found = queue_now(room, use, 5)
    assert room.now == now
    there = [in_queue(last, moment) for moment in now - np.arange(0, 60, 10.0)]
    assert np.mean([len(people) for people in there]) > 2
    assert found.people == pytest.approx(np.mean([len(people) for people in there]), abs=0.3)
    assert found.metres == pytest.approx(
        np.mean([np.hypot(*np.ptp(people, axis=0)) for people in there]), abs=0.2)
    hour = time.localtime(now - 900).tm_hour
    usual = [len(in_queue(day, day.begin + 3600 * (hour - 10) + seconds))
             for day in earlier for seconds in range(0, 3600, 30)]
    assert found.usual_people == pytest.approx(np.mean(usual), rel=0.15)
    assert 30 < found.usual_wait < 600 and 0 < found.usual_metres < 4
    few = queue_now(room, use, 10 ** 6)
    assert np.isnan(few).all()


def test_an_empty_queue_is_nobody(shop):
    room = shop(stay('2026-03-02T10:05', 60, 12), areas=[
        Area('queue', visitors.areas()[-1]['polygon'], '', 'queue')])
    found = queue_now(room, room.areas[0], 5)
    assert found.people == 0
    assert np.isnan(found[1:]).all()


def test_visits_that_are_too_short_are_an_option(tmp_path):
    path = str(tmp_path / 'shop.db')
    fill(path, {id: (8 * id, 8 * id + seconds)
                for id, seconds in ((1, 0.5), (2, 2), (3, 5))}, 30, fps=10)
    for least, expected in ((0, [0.5, 2, 5]), (MIN_VISIT, [2, 5]), (3, [5])):
        room = measure(path, min_stay=least)
        assert room.dwell.tolist() == expected and room.short == 3 - len(expected)
        assert room.min_stay == least
