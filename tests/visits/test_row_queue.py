"""posesuite/visits/row_queue.py: a bounded queue that counts what it drops."""
from posesuite.visits.row_queue import RowQueue
from posesuite.visits.rows import Rows, no_rows

POSITION = 500, 800, 600, 3


def positions(*seconds: int) -> Rows:
    return dict(no_rows(), positions={(1, 1000 * second): POSITION for second in seconds})


def whys(rows: Rows) -> list:
    return [(run, begun, ended, why.split(': ')[1]) for (run, begun), (ended, why)
            in rows['gaps'].items()]


def test_rows_wait_until_they_are_taken():
    queue = RowQueue()
    assert not queue
    queue.add(positions(1, 2), run=1)
    queue.add(positions(2, 3), run=1)
    assert queue and queue.count('positions') == 3
    assert queue.take() == positions(1, 2, 3)
    assert not queue


def test_newer_rows_replace_those_that_are_put_back():
    queue = RowQueue()
    queue.add(dict(no_rows(), visits={1: (1, 0, 1000), 2: (1, 0, 1000)}), run=1)
    rows = queue.take()
    queue.add(dict(no_rows(), visits={2: (1, 0, 2000)}), run=1)
    queue.put_back(rows, run=1)
    assert queue.take()['visits'] == {1: (1, 0, 1000), 2: (1, 0, 2000)}


def test_the_oldest_positions_are_dropped_which_is_one_gap():
    queue = RowQueue(max_queued=20)
    for second in range(1, 101):
        queue.add(positions(second), run=7)
        assert queue.count('positions') <= 20
    rows = queue.take()
    kept = sorted(when // 1000 for _, when in rows['positions'])
    assert kept == list(range(kept[0], 101))
    assert queue.lost == kept[0] - 1
    assert whys(rows) == [(7, 1000, 1000 * (kept[0] - 1),
                           f'{queue.lost} positions were dropped')]


def test_a_gap_ends_with_a_write():
    """What is being written may be lost or not."""
    queue = RowQueue(max_queued=10)
    queue.add(positions(*range(1, 12)), run=1)
    taken = queue.take()
    queue.add(positions(*range(21, 32)), run=1)
    assert [gap[1] for gap in whys(taken)] == [1000]
    assert [gap[1] for gap in whys(queue.take())] == [21000]


def test_rows_that_are_put_back_are_the_oldest():
    queue = RowQueue(max_queued=10)
    queue.add(positions(*range(10)), run=1)
    taken = queue.take()
    queue.add(positions(*range(10, 20)), run=1)
    queue.put_back(taken, run=1)
    assert sorted(when // 1000 for _, when in queue.take()['positions']) == list(range(10, 20))
    assert queue.lost == 10


def test_visits_and_gaps_are_bounded_too():
    queue = RowQueue(max_queued=10)
    for number in range(100):
        queue.add(dict(no_rows(), visits={number: (1, 0, 1)}, gaps={(1, number): (1, 'black')}),
                  run=1)
    assert queue.count('visits') <= 10 and queue.count('gaps') <= 10
    assert queue.lost == 0
