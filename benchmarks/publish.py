"""Measures how late frames are while they are published: to systems that are well, slow, stalled
or away, and to all four kinds at once.

A loop does what anonymizer.py does after its network, at the pace of a camera: activities and, with
publishers, today's numbers of a room with areas, and publishing. The network is a pause, as an Edge
TPU is for the processor. What a frame is late by is the time from when it was due to when it is
done, less the pause; with and without publishers in turns, as other programs disturb both. The last
column is the processor's time that a frame costs more, in all threads. Poses are published, too.
Needs mosquitto and the packages of '.[publish]'.

example:
  python3 benchmarks/publish.py --seconds 60 --visits 1000
"""
import argparse
import contextlib
import datetime
import logging
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = ROOT, os.path.join(ROOT, 'tests')

from figures import IMAGE, standing  # noqa: E402
from posesuite.activities import ActivityWatch  # noqa: E402
from posesuite.pose.event import Event  # noqa: E402
from posesuite.pose.pose import Frame  # noqa: E402
from posesuite.publish import publishers  # noqa: E402
from posesuite.publish.publishers import Publishers  # noqa: E402
from posesuite.publish.targets import parse  # noqa: E402
from posesuite.visits.areas import Area, Line, Plan  # noqa: E402
from posesuite.visits.live import Live  # noqa: E402
from systems import Mosquitto, Network, free_port, receiving  # noqa: E402

import numpy as np  # noqa: E402

PLAN = Plan([Area('Till', [(500, 0), (1000, 0), (1000, 1000), (500, 1000)], '', 'queue'),
             Area('Shelf', [(0, 0), (500, 0), (500, 1000), (0, 1000)], '', 'area')],
            [Line('Door', [(250, 1000), (250, 0)], '')])
NETWORK = 0.008  # seconds
TURNS = 4  # with publishers, and as many without


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--seconds', type=float, default=30,
                        help='of each row, half of them without publishers (default: %(default)g)')
    parser.add_argument('--fps', type=float, default=30, help='(default: %(default)g)')
    parser.add_argument('--people', type=int, default=3, help='(default: %(default)s)')
    parser.add_argument('--visits', type=int, default=300,
                        help='that the day has seen already (default: %(default)s)')
    args = parser.parse_args()
    publishers.CLOSE_TIMEOUT = 0.3  # for what is away in every turn
    logging.disable(logging.WARNING)  # which says that it is away
    print(f'{args.people} people, {args.fps:g} frames a second, {args.visits} visits so far; '
          'milliseconds')
    print(f'{"":20}{"late without":>16}{"late with publishers":>22}{"publish()":>11}{"CPU":>7}')
    print(f'{"to":20}{"50 %":>8}{"95 %":>8}{"50 %":>13}{"95 %":>9}{"95 %":>11}')
    with contextlib.ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory()))
        broker = opened.enter_context(Mosquitto(folder))
        slow = opened.enter_context(Network(broker.port, delay=0.3))
        stalled = opened.enter_context(Network(broker.port))
        web = opened.enter_context(receiving())
        osc, away = free_port(), free_port()
        rows: Dict[str, List[str]] = {
            'MQTT': [f'mqtt://127.0.0.1:{broker.port}'],
            'MQTT, 0.3 s away': [f'mqtt://127.0.0.1:{slow.port}'],
            'MQTT, stalled': [f'mqtt://127.0.0.1:{stalled.port}'],
            'OSC': [f'osc://127.0.0.1:{osc}'], 'webhook': [web.url],
            'InfluxDB': [web.url.replace('http', 'influx') + '/museum'],
            'all four': [f'mqtt://127.0.0.1:{broker.port}', f'osc://127.0.0.1:{osc}', web.url,
                         web.url.replace('http', 'influx') + '/museum'],
            'all but OSC, away': [f'{scheme}://127.0.0.1:{away}/museum'
                                  for scheme in ('mqtt', 'http', 'influx')]}
        for name, addresses in rows.items():
            if name == 'MQTT, stalled':
                stalled.open.clear()
            measure(name, addresses, args)
            stalled.open.set()


def measure(name: str, addresses: List[str], args: argparse.Namespace) -> None:
    """Prints a row."""
    late: Dict[bool, List[float]] = {False: [], True: []}
    spent = {False: 0.0, True: 0.0}
    calls: List[float] = []
    with Live(PLAN, start=datetime.datetime.now().astimezone(), served=True) as live:
        frames = day(args.visits, args.people, args.fps)
        for frame, people in frames:
            if frame.number < 0:
                live.write(frame, people)
            else:
                break
        live.numbers()
        for turn in range(2 * TURNS):
            targets = [parse(address) for address in addresses] if turn % 2 else []
            with Publishers(targets, 'hall', poses=True, every=1, numbers=live.numbers,
                            min_visits=1) as sink, ActivityWatch(['standing']) as watch:
                begun = time.process_time()
                late[bool(targets)] += run(frames, args, live if targets else None, sink, watch,
                                           calls)
                spent[bool(targets)] += time.process_time() - begun
    figures = [*(np.percentile(late[kind], share) for kind in (False, True) for share in (50, 95)),
               np.percentile(calls, 95), (spent[True] - spent[False]) / len(late[True])]
    print('{:20}{:8.1f}{:8.1f}{:13.1f}{:9.1f}{:11.2f}{:7.1f}'.format(
        name, *(1000 * seconds for seconds in figures)), flush=True)


def run(frames: Iterator[Any], args: argparse.Namespace, live: Optional[Live], sink: Publishers,
        watch: ActivityWatch, calls: List[float]) -> List[float]:
    """By how many seconds each frame was late; adds the time of each call of publish().

    live: None for a demo that publishes nothing.
    """
    late, due = [], time.perf_counter()
    while len(late) < args.seconds / 2 / TURNS * args.fps:
        due = max(due + 1 / args.fps, time.perf_counter())  # a camera hands over its newest frame
        time.sleep(max(0.0, due - time.perf_counter()))
        frame, people = next(frames)
        time.sleep(NETWORK)
        _, events = watch.update(frame, people)
        if not frame.number % 30:
            events = [*events, Event('fall', 1, frame.time)]
        begun = time.perf_counter()
        if live:
            live.write(frame, people)
            sink.publish(frame, people, events)
            calls.append(time.perf_counter() - begun)
        late.append(time.perf_counter() - due - NETWORK)
    return late


def day(visits: int, people: int, fps: float) -> Iterator[Any]:
    """Frames with people who walk to and fro: first those of numbers under 0, at a frame a second,
    until so many visits are over, then at a camera's pace.
    """
    random, there, ids, seconds, over = np.random.RandomState(1), {}, 0, 0.0, 0
    number = -1
    while True:
        while len(there) < people:
            ids += 1
            there[ids] = [random.uniform(60, 580), random.uniform(-40, 40), random.uniform(5, 20)]
        step = 1.0 if number < 0 else 1 / fps
        for id, (x, speed, left) in list(there.items()):
            there[id] = [x + speed * step, speed if 60 < x + speed * step < 580 else -speed,
                         left - step]
            if left < step:
                del there[id]
                over += 1
        seconds += step
        if number < 0 and over >= visits:
            number = 0
        yield Frame(IMAGE, number, seconds, time.monotonic()), {
            id: standing(x, 400) for id, (x, _, _) in there.items()}
        number += number >= 0


if __name__ == '__main__':
    main()
