"""posesuite/visits/clock.py: what may be deleted, moved and reported. All in memory."""
import ctypes
import os
import re
import time
from typing import Any, List, Optional

from posesuite.visits import clock as clock_module
from posesuite.visits.clock import (
    STA_UNSYNC,
    Clock,
    Mark,
    Run,
    Timex,
    deadlines,
    doubt,
    misdated,
    movable,
)
from posesuite.visits.rows import DAY

import pytest

HOUR = DAY // 24
NOW = 20000 * DAY  # in October 2024
YEAR = 365 * DAY
KEEP = 30 * DAY


def live(number: int, begun: int, hours: float, confirmed: bool = False, boot: Optional[str] = None,
         first: int = 0) -> Run:
    """A run of some hours; first: monotonic time of its begin."""
    ended = begun + round(hours * HOUR)
    return Run(number, begun, ended, Mark(boot or f'boot {number}', begun - first, first,
                                          first + ended - begun, int(confirmed)))


def recording(number: int, begun: int, hours: float) -> Run:
    return Run(number, begun, begun + round(hours * HOUR), None)


def ids(runs: List[Run]) -> List[int]:
    return [run.id for run in runs]


def old(runs: List[Run], sure: bool = False, keep: float = KEEP) -> List[int]:
    """The runs that would be deleted."""
    limits = deadlines(runs, keep, sure)
    assert sorted(limits) == ids(runs)
    return [run.id for run in runs if run.ended < limits[run.id]]


def test_a_confirmed_clock_deletes_what_is_too_old():
    runs = [live(1, NOW - 31 * DAY, 8), recording(2, NOW - 31 * DAY, 8),
            live(3, NOW - 31 * DAY, 8, confirmed=True), live(4, NOW - 29 * DAY, 8, confirmed=True),
            live(5, NOW, 1, confirmed=True)]
    assert old(runs) == [1, 2, 3]  # the first one was before the third
    assert old([*runs[:-1], live(5, NOW + 2 * DAY, 1, confirmed=True)]) == [1, 2, 3, 4]
    limits = deadlines(runs, KEEP, False)
    assert limits[3] == limits[4] == NOW + HOUR - KEEP


@pytest.mark.parametrize('away', [DAY, 31 * DAY, YEAR, 10 * YEAR, -YEAR, -54 * YEAR])
@pytest.mark.parametrize('confirmed', [False, True])
def test_a_clock_that_nothing_confirms_deletes_nothing(away, confirmed):
    """Whatever it says; and neither does the right one afterwards."""
    week = [live(day, NOW + day * DAY, 10, confirmed) for day in range(1, 8)]
    assert old([*week, live(8, NOW + 8 * DAY + away, 3)], keep=8 * DAY) == []
    assert old([*week, live(8, NOW + 8 * DAY + away, 3), live(9, NOW + 8 * DAY, 1, True)],
               keep=8 * DAY) == []
    assert old([*week, live(8, NOW + 8 * DAY, 3, confirmed, 'x', 0),
                live(9, NOW + 8 * DAY + away, 3, False, 'x', 3 * HOUR)], keep=9 * DAY) == []
    recordings = [recording(run.id, run.begun, 10) for run in week]
    assert old([*recordings, live(8, NOW + 8 * DAY + away, 3)], keep=8 * DAY) == []
    assert old([*recordings, recording(8, NOW + 8 * DAY + away, 3)], keep=8 * DAY) == []


def test_what_was_stored_under_a_wrong_clock_is_deleted_in_time():
    """It was before the next run of a confirmed clock."""
    for wrong in (NOW + 10 * YEAR, NOW - 54 * YEAR):
        for run in (live(1, wrong, 5), recording(1, wrong, 5)):
            runs = [run, live(2, NOW, 5, confirmed=True)]
            assert old([*runs, live(3, NOW + 28 * DAY, 1, confirmed=True)]) == []
            assert old([*runs, live(3, NOW + 31 * DAY, 1, confirmed=True)]) == [1, 2]


def test_a_machine_without_time_servers_keeps_little_longer():
    """It is on for ten hours a day; and whatever its clock says, nothing goes a day too early."""
    for day in range(1, 80):
        gone = old([live(each, NOW + each * DAY, 10) for each in range(1, day + 1)])
        assert gone == list(range(1, day - 30 + 1)) or gone == list(range(1, day - 31 + 1))
    stuck = [live(each, NOW, 10) for each in range(1, 80)]  # each day begins anew in 2024
    assert old(stuck) == [1, 2, 3, 4, 5, 6]  # after 72 days of ten hours


def test_time_within_one_boot_is_certain():
    runs = [live(1, NOW, 1, boot='a', first=0),
            live(2, NOW + 10 * YEAR, 1, boot='a', first=31 * DAY)]
    assert old(runs) == [1]
    assert old([runs[0], live(2, NOW + 10 * YEAR, 1, boot='a', first=29 * DAY)]) == []


def test_a_recording_deletes_by_its_own_dates():
    runs = [recording(1, NOW, 8), recording(2, NOW + 31 * DAY, 8)]
    assert old(runs, sure=True) == [1]
    assert old(runs, sure=False) == []


@pytest.mark.parametrize('runs, wrong', [
    ([live(1, NOW - DAY, 1), live(2, NOW, 1)], []),
    ([live(1, NOW - DAY, 1), live(2, NOW + 10 * YEAR, 9)], [2]),
    ([recording(1, NOW - DAY, 1), recording(2, NOW + 10 * YEAR, 9)], [2]),
    ([live(1, 0, 99), live(2, NOW - DAY, 1), live(3, DAY, 1), recording(4, 0, 1)], [1, 3, 4]),
    # Confirmed runs tell which of the others are not where they belong.
    ([live(1, NOW - 9 * DAY, 1, True), live(2, NOW - 2 * DAY, 9), live(3, NOW - 8 * DAY, 1, True)],
     [2]),
    ([live(1, NOW - 9 * DAY, 1, True), live(2, NOW - 99 * DAY, 9), live(3, NOW - DAY, 1)], [2]),
    # Years apart, those count that are confirmed, or recordings, or most of all.
    ([live(1, NOW - 3 * YEAR, 99), live(2, NOW, 1, True)], [1]),
    ([live(1, NOW - 3 * YEAR, 99), live(2, NOW, 1)], [2]),
    ([recording(1, NOW - 3 * YEAR, 1), live(2, NOW, 99)], [2]),
    ([recording(1, NOW - 4 * YEAR, 1), live(2, NOW, 99, True)], []),
    ([], [])])
def test_runs_whose_dates_cannot_be_true(runs, wrong):
    assert ids(misdated(runs, NOW + HOUR)) == wrong


def test_reports_under_a_wrong_clock():
    runs = [live(1, NOW - DAY, 9), live(2, NOW, 1), live(3, NOW + 10 * YEAR, 1)]
    assert ids(misdated(runs, DAY)) == ids(misdated(runs, NOW + 10 * YEAR)) == [3]
    confirmed = [live(1, NOW, 9, True)]
    assert misdated(confirmed, NOW - DAY) == []


def test_runs_of_the_same_boot_are_moved():
    wrong = [live(1, DAY, 1, boot='a'), live(2, 2 * DAY, 1, boot='b')]
    right = live(3, NOW, 1, True, boot='b', first=9 * HOUR)
    assert ids(movable([*wrong, right])) == [2]
    assert movable([live(2, NOW, 1, boot='b'), right._replace(mark=right.mark._replace(
        zero=NOW))]) == []  # the same clock
    assert movable([recording(1, DAY, 1), recording(2, NOW, 1)]) == []
    assert movable([recording(1, NOW, 1)]) == []


def test_a_possible_clock_moves_impossible_dates():
    """Without a time server, too."""
    before = recording(1, NOW - DAY, 1)
    now = live(3, NOW, 1, boot='b', first=9 * HOUR)
    for away, moved in ((-54 * YEAR, True), (10 * YEAR, True), (-DAY // 2, False)):
        assert ids(movable([before, live(2, NOW + away, 1, boot='b'), now])) == [2] * moved
    assert ids(movable([live(2, DAY, 1, boot='b'), now])) == [2]
    assert movable([live(2, NOW + YEAR, 1, boot='b'), now]) == []  # one of both is wrong
    assert movable([recording(1, NOW + DAY, 1), live(2, DAY, 1, boot='b'), now]) == []
    assert movable([recording(1, NOW - 3 * YEAR, 1), live(2, DAY, 1, boot='b'), now]) == []


@pytest.mark.parametrize('runs, said', [
    ([live(1, NOW, 1)], ''),
    ([live(1, NOW - DAY, 1), live(2, NOW, 1)], ''),
    ([live(1, NOW - 29 * DAY, 1), live(2, NOW, 1)], ''),
    ([live(1, DAY, 1)], r'says 1970-01-02 \d\d:00'),
    ([live(1, NOW - 32 * DAY, 1), live(2, NOW, 1)],
     r'says 2024-10-0\d \d\d:00, 32 days after the latest data in the store'),
    ([recording(1, NOW + 10 * YEAR, 1), live(2, NOW, 1)],
     r'says 2024-10-0\d \d\d:00, but the store has data of 2034-10-0\d \d\d:00'),
    ([live(1, NOW, 1, boot='a'), live(2, NOW + 9 * DAY, 1, boot='a', first=HOUR)],
     r'was set forward by 9 days and says 2024-10-\d\d \d\d:00'),
    ([live(1, NOW, 1, boot='a'), live(2, NOW - DAY, 1, boot='a', first=HOUR)],
     r'was set back by 25.0 hours and says 2024-10-0\d \d\d:00')])
def test_what_speaks_against_a_clock(runs, said):
    assert re.fullmatch(said, doubt(runs, KEEP))


def test_dates_beyond_all_calendars():
    assert doubt([recording(1, 1 << 61, 1), live(2, NOW, 1)], KEEP).endswith('data of 73069726')


class Kernel:
    """Stands for libc: its adjtimex says what it is told."""

    def __init__(self, status: int, ahead: float = 0, result: int = 0) -> None:
        self.status, self.ahead, self.result = status, ahead, result

    def adjtimex(self, timex: Any) -> int:
        found = ctypes.cast(timex, ctypes.POINTER(Timex)).contents
        found.status, found.seconds = self.status, int(time.time() + self.ahead)
        return self.result


@pytest.fixture
def flag(monkeypatch, tmp_path) -> Any:
    """The path of systemd's flag, which does not exist."""
    path = tmp_path / 'synchronized'
    monkeypatch.setattr(clock_module, 'SYSTEMD_FLAG', str(path))
    return path


@pytest.mark.parametrize('kernel, confirmed', [
    (Kernel(0), True), (Kernel(1), True), (Kernel(STA_UNSYNC), False), (Kernel(0, 3600), False),
    (Kernel(0, result=-1), False), (object(), False)])
def test_the_kernel_confirms_its_own_clock(flag, monkeypatch, kernel, confirmed):
    monkeypatch.setattr(ctypes, 'CDLL', lambda name: kernel)
    assert Clock().is_confirmed() == confirmed


@pytest.mark.parametrize('age, confirmed', [(0, True), (3600, True), (7200, False), (-60, False)])
def test_systemd_confirms_the_clock_of_the_moment(flag, monkeypatch, age, confirmed):
    monkeypatch.setattr(ctypes, 'CDLL', lambda name: Kernel(STA_UNSYNC))
    flag.touch()
    os.utime(str(flag), (time.time() - age - 1,) * 2)
    assert Clock().is_confirmed() == confirmed


def test_this_machine():
    """The kernel's answer is understood: its bits agree with what the call returns."""
    timex = Timex()
    result = ctypes.CDLL(None).adjtimex(ctypes.byref(timex))
    if result < 0:
        pytest.skip('the kernel does not tell')
    assert abs(timex.seconds - time.time()) < 3
    assert bool(timex.status & STA_UNSYNC) == (result == 5)  # TIME_ERROR
    assert Clock().boot == Clock().boot != ''
    assert abs(Clock().zero() - (time.time() - time.monotonic())) < 1
