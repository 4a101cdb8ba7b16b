"""Frozen TensorFlow graphs by OpenCV: their answers, sizes made known, and files that are none."""
import os
import random

import frozen_graphs
from affinities import between
from helpers import shared
from pose_engine import EngineError, PoseEngine
from posesuite.engine.frozen_graph import FrozenGraph
from posesuite.engine.network import Choice
from posesuite.engine.runtimes import opencv

import cv2
import numpy as np
import pytest


def network(path) -> opencv.OpenCvNetwork:
    with open(str(path), 'rb') as file:
        return opencv.load(Choice(str(path), file.read(), None), 1, [])


def test_it_computes_what_the_graph_says(tmp_path):
    maps = np.random.RandomState(1).uniform(-1, 1, (57, 6, 9)).astype(np.float32)
    made = network(frozen_graphs.pixels_are_maps(tmp_path / 'maps.pb', 57, 48, 72))
    assert (made.input_size, made.dynamic) == ((72, 48), False)
    assert made.outputs[0]['shape'].tolist() == [1, 57, 6, 9]
    made.input()[...] = frozen_graphs.picture_of(maps)[:, :, ::-1]
    answer, = made.run()
    np.testing.assert_allclose(answer[0], maps, atol=0.005)
    np.testing.assert_array_equal(made.read(made.outputs[0]), answer)


def test_sizes_that_depend_on_the_image_become_constants(tmp_path):
    """Coarse features are resized to the shape of finer ones."""
    numbers = np.random.RandomState(2)
    kernels = {name: numbers.normal(size=(3, 3, 3, channels)).astype(np.float32)
               for name, channels in (('fine', 19), ('coarse', 38))}
    (tmp_path / 'any.pb').write_bytes(frozen_graphs.resized_to_shape(kernels))
    made = network(tmp_path / 'any.pb')
    assert (made.input_size, made.dynamic) == ((432, 368), True)
    for width, height in ((432, 368), (200, 120), (72, 88)):
        made.resize(width, height)
        cells = -(-height // 8), -(-width // 8)
        assert made.outputs[0]['shape'].tolist() == [1, 57, *cells]
        image = numbers.uniform(0, 255, (height, width, 3)).astype(np.float32)
        made.input()[...] = image
        answer, = made.run()
        np.testing.assert_allclose(answer[0, :19], convolved(image, kernels['fine'], 8), rtol=1e-3,
                                   atol=0.5)
        coarse = convolved(image, kernels['coarse'], 16)
        for y, x in ((0, 0), (3, 4)):
            place = y * coarse.shape[1] / cells[0], x * coarse.shape[2] / cells[1]
            np.testing.assert_allclose(answer[0, 19:, y, x],
                                       [between(channel, *place) for channel in coarse],
                                       rtol=1e-3, atol=0.5)


def convolved(image: np.ndarray, kernel: np.ndarray, stride: int) -> np.ndarray:
    """As TensorFlow's 'SAME' with a kernel of 3x3: [channels, rows, columns]."""
    sides = [-(-side // stride) for side in image.shape[:2]]
    padding = [max(0, (cells - 1) * stride + 3 - side)
               for cells, side in zip(sides, image.shape[:2])]
    padded = np.pad(image, [(pad // 2, pad - pad // 2) for pad in padding] + [(0, 0)])
    return np.array([[np.tensordot(padded[y * stride:y * stride + 3, x * stride:x * stride + 3],
                                   kernel, 3)
                      for x in range(sides[1])] for y in range(sides[0])]).transpose(2, 0, 1)


def test_fixed_sizes_are_not_changed(tmp_path):
    made = network(frozen_graphs.pixels_are_maps(tmp_path / 'maps.pb', 57, 48, 72))
    with pytest.raises(ValueError, match='its input has 72 x 48 pixels, which is fixed'):
        made.resize(80, 48)


@pytest.mark.parametrize('content, problem', [
    (b'not a graph', 'it is no frozen TensorFlow graph of one image'),
    (b'\x0a\x05ab', 'it ends too early'),
    (frozen_graphs.image(48, 64) + frozen_graphs.image(48, 64) + frozen_graphs.node(
        'other', 'Placeholder'), 'it is no frozen TensorFlow graph of one image'),
    (frozen_graphs.image(48, 64) + frozen_graphs.node('a', 'Add', ['image', 'gone']), "'gone'"),
    (frozen_graphs.image(48, 64) + frozen_graphs.node('a', 'Relu', ['b'])
     + frozen_graphs.node('b', 'Relu', ['a']) + frozen_graphs.node('c', 'Add', ['a', 'image']),
     'it has a loop'),
    (frozen_graphs.image(48, 64) + frozen_graphs.node('a', 'SomebodysOp', ['image']),
     f'OpenCV {cv2.__version__} does not run it'),
    (frozen_graphs.image(48, 64) + frozen_graphs.node('a', 'ResizeBilinear', ['image', 'image']),
     'it is no frozen TensorFlow graph of one image'),
    (frozen_graphs.image(48, 64) + frozen_graphs.constant('size', np.array([10**6, 9], np.int32))
     + frozen_graphs.node('a', 'ResizeBilinear', ['image', 'size']), 'a is 9 x 1000000'),
    (frozen_graphs.image(48, 64) + frozen_graphs.convolution(
        'a', 'image', np.zeros((1, 1, 3, 5), np.float32)), r'its outputs \[1, 5, 48, 64\] are'),
], ids=str)
def test_files_that_are_refused(tmp_path, capfd, content, problem):
    path = tmp_path / 'model.pb'
    path.write_bytes(content)
    with pytest.raises(EngineError, match=f'model.pb does not load: .*{problem}') as raised:
        PoseEngine(str(path))
    assert '\n' not in str(raised.value)
    assert capfd.readouterr().err == ''


def test_damaged_graphs_are_errors_of_one_kind():
    """Every cut and many flipped bytes: the reader raises ValueError or finds sizes."""
    numbers = random.Random(3)
    kernels = {'fine': np.zeros((3, 3, 3, 19), np.float32),
               'coarse': np.zeros((3, 3, 3, 38), np.float32)}
    good, refused = frozen_graphs.resized_to_shape(kernels), 0
    for round_number in range(1500):
        data = bytearray(good)
        if round_number % 3 == 0:
            del data[numbers.randrange(len(data)):]
        else:
            # Beside the kernels' zeros, which are most of the file
            places = [i for i in range(len(data)) if data[i]]
            for _ in range(numbers.randint(1, 4)):
                data[numbers.choice(places)] = numbers.randrange(256)
        try:
            FrozenGraph(bytes(data)).for_size(320, 240)
        except ValueError as error:
            assert str(error).startswith('it is no frozen TensorFlow graph of one image')
            refused += 1
    assert 500 < refused < 1500


def test_the_graph_of_tf_pose_for_other_sizes():
    path = shared('models', 'openpose', 'mobilenet_v2_small_graph_opt.pb')
    made = network(path)
    made.resize(320, 200)
    assert made.outputs[0]['shape'].tolist() == [1, 57, 25, 40]
    with open(path, 'rb') as file:
        assert len(FrozenGraph(file.read()).for_size(320, 200)) < os.path.getsize(path)
