"""posesuite/visits/store.py: what is written to the disk, when, and what is deleted."""
import datetime
import os
import re
from typing import Any, Set

from figures import frame, standing
from helpers import wait_for
from posesuite.visits.queries import open_store, read_positions, read_visits
from posesuite.visits.store import VisitStore
from stores import BEGIN, FOREVER, START, everything, fill

import numpy as np

SOMEBODY = {1: standing()}


def test_what_was_recorded_is_stored(path):
    fill(path, {1: (0, 10), 2: (3, 5)}, 12, title='hall')
    found = everything(path)
    assert found['runs'] == [(1, BEGIN, BEGIN + 12000, 'hall', 640, 480)]
    assert found['visits'] == [(1, 1, BEGIN, BEGIN + 10000), (2, 1, BEGIN + 3000, BEGIN + 5000)]
    assert len(found['positions']) == 14
    assert found['gaps'] == []
    assert found['watched'] == [[BEGIN, BEGIN + 12000]]


def test_each_opening_goes_on_with_new_ids(path):
    fill(path, {1: (0, 5)}, 5)
    fill(path, {1: (0, 5)}, 5, START + datetime.timedelta(hours=1))
    found = everything(path)
    assert [row[:2] for row in found['visits']] == [(1, 1), (2, 2)]
    assert found['watched'] == [[BEGIN, BEGIN + 5000], [BEGIN + 3600000, BEGIN + 3605000]]


def test_a_live_source_is_dated_by_the_clock(path):
    with VisitStore(str(path)) as store:
        store.write(frame(0), SOMEBODY)
    now = datetime.datetime.now().timestamp() * 1000
    assert abs(everything(path)['runs'][0][1] - now) < 60000


def test_permissions(path):
    """Whatever the umask."""
    mask = os.umask(0)
    try:
        with VisitStore(str(path)) as store:
            store.write(frame(0), SOMEBODY)
            modes = {name: os.stat(str(path.parent / name)).st_mode & 0o777
                     for name in os.listdir(str(path.parent))}
    finally:
        os.umask(mask)
    assert modes == dict.fromkeys(['visits.db', 'visits.db-wal', 'visits.db-shm'], 0o600)
    assert os.listdir(str(path.parent)) == ['visits.db']


def test_an_open_store_can_be_read(path, quick):
    with VisitStore(str(path)) as store:
        store.write(frame(0), SOMEBODY)
        wait_for(lambda: everything(path)['visits'])
        with open_store(str(path)) as reading:  # which sees one moment
            assert len(read_visits(reading)) == 1
            store.write(frame(1), {2: standing()})
            wait_for(lambda: len(everything(path)['visits']) == 2)
            assert len(read_visits(reading)) == 1


def times_in(folder: Any) -> Set[int]:
    """What may be times of the store's month, by their bytes in the folder's files."""
    month = BEGIN.to_bytes(6, 'big')[:2]
    return {int.from_bytes(found, 'big') for file in folder.iterdir()
            for found in re.findall(b'(?s)(?=(' + re.escape(month) + b'.{4}))', file.read_bytes())}


def test_what_is_too_old_is_gone_to_the_byte(path, quick):
    fill(path, {id: (50 * id, 50 * id + 400) for id in range(40)}, 2400, title='canary')
    size = path.stat().st_size
    old = {BEGIN + 1000 * second for second in range(2351)}
    assert old <= times_in(path.parent)
    aside = path.parent / 'visits.db.damaged-20250501-080000'
    aside.write_bytes(BEGIN.to_bytes(6, 'big'))
    os.utime(str(aside), (BEGIN // 1000,) * 2)

    with VisitStore(str(path), start=START + datetime.timedelta(days=30), keep_days=30) as store:
        store.write(frame(1200), SOMEBODY)
        wait_for(lambda: not aside.exists())  # the last that is deleted
        left = times_in(path.parent)  # while it is open
    found = everything(path)
    assert path.stat().st_size < 0.8 * size
    assert {when for when in old if when >= BEGIN + 1200000} <= {
        row[1] for row in found['positions']}
    begun = {row[2] for row in found['visits']} | {found['runs'][0][1]}
    assert not {when for when in old & left - begun if when < BEGIN + 1200000}

    fill(path, {}, 0, START + datetime.timedelta(days=300), keep_days=30)
    assert not old & times_in(path.parent)
    assert b'canary' not in path.read_bytes()


def test_a_long_day_is_small_and_its_log_stays_level(path):
    """As many positions as three people make in six hours."""
    random = np.random.default_rng(1)
    logs, descriptors = [], []
    with VisitStore(str(path), start=START, keep_days=FOREVER) as store:
        for minute in range(2 * 60):
            people = {(minute + i) % 11: standing(*random.uniform((20, 300), (620, 470)).tolist())
                      for i in range(9)}  # who stay for nine minutes
            for second in range(60):
                store.write(frame(60 * minute + second), people)
            logs.append(os.path.getsize(f'{path}-wal'))
            descriptors.append(len(os.listdir('/proc/self/fd')))
    with open_store(str(path)) as reading:
        assert sum(len(part) for part in read_positions(reading)) == 6 * 3600 * 3
        assert len(read_visits(reading)) == 2 * 60 + 8
    assert path.stat().st_size < 4e6  # 54 bytes a second of each person
    assert max(logs) == logs[-20] < 6e6  # the plateau
    assert len(set(descriptors[30:])) == 1


def test_without_a_path_nothing_is_stored(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with VisitStore(None) as store:
        store.write(frame(0), SOMEBODY)
    assert os.listdir(str(tmp_path)) == []
