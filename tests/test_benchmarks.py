"""Every benchmark runs, for about a second, and prints figures."""
import glob
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
from typing import List

from helpers import ROOT, bundled_model, need_package
from pose_engine import PoseEngine
from systems import program

import pytest
from PIL import Image

BENCHMARKS = sorted(glob.glob(os.path.join(glob.escape(ROOT), 'benchmarks', '*.py')))
SHORT = {  # arguments with which a run is short
    'activities': ['--hours', '0', '0', '--falls', '2', '--heights', '1.5'],
    'anonymizer': ['--hours', '1', '--fps', '1'],
    'coco_ap': [bundled_model(), '--samples', '3'],
    'background': ['--model', bundled_model(), '--kinds', 'empty rooms', '--photos'],
    'decoder': ['--calls', '3'],
    'display': ['--frames', '8', '--clients', '1', '--runs', '1', '--model', bundled_model()],
    'engine': [bundled_model(), '--frames', '2'],
    'published_engine': ['--frames', '2'],
    'edgetpu_process': ['--frames', '3'],
    'music': ['--runs', '1'],
    'pose_camera': ['--frames', '20', '--runs', '1'],
    'pose_trainer': ['--simulated', '--seconds', '2'],
    'pose_server': ['--model', bundled_model(), '--sleep', '5', '--images', '9', '--clients', '3',
                    '--streams', '2', '--seconds', '0.5'],
    'publish': ['--seconds', '0.8', '--visits', '3'],
    'report': ['--days', '2'],
    'tracker': ['--seeds', '1000', '1001']}


def engine_table(models: List[str], *arguments: str) -> 'subprocess.CompletedProcess[str]':
    return subprocess.run([sys.executable, os.path.join(ROOT, 'benchmarks', 'engine.py'),
                           *models, '--frames', '1', *arguments], capture_output=True,
                          text=True, timeout=120)


def write_labels(folder: pathlib.Path, *moved: int) -> List[str]:
    """Pictures of two people, and labels that are the bundled network's own poses, each picture's
    moved to the right by that many pixels. Returns the options that name them.
    """
    photo = os.path.join(ROOT, 'samples', 'couple.jpg')
    poses, _ = PoseEngine(bundled_model()).DetectPosesInImage(Image.open(photo))
    assert len(poses) == 2
    images = [{'id': 9 - i, 'file_name': f'{i}.jpg'} for i in range(len(moved))]
    people = []
    for image, pixels in zip(images, moved):
        shutil.copy(photo, str(folder / image['file_name']))
        people += [{'id': 10 * image['id'] + i, 'image_id': image['id'], 'category_id': 1,
                    'iscrowd': 0, 'area': 20000, 'num_keypoints': 17, 'bbox': [0, 0, 100, 200],
                    'keypoints': [number for keypoint in pose.keypoints.values() for number in
                                  (keypoint.point.x + pixels, keypoint.point.y, 2)]}
                   for i, pose in enumerate(poses)]
    labels = folder / 'labels.json'
    categories = [{'id': 0, 'name': 'dog'}, {'id': 1, 'name': 'person'}]
    labels.write_text(json.dumps({'images': images, 'annotations': people,
                                  'categories': categories}))
    return ['--coco', str(labels), '--photos', str(folder)]


def cells_of(line: str) -> List[str]:
    """Of a row of a table in Markdown."""
    return [cell.strip() for cell in line.strip('|').split('|')]


def test_the_average_precision_is_cocos(tmp_path):
    """1 where the labels are the network's own poses, with a better one first; less if not."""
    pytest.importorskip('pycocotools')
    for moved, expected in ((0, '100.0'), (300, '0.0')):
        done = engine_table([bundled_model()], *write_labels(tmp_path, moved))
        assert done.returncode == 0, done.stderr
        assert done.stderr == ''
        head, _, row = done.stdout.splitlines()
        cells = dict(zip(cells_of(head), cells_of(row)))
        assert cells['AP'] == cells['AP50'] == expected
        assert (cells['family'], cells['input']) == ('PoseNet', '481x353')


def coco_ap(*arguments: str) -> 'subprocess.CompletedProcess[str]':
    return subprocess.run([sys.executable, os.path.join(ROOT, 'benchmarks', 'coco_ap.py'),
                           *arguments], capture_output=True, text=True, timeout=120)


def test_the_halves_of_pictures_and_the_spread_of_the_average_precision(tmp_path):
    """The pictures with odd places among the names fit, the others do not."""
    pytest.importorskip('pycocotools')
    labels = write_labels(tmp_path, 300, 0, 300, 0)
    done = coco_ap(bundled_model(), '--reference', bundled_model(), '--samples', '200', *labels)
    assert (done.returncode, done.stderr) == (0, '')
    rows = [cells_of(line) for line in done.stdout.splitlines()[2:]]
    assert len(rows) == 6
    for everything, odd, even in rows[:3], rows[3:]:
        assert [row[1] for row in (everything, odd, even)] == [
            'all: 4', 'odd, reported: 2', 'even, for choosing: 2']
        assert odd[2:4] == ['1.000 [1.000 1.000]'] * 2
        assert even[2:4] == ['0.000 [0.000 0.000]'] * 2
        value, low, high = map(float, re.findall(r'[0-9.]+', everything[2]))
        assert low < value < high
    assert rows[0][4] == '1.000 [1.000 1.000]'  # the same sample for both networks
    assert rows[2][4] == 'nan [nan nan]' and rows[3][4] == '-'


def test_no_average_precision_without_photographs():
    done = coco_ap(bundled_model(), '--coco', 'nowhere.json')
    assert (done.returncode, done.stdout, done.stderr) == (1, '', 'error: no nowhere.json\n')


def test_without_photographs_there_is_no_precision(tmp_path):
    (tmp_path / 'broken.onnx').write_text('nothing')
    done = engine_table([bundled_model(), str(tmp_path)], '--coco', 'nowhere.json')
    assert done.returncode == 0
    assert done.stderr == 'no AP: no nowhere.json\n'
    assert re.search(r'\| -  *\| -  *\|$', done.stdout.splitlines()[2])
    assert done.stdout.splitlines()[3].startswith('not run: broken.onnx, ')


def test_rows_come_as_they_are_measured(tmp_path):
    """What was measured is not lost if the benchmark is stopped."""
    for name in ('a.tflite', 'b.tflite'):
        shutil.copy(bundled_model(), str(tmp_path / name))
    with subprocess.Popen([sys.executable, os.path.join(ROOT, 'benchmarks', 'engine.py'),
                           str(tmp_path), '--frames', '100', '--coco', 'nowhere.json'],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        lines = [running.stdout.readline() for _ in range(3)]
        running.kill()
        rest = running.stdout.read()
    assert lines[2].startswith('| a.tflite | PoseNet ')
    assert rest == ''


@pytest.mark.parametrize('path', BENCHMARKS, ids=os.path.basename)
def test_benchmark(path, tmp_path):
    name = os.path.basename(path)[:-len('.py')]
    arguments = list(SHORT.get(name, []))
    if name == 'background':
        (tmp_path / 'empty').mkdir()
        shutil.copy(os.path.join(ROOT, 'samples', 'couple.jpg'), str(tmp_path / 'empty' / '1.jpg'))
        arguments.append(str(tmp_path))
    if name == 'coco_ap':
        pytest.importorskip('pycocotools')
        arguments.extend(write_labels(tmp_path, 0))
    if name == 'fleet':
        need_package('duckdb')
        fleet = str(tmp_path / 'fleet')
        subprocess.run([sys.executable, path, 'make', fleet, '--cameras', '2', '--days', '2',
                        '--positions', '2e3'], check=True, timeout=120)
        arguments = ['measure', fleet, '--sizes', '1x2', '2x2']
    if name == 'publish':
        program('mosquitto')
        need_package('paho')
    done = subprocess.run([sys.executable, path, *arguments], capture_output=True, text=True,
                          timeout=120)
    assert done.returncode == 0, done.stderr
    assert re.search(r'\d', done.stdout)
