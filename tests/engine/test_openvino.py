"""OpenVINO: .xml and .onnx files, its devices, limits, files that are broken or hostile."""
import os
import shutil
from typing import Any

from helpers import shared
from pose_engine import EngineError, PoseEngine
from posesuite.engine.choice import open_network
from posesuite.engine.extras import import_openvino

import numpy as np
import pytest

pytest.importorskip('openvino')
onnx_files = pytest.importorskip('onnx_files')


def load(path: Any, device: str = 'auto') -> Any:
    return open_network(str(path), device, 2, lambda model: [])[1]


def says(path: Any, device: str = 'auto') -> str:
    """The line with which an engine refuses a file."""
    with pytest.raises(EngineError) as raised:
        PoseEngine(str(path), device=device)
    text = str(raised.value)
    assert '\n' not in text
    return text


def as_xml(onnx: str) -> str:
    """An .onnx file's network as an .xml and a .bin file beside it."""
    openvino = import_openvino('')
    path = onnx[:-len('.onnx')] + '.xml'
    openvino.save_model(openvino.Core().read_model(onnx), path, compress_to_fp16=False)
    return path


@pytest.mark.parametrize('kind', ['float32', 'float16', 'uint8', 'int32'])
@pytest.mark.parametrize('shape, size', [
    ((1, 3, 20, 30), (30, 20)), ((1, 20, 30, 3), (30, 20)), ((3, 20, 30), (30, 20)),
    (('batch', 3, 'h', 'w'), (640, 480))])
def test_the_image_reaches_the_network(tmp_path: Any, kind: str, shape: Any, size: Any) -> None:
    onnx = onnx_files.echo(tmp_path / 'echo.onnx', shape, kind)
    for network in load(onnx, 'openvino'), load(as_xml(onnx)):
        assert network.input_size == size
        y, x = np.indices(network.input().shape[:2])
        network.input()[...] = image = np.stack([x, y, np.full_like(x, 7)], 2)
        output = network.run()[0]
        assert network.outputs[0]['shape'].tolist() == list(output.shape)
        assert network.outputs[0]['name'] == 'echo'
        output = np.moveaxis(output, -3, -1) if shape[-1] != 3 else output
        np.testing.assert_array_equal(output.reshape(image.shape), image.astype(output.dtype))


def test_a_network_for_any_size_takes_another_one(tmp_path: Any) -> None:
    network = load(as_xml(onnx_files.echo(tmp_path / 'echo.onnx', (1, 3, 'h', 'w'))))
    assert network.dynamic
    network.resize(64, 96)
    network.run()
    assert (network.input_size, network.outputs[0]['shape'].tolist()) == ((64, 96), [1, 3, 96, 64])


def test_both_runtimes_find_the_same(tmp_path: Any) -> None:
    pytest.importorskip('onnxruntime')
    onnx = onnx_files.brightest(tmp_path / 'simcc.onnx', 96, 128)
    image = np.random.RandomState(0).randint(0, 256, (90, 70, 3), np.uint8)
    found = [PoseEngine(path, device=device).DetectPosesInImage(image)[0]
             for path, device in [(onnx, 'cpu'), (onnx, 'openvino'), (as_xml(onnx), 'auto')]]
    assert len(found[0]) == 1
    assert found[0] == found[1] == found[2]


def test_devices(tmp_path: Any) -> None:
    xml = as_xml(onnx_files.brightest(tmp_path / 'simcc.onnx', 32, 32))
    assert PoseEngine(xml).device == 'cpu'
    assert PoseEngine(xml, device='openvino:cpu').device == 'openvino:CPU'
    there = import_openvino('').Core().available_devices
    for name in {'GPU', 'NPU', 'TPU'} - {device.partition('.')[0] for device in there}:
        assert says(xml, f'openvino:{name}').startswith(
            f'OpenVINO has no {name} here, only {", ".join(there)}')
    assert 'not for the Edge TPU' in says(xml, 'edgetpu')


def test_a_tensorflow_lite_model_is_refused() -> None:
    from helpers import bundled_model
    assert says(bundled_model(), 'openvino').endswith(
        'is a TensorFlow Lite model: on OpenVINO run .xml and .onnx files')


def test_files_that_are_no_model(tmp_path: Any) -> None:
    xml = as_xml(onnx_files.brightest(tmp_path / 'simcc.onnx', 32, 32))
    with open(xml, 'rb') as file:
        model = file.read()
    for content, words in [
            (b'', 'is empty'), (b'version https://git-lfs.github.com', 'LFS pointer'),
            (b'<!DOCTYPE html><html>', 'is a web page'), (b'<html><body>', 'is a web page'),
            (b'<svg></svg>', 'no OpenVINO model'), (model[:len(model) // 2], 'does not load'),
            (b'<net name="a" version="10"></net>', 'does not load'),
            (model.replace(b'ReduceMax', b'Unknown'), 'does not load')]:
        path = tmp_path / 'broken.xml'
        path.write_bytes(content)
        shutil.copy(xml[:-4] + '.bin', str(tmp_path / 'broken.bin'))
        assert words in says(path)
        assert 'broken.xml' in says(path)


def test_weights_that_are_missing_or_no_weights(tmp_path: Any) -> None:
    xml = as_xml(onnx_files.brightest(tmp_path / 'simcc.onnx', 32, 32))
    weights = xml[:-4] + '.bin'
    size = os.path.getsize(weights)
    for content, words in [(b'', 'ncorrect weights'), (bytes(size // 2), 'ncorrect weights'),
                           (b'version https://git-lfs.github.com/spec', 'simcc.bin is a Git LFS')]:
        with open(weights, 'wb') as file:
            file.write(content)
        assert words in says(xml)
    os.unlink(weights)
    assert says(xml) == f'no {weights}: the weights of {xml} must lie beside it'


def test_memory_is_limited(tmp_path: Any) -> None:
    onnx = onnx_files.greedy(tmp_path / 'greedy.onnx', 1 << 31)
    assert 'MB of memory: a tensor may have 256 MB' in says(onnx, 'openvino')
    assert 'MB of memory: a tensor may have 256 MB' in says(as_xml(onnx))


def test_the_published_network_for_poses_loads() -> None:
    network = load(shared('models', 'openvino', 'human-pose-estimation-0001.xml'))
    assert network.input_size == (456, 256)
    assert {output['name']: output['shape'].tolist() for output in network.outputs} == {
        'Mconv7_stage2_L1': [1, 38, 32, 57], 'Mconv7_stage2_L2': [1, 19, 32, 57]}
