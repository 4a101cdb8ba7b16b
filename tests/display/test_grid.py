"""Several cameras' frames in one picture."""
from figures import numbered, standing
from posesuite.display.grid import Grid
from posesuite.pose.pose import Box, Fault, FaultKind
from posesuite.pose.skeleton import KeypointType

import numpy as np
import pytest


def full(level: int, camera: int, size=(640, 480)):
    frame = numbered(0, 0.0, size, camera=camera)
    frame.image[...] = level
    return frame


@pytest.mark.parametrize('count, shape', [(2, (480, 1280)), (3, (960, 1280)), (4, (960, 1280)),
                                          (5, (640, 1278)), (9, (960, 1278))])
def test_the_picture_holds_all_cameras(count, shape):
    grid = Grid([f'camera {number}' for number in range(count)])
    for number in range(count):
        frame, _, _ = grid.put(full(10 + 20 * number, number), {}, {})
    assert frame.image.shape[:2] == pytest.approx(shape, abs=2)
    columns = {2: 2, 3: 2, 4: 2, 5: 3, 9: 3}[count]
    tile = 1280 // columns
    for number in range(count):
        y, x = (number // columns + .5) * tile * 3 / 4, (number % columns + .5) * tile
        assert frame.image[int(y), int(x), 0] == 10 + 20 * number


def test_a_frame_leaves_the_pictures_before_as_they_are():
    grid = Grid(['a', 'b'])
    first, _, _ = grid.put(full(10, 0), {}, {})
    second, _, _ = grid.put(full(99, 0), {}, {})
    assert (first.image[240, 320, 0], second.image[240, 320, 0]) == (10, 99)
    assert (first.number, second.number) == (0, 1)


def test_people_are_where_the_picture_shows_them():
    """A dot in each frame, which may have other proportions than the tiles, is under the nose."""
    grid = Grid(['a', 'b', 'c', 'd'])
    grid.put(full(0, 0), {}, {})
    for camera, size in enumerate([(640, 480), (1280, 720), (480, 640), (320, 240)]):
        x, y = size[0] * 0.6, size[1] * 0.7
        frame = full(0, camera, size)
        frame.image[int(y) - 4:int(y) + 5, int(x) - 4:int(x) + 5] = 255
        pose = standing(x, y, NOSE=(x, y))._replace(box=Box(x - 4, y - 4, x + 4, y + 4))
        shown, people, _ = grid.put(frame, {camera + 1: pose}, {})
        place = people[camera + 1].keypoints[KeypointType.NOSE].point
        box = people[camera + 1].box
        assert box.left < place.x < box.right and box.top < place.y < box.bottom
        image = shown.image.copy()
        assert image[round(place.y), round(place.x)].min() > 200
        image[round(place.y) - 12:round(place.y) + 12, round(place.x) - 12:round(place.x) + 12] = 0
        top, left = camera // 2 * 480, camera % 2 * 640
        assert image[top + 200:top + 470, left + 20:left + 620].max() < 200
    assert sorted(people) == [1, 2, 3, 4]


def test_ids_and_labels_of_cameras_are_told_apart():
    grid = Grid(['a', 'b'])
    _, people, labels = grid.put(full(0, 0), {7: standing()}, {7: ['sitting']})
    _, people, labels = grid.put(full(0, 1), {7: standing(), 8: standing()}, {7: ['standing']})
    assert list(people) == [7, 1007, 8]
    assert labels == {7: ['sitting'], 1007: ['standing']}
    _, people, labels = grid.put(full(0, 0), {}, {})
    assert list(people) == [1007, 8] and labels == {1007: ['standing']}


def test_a_fault_is_written_into_its_own_place():
    grid = Grid(['a', 'b'])
    grid.put(full(0, 0), {}, {})
    before, _, _ = grid.put(full(0, 1), {}, {})
    frame = full(0, 1)._replace(fault=Fault.of(FaultKind.LOST), people={})
    shown, people, _ = grid.put(frame, {}, {})
    assert shown.fault is None and people == {}
    assert np.array_equal(shown.image[:, :640], before.image[:, :640])
    assert shown.image[:, 640:].sum() > before.image[:, 640:].sum()


def test_times_never_go_back():
    grid = Grid(['a', 'b'])
    times = [grid.put(numbered(0, seconds, camera=camera), {}, {})[0].time
             for camera, seconds in ((0, 5.0), (1, 1.0), (0, 5.1), (1, 9.0))]
    assert times == [5.0, 5.0, 5.1, 9.0]
