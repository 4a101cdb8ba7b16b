"""Skeletons drawn on arrays."""
import numpy as np
import pytest

from overlay import EDGES, draw_pose
from pose_engine import Keypoint, KeypointType, Point, Pose


def pose(scores) -> Pose:
    """Keypoint k at (100 + 10 k, 50 + 5 k)."""
    return Pose({part: Keypoint(Point(100. + 10 * part, 50. + 5 * part), score)
                 for part, score in zip(KeypointType, scores)}, 0.9)


def test_edges_join_parts_of_one_side_or_the_middle():
    assert len(EDGES) == 16
    for a, b in EDGES:
        sides = {part.name.split('_')[0] for part in (a, b)} - {'NOSE'}
        assert len(sides) == 1 or a.name[5:] == b.name[6:]  # shoulders and hips


def test_sure_keypoints_are_drawn_and_others_not():
    image = np.zeros((480, 640, 3), np.uint8)
    draw_pose(image, pose([0.9] * 8 + [0.1] * 9), (10, 20, 30))
    assert image[50, 100].tolist() == [10, 20, 30]
    assert image[85, 170].tolist() == [10, 20, 30]  # the left elbow
    assert not image[:, 190:].any()


@pytest.mark.parametrize('shape', [(1, 1, 3), (240, 320, 3), (2160, 3840, 3)])
def test_any_size_and_points_outside(shape):
    image = np.zeros(shape, np.uint8)
    draw_pose(image, pose([1.] * 17))
    everywhere = Pose({part: Keypoint(Point(-1e4, 1e4), 1.) for part in KeypointType}, 1.)
    draw_pose(image, everywhere)
    assert image.any() == (shape[0] > 1)
