"""Pose logs for the tests, line by line."""
import json
import os
from typing import Any, Union

from figures import row
from helpers import ROOT
from posesuite.pose.json_poses import pose_as_json

SAMPLES = [os.path.join(ROOT, 'samples', name + '.jsonl') for name in (
    'one_person', 'two_crossing', 'three_people', 'in_and_out')]
HEADER = '{"version": 1, "source": "a", "width": 640, "height": 480}\n'


def line(**changes: object) -> str:
    """A frame's line with one pose, some of its values changed."""
    values = {'frame': 0, 'time': 0.0, 'poses': [dict(id=1, **pose_as_json(row()))]}
    return json.dumps(dict(values, **changes)) + '\n'


def written(folder: Any, text: Union[str, bytes]) -> str:
    """The path of a.jsonl in a folder, which holds this text."""
    path = folder / 'a.jsonl'
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)
