"""simple_pose.py, run as its user runs it."""
import json
import os
import shutil
import subprocess
import sys
from typing import Any, Dict

from helpers import ROOT, bundled_model, google_model
from posesuite.pose.skeleton import KeypointType

import numpy as np
import pytest
from PIL import Image

SCRIPT = os.path.join(ROOT, 'simple_pose.py')


def run(*arguments: str, **options: Any) -> 'subprocess.CompletedProcess[bytes]':
    """simple_pose.py with the smallest bundled model unless another is named."""
    model = [] if '--model' in arguments else ['--model', bundled_model()]
    return subprocess.run([sys.executable, SCRIPT, *model, *arguments], capture_output=True,
                          **options)


def error_of(done: 'subprocess.CompletedProcess[bytes]') -> str:
    """The one line that a failure prints; what the runtime says of itself does not count."""
    lines = [line for line in done.stderr.decode().splitlines() if not line.startswith('INFO:')]
    assert len(lines) == 1, lines
    assert lines[0].startswith('error: ')
    assert done.stdout == b''
    return lines[0]


@pytest.fixture
def couple() -> str:
    """A picture of two people."""
    return os.path.join(ROOT, 'samples', 'couple.jpg')


@pytest.fixture
def nobody(tmp_path: Any) -> str:
    """A picture of nobody."""
    path = str(tmp_path / 'nobody.jpg')
    Image.linear_gradient('L').convert('RGB').save(path)
    return path


def test_prints_the_time_and_a_table_of_every_pose(couple):
    done = run(couple)
    assert done.returncode == 0
    first, *lines = done.stdout.decode().splitlines()
    assert first.startswith('Inference time: ') and first.endswith(' ms')
    assert sum(line.startswith('Pose Score: ') for line in lines) == 2
    table = [line.split() for line in lines if '=' in line]
    assert [row[0] for row in table] == [str(part) for part in KeypointType] * 2
    assert all(word.startswith(start) for row in table
               for word, start in zip([w for w in row[1:] if '=' in w], ('x=', 'y=', 'score=')))


def test_json_is_in_the_posenet_convention(couple):
    done = run(couple, '--json')
    poses = json.loads(done.stdout.decode())
    assert len(poses) == 2
    assert [point['part'] for point in poses[0]['keypoints']][:6] == [
        'nose', 'leftEye', 'rightEye', 'leftEar', 'rightEar', 'leftShoulder']
    assert len(poses[0]['keypoints']) == 17
    assert poses[0]['score'] > poses[1]['score'] > 0.4
    left, right = (poses[0]['keypoints'][i]['position']['x'] for i in (5, 6))
    assert 0 < right < left < 640  # they face the camera


def test_several_pictures_print_a_line_each_with_its_name(couple, nobody, tmp_path):
    """Also the one that cannot be read, so that no line is taken for another picture's."""
    cut = str(tmp_path / 'cut.jpg')
    with open(couple, 'rb') as jpeg, open(cut, 'wb') as file:
        file.write(jpeg.read(20000))
    done = run(nobody, cut, couple, '--json')
    assert done.returncode == 1
    lines = [json.loads(line) for line in done.stdout.decode().splitlines()]
    assert [line['image'] for line in lines] == [nobody, cut, couple]
    assert [line['poses'] and len(line['poses']) for line in lines] == [[], None, 2]
    assert ['truncated' in line.get('error', '') for line in lines] == [False, True, False]
    done = run(nobody, cut, couple)
    lines = done.stdout.decode().splitlines()
    assert [line for line in lines if str(tmp_path) in line or line == couple] == [
        nobody, f'{cut}: no poses, it could not be read', couple]
    assert lines[lines.index(couple) + 1].startswith('Inference time: ')


def test_names_are_printed_safely(nobody, tmp_path):
    """A terminal obeys what a name may hold, and an address may hold a password."""
    evil = str(tmp_path / 'a\x1b[31m\nb.jpg')
    shutil.copy(nobody, evil)
    done = run(evil, 'http://me:secret@host.local/a.jpg')
    lines = done.stdout.decode().splitlines()
    assert lines[0] == f'{tmp_path}/a?[31m?b.jpg'
    assert 'http://host.local: no poses, it could not be read' in lines
    done.stdout += run(evil, 'http://me:secret@host.local/a.jpg', '--json').stdout
    assert json.loads(done.stdout.decode().splitlines()[-2])['image'] == evil
    assert b'\x1b' not in done.stdout + done.stderr and b'secret' not in done.stdout + done.stderr


def test_the_only_picture_that_cannot_be_read_is_null(tmp_path):
    done = run(str(tmp_path / 'nowhere.jpg'), '--json')
    assert (done.returncode, done.stdout) == (1, b'null\n')


def test_threshold(couple):
    scores = [pose['score'] for pose in json.loads(run(couple, '--json').stdout.decode())]
    between = str(sum(scores) / 2)
    assert len(json.loads(run(couple, '--json', '--threshold', between).stdout.decode())) == 1


def test_output_draws_the_skeletons_and_nothing_else(couple, tmp_path):
    out = tmp_path / 'skeletons.png'
    assert run(couple, '--output', str(out)).returncode == 0
    before, after = np.asarray(Image.open(couple)), np.asarray(Image.open(str(out)))
    assert before.shape == after.shape
    changed = (before != after).any(axis=2)
    assert 0.002 < changed.mean() < 0.05
    assert not changed[:, :150].any()  # nobody is there


def test_output_of_several_pictures_goes_into_a_folder(couple, nobody, tmp_path):
    (tmp_path / 'out').mkdir()
    assert run(couple, nobody, '--output', str(tmp_path / 'out')).returncode == 0
    assert sorted(os.listdir(str(tmp_path / 'out'))) == ['couple.jpg', 'nobody.jpg']
    done = run(couple, nobody, '--output', str(tmp_path / 'one.jpg'))
    assert done.returncode == 2


def test_nothing_is_overwritten(couple, tmp_path):
    """Neither a picture by its drawing, under any of its names, nor a drawing by another."""
    for name in ('a/1.jpg', 'b/1.JPG', 'out/old.jpg'):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(couple, str(tmp_path / name))
    os.link(str(tmp_path / 'a/1.jpg'), str(tmp_path / 'hard.jpg'))
    os.symlink('a/1.jpg', str(tmp_path / 'soft.jpg'))
    before = everything(tmp_path)
    for pictures, output in ((['a/1.jpg'], 'a'), (['soft.jpg'], 'hard.jpg'),
                             (['a/1.jpg', 'b/1.JPG'], 'out')):
        done = run(*pictures, '--output', output, cwd=str(tmp_path))
        assert done.returncode == 1
        assert 'overwrite' in error_of(done) or 'the same file' in error_of(done)
        assert b'INFO' not in done.stderr  # no network was loaded
        assert everything(tmp_path) == before


def everything(folder: Any) -> Dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob('*') if path.is_file()}


def test_one_drawing_that_cannot_be_written_costs_one_line(couple, tmp_path):
    """A folder of its name is there; and none whose ending says no format that can be written."""
    shutil.copy(couple, str(tmp_path / 'no_ending'))
    (tmp_path / 'out' / 'couple.jpg').mkdir(parents=True)
    done = run(couple, str(tmp_path / 'no_ending'), '--json', '--output', str(tmp_path / 'out'))
    assert done.returncode == 1
    assert done.stderr.count(b'error: ') == 1
    lines = [json.loads(line) for line in done.stdout.decode().splitlines()]
    assert [len(line['poses']) for line in lines] == [2, 2]
    assert ['couple.jpg' in line.get('error', '') for line in lines] == [True, False]
    assert sorted(os.listdir(str(tmp_path / 'out'))) == ['couple.jpg', 'no_ending.png']


def test_a_full_disk_under_standard_output_is_named(couple):
    with open('/dev/full', 'wb') as full:
        done = subprocess.run([sys.executable, SCRIPT, '--model', bundled_model(), couple],
                              stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 1
    assert b'error: cannot write to standard output: No space left on device' in done.stderr


def test_the_picture_is_turned_upright(couple, tmp_path):
    turned = Image.open(couple).rotate(90, expand=True)
    exif = Image.Exif()
    exif[0x112] = 6  # the camera was held so
    turned.save(str(tmp_path / 'turned.jpg'), exif=exif, quality=95)
    assert len(json.loads(run(str(tmp_path / 'turned.jpg'), '--json').stdout.decode())) == 2


def make_bad_picture(path: str, couple: str) -> None:
    name = os.path.basename(path)
    if name == 'folder.jpg':
        os.mkdir(path)
    elif name in ('tiny.png', 'huge.png', 'other.ico'):
        side = {'tiny.png': 1, 'huge.png': 30000, 'other.ico': 48}[name]
        Image.new('1', (side, side)).save(path)
    elif name != 'nowhere.jpg':
        with open(couple, 'rb') as jpeg, open(path, 'wb') as file:
            file.write({'text.jpg': b'no picture at all', 'empty.png': b'',
                        'truncated.jpg': jpeg.read(20000)}[name])


@pytest.mark.parametrize('name, reason', [
    ('nowhere.jpg', 'No such file'), ('folder.jpg', 'Is a directory'),
    ('text.jpg', 'not a JPEG, PNG, WebP, '), ('empty.png', 'not a JPEG, PNG, WebP, '),
    ('truncated.jpg', 'truncated'), ('tiny.png', '1x1 pixels, need 16x16'),
    ('huge.png', 'more than'), ('other.ico', 'not a JPEG, PNG, WebP, ')])
def test_a_bad_picture_gets_one_line(tmp_path, couple, name, reason):
    make_bad_picture(str(tmp_path / name), couple)
    done = run(str(tmp_path / name))
    assert done.returncode == 1
    assert reason in error_of(done)
    assert name in error_of(done)


def test_a_bad_picture_does_not_stop_the_others(tmp_path, couple):
    done = run(str(tmp_path / 'nowhere.jpg'), couple, '--json')
    assert done.returncode == 1
    failed, good = [json.loads(line) for line in done.stdout.decode().splitlines()]
    assert (failed['poses'], len(good['poses'])) == (None, 2)


@pytest.mark.parametrize('arguments, reason', [
    (['--model', 'nowhere.tflite'], 'no model nowhere.tflite'),
    (['--output', '/nowhere/out.png'], '/nowhere/out.png'),
    (['--output', 'picture.xyz'], 'xyz'), (['--output', 'picture'], 'Pillow'),
    (['--output', 'icon.ico'], 'icon.ico'), (['--output', 'new/'], 'new/'),
])
def test_what_cannot_be_used_gets_one_line(couple, tmp_path, arguments, reason):
    done = run(couple, '--json', *arguments, cwd=str(tmp_path))
    assert done.returncode == 1
    lines = [line for line in done.stderr.decode().splitlines() if line.startswith('error: ')]
    assert len(lines) == 1
    assert reason in lines[0]
    assert done.stdout == b''  # it is found out before any picture is looked at


def test_wrong_usage_is_status_2(couple):
    assert run(couple, '--thresholds', '3').returncode == 2
    assert run(couple, '--threshold', 'high').returncode == 2
    assert run(couple, '--threshold', '1.1').returncode == 2
    assert run(couple, '--device', 'gpu').returncode == 2


def test_help_and_version():
    done = run('--help')
    assert done.returncode == 0
    assert b'python3 simple_pose.py samples/couple.jpg' in done.stdout
    assert b'default' in done.stdout
    assert run('--version').stdout.strip()


def test_offline_it_takes_the_sample_and_says_so(tmp_path):
    """The proxy of this child is a closed port: no host answers."""
    env = dict(os.environ, XDG_CACHE_HOME=str(tmp_path), https_proxy='http://127.0.0.1:9',
               no_proxy='', NO_PROXY='')
    done = run('--json', env=env)
    assert done.returncode == 0, done.stderr.decode()
    assert len(json.loads(done.stdout.decode())) == 2
    assert 'couple.jpg' in done.stderr.decode()
    assert not any(files for _, _, files in os.walk(str(tmp_path)))


@pytest.mark.parametrize('there', [True, False])
def test_the_bundled_model_serves_until_googles_is_there(tmp_path, there):
    """In a copy of the suite that has no downloads, and one that has Google's file."""
    google = google_model('481_641', '_edgetpu') if there else None
    for name in ('simple_pose.py', 'pose_engine.py'):  # copies, since they know their folder
        shutil.copy(os.path.join(ROOT, name), str(tmp_path))
    shutil.copytree(os.path.join(ROOT, 'posesuite'), str(tmp_path / 'posesuite'))
    os.symlink(os.path.join(ROOT, 'posenet_decoder'), str(tmp_path / 'posenet_decoder'))
    (tmp_path / 'models' / 'mobilenet').mkdir(parents=True)
    for name in ('SHA256SUMS', 'rendered'):
        os.symlink(os.path.join(ROOT, 'models', name), str(tmp_path / 'models' / name))
    if google:
        os.symlink(os.path.abspath(google), str(tmp_path / 'models/mobilenet' /
                                                os.path.basename(google)))
    done = subprocess.run([sys.executable, str(tmp_path / 'simple_pose.py'), '--json',
                           os.path.join(ROOT, 'samples', 'couple.jpg')], capture_output=True)
    said = done.stderr.decode()
    assert ('quant_decoder_edgetpu.tflite needs an Edge TPU' in said) == there
    assert ("Google's models are not here" in said) == (not there)
    if not there:
        assert len(json.loads(done.stdout.decode())) == 2, said


def test_the_cached_sample_is_used(tmp_path, couple):
    from simple_pose import SAMPLE_URL
    folder = tmp_path / 'edge-tpu-pose-suite'
    folder.mkdir()
    shutil.copy(couple, str(folder / os.path.basename(SAMPLE_URL)))
    done = run('--json', env=dict(os.environ, XDG_CACHE_HOME=str(tmp_path)))
    assert len(json.loads(done.stdout.decode())) == 2
    assert 'couple.jpg' not in done.stderr.decode()


def test_it_runs_from_any_folder_and_through_a_symlink(couple, tmp_path):
    folder = tmp_path / 'a [folder] of an Älterer'
    folder.mkdir()
    os.symlink(SCRIPT, str(folder / 'poses.py'))
    done = subprocess.run([sys.executable, 'poses.py', couple, '--model', bundled_model(),
                           '--json'], cwd=str(folder), capture_output=True)
    assert len(json.loads(done.stdout.decode())) == 2, done.stderr.decode()
