"""People that networks list: kept once, ordered, and clean."""
from typing import List

from posesuite.engine.image import Placement
from posesuite.engine.listed import counted_from_edges, decoded, each_once, fit_middle

import numpy as np
import pytest


def share(a: np.ndarray, b: np.ndarray) -> float:
    """Intersection over union of two boxes."""
    shared = 1.0
    for low, high in ((0, 2), (1, 3)):
        shared *= max(0.0, min(a[high], b[high]) - max(a[low], b[low]))
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)]
    return shared / (sum(areas) - shared)


def slowly(boxes: np.ndarray, scores: np.ndarray, overlap: float) -> List[int]:
    kept: List[int] = []
    for i in sorted(range(len(boxes)), key=lambda i: -scores[i]):
        if all(share(boxes[i], boxes[better]) <= overlap for better in kept):
            kept.append(i)
    return kept


@pytest.mark.parametrize('overlap', [0.0, 0.45, 0.7, 1.0])
def test_non_maximum_suppression_is_that_of_a_slow_one(overlap):
    random = np.random.RandomState(3)
    corners = random.uniform(0, 60, (150, 2))
    boxes = np.concatenate([corners, corners + random.uniform(5, 40, (150, 2))], 1)
    scores = random.permutation(150) / 150
    expected = slowly(boxes, scores, overlap)
    assert len(expected) < 150 or overlap == 1
    assert each_once(boxes.astype(np.float32), scores, overlap, 1000).tolist() == expected
    assert each_once(boxes.astype(np.float32), scores, overlap, 7).tolist() == expected[:7]


def test_suppression_of_nothing_and_of_boxes_without_area():
    assert each_once(np.zeros((0, 4), np.float32), np.zeros(0), 0.5, 9).tolist() == []
    inside_out = np.array([[9, 9, 1, 1], [5, 5, 5, 5], [1e6, 1e6, -1e6, -1e6]], np.float32)
    assert sorted(each_once(inside_out, np.array([0.5, 0.9, 0.7]), 0.5, 9)) == [0, 1, 2]


def test_what_is_no_number_does_not_get_through():
    keypoints = np.zeros((4, 17, 2))
    keypoints[1, 0], keypoints[1, 1], keypoints[1, 2] = np.nan, [np.inf, 3], [1e300, -1e300]
    scores = np.full((4, 17), 0.5)
    scores[1, 3:6] = np.nan, np.inf, 7
    boxes = np.array([[0, 0, 1, 1], [np.nan, -np.inf, 1e300, 5], [0, 0, 1, 1], [0, 0, 1, 1]])
    found = decoded(keypoints, scores, [0.3, 0.9, np.nan, 0.1], boxes, 0.2, 10)
    assert found.pose_scores.tolist() == pytest.approx([0.9, 0.3])
    for values in found:
        assert np.isfinite(values).all()
        assert values.dtype == np.float32
    assert found.keypoint_scores[0, :7].tolist() == [0, 0, 0, 0, 0, 1, 0.5]
    assert found.keypoints[0, 3:].max() == 0
    assert abs(found.keypoints).max() <= 1e6
    assert found.boxes[0].tolist() == [0, 0, 1e6, 5]


@pytest.mark.parametrize('room', [1.0, 1.25])
@pytest.mark.parametrize('width, height', [(640, 480), (480, 640), (1, 900), (900, 1), (64, 96)])
def test_an_image_lies_in_the_middle(width, height, room):
    img = np.full((height, width, 3), 250, np.uint8)
    canvas = np.zeros((96, 64, 3), np.uint8)
    placement = fit_middle(img, canvas, 7, room)
    rows, columns = (np.flatnonzero((canvas[:, :, 0] == 250).any(axis)) for axis in (1, 0))
    assert set(np.unique(canvas)) <= {7, 250}
    # Pixel centres lie at whole numbers: the first and the last column, in pixels of the image.
    ends = [(x + 0.5) / placement.scale_x + placement.left - 0.5 for x in columns[[0, -1]]]
    assert ends == pytest.approx([0.5 / placement.scale_x - 0.5,
                                  width - 0.5 - 0.5 / placement.scale_x])
    for used, size, limit in ((columns, width, 64), (rows, height, 96)):
        assert abs(used[0] - (limit - 1 - used[-1])) <= 2
        scale = min(64 / width, 96 / height) / room
        assert len(used) == pytest.approx(max(1, size * scale), abs=1)


def test_places_that_count_from_edges():
    placement = counted_from_edges(Placement(0.25, 0.5, -10.0, 4.0))
    x, y = 30.0, 8.0  # pixels of the input; the image begins at x = 2.5
    left, top = placement.left - 0.5, placement.top - 0.5
    assert (x + 0.5) / placement.scale_x + left == pytest.approx((x - 2.5) / 0.25)
    assert (y + 0.5) / placement.scale_y + top == pytest.approx((y + 2) / 0.5)
