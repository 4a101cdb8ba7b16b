"""Poses to and from JSON Lines, and to CSV and COCO keypoints.

A log is a header line and a line a frame, as every demo writes it with --log and plays it with
--videosrc. `convert` makes of it, by the ending of the second name:
  .csv   a row a pose: frame, time, id, score, then nose_x, nose_y, nose_score, left_eye_x …
  .json  COCO keypoints: an image a frame, an annotation a pose with score and track_id

examples:
  python3 pose_log.py convert samples/two_crossing.jsonl two_crossing.csv
  python3 pose_log.py convert samples/two_crossing.jsonl coco.json
"""
import argparse
import contextlib
import csv
import datetime
import hashlib
import itertools
import json
import os
import sys
import time
from typing import IO, Any, Dict, Iterator, NamedTuple, Optional, Tuple

from posesuite import __version__
from posesuite.pose.pose import Fault, Frame, Keypoint, People, Point, Pose
from posesuite.pose.skeleton import BY_JSON_NAME, COCO_BONES, JSON_NAMES, KeypointType

VERSION = 1  # of the log's format
LONGEST_LINE = 1 << 21  # bytes: 1000 poses fit
LONGEST_TEXT = 1000  # characters
MOST_PIXELS = 1 << 26  # of the frames that a log may ask for: twice 8K
FARTHEST = 1e6  # pixels
SAY_AGAIN = 60  # seconds between messages about a disk that does not take the log
SEEN = 0.2  # keypoints that score less are not labelled in COCO's sense


class LogFrame(NamedTuple):
    """One line of a log."""
    number: int  # of the frame in its source, from 0
    time: float  # seconds since the source began
    people: Dict[int, Pose]  # by their lasting ids
    fault: Optional[Fault]
    name: str  # of the picture's file, if each frame has one
    width: int  # in pixels
    height: int


class PoseLog:
    """Writes a log, a line a frame; a context manager. Without a path it does nothing.

    Each line is with the system before write returns, so a killed process loses no other. A disk
    that does not take a line is said on stderr, that frame is lost, and the next is tried.

    path: a file that is not there yet: a log is never written over.
    source: what the frames come from, without credentials.
    model_path: what finds the poses; its name and SHA-256 go into the header.
    fps: the source's rate, if it has one.
    Raises OSError with one line; on leaving too, if frames were lost.
    """

    def __init__(self, path: Optional[str], source: str, model_path: Optional[str] = None,
                 fps: Optional[float] = None) -> None:
        self._path, self._file = path, None
        if path is None:
            return
        self._header = {'version': VERSION, 'source': _printable(source)}
        if fps:
            self._header['fps'] = fps
        if model_path:
            with open(model_path, 'rb') as file:
                self._header['model'] = _printable(os.path.basename(model_path))
                self._header['sha256'] = hashlib.sha256(file.read()).hexdigest()
        self._end = 0  # of the last whole line, in bytes
        self._lost = 0  # frames
        self._said = -SAY_AGAIN
        try:
            self._file = open(path, 'xb', buffering=0)  # noqa: SIM115
        except FileExistsError:
            raise FileExistsError(f'{path} is there already, and a log is never written over: '
                                  'give --log another name')
        except (OSError, ValueError) as error:  # ValueError: a NUL in the name
            raise OSError(f'cannot write the log {path!r}: '
                          f'{getattr(error, "strerror", None) or error}')

    def write(self, frame: Frame, people: People) -> None:
        """Adds a line. people: poses in the pixels of the frame, by lasting ids."""
        if self._file is None:
            return
        height, width = frame.image.shape[:2]
        line = {'frame': frame.number, 'time': round(frame.time, 4)}
        line.update({key: _printable(text) for key, text in (
            ('fault', frame.fault.text if frame.fault else ''), ('name', frame.name)) if text})
        if not self._end:  # only now the size is known
            self._header.update(width=width, height=height)
        elif (width, height) != (self._header['width'], self._header['height']):
            line.update(width=width, height=height)
        line['poses'] = [dict(id=int(id), **pose_as_json(pose)) for id, pose in people.items()]
        data = _encoded(line)
        if not self._end:
            now = datetime.datetime.now(datetime.timezone.utc)
            data = _encoded(dict(self._header, start=now.isoformat(timespec='milliseconds'))) + data
        try:
            written = 0
            while written < len(data):  # what goes past the buffers may go in parts
                written += self._file.write(data[written:])
            self._end += written
        except OSError as error:
            self._lost += 1
            if time.monotonic() - self._said >= SAY_AGAIN:
                self._said = time.monotonic()
                print(f'error: cannot write the log {self._path}: {error.strerror}; frames are '
                      'lost from it until that is over', file=sys.stderr)
            self._file.seek(self._end)
            self._file.truncate()  # no half lines

    def close(self) -> None:
        """Closes the file; one without a frame is removed. Raises OSError if frames were lost."""
        if self._file is None:
            return
        self._file.close()
        self._file = None
        if not self._end:
            os.unlink(self._path)
        if self._lost:
            raise OSError(f'{self._path} lacks {self._lost} frames that could not be written')

    def __enter__(self) -> 'PoseLog':
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


def read_log(path: str) -> Tuple[Dict[str, Any], Iterator[LogFrame]]:
    """Opens a log.

    Returns (header, frames). header: a dict that has at least version, source, width and height
    (pixels), all checked, and fps if it is there. frames: reads on line by line; it has close().
    A last line that was cut off, as by a power failure, is said on stderr and left out.
    Raises OSError, or ValueError that names the file and the line, both also while frames is read.
    """
    lines = _lines(path)
    header = next(lines, None)
    if header is None:
        raise ValueError(f'{path} is no pose log: it is empty')
    header = _checked(path, 1, _check_header, header)
    return header, _frames(path, header, lines)


def pose_as_json(pose: Pose) -> Dict[str, Any]:
    """A pose in the convention of the PoseNet models: parts in camelCase, in the order of ids.

    Positions are rounded to a hundredth of a pixel, scores to four places.
    """
    return {'score': round(float(pose.score), 4),
            'keypoints': [{'part': JSON_NAMES[part], 'score': round(float(score), 4),
                           'position': {'x': round(float(point.x), 2),
                                        'y': round(float(point.y), 2)}}
                          for part, (point, score) in pose.keypoints.items()]}


def pose_from_json(pose: Dict[str, Any]) -> Pose:
    """The inverse of pose_as_json; keypoints may come in any order.

    Raises ValueError for what is missing, twice there, of another type or out of range.
    """
    found = {}
    for keypoint in _get(pose, 'keypoints', list):
        name = _get(keypoint, 'part', str)
        part = BY_JSON_NAME.get(name)
        if part is None or part in found:
            raise ValueError(f'{"no" if part is None else "twice the"} part {name[:40]!r}')
        position = _get(keypoint, 'position', dict)
        found[part] = Keypoint(Point(_number(position, 'x', -FARTHEST, FARTHEST),
                                     _number(position, 'y', -FARTHEST, FARTHEST)),
                               _number(keypoint, 'score', 0, 1))
    if len(found) < len(BY_JSON_NAME):
        raise ValueError('no keypoint ' + ', '.join(
            name for name, part in BY_JSON_NAME.items() if part not in found))
    return Pose({part: found[part] for part in KeypointType}, _number(pose, 'score', 0, 1))


def convert(path: str, output: str) -> int:
    """Writes a log as CSV or COCO JSON, by the ending of output; returns its count of frames.

    It is written beside, as output.part, and then renamed. Raises OSError or ValueError.
    """
    write = {'.csv': _write_csv, '.json': _write_coco}.get(os.path.splitext(output)[1].lower())
    if write is None:
        raise ValueError(f'{output} must end in .csv or .json')
    part = output + '.part'
    try:
        with open(part, 'w', newline='', encoding='utf-8') as file:
            count = write(path, file)
        os.replace(part, output)
    except BaseException as error:
        if os.path.exists(part):
            os.unlink(part)
        if isinstance(error, OSError) and error.strerror:
            raise OSError(f'cannot write {output}: {error.strerror}')
        raise
    return count


def _write_csv(path: str, file: IO[str]) -> int:
    count = 0
    rows = csv.writer(file, lineterminator='\n')
    rows.writerow(['frame', 'time', 'id', 'score'] + [
        f'{part.name.lower()}_{value}' for part in KeypointType for value in ('x', 'y', 'score')])
    for frame in _shown(read_log(path)[1]):
        count += 1
        for id, pose in frame.people.items():
            row = [frame.number, frame.time, id, pose.score]
            for point, score in pose.keypoints.values():
                row += [*point, score]
            rows.writerow(row)
    return count


def _write_coco(path: str, file: IO[str]) -> int:
    """In two passes over the log, so that memory stays bounded."""
    header, frames = read_log(path)
    category = {'id': 1, 'name': 'person', 'supercategory': 'person',
                'keypoints': [part.name.lower() for part in KeypointType],
                'skeleton': [[a + 1, b + 1] for a, b in COCO_BONES]}
    info = {'description': header['source'], 'date_created': header.get('start', '')}
    file.write(f'{{"info": {json.dumps(info)}, "licenses": [], '
               f'"categories": [{json.dumps(category)}],\n"images": [')
    count = 0
    for count, frame in enumerate(_shown(frames), 1):
        image = {'id': count, 'file_name': frame.name or f'{frame.number:06d}.jpg',
                 'width': frame.width, 'height': frame.height, 'frame': frame.number,
                 'time': frame.time}
        file.write(',\n' * (count > 1) + json.dumps(image))
    file.write('],\n"annotations": [')
    annotation = 0
    for image, frame in enumerate(_shown(read_log(path)[1]), 1):
        for id, pose in frame.people.items():
            annotation += 1
            file.write(',\n' * (annotation > 1) + json.dumps(dict(
                id=annotation, image_id=image, category_id=1, track_id=id, iscrowd=0,
                score=pose.score, **_coco_keypoints(pose))))
    file.write(']}\n')
    return count


def _coco_keypoints(pose: Pose) -> Dict[str, Any]:
    """Keypoints x, y, v with v 2, or 0 for a low score; the box is around those with 2, if any."""
    flat, seen = [], []
    for point, score in pose.keypoints.values():
        flat += [point.x, point.y, 2 if score >= SEEN else 0]
        if score >= SEEN:
            seen.append(point)
    points = seen or [point for point, _ in pose.keypoints.values()]
    left, top = (min(values) for values in zip(*points))
    width, height = (round(max(values) - min(values), 2) for values in zip(*points))
    return {'keypoints': flat, 'num_keypoints': len(seen), 'bbox': [left, top, width, height],
            'area': round(width * height, 2)}


def _shown(frames: Iterator[LogFrame]) -> Iterator[LogFrame]:
    """The same frames, counted on a terminal."""
    count, terminal = 0, sys.stderr.isatty()
    try:
        for count, frame in enumerate(frames, 1):
            yield frame
            if terminal and count % 1000 == 0:
                print(f'\r{count} frames', end='', file=sys.stderr, flush=True)
    finally:
        if terminal and count >= 1000:
            print(file=sys.stderr)


def _lines(path: str) -> Iterator[Any]:
    """The values of a file's JSON lines."""
    try:
        with open(path, 'rb') as file:
            for number in itertools.count(1):
                line = file.readline(LONGEST_LINE + 1)
                if not line:
                    return
                what = f'{path}:{number}:' if number > 1 else f'{path} is no pose log:'
                if len(line) > LONGEST_LINE:
                    raise ValueError(f'{what} a line of more than {LONGEST_LINE} bytes')
                try:
                    value = json.loads(line, parse_int=_integer, parse_constant=_no_constant)
                except (ValueError, RecursionError):
                    if number == 1 or line.endswith(b'\n'):
                        raise ValueError(f'{what} not a line of JSON')
                    print(f'{what} the last line was cut off; it is left out', file=sys.stderr)
                    return
                yield value
    except OSError as error:
        raise OSError(f'cannot read {path}: {error.strerror}')


def _frames(path: str, header: Dict[str, Any], lines: Iterator[Any]) -> Iterator[LogFrame]:
    with contextlib.closing(lines):
        for number, line in enumerate(lines, 2):
            yield _checked(path, number, lambda line: _frame_from_json(header, line), line)


def _checked(path: str, number: int, check: Any, value: Any) -> Any:
    try:
        return check(value)
    except ValueError as error:
        raise ValueError(f'{path}:{number}: {error}')


def _check_header(header: Any) -> Dict[str, Any]:
    version = header.get('version') if isinstance(header, dict) else None
    if version is None:
        raise ValueError('no pose log: the first line has no version')
    if version != VERSION:
        raise ValueError(f'version must be {VERSION}, got {version!r:.40}')
    _size(header)
    _text(header, 'source')
    for key in ('model', 'sha256', 'start'):
        if key in header:
            _text(header, key)
    if 'fps' in header:
        _number(header, 'fps', 0.001, 1000)
    return header


def _size(value: Dict[str, Any]) -> Tuple[int, int]:
    width, height = (_number(value, key, 1, MOST_PIXELS, int) for key in ('width', 'height'))
    if width * height > MOST_PIXELS:
        raise ValueError(f'frames of {width}x{height} pixels, of at most {MOST_PIXELS}')
    return width, height


def _frame_from_json(header: Dict[str, Any], line: Any) -> LogFrame:
    people = {}
    for pose in _get(line, 'poses', list):
        id = _number(pose, 'id', 0, 1 << 53, int)
        if id in people:
            raise ValueError(f'twice the id {id}')
        people[id] = pose_from_json(pose)
    fault, name = (_text(line, key) if key in line else '' for key in ('fault', 'name'))
    return LogFrame(_number(line, 'frame', 0, 1 << 53, int), _number(line, 'time', 0, 1e12),
                    people, Fault.from_text(fault) if fault else None, name,
                    *_size(line if 'width' in line else header))


def _get(value: Any, key: str, kind: type) -> Any:
    if not isinstance(value, dict) or not isinstance(value.get(key), kind):
        name = {list: 'a list', dict: 'an object', str: 'a text'}[kind]
        raise ValueError(f'need {key!r} with {name}')
    return value[key]


def _number(value: Any, key: str, low: float, high: float, kind: Any = (int, float)) -> Any:
    number = value.get(key) if isinstance(value, dict) else None
    if not isinstance(number, kind) or isinstance(number, bool) or not low <= number <= high:
        raise ValueError(f'need {key!r} from {low:g} to {high:g}, got {number!r:.40}')
    return number if kind is int else float(number)


def _text(value: Dict[str, Any], key: str) -> str:
    text = _get(value, key, str)
    if len(text) > LONGEST_TEXT or not text.isprintable():
        raise ValueError(f'need {key!r} with at most {LONGEST_TEXT} printable characters')
    return text


def _printable(text: str) -> str:
    return ''.join(c if c.isprintable() else '?' for c in text)[:LONGEST_TEXT]


def _integer(digits: str) -> int:
    if len(digits) > 20:  # a million of them would take Python seconds
        raise ValueError
    return int(digits)


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _encoded(value: Dict[str, Any]) -> bytes:
    return json.dumps(value, allow_nan=False, separators=(',', ':')).encode() + b'\n'


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--version', action='version', version=__version__)
    commands = parser.add_subparsers(dest='command', metavar='convert')
    command = commands.add_parser('convert', help='a log to CSV or COCO JSON')
    command.add_argument('log', help='a pose log, as --log writes it')
    command.add_argument('output', help='a .csv or .json file; written over if it is there')
    args = parser.parse_args()
    if args.command is None:
        parser.error('need a command: convert')
    if not args.output.lower().endswith(('.csv', '.json')):
        parser.error(f'the output must end in .csv or .json, got {args.output}')
    if os.path.realpath(args.log) == os.path.realpath(args.output):
        parser.error(f'the output must be another file than the log, got {args.output} twice')
    try:
        count = convert(args.log, args.output)
    except (OSError, ValueError) as error:
        parser.exit(1, f'error: {error}\n')
    except KeyboardInterrupt:
        parser.exit(1, f'error: interrupted; {args.output} was not written\n')
    print(f'{args.output}: {count} frames', file=sys.stderr)
    return 0


if __name__ == '__main__':
    sys.exit(main())
