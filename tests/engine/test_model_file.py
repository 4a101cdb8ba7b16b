"""Model files: the default one, and what is refused for what it is."""
import os
import shutil
import subprocess
import sys
from typing import Dict

from helpers import ROOT, SIZES, bundled_model
from posesuite.engine import model_file
from posesuite.engine.model_file import EngineError, default_model, read_model

import pytest


def broken_models() -> Dict[str, bytes]:
    with open(bundled_model(), 'rb') as file:
        model = file.read()
    flipped = bytearray(model)
    flipped[500000] ^= 1
    return {'is empty': b'', 'is a web page': b'<!DOCTYPE html><html></html>',
            'is a Git LFS pointer': b'version https://git-lfs.github.com/spec/v1\noid sha256:0\n',
            'is no TensorFlow Lite model': os.urandom(1000).replace(b'TFL3', b''),
            'is damaged': bytes(flipped), 'is damaged: ': model[:700000]}


@pytest.mark.parametrize('what', sorted(broken_models()))
@pytest.mark.parametrize('name, cure', [
    (os.path.basename(bundled_model()), 'get it again from its source'),
    ('posenet_mobilenet_v1_075_353_481_quant_decoder.tflite',
     'python3 models/download.py downloads it again')])
def test_damaged_files_are_refused_for_what_they_are(tmp_path, name, cure, what):
    path = tmp_path / name
    path.write_bytes(broken_models()[what])
    with pytest.raises(EngineError, match=what) as raised:
        read_model(str(path))
    assert str(raised.value).startswith(str(path))
    assert str(raised.value).endswith(': ' + cure)
    assert '\n' not in str(raised.value)


@pytest.mark.parametrize('name', ['mine.tflite', 'mine'])
def test_a_model_of_ones_own_needs_no_known_hash(tmp_path, name):
    path = shutil.copy(bundled_model(), str(tmp_path / name))
    with open(path, 'rb') as file:
        assert read_model(path) == file.read()


def test_files_of_other_kinds_are_left_to_their_runtime(tmp_path):
    path = tmp_path / 'mine.onnx'
    path.write_bytes(b'another format')
    assert read_model(str(path)) == b'another format'


def test_a_truncated_model_of_ones_own_is_refused(tmp_path):
    """In a process of its own, since some runtimes crash on such a file."""
    with open(bundled_model(), 'rb') as file:
        model = file.read()
    lengths = (8, 12, 100, 5000, len(model) // 2, len(model) - 10000, len(model) - 1000)
    for length in lengths:
        (tmp_path / f'{length}.tflite').write_bytes(model[:length])
    script = ('import sys; from pose_engine import *\n'
              'for path in sys.argv[1:]:\n'
              '    try: PoseEngine(path)\n'
              '    except EngineError as error: print(error)')
    paths = [str(tmp_path / f'{length}.tflite') for length in lengths]
    done = subprocess.run([sys.executable, '-c', script, *paths], stdout=subprocess.PIPE,
                          env=dict(os.environ, PYTHONPATH=ROOT))
    assert done.returncode == 0
    lines = done.stdout.decode().splitlines()
    assert [line.startswith(path) for line, path in zip(lines, paths)] == [True] * len(lengths)


def test_a_missing_file_names_the_download():
    with pytest.raises(EngineError, match='no model nowhere.tflite .*models/download.py'):
        read_model('nowhere.tflite')


@pytest.mark.parametrize('resolution, size', [('480x360', SIZES[0]), ('640x480', SIZES[1]),
                                              ('1280x720', SIZES[2])])
def test_the_default_is_googles_model_or_the_bundled_one(tmp_path, monkeypatch, caplog, resolution,
                                                         size):
    monkeypatch.setattr(model_file, 'own_file', lambda *parts: str(tmp_path.joinpath(*parts)))
    monkeypatch.setattr(model_file, 'models_folder', lambda: str(tmp_path / 'models'))
    name = f'_mobilenet_v1_075_{size}_quant_decoder'
    model_file.warn_once.cache_clear()
    for _ in range(2):
        assert default_model(resolution) == str(
            tmp_path / 'models' / 'rendered' / f'posenet_rendered{name}.tflite')
    assert [record.getMessage() for record in caplog.records] == [
        "Google's models are not here (python3 models/download.py fetches them); using the bundled "
        'one']
    google = tmp_path / 'models' / 'mobilenet' / f'posenet{name}_edgetpu.tflite'
    google.parent.mkdir(parents=True)
    google.touch()
    assert default_model(resolution) == str(google)
