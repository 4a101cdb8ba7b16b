"""Collected samples to and from CSV and COCO files, with their labels."""
import csv
import json
import os
from typing import Any, Dict, Iterable, Iterator, List, Optional, Tuple

from posesuite.activities.collecting import new_path
from posesuite.activities.csv_forms import Row, cells_of, header, read_rows
from posesuite.activities.recordings import check_label, find_logs
from posesuite.files import private, written_whole
from posesuite.pose.json_poses import MAX_COORDINATE, integer, no_constant
from posesuite.pose.log import MAX_SIDE, MAX_TIME, PoseLog, read_log
from posesuite.pose.pose import Frame, Keypoint, Keypoints, Point, Pose
from posesuite.pose.skeleton import COCO_BONES, KEYPOINT_TYPES

import numpy as np

MAX_COCO = 1 << 29  # bytes of a file that is read
RATE = 10.0  # frames a second of a recording without times


def export_samples(folder: str, output: str) -> int:
    """Writes all recordings of a folder as .csv or COCO .json; returns the number of poses.

    Raises OSError or ValueError.
    """
    write = {'.csv': _write_csv, '.json': _write_coco}[os.path.splitext(output)[1].lower()]
    with written_whole(output, newline='', opener=private) as file:
        return write(_poses(folder), file)


def _poses(folder: str) -> Iterator[Tuple[str, str, Any, Pose]]:
    """Label, recording, frame and pose of everything that was collected."""
    for label, paths in find_logs(folder).items():
        for path in paths:
            name = os.path.splitext(os.path.basename(path))[0]
            for frame in read_log(path)[1]:
                for pose in frame.people.values():
                    yield label, name, frame, pose


def _write_csv(poses: Iterable[Tuple[str, str, Any, Pose]], file: Any) -> int:
    rows, count = csv.writer(file, lineterminator='\n'), 0
    rows.writerow(header())
    for label, recording, frame, pose in poses:
        rows.writerow([label, recording, frame.number, frame.time, frame.name, *cells_of(pose)])
        count += 1
    return count


def _write_coco(poses: Iterable[Tuple[str, str, Any, Pose]], file: Any) -> int:
    """A category for each label; each pose is an annotation of a picture of its own."""
    categories: Dict[str, int] = {}
    images, annotations = [], []
    for count, (label, recording, frame, pose) in enumerate(poses, 1):
        category = categories.setdefault(label, len(categories) + 1)
        images.append({'id': count, 'width': frame.width, 'height': frame.height,
                       'file_name': frame.name or f'{label}_{recording}_{frame.number:06d}.jpg',
                       'recording': recording, 'frame': frame.number, 'time': frame.time})
        keypoints = [value for point, score in pose.keypoints.values()
                     for value in (round(point.x, 2), round(point.y, 2), 2 if score >= .3 else 0)]
        xs, ys = zip(*(point for point, _ in pose.keypoints.values()))
        box = [min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)]
        annotations.append({
            'id': count, 'image_id': count, 'category_id': category, 'iscrowd': 0,
            'keypoints': keypoints, 'num_keypoints': sum(v > 0 for v in keypoints[2::3]),
            'bbox': [round(value, 2) for value in box], 'area': round(box[2] * box[3], 2),
            'score': round(pose.score, 4),
            'scores': [round(score, 4) for _, score in pose.keypoints.values()]})
    names = [part.name.lower() for part in KEYPOINT_TYPES]
    json.dump({'info': {'description': 'poses with their labels as categories'}, 'licenses': [],
               'categories': [{'id': id, 'name': label, 'supercategory': 'person',
                               'keypoints': names,
                               'skeleton': [[a + 1, b + 1] for a, b in COCO_BONES]}
                              for label, id in categories.items()],
               'images': images, 'annotations': annotations}, file)
    file.write('\n')
    return len(annotations)


def import_samples(folder: str, path: str, label: str = '',
                   size: Optional[Tuple[int, int]] = None) -> Dict[str, int]:
    """Adds the poses of a .csv or COCO .json file to a folder of recordings; the number of each
    label. label: of poses without one. size: of pictures whose coordinates are shares of it.

    Raises OSError or ValueError; then what was begun is left out.
    """
    rows = (read_rows(path, label, size) if path.lower().endswith('.csv') else
            _coco_rows(path, label))
    recordings: Dict[Tuple[str, str], List[Row]] = {}
    for row in rows:
        recordings.setdefault((check_label(row.label), row.recording), []).append(row)
    if not recordings:
        raise ValueError(f'{path} has no poses')
    counts: Dict[str, int] = {}
    for (name, _), found in recordings.items():
        _write_log(new_path(os.path.join(folder, name)), found, os.path.basename(path))
        counts[name] = counts.get(name, 0) + len(found)
    return counts


def _write_log(path: str, rows: List[Row], source: str) -> None:
    """A log of poses: with their times if all have one, else as pictures of their own."""
    timed = all(row.time is not None and 0 <= row.time <= MAX_TIME for row in rows)
    rows = sorted(rows, key=lambda row: row.time) if timed else rows
    places = np.array([[point for point, _ in row.pose.keypoints.values()] for row in rows])
    width, height = (int(min(max(edge, 1), MAX_SIDE / 2)) + 1 for edge in places.max((0, 1)))
    image = np.broadcast_to(np.zeros(3, np.uint8), (height, width, 3))
    with PoseLog(path, source) as log:
        for number, row in enumerate(rows):
            name = row.name or ('' if timed else f'row {number + 1}')
            time = row.time if timed else number / RATE
            log.write(Frame(image, number, time, 0.0, name=name), {1: row.pose})


def _coco_rows(path: str, label: str) -> Iterator[Row]:
    """The poses of a COCO file; their labels are the names of categories, or texts beside them."""
    try:
        with open(path, 'rb') as file:
            data = file.read(MAX_COCO + 1)
    except OSError as error:
        raise OSError(f'cannot read {path}: {error.strerror}')
    if len(data) > MAX_COCO:
        raise ValueError(f'{path} has more than {MAX_COCO} bytes')
    try:
        content = json.loads(data, parse_int=integer, parse_constant=no_constant)
        categories = {each['id']: str(each['name']) for each in content['categories']}
        images = {each['id']: each for each in content['images']}
        annotations = content['annotations']
        for each in annotations:
            if len(each.get('keypoints', ())) == 3 * len(KEYPOINT_TYPES):
                name = each.get('label') or categories.get(each.get('category_id'), '')
                if label or name == 'person':  # which says nothing
                    name = label
                if not name:
                    raise ValueError(f'{path}: its poses have no label; name one with --label')
                image = images.get(each['image_id'], {})
                time = image.get('time')
                yield Row(str(name), _coco_pose(each), str(image.get('file_name', ''))
                          if time is None else '', str(image.get('recording', '')),
                          None if time is None else float(time))
    except (KeyError, TypeError, AttributeError, RecursionError, json.JSONDecodeError):
        raise ValueError(f'{path} is no COCO file of people: need images, categories, and '
                         'annotations with keypoints')


def _coco_pose(annotation: Dict[str, Any]) -> Pose:
    flat = [min(max(float(value), -MAX_COORDINATE), MAX_COORDINATE)
            for value in annotation['keypoints']]
    scores = annotation.get('scores') or [min(max(v, 0), 2) / 2 for v in flat[2::3]]
    scores = [min(max(float(score), 0.0), 1.0) for score in scores]
    if len(scores) != len(KEYPOINT_TYPES):
        raise TypeError
    return Pose(Keypoints((part, Keypoint(Point(*flat[3 * part:3 * part + 2]), scores[part]))
                          for part in KEYPOINT_TYPES), sum(scores) / len(scores))
