"""Keypoint R-CNN: torchvision's outputs, on small networks that answer as it does."""
from typing import Any, Dict, Optional, Sequence

from pose_engine import EngineError, KeypointType, PoseEngine
from posesuite.pose.skeleton import KEYPOINT_TYPES

import numpy as np
import pytest

pytest.importorskip('onnxruntime')
onnx_files = pytest.importorskip('onnx_files')

NAMES = 'boxes', 'labels', 'scores', 'keypoints', 'keypoints_scores'
FORMS = {'boxes': ('n', 4), 'labels': ('n',), 'scores': ('n',), 'keypoints': ('n', 17, 3),
         'keypoints_scores': ('n', 17)}


def people(*scores: float, label: int = 1) -> Dict[str, np.ndarray]:
    """What the network finds: each person's keypoint of id k is at (10 + k, 20 + number)."""
    count = len(scores)
    keypoints = np.ones((count, 17, 3), np.float32)
    keypoints[:, :, 0] = 10 + np.arange(17)
    keypoints[:, :, 1] = 20 + np.arange(count)[:, None]
    return {'boxes': np.tile(np.float32([8, 18, 30, 40]), (count, 1)),
            'labels': np.full(count, label, np.int64), 'scores': np.float32(scores),
            'keypoints': keypoints,
            'keypoints_scores': np.tile(np.linspace(-6, 10, 17, dtype=np.float32), (count, 1))}


def engine(path: Any, outputs: Dict[str, np.ndarray], shape: Sequence[int] = (1, 3, 64, 96),
           names: Optional[Dict[str, str]] = None, **options: Any) -> PoseEngine:
    names = names or {name: name for name in outputs}
    return PoseEngine(onnx_files.answers(
        path / 'rcnn.onnx', {names[name]: values for name, values in outputs.items()}, shape,
        declared={names[name]: FORMS[name] for name in outputs}), **options)


def image(width: int = 96, height: int = 64) -> np.ndarray:
    return np.zeros((height, width, 3), np.uint8)


@pytest.mark.parametrize('shape', [(1, 3, 64, 96), (3, 64, 96), ('batch', 3, 64, 96)])
def test_people_with_boxes_and_scores(tmp_path, shape):
    found = engine(tmp_path, people(0.5, 0.99, 0.1), shape)
    assert found.family == 'Keypoint R-CNN'
    assert found.input_size == (96, 64)
    poses, _ = found.DetectPosesInImage(image())
    assert [pose.score for pose in poses] == pytest.approx([0.99, 0.5])
    assert poses[0].keypoints[KeypointType.LEFT_EYE].point == pytest.approx((11, 21))
    assert poses[0].box == pytest.approx((8, 18, 30, 40))
    scores = [poses[0].keypoints[part].score for part in KEYPOINT_TYPES]
    assert scores == sorted(scores)
    assert scores[8] == pytest.approx(0.5)  # its logit is 2, at which Detectron shows it


def test_places_are_in_the_pixels_of_the_image(tmp_path):
    poses, _ = engine(tmp_path, people(0.9)).DetectPosesInImage(image(384, 128))
    # The image is 96 x 32 in the input, with 16 rows above it.
    assert poses[0].keypoints['nose'].point == pytest.approx((40, (20 - 16) * 4))
    assert poses[0].box == pytest.approx((32, 8, 120, 96))


def test_nobody_and_hundreds(tmp_path):
    assert engine(tmp_path, people()).DetectPosesInImage(image())[0] == []
    poses, _ = engine(tmp_path, people(*np.linspace(0.3, 0.9, 400))).DetectPosesInImage(image())
    assert len(poses) == 100
    assert poses[0].score == pytest.approx(0.9)
    poses, _ = engine(tmp_path, people(0.1, 0.9, 0.7), max_poses=1,
                      score_threshold=0.8).DetectPosesInImage(image())
    assert len(poses) == 1


def test_what_is_labelled_as_no_person(tmp_path):
    assert engine(tmp_path, people(0.9, label=0)).DetectPosesInImage(image())[0] == []


def test_exports_with_other_names_and_without_some_outputs(tmp_path):
    numbered = {name: str(2000 + i) for i, name in enumerate(NAMES)}
    poses, _ = engine(tmp_path, people(0.9), names=numbered).DetectPosesInImage(image())
    assert poses[0].keypoints['nose'].score == pytest.approx(1 / (1 + np.exp(8)), abs=1e-4)
    outputs = people(0.9)
    del outputs['labels'], outputs['keypoints_scores']
    poses, _ = engine(tmp_path, outputs).DetectPosesInImage(image())
    assert poses[0].keypoints['nose'].score == pytest.approx(0.9)


def test_other_parts_than_the_17_are_refused(tmp_path):
    outputs = people(0.9)
    outputs['keypoints'] = np.zeros((1, 4, 3), np.float32)
    outputs['keypoints_scores'] = np.zeros((1, 4), np.float32)
    path = onnx_files.answers(tmp_path / 'four.onnx', outputs)
    with pytest.raises(EngineError, match='are those of no known family'):
        PoseEngine(path)


def test_it_has_no_heatmaps_and_no_radius(tmp_path):
    found = engine(tmp_path, people(0.9))
    found.DetectPosesInImage(image())
    with pytest.raises(EngineError, match='^Keypoint R-CNN has no heatmaps$'):
        found.GetHeatmap('nose')
    with pytest.raises(EngineError, match='Keypoint R-CNN has no nms_radius'):
        engine(tmp_path, people(0.9), nms_radius=3)


def test_hostile_numbers(tmp_path):
    random = np.random.RandomState(0)
    for _ in range(20):
        outputs = people(*random.uniform(0, 1, 5))
        for name, values in outputs.items():
            if name != 'labels':
                nasty = random.choice([np.nan, np.inf, -np.inf, 3e38, -3e38, 7], values.shape)
                mixed = np.where(random.uniform(size=values.shape) < 0.3, nasty, values)
                outputs[name] = mixed.astype(np.float32)
        for pose in engine(tmp_path, outputs).DetectPosesInImage(image())[0]:
            numbers = [pose.score, *pose.box]
            for keypoint in pose.keypoints.values():
                assert 0 <= keypoint.score <= 1
                assert 0 <= keypoint.point.x <= 95 and 0 <= keypoint.point.y <= 63
            assert np.isfinite(numbers).all()
            assert 0 <= pose.score <= 1
