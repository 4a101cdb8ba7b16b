"""Poses to and from JSON in the convention of the PoseNet models, with every value checked."""
from typing import Any, Dict, Tuple

from posesuite.pose.pose import Box, Keypoint, Keypoints, Point, Pose
from posesuite.pose.skeleton import BY_JSON_NAME, JSON_NAMES, KEYPOINT_TYPES

KINDS: Dict[type, str] = {list: 'a list', dict: 'an object', str: 'a text'}
BOX = 'xMin', 'yMin', 'xMax', 'yMax'  # names of a box's values, in the order of Box
MAX_COORDINATE = 1e6  # pixels, to either side
MAX_TEXT = 1000  # characters of a text
MAX_DIGITS = 20  # digits of an integer; Python needs seconds for a million


def pose_as_json(pose: Pose) -> Dict[str, Any]:
    """A pose as {"score": s, "keypoints": [{"part": "nose", "score": s, "position": {x, y}}, ...]}.

    Parts are in the order of ids. Positions are rounded to a hundredth of a pixel, scores to four
    decimal places. A pose with a box has "box": {"xMin": x, "yMin": y, "xMax": x, "yMax": y} too.
    """
    found: Dict[str, Any] = {
        'score': round(float(pose.score), 4),
        'keypoints': [{'part': JSON_NAMES[part], 'score': round(float(score), 4),
                       'position': {'x': round(float(point.x), 2), 'y': round(float(point.y), 2)}}
                      for part, (point, score) in pose.keypoints.items()]}
    if pose.box is not None:
        found['box'] = {name: round(float(value), 2) for name, value in zip(BOX, pose.box)}
    return found


def pose_from_json(pose: Dict[str, Any]) -> Pose:
    """The inverse of pose_as_json; keypoints may come in any order.

    Raises ValueError if a value is missing, duplicated, of the wrong type or out of range.
    """
    found = {}
    for keypoint in field(pose, 'keypoints', list):
        name = field(keypoint, 'part', str)
        part = BY_JSON_NAME.get(name)
        if part is None:
            raise ValueError(f'there is no part {name[:40]!r}')
        if part in found:
            raise ValueError(f'the part {name!r} is there twice')
        position = field(keypoint, 'position', dict)
        found[part] = Keypoint(Point(number(position, 'x', -MAX_COORDINATE, MAX_COORDINATE),
                                     number(position, 'y', -MAX_COORDINATE, MAX_COORDINATE)),
                               number(keypoint, 'score', 0, 1))
    missing = [name for name, part in BY_JSON_NAME.items() if part not in found]
    if missing:
        raise ValueError(f'{len(missing)} keypoints are missing, the first is {missing[0]}')
    box = field(pose, 'box', dict) if 'box' in pose else None
    return Pose(Keypoints((part, found[part]) for part in KEYPOINT_TYPES),
                number(pose, 'score', 0, 1), None if box is None else Box(
                    *(number(box, name, -MAX_COORDINATE, MAX_COORDINATE) for name in BOX)))


def field(value: Any, key: str, kind: type) -> Any:
    """An object's value of a type: list, dict or str. Raises ValueError."""
    if not isinstance(value, dict) or not isinstance(value.get(key), kind):
        raise ValueError(f'{key!r} must be {KINDS[kind]}')
    return value[key]


def number(value: Any, key: str, low: float, high: float, kind: Any = (int, float)) -> Any:
    """An object's number from low to high, as a float unless kind is int. Raises ValueError."""
    found = value.get(key) if isinstance(value, dict) else None
    if not isinstance(found, kind) or isinstance(found, bool) or not low <= found <= high:
        raise ValueError(f'{key!r} must be a number from {low:g} to {high:g}, got {found!r:.40}')
    return found if kind is int else float(found)


def text(value: Dict[str, Any], key: str) -> str:
    """An object's printable text. Raises ValueError."""
    found = field(value, key, str)
    if len(found) > MAX_TEXT or not found.isprintable():
        raise ValueError(f'{key!r} must be at most {MAX_TEXT} printable characters')
    return found


def printable(words: str) -> str:
    """A text as text() accepts it: question marks for what cannot be printed, and cut."""
    return ''.join(c if c.isprintable() else '?' for c in words)[:MAX_TEXT]


def integer(digits: str) -> int:
    """An integer of JSON with a bounded number of digits, for json.loads. Raises ValueError."""
    if len(digits) > MAX_DIGITS:
        raise ValueError(f'a number of {len(digits)} digits, more than {MAX_DIGITS}')
    return int(digits)


def no_constant(name: str) -> None:
    """Refuses NaN and Infinity, which are not JSON, for json.loads. Raises ValueError."""
    raise ValueError(f'{name} is not JSON')


def frame_size(value: Dict[str, Any], max_side: int, max_pixels: int) -> Tuple[int, int]:
    """An object's width and height in pixels. Raises ValueError."""
    width, height = (number(value, key, 1, max_side, int) for key in ('width', 'height'))
    if width * height > max_pixels:
        raise ValueError(f'a frame has {width}x{height} pixels, more than {max_pixels}')
    return width, height
