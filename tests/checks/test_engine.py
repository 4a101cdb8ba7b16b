"""Checks of the runtime, the decoder, models, the Edge TPU's library."""
import shutil
from pathlib import Path

from doctoring import CRASH, Row, compile_libedgetpu, compile_library, examine
from helpers import bundled_model

import numpy
import pytest

SMALLEST = 'mobilenet/posenet_mobilenet_v1_075_353_481_quant_decoder.tflite'


def test_no_runtime(tree: Path, bare_python: str, packages_only: str) -> None:
    status, rows = examine(tree, 'packages', 'runtime', 'decoder', 'CPU run', python=bare_python,
                           PYTHONPATH=packages_only)
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
    status, rows = examine(tree, 'runtime', python=bare_python, PYTHONPATH=packages_only)
    assert status == 1
    assert 'built for numpy 1, here is numpy ' + numpy.__version__ in rows['runtime'].found
    assert rows['runtime'].cure == "python3 -m pip install 'numpy<2'"


def test_decoder_missing(tree: Path) -> None:
    (tree / 'posenet_decoder' / 'posenet_decoder.so').unlink()
    status, rows = examine(tree, 'decoder')
    assert status == 1
    assert rows['decoder'].found == 'posenet_decoder/posenet_decoder.so is missing'
    assert rows['decoder'].cure == 'sh install_requirements.sh'


def test_decoder_truncated(tree: Path) -> None:
    path = tree / 'posenet_decoder' / 'posenet_decoder.so'
    path.write_bytes(path.read_bytes()[:1000])
    status, rows = examine(tree, 'decoder')
    assert status == 1
    assert rows['decoder'].state == '!!'
    assert 'rm posenet_decoder/*.so' in rows['decoder'].cure


@pytest.mark.parametrize('body, found', [
    (CRASH, 'SIGSEGV'), ('return 0;', 'finds 0 poses'), ('for (;;);', 'no answer within 3 s')])
def test_decoder_crashes_or_errs_or_hangs(tree: Path, body: str, found: str) -> None:
    compile_library(tree / 'posenet_decoder' / 'posenet_decoder.so',
                    'char *posenet_decode(void *f, void *o, void *p, int *count) { %s }' % body)
    status, rows = examine(tree, 'decoder', *(['--timeout', '3'] if 'within' in found else []))
    assert status == 1
    assert rows['decoder'].state == '!!'
    assert found in rows['decoder'].found


def test_models_missing(tree: Path) -> None:
    shutil.rmtree(str(tree / 'models' / 'mobilenet'))
    status, rows = examine(tree, 'models', 'CPU run')
    assert status == 1
    assert rows['models'] == Row('!!', 'none of the 6 model files is here',
                                 'python3 models/download.py')
    assert rows['CPU run'].state == '!!'


def test_one_cpu_model_is_enough(tree: Path) -> None:
    for path in (tree / 'models' / 'mobilenet').iterdir():
        if path.name != Path(SMALLEST).name:
            path.unlink()
    status, rows = examine(tree, 'models', 'CPU run')
    assert status == 0
    assert rows['models'].state == '--'
    assert rows['models'].found.startswith('1 of 6 model files are whole missing: ')


def test_edgetpu_models_are_not_enough(tree: Path) -> None:
    for path in (tree / 'models' / 'mobilenet').iterdir():
        if not path.name.endswith('_edgetpu.tflite'):
            path.unlink()
    status, rows = examine(tree, 'models', 'CPU run')
    assert status == 1
    assert rows['models'].state == '!!'


def test_model_damaged(tree: Path) -> None:
    path = tree / 'models' / SMALLEST
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.unlink()
    path.write_bytes(content)
    status, rows = examine(tree, 'models', 'CPU run')
    assert status == 0  # another one is whole
    assert rows['models'].state == '!!'
    assert rows['models'].found.endswith(f'damaged: {path.name}')
    assert rows['models'].cure == 'python3 models/download.py'


def test_bundled_model(tree: Path) -> None:
    shutil.rmtree(str(tree / 'models' / 'mobilenet'))
    shutil.copy(bundled_model(), str(tree / 'models' / 'bundled.tflite'))
    status, rows = examine(tree, 'CPU run')
    assert status == 0
    assert 'bundled.tflite' in rows['CPU run'].found


@pytest.mark.parametrize('create, state, found, cure', [
    (CRASH, '!!', 'crashes with SIGSEGV', 'do not fit each other'),
    ('abort();', '!!', 'crashes with SIGABRT', 'plug it in again'),
    ('', '--', 'no Edge TPU is plugged in', '')])
def test_libedgetpu(tree: Path, create: str, state: str, found: str, cure: str) -> None:
    compile_libedgetpu(tree, create)
    status, rows = examine(tree, 'CPU run', 'TPU library', 'Edge TPU', LD_LIBRARY_PATH=str(tree))
    assert status == 0  # the CPU serves
    assert rows['TPU library'].state == 'ok'
    assert rows['Edge TPU'].state == state
    assert found in rows['Edge TPU'].found
    assert cure in rows['Edge TPU'].cure


def test_libedgetpu_crashes_at_load(tree: Path) -> None:
    compile_library(tree / 'libedgetpu.so.1',
                    '__attribute__((constructor)) static void f(void) { %s }' % CRASH)
    status, rows = examine(tree, 'CPU run', 'TPU library', LD_LIBRARY_PATH=str(tree))
    assert status == 0
    assert rows['TPU library'].state == '!!'
    assert 'SIGSEGV' in rows['TPU library'].found


@pytest.mark.parametrize('name, package', [('ONNX Runtime', 'onnxruntime'),
                                           ('OpenVINO', 'openvino')])
def test_extras(tree: Path, bare_python: str, packages_only: str, name: str, package: str) -> None:
    def found() -> Row:
        status, rows = examine(tree, 'packages', name, python=bare_python,
                               PYTHONPATH=packages_only)
        assert status == 0  # the demos run without it
        return rows[name]

    row = found()
    assert (row.state, row.found.partition(';')[0]) == ('--', 'not installed')
    assert row.cure.endswith(f'-m pip install {package}')
    (Path(packages_only) / f'{package}.py').write_text('raise ImportError("built for another")\n')
    assert found() == Row('!!', f'{package} does not load: built for another', '')
