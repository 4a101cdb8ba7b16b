"""What every script does alike: talk on stderr, errors in one line, and an orderly end on signals.

    def main() -> int:
        return script.run(demo, parse_args())

    def demo(args: argparse.Namespace) -> None:
        with script.stopped_by_signals(Camera.from_args(args)) as camera:
            ...

Modules talk through `logging`: INFO for what a user wants to know, WARNING for what they should,
ERROR for what failed. Only a script decides that this goes to stderr, with 'error: ' before errors.
"""
import argparse
import contextlib
import io
import logging
import signal
import sys
from typing import Any, Callable, Iterable, Iterator, List, Optional, Sequence

from posesuite import __version__
from posesuite.arguments import Parser
from posesuite.core_dumps import forbid_core_dumps
from posesuite.errors import SuiteError, one_line
from posesuite.files import check_outputs

SIGNALS = tuple(getattr(signal, name) for name in ('SIGINT', 'SIGTERM', 'SIGHUP')
                if hasattr(signal, name))  # those that ask a script to end
INTERRUPTED = 130  # exit status of a script without a camera after Ctrl-C, as shells have it
LOGGER = logging.getLogger('posesuite')


class _Lines(logging.Formatter):
    """Messages as they are, errors marked."""

    def format(self, record: logging.LogRecord) -> str:
        return ('error: ' if record.levelno >= logging.ERROR else '') + record.getMessage()


class _Stderr(logging.StreamHandler):
    """Writes to whatever sys.stderr is at the moment."""

    def __init__(self) -> None:
        super().__init__(sys.stderr)

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)


def talk() -> None:
    """Sends what modules say to stderr."""
    logger = logging.getLogger()
    if not any(isinstance(handler, _Stderr) for handler in logger.handlers):
        handler = _Stderr()
        handler.setFormatter(_Lines())
        logger.addHandler(handler)
        logging.getLogger('posesuite').setLevel(logging.INFO)


def run(demo: Callable[[argparse.Namespace], Any], args: argparse.Namespace) -> int:
    """Runs a script's work; returns its exit status: that of the work, which is 0 for None, or 1
    after errors in a line each.

    There are no core dumps, unless the user asked for them. Any of SIGNALS interrupts the work as
    Ctrl-C does, so that it leaves no unfinished file; to be called in the main thread.
    """
    talk()
    protect(args)
    before = {number: signal.signal(number, _interrupt) for number in SIGNALS
              if signal.getsignal(number) is signal.SIG_DFL}
    try:
        return demo(args) or 0
    except (ImportError, OSError, SuiteError, ValueError) as error:
        for line in _failures(error):
            LOGGER.error('%s', line)
        return 1
    except KeyboardInterrupt as interrupt:
        return 128 + interrupt.args[0] if interrupt.args else INTERRUPTED
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(number: int, _: Any) -> None:
    raise KeyboardInterrupt(number)


def protect(args: argparse.Namespace) -> None:
    """Forbids core dumps, unless --allow-core-dumps was given."""
    if getattr(args, 'allow_core_dumps', False):
        LOGGER.warning('core dumps are allowed: a crash writes what the camera sees to a disk')
    else:
        forbid_core_dumps()


def _failures(error: Optional[BaseException]) -> List[str]:
    """What an error says, after what those say that were on their way when it was raised: when a
    disk is full, several outputs fail one after the other. An error that only says an earlier one
    in other words counts once.
    """
    lines: List[str] = []
    while error is not None:
        line = one_line(error)
        own = isinstance(error, SuiteError) or isinstance(error, OSError) and not error.errno
        if not lines or own and not any(line in other for other in lines):
            lines.insert(0, line)
        error = error.__cause__ or error.__context__
    return lines


@contextlib.contextmanager
def stopped_by_signals(source: Any) -> Iterator[Any]:
    """Enters a source, a context manager with stop(), which the first of SIGNALS calls.

    The script then ends as it does when the source ends by itself. A second signal ends the process
    at once. A signal that is ignored, as SIGHUP is under nohup, stays ignored. To be called in the
    main thread; the handlers are as before afterwards.
    """
    def stop(*_: Any) -> None:
        for number in before:
            signal.signal(number, signal.SIG_DFL)
        source.stop()

    before = {number: signal.getsignal(number) for number in SIGNALS
              if signal.getsignal(number) is not signal.SIG_IGN}
    try:
        for number in before:
            signal.signal(number, stop)
        with source:
            yield source
    finally:
        for number, handler in before.items():  # None is a handler that C code installed
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


@contextlib.contextmanager
def all_of(managers: Sequence[Any]) -> Iterator[List[Any]]:
    """Enters several context managers. If several fail on leaving, each error is raised with the
    one before as its context, where an ExitStack would lose some.
    """
    if not managers:
        yield []
        return
    with managers[0] as first, all_of(managers[1:]) as others:
        yield [first, *others]


def parser(description: str) -> argparse.ArgumentParser:
    """A parser whose --help shows the script's docstring as it stands; it has --version and
    --allow-core-dumps, which run() obeys.
    """
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == 'strict':
        # As stderr has it: a path that the locale cannot write must not end a script.
        sys.stdout.reconfigure(errors='backslashreplace')
    made = Parser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument('--version', action='version', version=__version__)
    made.add_argument('--allow-core-dumps', action='store_true',
                      help='for developers: a crash may write the memory, with images, to a disk')
    return made


def refuse_overwriting(parser: argparse.ArgumentParser, outputs: Iterable[Optional[str]],
                       inputs: Iterable[Optional[str]]) -> None:
    """Makes it wrong usage if an output would overwrite an input or another output; None is none.
    """
    try:
        check_outputs(filter(None, outputs), filter(None, inputs))
    except ValueError as error:
        parser.error(str(error))
