"""simple_pose.py and pose_camera.py with an OpenPose: what it sees, and parts beyond the 17."""
import json
import os
import subprocess
import sys
from typing import Any

import frozen_graphs
from affinities import maps_of, upright
from helpers import ROOT, bundled_model
from posesuite.engine.families.openpose import COCO_18

import numpy as np
import pytest
from PIL import Image


def run(script: str, *arguments: Any) -> 'subprocess.CompletedProcess[str]':
    return subprocess.run([sys.executable, os.path.join(ROOT, script), *map(str, arguments)],
                          capture_output=True, text=True,
                          env=dict(os.environ, DISPLAY='', WAYLAND_DISPLAY=''))


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """maps.pb, an OpenPose, and people.png, in which it sees two people."""
    folder = tmp_path_factory.mktemp('openpose')
    people = [upright(COCO_18, 14, 12, 9), upright(COCO_18, 8, 38, 7)]
    maps = np.concatenate(maps_of(COCO_18, people, 46, 54))
    frozen_graphs.pixels_are_maps(folder / 'maps.pb', len(maps))
    Image.fromarray(frozen_graphs.picture_of(maps)).save(str(folder / 'people.png'))
    return folder


def test_explain_writes_four_panels(folder):
    done = run('simple_pose.py', folder / 'people.png', '--model', folder / 'maps.pb', '--json',
               '--explain', folder / 'sheet.png')
    assert (done.returncode, done.stderr) == (0, '')
    assert len(json.loads(done.stdout)) == 2
    with Image.open(str(folder / 'sheet.png')) as sheet:
        assert sheet.size == (2 * 480 + 4, 2 * 409 + 4)


def test_explain_into_a_folder(folder):
    (folder / 'sheets').mkdir()
    picture = folder / 'people.png'
    (folder / 'again.png').write_bytes(picture.read_bytes())
    done = run('simple_pose.py', picture, folder / 'again.png', '--model', folder / 'maps.pb',
               '--explain', folder / 'sheets')
    assert (done.returncode, done.stderr) == (0, '')
    assert sorted(os.listdir(str(folder / 'sheets'))) == ['again.png', 'people.png']


def test_explain_is_refused_where_it_would_overwrite(folder):
    picture = folder / 'people.png'
    before = picture.read_bytes()
    done = run('simple_pose.py', picture, '--model', folder / 'maps.pb', '--explain', picture)
    assert (done.returncode, done.stdout) == (1, '')
    done = run('simple_pose.py', picture, '--model', folder / 'maps.pb', '--explain',
               folder / 'a.png', '--output', f'{folder}/./a.png')
    assert done.returncode == 2 and '--explain and --output must differ' in done.stderr
    assert picture.read_bytes() == before


@pytest.mark.parametrize('options', [['--heatmap', 'neck'], ['--heatmap', 'leftKnee'],
                                     ['--affinity', 'leftHip-leftKnee'],
                                     ['--affinity', 'leftKnee-leftHip']], ids=' '.join)
def test_a_camera_shows_maps(folder, options):
    out = folder / f'{"-".join(options)}.png'
    done = run('pose_camera.py', folder / 'people.png', '--frames', 1, '--model',
               folder / 'maps.pb', '--output', out, *options)
    assert (done.returncode, done.stderr) == (0, '')
    plain = folder / 'plain.png'
    run('pose_camera.py', folder / 'people.png', '--frames', 1, '--model', folder / 'maps.pb',
        '--output', plain)
    with Image.open(str(out)) as with_maps, Image.open(str(plain)) as without:
        assert (np.asarray(with_maps) != np.asarray(without)).any(2).mean() > 0.2


@pytest.mark.parametrize('script, options, problem', [
    ('pose_camera.py', ['--affinity', 'neck-nose', '--headless'],
     'error: PoseNet has no affinity fields: an OpenPose has'),
    ('pose_camera.py', ['--heatmap', 'neck', '--headless'], "got 'neck'"),
    ('simple_pose.py', ['--explain', 'sheet.png'],
     'error: PoseNet has no affinity fields: an OpenPose has')])
def test_a_posenet_has_none(folder, script, options, problem):
    options = [str(folder / 'none.png') if option == 'sheet.png' else option for option in options]
    done = run(script, os.path.join(ROOT, 'samples', 'couple.jpg'), '--model', bundled_model(),
               *options)
    lines = [line for line in done.stderr.splitlines() if not line.startswith('INFO')]
    assert done.returncode == 1 and len(lines) == 1 and problem in lines[0]
    assert not os.path.exists(str(folder / 'none.png'))


def test_a_bone_that_is_none(folder):
    done = run('pose_camera.py', folder / 'people.png', '--frames', 1, '--model',
               folder / 'maps.pb', '--headless', '--affinity', 'nose-tail')
    assert done.returncode == 1
    assert done.stderr.startswith('error: need a bone, one of neck-rightShoulder, ')
    assert done.stderr.count('\n') == 1
