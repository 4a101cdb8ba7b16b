"""OpenPose networks: their layouts mapped onto the 17, every form of outputs, what they see."""
import os

import frozen_graphs
from affinities import maps_of, upright
from helpers import ROOT, shared
from pose_engine import EngineError, KeypointType, PoseEngine
from posesuite.engine.families.openpose import (
    BODY_25,
    COCO_18,
    LAYOUTS,
    MPII_15,
    SCALES,
    Family,
)
from posesuite.engine.image import heatmap_in_image, parts_in_image, poses_in_image
from posesuite.engine.network import Network
from posesuite.pose.skeleton import FURTHER_PARTS, JSON_NAMES

import numpy as np
import pytest
from PIL import Image

NAMES = ['COCO-18', 'BODY-25', 'MPII-15']
ROWS, COLUMNS = 46, 54  # cells of the input's 368 and 432 pixels


class Maps(Network):
    """A network with the same outputs for every image; sees: what it made of the image's scale."""

    def __init__(self, *arrays: np.ndarray, dtype: type = np.float32, sees: type = tuple) -> None:
        self.input_size = 8 * COLUMNS, 8 * ROWS
        self.outputs = self.tensors = [
            {'name': str(i), 'shape': np.array(array.shape), 'dtype': array.dtype}
            for i, array in enumerate(arrays)]
        self._arrays, self._sees = list(arrays), sees
        self._input = np.zeros((8 * ROWS, 8 * COLUMNS, 3), dtype)

    def input(self) -> np.ndarray:
        return self._input

    def run(self):
        return self._arrays if self._sees is tuple or self._sees(self._input) else [
            np.zeros_like(array) for array in self._arrays]

    def read(self, tensor):
        raise NotImplementedError


def two_people(layout):
    return [upright(layout, 14, 12, 9), upright(layout, 8, 38, 7)]


def scene(layout):
    """[channels, rows, columns]: heatmaps, affinity fields."""
    return maps_of(layout, two_people(layout), ROWS, COLUMNS)


def check_people(layout, network) -> None:
    family = Family(network, {})
    image = np.zeros((2 * 8 * ROWS, 2 * 8 * COLUMNS, 3), np.uint8)  # twice the input's size
    placement = family.draw(image)
    poses = poses_in_image(family.decode(network.run()), placement, image.shape[1::-1], False)
    assert len(poses) == 2
    for person in two_people(layout):
        pose = min(poses, key=lambda pose: abs(
            pose.keypoints['leftHip'].point.x - 16 * person[
                layout.skeleton.parts.index('leftHip')][1]))
        for part, (point, score) in pose.keypoints.items():
            if JSON_NAMES[part] in layout.skeleton.parts:
                y, x = person[layout.skeleton.parts.index(JSON_NAMES[part])]
                assert score == pytest.approx(0.9, abs=0.02)
                assert point.x == pytest.approx(16 * x + 7.5, abs=8)  # half a cell
                assert point.y == pytest.approx(16 * y + 7.5, abs=8)
            else:
                assert layout is MPII_15 and part < KeypointType.LEFT_SHOULDER
                assert score == 0
                assert abs(point.x - 16 * person[0][1]) < 100  # somewhere in the person


@pytest.mark.parametrize('layout', LAYOUTS, ids=NAMES)
@pytest.mark.parametrize('last', [True, False], ids=['NHWC', 'NCHW'])
@pytest.mark.parametrize('form', ['one', 'two', 'fields first', 'stages'])
def test_every_form_of_outputs(layout, last, form):
    heatmaps, fields = scene(layout)
    outputs = {'one': [np.concatenate([heatmaps, fields])], 'two': [heatmaps, fields],
               'fields first': [fields, heatmaps],
               'stages': [np.zeros_like(heatmaps), np.zeros_like(fields), heatmaps, fields]}[form]
    outputs = [output.transpose(1, 2, 0)[None] if last else output[None] for output in outputs]
    assert Family.matches(Maps(*outputs).outputs)
    check_people(layout, Maps(*outputs))


@pytest.mark.parametrize('dtype', [np.uint8, np.int8])
def test_inputs_of_bytes(dtype):
    check_people(COCO_18, Maps(*(each[None] for each in scene(COCO_18)), dtype=dtype))


def test_outputs_of_others_do_not_match():
    for shapes in ([(1, 46, 54, 17), (1, 46, 54, 34), (1, 46, 54, 64)], [(1, 1, 17, 3)],
                   [(1, 57, 81, 17), (1, 57, 81, 34), (1, 57, 81, 64)],  # a PoseNet of 57 rows
                   [(1, 19, 46, 54)], [(1, 19, 46, 54), (1, 38, 23, 27)], [(1, 56)]):
        assert not Family.matches([{'shape': np.array(shape)} for shape in shapes])


def test_as_many_columns_as_channels():
    """[1, 57, 46, 57] may be read two ways, of which one fits the input."""
    heatmaps, fields = maps_of(COCO_18, two_people(COCO_18), ROWS, 57)
    for array in (np.concatenate([heatmaps, fields]), ):
        network = Maps(array[None])
        network.input_size = 8 * 57, 8 * ROWS
        family = Family(network, {})
        assert len(family.decode(network.run()).pose_scores) == 2


def test_the_scale_of_the_input_is_found():
    """By what the network sees of people: 0 to 255, as here, or about -0.5 to 0.5."""
    outputs = [each[None] for each in scene(COCO_18)]
    for sees, lowest, highest in ((lambda image: image.max() > 1, 200, 255),
                                  (lambda image: image.max() < 1, 0.3, 0.5)):
        network = Maps(*outputs, sees=sees)
        family = Family(network, {})
        family.draw(np.full((8 * ROWS, 8 * COLUMNS, 3), (250, 100, 10), np.uint8))
        assert lowest < network.input()[..., 2].max() <= highest  # red is last
        assert network.input()[..., 0].max() < network.input()[..., 2].min()
    assert len(SCALES) == 2


def test_options():
    network = Maps(*(each[None] for each in scene(COCO_18)))
    assert len(Family(network, {'max_poses': 1}).decode(network.run()).pose_scores) == 1
    assert len(Family(network, {'score_threshold': 0.99}).decode(network.run()).pose_scores) == 0
    with pytest.raises(ValueError, match='OpenPose has no single'):
        Family(network, {'single': 1})


def test_what_is_not_finite_finds_nobody():
    for value in (np.nan, np.inf, -np.inf):
        network = Maps(*(np.full_like(each[None], value) for each in scene(BODY_25)))
        decoded = Family(network, {}).decode(network.run())
        assert np.isfinite(decoded.keypoints).all() and len(decoded.pose_scores) == 0


@pytest.mark.parametrize('layout', LAYOUTS, ids=NAMES)
def test_heatmaps_vectors_and_parts_in_the_image(layout):
    network = Maps(*(each[None] for each in scene(layout)))
    family = Family(network, {})
    size = 2 * 8 * COLUMNS, 2 * 8 * ROWS
    placement = family.draw(np.zeros((size[1], size[0], 3), np.uint8))
    family.decode(network.run())
    parts = layout.skeleton.parts
    assert set(parts) <= {*JSON_NAMES.values(), *FURTHER_PARTS}
    for name in ('neck', KeypointType.LEFT_WRIST):
        heatmap = heatmap_in_image(*family.heatmap(name), placement, size)
        assert heatmap.shape == size[::-1]
        peak = np.array(np.unravel_index(heatmap.argmax(), heatmap.shape))
        truth = [16 * person[parts.index(JSON_NAMES.get(name, name))] + 7.5
                 for person in two_people(layout)]
        assert min(np.abs(peak - place).max() for place in truth) <= 9
    assert heatmap_in_image(*family.heatmap(None), placement, size).max() > 0.7
    vectors = heatmap_in_image(*family.affinity('leftWrist-leftElbow'), placement, size)
    person = two_people(layout)[0]
    y, x = (8 * (person[parts.index('leftWrist')] + person[parts.index('leftElbow')]) + 7.5)
    elbow_to_wrist = person[parts.index('leftWrist')] - person[parts.index('leftElbow')]
    np.testing.assert_allclose(vectors[::-1, round(y), round(x)],
                               elbow_to_wrist / np.hypot(*elbow_to_wrist), atol=0.01)
    assert heatmap_in_image(*family.affinity(None), placement, size).shape == (2, *size[::-1])
    found = parts_in_image(family.parts(), parts, placement, size, mirror=True)
    assert len(found) == 2
    for each in found:
        assert set(each) == set(parts)
        assert min(abs(size[0] - 1 - each['neck'].point.x - 16 * person[1][1] - 7.5)
                   for person in two_people(layout)) < 8
    if layout is MPII_15:
        with pytest.raises(EngineError, match='this network has no nose, it has head, neck'):
            family.heatmap(KeypointType.NOSE)


def test_an_engine_of_a_frozen_graph(tmp_path):
    """Pictures whose pixels are the maps, see frozen_graphs.pixels_are_maps."""
    maps = np.concatenate(scene(BODY_25))
    engine = PoseEngine(frozen_graphs.pixels_are_maps(tmp_path / 'maps.pb', len(maps)))
    assert (engine.input_size, engine.family, engine.device) == ((432, 368), 'OpenPose', 'cpu')
    assert engine.skeleton is BODY_25.skeleton
    with pytest.raises(EngineError, match='there is no image yet'):
        engine.GetParts()
    poses, _ = engine.DetectPosesInImage(frozen_graphs.picture_of(maps))
    assert len(poses) == 2
    assert min(pose.score for pose in poses) > 0.9
    parts = engine.GetParts()
    assert len(parts) == 2
    for pose, found in zip(poses, parts):
        assert found['leftHip'].point == pytest.approx(pose.keypoints['leftHip'].point)
        assert found['midHip'].score > 0.8
    assert engine.GetHeatmap('leftBigToe').max() > 0.7
    assert engine.GetAffinity('neck-nose').shape == (2, 368, 432)
    with pytest.raises(ValueError, match="need a bone, one of neck-midHip, .*, got 'nose-tail'"):
        engine.GetAffinity('nose-tail')
    with pytest.raises(ValueError, match="need a KeypointType, .* got 'tail'"):
        engine.GetHeatmap('tail')
    with pytest.raises(EngineError, match='OpenPose has no masks'):
        engine.GetMask()


# People in photographs, counted by looking at them
PEOPLE = {'cat': 0, 'p1': 1, 'p2': 2, 'p3': 3, 'golf': 1, 'ski': 5, 'test_couple': 2}


def test_people_in_photographs():
    """tf-pose's network, with a threshold as the demos have it."""
    engine = PoseEngine(shared('models', 'openpose', 'mobilenet_v2_small_graph_opt.pb'))
    for name, count in PEOPLE.items():
        poses, _ = engine.DetectPosesInImage(Image.open(shared('photos', f'{name}.jpg')))
        assert sum(pose.score >= 0.4 for pose in poses) == count, name


def test_people_in_photographs_by_openvino():
    pytest.importorskip('openvino')
    engine = PoseEngine(shared('models', 'openvino', 'human-pose-estimation-0001.xml'))
    for name, count in PEOPLE.items():
        poses, _ = engine.DetectPosesInImage(Image.open(shared('photos', f'{name}.jpg')))
        assert sum(pose.score >= 0.4 for pose in poses) == count, name


def test_the_sample_picture_is_here():
    assert os.path.exists(os.path.join(ROOT, 'samples', 'couple.jpg'))
