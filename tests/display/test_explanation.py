"""Vectors over pictures, and the four panels of what a network sees."""
from posesuite.display.explanation import GAP, MOST_PANEL, draw_affinity, four_panels
from posesuite.pose.pose import Keypoint, Point, Pose
from posesuite.pose.skeleton import KEYPOINT_TYPES

import numpy as np
import pytest

HEIGHT, WIDTH = 240, 320
GREY = np.full((HEIGHT, WIDTH, 3), 120, np.uint8)


def vectors(x: float, y: float) -> np.ndarray:
    """One vector in a box, none elsewhere."""
    field = np.zeros((2, HEIGHT, WIDTH), np.float32)
    field[:, 80:160, 100:220] = np.array([x, y])[:, None, None]
    return field


def test_directions_have_colours_and_arrows():
    pictures = [draw_affinity(GREY, vectors(x, y)) for x, y in ((1, 0), (-1, 0), (0, 1), (0, -1))]
    colors = [np.median(picture[90:150, 110:210].reshape(-1, 3), axis=0) for picture in pictures]
    for i, color in enumerate(colors):
        assert np.ptp(color) > 60  # no grey
        for other in colors[:i]:
            assert np.abs(color - other).max() > 60
    for picture in pictures:
        assert (picture[:70] < GREY[:70]).all()  # only darker
        assert np.ptp(picture[:70]) == 0
        assert (picture[80:160, 100:220] == 0).all(2).any()  # arrows have black rims


def test_no_vectors_and_longest_ones():
    assert np.ptp(draw_affinity(GREY, np.zeros((2, HEIGHT, WIDTH), np.float32))) == 0
    assert draw_affinity(GREY[:1, :1], np.ones((2, 1, 1), np.float32)).shape == (1, 1, 3)


def pose() -> Pose:
    return Pose({part: Keypoint(Point(100 + 5 * part, 60 + 8 * part), 0.9)
                 for part in KEYPOINT_TYPES}, 0.9)


def test_four_panels_show_the_pose_the_heat_and_both_vectors():
    heat = np.zeros((HEIGHT, WIDTH), np.float32)
    heat[100:140, 20:60] = 1
    sheet = four_panels(GREY, [pose()], heat, vectors(-0.9, 0))
    assert sheet.dtype == np.uint8
    height, width = (sheet.shape[0] - GAP) // 2, (sheet.shape[1] - GAP) // 2
    assert width == 480 and height == 360  # small pictures are enlarged
    scale = width / WIDTH
    result, heatmap, x, y = (sheet[top:top + height, left:left + width].astype(int)
                             for top in (0, height + GAP) for left in (0, width + GAP))
    below = round(60 * scale)  # the titles are above
    assert np.ptp(result[below:, round(100 * scale):]) > 100  # a skeleton
    hot = slice(round(105 * scale), round(135 * scale)), slice(round(25 * scale),
                                                               round(55 * scale))
    assert heatmap[hot].mean() > heatmap[below:, round(80 * scale):].mean() + 50
    box = slice(round(85 * scale), round(155 * scale)), slice(round(105 * scale),
                                                              round(215 * scale))
    assert x[box].mean() > x[below:, :round(90 * scale)].mean() + 50
    assert np.ptp(y[below:]) <= 2
    assert (sheet[height:height + GAP] == 255).all()


@pytest.mark.parametrize('height, width', [(3000, 2000), (1, 1), (1, 500)])
def test_pictures_of_any_size(height, width):
    sheet = four_panels(np.zeros((height, width, 3), np.uint8), [],
                        np.zeros((height, width), np.float32),
                        np.zeros((2, height, width), np.float32))
    assert max(sheet.shape) <= 2 * MOST_PANEL + GAP
