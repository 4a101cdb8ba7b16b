"""posesuite/visits/recorder.py: what frames become rows of. All in memory."""
import datetime
import time
from typing import Any, Dict, Iterable, Optional, Sequence, Tuple

from figures import IMAGE, frame, standing
from posesuite.pose.pose import Frame, Pose
from posesuite.pose.skeleton import FACE, KEYPOINT_TYPES
from posesuite.visits.areas import Area
from posesuite.visits.options import local_date
from posesuite.visits.recorder import Recorder, body_row, position_row
from posesuite.visits.rows import FEET, HAND_RAISED, HEAD, SITTING, UPRIGHT, Rows, add_rows, no_rows

import numpy as np
import pytest

START = 1746086400.0  # 1 May 2025, 8:00 UTC, in seconds
BEGIN = round(START * 1000)
YEAR = 366 * 86400.0  # seconds
SOMEBODY = {1: standing()}
FLOOR = Area('floor', [(0, 0), (1000, 0), (1000, 1000), (0, 1000)], '')
Shown = Iterable[Tuple[Frame, Dict[int, Pose]]]


def rows_of(shown: Shown, title: str = '', start: Optional[float] = START,
            areas: Sequence[Area] = ()) -> Rows:
    """The rows of some frames with their people."""
    recorder, rows = Recorder(title, start, areas=areas), no_rows()
    for each, people in shown:
        add_rows(rows, recorder.record(each, people, clock=0.0))
    add_rows(rows, recorder.end())
    return rows


def test_a_visit_has_a_position_a_second_and_its_exact_length():
    shown = []
    for tenth in range(121):
        people = {1: tenth <= 100, 2: 31 <= tenth <= 55}
        shown.append((frame(tenth / 10), {id: standing() for id in people if people[id]}))
    rows = rows_of(shown, title='hall')
    assert rows['runs'] == {1: (BEGIN, BEGIN + 12000, 'hall', 640, 480)}
    assert rows['visits'] == {1: (1, BEGIN, BEGIN + 10000), 2: (1, BEGIN + 3100, BEGIN + 5500)}
    assert not rows['bodies']  # nobody asks for them
    assert sorted(rows['positions']) == [
        (1, BEGIN + 1000 * i) for i in range(11)] + [
            (2, BEGIN + 3100 + 1000 * i) for i in range(3)] + [(2, BEGIN + 5500)]
    assert rows['positions'][1, BEGIN] == (500, 833, 625, FEET + HEAD + UPRIGHT)
    assert rows['gaps'] == {}


def test_feet_that_appear_are_a_position():
    """Where the person may be just before a counting line."""
    hidden = {1: standing(LEFT_ANKLE=None, RIGHT_ANKLE=None)}
    rows = rows_of((frame(tenth / 10), hidden if tenth in (0, 1, 20, 21) else SOMEBODY)
                   for tenth in range(31))
    assert [(time - BEGIN, row[3] & FEET) for (_, time), row in rows['positions'].items()] == [
        (0, 0), (200, 1), (1000, 1), (2000, 0), (2200, 1), (3000, 1)]


def test_who_comes_back_is_a_new_visit():
    """The tracker itself gives an id to the next person."""
    rows = rows_of((frame(now), SOMEBODY if now <= 5 or now >= 10 else {})
                   for now in np.arange(0, 20, 0.5))
    assert rows['visits'] == {1: (1, BEGIN, BEGIN + 5000), 2: (1, BEGIN + 10000, BEGIN + 19500)}


def test_a_short_absence_is_the_same_visit():
    rows = rows_of((frame(now), {} if 5 < now < 7 else SOMEBODY) for now in np.arange(0, 20, 0.5))
    assert rows['visits'] == {1: (1, BEGIN, BEGIN + 19500)}


@pytest.mark.parametrize('interval', [1, 2, 4, 10])
def test_a_slow_source_ends_no_visit_between_its_frames(interval):
    """One frame may miss somebody; more of them are an absence."""
    times = range(0, 20 * interval, interval)
    rows = rows_of((frame(now), {} if now in (3 * interval, 10 * interval, 11 * interval,
                                              12 * interval) else SOMEBODY) for now in times)
    assert rows['gaps'] == {}
    if interval < 10:
        assert [(ended - begun) / interval for _, begun, ended in rows['visits'].values()] == [
            9000, 6000]


def test_a_camera_that_stalls_is_no_slow_one():
    rows = rows_of((frame(now), SOMEBODY) for now in (*np.arange(0, 3, 0.1), 7, 7.1, 7.2, 20, 20.1))
    assert [ended - begun for _, begun, ended in rows['visits'].values()] == [2900, 200, 100]
    assert rows['gaps'] == {(1, BEGIN + 7200): (BEGIN + 20000, 'no frames')}


def test_a_live_source_that_pauses_for_hours_begins_another_run():
    """A machine that was suspended; what its monotonic clock says of the time between is no run."""
    recorder, rows = Recorder(boot='this'), no_rows()
    for now in (0, 1, 2, 9000, 9001):
        add_rows(rows, recorder.record(frame(now)._replace(captured=50.0 + now), SOMEBODY, START))
    add_rows(rows, recorder.end())
    assert rows['clocks'] == {1: ('this', BEGIN, 50000, 52000, 0),
                              2: ('this', BEGIN, 9050000, 9051000, 0)}
    assert rows['gaps'] == {}
    recorder.confirm()
    assert recorder.confirmed and recorder.run_row()['clocks'][2][-1] == 1


def test_late_frames_shift_no_position():
    """Positions are due at whole seconds of the visit; after a late one the next is on time."""
    rows = rows_of((frame(now), SOMEBODY) for now in (0, 0.9, 1.3, 1.9, 2.1, 2.9, 3.0))
    assert [when - BEGIN for _, when in rows['positions']] == [0, 1300, 2100, 3000]


@pytest.mark.parametrize('fault, people, why', [
    ('camera lost since 14:03', {}, 'camera lost since 14:03'),
    ('black', {}, 'black'),
    ('frozen since 14:03', SOMEBODY, 'frozen since 14:03'),
    ('covered', SOMEBODY, None)])
def test_faults_are_gaps_not_empty_rooms(fault, people, why):
    rows = rows_of((frame(now, fault), people) if 10 <= now < 20 else (frame(now), SOMEBODY)
                   for now in range(30))
    assert rows['gaps'] == ({(1, BEGIN + 9000): (BEGIN + 20000, why)} if why else {})
    assert len(rows['positions']) == (20 if why else 30)


def test_a_gap_under_a_second_is_not_recorded():
    rows = rows_of((frame(tenth / 10, 'black' if 10 <= tenth < 18 else ''), {})
                   for tenth in range(40))
    assert rows['gaps'] == {}


def test_no_frames_are_a_gap():
    rows = rows_of((frame(now), {}) for now in (0, 4, 8, 60, 61))
    assert rows['gaps'] == {(1, BEGIN + 8000): (BEGIN + 60000, 'no frames')}


def test_another_size_is_another_run():
    rows = rows_of((frame(now, image=IMAGE if now < 5 else IMAGE[:240, :320]), SOMEBODY)
                   for now in range(10))
    assert [row[3:] for row in rows['runs'].values()] == [(640, 480), (320, 240)]
    assert [row[0] for row in rows['visits'].values()] == [1, 2]


def test_a_source_that_starts_over_is_another_run():
    rows = rows_of((frame(now), SOMEBODY) for now in (0, 1, 2, 0, 1))
    assert len(rows['runs']) == len(rows['visits']) == 2


def test_each_frame_gives_its_changes_only():
    recorder = Recorder(start=START)
    recorder.record(frame(0), SOMEBODY, 0.0)
    assert not any(recorder.record(frame(0.5), SOMEBODY, 0.0).values())
    assert list(recorder.record(frame(1), SOMEBODY, 0.0)['positions']) == [(1, BEGIN + 1000)]
    assert recorder.run_row()['runs'] == {1: (BEGIN, BEGIN + 1000, '', 640, 480)}
    assert not any(Recorder().end().values())


def test_titles_that_are_no_text():
    assert rows_of([(frame(0), {})], title='caf\udce9')['runs'][1][2] == 'caf?'


def row_of(**moved: Any) -> Any:
    return position_row(standing(**moved), 640, 480)


def test_feet():
    assert row_of()[:3] == (500, 833, 625)
    assert row_of(LEFT_ANKLE=None)[0] == 484  # the right one alone
    x, y, height, flags = row_of(LEFT_ANKLE=None, RIGHT_ANKLE=None)
    assert (y, height, flags & FEET) == (677, 469, 0)  # the knees
    assert row_of(**{part.name: None for part in KEYPOINT_TYPES}) is None
    assert row_of(LEFT_ANKLE=(700, 500), RIGHT_ANKLE=(700, 500))[:2] == (1000, 1000)
    assert row_of(LEFT_ANKLE=(float('nan'), 400))[0] == 484


def test_flags():
    assert row_of()[3] == FEET + HEAD + UPRIGHT
    assert row_of(LEFT_WRIST=(300, 100))[3] == FEET + HEAD + UPRIGHT + HAND_RAISED
    assert row_of(LEFT_WRIST=(300, 100))[2] == 625  # the hand makes nobody taller
    knees = {'LEFT_KNEE': (340, 260), 'RIGHT_KNEE': (300, 260)}
    assert row_of(**knees)[3] == FEET + HEAD + SITTING
    assert row_of(LEFT_KNEE=None, RIGHT_KNEE=None)[3] == FEET + HEAD
    assert row_of(**{part.name: None for part in FACE})[2:] == (521, FEET + UPRIGHT)


def test_a_body_has_a_direction_and_wrists():
    def body_of(**moved):
        return body_row(standing(**moved), 640, 480, [FLOOR])

    assert body_of()[1:] == (52, 52, 48, 52)
    half = {'LEFT_SHOULDER': (380, 150), 'RIGHT_SHOULDER': (260, 150)}
    assert body_of(**half)[0] == 4  # towards the camera
    back = {'LEFT_SHOULDER': (260, 150), 'RIGHT_SHOULDER': (380, 150)}
    face = {part.name: None for part in FACE}
    assert body_of(**back, **face)[0] == 12
    side = {'LEFT_SHOULDER': (320, 150), 'RIGHT_SHOULDER': (320, 150)}
    assert body_of(**side, **face)[0] is None
    assert body_of(NOSE=(350, 100), **side)[0] == 0  # to the right
    assert body_of(LEFT_WRIST=None)[1:] == (None, None, 48, 52)
    assert all(type(value) is int for value in body_of())
    nothing = dict.fromkeys(('LEFT_WRIST', 'RIGHT_WRIST', 'LEFT_SHOULDER', 'RIGHT_SHOULDER'))
    assert body_of(**nothing) == (None,) * 5


def test_bodies_are_recorded_at_areas_and_displays_alone():
    """And no wrist that is not in one."""
    shelf = Area('shelf', [(440, 400), (490, 400), (490, 600), (440, 600)], '', 'display')
    queue = FLOOR._replace(kind='queue')
    corner = Area('corner', [(0, 0), (100, 0), (100, 100)], '')
    for areas, wrists in (([FLOOR], (52, 52, 48, 52)), ([shelf], (None, None, 48, 52)),
                          ([queue, corner], None)):
        rows = rows_of([(frame(0), SOMEBODY), (frame(1), SOMEBODY)], areas=areas)
        assert [row[1:] for row in rows['bodies'].values()] == [wrists] * (2 if wrists else 0)


def test_rows_are_numbers_that_sqlite_knows():
    """It stores NumPy's as bytes."""
    pose = standing(np.float32(320), np.float32(400))
    assert [type(value) for value in position_row(pose, 640, 480)] == [int] * 4


def test_a_clock_that_jumps_by_a_year_changes_no_length():
    recorder, rows = Recorder(), no_rows()
    set_at = []
    for i in range(300):
        uptime = 1000 + i / 10
        clock = START - 1000 + YEAR * (100 <= i < 200)
        if recorder.clock_was_set(clock):
            set_at.append(i)
        shown = frame(uptime)._replace(captured=uptime)
        add_rows(rows, recorder.record(shown, SOMEBODY, clock))
    add_rows(rows, recorder.end())
    assert set_at == [100, 200]
    assert [(number, run, ended - begun) for number, (run, begun, ended) in rows['visits'].items()
            ] == [(1, 1, 9900), (2, 2, 9900), (3, 3, 9900)]
    assert [begun for begun, *_ in rows['runs'].values()] == [
        BEGIN, BEGIN + 10000 + round(YEAR * 1000), BEGIN + 20000]
    assert len(rows['positions']) == 30 + 3  # one more at each end


def test_a_recording_is_dated_by_its_start_whatever_the_clock():
    recorder = Recorder(start=START)
    for i in range(3):
        recorder.record(frame(i), SOMEBODY, clock=YEAR * i)
    assert recorder.run_row()['runs'] == {1: (BEGIN, BEGIN + 2000, '', 640, 480)}
    assert not recorder.clock_was_set(YEAR)


@pytest.mark.parametrize('month, day, hours', [(3, 30, 23), (10, 26, 25), (5, 1, 24)])
def test_summer_time_makes_no_difference(monkeypatch, month, day, hours):
    monkeypatch.setenv('TZ', 'Europe/Berlin')
    time.tzset()
    try:
        begin, end = (local_date(f'2025-{month:02}-{number:02}') for number in (day, day + 1))
        assert (end - begin).total_seconds() / 3600 == hours
        rows = rows_of(((frame(now), {}) for now in range(0, 3600 * hours + 1, 4)),
                       start=begin.timestamp())
    finally:
        monkeypatch.undo()
        time.tzset()
    assert rows['gaps'] == {}
    (begun, ended, *_), = rows['runs'].values()
    assert ended - begun == 3600000 * hours
    assert begun == begin.astimezone(datetime.timezone.utc).timestamp() * 1000
