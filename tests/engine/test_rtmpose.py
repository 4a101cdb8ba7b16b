"""RTMPose's SimCC outputs, on a small network for which every part is the brightest place."""
from typing import Any

from pose_engine import PoseEngine
from posesuite.engine.families.rtmpose import Family
from posesuite.pose.skeleton import KEYPOINT_TYPES

import numpy as np
import pytest

pytest.importorskip('onnxruntime')
onnx_files = pytest.importorskip('onnx_files')
WIDTH, HEIGHT = 96, 128


def spot(x: int, y: int, width: int = 640, height: int = 480, size: int = 24) -> np.ndarray:
    image = np.zeros((height, width, 3), np.uint8)
    image[max(0, y - size // 2):y + size // 2, max(0, x - size // 2):x + size // 2] = 255
    return image


@pytest.mark.parametrize('parts, y_first', [(17, False), (17, True), (26, False), (133, False)])
def test_every_part_is_where_the_image_is_brightest(tmp_path: Any, parts: int,
                                                    y_first: bool) -> None:
    engine = PoseEngine(onnx_files.brightest(tmp_path / 'simcc.onnx', WIDTH, HEIGHT, parts,
                                             y_first))
    assert (engine.family, engine.input_size) == ('RTMPose', (WIDTH, HEIGHT))
    for x, y in [(320, 240), (20, 30), (620, 460)]:
        pose, = engine.DetectPosesInImage(spot(x, y))[0]
        assert (pose.score, pose.box) == (1, None)
        for part in KEYPOINT_TYPES:
            # A pixel of the input has 8 of the image.
            assert pose.keypoints[part].point == pytest.approx((x, y), abs=24)


def test_the_whole_image_with_room_around_it_is_normalised(tmp_path: Any) -> None:
    path = onnx_files.brightest(tmp_path / 'simcc.onnx', WIDTH, HEIGHT)
    engine = PoseEngine(path)
    engine.DetectPosesInImage(np.full((480, 640, 3), 255, np.uint8))
    pose, = engine.DetectPosesInImage(np.full((480, 640, 3), 255, np.uint8))[0]
    # The first of the brightest columns and rows is the image's corner.
    assert pose.keypoints['nose'].point == pytest.approx((3.5, 3.5), abs=0.8)
    assert engine.DetectPosesInImage(np.zeros((480, 640, 3), np.uint8))[0] == []


def test_hostile_numbers() -> None:
    class Network:
        input_size = WIDTH, HEIGHT
        outputs = [{'name': name, 'shape': np.array((1, 17, 2 * side))}
                   for name, side in (('simcc_x', WIDTH), ('simcc_y', HEIGHT))]

    assert Family.matches(Network.outputs)
    family = Family(Network(), {'score_threshold': 0.0})
    random = np.random.RandomState(2)
    for share in (0, 0.01, 0.5, 1):
        outputs = [random.uniform(-1, 2, output['shape']).astype(np.float32)
                   for output in Network.outputs]
        for output in outputs:
            bad = random.uniform(size=output.shape) < share
            output[bad] = random.choice([np.nan, np.inf, -np.inf, 3e38], int(bad.sum()))
        with np.errstate(all='raise'):
            found = family.decode(outputs)
        assert found.keypoints.shape == (1, 17, 2)
        assert np.isfinite(found.keypoints).all()
        assert ((found.keypoints >= 0) & (found.keypoints < (HEIGHT, WIDTH))).all()
        assert ((found.keypoint_scores >= 0) & (found.keypoint_scores <= 1)).all()


@pytest.mark.parametrize('shapes', [[(1, 21, 192), (1, 21, 256)], [(1, 17, 192), (1, 26, 256)],
                                    [(1, 17, 192)], [(2, 17, 192), (2, 17, 256)]])
def test_other_forms_are_not_taken(shapes: Any) -> None:
    assert not Family.matches([{'shape': np.array(shape)} for shape in shapes])
