"""The wheel: what is in it, and that its commands run from any folder.

Those for other platforms are tried by `python3 tools/build_wheels.py --check`.
"""
import glob
import json
import os
import shutil
import subprocess
import sys
import zipfile
from typing import Any, Dict, List

from helpers import ROOT, need
from posesuite import __version__, files

import pytest

COMMANDS = ('pose-camera', 'simple-pose', 'anonymizer', 'synthesizer', 'visits', 'pose-log',
            'pose-trainer', 'pose-server', 'pose-web', 'pose-doctor')
BUILD = 'from setuptools import build_meta; import sys; build_meta.build_wheel(sys.argv[1])'


@pytest.fixture(scope='module')
def wheel(tmp_path_factory) -> str:
    """The wheel for this machine."""
    need('sh')
    pytest.importorskip('setuptools')
    try:
        import setuptools.command.bdist_wheel  # noqa: F401
    except ImportError:
        pytest.importorskip('wheel')
    folder = str(tmp_path_factory.mktemp('wheel'))
    before = set(os.listdir(ROOT))
    done = subprocess.run([sys.executable, '-c', BUILD, folder], cwd=ROOT, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout.decode()[-3000:]
    assert not {'build', 'edge_tpu_pose_suite.egg-info'} & (set(os.listdir(ROOT)) - before)
    path, = glob.glob(os.path.join(folder, '*.whl'))
    return path


@pytest.fixture(scope='module')
def installed(wheel, tmp_path_factory) -> str:
    """An environment with the wheel's files alone; the packages that it needs are this one's."""
    folder = tmp_path_factory.mktemp('installed')
    subprocess.run([sys.executable, '-m', 'pip', 'install', '-q', '--no-deps', '--no-index',
                    '--disable-pip-version-check', '--target', str(folder), wheel], check=True)
    for path in (folder / 'posesuite').rglob('*'):  # as root has it in /usr/lib
        path.chmod(0o555 if path.is_dir() else 0o444)
    return str(folder)


def run(installed: str, *command: str, cwd: Any, **environment: str
        ) -> 'subprocess.CompletedProcess[str]':
    env: Dict[str, str] = {**os.environ, 'PYTHONPATH': installed, 'XDG_CACHE_HOME': str(cwd),
                           'https_proxy': 'http://127.0.0.1:9', **environment}
    return subprocess.run([sys.executable, *command], cwd=str(cwd), env=env, text=True,
                          capture_output=True)


def command(installed: str, name: str) -> str:
    return os.path.join(installed, 'bin', name)


def tracked(*patterns: str) -> List[str]:
    listed = subprocess.run(['git', '-C', ROOT, 'ls-files', *patterns], stdout=subprocess.PIPE)
    return listed.stdout.decode().split() or pytest.skip('no git checkout')


def test_the_wheel_has_the_library_the_scripts_the_data_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if '.dist-info/' not in name}
    package = {name for name in tracked('posesuite')
               if os.path.exists(os.path.join(ROOT, name))}  # it may just be deleted
    assert package <= names
    others = names - package - {name for name in names if name.startswith('posesuite/')
                                and os.path.exists(os.path.join(ROOT, name))}
    scripts = {f'posesuite/scripts/{name}' for name in (
        '__init__.py', 'pose_camera.py', 'simple_pose.py', 'anonymizer.py', 'synthesizer.py',
        'visits.py', 'pose_log.py', 'pose_trainer.py', 'pose_server.py', 'pose_web.py',
        'doctor.py')}
    library = os.path.relpath(files.decoder_library(), ROOT)
    models = {f'posesuite/{name}' for name in tracked(
        'models/SHA256SUMS', 'models/SIZES', 'models/rendered/*_quant_decoder.tflite')}
    samples = {f'posesuite/samples/{name}' for name in (
        'couple.jpg', 'one_person.mp4', 'trio.jsonl')}
    page = {f'posesuite/{name}' for name in tracked('web')
            if not name.startswith('web/decoder/') or name.endswith('.wasm')}
    assert others == {'pose_engine.py', 'posesuite/LICENSE', f'posesuite/{library}', *scripts,
                      *models, *samples, *page}
    assert 'posesuite/py.typed' in package


def test_its_name_says_any_python_and_this_platform(wheel):
    name, version, python, abi, platform = os.path.basename(wheel)[:-len('.whl')].split('-')
    assert (name, version, python, abi) == ('edge_tpu_pose_suite', __version__, 'py3', 'none')
    assert platform != 'any'


def test_its_metadata(wheel):
    with zipfile.ZipFile(wheel) as archive:
        name, = (name for name in archive.namelist() if name.endswith('.dist-info/METADATA'))
        metadata = archive.read(name).decode()
    assert 'Requires-Python: >=3.7' in metadata
    assert 'Requires-Dist: opencv-python' in metadata
    assert 'Apache-2.0' in metadata
    assert 'pytest' not in metadata.partition('\n\n')[0]


@pytest.mark.parametrize('name', COMMANDS)
def test_each_command_has_a_version(installed, tmp_path, name):
    done = run(installed, command(installed, name), '--version', cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, f'{__version__}\n'), done.stderr


def test_simple_pose_finds_people_from_another_folder(installed, tmp_path):
    shutil.copy(os.path.join(ROOT, 'samples', 'couple.jpg'), str(tmp_path / 'mine.jpg'))
    done = run(installed, command(installed, 'simple-pose'), 'mine.jpg', '--json', cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)) == 2
    assert 'python3 -m posesuite.download' in done.stderr


def test_without_arguments_it_takes_the_sample_in_the_wheel(installed, tmp_path):
    done = run(installed, command(installed, 'simple-pose'), '--json', cwd=tmp_path)
    assert len(json.loads(done.stdout)) == 2
    assert os.path.join(installed, 'posesuite', 'samples', 'couple.jpg') in done.stderr


def test_a_program_imports_the_engine_anywhere(installed, tmp_path):
    code = ('from pose_engine import PoseEngine\n'
            'from posesuite.engine import default_model\n'
            'from PIL import Image\n'
            f'engine = PoseEngine(default_model((480, 360)))\n'
            f'poses, _ = engine.DetectPosesInImage(Image.open(r"{ROOT}/samples/couple.jpg"))\n'
            'print(len(poses), engine.model_path)')
    done = run(installed, '-c', code, cwd=tmp_path)
    count, _, path = done.stdout.strip().partition(' ')
    assert path.startswith(os.path.join(installed, 'posesuite', 'models')), done.stderr
    assert int(count) >= 2


def test_the_synthesizer_plays_its_demo(installed, tmp_path):
    done = run(installed, command(installed, 'synthesizer'), '--demo', '--mute', '--headless',
               '--frames', '30', '--record', 'take.mid', cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / 'take.mid').read_bytes().startswith(b'MThd')


def test_packages_of_other_names_do_not_get_in(installed, tmp_path):
    """Only posesuite and pose_engine are the suite's own at the top level."""
    for name in ('visits', 'models', 'samples', 'doctor', 'simple_pose', 'training'):
        (tmp_path / f'{name}.py').write_text('raise SystemExit("another package")')
    path = os.pathsep.join([str(tmp_path), installed])
    for name in ('visits', 'simple-pose', 'pose-doctor'):
        done = run(installed, command(installed, name), '--help', cwd=tmp_path, PYTHONPATH=path)
        assert done.returncode == 0, done.stderr


def test_googles_models_lie_among_the_users_files(installed, tmp_path):
    """Where the downloader puts them, and where the default model is looked for."""
    code = ('from posesuite import download, files\n'
            'from posesuite.engine import default_model\n'
            'download.fetch = lambda files, url, into, elsewhere: print(into) or 0\n'
            'import sys; sys.argv[1:] = []\n'
            'download.main()\n'
            'print(default_model((640, 480)))')
    google = tmp_path / 'edge-tpu-pose-suite' / 'models' / 'mobilenet' / (
        'posenet_mobilenet_v1_075_481_641_quant_decoder_edgetpu.tflite')
    google.parent.mkdir(parents=True)
    google.touch()
    done = run(installed, '-c', code, cwd=tmp_path, XDG_DATA_HOME=str(tmp_path))
    assert done.stdout.splitlines() == [str(google.parent.parent), str(google)], done.stderr


def test_the_page_is_built_by_an_installed_suite(installed, tmp_path):
    cache = os.path.dirname(files.user_folder('cache'))
    done = run(installed, command(installed, 'pose-web'), '--build', 'site', cwd=tmp_path,
               XDG_CACHE_HOME=cache, PATH='')
    if 'cannot be fetched' in done.stderr:
        pytest.skip(done.stderr)
    assert done.returncode == 0, done.stderr
    assert {'index.html', 'posenet.js', 'decoder', 'litert', 'models.json', 'LICENSE',
            'service_worker.js'} <= set(os.listdir(tmp_path / 'site'))


def test_without_a_home_folder_the_users_files_are_temporary(monkeypatch):
    monkeypatch.delenv('XDG_DATA_HOME', raising=False)
    monkeypatch.setattr(os.path, 'expanduser', lambda path: path)
    assert os.path.isabs(files.user_folder('data'))
    assert files.user_folder('data') != files.user_folder('cache')


def test_a_checkout_keeps_its_models(monkeypatch):
    assert files.models_folder() == os.path.join(ROOT, 'models')
    assert files.command('simple_pose.py') == 'python3 simple_pose.py'
    monkeypatch.setattr(files, 'INSTALLED', True)
    assert files.command('simple_pose.py') == 'simple-pose'
    assert files.command('doctor.py') == 'pose-doctor'


def test_what_a_user_imports_is_typed():
    pytest.importorskip('mypy')
    done = subprocess.run([sys.executable, '-m', 'mypy'], cwd=ROOT, stdout=subprocess.PIPE)
    assert done.returncode == 0, done.stdout.decode()


def test_the_builder_of_all_wheels_names_its_platforms():
    builder = os.path.join(ROOT, 'tools', 'build_wheels.py')
    shown = subprocess.run([sys.executable, builder, '--help'], stdout=subprocess.PIPE)
    assert all(platform in shown.stdout.decode() for platform in (
        'manylinux2014_x86_64', 'manylinux2014_aarch64', 'manylinux2014_armv7l', 'win_amd64',
        'macosx_11_0_arm64'))
    wrong = subprocess.run([sys.executable, builder, 'amiga'], stderr=subprocess.PIPE)
    assert wrong.returncode == 2
    assert b'got amiga' in wrong.stderr


def test_a_source_distribution_makes_the_same_wheel(wheel, tmp_path):
    code = BUILD.replace('build_wheel', 'build_sdist')
    subprocess.run([sys.executable, '-c', code, str(tmp_path)], cwd=ROOT, check=True,
                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    archive, = tmp_path.glob('*.tar.gz')
    shutil.unpack_archive(str(archive), str(tmp_path / 'source'))
    source, = (tmp_path / 'source').iterdir()
    subprocess.run([sys.executable, '-c', BUILD, str(tmp_path)], cwd=str(source), check=True,
                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    again, = tmp_path.glob('*.whl')
    with zipfile.ZipFile(wheel) as first, zipfile.ZipFile(str(again)) as second:
        assert set(first.namelist()) == set(second.namelist())
