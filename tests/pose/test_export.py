"""posesuite/pose/export.py: logs as CSV and as COCO keypoints."""
import csv
import json
import os
import stat
import subprocess
import sys

from figures import diagonal, numbered, row
from helpers import ROOT
from logs import HEADER, SAMPLES, line, written
from posesuite.pose.export import convert
from posesuite.pose.json_poses import pose_as_json
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
        seen = points[:, 2] == 2
        assert points[seen, :2].tolist() == [list(k.point) for k in truth.keypoints.values()
                                             if k.score >= .2]
        assert (points[~seen] == 0).all()
        assert annotation['num_keypoints'] == seen.sum()
        x, y, width, height = annotation['bbox']
        if seen.any():
            low, high = points[seen, :2].min(axis=0), points[seen, :2].max(axis=0)
            assert np.allclose([x, y, x + width, y + height], [*low, *high], atol=.011)
        assert annotation['area'] == pytest.approx(width * height, abs=.01)
        assert annotation['segmentation'] == [[x, y, x, y + height, x + width, y + height,
                                               x + width, y]]


def converted(tmp_path, log):
    """The COCO file of a log."""
    output = str(tmp_path / 'coco.json')
    convert(log, output)
    with open(output) as file:
        return json.load(file)


def test_a_part_that_is_not_labelled_is_nowhere(tmp_path):
    """COCO: v=0 and x=y=0. Some loaders take what is not 0, 0 for a label."""
    log = written(tmp_path, HEADER + line(poses=[
        dict(id=1, **pose_as_json(diagonal([.9, .1, .2, .19] + [.5] * 13)))]))
    annotation, = converted(tmp_path, log)['annotations']
    assert annotation['keypoints'][:12] == [100, 50, 2, 0, 0, 0, 120, 60, 2, 0, 0, 0]
    assert annotation['num_keypoints'] == 15
    assert annotation['bbox'] == [100, 50, 160, 80]


def test_file_names_are_unique(tmp_path, caplog):
    names = ['img.jpg', 'img.jpg', 'img_2.jpg', '', '', '000005.jpg', '', 'img.jpg', '']
    numbers = [0, 1, 2, 4, 5, 6, 5, 7, 7]
    log = written(tmp_path, HEADER + ''.join(
        line(frame=number, **({'name': name} if name else {}))
        for number, name in zip(numbers, names)))
    found = [image['file_name'] for image in converted(tmp_path, log)['images']]
    assert found == ['img.jpg', 'img_2.jpg', 'img_2_3.jpg', '000004.jpg', '000005.jpg',
                     '000005_6.jpg', '000005_7.jpg', 'img_8.jpg', '000007.jpg']
    assert [record.getMessage() for record in caplog.records] == [
        '5 pictures have the name of another one; COCO needs unique names, so their image id was '
        'added']


def test_people_of_different_pictures_share_no_track(tmp_path):
    """While those of a video do."""
    log = written(tmp_path, HEADER + line(frame=0, name='a.jpg') + line(frame=1, name='b.jpg')
                  + line(frame=2) + line(frame=3))
    tracks = [annotation['track_id'] for annotation in converted(tmp_path, log)['annotations']]
    assert tracks == [1, 2, 1, 1]


def test_a_log_from_a_pipe(tmp_path):
    """It can be read only once."""
    output = str(tmp_path / 'coco.json')
    with open(SAMPLES[1]) as log:
        done = subprocess.run([sys.executable, os.path.join(ROOT, 'pose_log.py'), 'convert',
                               '/dev/stdin', output], input=log.read(), text=True)
    assert done.returncode == 0
    with open(output) as file:
        coco = json.load(file)
    assert (len(coco['images']), len(coco['annotations']) > 300) == (300, True)


def test_only_the_owner_may_read_what_was_in_a_log(tmp_path):
    for name in ('a.csv', 'a.json'):
        convert(SAMPLES[0], str(tmp_path / name))
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def test_pycocotools_loads_evaluates_and_draws_it(tmp_path, monkeypatch):
    pytest.importorskip('pycocotools')
    matplotlib = pytest.importorskip('matplotlib')
    matplotlib.use('Agg')
    from matplotlib import pyplot
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval
    output = str(tmp_path / 'coco.json')
    convert(SAMPLES[1], output)
    truth = COCO(output)
    everybody = truth.loadAnns(truth.getAnnIds())
    results = [{key: one[key] for key in ('image_id', 'category_id', 'keypoints', 'score')}
               for one in everybody]
    boxes = truth.loadRes([dict(category_id=1, **{key: one[key] for key in (
        'image_id', 'bbox', 'score')}) for one in everybody])
    for one in everybody:
        assert one['segmentation'] == boxes.anns[one['id']]['segmentation']
        x, y, width, height = one['bbox']  # its part inside the picture of 640x480
        inside = (np.clip([x + width, y + height], 0, (640, 480)) - np.clip([x, y], 0, (640, 480)))
        assert truth.annToMask(one).sum() == pytest.approx(inside.prod(), abs=sum(inside) + 1)
    evaluation = COCOeval(truth, truth.loadRes(results), 'keypoints')
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    assert evaluation.stats[0] == 1
    figure, axes = pyplot.subplots()
    truth.showAnns(truth.loadAnns(truth.getAnnIds(imgIds=[150])), draw_bbox=True)
    assert len(axes.lines) > 10
    pyplot.close(figure)


def test_commands(tmp_path):
    assert run('--version').stdout.count('\n') == 1
    assert 'examples:' in run('--help').stdout
    log = written(tmp_path, HEADER + line())
    same = str(tmp_path / 'a.json')
    os.link(log, same)
    for arguments in ([], ['convert', log], ['convert', log, 'b.txt'], ['convert', same, same],
                      ['convert', log, same]):
        done = run(*arguments)
        assert (done.returncode, done.stdout) == (2, '')
    with open(log) as file:
        assert file.read() == HEADER + line()


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
