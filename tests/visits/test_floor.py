"""posesuite/visits/floor.py: places of the picture in metres, against cameras that are known."""
import math
from typing import Any, Tuple

import visitors
from posesuite.visits.areas import Plan, read_plan, write_plan
from posesuite.visits.floor import ANKLE, Floor, floor_from
from posesuite.visits.queues import find_queue

import cv2
import numpy as np
import pytest

POINTS = [[100, 900], [900, 900], [700, 500], [300, 500]]
METRES = [[0, 0], [4, 0], [4, 6], [0, 6]]
CORNERS = [[2, 1], [6, 1], [6, 5], [2, 5]]  # metres of the simulated room
PLACES = np.random.RandomState(0).rand(2000, 2) * (8, 6)


class Camera:
    """A pinhole camera over a floor, y upwards; like that of visitors.py, but of any kind."""

    def __init__(self, height: float, down: float, focal: float = 0.8, aspect: float = 4 / 3,
                 turned: float = 0.0) -> None:
        """height: metres; down: degrees below the horizon; focal: widths; turned: degrees."""
        down, turned = math.radians(down), math.radians(turned)
        ahead = np.array([math.cos(down) * math.cos(turned), math.cos(down) * math.sin(turned),
                          -math.sin(down)])
        right = np.array([math.sin(turned), -math.cos(turned), 0])
        self.axes = np.array([right, np.cross(ahead, right), ahead])
        self.height, self.focal, self.aspect = height, focal, aspect

    def see(self, places: Any, above: float = 0) -> np.ndarray:
        """Thousandths of places, [N, 2] in metres from under the camera; NaN behind it."""
        places = np.column_stack([places, np.full(len(places), above - self.height)])
        x, y, ahead = self.axes @ places.T
        ahead = np.where(ahead > 0.1, ahead, np.nan)
        return np.stack([500 + 1000 * self.focal * x / ahead,
                         500 + 1000 * self.focal * self.aspect * y / ahead], 1)


def simulated(above: float = 0) -> Tuple[Floor, np.ndarray, np.ndarray]:
    """The simulator's floor, and those of PLACES that its camera sees, and where it sees them."""
    def see(places: Any, above: float) -> np.ndarray:
        return visitors.project(np.column_stack([places, np.full(len(places), above)])) * 1000 / (
            visitors.WIDTH, visitors.HEIGHT)
    seen = see(PLACES, above)
    inside = ((seen >= 0) & (seen <= 1000)).all(1)
    assert inside.sum() > 1000
    points = see(CORNERS, 0).round().tolist()
    return floor_from({'points': points, 'metres': CORNERS}, ''), PLACES[inside], seen[inside]


def test_places_on_the_floor():
    """From points that are whole thousandths, within 1 % of their distance from the camera."""
    floor, places, seen = simulated()
    error = np.linalg.norm(floor.to_metres(seen, above=0) - places, axis=1)
    assert (error / np.linalg.norm(places, axis=1)).max() < 0.01


def test_feet_are_ankles_above_the_floor():
    floor, places, seen = simulated(above=ANKLE)
    away = np.linalg.norm(places, axis=1)
    wrong, right = (np.linalg.norm(floor.to_metres(seen, above=above) - places, axis=1) / away
                    for above in (0, ANKLE))
    assert wrong.max() > 0.03  # what the ankles' height would cost
    assert right.max() < 0.01


@pytest.mark.parametrize('camera', [
    Camera(2.2, 25, aspect=16 / 9), Camera(3.5, 50), Camera(2.5, 35, focal=0.5, turned=130),
    Camera(4, 30, focal=1.4, turned=-60), Camera(3, 88), Camera(1.8, 15, turned=20),
    Camera(5, 45)])
def test_distances_of_any_camera(camera):
    """Within 3 %, with points that are a little wrong, as clicks are, in metres to a centimetre."""
    places = np.random.RandomState(1).rand(4000, 2) * 24 - 12
    seen = camera.see(places, ANKLE)
    inside = ((seen > 0) & (seen < 1000)).all(1)
    places, seen = places[inside], seen[inside]
    # The corners are those that are nearest to the corners of the middle of the picture.
    where = [np.nanargmin(np.linalg.norm(seen - corner, axis=1)) for corner in (
        (200, 850), (800, 850), (750, 350), (250, 350))]
    corners = places[where].round(2)
    floor = floor_from({'points': (camera.see(corners)).round().tolist(),
                        'metres': corners.tolist()}, '')
    here = ((seen > 150) & (seen < 850)).all(1) & (seen[:, 1] > 350)
    found = floor.to_metres(seen[here], camera.aspect)
    known = np.isfinite(found).all(1)  # which the farthest are not
    assert known.sum() > 20 and known.mean() > 0.9
    pairs = np.random.RandomState(2).randint(0, known.sum(), (500, 2))
    apart, truth = (np.linalg.norm(p[pairs[:, 0]] - p[pairs[:, 1]], axis=1)
                    for p in (found[known], places[here][known]))
    apart, truth = apart[truth > 1], truth[truth > 1]
    assert len(truth) > 50
    assert np.abs(apart / truth - 1).max() < 0.03


@pytest.mark.parametrize('camera', [Camera(2.2, 25), Camera(3.5, 35), Camera(5, 45)])
@pytest.mark.parametrize('towards', [(0.7, 0), (0, 0.7), (0.5, 0.5)])
def test_sizes_of_areas_and_lengths_of_queues(camera, towards):
    """Within 3 %, with clicks on whole thousandths and noise of ankles."""
    corners = [[3, -1.5], [3, 1.5], [7, 1.5], [7, -1.5]]
    floor = floor_from({'points': camera.see(corners).round().tolist(), 'metres': corners}, '')
    area = floor.to_metres(camera.see([[4, -1], [6, -1], [6, 1], [4, 1]]).round(), above=0)
    assert cv2.contourArea(area.astype(np.float32)) == pytest.approx(4, rel=0.03)
    people, looks = 5, 50
    places = (4, -1) + np.arange(people)[:, None] * towards
    seen = np.repeat(camera.see(places, 0.07), looks, 0)
    seen += np.random.RandomState(0).normal(0, 1, seen.shape)
    visit, when = np.repeat(np.arange(people), looks), np.tile(10.0 * np.arange(looks), people)
    queue = find_queue(visit, when, np.full(len(when), 5.0), floor.to_metres(seen), when[-1])
    assert queue.people.tolist() == [people] * looks
    assert queue.metres.mean() == pytest.approx(4 * np.hypot(*towards), rel=0.03)


def test_there_and_back():
    floor = Floor(POINTS, METRES, '')
    assert np.abs(floor.to_metres(POINTS, above=0) - METRES).max() < 1e-6
    assert np.abs(floor.to_picture(METRES, above=0) - POINTS).max() < 1e-6
    places = np.random.RandomState(0).rand(50, 2) * (4, 6)
    for above in (0, ANKLE, 0.5):
        seen = floor.to_picture(places, 1.5, above)
        assert np.abs(floor.to_metres(seen, 1.5, above) - places).max() < 1e-6
    assert floor.to_metres([]).shape == (0, 2)


def test_what_is_not_on_the_floor_has_no_place():
    """At the horizon, above it, or so far off that a picture's point is metres wide."""
    floor = Floor(POINTS, METRES, '')
    places = floor.to_metres([(500, 900), (500, 500), (500, 110), (500, 100), (500, 0)])
    assert np.isfinite(places).all(1).tolist() == [True, True, False, False, False]
    behind = floor.to_picture([(2, 3), (2, -1000)])
    assert np.isfinite(behind).all(1).tolist() == [True, False]


def test_two_cameras_share_a_plan(tmp_path):
    """Opposite each other, they see a person at the same place."""
    corners = np.array([(3, -1), (5, -1), (5, 1), (3, 1)], float)
    near, far = Camera(2.5, 30), Camera(3, 35, turned=180)
    away = np.array([8, 0.5])  # where the second one hangs
    floors = [floor_from({'points': seen.round().tolist(), 'metres': corners.tolist()}, store)
              for seen, store in ((near.see(corners), 'a.db'), (far.see(corners - away), 'b.db'))]
    write_plan(str(tmp_path / 'areas.json'), Plan(floors=floors))
    plan = read_plan(str(tmp_path / 'areas.json'), ['a.db', 'b.db'])
    person = np.array([(3.9, 0.4)])
    places = [plan.of('a.db').floors[0].to_metres(near.see(person, ANKLE)),
              plan.of('b.db').floors[0].to_metres(far.see(person - away, ANKLE))]
    assert np.abs(np.array(places) - person).max() < 0.03
    assert [floor.y_up for floor in plan.floors] == [True, True]


def test_the_y_axis_may_point_either_way_but_the_same_for_all(tmp_path):
    down = [[x, -y] for x, y in METRES]
    floors = [floor_from({'points': POINTS, 'metres': metres}, store)
              for metres, store in ((METRES, 'a.db'), (down, 'b.db'))]
    assert [floor.y_up for floor in floors] == [True, False]
    write_plan(str(tmp_path / 'areas.json'), Plan(floors=floors))
    with pytest.raises(ValueError, match='floor 2: it is the mirror image of the other floors'):
        read_plan(str(tmp_path / 'areas.json'))


def moved(points: Any, number: int, x: float, y: float) -> Any:
    return [[x, y] if i == number else point for i, point in enumerate(points)]


@pytest.mark.parametrize('points, metres, reason', [
    (moved(POINTS, 1, 100, 900), METRES, '"points": three of the points are in one line'),
    (moved(POINTS, 2, 500, 900), METRES, '"points": three'),
    (moved(POINTS, 2, 895, 891), METRES, '"points": three'),
    ([[500, 500]] * 4, METRES, '"points": three'), (POINTS, [[1, 1]] * 4, '"metres": three'),
    (POINTS, moved(METRES, 1, 0, 3), '"metres": three'),
    (POINTS, moved(METRES, 1, 0.05, 0), 'be 0.1 m or more'),
    (POINTS, [METRES[i] for i in (0, 2, 1, 3)], 'do not fit each other'),  # crossed
    (POINTS, [METRES[i] for i in (1, 0, 2, 3)], 'do not fit each other'),  # one pair mirrored
    (POINTS, moved(METRES, 2, 1, 1), 'do not fit each other'),  # one amid the others
    (moved(POINTS, 0, 1001, 0), METRES, r'from 0 to 1000, got \[1001, 0\]'),
    (moved(POINTS, 0, math.nan, 0), METRES, 'from 0 to 1000'),
    (POINTS, moved(METRES, 0, math.inf, 0), 'from -1000 to 1000'),
    (POINTS, moved(METRES, 0, -1001, 0), 'from -1000 to 1000'),
    (POINTS, moved(METRES, 0, '0', 0), 'from -1000 to 1000'),
    (POINTS[:3], METRES, 'need "points", a list of 4 points'), (POINTS, None, 'need "metres"')])
def test_wrong_points_are_one_line(points, metres, reason):
    with pytest.raises(ValueError, match=reason) as error:
        floor_from({'points': points, 'metres': metres}, '')
    assert '\n' not in str(error.value) and len(str(error.value)) < 200


def test_the_order_of_the_points_is_free():
    order = 0, 2, 1, 3
    floor = floor_from({'points': [POINTS[i] for i in order],
                        'metres': [METRES[i] for i in order]}, '')
    assert np.abs(floor.to_metres([(500, 700)])
                  - Floor(POINTS, METRES, '').to_metres([(500, 700)])).max() < 1e-6
