"""Pose logs as CSV and as COCO keypoints."""
import csv
import json
import logging
import os
import re
import shutil
import sys
import tempfile
from typing import IO, Any, Dict, Iterator, List, Set

from posesuite.files import private, written_whole
from posesuite.pose.event import event_as_json
from posesuite.pose.log import LogFrame, read_log
from posesuite.pose.pose import Pose
from posesuite.pose.skeleton import COCO_BONES, KEYPOINT_TYPES

MIN_LABEL_SCORE = 0.2  # lowest score of a keypoint that counts as labelled in COCO's sense
PROGRESS_FRAMES = 1000  # frames between two updates of the count on a terminal
LOGGER = logging.getLogger(__name__)


def convert(path: str, output: str) -> int:
    """Writes a log as CSV or COCO JSON, by the ending of output; returns its number of frames.

    Only its owner may read the output, as it is with the log. Raises OSError or ValueError; then
    there is no output file.
    """
    write = {'.csv': _write_csv, '.json': _write_coco}.get(os.path.splitext(output)[1].lower())
    if write is None:
        raise ValueError(f'{output} must end in .csv or .json')
    with written_whole(output, newline='', opener=private) as file:
        return write(path, file)


def _write_csv(path: str, file: IO[str]) -> int:
    """A row a pose: frame, time, id, score, then x, y and score of each keypoint; of a log with
    events also those that the person begins or completes with it. A temporary file holds the rows
    until it is known whether there are any.
    """
    count = row = 0
    header = ['frame', 'time', 'id', 'score'] + [
        f'{part.name.lower()}_{value}' for part in KEYPOINT_TYPES for value in ('x', 'y', 'score')]
    events: Dict[int, str] = {}  # by number of the row
    with tempfile.TemporaryFile('w+', dir=os.path.dirname(file.name) or '.', newline='') as made:
        rows = csv.writer(made, lineterminator='\n')
        for frame in with_progress(read_log(path)[1]):
            count += 1
            for id, pose in frame.people.items():
                names = [event.event for event in frame.events if event.id == id]
                if names:
                    events[row] = _cell(names)
                row += 1
                values = [value for point, score in pose.keypoints.values()
                          for value in (*point, score)]
                rows.writerow([frame.number, frame.time, id, pose.score, *values])
        made.seek(0)
        rows = csv.writer(file, lineterminator='\n')
        rows.writerow(header + ['events'] * bool(events))
        if events:
            rows.writerows([*cells, events.get(i, '')] for i, cells in enumerate(csv.reader(made)))
        else:
            shutil.copyfileobj(made, file)
    return count


def _cell(names: List[str]) -> str:
    """Names in a cell, of which a spreadsheet makes no formula."""
    text = '; '.join(names)
    return "'" + text if text[:1] in '=+-@\t' and text else text


def _write_coco(path: str, file: IO[str]) -> int:
    """An image a frame, an annotation a pose. A temporary file holds the annotations meanwhile."""
    header, frames = read_log(path)
    category = {'id': 1, 'name': 'person', 'supercategory': 'person',
                'keypoints': [part.name.lower() for part in KEYPOINT_TYPES],
                'skeleton': [[a + 1, b + 1] for a, b in COCO_BONES]}  # COCO counts from 1
    info = {'description': header['source'], 'date_created': header.get('start', '')}
    file.write(f'{{"info": {json.dumps(info)}, "licenses": [], '
               f'"categories": [{json.dumps(category)}],\n"images": [')
    count, annotation, names = 0, 0, _Names()
    with tempfile.TemporaryFile('w+', dir=os.path.dirname(file.name) or '.') as annotations:
        for count, frame in enumerate(with_progress(frames), 1):
            image = {'id': count, 'file_name': names.unique(frame), 'width': frame.width,
                     'height': frame.height, 'frame': frame.number, 'time': frame.time}
            if frame.events:
                image['events'] = [event_as_json(event) for event in frame.events]
            file.write(',\n' * (count > 1) + json.dumps(image))
            for id, pose in frame.people.items():
                annotation += 1
                # Nobody is followed from one picture to the next, so an id says nothing there.
                track = annotation if frame.name else id
                annotations.write(',\n' * (annotation > 1) + json.dumps(dict(
                    id=annotation, image_id=count, category_id=1, track_id=track, iscrowd=0,
                    score=pose.score, **_coco_keypoints(pose))))
        file.write('],\n"annotations": [')
        annotations.seek(0)
        shutil.copyfileobj(annotations, file)
    file.write(']}\n')
    if names.changed:
        LOGGER.warning('%s pictures have the name of another one; COCO needs unique names, so '
                       'their image id was added', names.changed)
    return count


class _Names:
    """Gives each frame a file name of its own, in little memory for a long video.

    Attribute changed: the number of pictures whose name another one has, too.
    """

    def __init__(self) -> None:
        self.changed = 0
        self._count = 0  # frames
        self._newest = -1  # largest number of the frames that are named by theirs
        self._seen: Set[str] = set()  # all other names

    def unique(self, frame: LogFrame) -> str:
        """The picture's name, or one made of the number of a video's frame."""
        self._count += 1
        name = frame.name or f'{frame.number:06d}.jpg'
        by_number = not frame.name and frame.number > self._newest and name not in self._seen
        if by_number:
            self._newest = frame.number
            return name
        if self._is_taken(name):
            self.changed += 1
            stem, ending = os.path.splitext(name)
            while self._is_taken(name):
                stem += f'_{self._count}'
                name = stem + ending
        self._seen.add(name)
        return name

    def _is_taken(self, name: str) -> bool:
        number = re.fullmatch(r'(\d{6,})\.jpg', name)
        return name in self._seen or number is not None and int(number.group(1)) <= self._newest


def _coco_keypoints(pose: Pose) -> Dict[str, Any]:
    """Keypoints as x, y, v: v is 2, or all are 0 for a low score; and the labelled ones' box.

    Without any labelled keypoint the box is that of all. Nobody knows outlines, so the segmentation
    is the box's corners, as pycocotools makes it of results.
    """
    flat: List[float] = []
    labelled = []
    for point, score in pose.keypoints.values():
        flat += [point.x, point.y, 2] if score >= MIN_LABEL_SCORE else [0, 0, 0]
        if score >= MIN_LABEL_SCORE:
            labelled.append(point)
    points = labelled or [point for point, _ in pose.keypoints.values()]
    left, top = (min(values) for values in zip(*points))
    width, height = (round(max(values) - min(values), 2) for values in zip(*points))
    right, bottom = left + width, top + height
    return {'keypoints': flat, 'num_keypoints': len(labelled), 'bbox': [left, top, width, height],
            'segmentation': [[left, top, left, bottom, right, bottom, right, top]],
            'area': round(width * height, 2)}


def with_progress(frames: Iterator[LogFrame]) -> Iterator[LogFrame]:
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
