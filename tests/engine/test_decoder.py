"""The decoder: its mathematics by themselves, then against the published op's answers."""
import glob
import os
import subprocess
from typing import Dict, List

from decoding import DECODER, dequantised, details_of, interpreter, photo_maps, run
from helpers import shared
from posesuite.engine.raw_decoder import POSENET_SHARED_LIB, RawDecoder

import numpy as np
import pytest

CASES = 38


def component(size: str) -> str:
    return shared('models', 'components', f'posenet_mobilenet_v1_075_{size}_decoder.tflite')


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
    of_the_runtime = ('decoder_op.cc', 'plugin.cc')
    sources = [path for path in sorted(glob.glob(os.path.join(DECODER, '*.cc')))
               if os.path.basename(path) not in of_the_runtime]
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
        decoder = RawDecoder(POSENET_SHARED_LIB, details_of(maps), 16, {'max_detections': 20})
        check(case, decoder(maps), arrays)


def check_quantised(maps: List[np.ndarray], dtype: type) -> int:
    """Decodes float maps stored as uint8 or int8, and as what they then mean; returns the count."""
    stored, floats, details = [], [], []
    for values, scale in zip(maps, (0.08, 0.1, 1.4)):
        limits = np.iinfo(dtype)
        zero_point = (limits.min + limits.max + 1) // 2
        rounded = np.round(values / scale + zero_point).clip(limits.min, limits.max)
        stored.append(rounded.astype(dtype))
        details.append({'shape': values.shape, 'dtype': dtype, 'quantization': (scale, zero_point)})
        floats.append(dequantised(details[-1], stored[-1]))
    actual = RawDecoder(POSENET_SHARED_LIB, details, 16, {})(stored)
    expected = RawDecoder(POSENET_SHARED_LIB, details_of(floats), 16, {})(floats)
    assert int(actual[3].item()) == int(expected[3].item())
    np.testing.assert_allclose(actual[0], expected[0], atol=0.05, rtol=0)
    np.testing.assert_allclose(actual[2], expected[2], atol=1e-4, rtol=0)
    return int(expected[3].item())


@pytest.mark.parametrize('dtype', [np.uint8, np.int8])
def test_quantised_maps_are_decoded_as_their_values(dtype):
    assert check_quantised(photo_maps(), dtype) == 2


@pytest.mark.parametrize('dtype', [np.uint8, np.int8])
def test_quantised_maps_of_the_published_network(cases, dtype):
    decoded = sum(check_quantised([arrays[f'in{i}'] for i in range(3)], dtype)
                  for case, arrays in cases.items() if case.endswith('photo'))
    assert decoded > 50
