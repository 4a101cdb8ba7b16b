"""Model files: the default one, and what is refused for what it is."""
import os
import shutil
import subprocess
import sys
from typing import Dict, List

from helpers import ROOT, bundled_model
from pose_engine import PoseEngine
from posesuite.engine import model_file
from posesuite.engine.model_file import EngineError, read_model

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


@pytest.mark.parametrize('name, command', [
    ('movenet_single_pose_lightning_ptq.tflite', 'python3 models/download.py --model movenet'),
    ('mobilenet_v2_small_graph_opt.pb', 'python3 models/download.py --model openpose'),
    ('posenet_mobilenet_v1_075_353_481_quant_decoder.tflite', 'python3 models/download.py')])
def test_the_cure_names_the_family(tmp_path, name, command):
    path = tmp_path / name
    with pytest.raises(EngineError) as raised:
        read_model(str(path))
    assert str(raised.value).endswith(f': {command} downloads it')
    path.write_bytes(b'something else')
    with pytest.raises(EngineError) as raised:
        read_model(str(path))
    assert str(raised.value).endswith(f': {command} downloads it again')


def test_names_that_many_files_have_are_checked_among_the_downloads_only(tmp_path, monkeypatch):
    """Open Model Zoo's are of any precision and release."""
    monkeypatch.setattr(model_file, 'models_folder', lambda: str(tmp_path / 'models'))
    for folder in ('models/openvino', 'models/openvino/FP32', 'openvino'):
        (tmp_path / folder).mkdir(parents=True)
        for ending in '.xml', '.bin':
            path = tmp_path / folder / f'human-pose-estimation-0001{ending}'
            path.write_bytes(b'<net>')
            if folder == 'models/openvino':
                with pytest.raises(EngineError, match='download.py --model openvino'):
                    read_model(str(path))
            elif ending == '.xml':
                assert read_model(str(path)) == b'<net>'


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


@pytest.mark.skipif(not hasattr(os, 'mkfifo'), reason='needs devices and pipes')
def test_what_is_no_file_is_refused_at_once(tmp_path):
    os.mkfifo(str(tmp_path / 'pipe.tflite'))
    for path in '/dev/zero', str(tmp_path / 'pipe.tflite'), str(tmp_path):
        with pytest.raises(EngineError) as raised:
            read_model(path)
        assert str(raised.value) == f'{path} is no file: give the path of a model file'


def test_a_file_larger_than_any_model_is_not_read(tmp_path):
    path = str(tmp_path / 'huge.tflite')
    with open(path, 'wb') as file:
        file.truncate(1 << 40)  # a sparse file of a terabyte
    with pytest.raises(EngineError) as raised:
        read_model(path)
    assert str(raised.value) == (
        f'{path} has 1048576 MB: a model file has at most {model_file.MAX_FILE >> 20} MB')


def with_shape(path: str, shape: List[int], tensors: int = 1) -> str:
    """The bundled model, with tensors added that claim a shape and that no operator uses."""
    tflite_files = pytest.importorskip('tflite_files')
    model = tflite_files.read(bundled_model())
    for _ in range(tensors):
        tflite_files.add_tensor(model, 'more', shape)
    return tflite_files.write(model, path)


@pytest.mark.parametrize('shape, tensors', [
    ([1 << 30, 1 << 30, 1 << 30], 1), ([-1], 1), ([1, 8193, 8192], 1), ([1, 8192, 8192], 9)])
def test_a_model_that_wants_too_much_memory_is_refused(tmp_path, shape, tensors):
    path = with_shape(str(tmp_path / 'mine.tflite'), shape, tensors)
    with pytest.raises(EngineError, match=r'mine.tflite wants \d+ MB of memory: a tensor may have '
                       '256 MB, all together 2048 MB$'):
        read_model(path)


def test_a_model_within_the_limits_loads(tmp_path):
    assert read_model(with_shape(str(tmp_path / 'mine.tflite'), [1, 8192, 8192]))
    with pytest.raises(EngineError, match='is not whole'):
        read_model(with_shape(str(tmp_path / 'rank.tflite'), [1] * 9))
    with pytest.raises(EngineError, match='is not whole'):
        read_model(with_shape(str(tmp_path / 'parts.tflite'), [], 100001))


@pytest.mark.parametrize('height, width', [(4097, 17), (17, 8000), (0, 17)])
def test_an_input_out_of_bounds_is_refused(tmp_path, height, width):
    tflite_files = pytest.importorskip('tflite_files')
    path = tflite_files.with_input_size(bundled_model(), str(tmp_path / 'mine.tflite'), height,
                                        width)
    with pytest.raises(EngineError, match=rf'its input \[1, {height}, {width}, 3\] is no image of '
                       'up to 4096 pixels a side'):
        PoseEngine(path)
