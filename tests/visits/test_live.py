"""posesuite/visits/live.py: today's numbers, with what the store holds of today."""
import datetime
import json
import logging
import time
from typing import Any, Dict, Optional

import visitors
from figures import frame, standing
from posesuite.visits.areas import Area, Line, Plan
from posesuite.visits.live import Live, read_live_plan
from posesuite.visits.store import VisitStore
from stores import FOREVER, fill

import pytest

NOON = datetime.datetime(2025, 5, 1, 12).astimezone()
PLAN = Plan([Area('Till', [(500, 0), (1000, 0), (1000, 1000), (500, 1000)], '', 'queue')],
            [Line('Door', [(250, 1000), (250, 0)], '')])  # inside is to the left


class SetClock:
    """A wall clock that shows a time at the start of a source, and is set."""
    boot = 'this'

    def __init__(self, start: datetime.datetime) -> None:
        self.start = start

    def zero(self) -> float:
        return self.start.timestamp()

    def is_confirmed(self) -> bool:
        return False


def person(second: float) -> Dict[int, Any]:
    """Somebody who comes at 10 s, goes from the till out over the door line and is gone at 40 s."""
    if not 10 <= second < 40:
        return {}
    return {1: standing(x=480 if second < 30 else 60)}


def watch(live: Live, begin: float, end: float, people: Any = person, step: float = 0.5,
          captured: bool = False, **more: Any) -> Dict[str, Any]:
    """The numbers after some seconds."""
    second = begin
    while second < end:
        shown = frame(second, **more)
        live.write(shown._replace(captured=second) if captured else shown, people(second))
        second += step
    return live.numbers()


def test_before_the_first_frame_there_are_none():
    assert Live(PLAN).numbers() == {}


def test_nothing_is_counted_that_nobody_can_see():
    assert watch(Live(PLAN, served=False), 0, 5) == {}


def test_people_visits_lines_and_waiting():
    live = Live(PLAN, start=NOON)
    assert watch(live, 0, 10)['people'] == 0
    numbers = watch(live, 10, 25)
    assert (numbers['people'], numbers['visits'], numbers['time']) == (1, 1, '12:00:24')
    till, = numbers['areas']
    assert (till['name'], till['kind'], till['people']) == ('Till', 'queue', 1)
    assert 13 <= till['waited'] <= 14 and (till['lately'], till['usual']) == (None, None)
    assert numbers['lines'] == [{'name': 'Door', 'came': 0, 'went': 0}]
    numbers = watch(live, 25, 50)
    assert (numbers['people'], numbers['visits']) == (0, 1)
    till, = numbers['areas']
    assert (till['people'], till['waited'], till['lately'], till['usual']) == (0, None, None, None)
    assert numbers['lines'] == [{'name': 'Door', 'came': 1, 'went': 0}]
    assert numbers['hours'] == [{'hour': 12, 'visits': 1, 'watched': 1.0}]
    assert numbers['camera'] == {'since': '12:00', 'lost': 0, 'gaps': []}
    json.dumps(numbers, allow_nan=False)


def test_how_long_people_wait_lately_and_today():
    """Of fewer than five it is not said: that might be of one person whom somebody knows."""
    live = Live(PLAN, start=NOON)

    def queue(begin: float, count: int, stay: float) -> Dict[str, Any]:
        numbers = watch(live, begin, begin + count * stay, lambda second: {
            int(begin + (second - begin) // stay): standing(x=480)}
                if (second - begin) % stay >= 6 else {})  # else it would seem to be one person
        return numbers['areas'][0]

    till = queue(0, 5, 60)
    assert (till['people'], till['lately'], till['usual']) == (1, None, None)
    till = queue(300, 1, 10)
    assert till['people'] == 1 and 52 <= till['lately'] <= 55 and till['usual'] == till['lately']
    till = queue(4000, 7, 20)
    assert 12 <= till['lately'] <= 15 and 14 <= till['usual'] <= 54


def test_who_flickers_is_no_visit():
    numbers = watch(Live(PLAN, start=NOON), 0, 20,
                    lambda second: {1: standing()} if second == 3 else {})
    assert (numbers['people'], numbers['visits']) == (0, 0)


def test_what_is_not_seen_is_unknown_and_not_zero():
    live = Live(PLAN, start=NOON)
    watch(live, 0, 60)
    numbers = watch(live, 60, 100, lambda _: {}, fault='camera lost since 12:01')
    assert numbers['fault'] == 'camera lost since 12:01'
    assert numbers['people'] is numbers['areas'][0]['people'] is None
    assert numbers['visits'] == 1
    assert numbers['camera']['gaps'] == [
        {'begun': '12:00', 'ended': '12:01', 'why': 'camera lost since 12:01'}]
    assert numbers['camera']['lost'] == 40
    live.write(frame(3 * 3600), {})
    assert [hour['visits'] for hour in live.numbers()['hours']] == [1, None, None, None]
    assert live.numbers()['people'] == 0
    numbers = watch(live, 3 * 3600 + 1, 3 * 3600 + 60, lambda _: {})
    assert [hour['hour'] for hour in numbers['hours']] == [12, 13, 14, 15]
    assert [hour['visits'] for hour in numbers['hours']] == [1, None, None, 0]
    assert numbers['camera']['since'] == '15:00' and numbers['people'] == 0


@pytest.mark.parametrize('background', [None, 0.0, 0.8])
def test_text_and_background_are_passed_on(background):
    live = Live(PLAN, start=NOON)
    live.write(frame(0), {}, 'text', background)
    assert (live.numbers()['text'], live.numbers()['background']) == ('text', background)


@pytest.mark.parametrize('date, hours', [
    ((2025, 3, 30), [0, 1, 3, 4]), ((2025, 10, 26), [0, 1, 2, 2])])
def test_a_day_on_which_the_clocks_change(zone, date, hours):
    zone('Europe/Berlin')
    live = Live(PLAN, start=datetime.datetime(*date).astimezone())
    numbers = watch(live, 0, 3.9 * 3600, lambda _: {}, step=4)
    assert numbers['since'] == '00:00'
    assert [hour['hour'] for hour in numbers['hours']] == hours


def test_a_log_that_ends_in_the_year_33658():
    live = Live(PLAN, start=NOON)
    live.write(frame(0), {})
    live.write(frame(1e12), {})
    assert live.numbers()['people'] == 0


def test_a_new_day_begins_at_0():
    live = Live(PLAN, start=NOON.replace(hour=23, minute=59))
    assert watch(live, 0, 50)['visits'] == 1
    numbers = watch(live, 50, 120)
    assert (numbers['visits'], numbers['lines'][0]['came'], numbers['since']) == (0, 0, '00:00')
    assert numbers['areas'][0]['usual'] is None
    assert [hour['visits'] for hour in numbers['hours']] == [1, 0]


def store_and_watch(path: str, start: datetime.datetime, begin: float, end: float,
                    **options: Any) -> Dict[str, Any]:
    """Runs a store and the live numbers side by side, as the anonymizer does."""
    with VisitStore(path, FOREVER, start=start) as store, \
            Live(PLAN, path, start, **options) as live:
        for second in range(int(2 * begin), int(2 * end)):
            shown = frame(second / 2)
            store.write(shown, person(second / 2))
            live.write(shown, person(second / 2))
        return live.numbers()


def test_a_restart_does_not_lose_the_day(tmp_path):
    path = str(tmp_path / 'visits.db')
    first = store_and_watch(path, NOON, 0, 60)
    again = store_and_watch(path, NOON + datetime.timedelta(minutes=10), 0, 60)
    assert (first['visits'], again['visits']) == (1, 2)
    assert again['lines'] == [{'name': 'Door', 'came': 2, 'went': 0}]
    assert again['since'] == '12:00' and [hour['visits'] for hour in again['hours']] == [2]
    assert again['camera'] == {'since': '12:10', 'lost': 540, 'gaps': [
        {'begun': '12:00', 'ended': '12:10', 'why': 'the program was not running'}]}
    tomorrow = store_and_watch(path, NOON + datetime.timedelta(days=1), 0, 60)
    assert (tomorrow['visits'], tomorrow['since'], tomorrow['camera']['lost']) == (1, '12:00', 0)


def test_a_store_that_cannot_be_read_is_said_and_no_end(tmp_path, caplog):
    path = tmp_path / 'visits.db'
    path.write_bytes(b'no store' * 100)
    with caplog.at_level(logging.WARNING), Live(PLAN, str(path), NOON) as live:
        assert watch(live, 0, 20)['visits'] == 1
    assert [record.message.startswith('the numbers for browsers begin at 0: ')
            for record in caplog.records] == [True]


def test_a_clock_that_is_set_moves_today(tmp_path):
    """A board without a battery starts in 1970, and learns the date from the network later."""
    path = str(tmp_path / 'visits.db')
    fill(path, {1: (5, 20)}, 30, start=NOON)
    clock = SetClock(datetime.datetime(1970, 1, 2).astimezone())
    with Live(PLAN, path, clock=clock) as live:
        numbers = watch(live, 0, 60, captured=True)
        assert (numbers['visits'], numbers['since']) == (1, '00:00')
        clock.start = NOON + datetime.timedelta(hours=1)
        numbers = watch(live, 60, 70, lambda _: {}, captured=True)
    assert (numbers['visits'], numbers['since'], numbers['time']) == (2, '12:00', '13:01:09')
    assert [hour['visits'] for hour in numbers['hours']] == [1, 1]


def test_a_busy_day_is_read_fast(tmp_path):
    """600 visits of minutes, on a machine that does other things too."""
    path = str(tmp_path / 'shop.db')
    day, = visitors.simulate(datetime.date(2026, 3, 2), 1, per_hour=100)
    visitors.write_store([day], path)
    plan = Plan([Area(area['name'], area['polygon'], '') for area in visitors.areas()], PLAN.lines)
    begun = time.monotonic()
    with Live(plan, path, datetime.datetime.fromtimestamp(day.end).astimezone()) as live:
        live.write(frame(0), {})
        assert live.numbers()['visits'] == len(day.visitors) > 400
        read = time.monotonic()
        for _ in range(10):
            live.numbers()
    assert read - begun < 10 and (time.monotonic() - read) / 10 < 0.2


@pytest.mark.parametrize('store, areas', [
    (None, ['Any']), ('/tmp/hall.db', ['Any', 'Hall']), ('shop.db', ['Any'])])
def test_the_plan_of_this_camera(tmp_path, store: Optional[str], areas):
    path = tmp_path / 'areas.json'
    polygon = [[0, 0], [100, 0], [100, 100]]
    path.write_text(json.dumps({'areas': [{'name': 'Any', 'polygon': polygon}, {
        'name': 'Hall', 'polygon': polygon, 'store': 'hall.db'}]}))
    assert [area.name for area in read_live_plan(str(path), store).areas] == areas
    assert read_live_plan(None, store) == Plan()


def test_a_plan_of_other_cameras_is_an_error(tmp_path):
    path = tmp_path / 'areas.json'
    path.write_text(json.dumps({'lines': [{'name': 'Door', 'line': [[0, 0], [100, 0]],
                                           'store': 'hall.db'}]}))
    with pytest.raises(ValueError, match='for this camera: they are for hall.db, and --store is a'):
        read_live_plan(str(path), 'a.db')
    path.write_text(json.dumps({'blackout': [{'polygon': [[0, 0], [100, 0], [100, 100]]}]}))
    with pytest.raises(ValueError, match=r'areas.json has no areas and lines$'):
        read_live_plan(str(path), 'a.db')


def test_what_fails_while_frames_are_counted_ends_the_demo():
    live = Live(PLAN, start=NOON)
    live.write(frame(0), {1: None})  # type: ignore[dict-item]
    live.numbers()
    with pytest.raises(AttributeError):
        live.write(frame(1), {})
