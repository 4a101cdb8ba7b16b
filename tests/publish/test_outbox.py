"""posesuite/publish/outbox.py: what waits, within bounds."""
import threading
import time

from posesuite.publish.outbox import Lane, Outbox


def test_things_wait_in_order_until_they_are_done():
    lane = Lane(10)
    for thing in 'abc':
        lane.put(thing)
    assert lane.peek(2) == [(0, 'a'), (1, 'b')]
    assert lane.peek(9, after=0) == [(1, 'b'), (2, 'c')]
    lane.done(1)
    assert len(lane) == 1 and lane.peek(9) == [(2, 'c')]
    lane.done(1)
    assert len(lane) == 1


def test_of_too_many_things_the_oldest_are_dropped():
    lane = Lane(3)
    for thing in range(10):
        lane.put(thing)
    assert lane.peek(9) == [(7, 7), (8, 8), (9, 9)] and lane.dropped == 7
    assert lane.peek(9, after=2) == lane.peek(9)
    lane.done(5)  # which is gone already
    assert len(lane) == 3


def test_news_end_a_wait():
    outbox = Outbox()
    threading.Timer(0.1, outbox.wake).start()
    begun = time.monotonic()
    outbox.wait(10)
    assert time.monotonic() - begun < 5
    outbox.wake()
    outbox.wait(10)
    assert time.monotonic() - begun < 5
