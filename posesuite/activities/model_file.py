"""Files of activities: an object of JSON, {"format": "posesuite-activities", "version": 1, …}.

    content = read_model('my.json', 'classifier')

A file may come from anywhere: it is data and never a program, and each value is checked by whoever
uses it, with the functions of posesuite/pose/json_poses.py.
"""
import json
import os
from typing import Any, Callable, Dict, Optional, TypeVar

from posesuite.files import private, written_whole
from posesuite.pose.json_poses import integer, no_constant

FORMAT, VERSION = 'posesuite-activities', 1
KINDS = 'rules', 'classifier'
MAX_BYTES = 1 << 26  # of a file; a classifier of 200 labels has a tenth of it
Checked = TypeVar('Checked')


def read_model(path: str, kind: Optional[str] = None) -> Dict[str, Any]:
    """The content of a file of some kind, or of either for None; its header alone is checked.

    Raises OSError or ValueError with one line that names the file.
    """
    try:
        if os.path.isfile(path) or not os.path.exists(path):  # no device or pipe without an end
            with open(path, 'rb') as file:
                data = file.read(MAX_BYTES + 1)
        else:
            raise ValueError(f'{path} is no file')
    except OSError as error:
        raise OSError(f'cannot read {path}: {error.strerror}')
    if len(data) > MAX_BYTES:
        raise ValueError(f'{path} has more than {MAX_BYTES} bytes')
    return checked(path, lambda content: _header(content, kind), _parsed(path, data))


def checked(path: str, check: Callable[[Any], Checked], value: Any) -> Checked:
    """What check makes of a value; its ValueError gets the file's name before it."""
    try:
        return check(value)
    except ValueError as error:
        raise ValueError(f'{path}: {error}')


def write_model(path: str, kind: str, content: Dict[str, Any]) -> None:
    """Writes a file whole or not at all, which only its owner may read. Raises OSError."""
    header = {'format': FORMAT, 'version': VERSION, 'kind': kind}
    with written_whole(path, opener=private) as file:
        file.write(json.dumps({**header, **content}, allow_nan=False,
                              separators=(',', ':')) + '\n')


def _parsed(path: str, data: bytes) -> Any:
    try:
        return json.loads(data, parse_int=integer, parse_constant=no_constant)
    except (ValueError, RecursionError):
        raise ValueError(f'{path} is no file of activities: it is not JSON')


def _header(content: Any, kind: Optional[str]) -> Dict[str, Any]:
    if not isinstance(content, dict) or content.get('format') != FORMAT:
        raise ValueError(f"no file of activities: 'format' must be {FORMAT!r}")
    if content.get('version') != VERSION:
        raise ValueError(f"'version' must be {VERSION}, got {content.get('version')!r:.40}")
    if content.get('kind') not in KINDS:
        raise ValueError(f"'kind' must be one of {', '.join(KINDS)}, got "
                         f"{content.get('kind')!r:.40}")
    if kind and content['kind'] != kind:
        raise ValueError(f"need a file of kind {kind!r}, this is one of {content['kind']!r}")
    return content
