"""What every source of frames is: its name, its properties, and an iterator of frames."""
import abc
import contextlib
import datetime
import os
import re
import shlex
from typing import Iterator, Optional

from posesuite.errors import SuiteError
from posesuite.files import own_file
from posesuite.pose.pose import Frame

TIMEOUT = 5.0  # seconds without a frame after which a stream has failed and a camera is lost


class CameraError(SuiteError):
    """A source cannot be read; one line with the problem and, where there is one, a remedy."""


class Source(abc.ABC):
    """Reads the frames of one source.

    Attributes, valid once there is a frame: name (without credentials), live (whether it can be
    lost but has no end), fps (frames per second), has_poses (whether its frames come with their
    people; valid at once), started (when the recording began, with a time zone; None if unknown).
    """
    has_poses = False

    def __init__(self, source: str) -> None:
        self._source = source
        self.name = without_credentials(source)
        self.live = False
        self.fps = 30.0
        self.started: Optional[datetime.datetime] = None

    @staticmethod
    @abc.abstractmethod
    def matches(source: str) -> bool:
        """Whether this class reads such a source, judged by its name."""

    @abc.abstractmethod
    def frames(self) -> Iterator[Frame]:
        """Opens the source and yields its frames. Raises CameraError."""


def without_credentials(source: str) -> str:
    """A source without the user, password and query of a URL."""
    return re.sub('//.*@', '//', source).split('?')[0] if '://' in source else source


def suggestion() -> str:
    """The option that plays a sample clip, for messages."""
    path = own_file('samples', 'one_person.mp4')
    with contextlib.suppress(OSError, ValueError):  # a folder that is gone, or another drive
        path = min(path, os.path.relpath(path), key=len)
    return f'--videosrc {shlex.quote(path)}'
