"""Changes to what was collected: frames get another label, or are deleted."""
import json
import os
from typing import Any, Collection, Dict, List, Optional

from posesuite.activities.recordings import check_label, find_logs, subject
from posesuite.files import private, written_whole
from posesuite.pose.log import read_log
from posesuite.pose.skeleton import KEYPOINT_TYPES


def listing(folder: str) -> List[Dict[str, Any]]:
    """The recordings of a folder: label, name of the log, number of frames with a person."""
    found = []
    for label, paths in find_logs(folder).items():
        for path in paths:
            frames = [frame for frame in read_log(path)[1] if frame.people]
            found.append({'label': label, 'name': os.path.basename(path), 'frames': len(frames)})
    return found


def frames_of(folder: str, label: str, name: str) -> Dict[str, Any]:
    """Who is in a log, to be drawn: {"frames": [{"number", "time", "points": [x, y, score …]}]}."""
    frames = list(read_log(log_path(folder, label, name))[1])
    followed = subject(frames)
    shown = []
    for frame in frames:
        poses = frame.people.values() if frame.name else [
            frame.people[followed]] if followed in frame.people else []
        for pose in poses:
            points = [round(value, 2) for part in KEYPOINT_TYPES
                      for value in (*pose.keypoints[part].point, pose.keypoints[part].score)]
            shown.append({'number': frame.number, 'time': frame.time, 'points': points})
    return {'frames': shown}


def log_path(folder: str, label: str, name: str) -> str:
    """The path of a log that exists. Raises ValueError if there is none of that name."""
    path = os.path.join(folder, check_label(label), name)
    if path not in find_logs(folder).get(label, []):
        raise ValueError(f'there is no recording {name!r:.80} of {label!r:.80}')
    return path


def change(folder: str, label: str, name: str, numbers: Collection[int],
           to: Optional[str]) -> int:
    """Moves frames of a log, by their numbers, to another label, or deletes them for None; returns
    how many. A log without frames is removed. Raises OSError or ValueError.
    """
    path = log_path(folder, label, name)
    if to == label:
        return 0
    with open(path, encoding='utf-8') as file:
        first, *lines = file.read().splitlines()
    numbers = set(numbers)
    moved = [line for line in lines if _number(line) in numbers]
    kept = [line for line in lines if _number(line) not in numbers]
    if to is not None and moved:
        _add(os.path.join(folder, check_label(to)), name, first, moved)
    if kept:
        _write(path, [first, *kept])
    elif moved:
        os.unlink(path)
        if not os.listdir(os.path.dirname(path)):
            os.rmdir(os.path.dirname(path))
    return len(moved)


def _number(line: str) -> int:
    return json.loads(line)['frame']


def _add(folder: str, name: str, first: str, lines: List[str]) -> None:
    """Adds frames to the log of a name, if they belong to the same recording, or to a new one."""
    os.makedirs(folder, exist_ok=True)
    stem, count = name[:-len('.jsonl')], 1
    path = os.path.join(folder, name)
    while os.path.exists(path):
        with open(path, encoding='utf-8') as file:
            header, *before = file.read().splitlines()
        numbers = {_number(line) for line in before}
        if header == first and not numbers & {_number(line) for line in lines}:
            lines = sorted(before + lines, key=_number)
            break
        count += 1
        path = os.path.join(folder, f'{stem}_{count}.jsonl')
    _write(path, [first, *lines])


def _write(path: str, lines: List[str]) -> None:
    with written_whole(path, opener=private) as file:
        file.writelines(line + '\n' for line in lines)
