"""Every benchmark runs, for about a second, and prints figures."""
import glob
import json
import os
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
    'anonymizer': ['--hours', '1', '--fps', '1'],
    'background': ['--model', bundled_model(), '--kinds', 'empty rooms', '--photos'],
    'decoder': ['--calls', '3'],
    'display': ['--frames', '8', '--clients', '1', '--runs', '1', '--model', bundled_model()],
    'engine': [bundled_model(), '--frames', '2'],
    'published_engine': ['--frames', '2'],
    'edgetpu_process': ['--frames', '3'],
    'music': ['--runs', '1'],
    'pose_camera': ['--frames', '20', '--runs', '1'],
    'pose_server': ['--model', bundled_model(), '--sleep', '5', '--images', '9', '--clients', '3',
                    '--streams', '2', '--seconds', '0.5'],
    'publish': ['--seconds', '0.8', '--visits', '3'],
    'report': ['--days', '2'],
    'tracker': ['--seeds', '1000', '1001']}


def engine_table(models: List[str], *arguments: str) -> 'subprocess.CompletedProcess[str]':
    return subprocess.run([sys.executable, os.path.join(ROOT, 'benchmarks', 'engine.py'),
                           *models, '--frames', '1', *arguments], capture_output=True,
                          text=True, timeout=120)


def test_the_average_precision_is_cocos(tmp_path):
    """1 where the labels are the network's own poses, with a better one first; less if not."""
    pytest.importorskip('pycocotools')
    photo = os.path.join(ROOT, 'samples', 'couple.jpg')
    poses, _ = PoseEngine(bundled_model()).DetectPosesInImage(Image.open(photo))
    assert len(poses) == 2
    for moved, expected in ((0, '100.0'), (300, '0.0')):
        people = [{'id': i + 1, 'image_id': 7, 'category_id': 1, 'iscrowd': 0, 'area': 20000,
                   'num_keypoints': 17, 'bbox': [0, 0, 100, 200],
                   'keypoints': [number for keypoint in pose.keypoints.values()
                                 for number in (keypoint.point.x + moved, keypoint.point.y, 2)]}
                  for i, pose in enumerate(poses)]
        labels = tmp_path / 'labels.json'
        labels.write_text(json.dumps({
            'images': [{'id': 7, 'file_name': 'couple.jpg'}], 'annotations': people,
            'categories': [{'id': 1, 'name': 'person'}]}))
        done = engine_table([bundled_model()], '--coco', str(labels),
                            '--photos', os.path.dirname(photo))
        assert done.returncode == 0, done.stderr
        assert done.stderr == ''
        head, _, row = done.stdout.splitlines()
        cells = dict(zip(*(map(str.strip, line.strip('|').split('|')) for line in (head, row))))
        assert cells['AP'] == cells['AP50'] == expected
        assert (cells['family'], cells['input']) == ('PoseNet', '481x353')


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
    if name == 'publish':
        program('mosquitto')
        need_package('paho')
    done = subprocess.run([sys.executable, path, *arguments], capture_output=True, text=True,
                          timeout=120)
    assert done.returncode == 0, done.stderr
    assert re.search(r'\d', done.stdout)
