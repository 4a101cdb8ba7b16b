"""Pose logs: a header and then a line a frame, in JSON, as --log writes and --videosrc plays them.

    with PoseLog('visit.jsonl', 'clip.mp4') as log:
        log.write(frame, people, events)
    header, frames = read_log('visit.jsonl')
"""
import contextlib
import datetime
import itertools
import json
import logging
import os
import time
from typing import IO, Any, Callable, Dict, Generator, NamedTuple, Optional, Sequence, Tuple

from posesuite.files import private, sha256_of
from posesuite.pose.event import MAX_ID, MAX_TIME, Event, event_as_json, event_from_json
from posesuite.pose.json_poses import (
    field,
    frame_size,
    integer,
    no_constant,
    number,
    pose_as_json,
    pose_from_json,
    printable,
    text,
)
from posesuite.pose.pose import Fault, Frame, People

VERSION = 1  # version number of the format
MAX_LINE = 1 << 21  # bytes of a line; 1000 poses fit
MAX_SIDE = 1 << 14  # pixels of a frame's width and height; video encoders take no more
MAX_PIXELS = 1 << 26  # pixels of a frame; twice 8K
COMPLAINT_INTERVAL = 60  # seconds between messages about failed writes
LOGGER = logging.getLogger(__name__)


class LogFrame(NamedTuple):
    """One line of a log."""
    number: int  # of the frame in its source, from 0
    time: float  # seconds since the source began
    people: People
    fault: Optional[Fault]
    name: str  # of the picture's file, if each frame has one
    width: int  # pixels
    height: int  # pixels
    events: Sequence[Event] = ()  # what began or was complete with it


class PoseLog:
    """Writes a log, a line a frame; a context manager. Without a path it does nothing.

    The operating system has each line before write returns, so a killed process loses no frame. A
    failed write is reported, its frame is lost, and the next frame is tried. The same goes for a
    frame that is larger than read_log accepts.

    path: a file that does not exist yet, because a log is never overwritten; only its owner may
        read it.
    source: where the frames come from, without credentials.
    model_path: the network that finds the poses; its name and SHA-256 go into the header.
    fps: the source's frames a second, if it has a rate.
    Raises OSError with one line; on leaving, too, if frames were lost.
    """

    def __init__(self, path: Optional[str], source: str, model_path: Optional[str] = None,
                 fps: Optional[float] = None) -> None:
        self._path = path
        self._header: Dict[str, Any] = {'version': VERSION, 'source': printable(source)}
        self._size = (0, 0)  # width and height of the first frame, pixels
        self._end = 0  # bytes of all whole lines
        self._lost = 0  # frames
        self._complained = float('-inf')  # time.monotonic() of the last message
        self._file: Optional[IO[bytes]] = None if path is None else _create(path)
        if fps:
            self._header['fps'] = fps
        if model_path and self._file is not None:
            self._header['model'] = printable(os.path.basename(model_path))
            if os.path.exists(model_path):  # else it is a server's
                self._header['sha256'] = sha256_of(model_path)

    def write(self, frame: Frame, people: People, events: Sequence[Event] = ()) -> None:
        """Adds a line. people: poses in the pixels of the frame; events: what it brings."""
        if self._file is None:
            return
        height, width = frame.image.shape[:2]
        if max(width, height) > MAX_SIDE or width * height > MAX_PIXELS:
            self._lose(f'{frame.name or "a frame"} has {width}x{height} pixels, the limit is '
                       f'{MAX_SIDE} a side and {MAX_PIXELS} in all')
            return
        data = b''
        if not self._end:  # the header has the first frame's size
            self._size = width, height
            now = datetime.datetime.now(datetime.timezone.utc)
            data = encoded(dict(self._header, width=width, height=height,
                                start=now.isoformat(timespec='milliseconds')))
        line = line_of(LogFrame(frame.number, frame.time, people, frame.fault, frame.name, width,
                                height, events), self._size)
        self._append(self._file, data + encoded(line))

    def _append(self, file: IO[bytes], data: bytes) -> None:
        """Writes whole lines, or none of them."""
        try:
            written = 0
            while written < len(data):  # an unbuffered write may accept only a part
                written += file.write(data[written:])
            self._end += written
        except OSError as error:
            self._lose(f'{error.strerror}; frames are lost until writing succeeds again')
            file.seek(self._end)
            file.truncate()

    def _lose(self, reason: str) -> None:
        self._lost += 1
        if time.monotonic() - self._complained >= COMPLAINT_INTERVAL:
            self._complained = time.monotonic()
            LOGGER.error('cannot write the log %s: %s', self._path, reason)

    def close(self) -> None:
        """Closes the file, or removes it if it has no frame. Raises OSError if frames were lost."""
        file, self._file = self._file, None
        if file is None:
            return
        file.close()
        if not self._end:
            os.unlink(file.name)
        if self._lost:
            raise OSError(f'{self._path} lacks {self._lost} frames that could not be written')

    def __enter__(self) -> 'PoseLog':
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


def read_log(path: str) -> Tuple[Dict[str, Any], Generator[LogFrame, None, None]]:
    """Opens a log.

    Returns (header, frames). header: a dict with version, source, width and height (pixels), all
    checked, and fps and start where the log has them. frames: reads on line by line; has close().
    A last line that was cut off, for example by a power failure, is reported and left out.
    Raises OSError, or ValueError that names the file and the line, both also while frames is read.
    """
    lines = _lines(path)
    header = next(lines, None)
    if header is None:
        raise ValueError(f'{path} is no pose log: it is empty')
    header = _checked(path, 1, _check_header, header)
    return header, _frames(path, header, lines)


def _create(path: str) -> IO[bytes]:
    try:
        return open(path, 'xb', buffering=0, opener=private)
    except FileExistsError:
        raise FileExistsError(f'{path} exists already, and a log is never overwritten: give --log '
                              'another name')
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise OSError(f'cannot write the log {path!r}: '
                      f'{getattr(error, "strerror", None) or error}')


def line_of(frame: LogFrame, size: Tuple[int, int]) -> Dict[str, Any]:
    """The JSON of a frame's line, in a log whose header has that width and height."""
    line: Dict[str, Any] = {'frame': frame.number, 'time': round(frame.time, 4)}
    if frame.fault:
        line['fault'] = printable(frame.fault.text)
    if frame.name:
        line['name'] = printable(frame.name)
    if (frame.width, frame.height) != size:
        line.update(width=frame.width, height=frame.height)
    line['poses'] = [dict(id=int(id), **pose_as_json(pose)) for id, pose in frame.people.items()]
    if frame.events:
        line['events'] = [event_as_json(event) for event in frame.events]
    return line


def encoded(value: Dict[str, Any]) -> bytes:
    """A line of a log."""
    return json.dumps(value, allow_nan=False, separators=(',', ':')).encode() + b'\n'


def _lines(path: str) -> Generator[Any, None, None]:
    """The values of a file's JSON lines."""
    try:
        with open(path, 'rb') as file:
            for line_number in itertools.count(1):
                line = file.readline(MAX_LINE + 1)
                if not line:
                    return
                where = f'{path}:{line_number}:' if line_number > 1 else f'{path} is no pose log:'
                if len(line) > MAX_LINE:
                    raise ValueError(f'{where} a line has more than {MAX_LINE} bytes')
                try:
                    value = json.loads(line, parse_int=integer, parse_constant=no_constant)
                except (ValueError, RecursionError):
                    if line_number == 1 or line.endswith(b'\n'):
                        raise ValueError(f'{where} not a line of JSON')
                    LOGGER.warning('%s the last line was cut off; it is left out', where)
                    return
                yield value
    except OSError as error:
        raise OSError(f'cannot read {path}: {error.strerror}')


def _frames(path: str, header: Dict[str, Any],
            lines: Generator[Any, None, None]) -> Generator[LogFrame, None, None]:
    with contextlib.closing(lines):
        for line_number, line in enumerate(lines, 2):
            yield _checked(path, line_number, lambda line: _frame_from_json(header, line), line)


def _checked(path: str, line_number: int, check: Callable[[Any], Any], value: Any) -> Any:
    try:
        return check(value)
    except ValueError as error:
        raise ValueError(f'{path}:{line_number}: {error}')


def _check_header(header: Any) -> Dict[str, Any]:
    version = header.get('version') if isinstance(header, dict) else None
    if version is None:
        raise ValueError('no pose log: the first line has no version')
    if version != VERSION:
        raise ValueError(f'version must be {VERSION}, got {version!r:.40}')
    frame_size(header, MAX_SIDE, MAX_PIXELS)
    text(header, 'source')
    for key in ('model', 'sha256', 'start', 'background'):
        if key in header:
            text(header, key)
    if 'fps' in header:
        number(header, 'fps', 0.001, 1000)
    return header


def _frame_from_json(header: Dict[str, Any], line: Any) -> LogFrame:
    people: People = {}
    for pose in field(line, 'poses', list):
        id = number(pose, 'id', 0, MAX_ID, int)
        if id in people:
            raise ValueError(f'the id {id} is there twice')
        people[id] = pose_from_json(pose)
    fault, name = (text(line, key) if key in line else '' for key in ('fault', 'name'))
    size = frame_size(line if 'width' in line else header, MAX_SIDE, MAX_PIXELS)
    events = [event_from_json(event) for event in field(line, 'events', list)] if (
        'events' in line) else []  # logs of earlier versions have none
    return LogFrame(number(line, 'frame', 0, MAX_ID, int), number(line, 'time', 0, MAX_TIME),
                    people, Fault.from_text(fault) if fault else None, name, *size, events)
