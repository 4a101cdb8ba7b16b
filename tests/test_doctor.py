"""doctor.py as a user runs it, in a tree where one thing is broken for real."""
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, NamedTuple, Tuple

from helpers import ROOT, bundled_model

import cv2
import numpy
import PIL
import pytest

FILES = ['doctor.py', 'pose_engine.py', 'posenet_decoder/posenet_decoder.so', 'models/SHA256SUMS',
         'models/download.py']
SMALLEST = 'mobilenet/posenet_mobilenet_v1_075_353_481_quant_decoder.tflite'
NEEDED = ['Python', 'packages', 'runtime', 'decoder', 'models', 'CPU run']
CRASH = '*(volatile int *)0 = 1;'


class Row(NamedTuple):
    """A row of the table, its lines joined by spaces."""
    state: str
    found: str
    cure: str


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of what doctor.py looks at. Each of Google's models is the bundled one by its name."""
    copy(tmp_path, *FILES)
    (tmp_path / 'models' / 'mobilenet').mkdir()
    names = [line.split()[1] for line in (tmp_path / 'models' / 'SHA256SUMS').open()
             if ' mobilenet/' in line]
    for name in names:
        (tmp_path / 'models' / name).symlink_to(bundled_model())
    digest = hashlib.sha256(Path(bundled_model()).read_bytes()).hexdigest()
    (tmp_path / 'models' / 'SHA256SUMS').write_text(
        ''.join(f'{digest}  {name}\n' for name in names))
    return tmp_path


def copy(folder: Path, *names: str) -> None:
    """Copies these files, and the library, from the checkout."""
    for name in names:
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(os.path.join(ROOT, name), str(folder / name))
    shutil.copytree(os.path.join(ROOT, 'posesuite'), str(folder / 'posesuite'),
                    ignore=shutil.ignore_patterns('__pycache__'))


@pytest.fixture(scope='module')
def bare_python(tmp_path_factory: Any) -> str:
    """A Python without any package."""
    folder = tmp_path_factory.mktemp('bare')
    subprocess.run([sys.executable, '-m', 'venv', '--without-pip', str(folder)], check=True)
    return str(folder / 'bin' / 'python')


@pytest.fixture
def packages_only(tmp_path: Path) -> str:
    """A folder for PYTHONPATH with all the packages at hand but the runtimes and pycoral."""
    folder = tmp_path / 'site'
    folder.mkdir()
    for package in (numpy, cv2, PIL):
        for path in Path(package.__file__).parent.parent.iterdir():
            target = folder / path.name
            if not (target.exists() or path.name.endswith('.pth') or path.name.startswith(
                    ('ai_edge_litert', 'tflite_runtime', 'pycoral'))):
                target.symlink_to(path)
    return str(folder)


def doctor(tree: Path, *args: str, python: str = sys.executable,
           **changes: str) -> 'subprocess.CompletedProcess[str]':
    """Runs doctor.py from another folder, as anyone may, without a display."""
    env = {key: value for key, value in os.environ.items()
           if key not in ('DISPLAY', 'WAYLAND_DISPLAY')}
    return subprocess.run([python, str(tree / 'doctor.py'), *args], capture_output=True,
                          text=True, env=dict(env, **changes), cwd='/', timeout=300)


def rows_of(table: str) -> Dict[str, Row]:
    """Reads the table."""
    assert max(map(len, table.splitlines())) <= 80
    rows = {}
    for text in re.split(r'\n(?=\S)', table):
        state, name, rest = text[:2], text[4:17].strip(), ' '.join(text[17:].split())
        found, _, cure = rest.partition('-> ')
        rows[name] = Row(state, found.strip(), cure)
    return rows


def examine(tree: Path, *args: str, **options: str) -> Tuple[int, Dict[str, Row]]:
    """Returns doctor.py's exit status and its rows by their names."""
    process = doctor(tree, *args, **options)
    table, _, verdict = process.stdout.rpartition('\n\n')
    does = {0: 'run', 1: 'do not run'}[process.returncode]
    assert verdict == f'The demos {does} on the CPU.\n'
    assert process.stderr == ''
    return process.returncode, rows_of(table)


def compile_library(path: Path, code: str) -> None:
    """Compiles a shared library of C code."""
    compiler = shutil.which('cc') or pytest.skip('no C compiler: apt-get install gcc')
    path.with_suffix('.c').write_text(code)
    if path.exists():
        path.unlink()
    subprocess.run([compiler, '-shared', '-fPIC', '-o', str(path), str(path.with_suffix('.c'))],
                   check=True)


def compile_libedgetpu(folder: Path, create: str) -> None:
    """Compiles a libedgetpu whose delegate's creation is the given C code."""
    compile_library(folder / 'libedgetpu.so.1', '''
        #include <stdlib.h>
        void *tflite_plugin_create_delegate(char **k, char **v, size_t n, void (*e)(const char *))
        { %s return NULL; }
        void tflite_plugin_destroy_delegate(void *delegate) {}''' % create)


def test_healthy(tree: Path) -> None:
    status, rows = examine(tree)
    assert status == 0
    assert {name: rows[name].state for name in NEEDED} == dict.fromkeys(NEEDED, 'ok')
    assert not any(rows[name].cure for name in NEEDED)
    assert rows['models'].found == '6 of 6 model files are whole'
    assert 'ms' in rows['CPU run'].found


def test_nothing_is_there(tmp_path: Path, bare_python: str) -> None:
    copy(tmp_path, 'doctor.py')
    status, rows = examine(tmp_path, python=bare_python, PYTHONPATH='')
    assert status == 1
    assert rows['packages'].found == 'missing: numpy, opencv-python, pillow'
    assert rows['packages'].cure == 'sh install_requirements.sh && . .venv/bin/activate'
    assert rows['decoder'].state == rows['runtime'].state == rows['CPU run'].state == '!!'


def test_no_runtime(tree: Path, bare_python: str, packages_only: str) -> None:
    status, rows = examine(tree, python=bare_python, PYTHONPATH=packages_only)
    assert status == 1
    for row in rows['runtime'], rows['CPU run']:
        assert row.state == '!!'
        assert row.found == ('neither ai_edge_litert nor tflite_runtime is installed: '
                             'sh install_requirements.sh && . .venv/bin/activate')
    assert rows['packages'].state == rows['decoder'].state == 'ok'


@pytest.mark.skipif(int(numpy.__version__.split('.')[0]) < 2, reason='needs numpy 2')
def test_tflite_runtime_with_numpy_2(tree: Path, bare_python: str, packages_only: str) -> None:
    # It imports, and then fails like this at the first interpreter.
    package = Path(packages_only) / 'tflite_runtime'
    package.mkdir()
    (package / '__init__.py').write_text('__version__ = "2.14.0"\n')
    (package / 'interpreter.py').write_text(
        'def Interpreter(model_path):\n    raise SystemError("returned with an error set") from '
        'ImportError("numpy.core.multiarray failed to import")\n')
    status, rows = examine(tree, python=bare_python, PYTHONPATH=packages_only)
    assert status == 1
    assert 'built for numpy 1, here is numpy ' + numpy.__version__ in rows['runtime'].found
    assert rows['runtime'].cure == "python3 -m pip install 'numpy<2'"


@pytest.mark.parametrize('files, state, found', [
    (['__init__.py', 'pycoral.py'], '!!', "PyPI's pycoral"),
    (['__init__.py', 'utils/__init__.py', 'utils/edgetpu.py'], 'ok', "Coral's own")])
def test_pycoral(tree: Path, bare_python: str, files: Any, state: str, found: str) -> None:
    for name in files:
        path = tree / 'site' / 'pycoral' / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('raise SystemExit("doctor.py must not run this")\n')
    _, rows = examine(tree, python=bare_python, PYTHONPATH=str(tree / 'site'))
    assert rows['pycoral'].state == state
    assert found in rows['pycoral'].found
    assert ('pip uninstall pycoral' in rows['pycoral'].cure) == (state == '!!')


def test_decoder_missing(tree: Path) -> None:
    (tree / 'posenet_decoder' / 'posenet_decoder.so').unlink()
    status, rows = examine(tree)
    assert status == 1
    assert rows['decoder'].found == 'posenet_decoder/posenet_decoder.so is missing'
    assert rows['decoder'].cure == 'sh install_requirements.sh'


def test_decoder_truncated(tree: Path) -> None:
    path = tree / 'posenet_decoder' / 'posenet_decoder.so'
    path.write_bytes(path.read_bytes()[:1000])
    status, rows = examine(tree)
    assert status == 1
    assert rows['decoder'].state == '!!'
    assert 'rm posenet_decoder/*.so' in rows['decoder'].cure


@pytest.mark.parametrize('body, found', [
    (CRASH, 'SIGSEGV'), ('return 0;', 'finds 0 poses'), ('for (;;);', 'no answer within 3 s')])
def test_decoder_crashes_or_errs_or_hangs(tree: Path, body: str, found: str) -> None:
    compile_library(tree / 'posenet_decoder' / 'posenet_decoder.so',
                    'char *posenet_decode(void *f, void *o, void *p, int *count) { %s }' % body)
    status, rows = examine(tree, *(['--timeout', '3'] if 'within' in found else []))
    assert status == 1
    assert rows['decoder'].state == '!!'
    assert found in rows['decoder'].found


def test_models_missing(tree: Path) -> None:
    shutil.rmtree(str(tree / 'models' / 'mobilenet'))
    status, rows = examine(tree)
    assert status == 1
    assert rows['models'] == Row('!!', 'none of the 6 model files is here',
                                 'python3 models/download.py')
    assert rows['CPU run'].state == '!!'


def test_one_cpu_model_is_enough(tree: Path) -> None:
    for path in (tree / 'models' / 'mobilenet').iterdir():
        if path.name != Path(SMALLEST).name:
            path.unlink()
    status, rows = examine(tree)
    assert status == 0
    assert rows['models'].state == '--'
    assert rows['models'].found.startswith('1 of 6 model files are whole missing: ')


def test_edgetpu_models_are_not_enough(tree: Path) -> None:
    for path in (tree / 'models' / 'mobilenet').iterdir():
        if not path.name.endswith('_edgetpu.tflite'):
            path.unlink()
    status, rows = examine(tree)
    assert status == 1
    assert rows['models'].state == '!!'


def test_model_damaged(tree: Path) -> None:
    path = tree / 'models' / SMALLEST
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.unlink()
    path.write_bytes(content)
    status, rows = examine(tree)
    assert status == 0  # another one is whole
    assert rows['models'].state == '!!'
    assert rows['models'].found.endswith(f'damaged: {path.name}')
    assert rows['models'].cure == 'python3 models/download.py'


def test_bundled_model(tree: Path) -> None:
    shutil.rmtree(str(tree / 'models' / 'mobilenet'))
    shutil.copy(bundled_model(), str(tree / 'models' / 'bundled.tflite'))
    status, rows = examine(tree)
    assert status == 0
    assert 'bundled.tflite' in rows['CPU run'].found


@pytest.mark.parametrize('create, state, found, cure', [
    (CRASH, '!!', 'crashes with SIGSEGV', 'do not fit each other'),
    ('abort();', '!!', 'crashes with SIGABRT', 'plug it in again'),
    ('', '--', 'no Edge TPU is plugged in', '')])
def test_libedgetpu(tree: Path, create: str, state: str, found: str, cure: str) -> None:
    compile_libedgetpu(tree, create)
    status, rows = examine(tree, LD_LIBRARY_PATH=str(tree))
    assert status == 0  # the CPU serves
    assert rows['TPU library'].state == 'ok'
    assert rows['Edge TPU'].state == state
    assert found in rows['Edge TPU'].found
    assert cure in rows['Edge TPU'].cure


def test_libedgetpu_crashes_at_load(tree: Path) -> None:
    compile_library(tree / 'libedgetpu.so.1',
                    '__attribute__((constructor)) static void f(void) { %s }' % CRASH)
    status, rows = examine(tree, LD_LIBRARY_PATH=str(tree))
    assert status == 0
    assert rows['TPU library'].state == '!!'
    assert 'SIGSEGV' in rows['TPU library'].found


@pytest.mark.skipif(sys.platform != 'linux', reason='$DISPLAY is of Linux')
def test_display(tree: Path) -> None:
    has_windows = not any(line.split() == ['GUI:', 'NONE']
                          for line in cv2.getBuildInformation().splitlines())
    row = examine(tree)[1]['window']
    assert row.state == '--'
    assert ('$DISPLAY' in row.found) == has_windows
    assert ('headless' in row.found) != has_windows
    assert 'simple_pose.py --output' in row.cure
    status, rows = examine(tree, DISPLAY=':4242')
    assert status == 0
    assert rows['window'].state == ('!!' if has_windows else '--')


def test_cameras(tree: Path) -> None:
    for video, name in (('video0', 'HD Webcam\n'), ('video10', 'codec\033[31m'), ('video2', None)):
        (tree / 'dev').mkdir(exist_ok=True)
        (tree / 'dev' / video).write_text('')
        if name:
            folder = tree / 'sys' / 'class' / 'video4linux' / video
            folder.mkdir(parents=True)
            (folder / 'name').write_text(name)

    def cameras() -> Row:
        code = ('import sys; from posesuite.checks import show; '
                'from posesuite.checks.machine import check_cameras; '
                'print(show("cameras", check_cameras(sys.argv[1])))')
        process = subprocess.run([sys.executable, '-c', code, str(tree)], cwd=str(tree),
                                 check=True, stdout=subprocess.PIPE, text=True)
        return rows_of(process.stdout)['cameras']

    assert cameras() == ('ok', 'HD Webcam: /dev/video0 without a name: /dev/video2 '
                               'codec?[31m: /dev/video10', '')
    (tree / 'dev' / 'video2').chmod(0)
    if os.geteuid():  # for root every file is open
        assert cameras().state == '!!'
        assert 'usermod -aG video' in cameras().cure


@pytest.mark.parametrize('argument', ['--nonsense', 'nonsense', '--probe=nonsense'])
def test_wrong_usage(argument: str) -> None:
    process = doctor(Path(ROOT), argument)
    assert process.returncode == 2
    assert process.stdout == ''
    assert 'error: ' in process.stderr


def test_help() -> None:
    process = doctor(Path(ROOT), '--help')
    assert process.returncode == 0
    assert 'python3 doctor.py' in process.stdout
    assert '--probe' not in process.stdout
