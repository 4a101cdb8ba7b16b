"""Which class reads a source; a new kind of source is one new file and an entry here."""
from typing import Optional, Tuple

from posesuite.camera.base import CameraError, Source
from posesuite.camera.devices import Device
from posesuite.camera.pictures import Pictures
from posesuite.camera.pose_logs import LoggedPoses
from posesuite.camera.videos import Stream, VideoFile

KINDS = (Stream, LoggedPoses, Pictures, VideoFile)  # the first that matches reads the source


def is_live(source: Optional[str]) -> bool:
    """Whether a source may be there later, as cameras and streams may; None is the first camera."""
    return source is None or Device.matches(source) or Stream.matches(source)


def open_source(source: str, size: Tuple[int, int], format: Optional[str] = None,
                fps: Optional[int] = None) -> Source:
    """The reader of a source, chosen by its name alone; nothing is opened yet.

    size, format and fps: what a device is asked for, see Device. Raises CameraError.
    """
    if '\0' in source:
        raise CameraError(f'cannot open {source!r}: the name contains a NUL')
    if Device.matches(source):
        return Device(source, size, format, fps)
    return next(kind for kind in KINDS if kind.matches(source))(source)
