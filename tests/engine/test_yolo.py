"""YOLO-pose: the outputs of Ultralytics' exports, on small networks that answer as they do."""
from typing import Any, Dict, List

from pose_engine import EngineError, KeypointType, PoseEngine
from posesuite.engine.families.yolo import Family
from posesuite.engine.network import Network

import numpy as np
import pytest

WIDTH, HEIGHT = 96, 64


def anchors(boxes: List[List[float]], count: int = 126) -> np.ndarray:
    """Rows of [1, count, 56]: middle x, middle y, width, height, score; keypoints in the middle,
    of id k a k-th of a pixel to its right, with scores of 0.5.
    """
    rows = np.zeros((1, count, 56), np.float32)
    for i, (x, y, width, height, score) in enumerate(boxes):
        rows[0, -1 - i, :5] = x, y, width, height, score
        rows[0, -1 - i, 5::3] = x + np.arange(17) / 17
        rows[0, -1 - i, 6::3], rows[0, -1 - i, 7::3] = y, 0.5
    return rows


class Answers(Network):
    """A network that answers what it is told."""

    def __init__(self, *outputs: np.ndarray, **details: Any) -> None:
        self.input_size = WIDTH, HEIGHT
        self._outputs = outputs
        self.outputs = self.tensors = [{'name': 'output0', 'shape': np.array(output.shape),
                                        'dtype': output.dtype, 'quantization': (0.0, 0), **details}
                                       for output in outputs]

    def input(self) -> np.ndarray:
        return np.zeros((HEIGHT, WIDTH, 3), np.float32)

    def run(self) -> List[np.ndarray]:
        return list(self._outputs)

    def read(self, tensor: Dict[str, Any]) -> np.ndarray:
        return self._outputs[0]


def detect(rows: np.ndarray, options: Any = None, **details: Any) -> Any:
    network = Answers(rows, **details)
    assert Family.matches(network.outputs)
    return Family(network, options or {}).decode(network.run())


TWO = [[30, 20, 20, 30, 0.8], [31, 21, 20, 30, 0.9], [70, 40, 10, 16, 0.5], [50, 50, 9, 9, 0.2]]


@pytest.mark.parametrize('channels_first', [True, False])
def test_anchors_become_people_each_once(channels_first):
    rows = anchors(TWO)
    found = detect(rows.transpose(0, 2, 1) if channels_first else rows)
    assert found.pose_scores.tolist() == pytest.approx([0.9, 0.5])
    assert found.boxes.tolist() == [[6, 21, 36, 41], [32, 65, 48, 75]]
    assert found.keypoints[0, 0].tolist() == [21, 31]
    assert found.keypoints[1, 16].tolist() == pytest.approx([40, 70 + 16 / 17])
    assert found.keypoint_scores.tolist() == [[0.5] * 17] * 2


def test_options():
    rows = anchors(TWO)
    assert len(detect(rows, {'score_threshold': 0.1}).pose_scores) == 3
    assert len(detect(rows, {'score_threshold': 0.6}).pose_scores) == 1
    assert detect(rows, {'max_poses': 1}).pose_scores.tolist() == pytest.approx([0.9])


@pytest.mark.parametrize('people', [[], [0.9], list(np.linspace(0.3, 0.9, 300))])
def test_a_list_of_people(people):
    rows = np.zeros((1, 300, 57), np.float32)
    for i, score in enumerate(people):
        rows[0, i, :6] = 10, 5, 30, 55, score, 0
        rows[0, i, 6::3], rows[0, i, 7::3], rows[0, i, 8::3] = 20, 25, 0.7
    found = detect(rows)
    assert len(found.pose_scores) == len(people)
    if people:
        assert found.boxes[0].tolist() == [5, 10, 55, 30]
        assert found.keypoints[0, 3].tolist() == [25, 20]
        assert found.keypoint_scores[0, 3] == pytest.approx(0.7)
        assert found.pose_scores[0] == pytest.approx(0.9)
        rows[0, 0, 5] = 3  # another class than persons
        assert len(detect(rows).pose_scores) == len(people) - 1


def test_shares_of_the_input_as_in_exports_to_tensorflow_lite():
    shares = anchors(TWO) / np.float32([WIDTH, HEIGHT, WIDTH, HEIGHT, 1] + 17 * [WIDTH, HEIGHT, 1])
    found, expected = detect(shares), detect(anchors(TWO))
    for actual, wanted in zip(found, expected):
        np.testing.assert_allclose(actual, wanted, atol=1e-4)
    stored = np.round(shares * 250 - 100).astype(np.int8)
    found = detect(stored, quantization=(1 / 250, -100))
    assert found.pose_scores.tolist() == pytest.approx([0.9, 0.5], abs=0.01)
    np.testing.assert_allclose(found.keypoints, expected.keypoints, atol=0.3)


def test_hundreds_of_people_among_thousands_of_anchors():
    boxes = [[40 * (i % 20) + shift, 60 * (i // 20), 30, 50, 0.9 - i / 1000 - shift / 100]
             for i in range(280) for shift in range(6)]
    found = detect(anchors(boxes, 8400).transpose(0, 2, 1))
    assert len(found.pose_scores) == 280
    assert found.keypoints[:, 0].tolist() == [[60 * (i // 20), 40 * (i % 20)] for i in range(280)]


@pytest.mark.parametrize('form', [(1, 56, 126), (1, 126, 56), (1, 300, 57)])
def test_hostile_numbers(form):
    random = np.random.RandomState(1)
    for _ in range(50):
        nasty = random.choice([np.nan, np.inf, -np.inf, 3e38, -3e38, 0.9, 1.5, 40], form)
        rows = np.where(random.uniform(size=form) < random.choice([0.02, 0.5]), nasty,
                        random.uniform(0, 1, form) * random.choice([1, 100])).astype(np.float32)
        with np.errstate(all='raise'):
            found = detect(rows)
        for values in found:
            assert np.isfinite(values).all()
        assert (np.diff(found.pose_scores) <= 0).all()
        for scores in (found.pose_scores, found.keypoint_scores):
            assert ((scores >= 0) & (scores <= 1)).all()


@pytest.mark.parametrize('form', [(1, 6, 56), (1, 84, 8400), (1, 57375, 57), (1, 68, 8400),
                                  (2, 56, 8400), (1, 17, 3)])
def test_other_forms_are_not_taken(form):
    assert not Family.matches([{'shape': np.array(form)}])


def test_an_exported_file(tmp_path):
    pytest.importorskip('onnxruntime')
    onnx_files = pytest.importorskip('onnx_files')
    rows = anchors(TWO).transpose(0, 2, 1)
    engine = PoseEngine(onnx_files.answers(
        tmp_path / 'yolo.onnx', {'output0': rows}, ('batch', 3, 'height', 'width'),
        declared={'output0': ('batch', 56, 'anchors')},
        metadata={'imgsz': f'[{HEIGHT}, {WIDTH}]', 'task': 'pose'}))
    assert (engine.family, engine.input_size) == ('YOLO-pose', (WIDTH, HEIGHT))
    poses, _ = engine.DetectPosesInImage(np.zeros((120, 240, 3), np.uint8))
    assert len(poses) == 2
    # The image is 96 x 48 in the input, with 8 rows above it.
    point = poses[0].keypoints[KeypointType.NOSE].point
    assert point == pytest.approx((31 * 2.5, (21 - 8) * 2.5))
    assert poses[0].box == pytest.approx((21 * 2.5, 0, 41 * 2.5, (36 - 8) * 2.5))
    with pytest.raises(EngineError, match='^YOLO-pose has no masks'):
        engine.GetMask()
