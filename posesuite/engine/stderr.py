"""The process's stderr without what runtimes write there and no setting of theirs turns off."""
import contextlib
import os
import tempfile
import threading
from typing import Callable, Iterator

_STDERR = threading.Lock()


@contextlib.contextmanager
def stderr_without(is_chatter: Callable[[bytes], bool]) -> Iterator[None]:
    """Holds back what is written to stderr, by libraries too; at the end, writes it but for lines
    that are chatter.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(_STDERR)
        try:
            stderr = os.dup(2)
            stack.callback(os.close, stderr)
            said = stack.enter_context(tempfile.TemporaryFile())
        except OSError:  # there is no stderr, or no folder for temporary files
            yield
            return
        os.dup2(said.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(stderr, 2)
            said.seek(0)
            with contextlib.suppress(OSError):  # nobody reads it
                os.write(2, b''.join(line for line in said if not is_chatter(line)))
