"""posesuite/visits/doors.py: doors that are close, lines and areas that are doors, and places where
people are lost from sight.
"""
from typing import List, NamedTuple, Optional, Sequence, Tuple

import passers
import visitors
from posesuite.visits.areas import Area, Line
from posesuite.visits.crossings import find_crossings
from posesuite.visits.routes import find_routes
from posesuite.visits.statistics import Routes

import numpy as np
import pytest

SIZE = visitors.WIDTH, visitors.HEIGHT
DOORS = np.array([(7.5, 1.6), (7.5, 3.6), (7.0, 5.6), (5.0, 6.2), (3.0, 6.2), (2.2, 4.4)])  # metres
WAYS = (0, 3, .34), (3, 1, .22), (1, 2, .16), (5, 0, .12), (2, 4, .09), (4, 5, .07)
MIDDLE = (4.8, 3.8)  # by which all go
TALL = 1.72


class Walked(NamedTuple):
    """Positions by visit and time; the way that each visit takes."""
    visit: np.ndarray
    when: np.ndarray
    metres: np.ndarray
    way: np.ndarray
    lost: int  # people who are two visits


def walked(people: int, lost: float = 0, seed: int = 0) -> Walked:
    """People in groups who go from door to door. lost: share of them who become another visit
    in the middle, as nobody can tell.
    """
    random, visits, ways, begin, cuts = np.random.RandomState(seed), [], [], 0.0, 0
    while len(ways) < people:
        begin += random.exponential(15)
        way = random.choice(len(WAYS), p=[share for *_, share in WAYS])
        for late in range(random.choice([1, 1, 2, 3])):
            path = [(begin + late, *random.normal(DOORS[WAYS[way][0]], 0.2))]
            for place in (MIDDLE, DOORS[WAYS[way][1]]):
                visitors._walk(path, random.normal(place, 0.2))
            path = np.array(path)
            when = np.append(np.arange(path[0, 0], path[-1, 0]), path[-1, 0])
            places = np.column_stack([when, *(np.interp(when, path[:, 0], path[:, i])
                                              for i in (1, 2))])
            places[:, 1:] += random.normal(0, 0.06, (len(when), 2))
            cut = [len(when) // 2] if random.rand() < lost else []
            visits += np.split(places, cut)
            ways += [way] * (1 + len(cut))
            cuts += len(cut)
    return Walked(np.repeat(np.arange(len(visits)), list(map(len, visits))),
                  *np.split(np.concatenate(visits), [1], 1), np.array(ways), cuts)


def routes_of(people: Walked, areas: Sequence[Area] = (), lines: Sequence[Line] = (),
          metres: bool = False) -> Routes:
    points = passers.in_picture(people.metres)
    head = passers.in_picture(people.metres, 0.93 * TALL)
    visit, when, height = people.visit, people.when[:, 0], (points - head)[:, 1]
    return find_routes(visit, when, points, height, np.zeros(len(visit), bool), SIZE, areas,
                       find_crossings(lines, visit, when, points, height, SIZE),
                       people.metres if metres else None)


def at_doors(routes: Routes) -> List[int]:
    """Which of DOORS each door is."""
    places = passers.in_picture(DOORS)
    return [int(np.hypot(*(places - door.point).T).argmin()) for door in routes.doors]


def shares(routes: Routes) -> List[float]:
    """The share of each of WAYS."""
    at = at_doors(routes)
    return [sum(route.share for route in routes.routes if (
        at[route.origin], at[route.goal]) == way[:2]) for way in WAYS]


def line_at(door: int) -> Line:
    inwards = (MIDDLE - DOORS[door]) / np.linalg.norm(MIDDLE - DOORS[door])
    aside = np.array([-inwards[1], inwards[0]])
    ends = passers.in_picture(DOORS[door] + 0.8 * inwards + np.outer([-1, 1], aside))
    line = Line(f'door {door}', [tuple(end) for end in ends], '')
    inner = line.inner_side(passers.in_picture(DOORS[door] + 1.6 * inwards))[0] > 0
    return line if inner else line._replace(line=line.line[::-1])


@pytest.mark.parametrize('metres', [False, True])
@pytest.mark.parametrize('people', [100, 600])
def test_doors_two_metres_apart_and_the_shares_of_the_ways(people, metres):
    crowd = walked(people)
    routes = routes_of(crowd, metres=metres)
    assert sorted(at_doors(routes)) == list(range(len(DOORS)))
    assert routes.whole >= 0.98 * len(crowd.way)
    assert shares(routes) == pytest.approx(
        np.bincount(crowd.way, minlength=len(WAYS)) / len(crowd.way), abs=0.02)


def test_where_people_are_lost_from_sight_is_no_door():
    crowd = walked(300, lost=0.15)
    routes = routes_of(crowd)
    assert sorted(at_doors(routes)) == list(range(len(DOORS)))
    assert routes.parts == pytest.approx(2 * crowd.lost, abs=3)


def test_a_counting_line_is_the_door_of_all_who_come_in_over_it():
    crowd = walked(200)
    for lines in ([line_at(door) for door in range(len(DOORS))], [line_at(3)]):
        routes = routes_of(crowd, lines=lines)
        at = at_doors(routes)
        assert sorted(at) == list(range(len(DOORS)))
        named = {door.name: at[i] for i, door in enumerate(routes.doors) if len(door.name) > 1}
        assert named == {line.name: int(line.name[-1]) for line in lines}
    # One whose inner side is the wrong one moves no door.
    turned = line_at(3)._replace(line=line_at(3).line[::-1])
    assert sorted(at_doors(routes_of(crowd, lines=[turned]))) == list(range(len(DOORS)))


def square(name: str, middle: Tuple[float, float], side: float,
           picture: Optional[List[Tuple[int, int]]] = None) -> Area:
    corners = middle + side * np.array([(-.5, -.5), (.5, -.5), (.5, .5), (-.5, .5)])
    return Area(name, picture or [tuple(corner) for corner in passers.in_picture(corners)], '')


def test_an_area_is_a_door_where_people_begin_or_end_and_not_where_they_pass():
    areas = [square('one', (7.0, 3.0), 4), square('shelf', MIDDLE, 1.2)]
    routes = routes_of(walked(200), areas)
    assert 'shelf' not in [door.name for door in routes.doors]
    assert len([door for door in routes.doors if door.name == 'one']) == 1
    hall = square('hall', (0, 0), 1, [(0, 0), (1000, 0), (1000, 1000), (0, 1000)])
    routes = routes_of(walked(200), [hall])
    assert sorted(at_doors(routes)) == list(range(len(DOORS)))
    assert 'hall' not in [door.name for door in routes.doors]
