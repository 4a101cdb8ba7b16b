"""posesuite/visits/routes.py and chains.py: wide fronts, people who are lost for a moment."""
from typing import List, NamedTuple

from posesuite.visits.areas import Area
from posesuite.visits.chains import chains
from posesuite.visits.routes import find_routes

import numpy as np
import pytest

SIZE = 640, 480
LEFT, RIGHT = (150, 300), (850, 320)  # doors at the back


class Crowd(NamedTuple):
    """Positions by visit and time, and how many go left."""
    visit: np.ndarray
    when: np.ndarray
    points: np.ndarray
    height: np.ndarray
    left: int


def crowd(people: int, front: float, lost: float, seed: int = 0) -> Crowd:
    """People who come in by a front as wide as a share of the picture, and leave by two doors.

    lost: share of them who are hidden for two seconds on their way.
    """
    random, ways, times, begin, left = np.random.RandomState(seed), [], [], 0.0, 0
    for _ in range(people):
        begin += random.exponential(8)
        to_left = random.rand() < 0.7
        left += to_left
        part = np.linspace(0, 1, 20)[:, None]
        enters = np.array((500 + 1000 * front * random.uniform(-.5, .5), 950))
        way = enters * (1 - part) + np.array(LEFT if to_left else RIGHT) * part
        way += random.normal(0, 4, way.shape)
        seen = [slice(0, 9), slice(11, 20)] if random.rand() < lost else [slice(0, 20)]
        ways += [way[where] for where in seen]
        times += [begin + np.arange(20)[where] for where in seen]
    points = np.concatenate(ways)
    return Crowd(np.repeat(np.arange(len(ways)), list(map(len, ways))), np.concatenate(times),
                 points, 100 + 0.3 * points[:, 1], left)


def shares(found: Crowd, areas: List[Area] = ()):
    chain = chains(*found[:4], SIZE)[found.visit]
    order = np.lexsort((found.when, chain))
    return find_routes(chain[order], found.when[order], found.points[order],
                       found.height[order], np.zeros(len(order), bool), SIZE, areas)


@pytest.mark.parametrize('front', [0.02, 0.4, 0.8])
@pytest.mark.parametrize('people', [40, 400])
def test_a_wide_front_is_one_door_and_who_is_lost_goes_on(people, front):
    found = crowd(people, front, lost=0.15)
    assert found.visit[-1] + 1 > people
    routes = shares(found)
    assert len(routes.doors) == 3
    assert routes.doors[0].left == 0 and routes.doors[0].entered == pytest.approx(people, rel=.02)
    assert routes.whole == pytest.approx(people, rel=0.02)
    ends = [min((LEFT, RIGHT), key=lambda place: np.hypot(*np.subtract(place, door.point)))
            for door in routes.doors]
    for place, expected in ((LEFT, found.left), (RIGHT, people - found.left)):
        taken = sum(route.share for route in routes.routes if ends[route.goal] == place)
        assert taken == pytest.approx(expected / people, abs=0.05)


def test_doors_are_called_as_the_areas_in_which_they_are():
    entrance = Area('Entrance', [(300, 900), (700, 900), (700, 999), (300, 999)], '')
    routes = shares(crowd(40, 0.1, lost=0), [entrance])
    assert [door.name for door in routes.doors] == ['Entrance', 'A', 'B']


def visits_of(*ways) -> List[int]:
    """The chains of visits, each given as the second of its begin and the x of each second."""
    visit = np.repeat(np.arange(len(ways)), [len(way) - 1 for way in ways])
    when = np.concatenate([way[0] + np.arange(len(way) - 1) for way in ways])
    points = np.array([(x, 500) for way in ways for x in way[1:]], float)
    found = chains(visit, when, points, np.full(len(visit), 300.0), SIZE).tolist()
    assert found == chains(visit, when, points, np.full(len(visit), 300, np.int16), SIZE).tolist()
    return found  # also of heights as a store's are read


@pytest.mark.parametrize('ways, expected', [
    ([(0, 100, 150, 200, 250), (5, 350, 400, 450)], [0, 0]),
    ([(0, 100, 150, 200, 250), (5, 350, 300, 250)], [0, 1]),  # who comes the other way
    ([(0, 100, 150, 200, 250), (5, 250, 200, 150)], [0, 1]),  # by the same door
    ([(0, 100, 150, 200, 250), (5, 800, 850, 900)], [0, 1]),  # too far off
    ([(0, 100, 150, 200, 250), (30, 350, 400, 450)], [0, 1]),  # too late
    ([(0, 100, 150, 200, 250), (2, 250, 300, 350)], [0, 1]),  # both are there
    ([(0, 300, 300, 300), (4, 302, 302, 302)], [0, 0]),  # who stands
    ([(0, 100, 150, 200), (4, 300, 350, 400), (8, 500, 550, 600)], [0, 0, 0]),
    ([(0, 100, 150, 200), (3, 270, 320), (3, 260, 310, 360)], [0, 1, 0]), ([(0, 5)], [0])])
def test_who_goes_on_where_another_visit_ended(ways, expected):
    assert visits_of(*ways) == expected


def test_of_nobody_there_are_no_routes():
    nothing = np.zeros(0)
    assert find_routes(nothing.astype(int), nothing, np.zeros((0, 2)), nothing,
                       nothing.astype(bool), SIZE).doors == []
    assert len(chains(nothing.astype(int), nothing, np.zeros((0, 2)), nothing, SIZE)) == 0
