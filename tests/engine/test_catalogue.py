"""The list of models: what it knows is so, what is here, and models by name."""
import argparse
import json
import os
import shutil
import subprocess
import sys

from helpers import ROOT, bundled_model, model, shared
from pose_engine import EngineError, PoseEngine
from posesuite.download import MODELS, listed_files
from posesuite.engine import add_engine_options, catalogue, engine_options
from posesuite.engine.catalogue import KNOWN, model_files, model_list, model_path

import pytest


@pytest.fixture
def models(tmp_path, monkeypatch):
    """A folder for models in place of the suite's."""
    monkeypatch.setattr(catalogue, 'own_file', lambda *parts: str(tmp_path.joinpath(*parts)))
    monkeypatch.setattr(catalogue, 'models_folder', lambda: str(tmp_path / 'models'))
    (tmp_path / 'models').mkdir()
    return tmp_path / 'models'


def test_every_model_with_a_hash_is_known():
    with open(os.path.join(ROOT, 'models', 'SHA256SUMS'), encoding='utf-8') as file:
        names = {line.split()[1] for line in file}
    assert len(names) > 15
    # Weights belong to a .xml; a .pt is for training.
    assert {known.path for known in KNOWN} == {name for name in names
                                               if not name.endswith(('.bin', '.pt'))}
    assert len({known.name for known in KNOWN}) == len(KNOWN)


def path_of(known: catalogue.Model) -> str:
    folder, _, name = known.path.partition('/')
    if folder == 'rendered':
        return os.path.join(os.path.dirname(bundled_model()), name)
    return model(name) if folder == 'mobilenet' else shared('models', folder, name)


@pytest.mark.parametrize('known', [known for known in KNOWN
                                   if known.runs_on != 'Edge TPU'], ids=lambda known: known.name)
def test_what_is_known_of_a_model_is_so(known):
    if known.runs_on == 'OpenVINO':
        pytest.importorskip('openvino')
    engine = PoseEngine(path_of(known))
    assert engine.family == known.family
    assert '{}x{}'.format(*engine.input_size) == known.input


def test_models_for_download_say_the_command():
    listed = {file.name for file in listed_files(os.path.join(ROOT, 'models'))}
    for known in KNOWN:
        if known.path in listed:
            command = catalogue.download_command(known)
            assert command.startswith('python3 models/download.py')
            assert command.partition(' --model ')[2] in ('', *MODELS)


def test_the_list_tells_what_is_here(models):
    (models / 'rendered').mkdir()
    shutil.copy(bundled_model(), str(models / 'rendered'))
    shutil.copy(bundled_model(), str(models / 'mine.tflite'))
    (models / 'broken.onnx').write_text('nothing')
    head, *rows = model_list().splitlines()
    assert head.split()[:3] == ['name', 'family', 'input']
    assert len(rows) == len(KNOWN) + 2
    here = {row.split()[0]: row.split()[1:] for row in rows if row.endswith('  yes')}
    name = os.path.splitext(os.path.basename(bundled_model()))[0]
    assert here[name] == ['PoseNet', '481x353', 'CPU', 'fast', 'Apache-2.0', 'yes']
    assert here[str(models / 'mine.tflite')][:3] == ['PoseNet', '481x353', 'CPU']
    assert here[str(models / 'broken.onnx')][:2] == ['not', 'known']
    assert len(here) == 3
    assert all('models/download.py' in row or 'rendered' in row for row in rows[3:])


def test_models_by_name(models):
    with pytest.raises(EngineError, match='is not here: .*download.py --model movenet downloads'):
        model_path('movenet_single_pose_lightning_ptq')
    (models / 'movenet').mkdir()
    path = models / 'movenet' / 'movenet_single_pose_lightning_ptq.tflite'
    path.touch()
    assert model_path(path.stem) == model_path(path.name) == model_path(str(path)) == str(path)
    assert model_path('no/such.tflite') == 'no/such.tflite'  # as the engine will say
    parser = argparse.ArgumentParser()
    add_engine_options(parser)
    assert engine_options(parser.parse_args(['--model', path.stem]))['model_path'] == str(path)


def simple_pose(*arguments: str) -> str:
    """What simple_pose.py prints."""
    done = subprocess.run([sys.executable, os.path.join(ROOT, 'simple_pose.py'), *arguments],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_scripts_show_the_list_and_take_its_names():
    head, *rows = simple_pose('--model', 'list').splitlines()
    assert head.split()[:3] == ['name', 'family', 'input']
    known, = [known for known in KNOWN if os.path.basename(known.path) == os.path.basename(
        bundled_model())]
    assert len([row for row in rows if row.split()[0] == known.name]) == 1
    by_name, by_path = (
        json.loads(simple_pose(os.path.join(ROOT, 'samples', 'couple.jpg'), '--json', '--model',
                               name)) for name in (known.name, bundled_model()))
    assert len(by_name) == 2
    assert by_name == by_path


def test_files_and_folders(tmp_path):
    for name in ('a/x.onnx', 'a/deep/y.pb', 'b/x.onnx', 'b/readme.txt', 'c.bin'):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = model_files([str(tmp_path / name) for name in ('a', 'b', 'c.bin')])
    assert found == [str(tmp_path / name) for name in ('a/x.onnx', 'a/deep/y.pb', 'c.bin')]
