"""A demo that shows coloured frames with one person, until it is stopped; run by the tests."""
import argparse
import itertools
import os
import sys
import threading
from typing import Any, Iterator

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:1] = [os.path.dirname(TESTS), TESTS]

from figures import coloured, sure  # noqa: E402
from posesuite import script  # noqa: E402
from posesuite.display import Display, add_display_options  # noqa: E402
from posesuite.pose import Frame  # noqa: E402


class Source:
    """Coloured frames, `interval` seconds apart; a context manager."""

    def __init__(self, frames: int, fault: str, interval: float) -> None:
        self._frames, self._fault, self._interval = frames, fault, interval
        self._stopped = threading.Event()

    def __iter__(self) -> Iterator[Frame]:
        for number in itertools.count() if self._frames is None else range(self._frames):
            yield coloured(number, number / 30, fault=self._fault)
            if self._stopped.wait(self._interval):
                return

    def stop(self) -> None:
        self._stopped.set()

    def __enter__(self) -> 'Source':
        return self

    def __exit__(self, *_: Any) -> None:
        pass


def demo(args: argparse.Namespace) -> None:
    with script.stopped_by_signals(Source(args.frames, args.fault, args.interval)) as source, \
            Display.from_args(args, 'demo', may_save=not args.no_saving,
                              on_end=source.stop) as display:
        for frame in source:
            goes_on = display.show(frame, {3: sure()}, args.text)
            if frame.number == 0:
                print('shown', flush=True)
            if not goes_on:
                break


def main() -> int:
    parser = script.parser(__doc__)
    add_display_options(parser)
    parser.add_argument('--frames', type=int)
    parser.add_argument('--interval', type=float, default=1 / 30)
    parser.add_argument('--fault', default='')
    parser.add_argument('--text', default='text')
    parser.add_argument('--no-saving', action='store_true')
    return script.run(demo, parser.parse_args())


if __name__ == '__main__':
    sys.exit(main())
