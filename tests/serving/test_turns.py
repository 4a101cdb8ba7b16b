"""The queue of an engine: turns, its limit, and how it ends."""
import threading
from concurrent.futures import CancelledError

from helpers import wait_for
from pose_servers import Engine
from posesuite.serving.turns import EngineQueue, QueueFull, Turns

import numpy as np
import pytest


def image(number: int) -> np.ndarray:
    return np.full((16, 16, 3), number, np.uint8)


@pytest.fixture
def held():
    """An engine that waits, its queue of three pictures, and pictures that keep the threads busy.
    """
    engine = Engine()
    engine.held.clear()
    queue = EngineQueue(engine, limit=3)
    busy = [queue.submit('first', lambda: image(0)) for _ in range(2)]
    wait_for(lambda: not len(queue))
    yield engine, queue, busy
    engine.held.set()
    queue.close()


def test_clients_take_turns():
    turns = Turns()
    for job in ('a1', 'a2', 'a3', 'b1', 'c1', 'b2'):
        turns.put(job[0], job)
    assert len(turns) == 6
    assert [turns.take() for _ in range(6)] == ['a1', 'b1', 'c1', 'a2', 'b2', 'a3']
    assert len(turns) == 0
    turns.put('a', 'a4')
    assert turns.take() == 'a4'


def test_who_asks_for_much_delays_nobody(held):
    engine, queue, busy = held
    waiting = [queue.submit('greedy', lambda: image(1)), queue.submit('greedy', lambda: image(2)),
               queue.submit('modest', lambda: image(3))]
    engine.held.set()
    for future in busy + waiting:
        future.result(10)
    assert engine.seen.count(0) == len(busy)
    assert engine.seen.index(3) < engine.seen.index(2)


def test_no_more_wait_than_may(held):
    engine, queue, _ = held
    waiting = [queue.submit('b', lambda: image(1)) for _ in range(3)]
    assert queue.full
    with pytest.raises(QueueFull, match='3 pictures wait, which is as many as may'):
        queue.submit('c', lambda: image(1))
    engine.held.set()
    assert len({future.result(10).poses[0].score for future in waiting}) == 1
    assert not queue.full


def test_who_no_longer_waits_costs_the_engine_nothing(held):
    engine, queue, busy = held
    gone, next_one = queue.submit('b', lambda: image(7)), queue.submit('c', lambda: image(8))
    assert gone.cancel()
    engine.held.set()
    assert next_one.result(10).image[0, 0, 0] == 8
    assert 7 not in engine.seen
    with pytest.raises(CancelledError):
        gone.result(0)


def test_what_is_read_is_of_the_picture_before():
    """Others' pictures do not come between, however many threads ask."""
    queue = EngineQueue(Engine(), limit=100)
    futures = [(number, queue.submit(number % 3, lambda number=number: image(number),
                                     lambda engine: engine.GetHeatmap(None)))
               for number in range(60)]
    assert len(futures) == 60
    for number, future in futures:
        assert future.result(10).more[0, 0] == np.float32(number / 255)
    queue.close()


@pytest.mark.parametrize('fails', ['prepare', 'engine', 'read'])
def test_errors_reach_who_asked_and_nobody_else(fails):
    engine = Engine()
    queue = EngineQueue(engine, limit=9)

    def problem(*_):
        raise ValueError('oh')

    engine.error = ValueError('oh') if fails == 'engine' else None
    future = queue.submit('a', problem if fails == 'prepare' else lambda: image(1),
                          problem if fails == 'read' else None)
    with pytest.raises(ValueError, match='oh'):
        future.result(10)
    engine.error = None
    assert len(queue.submit('a', lambda: image(1)).result(10).poses) == 2
    queue.close()


def test_the_end_refuses_what_waits_and_answers_what_runs(held):
    engine, queue, busy = held
    waiting = queue.submit('b', lambda: image(1))
    closing = threading.Thread(target=queue.close)
    closing.start()
    with pytest.raises(QueueFull, match='the server ends'):
        waiting.result(10)
    with pytest.raises(QueueFull, match='the server ends'):
        queue.submit('b', lambda: image(1))
    engine.held.set()
    closing.join(10)
    assert not closing.is_alive()
    assert all(len(future.result(0).poses) == 2 for future in busy)
