"""Which model is the default, for a picture and a machine, and the options of a script."""
import argparse
import os

from helpers import SIZES
from posesuite.engine import (
    EngineError,
    add_engine_options,
    choice,
    default_model,
    engine_options,
    model_file,
)

import pytest


@pytest.fixture
def models(tmp_path, monkeypatch):
    """A folder for models in place of the suite's; on this machine there never was an Edge TPU."""
    monkeypatch.setattr(choice, 'own_file', lambda *parts: str(tmp_path.joinpath(*parts)))
    monkeypatch.setattr(choice, 'models_folder', lambda: str(tmp_path / 'models'))
    monkeypatch.setattr(choice, 'has_edgetpu', lambda: False)
    model_file.warn_once.cache_clear()
    (tmp_path / 'models' / 'mobilenet').mkdir(parents=True)
    return tmp_path / 'models'


@pytest.mark.parametrize('picture, size', [
    ((480, 360), SIZES[0]), ((320, 240), SIZES[0]), ((1, 1), SIZES[0]), ((640, 480), SIZES[1]),
    ((768, 576), SIZES[1]), ((1280, 720), SIZES[2]), ((720, 1280), SIZES[2]),
    ((1024, 768), SIZES[2]), ((3840, 2160), SIZES[2])])
def test_the_default_follows_the_picture(models, caplog, picture, size):
    name = f'_mobilenet_v1_075_{size}_quant_decoder'
    for _ in range(2):
        assert default_model(picture) == str(models / 'rendered' / f'posenet_rendered{name}.tflite')
    assert [record.getMessage() for record in caplog.records] == [
        "Google's models are not here (python3 models/download.py fetches them); using the bundled "
        'one']
    for each in name.replace('_quant', '_16_quant'), name:  # Coral's newer builds, and the older
        google = models / 'mobilenet' / f'posenet{each}.tflite'
        google.touch()
        assert default_model(picture) == str(google)


@pytest.mark.parametrize('device, had_one, ending', [
    ('auto', False, ''), ('auto', True, '_edgetpu'), ('cpu', True, ''), ('usb', False, '_edgetpu'),
    ('edgetpu:1', False, '_edgetpu')])
def test_the_default_follows_the_device(models, monkeypatch, device, had_one, ending):
    monkeypatch.setattr(choice, 'has_edgetpu', lambda: had_one)
    stem = str(models / 'mobilenet' / f'posenet_mobilenet_v1_075_{SIZES[1]}_quant_decoder')
    for each in '', '_edgetpu':
        open(f'{stem}{each}.tflite', 'w').close()
    assert default_model(device=device) == f'{stem}{ending}.tflite'


def test_masks_need_a_bodypix(models, monkeypatch):
    with pytest.raises(EngineError, match='^masks need a BodyPix.*download.py --model bodypix'):
        engine_options(parse(), masks=True)
    (models / 'bodypix').mkdir()
    stem = str(models / 'bodypix' / 'bodypix_mobilenet_v1_075_640_480_16_quant_decoder')
    for ending in '', '_edgetpu':
        open(f'{stem}{ending}.tflite', 'w').close()
    assert engine_options(parse(), masks=True)['model_path'] == f'{stem}.tflite'
    assert engine_options(parse('--model', 'mine'), masks=True)['model_path'] == 'mine'
    monkeypatch.setattr(choice, 'has_edgetpu', lambda: True)
    assert engine_options(parse(), masks=True)['model_path'] == f'{stem}_edgetpu.tflite'
    assert choice.bodypix_model() == f'{stem}.tflite'


def parse(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument('--res', default='480x360')
    add_engine_options(parser)
    return parser.parse_args(arguments)


def test_options_follow_the_picture_before_the_resolution(models):
    for arguments, picture, size in [([], None, SIZES[0]), ([], (1280, 720), SIZES[2]),
                                     (['--res', '1280x720'], (640, 480), SIZES[1])]:
        options = engine_options(parse(*arguments), picture)
        assert size in os.path.basename(options['model_path'])
        assert options['device'] == 'auto'
    options = engine_options(parse('--model', 'mine.tflite'), (1280, 720))
    assert options['model_path'] == 'mine.tflite'


@pytest.mark.parametrize('device', ['gpu', 'edgetpu:', 'edgetpu:-1', 'edgetpu:1000', 'CPU', '',
                                    'openvino:', 'openvino:GPU.', 'openvino:../x',
                                    'openvino:GPU\n'])
def test_an_unknown_device_is_wrong_usage(capsys, device):
    with pytest.raises(SystemExit) as ended:
        parse('--device', device)
    assert ended.value.code == 2
    assert capsys.readouterr().err.splitlines()[-1].endswith(
        f'device must be auto, cpu, edgetpu, edgetpu:N, usb, pci or openvino:NAME, got {device!r}')
