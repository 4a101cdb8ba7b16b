"""Rows of labelled poses from CSV files of other tools; docs/pose_trainer.md describes the forms.

With a header, columns are found by their names: nose_x, NOSE_x, x_nose, left_shoulder_y,
leftShoulder_score, …, or x1, y1, v1, … of 17 or of MediaPipe's 33 keypoints; and label, class_name,
class, pose. Without one, a row is a name, a label and the numbers of so many keypoints.
"""
import csv
import itertools
import math
import re
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from posesuite.pose.json_poses import MAX_COORDINATE
from posesuite.pose.pose import Keypoint, Keypoints, Point, Pose
from posesuite.pose.skeleton import KEYPOINT_TYPES

MAX_FIELD = 10_000  # characters of a cell
LABEL_COLUMNS = ('label', 'class_name', 'class', 'pose', 'pose_name', 'activity', 'category', 'y')
NAME_COLUMNS = ('name', 'file_name', 'filename', 'image', 'image_name', 'sample')
SCORES = ('score', 'visibility', 'v', 'confidence', 'conf', 'c', 's')
# Which of MediaPipe's 33 landmarks the 17 keypoints are, in order.
MEDIAPIPE = (0, 2, 5, 7, 8, 11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28)
# Which of the 11 parts of a simplified yoga data set they are: head, middle of the shoulders, right
# elbow, wrist, left elbow, wrist, middle of the hips, right knee, foot, left knee, foot.
ELEVEN = (0, -1, -1, -1, -1, 1, 1, 4, 2, 5, 3, 6, 6, 9, 7, 10, 8)
MISSING = 9999  # stands for a coordinate that is not known, in some files


class Row(NamedTuple):
    """A pose and what a file says of it."""
    label: str
    pose: Pose
    name: str  # of the picture, or ''
    recording: str
    time: Optional[float]  # seconds in its recording


def read_rows(path: str, label: str = '', size: Optional[Tuple[int, int]] = None) -> Iterator[Row]:
    """The rows of a file. label: of rows without one. size: width and height of the pictures, by
    which coordinates from 0 to 1 are multiplied; without it, pictures are taken to be square.

    Raises OSError or ValueError with one line that names the file and the row.
    """
    try:
        with open(path, newline='', encoding='utf-8-sig') as file:
            rows = csv.reader(file)
            first = list(itertools.islice(rows, 2))
            if not first:
                raise ValueError(f'{path} is empty')
            form = _form(first)
            if form is None:
                raise ValueError(
                    f'{path} has no columns of keypoints: need names such as nose_x, nose_y, '
                    'left_shoulder_x, or rows of a name, a label and the numbers of 17 or 33 '
                    'keypoints')
            scale = _scale(path, form, size)
            for number, row in enumerate(itertools.chain(first, rows), 1):
                if row and (number > 1 or not form.header):
                    yield _row(path, number, form, row, label, scale)
    except OSError as error:
        raise OSError(f'cannot read {path}: {error.strerror}')
    except (UnicodeError, csv.Error):
        raise ValueError(f'{path} is no CSV file in UTF-8')


class _Form(NamedTuple):
    """Which columns hold what; -1 for none."""
    header: bool
    places: Sequence[Tuple[int, int, int]]  # columns of x, y and score, by keypoint
    columns: Dict[str, int]  # of label, name, recording and time
    count: int  # columns of a row
    upwards: bool = False  # whether y grows upwards


def _form(first: List[List[str]]) -> Optional[_Form]:
    """The form of a file from its first two rows, None if it has none. A header that says nothing
    of keypoints is skipped if the row after it fits without one.
    """
    form = _with_header(first[0]) or _without_header(first[0])
    if form is None and len(first) == 2:
        form = _without_header(first[1])
        return form and form._replace(header=True)
    return form


def _with_header(names: List[str]) -> Optional[_Form]:
    """The form of a header; None if there is none."""
    at = {re.sub(r'[^a-z0-9]', '', name.lower()): i for i, name in enumerate(names)}
    places = []
    for part in KEYPOINT_TYPES:
        words = _spellings(part.name.lower())

        def column(values: Sequence[str], words: Sequence[str] = words) -> int:
            return next((at[name] for value in values for word in words
                         for name in (word + value, value + word) if name in at), -1)
        places.append((column('x'), column('y'), column(SCORES)))
    if not any(x >= 0 and y >= 0 for x, y, _ in places):
        places = _numbered(at)
        if not places:
            return None
    taken = {column for place in places for column in place}

    def one(names: Sequence[str]) -> int:
        keys = [name.replace('_', '') for name in names]
        return next((at[key] for key in keys if key in at and at[key] not in taken), -1)
    columns = {'label': one(LABEL_COLUMNS), 'name': one(NAME_COLUMNS),
               'recording': one(('recording', 'video')), 'time': one(('time', 'timestamp'))}
    return _Form(True, places, columns, len(names))


def _spellings(name: str) -> List[str]:
    """How columns may call a part: left_shoulder is leftshoulder, lshoulder, shoulderleft, …"""
    side, _, part = name.rpartition('_')
    return [part] if not side else [word for each in (side, side[0])
                                    for word in (each + part, part + each)]


def _numbered(at: Dict[str, int]) -> List[Tuple[int, int, int]]:
    """The columns of keypoints that have numbers, such as x1, y1, z1, v1, x2, … of 17 or 33."""
    columns: Dict[int, Dict[str, int]] = {}
    for name, column in at.items():
        found = re.fullmatch(r'(?:kp|keypoint|landmark|point)?(?P<number>\d{1,3})(?P<value>[a-z]+)|'
                             r'(?P<first>[a-z]+)(?P<last>\d{1,3})', name)
        if found:
            number, value = found['number'] or found['last'], found['value'] or found['first']
            key = 'score' if value in SCORES else value
            columns.setdefault(int(number), {})[key] = column
    first = min(columns, default=0)
    # MediaPipe's hands and face, if they are there, come after the body.
    order = range(17) if len(columns) == 17 else MEDIAPIPE if len(columns) >= 33 else ()
    if first > 1 or sorted(columns) != list(range(first, first + len(columns))) or not all(
            {'x', 'y'} <= keys.keys() for keys in columns.values()):
        return []
    return [tuple(columns[first + i].get(value, -1) for value in ('x', 'y', 'score'))
            for i in order]


def _without_header(row: List[str]) -> Optional[_Form]:
    """The form of a row of texts and then the numbers of 17 or 33 keypoints, or of a label and
    then the x of 11 and the y of 11.
    """
    texts = 0
    while texts < min(3, len(row)) and not _is_number(row[texts]):
        texts += 1
    numbers = len(row) - texts
    for count, order in ((33, MEDIAPIPE), (17, range(17))):
        if numbers in (2 * count, 3 * count, 4 * count) and texts <= 2:
            step = numbers // count
            # Three numbers are x, y, z of MediaPipe's landmarks, or else x, y and a score.
            score = {4: 3, 3: -1 if count == 33 else 2, 2: -1}[step]
            places = [(texts + step * i, texts + step * i + 1,
                       texts + step * i + score if score >= 0 else -1) for i in order]
            return _Form(False, places, {'label': 1 if texts == 2 else -1,
                                         'name': 0 if texts else -1, 'recording': -1, 'time': -1},
                         len(row))
    if texts == 1 and numbers == 22:
        places = [(1 + i, 12 + i, -1) if i >= 0 else (-1, -1, -1) for i in ELEVEN]
        return _Form(False, places, {'label': 0, 'name': -1, 'recording': -1, 'time': -1},
                     len(row), upwards=True)
    return None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _scale(path: str, form: _Form, size: Optional[Tuple[int, int]]) -> Tuple[float, float]:
    """What coordinates are multiplied by: 1, or, if all are shares of a picture, its size."""
    if form.upwards:
        return 1.0, -1.0
    with open(path, newline='', encoding='utf-8-sig') as file:
        rows = csv.reader(file)
        if form.header:
            next(rows)
        for _, row in zip(range(200), rows):
            for columns in form.places:
                for column in columns[:2]:
                    value = _number(row, column)
                    if value is not None and abs(value) > 3:
                        return 1.0, 1.0
    return tuple(map(float, size)) if size else (1000.0, 1000.0)


def _number(row: List[str], column: int) -> Optional[float]:
    """A cell's number; None if there is none."""
    if not 0 <= column < len(row) or len(row[column]) > MAX_FIELD:
        return None
    try:
        value = float(row[column])
    except ValueError:
        return None
    return value if math.isfinite(value) and value != MISSING else None


def _row(path: str, number: int, form: _Form, row: List[str], label: str,
         scale: Tuple[float, float]) -> Row:
    if len(row) < form.count:
        raise ValueError(f'{path}:{number}: {len(row)} cells, need {form.count}')

    def text(key: str) -> str:
        column = form.columns[key]
        return row[column].strip() if column >= 0 else ''
    keypoints = {}
    for part, (x, y, score) in zip(KEYPOINT_TYPES, form.places):
        keypoints[part] = _keypoint(_number(row, x), _number(row, y),
                                    _number(row, score) if score >= 0 else 1.0, scale)
    label = text('label') or label
    if not label:
        raise ValueError(f'{path}:{number}: no label; name one with --label')
    mean = sum(keypoint.score for keypoint in keypoints.values()) / len(keypoints)
    return Row(label, Pose(Keypoints(keypoints), mean), text('name'), text('recording'),
               _number(row, form.columns['time']))


def _keypoint(x: Optional[float], y: Optional[float], score: Optional[float],
              scale: Tuple[float, float]) -> Keypoint:
    if x is None or y is None or max(abs(x * scale[0]), abs(y * scale[1])) > MAX_COORDINATE:
        return Keypoint(Point(0.0, 0.0), 0.0)
    return Keypoint(Point(x * scale[0], y * scale[1]), min(max(score or 0.0, 0.0), 1.0))


def cells_of(pose: Pose) -> List[Any]:
    """A pose's numbers in the order of header()."""
    return [round(value, 4) for point, score in pose.keypoints.values()
            for value in (*point, score)]


def header() -> List[str]:
    """The names of the columns of what is exported."""
    return ['label', 'recording', 'frame', 'time', 'name'] + [
        f'{part.name.lower()}_{value}' for part in KEYPOINT_TYPES for value in ('x', 'y', 'score')]
