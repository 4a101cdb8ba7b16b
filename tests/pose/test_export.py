"""posesuite/pose/export.py: logs as CSV and as COCO keypoints."""
import csv
import json
import os
import subprocess
import sys

from figures import numbered, row
from helpers import ROOT
from logs import HEADER, SAMPLES, line, written
from posesuite.pose.export import convert
from posesuite.pose.log import PoseLog, read_log
from posesuite.pose.skeleton import KeypointType

import numpy as np
import pytest


def run(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, os.path.join(ROOT, 'pose_log.py'), *arguments],
                          capture_output=True, text=True)


def test_pictures_keep_their_names_and_sizes(tmp_path):
    path, coco = str(tmp_path / 'a.jsonl'), str(tmp_path / 'coco.json')
    with PoseLog(path, 'photos') as log:
        log.write(numbered(0, 0.0, name='a.jpg'), {})
        log.write(numbered(1, 0.1, (20, 30), name='b.jpg'), {1: row()})
    assert [(f.name, f.width, f.height) for f in read_log(path)[1]] == [
        ('a.jpg', 64, 48), ('b.jpg', 20, 30)]
    convert(path, coco)
    with open(coco) as file:
        images = json.load(file)['images']
    assert [(i['file_name'], i['width'], i['height']) for i in images] == [
        ('a.jpg', 64, 48), ('b.jpg', 20, 30)]


def test_csv(tmp_path):
    output = str(tmp_path / 'b.csv')
    done = run('convert', SAMPLES[2], output)
    assert (done.returncode, done.stdout) == (0, '')
    assert done.stderr == f'{output}: 300 frames\n'
    with open(output, newline='') as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 900
    assert len(rows[0]) == 4 + 17 * 3
    first = next(read_log(SAMPLES[2])[1]).people[0]
    assert rows[0]['frame'] == '0'
    assert float(rows[0]['left_wrist_x']) == first.keypoints[KeypointType.LEFT_WRIST].point.x
    assert float(rows[0]['score']) == first.score


def test_coco(tmp_path):
    output = str(tmp_path / 'coco.json')
    assert run('convert', SAMPLES[1], output).returncode == 0
    with open(output) as file:
        coco = json.load(file)
    people = [(image, id, pose) for image, frame in enumerate(read_log(SAMPLES[1])[1], 1)
              for id, pose in frame.people.items()]
    assert len(coco['images']) == 300
    assert len(coco['annotations']) == len(people)
    category, = coco['categories']
    assert category['keypoints'][:2] == ['nose', 'left_eye']
    assert len(category['keypoints']) == 17
    assert {part for edge in category['skeleton'] for part in edge} == set(range(1, 18))
    assert len({a['id'] for a in coco['annotations']}) == len(people)
    for (image, id, truth), annotation in zip(people, coco['annotations']):
        assert (annotation['image_id'], annotation['track_id'], annotation['category_id']) == (
            image, id, 1)
        points = np.array(annotation['keypoints']).reshape(17, 3)
        assert (points[:, :2] == [k.point for k in truth.keypoints.values()]).all()
        seen = points[:, 2] == 2
        assert annotation['num_keypoints'] == seen.sum()
        x, y, width, height = annotation['bbox']
        if seen.any():
            low, high = points[seen, :2].min(axis=0), points[seen, :2].max(axis=0)
            assert np.allclose([x, y, x + width, y + height], [*low, *high], atol=.011)
        assert annotation['area'] == pytest.approx(width * height, abs=.01)


def test_commands(tmp_path):
    assert run('--version').stdout.count('\n') == 1
    assert 'examples:' in run('--help').stdout
    log = written(tmp_path, HEADER + line())
    same = str(tmp_path / 'a.json')
    os.link(log, same)
    for arguments in ([], ['convert', log], ['convert', log, 'b.txt'], ['convert', same, same]):
        done = run(*arguments)
        assert (done.returncode, done.stdout) == (2, '')


def test_what_fails_leaves_no_file_and_one_line(tmp_path):
    output = tmp_path / 'b.csv'
    bad = written(tmp_path, HEADER + line() + 'hello\n' + line())
    for arguments in ([bad, str(output)], [str(tmp_path / 'nowhere'), str(output)],
                      [SAMPLES[0], str(tmp_path / 'no' / 'b.csv')]):
        done = run('convert', *arguments)
        assert done.returncode == 1
        assert done.stderr.startswith('error: ')
        assert done.stderr.count('\n') == 1
    assert os.listdir(str(tmp_path)) == ['a.jsonl']
