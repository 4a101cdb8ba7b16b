"""PoseNets: golden answers, every form of outputs, the decoder's options."""
import csv
import importlib.util
import json
import os
import re
from typing import Dict, List

from helpers import ROOT, SIZES, bundled_model, google_model, shared
from pose_engine import EngineError, PoseEngine
from posesuite.pose.json_poses import pose_from_json
from posesuite.pose.pose import Keypoint, Pose
from posesuite.pose.skeleton import TREE, KeypointType

import numpy as np
import pytest
from PIL import Image

LITERT = importlib.util.find_spec('ai_edge_litert') is not None
RAW = bundled_model().replace('_decoder', '')


def photo() -> Image.Image:
    return Image.open(os.path.join(ROOT, 'samples', 'couple.jpg'))


def test_the_header_has_the_tree_of_the_skeleton():
    with open(os.path.join(ROOT, 'posenet_decoder', 'decoder.h'), encoding='utf-8') as file:
        edges, = re.findall(r'kEdges\[kNumEdges\]\[2\] = \{(.*?)\};', file.read(), re.DOTALL)
    assert re.findall(r'\{(\d+), *(\d+)\}', edges) == [
        (str(int(parent)), str(int(child))) for parent, child in TREE]


# Golden


@pytest.mark.parametrize('size', SIZES)
def test_golden_bundled(size):
    """Made with: python3 simple_pose.py samples/couple.jpg --json --model (bundled_model)."""
    with open(os.path.join(ROOT, 'tests', 'engine', 'couple.jsonl')) as file:
        line = file.read().splitlines()[SIZES.index(size)]
    expected = [pose_from_json(pose) for pose in json.loads(line)]
    poses, inference_time = PoseEngine(bundled_model(size)).DetectPosesInImage(photo())
    assert len(poses) == len(expected) == 2
    for pose, wanted in zip(poses, expected):
        assert pose.score == pytest.approx(wanted.score, abs=0.05)
        for part, keypoint in pose.keypoints.items():
            assert keypoint.score == pytest.approx(wanted.keypoints[part].score, abs=0.1)
            # The runtimes' kernels differ, and a doubtful keypoint is anywhere.
            if wanted.keypoints[part].score > 0.5:
                assert keypoint.point.distance(wanted.keypoints[part].point) < (2 if LITERT else 4)
    assert 0 < inference_time < 60
    assert isinstance(poses[0], Pose)
    assert isinstance(poses[0].keypoints[KeypointType.NOSE], Keypoint)
    assert list(poses[0].keypoints) == list(KeypointType)


def resized(size: str) -> Image.Image:
    """The photograph of the reference, made as it was."""
    height, width = map(int, size.split('_'))
    image = Image.open(shared('photos', 'test_couple.jpg')).convert('RGB')
    return image.resize((width, height), Image.NEAREST)


def reference(size: str) -> List[List[Dict[str, str]]]:
    name = f'posenet_mobilenet_v1_075_{size}_quant_decoder_reference.csv'
    with open(shared('reference', name)) as file:
        rows = list(csv.DictReader(file))
    poses = [[row for row in rows if row['pose_id'] == str(i)]
             for i in range(1 + max(int(row['pose_id']) for row in rows))]
    assert [len(pose) for pose in poses] == [17, 17]
    return poses


def check_golden(poses: List[Pose], size: str, pixels: float, score: float) -> None:
    expected = reference(size)
    assert len(poses) == len(expected)
    for pose, rows in zip(poses, expected):
        assert pose.score == pytest.approx(float(rows[0]['pose_score']), abs=0.02)
        for (part, keypoint), row in zip(pose.keypoints.items(), rows):
            assert str(part) == row['keypoint_label']
            assert keypoint.point.x == pytest.approx(float(row['keypoint_x']), abs=pixels)
            assert keypoint.point.y == pytest.approx(float(row['keypoint_y']), abs=pixels)
            assert keypoint.score == pytest.approx(float(row['keypoint_score']), abs=score)


@pytest.mark.parametrize('size', SIZES)
def test_golden_google(size):
    poses, _ = PoseEngine(google_model(size)).DetectPosesInImage(resized(size))
    # The network's kernels differ: the older runtime's answers are 1.8 px away.
    check_golden(poses, size, pixels=1.5 if LITERT else 2, score=0.06)


@pytest.mark.parametrize('size', SIZES)
def test_a_model_without_the_op_finds_the_same_people(size):
    """Its heatmaps and offsets are clipped, so it answers less exactly than the whole model."""
    name = f'posenet_mobilenet_v1_075_{size}_quant.tflite'
    engine = PoseEngine(shared('models', 'components', name))
    poses, _ = engine.DetectPosesInImage(resized(size))
    check_golden(poses, size, pixels=17, score=0.2)


@pytest.mark.parametrize('size', SIZES[:2])
def test_the_four_output_form_finds_the_same_people(tmp_path, size):
    tflite_files = pytest.importorskip('tflite_files')
    path = tflite_files.four_outputs(google_model(size), str(tmp_path / 'four.tflite'))
    poses, _ = PoseEngine(path, device='cpu').DetectPosesInImage(resized(size))
    check_golden(poses, size, pixels=14, score=0.2)


def test_the_bundled_forms_find_the_same_people(tmp_path):
    """With the op, with three raw outputs and with four, whose input is float."""
    tflite_files = pytest.importorskip('tflite_files')
    four = tflite_files.four_outputs(bundled_model(), str(tmp_path / 'four.tflite'))
    expected, _ = PoseEngine(bundled_model()).DetectPosesInImage(photo())
    assert len(expected) == 2
    for path in (RAW, four):
        poses, _ = PoseEngine(path, device='cpu').DetectPosesInImage(photo())
        assert len(poses) == 2
        for pose, wanted in zip(poses, expected):
            assert pose.score == pytest.approx(wanted.score, abs=0.05)
            for part, keypoint in pose.keypoints.items():
                if wanted.keypoints[part].score > 0.6:  # the op differs in doubtful ones
                    assert keypoint.point.distance(wanted.keypoints[part].point) < 5


def test_an_empty_picture_has_no_poses():
    poses, _ = PoseEngine(bundled_model()).DetectPosesInImage(np.full((353, 481, 3), 90, np.uint8))
    assert poses == []


# Heat maps


@pytest.mark.parametrize('path', [bundled_model(), RAW])
@pytest.mark.parametrize('size', [(640, 480), (1280, 500)])
def test_heatmaps_are_high_where_keypoints_are(path, size):
    """In pixels of the image, whatever its size; the maps' cells are 16 pixels of the input."""
    engine = PoseEngine(path)
    poses, _ = engine.DetectPosesInImage(photo().resize(size))
    assert len(poses) == 2
    for part in (KeypointType.NOSE, KeypointType.LEFT_WRIST):
        heatmap = engine.GetHeatmap(part)
        assert (heatmap.shape, heatmap.dtype) == (size[::-1], np.float32)
        assert 0 <= heatmap.min() < 0.01
        assert 0.5 < heatmap.max() <= 1
        for pose in poses:
            x, y = (round(value) for value in pose.keypoints[part].point)
            assert heatmap[y - 12:y + 13, x - 12:x + 13].max() > 0.5
    assert heatmap.mean() < 0.1


def test_the_likeliest_part_is_the_highest_of_all_heatmaps():
    engine = PoseEngine(bundled_model())
    engine.DetectPosesInImage(photo())
    every = np.array([engine.GetHeatmap(part) for part in KeypointType])
    likeliest = engine.GetHeatmap(None)
    assert (likeliest >= every.max(0) - 1e-6).all()  # between cells, maxima of two parts mix
    assert likeliest.max() == every.max()


# Masks

BODYPIX = 'bodypix_mobilenet_v1_075_640_480_16_quant_decoder.tflite'
PORTRAIT = 'bodypix_mobilenet_v1_075_720_1280_16_quant_decoder.tflite'
RAW_PORTRAIT = PORTRAIT.replace('_decoder', '')


def at(mask: np.ndarray, keypoint: Keypoint) -> float:
    x, y = map(round, keypoint.point)
    return mask[y, x]


@pytest.mark.parametrize('name', [BODYPIX, PORTRAIT, RAW_PORTRAIT])
@pytest.mark.parametrize('size', [(640, 480), (480, 640), (333, 100)])
def test_a_bodypix_has_masks_of_people(name, size):
    """With the op and without; in pixels of the image, whatever its size."""
    engine = PoseEngine(shared('models', 'bodypix', name))
    assert engine.has_masks
    with pytest.raises(EngineError, match='call DetectPosesInImage first'):
        engine.GetMask()
    poses, _ = engine.DetectPosesInImage(photo().resize(size))
    assert len(poses) == 2
    scores, mask, masks = engine.GetMaskScores(), engine.GetMask(), engine.GetMasks()
    assert (scores.shape, scores.dtype) == (size[::-1], np.float32)
    assert 0 <= scores.min() < 0.01 and 0.9 < scores.max() <= 1
    assert (mask.shape, mask.dtype) == (size[::-1], np.uint8)
    assert (masks.shape, masks.dtype) == ((2, *size[::-1]), np.uint8)
    assert np.array_equal(mask, np.where(scores >= 0.5, 255, 0))
    assert 0.05 < (mask > 0).mean() < 0.4
    assert np.array_equal(masks.sum(0), mask)  # every person's pixel is somebody's, and once
    for part in (KeypointType.LEFT_SHOULDER, KeypointType.RIGHT_HIP):
        for i, pose in enumerate(poses):
            found = [at(each, pose.keypoints[part]) for each in (masks[i], masks[1 - i])]
            assert found == [255, 0]


@pytest.mark.parametrize('name', [BODYPIX, RAW_PORTRAIT])
def test_the_only_person_has_the_whole_mask(name):
    engine = PoseEngine(shared('models', 'bodypix', name), single=True)
    assert len(engine.DetectPosesInImage(photo())[0]) == 1
    assert engine.GetMask().any()
    assert np.array_equal(engine.GetMasks(), engine.GetMask()[None])


@pytest.mark.parametrize('name', [BODYPIX, RAW_PORTRAIT])
def test_a_picture_without_people_has_no_masks(name):
    engine = PoseEngine(shared('models', 'bodypix', name))
    poses, _ = engine.DetectPosesInImage(np.full((90, 120, 3), 90, np.uint8))
    assert (poses, engine.GetMasks().shape) == ([], (0, 90, 120))
    assert not engine.GetMask().any()


def test_both_forms_of_a_bodypix_have_the_same_masks():
    """The op's fifth output, and what the library derives from raw long offsets."""
    with_op, raw = (PoseEngine(shared('models', 'bodypix', name))
                    for name in (PORTRAIT, RAW_PORTRAIT))
    for engine in (with_op, raw):
        assert len(engine.DetectPosesInImage(photo())[0]) == 2
    assert (with_op.GetMask() != raw.GetMask()).mean() < 0.01
    assert (with_op.GetMasks() != raw.GetMasks()).mean() < 0.01


@pytest.mark.parametrize('path', [bundled_model(), RAW])
def test_other_networks_have_no_masks(path):
    engine = PoseEngine(path)
    engine.DetectPosesInImage(photo())
    assert not engine.has_masks
    for read in (engine.GetMask, engine.GetMasks, engine.GetMaskScores):
        with pytest.raises(EngineError, match='^PoseNet has no masks: a BodyPix has$'):
            read()


# Options


def test_max_poses_keeps_the_shapes():
    one = PoseEngine(bundled_model(), max_poses=np.int64(1))
    poses, _ = one.DetectPosesInImage(photo())
    assert len(poses) == 1
    assert len(poses[0].keypoints) == 17
    expected, _ = PoseEngine(bundled_model()).DetectPosesInImage(photo())
    noses = [pose.keypoints[KeypointType.NOSE].point for pose in expected]
    assert min(poses[0].keypoints[KeypointType.NOSE].point.distance(nose) for nose in noses) < 1


@pytest.mark.parametrize('path', [bundled_model(), RAW])
def test_score_threshold_and_nms_radius(path):
    def found(**option: float) -> int:
        return len(PoseEngine(path, **option).DetectPosesInImage(photo())[0])

    expected = [pose.score for pose in PoseEngine(path).DetectPosesInImage(photo())[0]]
    assert len(expected) == 2
    assert found(score_threshold=sum(expected) / 2) == 1 < 2 < found(score_threshold=0.01)
    assert found(score_threshold=0.1, nms_radius=0) > found(score_threshold=0.1)
    assert found(nms_radius=400) == 1


def test_a_missing_decoder_names_the_installer(monkeypatch):
    monkeypatch.setattr('posesuite.engine.raw_decoder.POSENET_SHARED_LIB', '/nowhere/decoder.so')
    for path in (bundled_model(), RAW):
        with pytest.raises(EngineError, match='^no /nowhere/decoder.so: sh install'):
            PoseEngine(path)
