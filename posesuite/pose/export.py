"""Pose logs as CSV and as COCO keypoints."""
import csv
import json
import os
import sys
from typing import IO, Any, Dict, Iterator

from posesuite.files import written_whole
from posesuite.pose.log import LogFrame, read_log
from posesuite.pose.pose import Pose
from posesuite.pose.skeleton import COCO_BONES, KEYPOINT_TYPES

MIN_LABEL_SCORE = 0.2  # lowest score of a keypoint that counts as labelled in COCO's sense
PROGRESS_FRAMES = 1000  # frames between two updates of the count on a terminal


def convert(path: str, output: str) -> int:
    """Writes a log as CSV or COCO JSON, by the ending of output; returns its number of frames.

    Raises OSError or ValueError; then there is no output file.
    """
    write = {'.csv': _write_csv, '.json': _write_coco}.get(os.path.splitext(output)[1].lower())
    if write is None:
        raise ValueError(f'{output} must end in .csv or .json')
    with written_whole(output, newline='') as file:
        return write(path, file)


def _write_csv(path: str, file: IO[str]) -> int:
    """A row a pose: frame, time, id, score, then x, y and score of each keypoint."""
    count = 0
    rows = csv.writer(file, lineterminator='\n')
    rows.writerow(['frame', 'time', 'id', 'score'] + [
        f'{part.name.lower()}_{value}' for part in KEYPOINT_TYPES for value in ('x', 'y', 'score')])
    for frame in _with_progress(read_log(path)[1]):
        count += 1
        for id, pose in frame.people.items():
            row = [frame.number, frame.time, id, pose.score]
            for point, score in pose.keypoints.values():
                row += [*point, score]
            rows.writerow(row)
    return count


def _write_coco(path: str, file: IO[str]) -> int:
    """An image a frame, an annotation a pose. Two passes over the log keep memory bounded."""
    header, frames = read_log(path)
    category = {'id': 1, 'name': 'person', 'supercategory': 'person',
                'keypoints': [part.name.lower() for part in KEYPOINT_TYPES],
                'skeleton': [[a + 1, b + 1] for a, b in COCO_BONES]}  # COCO counts from 1
    info = {'description': header['source'], 'date_created': header.get('start', '')}
    file.write(f'{{"info": {json.dumps(info)}, "licenses": [], '
               f'"categories": [{json.dumps(category)}],\n"images": [')
    count = 0
    for count, frame in enumerate(_with_progress(frames), 1):
        image = {'id': count, 'file_name': frame.name or f'{frame.number:06d}.jpg',
                 'width': frame.width, 'height': frame.height, 'frame': frame.number,
                 'time': frame.time}
        file.write(',\n' * (count > 1) + json.dumps(image))
    file.write('],\n"annotations": [')
    annotation = 0
    for image_id, frame in enumerate(_with_progress(read_log(path)[1]), 1):
        for id, pose in frame.people.items():
            annotation += 1
            file.write(',\n' * (annotation > 1) + json.dumps(dict(
                id=annotation, image_id=image_id, category_id=1, track_id=id, iscrowd=0,
                score=pose.score, **_coco_keypoints(pose))))
    file.write(']}\n')
    return count


def _coco_keypoints(pose: Pose) -> Dict[str, Any]:
    """Keypoints as x, y, v, where v is 2, or 0 for a low score; and the labelled ones' box.

    Without any labelled keypoint the box is that of all.
    """
    flat, labelled = [], []
    for point, score in pose.keypoints.values():
        flat += [point.x, point.y, 2 if score >= MIN_LABEL_SCORE else 0]
        if score >= MIN_LABEL_SCORE:
            labelled.append(point)
    points = labelled or [point for point, _ in pose.keypoints.values()]
    left, top = (min(values) for values in zip(*points))
    width, height = (round(max(values) - min(values), 2) for values in zip(*points))
    return {'keypoints': flat, 'num_keypoints': len(labelled), 'bbox': [left, top, width, height],
            'area': round(width * height, 2)}


def _with_progress(frames: Iterator[LogFrame]) -> Iterator[LogFrame]:
    """The same frames; on a terminal they are counted."""
    count, terminal = 0, sys.stderr.isatty()
    try:
        for count, frame in enumerate(frames, 1):
            yield frame
            if terminal and count % PROGRESS_FRAMES == 0:
                print(f'\r{count} frames', end='', file=sys.stderr, flush=True)
    finally:
        if terminal and count >= PROGRESS_FRAMES:
            print(file=sys.stderr)
