"""The decoder: its mathematics by themselves, then against the published op's answers."""
import os
import subprocess
from typing import Any, Dict, List

from helpers import ROOT, run_sanitized, shared
from pose_engine import POSENET_SHARED_LIB
from posesuite.engine.device import import_runtime
from posesuite.engine.raw_decoder import RawDecoder

import numpy as np
import pytest

RUNTIME = import_runtime('ai_edge_litert', 'tflite_runtime')
DECODER = os.path.join(ROOT, 'posenet_decoder')
CASES = 38


def component(size: str) -> str:
    return shared('models', 'components', f'posenet_mobilenet_v1_075_{size}_decoder.tflite')


def interpreter(path: str, **options: str) -> Any:
    delegate = RUNTIME.load_delegate(POSENET_SHARED_LIB, options)
    made = RUNTIME.Interpreter(path, experimental_delegates=[delegate])
    made.allocate_tensors()
    return made


def run(made: Any, inputs: List[np.ndarray]) -> List[np.ndarray]:
    for details, values in zip(made.get_input_details(), inputs):
        made.set_tensor(details['index'], values)
    made.invoke()
    return [made.get_tensor(details['index']) for details in made.get_output_details()]


@pytest.fixture(scope='module')
def cases() -> Dict[str, Dict[str, np.ndarray]]:
    with np.load(shared('reference', 'decoder_vectors.npz')) as arrays:
        found: Dict[str, Dict[str, np.ndarray]] = {}
        for name in arrays.files:
            case, _, part = name.rpartition('/')
            found.setdefault(case, {})[part] = arrays[name]
    assert len(found) == CASES
    return found


def check(case: str, actual: List[np.ndarray], arrays: Dict[str, np.ndarray]) -> None:
    expected = [arrays[f'out{i}'] for i in range(4)]
    count = int(expected[3].item())
    assert int(actual[3].item()) == count, case
    actual = [output[:, :count] for output in actual[:3]]
    expected = [output[:, :count] for output in expected[:3]]
    if case.endswith('ties'):  # the order of equals is free
        np.testing.assert_allclose(np.sort(actual[2]), np.sort(expected[2]), atol=1e-4)
        return
    np.testing.assert_allclose(actual[0], expected[0], atol=0.01, rtol=0, err_msg=case)
    np.testing.assert_allclose(actual[1], expected[1], atol=1e-4, rtol=0, err_msg=case)
    np.testing.assert_allclose(actual[2], expected[2], atol=1e-4, rtol=0, err_msg=case)


def test_the_mathematics_under_the_sanitizers(tmp_path, gxx):
    program = str(tmp_path / 'decoder_test')
    sources = [os.path.join(DECODER, name)
               for name in ('decoder_test.cc', 'decoder.cc', 'flexbuffers.cc')]
    subprocess.run([gxx, '-std=c++17', '-O1', '-g', '-Wall', '-Wextra', '-Werror',
                    '-fsanitize=address,undefined', '-fno-sanitize-recover=all',
                    *sources, '-o', program], check=True)
    done = subprocess.run([program], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert (done.returncode, done.stdout.decode()) == (0, '0 failures\n')


def test_the_op_answers_as_the_published_one(cases):
    for case, arrays in cases.items():
        made = interpreter(component(case.split('/')[0]))
        check(case, run(made, [arrays[f'in{i}'] for i in range(3)]), arrays)


def test_the_library_called_directly_answers_as_the_op(cases):
    for case, arrays in cases.items():
        maps = [arrays[f'in{i}'] for i in range(3)]
        details = [{'shape': array.shape, 'dtype': array.dtype, 'quantization': (0.0, 0)}
                   for array in maps]
        options = {'max_detections': 20}
        check(case, RawDecoder(POSENET_SHARED_LIB, details, 16, options)(maps), arrays)


def test_it_bears_being_built_and_run_often(cases):
    """What a wrong guess of the runtime's structs does not bear."""
    arrays = cases['353_481/24/photo']
    kept = []
    for i in range(50):
        made = interpreter(component('353_481'))
        for _ in range(20):
            outputs = run(made, [arrays[f'in{i}'] for i in range(3)])
        check('353_481/24/photo', outputs, arrays)
        if i % 2:
            kept.append(made)  # so that both orders of destruction happen


@pytest.mark.parametrize('dtype', [np.uint8, np.int8])
def test_quantised_maps_are_decoded_as_their_values(cases, dtype):
    decoded = 0
    for case, arrays in cases.items():
        if not case.endswith('photo'):
            continue
        maps, floats, details = [], [], []
        for i, scale in enumerate((0.08, 0.1, 1.4)):
            limits = np.iinfo(dtype)
            zero_point = (limits.min + limits.max + 1) // 2
            stored = np.round(arrays[f'in{i}'] / scale + zero_point)
            stored = stored.clip(limits.min, limits.max).astype(dtype)
            maps.append(stored)
            floats.append((stored.astype(np.float32) - zero_point) * np.float32(scale))
            details.append({'shape': stored.shape, 'dtype': dtype,
                            'quantization': (scale, zero_point)})
        plain = [dict(each, dtype=np.float32, quantization=(0.0, 0)) for each in details]
        actual = RawDecoder(POSENET_SHARED_LIB, details, 16, {})(maps)
        expected = RawDecoder(POSENET_SHARED_LIB, plain, 16, {})(floats)
        assert int(actual[3].item()) == int(expected[3].item()), case
        np.testing.assert_allclose(actual[0], expected[0], atol=0.05, rtol=0, err_msg=case)
        np.testing.assert_allclose(actual[2], expected[2], atol=1e-4, rtol=0, err_msg=case)
        decoded += int(expected[3].item())
    assert decoded > 50


def test_options_given_to_the_delegate_replace_the_models(cases):
    arrays = cases['353_481/24/photo']
    maps = [arrays[f'in{i}'] for i in range(3)]
    path = component('353_481')
    _, _, scores, count = run(interpreter(path), maps)
    assert count.item() > 2
    poses, _, _, count_of_two = run(interpreter(path, max_detections='2'), maps)
    assert poses.shape == (1, 2, 17, 2)
    assert 1 <= count_of_two.item() <= 2
    strict = run(interpreter(path, score_threshold=str(scores[0, 1] - 0.01)), maps)
    assert 1 <= strict[3].item() < count.item()
    assert run(interpreter(path, nms_radius='0'), maps)[3].item() > count.item()


@pytest.mark.parametrize('option', [{'max_detections': 'x'}, {'radius': '1'}, {'nms_radius': ''},
                                    {'score_threshold': 'nan'}, {'max_detections': '-1'}])
def test_bad_options_are_refused_by_name(option):
    with pytest.raises(ValueError, match='bad option ' + list(option)[0]):
        RUNTIME.load_delegate(POSENET_SHARED_LIB, option)


@pytest.mark.parametrize('option', [{'max_detections': '0'}, {'max_detections': '100000'},
                                    {'score_threshold': '2'}])
def test_options_out_of_range_are_refused(option):
    with pytest.raises((RuntimeError, ValueError)):
        interpreter(component('353_481'), **option)


@pytest.mark.parametrize('shapes', [
    [(1, 23, 31, 17), (1, 22, 31, 34), (1, 23, 31, 64)],
    [(1, 23, 31, 16), (1, 23, 31, 34), (1, 23, 31, 64)],
    [(1, 23, 31, 17), (1, 23, 31, 34), (1, 23, 31, 63)],
    [(2, 23, 31, 17), (2, 23, 31, 34), (2, 23, 31, 64)],
    [(23, 31, 17), (23, 31, 34), (23, 31, 64)],
])
def test_maps_that_do_not_fit_each_other_are_refused(shapes):
    made = interpreter(component('353_481'))
    for details, shape in zip(made.get_input_details(), shapes):
        made.resize_tensor_input(details['index'], shape)
    with pytest.raises(RuntimeError, match='PosenetDecoderOp|prepare'):
        made.allocate_tensors()


@pytest.mark.parametrize('height, width', [(1, 1), (1, 40), (9, 9), (200, 120)])
def test_maps_of_any_size(height, width):
    made = interpreter(component('353_481'))
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
def test_bodypix_masks(tmp_path, height, width):
    tflite_files = pytest.importorskip('tflite_files')
    made = interpreter(tflite_files.bodypix_decoder(
        component('353_481'), str(tmp_path / 'bodypix.tflite'), height, width))
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


def test_it_never_crashes_under_the_sanitizers(sanitized_library):
    """Random options, sizes and values through the op, in a child with the sanitizer loaded."""
    script = os.path.join(ROOT, 'tests', 'fuzz_op.py')
    done = run_sanitized([script, sanitized_library, component('353_481')])
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    assert done.stdout.decode().split()[-1] == 'rounds'
