"""The scripts run from any folder, under any locale, and beside packages of the same names."""
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List

from helpers import ROOT
from posesuite.child import child_command

import pytest

SCRIPTS = ('pose_camera.py', 'simple_pose.py', 'anonymizer.py', 'synthesizer.py', 'visits.py',
           'pose_log.py', 'pose_trainer.py', 'pose_web.py', 'doctor.py')
FOLDER = "Käthe's [1] Räume 部屋"
C_LOCALE = {'LC_ALL': 'C', 'PYTHONUTF8': '0', 'PYTHONCOERCECLOCALE': '0'}
LATIN_1 = {'PYTHONIOENCODING': 'latin-1'}


@pytest.fixture(scope='module')
def suite(tmp_path_factory) -> Path:
    """A checkout in a folder that has blanks, a bracket, a quote and umlauts in its name."""
    folder = tmp_path_factory.mktemp('anywhere') / FOLDER
    folder.mkdir()
    for name in (*SCRIPTS, 'pose_engine.py'):
        shutil.copy(os.path.join(ROOT, name), str(folder))
    shutil.copytree(os.path.join(ROOT, 'posesuite'), str(folder / 'posesuite'),
                    ignore=shutil.ignore_patterns('__pycache__'))
    (folder / 'models').mkdir()
    for name in ('models/SHA256SUMS', 'models/rendered', 'samples', 'posenet_decoder'):
        (folder / name).symlink_to(os.path.join(ROOT, name))
    return folder


@pytest.fixture
def impostors(tmp_path) -> str:
    """A folder for PYTHONPATH with packages of the suite's names that end whoever imports them."""
    for name in ('posesuite', 'pose_engine', 'models', 'samples', 'training', 'tests',
                 *(script[:-len('.py')] for script in SCRIPTS)):
        (tmp_path / 'impostors' / name).mkdir(parents=True)
        (tmp_path / 'impostors' / name / '__init__.py').write_text('raise SystemExit("impostor")')
    return str(tmp_path / 'impostors')


def run(*command: Any, cwd: Any, **environment: str) -> str:
    """Runs a command without a home folder and without the network; returns its stdout."""
    env: Dict[str, str] = {**os.environ, **environment, 'https_proxy': 'http://127.0.0.1:9',
                           'XDG_CACHE_HOME': os.path.join(str(cwd), 'cache')}
    env.pop('HOME', None)
    done = subprocess.run([sys.executable, *map(os.fsdecode, command)], cwd=str(cwd), env=env,
                          capture_output=True)
    assert done.returncode == 0, done.stderr.decode(errors='replace')
    assert b'Traceback' not in done.stderr
    return done.stdout.decode(errors='replace')


def count_of_poses(output: str) -> List[int]:
    return [len(json.loads(line)) for line in output.splitlines()]


@pytest.mark.parametrize('name', SCRIPTS)
def test_a_symlink_beside_packages_of_the_same_names(suite, impostors, tmp_path, name):
    (tmp_path / name).symlink_to(suite / name)
    assert 'usage:' in run(tmp_path / name, '--help', cwd=impostors, PYTHONPATH=impostors)


def test_simple_pose_through_a_symlink_beside_packages_of_the_same_names(suite, impostors,
                                                                         tmp_path):
    (tmp_path / 'poses').symlink_to(suite / 'simple_pose.py')
    shutil.copy(os.path.join(ROOT, 'samples', 'couple.jpg'), str(tmp_path))
    assert count_of_poses(run('../poses', '../couple.jpg', '--json', cwd=impostors,
                              PYTHONPATH=impostors)) == [2]


def test_a_child_process_has_the_very_suite_of_its_parent(impostors):
    command = child_command('posesuite.download', '--help')
    assert 'models' in run(*command[1:], cwd=impostors, PYTHONPATH=impostors)


@pytest.mark.parametrize('environment', [{}, C_LOCALE, LATIN_1], ids=['UTF-8', 'C', 'Latin-1'])
def test_simple_pose_finds_its_sample_and_model_in_a_folder_of_any_name(suite, tmp_path,
                                                                        environment):
    output = os.fsencode(str(tmp_path / 'Bären.png'))
    found = run(suite / 'simple_pose.py', '--json', '--output', output, cwd=tmp_path,
                **environment)
    assert count_of_poses(found) == [2]
    assert os.path.getsize(output) > 10000


@pytest.mark.parametrize('environment', [C_LOCALE, LATIN_1], ids=['C', 'Latin-1'])
def test_the_demos_under_another_locale(suite, tmp_path, environment):
    """A log, a video, a MIDI file, a store and its report, all of them with umlauts."""
    folder = tmp_path / 'Übung [2]'
    folder.mkdir()

    def path(name: str) -> bytes:
        return os.fsencode(str(folder / name))

    run(suite / 'pose_camera.py', '--videosrc', suite / 'samples' / 'one_person.mp4', '--frames',
        '5', '--log', path('ä.jsonl'), '--output', path('ö.mp4'), cwd=folder, **environment)
    run(suite / 'pose_log.py', 'convert', path('ä.jsonl'), path('ü.csv'), cwd=folder,
        **environment)
    assert len((folder / 'ü.csv').read_text(encoding='utf-8').splitlines()) > 1
    run(suite / 'synthesizer.py', '--demo', '--mute', '--headless', '--frames', '60', '--record',
        path('Lied.mid'), cwd=folder, **environment)
    run(suite / 'anonymizer.py', '--videosrc', path('ä.jsonl'), '--headless', '--store',
        path('Gäste.db'), cwd=folder, **environment)
    assert {'ä.jsonl', 'ö.mp4', 'ü.csv', 'Lied.mid', 'Gäste.db'} <= set(os.listdir(str(folder)))
    assert (folder / 'Lied.mid').read_bytes().startswith(b'MThd')


def test_a_report_under_another_locale(suite, tmp_path):
    pytest.importorskip('jinja2')
    run(suite / 'anonymizer.py', '--videosrc', suite / 'samples' / 'two_crossing.jsonl',
        '--headless', '--store', 'Gäste.db', cwd=tmp_path)
    names = [os.fsencode(name) for name in ('Gäste.db', 'Bericht für Käthe.html')]
    run(suite / 'visits.py', 'report', names[0], '-o', names[1], cwd=tmp_path, **C_LOCALE)
    assert '</html>' in (tmp_path / 'Bericht für Käthe.html').read_text(encoding='utf-8')


@pytest.mark.parametrize('name', SCRIPTS)
def test_without_the_packages_one_line_names_the_command(suite, tmp_path, name):
    """Under a Python that has only its standard library; doctor.py needs no more."""
    (suite / 'install_requirements.sh').touch()
    done = subprocess.run([sys.executable, '-S', str(suite / name), '--help'], cwd=str(tmp_path),
                          env={k: v for k, v in os.environ.items() if k != 'PYTHONPATH'},
                          capture_output=True)
    if name == 'doctor.py':
        assert (done.returncode, done.stderr) == (0, b'')
        return
    lines = done.stderr.decode().splitlines()
    assert (done.returncode, len(lines), done.stdout) == (1, 1, b'')
    assert lines[0].startswith('error: this Python lacks numpy, opencv-python, pillow; type: sh ')
    command = lines[0].partition('type: ')[2]
    assert command.endswith('/.venv/bin/activate' + "'")
    assert subprocess.run(['sh', '-n', '-c', command]).returncode == 0


def test_without_the_packages_an_importer_gets_an_importerror(suite, tmp_path):
    done = subprocess.run([sys.executable, '-S', '-c', 'import pose_engine'], cwd=str(suite),
                          env=dict(os.environ, PYTHONPATH=str(suite)), capture_output=True)
    assert b'ImportError: this Python lacks numpy' in done.stderr


def test_what_runs_on_linux_alone_is_not_imported_with_the_engine():
    """Windows and macOS lack these, or parts of them."""
    code = ('import sys\n'
            'for name in ("fcntl", "resource", "termios", "pwd", "grp", "posix_ipc"):\n'
            '    sys.modules[name] = None\n'
            'import os, signal\n'
            'del os.pread, os.getuid, signal.SIGHUP, signal.SIGPIPE\n'
            'from pose_engine import PoseEngine\n'
            'import posesuite.camera, posesuite.display, posesuite.pose, posesuite.script\n')
    assert subprocess.run([sys.executable, '-c', code], cwd=ROOT).returncode == 0


def test_a_video_whose_name_is_not_utf8_plays(suite, tmp_path):
    name = os.path.join(os.fsencode(str(tmp_path)), b'K\xe4the.mp4')
    shutil.copy(os.path.join(ROOT, 'samples', 'one_person.mp4'), name)
    log = tmp_path / 'log.jsonl'
    done = subprocess.run([sys.executable, str(suite / 'pose_camera.py'), '--headless', '--frames',
                           '5', '--log', str(log), '--videosrc', name], capture_output=True)
    assert (done.returncode, log.read_bytes().count(b'\n')) == (0, 6), done.stderr
