"""posesuite/visits/queries.py: what is read of a store."""
import contextlib
import datetime
import sqlite3

from figures import frame
from posesuite.visits.areas import Area
from posesuite.visits.queries import open_store, read_positions, read_visits
from posesuite.visits.store import VisitStore
from stores import BEGIN, START, everything, fill

import pytest


def test_nothing_was_watched_in_an_empty_store(path):
    with VisitStore(str(path)):
        pass
    assert set(map(len, everything(path).values())) == {0}


def test_no_store_is_one_line(path):
    with pytest.raises(FileNotFoundError, match='^no store '), open_store(str(path)):
        pass
    path.write_text('Dear diary, ' * 1000)
    with pytest.raises(OSError, match='^cannot read the store '), open_store(str(path)):
        pass


def test_gaps_are_not_watched(path):
    with VisitStore(str(path), start=START) as store:
        for now in range(30):
            store.write(frame(now, 'black' if 10 <= now < 20 else ''), {})
    found = everything(path)
    assert found['gaps'] == [(BEGIN + 9000, BEGIN + 20000, 'black')]
    assert found['watched'] == [[BEGIN, BEGIN + 9000], [BEGIN + 20000, BEGIN + 29000]]


def test_parts_hold_whole_visits(path):
    fill(path, dict.fromkeys(range(5), (0, 9)), 9)
    with open_store(str(path)) as store:
        parts = [part['visit'].tolist() for part in read_positions(store, part=7)]
    assert parts == [[visit] * 10 for visit in range(1, 6)]


def test_since_and_until(path):
    for hour in range(3):
        fill(path, {1: (0, 5)}, 5, START + datetime.timedelta(hours=hour))
    with open_store(str(path)) as store:
        some = BEGIN + 3600000, BEGIN + 2 * 3600000
        assert read_visits(store, *some)['id'].tolist() == [2]
        assert [part['visit'].tolist() for part in read_positions(store, *some)] == [[2] * 6]


def test_a_value_of_a_wrong_type_is_one_line(path):
    fill(path, {1: (0, 5)}, 5)
    with open_store(str(path)) as store:
        store.execute('ROLLBACK')
        store.execute('PRAGMA query_only = OFF')
        store.execute("UPDATE positions SET x = 'left'")
        with pytest.raises(ValueError, match='a value of a wrong type'):
            list(read_positions(store))


def test_a_store_of_an_earlier_version_is_read_and_gone_on_with(path):
    fill(path, {1: (0, 5)}, 5)
    with contextlib.closing(sqlite3.connect(str(path))) as store:
        store.execute('DROP TABLE bodies')
    old = everything(path)
    assert len(old['positions']) == 6 and old['bodies'] == []
    fill(path, {1: (0, 5)}, 5, START + datetime.timedelta(hours=1),
         areas=[Area('floor', [(0, 0), (1000, 0), (1000, 1000), (0, 1000)], '')])
    found = everything(path)
    assert found['positions'][:6] == old['positions']
    assert [row[:2] for row in found['bodies']] == [row[:2] for row in found['positions'][6:]]
