"""Other output strides, sizes and forms of a PoseNet, made out of a file."""
import os
import subprocess
import sys
from typing import Any, List

from helpers import ROOT, bundled_model, google_model
from pose_engine import PoseEngine

import numpy as np
import pytest
from PIL import Image

pytest.importorskip('tflite_files')
from training import tflite  # noqa: E402
from training.variants import variant  # noqa: E402

from ai_edge_litert import interpreter  # noqa: E402

RAW = bundled_model().replace('_decoder', '')


def content(path: str) -> bytes:
    with open(path, 'rb') as file:
        return file.read()


def photo() -> Image.Image:
    return Image.open(os.path.join(ROOT, 'samples', 'couple.jpg'))


def maps_of(data: bytes, image: np.ndarray) -> List[np.ndarray]:
    """Heatmaps, short and mid offsets as they lie in the tensors."""
    network = interpreter.Interpreter(model_content=data)
    network.allocate_tensors()
    network.set_tensor(network.get_input_details()[0]['index'], image[None])
    network.invoke()
    return [network.get_tensor(output['index'])[0].astype(int)
            for output in network.get_output_details()]


def test_strides_agree_at_the_cells_that_they_share():
    """Up to the kernels' rounding of a step of the quantization."""
    image = np.asarray(photo().convert('RGB').resize((481, 353)))
    expected = maps_of(content(RAW), image)
    finer = maps_of(variant(content(RAW), 8), image)
    coarser = maps_of(variant(content(RAW), 32), image)
    for at_8, at_16, at_32 in zip(finer, expected, coarser):
        assert at_8.shape[:2] == (45, 61) and at_32.shape[:2] == (12, 16)
        assert np.abs(at_8[::2, ::2] - at_16).max() <= 1
        assert np.abs(at_32 - at_16[::2, ::2]).max() <= 1


def write(folder: Any, data: bytes) -> str:
    path = folder / 'variant.tflite'
    path.write_bytes(data)
    return str(path)


@pytest.mark.parametrize('path', [bundled_model(), RAW])
@pytest.mark.parametrize('stride', [8, 16, 32])
def test_every_stride_finds_the_same_people(tmp_path, path, stride):
    expected, _ = PoseEngine(path).DetectPosesInImage(photo())
    for single in (False, True):
        engine = PoseEngine(write(tmp_path, variant(content(path), stride)), single=single)
        poses, _ = engine.DetectPosesInImage(photo())
        assert len(poses) == (1 if single else 2) and len(expected) == 2
        for pose in poses if not single else ():
            nose = pose.keypoints['nose'].point
            assert min(nose.distance(other.keypoints['nose'].point) for other in expected) < 6
        assert engine.GetHeatmap('nose').max() > 0.5


def test_google_s_networks_have_other_strides_too(tmp_path):
    for stride in (8, 32):
        data = variant(content(google_model('353_481')), stride)
        poses, _ = PoseEngine(write(tmp_path, data)).DetectPosesInImage(photo())
        assert len(poses) == 2


@pytest.mark.parametrize('source', [RAW, bundled_model()])
def test_the_form_of_the_tflite_guide(tmp_path, source):
    """[1, 257, 257, 3] float in; heatmaps, offsets and two displacements of 9x9 cells out. Places
    are as exact as 8 pixels of so small an input, a quarter of a cell.
    """
    data = variant(content(source), 32, (257, 257), displacements=True)
    network = interpreter.Interpreter(model_content=data)
    network.allocate_tensors()
    ends = network.get_input_details() + network.get_output_details()
    assert {end['dtype'] for end in ends} == {np.float32}
    assert [end['shape'].tolist() for end in ends] == [
        [1, 257, 257, 3], [1, 9, 9, 17], [1, 9, 9, 34], [1, 9, 9, 32], [1, 9, 9, 32]]
    engine = PoseEngine(write(tmp_path, data))
    poses, _ = engine.DetectPosesInImage(photo())
    expected, _ = PoseEngine(bundled_model()).DetectPosesInImage(photo())
    assert engine.input_size == (257, 257)
    assert len(poses) == len(expected) == 2
    cell = 32 * photo().width / 257  # pixels of the photograph
    for pose in poses:
        nose = pose.keypoints['nose'].point
        assert min(nose.distance(other.keypoints['nose'].point) for other in expected) < cell / 5
    engine = PoseEngine(engine.model_path, single=True)
    (pose,), _ = engine.DetectPosesInImage(photo().crop((320, 60, 520, 480)))
    assert pose.score > 0.7


def test_the_op_knows_the_stride():
    data = variant(content(bundled_model()), 8)
    assert tflite.has_decoder(data)
    assert not tflite.has_decoder(variant(content(bundled_model()), 32, displacements=True))
    model = tflite.read(data)
    options = bytes(model.subgraphs[0].operators[-1].customOptions)
    assert tflite.flexbuffers.Loads(options)['stride'] == 8


def test_what_does_not_fit_is_a_line(tmp_path):
    at_8, out = write(tmp_path, variant(content(RAW), 8)), tmp_path / 'out.tflite'
    for model, options, words in [
            (RAW, ['--stride', '32', '--size', '353x479'],
             '353x479 does not fit: the sides must be multiples of 32, plus 1, such as --size '
             '353x481'),
            (bundled_model('721_1281'), ['--stride', '32'],
             '721x1281 does not fit: the sides must be multiples of 32, plus 1, such as --size '
             '705x1281'),
            (at_8, ['--stride', '8'], 'the model has an output stride of 8: expected 16'),
            ('README.md', [], 'it is no whole TensorFlow Lite model')]:
        done = subprocess.run(
            [sys.executable, 'training/variants.py', model, *options, '--output', str(out)],
            cwd=ROOT, capture_output=True, text=True, check=False)
        said = [line for line in done.stderr.splitlines() if not line.startswith('INFO')]
        assert (done.returncode, said) == (1, ['error: ' + words])
        assert not out.exists()
