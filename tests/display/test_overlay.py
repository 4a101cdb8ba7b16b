"""Skeletons, heatmaps and text drawn on arrays."""
from figures import IMAGE, diagonal, frame, standing
from posesuite.display.overlay import (
    COLORS,
    black,
    draw_heatmap,
    draw_people,
    draw_pose,
    look_of,
    shadow_text,
)
from posesuite.pose.pose import Keypoint, Point, Pose
from posesuite.pose.skeleton import KeypointType

import numpy as np
import pytest


def moved(pose: Pose, x: float, y: float) -> Pose:
    return pose._replace(keypoints={part: Keypoint(Point(place.x + x, place.y + y), score)
                                    for part, (place, score) in pose.keypoints.items()})


def test_sure_keypoints_are_drawn_and_others_are_not():
    image = IMAGE.copy()
    draw_pose(image, diagonal([0.9] * 8 + [0.1] * 9), (10, 20, 30))
    for part in (5, 7):  # the ends of a bone
        assert image[50 + 5 * part, 100 + 10 * part].tolist() == [255, 255, 255]
    assert (image == (10, 20, 30)).all(2).sum() > 10  # a bone, and rims of joints
    assert (image[:, 190:] == 90).all()


def test_the_white_centre_of_a_joint_grows_with_its_score():
    whites = []
    for score in (0.3, 0.6, 1.):
        image = np.zeros((480, 640, 3), np.uint8)
        draw_pose(image, diagonal([score] + [0.] * 16))
        whites.append(int((image == 255).all(2).sum()))
    assert whites == sorted(set(whites))


def test_joints_of_the_face_are_smaller():
    def extent(part: KeypointType) -> int:
        image = IMAGE.copy()
        draw_pose(image, diagonal([0.9 if other == part else 0 for other in KeypointType]))
        return int((image != 90).any((0, 2)).sum())

    assert extent(KeypointType.RIGHT_EAR) < extent(KeypointType.LEFT_SHOULDER)


def test_people_have_different_colours():
    image = np.zeros((480, 640, 3), np.uint8)
    draw_people(image, {1: diagonal([0.3] * 17), 8: moved(diagonal([0.3] * 17), 0, 300)},
                numbers=False)
    for half, color in ((image[:240], COLORS[0]), (image[240:], COLORS[1])):
        assert (half == color).all(2).any()
        assert not any((half == other).all(2).any() for other in COLORS if other != color)


def test_lines_and_joints_are_as_wide_as_the_person_is_large():
    def drawn(size: float) -> int:
        image = np.zeros((1200, 1200, 3), np.uint8)
        draw_pose(image, Pose({part: Keypoint(Point(*(np.array(place) * size + 20)), score)
                               for part, (place, score) in diagonal([0.9] * 17).keypoints.items()},
                              0.9))
        return int(image.any(axis=2).sum())

    assert drawn(4) > 2 * drawn(2) > 4 * drawn(1) > 0


def test_the_number_is_beside_the_head():
    image = np.zeros((480, 640, 3), np.uint8)
    draw_people(image, {12: standing(320)})
    without = np.zeros((480, 640, 3), np.uint8)
    draw_people(without, {12: standing(320)}, numbers=False)
    rows, columns = np.nonzero((image != without).any(axis=2))
    assert 60 < rows.min() < rows.max() < 104  # the head is at 100
    assert 330 < columns.min() < columns.max() < 400


@pytest.mark.parametrize('x', [-400, 0, 5, 600, 639, 2000])
def test_the_number_is_in_the_picture(x):
    for identity in (1, 123456):
        look = look_of(standing(x), identity, 640, 480)
        assert 0 <= look.number.x < 640 - look.letter / 2 and look.letter < look.number.y < 480


def test_a_line_joins_the_head_to_the_shoulders():
    for sure, joined in (((0, 5, 6), True), ((1, 2, 5, 6), True), ((4, 5, 6), True),
                         ((5, 6), False), ((0, 5), False)):
        image = np.zeros((480, 640, 3), np.uint8)
        pose = diagonal([0.9 if part in sure else 0.1 for part in KeypointType])
        pose.keypoints[KeypointType.LEFT_SHOULDER] = Keypoint(Point(100, 170), 0.9 * (5 in sure))
        pose.keypoints[KeypointType.RIGHT_SHOULDER] = Keypoint(Point(200, 170), 0.9 * (6 in sure))
        draw_pose(image, pose)
        assert image[120].any() == joined, sure


def test_nothing_is_drawn_of_somebody_who_is_not_sure():
    image = np.zeros((480, 640, 3), np.uint8)
    draw_people(image, {1: diagonal([0.19] * 17)})
    assert not image.any()
    assert look_of(diagonal([0.19] * 17), 1, 640, 480) is None


def test_a_heatmap_is_brighter_where_a_part_is_likely():
    scores = np.zeros((480, 640), np.float32)
    scores[:240] = 1
    image = draw_heatmap(IMAGE, scores)
    assert image.dtype == np.uint8 and image.shape == IMAGE.shape
    assert image[:240].mean() > 150 > 90 > image[240:].mean() > 40
    assert (IMAGE == 90).all()


def test_a_black_frame_keeps_everything_but_its_image():
    given = frame(1.5, 'covered')
    shown = black(given)
    assert not shown.image.any() and shown.image.shape == IMAGE.shape
    assert shown._replace(image=None) == given._replace(image=None)
    assert (given.image == 90).all()


@pytest.mark.parametrize('width', [320, 640, 3840])
def test_text_is_readable_on_any_background_and_stays_inside(width):
    text = 'PoseNet: 14.0ms (71.4 fps) TrueFPS: 29.97 Nposes 2'
    covered = []
    for ground in (0, 255):
        image = np.full((width * 3 // 4, width, 3), ground, np.uint8)
        shadow_text(image, 0.02 * width, 0.5 * width, text)
        changed = np.flatnonzero((image != ground).any((0, 2)))
        covered.append((changed.min(), changed.max()))
        # Half of the width, whatever the size and OpenCV's font.
        assert 0.4 * width < changed.max() - changed.min() < 0.97 * width
    assert max(end for _, end in covered) < width - 1
    shadow_text(image, 0, 20, 'caf\u00e9 \u2603\0')  # characters that the font lacks are no error


@pytest.mark.parametrize('shape', [(1, 1, 3), (240, 320, 3), (2160, 3840, 3)])
def test_any_size_and_points_outside(shape):
    image = np.zeros(shape, np.uint8)
    draw_pose(image, diagonal([1.] * 17))
    everywhere = Pose({part: Keypoint(Point(-1e4, 1e4), 1.) for part in KeypointType}, 1.)
    draw_pose(image, everywhere)
    assert image.any() == (shape[0] > 1)
