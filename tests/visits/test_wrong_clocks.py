"""posesuite/visits/store.py under clocks that are wrong, set, and right in the end."""
import csv
import datetime
import os
import subprocess
import sys
import time
from typing import Any, List

import visitors
from figures import frame, standing
from helpers import ROOT, need, wait_for
from posesuite.visits import store as store_module
from posesuite.visits.clock import Clock
from posesuite.visits.database import read_marked_runs
from posesuite.visits.measure import measure
from posesuite.visits.queries import open_store, read_misdated
from posesuite.visits.rows import DAY
from posesuite.visits.store import VisitStore
from stores import everything, fill

import pytest

LOG = os.path.join(ROOT, 'samples', 'in_and_out.jsonl')  # of three visits, and not dated
SOMEBODY = {1: standing()}
YEAR = 366 * 86400.0  # seconds


class WrongClock(Clock):
    """A clock that is wrong by some seconds, and confirmed or not; boot: its id."""

    def __init__(self, ahead: float = 0.0, confirmed: bool = False, boot: str = 'this') -> None:
        super().__init__()
        self.ahead, self.confirmed, self.boot = ahead, confirmed, boot

    def zero(self) -> float:
        return super().zero() + self.ahead

    def is_confirmed(self) -> bool:
        return self.confirmed


@pytest.fixture
def quick(quick, monkeypatch) -> None:
    """The store also purges all the time."""
    monkeypatch.setattr(store_module, 'PURGE_INTERVAL', 0.0)


def watch(store: VisitStore, path: Any, *seconds: int) -> None:
    """Somebody is there at some seconds from now, which have all been written then."""
    for second in seconds:
        before = len(everything(path)['positions'])
        store.write(frame(second)._replace(captured=time.monotonic() + second), SOMEBODY)
        wait_for(lambda before=before: len(everything(path)['positions']) > before)


def now() -> float:
    return time.time() * 1000


def dates(path: Any) -> List[float]:
    """Of the runs' begins, in hours from now."""
    return [round((run[1] - now()) / 3600000, 1) for run in everything(path)['runs']]


def boots(path: Any) -> List[str]:
    """Of the runs that are under the wall clock."""
    with open_store(str(path)) as store:
        return [run.mark.boot for run in read_marked_runs(store) if run.mark]


def week(path: Any) -> int:
    """Stores three days of visits, until yesterday; returns their number."""
    days = visitors.simulate(datetime.date.today() - datetime.timedelta(days=3), 3, per_hour=10,
                             seed=1)
    visitors.write_store(days, str(path), seed=1)
    return len(everything(path)['visits'])


def run_at(date: str, *arguments: Any) -> List[str]:
    """Runs a script under a clock that says another date when it starts; returns stderr's lines."""
    faketime = need('faketime'), '-f', f'@{date}'
    done = subprocess.run([*faketime, sys.executable, *map(str, arguments)], cwd=ROOT, text=True,
                          stderr=subprocess.PIPE)
    assert done.returncode == 0, done.stderr
    return done.stderr.splitlines()


def test_a_machine_that_starts_under_a_wrong_clock_loses_nothing(path, tmp_path, monkeypatch):
    """And its report is one of these days, whatever the clock says."""
    monkeypatch.setenv('TZ', 'UTC')
    count = week(path)
    for runs, date, said in ((4, '2036-02-07 06:28:16', 'after the latest data in the store'),
                             (5, '1970-01-01 00:10:00', 'the clock says 1970-01-01')):
        line, = run_at(date, 'anonymizer.py', '--videosrc', LOG, '--headless', '--store', path)
        assert said in line and f'nothing is deleted from the store {path}' in line
        found = everything(path)
        assert len(found['runs']) == runs
        assert len(found['visits']) == count + 3 * (runs - 3)
    line, = run_at('2036-02-08 00:00:00', 'visits.py', 'report', path, '-o',
                   tmp_path / 'report.html', '--csv', tmp_path)
    assert line == f'{path}: runs under a wrong clock are left out: 2 (1970-01-01, 2036-02-07)'
    with open(str(tmp_path / 'days.csv')) as file:
        days = list(csv.DictReader(file))
    assert len(days) == 3
    assert sum(int(day['visits']) for day in days) == count == len(measure(str(path)).begins)


@pytest.mark.parametrize('away', [YEAR, -YEAR, 20 * YEAR, 7200.0])
def test_a_clock_that_is_set_for_hours_deletes_nothing(path, quick, caplog, away):
    clock = WrongClock()
    with VisitStore(str(path), keep_days=2 / 24, clock=clock) as store:
        watch(store, path, 0, 1, 1800, 3600)
        clock.ahead = away
        watch(store, path, *range(3601, 6600, 600))
        clock.ahead = 0.0
        watch(store, path, 6601, 6602)
    found = everything(path)
    assert len(found['positions']) == 4 + 5 + 2
    assert len(found['runs']) == 3
    assert max(map(abs, dates(path))) < 3  # moved once it was right again
    first, last = caplog.messages
    assert f'the clock was set {"forward" if away > 0 else "back"} by' in first
    assert 'that were recorded under a wrong clock were moved: 1, by' in last


@pytest.mark.parametrize('again', [False, True])
def test_what_a_wrong_clock_dated_is_moved_once_it_is_right(path, quick, caplog, again):
    """Also by another process of the same boot."""
    wrong = WrongClock(-56 * YEAR)
    store = VisitStore(str(path), clock=wrong)
    watch(store, path, 0, 1, 2)
    before = everything(path)
    if again:
        store.close()
        store = VisitStore(str(path), clock=WrongClock(confirmed=True))
    wrong.ahead, wrong.confirmed = 0.0, True
    watch(store, path, 3, 4)
    wait_for(lambda: len(everything(path)['runs']) == 2 and min(dates(path)) > -1)
    store.close()
    found = everything(path)
    by = round(56 * YEAR * 1000)
    for now_it_is, was in zip(found['positions'], before['positions']):
        assert abs(now_it_is[1] - was[1] - by) < 1000
        assert (now_it_is[0], *now_it_is[2:]) == (was[0], *was[2:])
    assert [visit[3] - visit[2] for visit in found['visits']] == [2000, 1000]
    assert max(map(abs, dates(path))) < 0.1
    assert 'the clock says 1970-' in caplog.messages[0]
    assert ['were moved: 1, by 56.' in message for message in caplog.messages] == [False, True]
    with open_store(str(path)) as reading:
        assert read_misdated(reading) == []


def test_a_gap_is_moved_too_and_by_less_than_its_length(path, quick):
    """New dates that are others' old ones are no obstacle."""
    wrong = WrongClock(-120.0)
    with VisitStore(str(path), clock=wrong) as store:
        for second in range(200):
            fault = '' if second % 4 else 'black'
            store.write(frame(second, fault)._replace(captured=time.monotonic() + second),
                        {} if fault else SOMEBODY)
        wait_for(lambda: everything(path)['gaps'])
        wrong.ahead, wrong.confirmed = 0.0, True
        watch(store, path, 201)
        wait_for(lambda: len(everything(path)['runs']) == 2)
    found = everything(path)
    assert len(found['positions']) == 151
    assert len(found['gaps']) == 50
    assert all(abs(begun - now()) < 300000 for begun, *_ in found['gaps'])
    begins = [run[1] for run in found['runs']]
    assert all(ended - begun == 2000 for begun, ended, _ in found['gaps'][1:])
    assert min(row[1] for row in found['positions']) - begins[0] == 1000


def test_rows_under_a_wrong_clock_do_not_stay_for_ever(path, quick, caplog):
    """Nor do they go before their time; none of these is of the same boot."""
    for ahead, boot, confirmed, count in (
            (10 * YEAR, 'a', False, 1), (-56 * YEAR, 'b', False, 2), (0, 'c', True, 3),
            (0.9 * 86400, 'd', True, 4), (1.2 * 86400, 'e', True, 2)):
        with VisitStore(str(path), keep_days=1, clock=WrongClock(ahead, confirmed, boot)) as store:
            store.write(frame(0), SOMEBODY)
            wait_for(lambda boot=boot: boot in boots(path))
            wait_for(lambda count=count: len(everything(path)['visits']) == count)
    said, = caplog.messages
    assert said.startswith('the clock says 1970-')
    assert boots(path) == ['d', 'e']


def test_a_recording_in_the_future_deletes_nothing(path, quick, caplog):
    fill(path, {1: (0, 5)}, 5)
    future = datetime.datetime.now().astimezone() + datetime.timedelta(days=900)
    fill(path, {1: (0, 5)}, 5, future, keep_days=1)
    assert len(everything(path)['visits']) == 2
    said, = caplog.messages
    assert said.startswith('the clock is behind the recording, which is of 20')


def test_a_store_of_version_1_without_marks_is_read_and_written(path):
    count = week(path)
    with open_store(str(path)) as reading:
        assert read_misdated(reading) == []
    with VisitStore(str(path), clock=WrongClock(confirmed=True)) as store:
        store.write(frame(0), SOMEBODY)
    assert len(everything(path)['visits']) == count + 1


def test_without_a_clock_that_is_wrong_nothing_is_said(path, quick, caplog):
    caplog.set_level('INFO')
    for confirmed in (False, True):
        clock = WrongClock(-3 * DAY / 1000 * (not confirmed), confirmed, f'boot {confirmed}')
        with VisitStore(str(path), clock=clock) as store:
            watch(store, path, 0, 1)
            clock.ahead += 3.0  # as a time server corrects it
            watch(store, path, 2, 3)
    assert caplog.messages == []
    assert len(everything(path)['runs']) == 4


