"""What every source of frames is: its name, its properties, and an iterator of frames."""
import abc
import contextlib
import datetime
import logging
import os
import shlex
from typing import Iterator, Optional, Set

from posesuite.addresses import hidden, is_address
from posesuite.errors import SuiteError
from posesuite.files import own_file
from posesuite.pose.json_poses import printable
from posesuite.pose.pose import Frame

TIMEOUT = 5.0  # seconds without a frame after which a stream has failed and a camera is lost
LOGGER = logging.getLogger(__name__)


class CameraError(SuiteError):
    """A source cannot be read; one line with the problem and, where there is one, a remedy."""


class Source(abc.ABC):
    """Reads the frames of one source.

    Attributes, valid once there is a frame: name (what is shown of it), live (whether it can be
    lost but has no end), fps (frames per second), started (when the recording began, with a time
    zone; None if unknown); valid at once: has_poses (whether its frames come with their people),
    pictures (whether each frame is a picture of its own, which may show other people), once
    (whether it can be read only once, as a pipe).
    """
    has_poses = False
    pictures = False
    once = False

    def __init__(self, source: str) -> None:
        self._source = source
        self.name = shown(source)
        self.live = False
        self.fps = 30.0
        self.started: Optional[datetime.datetime] = None
        self._warnings: Set[str] = set()

    def warn(self, message: str) -> None:
        """Logs a warning once, however often the source is repeated."""
        if message not in self._warnings:
            self._warnings.add(message)
            LOGGER.warning('%s', message)

    @staticmethod
    @abc.abstractmethod
    def matches(source: str) -> bool:
        """Whether this class reads such a source, judged by its name."""

    @abc.abstractmethod
    def frames(self) -> Iterator[Frame]:
        """Opens the source and yields its frames. Raises CameraError."""


def shown(source: str) -> str:
    """What is shown of a source anywhere: of an address its scheme, host and port alone."""
    return printable(hidden(source) if is_address(source) else source)


def suggestion() -> str:
    """The option that plays a sample clip, for messages."""
    path = own_file('samples', 'one_person.mp4')
    with contextlib.suppress(OSError, ValueError):  # a folder that is gone, or another drive
        path = min(path, os.path.relpath(path), key=len)
    return f'--videosrc {shlex.quote(path)}'
