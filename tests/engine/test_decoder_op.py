"""The decoder op in a TensorFlow Lite runtime: loading, options, shapes, BodyPix, hostile values.

All on the op of the bundled model, cut out of its file.
"""
import os

from decoding import RUNTIME, interpreter, photo_maps, run
from helpers import ROOT, bundled_model, run_sanitized
from posesuite.engine.raw_decoder import POSENET_SHARED_LIB

import numpy as np
import pytest

tflite_files = pytest.importorskip('tflite_files')


@pytest.fixture(scope='module')
def component(tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp('component') / 'decoder.tflite'
    return tflite_files.decoder_alone(bundled_model(), str(path))


def test_it_bears_being_built_and_run_often(component):
    """A wrong guess of the runtime's structs does not survive this."""
    maps = photo_maps()
    expected = run(interpreter(component), maps)
    assert expected[3].item() == 2
    kept = []
    for i in range(50):
        made = interpreter(component)
        for _ in range(20):
            outputs = run(made, maps)
        for actual, first in zip(outputs, expected):
            np.testing.assert_array_equal(actual, first)
        if i % 2:
            kept.append(made)  # so that both orders of destruction happen


def test_options_given_to_the_delegate_replace_the_models(component):
    maps = photo_maps()
    _, _, scores, count = run(interpreter(component), maps)
    assert count.item() == 2
    poses, _, _, count_of_one = run(interpreter(component, max_detections='1'), maps)
    assert poses.shape == (1, 1, 17, 2)
    assert count_of_one.item() == 1
    strict = run(interpreter(component, score_threshold=str(scores[0, 1] + 0.01)), maps)
    assert strict[3].item() == 1
    assert run(interpreter(component, nms_radius='0'), maps)[3].item() > count.item()


@pytest.mark.parametrize('option', [{'max_detections': 'x'}, {'radius': '1'}, {'nms_radius': ''},
                                    {'score_threshold': 'nan'}, {'max_detections': '-1'}])
def test_bad_options_are_refused_by_name(option):
    with pytest.raises(ValueError, match='bad option ' + list(option)[0]):
        RUNTIME.load_delegate(POSENET_SHARED_LIB, option)


@pytest.mark.parametrize('option', [{'max_detections': '0'}, {'max_detections': '100000'},
                                    {'score_threshold': '2'}])
def test_options_out_of_range_are_refused(component, option):
    with pytest.raises((RuntimeError, ValueError)):
        interpreter(component, **option)


@pytest.mark.parametrize('shapes', [
    [(1, 23, 31, 17), (1, 22, 31, 34), (1, 23, 31, 64)],
    [(1, 23, 31, 16), (1, 23, 31, 34), (1, 23, 31, 64)],
    [(1, 23, 31, 17), (1, 23, 31, 34), (1, 23, 31, 63)],
    [(2, 23, 31, 17), (2, 23, 31, 34), (2, 23, 31, 64)],
    [(23, 31, 17), (23, 31, 34), (23, 31, 64)],
])
def test_maps_that_do_not_fit_each_other_are_refused(component, shapes):
    made = interpreter(component)
    for details, shape in zip(made.get_input_details(), shapes):
        made.resize_tensor_input(details['index'], shape)
    with pytest.raises(RuntimeError, match='PosenetDecoderOp|prepare'):
        made.allocate_tensors()


@pytest.mark.parametrize('height, width', [(1, 1), (1, 40), (9, 9), (200, 120)])
def test_maps_of_any_size(component, height, width):
    made = interpreter(component)
    for details, channels in zip(made.get_input_details(), (17, 34, 64)):
        made.resize_tensor_input(details['index'], (1, height, width, channels))
    made.allocate_tensors()
    maps = [np.zeros((1, height, width, channels), np.float32) for channels in (17, 34, 64)]
    maps[0] -= 10
    assert run(made, maps)[3].item() == 0
    maps[0][0, height // 2, width // 2] = 5  # all keypoints in one place
    keypoints, _, scores, count = run(made, maps)
    assert count.item() == 1
    assert keypoints[0, 0].tolist() == [[height // 2 * 16, width // 2 * 16]] * 17
    assert scores[0, 0] == pytest.approx(1 / (1 + np.exp(-5)))


@pytest.mark.parametrize('height, width', [(23, 31), (5, 7), (46, 81)])
def test_bodypix_masks(component, tmp_path, height, width):
    made = interpreter(tflite_files.bodypix_decoder(
        component, str(tmp_path / 'bodypix.tflite'), height, width), max_detections='20')
    maps = [np.zeros((1, height, width, channels), np.float32) for channels in (17, 34, 64, 34)]
    maps[0] -= 10
    middle, row = width // 2, height // 2
    maps[0][0, row, 1] = 5          # a person in the left, all keypoints in one place,
    maps[0][0, row, width - 2] = 6  # and a surer one in the right
    for x in range(width):  # every cell points at its own side's person
        target = 1 if x < middle else width - 2
        maps[3][0, :, x, :17] = (row - np.arange(height)[:, None]) * 16 / 3
        maps[3][0, :, x, 17:] = (target - x) * 16 / 3
    outputs = run(made, maps)
    masks = outputs[4]
    assert masks.shape == (1, 20, height, width)
    assert outputs[3].item() == 2
    assert masks.sum() == height * width  # a cell belongs to one pose
    assert (masks[0, 0, :, middle:] == 1).all()
    assert (masks[0, 1, :, :middle] == 1).all()


def test_it_never_crashes_under_the_sanitizers(component, sanitized_library):
    """Random options, sizes and values through the op, in a child with the sanitizer loaded."""
    script = os.path.join(ROOT, 'tests', 'engine', 'fuzz_op.py')
    done = run_sanitized([script, sanitized_library, component])
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    assert done.stdout.decode().split()[-1] == 'rounds'
