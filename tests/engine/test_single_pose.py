"""PoseNet for one person, by arg-max, and on smaller images."""
import os
from typing import List, Sequence

from helpers import ROOT, bundled_model, google_model, shared
from pose_engine import EngineError, PoseEngine
from posesuite.engine.single_pose import decode_single
from posesuite.pose.pose import Pose
from posesuite.pose.skeleton import KEYPOINT_TYPES, KeypointType

import numpy as np
import pytest
from PIL import Image

RAW = bundled_model().replace('_decoder', '')
FLOAT = {'quantization': (0.0, 0), 'name': 'map'}


def photo() -> Image.Image:
    return Image.open(os.path.join(ROOT, 'samples', 'couple.jpg'))


def one_person() -> Image.Image:
    return photo().crop((320, 60, 520, 480))


def check_same(poses: List[Pose], expected: List[Pose], pixels: float,
               parts: Sequence[KeypointType] = KEYPOINT_TYPES) -> None:
    assert len(poses) == len(expected) == 1
    for part in parts:
        if expected[0].keypoints[part].score > 0.5:
            distance = poses[0].keypoints[part].point.distance(expected[0].keypoints[part].point)
            assert distance < pixels, part


@pytest.mark.parametrize('path', [bundled_model(), RAW])
def test_one_person_is_where_the_other_decoding_finds_them(path):
    expected, _ = PoseEngine(path).DetectPosesInImage(one_person())
    poses, _ = PoseEngine(path, single=True).DetectPosesInImage(one_person())
    check_same(poses, expected, 10)
    assert poses[0].score == pytest.approx(
        np.mean([keypoint.score for keypoint in poses[0].keypoints.values()]))
    assert poses[0].score > 0.7


@pytest.mark.parametrize('path', [bundled_model(), RAW])
def test_of_two_people_one_is_found_and_of_none_nobody(path):
    engine = PoseEngine(path, single=True)
    assert len(engine.DetectPosesInImage(photo())[0]) == 1
    assert engine.DetectPosesInImage(np.full((353, 481, 3), 90, np.uint8))[0] == []
    anything = PoseEngine(path, single=True, score_threshold=0)
    assert len(anything.DetectPosesInImage(np.full((353, 481, 3), 90, np.uint8))[0]) == 1


def test_google_s_network_and_bodypix_for_one_person():
    bodypix = 'bodypix_mobilenet_v1_075_640_480_16_quant_decoder.tflite'
    for path in (google_model('353_481'), shared('models', 'bodypix', bodypix)):
        expected, _ = PoseEngine(path).DetectPosesInImage(one_person())
        engine = PoseEngine(path, single=True)
        poses, _ = engine.DetectPosesInImage(one_person())
        check_same(poses, expected, 10, KEYPOINT_TYPES[:13])  # wide trousers hide the knees
    mask, = engine.GetMasks()
    assert (mask == engine.GetMask()).all()


def test_heatmaps_and_offsets_alone_are_for_one_person(tmp_path):
    tflite_files = pytest.importorskip('tflite_files')
    path = tflite_files.one_person_outputs(RAW, str(tmp_path / 'two.tflite'))
    expected, _ = PoseEngine(RAW, single=True).DetectPosesInImage(one_person())
    poses, _ = PoseEngine(path).DetectPosesInImage(one_person())
    check_same(poses, expected, 1e-6)


def test_decoding_against_a_slow_reference():
    rng = np.random.default_rng(0)
    for stride in (8, 16, 32):
        heatmaps = rng.normal(0, 3, (1, 9, 7, 17)).astype(np.float32)
        offsets = rng.normal(0, 9, (1, 9, 7, 34)).astype(np.float32)
        places, scores, pose_scores, _ = decode_single([heatmaps, offsets], [FLOAT, FLOAT], stride,
                                                       0)
        assert places.shape == (1, 17, 2)
        for part in range(17):
            best = max(((y, x) for y in range(9) for x in range(7)),
                       key=lambda cell: heatmaps[(0, *cell, part)])
            y, x = (stride * cell + offsets[(0, *best, part + 17 * axis)]
                    for axis, cell in enumerate(best))
            assert places[0, part] == pytest.approx((y, x), abs=1e-3)
            assert scores[0, part] == pytest.approx(1 / (1 + np.exp(-heatmaps[(0, *best, part)])))
        assert pose_scores[0] == pytest.approx(scores.mean())


@pytest.mark.parametrize('value', [np.nan, np.inf, -np.inf, 3e38])
def test_values_that_are_no_numbers_become_no_coordinates(value):
    for which in range(2):
        maps = [np.zeros((1, 3, 4, 17), np.float32), np.zeros((1, 3, 4, 34), np.float32)]
        maps[which][:] = value
        places, scores, pose_scores, _ = decode_single(maps, [FLOAT, FLOAT], 16, 0)
        assert np.isfinite(places).all() and np.isfinite(scores).all()
        assert 0 <= scores.min() <= scores.max() <= 1
        assert np.isfinite(pose_scores).all()


# image_scale_factor


@pytest.mark.parametrize('path', [bundled_model(), RAW])
@pytest.mark.parametrize('factor, size', [(1, (481, 353)), (0.5, (225, 161)), (0.2, (81, 65))])
def test_a_smaller_image_has_the_size_of_the_javascript_posenet(path, factor, size):
    engine = PoseEngine(path, image_scale_factor=factor)
    assert engine.input_size == size
    poses, _ = engine.DetectPosesInImage(photo())
    assert len(poses) == (2 if factor >= 0.5 else 0)
    assert engine.GetHeatmap('nose').shape == (480, 640)


def test_a_smaller_image_finds_the_same_people_in_less_time():
    engines = [PoseEngine(bundled_model(), image_scale_factor=factor) for factor in (1, 0.5)]
    expected, poses = (engine.DetectPosesInImage(photo())[0] for engine in engines)
    assert len(poses) == len(expected) == 2
    for pose in poses:
        assert min(pose.keypoints['leftShoulder'].point.distance(
            other.keypoints['leftShoulder'].point) for other in expected) < 12
    slow, quick = (min(engine.DetectPosesInImage(photo())[1] for _ in range(8))
                   for engine in engines)
    assert quick < slow / 1.5


@pytest.mark.parametrize('factor', [0, 0.1, 1.01, float('nan'), '0.5'])
def test_factors_out_of_range_are_refused(factor):
    with pytest.raises(ValueError, match='^image_scale_factor must be 0.2 to 1, got'):
        PoseEngine(bundled_model(), image_scale_factor=factor)


def test_a_network_whose_parts_have_fixed_sizes_is_refused(tmp_path):
    tflite_files = pytest.importorskip('tflite_files')
    path = tflite_files.with_fixed_heatmaps(RAW, str(tmp_path / 'fixed.tflite'))
    assert len(PoseEngine(path).DetectPosesInImage(photo())[0]) == 2
    with pytest.raises(EngineError, match='does not load: there is no image_scale_factor for it'):
        PoseEngine(path, image_scale_factor=0.5)


def test_an_edgetpu_has_a_fixed_size(child, edgetpu_model):
    code = """
try:
    PoseEngine(models[0], device='edgetpu', image_scale_factor=0.5)
except EngineError as error:
    print(json.dumps(str(error)))
"""
    error, = child.run(code, edgetpu_model)
    assert error.endswith('there is no image_scale_factor for it: its input has a fixed size here')


def test_one_person_on_an_edgetpu(child, edgetpu_model):
    code = 'print(json.dumps(as_lists(detect(PoseEngine(models[0], single=True)))))'
    (pose,), = child.run(code, edgetpu_model)
    assert pose[0] > 0.5
