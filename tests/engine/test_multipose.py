"""MoveNet MultiPose: several people with boxes, in inputs of any size."""
from typing import Any, List

from pose_engine import PoseEngine
from posesuite.engine.families.movenet import dynamic_size
from posesuite.pose.json_poses import pose_as_json, pose_from_json
from posesuite.pose.pose import Box
from posesuite.pose.skeleton import KEYPOINT_TYPES

import numpy as np
import pytest

tflite_files = pytest.importorskip('tflite_files')


def person(score: float, top: float, left: float, bottom: float, right: float) -> List[float]:
    """The 56 values of one person, whose keypoints are along the diagonal of the box."""
    values: List[float] = []
    for part in KEYPOINT_TYPES:
        share = part / 16
        values += [top + share * (bottom - top), left + share * (right - left), 0.5 + part / 100]
    return [*values, top, left, bottom, right, score]


PEOPLE = np.array([person(0.15, 0, 0, 0.1, 0.1), person(0.9, 0.1, 0.2, 0.6, 0.4),
                   person(0.5, 0.3, 0.5, 0.7, 0.9), *3 * [[0.0] * 56]], np.float32)[None]


@pytest.fixture
def multipose(tmp_path: Any) -> str:
    """A MultiPose for images of any size that always answers PEOPLE."""
    return tflite_files.constant_network(str(tmp_path / 'multi.tflite'), [1, -1, -1, 3], PEOPLE)


def test_multipose_has_people_with_boxes(multipose):
    engine = PoseEngine(multipose)
    poses, _ = engine.DetectPosesInImage(np.zeros((480, 640, 3), np.uint8))
    assert engine.input_size == (256, 192)
    assert [pose.score for pose in poses] == pytest.approx([0.9, 0.5])
    # Shares of the input, 256x192, are those of the image, 640x480.
    assert poses[0].box == pytest.approx(Box(0.2 * 640, 0.1 * 480, 0.4 * 640, 0.6 * 480), abs=0.6)
    assert poses[1].box == pytest.approx(Box(0.5 * 640, 0.3 * 480, 0.9 * 640, 0.7 * 480), abs=0.6)
    for pose in poses:
        box, nose, ankle = pose.box, pose.keypoints['nose'], pose.keypoints['rightAnkle']
        assert nose.point == pytest.approx((box.left, box.top))
        assert ankle.point == pytest.approx((box.right, box.bottom))
        assert (nose.score, ankle.score) == pytest.approx((0.5, 0.66))
        back = pose_from_json(pose_as_json(pose))
        assert back.box == pytest.approx(pose.box, abs=0.01)


@pytest.mark.parametrize('size, expected', [
    ((640, 480), (256, 192)), ((480, 640), (192, 256)), ((1920, 1080), (256, 160)),
    ((100, 100), (256, 256)), ((4000, 3), (256, 32)), ((1, 9000), (32, 256)),
    ((256, 193), (256, 224)), ((8, 8), (256, 256))])
def test_multipose_inputs_are_multiples_of_32(multipose, size, expected):
    assert dynamic_size(*size) == expected
    engine = PoseEngine(multipose)
    assert len(engine.DetectPosesInImage(np.zeros((*size[::-1], 3), np.uint8))[0]) == 2
    assert engine.input_size == expected


def test_multipose_in_an_image_that_does_not_fill_the_input(multipose):
    """1920x1080 fills 256x144 of 256x160, at the top."""
    poses, _ = PoseEngine(multipose).DetectPosesInImage(np.zeros((1080, 1920, 3), np.uint8))
    assert poses[0].box == pytest.approx(
        Box(0.2 * 1920, 0.1 * 1200, 0.4 * 1920, 0.6 * 1200), abs=1)


def test_options_of_multipose(multipose):
    image = np.zeros((480, 640, 3), np.uint8)

    def scores(**options: Any) -> List[float]:
        poses, _ = PoseEngine(multipose, **options).DetectPosesInImage(image)
        return [round(pose.score, 3) for pose in poses]

    assert scores(max_poses=1) == scores(single=True) == scores(score_threshold=0.6) == [0.9]
    assert scores(score_threshold=0.1) == [0.9, 0.5, 0.15]
    engine = PoseEngine(multipose, mirror=True)
    (pose, _), _ = engine.DetectPosesInImage(image)
    assert pose.box == pytest.approx(Box(0.6 * 640 - 1, 48, 0.8 * 640 - 1, 288), abs=0.6)


def test_a_multipose_of_a_fixed_size(tmp_path):
    path = tflite_files.constant_network(str(tmp_path / 'fixed.tflite'), [1, 256, 256, 3], PEOPLE)
    engine = PoseEngine(path)
    poses, _ = engine.DetectPosesInImage(np.zeros((480, 640, 3), np.uint8))
    assert engine.input_size == (256, 256)
    assert poses[0].box == pytest.approx(Box(128, 64, 256, 384), abs=0.6)
