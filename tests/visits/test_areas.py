"""posesuite/visits/areas.py: areas.json is read, checked and written."""
import json
import os
from typing import Any

from posesuite.visits.areas import Area, Blackout, Line, Plan, read_plan, write_plan
from posesuite.visits.floor import Floor

import pytest

TILL = Area('Till', [(100, 100), (500, 100), (500, 500)], '')
DOOR = Area('Tür é', [(0, 0), (100, 0), (100, 100)], 'hall.db')
SCREEN = Blackout([(700, 100), (900, 100), (900, 300)], '')
ENTRANCE = Line('Entrance', [(100, 900), (600, 900)], 'hall.db')
FLOOR = Floor([(200, 900), (800, 900), (700, 400), (300, 400)], [(0, 0), (3, 0), (3, 5), (0, 5.5)],
              'hall.db')
SQUARE = [[0, 0], [9, 0], [9, 9]]


@pytest.mark.parametrize('text, reason', [
    ('{', 'is not JSON'), ('[]', 'an object with lists'),
    ('{"areas": {}}', 'list 99 areas or fewer'),
    (json.dumps({'areas': [{}] * 100}), 'list 99 areas or fewer'),
    ([3], 'area 1: need "name"'),
    ([{'name': 'a' * 61, 'polygon': SQUARE}], 'text of 1 to 60'),
    ([{'name': 'a\nb', 'polygon': SQUARE}], 'printable'),
    ([{'name': 'till'}], r"area 1 \('till'\): need \"polygon\""),
    ([{'name': 'till', 'polygon': SQUARE[:2]}], 'a list of 3 to 100 points'),
    ([{'name': 'till', 'polygon': [[i, i * i % 999] for i in range(101)]}], 'of 3 to 100 points'),
    ([{'name': 'till', 'polygon': [[0, 0], [90, 90], [90, 0], [0, 70]]}], 'crosses itself'),
    ([{'name': 'till', 'polygon': [*SQUARE, [1001, 0]]}], r'from 0 to 1000, got \[1001, 0\]'),
    ([{'name': 'till', 'polygon': [*SQUARE, [True, 0]]}], 'from 0 to 1000'),
    ([{'name': 'till', 'polygon': [[0, 0], [5, 5], [9, 9]]}], 'has no area'),
    ([{'name': 'till', 'polygon': SQUARE}] * 2, 'area 2 .*another area of this name'),
    ([{'name': 'till', 'polygon': SQUARE, 'store': 'x.db'}], "one of shop.db; got 'x.db'"),
    (' ' * (1 << 20) + '{}', 'at most 1048576 bytes'),
])
def test_wrong_areas_are_one_line(tmp_path, text, reason):
    path = tmp_path / 'areas.json'
    path.write_text(text if isinstance(text, str) else json.dumps({'areas': text}))
    with pytest.raises(ValueError, match=reason) as error:
        read_plan(str(path), ['/a/shop.db'])
    assert '\n' not in str(error.value)
    assert str(path) in str(error.value)


LINE = [[0, 0], [500, 500]]
POINTS = [list(point) for point in FLOOR.points]
METRES = [list(place) for place in FLOOR.metres]


@pytest.mark.parametrize('key, value, reason', [
    ('areas', [{'name': 'a', 'polygon': SQUARE, 'kind': 'till'}], 'display, queue; got .till'),
    ('areas', [{'name': 'a', 'polygon': SQUARE, 'kind': []}], 'need "kind"'),
    ('lines', {}, '"lines" must list 99 lines or fewer'), ('lines', [3], 'line 1: need "name"'),
    ('lines', [{'name': 'a'}], r"line 1 \('a'\): need \"line\", a list of 2 points"),
    ('lines', [{'name': 'a', 'line': LINE + LINE}], 'a list of 2 points'),
    ('lines', [{'name': 'a', 'line': [[0, 0], [9, 9]]}], 'too short'),
    ('lines', [{'name': 'a', 'line': [[0, 0], [500]]}], r'need points \[x, y\]'),
    ('lines', [{'name': 'a', 'line': LINE}] * 2, 'another line of this name'),
    ('blackout', [{'polygon': SQUARE[:2]}], 'blackout 1: need "polygon", a list of 3'),
    ('blackout', [{'polygon': SQUARE, 'store': 'other.db'}], "one of shop.db; got 'other.db'"),
    ('floor', [None], 'floor 1: need "points", a list of 4'),
    ('floor', [{'points': POINTS}], 'need "metres", a list of 4 points'),
    ('floor', [{'points': POINTS, 'metres': METRES[:3]}], 'need "metres", a list of 4 points'),
    ('floor', [{'points': POINTS, 'metres': METRES}] * 2, 'given already'),
    ('blackouts', [], 'lists called "areas", "lines", "blackout", "floor" and no others'),
])
def test_wrong_parts_are_one_line(tmp_path, key: str, value: Any, reason: str):
    """An unknown name may be a blackout that is misspelt."""
    path = tmp_path / 'areas.json'
    path.write_text(json.dumps({'areas': [], key: value}))
    with pytest.raises(ValueError, match=reason) as error:
        read_plan(str(path), ['/a/shop.db'])
    assert '\n' not in str(error.value)
    assert str(error.value).startswith(f'{path}: ')


@pytest.mark.parametrize('plan', [
    Plan([TILL, DOOR]), Plan(), Plan(blackouts=[SCREEN]),
    Plan([DOOR._replace(kind='queue'), TILL._replace(kind='display')], [ENTRANCE], [SCREEN],
         [FLOOR])])
def test_a_file_is_read_as_it_was_written(tmp_path, plan):
    path = str(tmp_path / 'areas.json')
    write_plan(path, plan)
    assert read_plan(path) == plan
    assert os.listdir(str(tmp_path)) == ['areas.json']


def test_files_of_before_have_areas_alone(tmp_path):
    path = tmp_path / 'areas.json'
    path.write_text(json.dumps({'areas': [{'name': 'Till', 'polygon': TILL.polygon}]}))
    assert read_plan(str(path), ['/a/shop.db']) == Plan([TILL._replace(store='shop.db')])


def test_parts_of_other_stores_are_left_out(tmp_path, caplog):
    """One file serves several cameras, and reports on one of them."""
    caplog.set_level('INFO')
    path = str(tmp_path / 'areas.json')
    write_plan(path, Plan([TILL._replace(store='shop.db'), DOOR], [ENTRANCE], [], [FLOOR]))
    assert read_plan(path, ['/a/shop.db']) == Plan([TILL._replace(store='shop.db')])
    assert caplog.messages == [f'{path}: what belongs to other stores is left out: hall.db']
    assert read_plan(path, ['shop.db', 'hall.db']) == read_plan(path)
    assert len(caplog.messages) == 1


def test_a_plan_is_divided_by_stores():
    plan = Plan([TILL, DOOR], [ENTRANCE], [SCREEN], [FLOOR])
    assert plan.of('hall.db') == plan
    assert plan.of('shop.db') == Plan([TILL], blackouts=[SCREEN])
    assert plan.without('shop.db') == Plan([DOOR], [ENTRANCE], floors=[FLOOR])


@pytest.mark.parametrize('first, second, allowed', [
    ('', 'shop.db', False), ('shop.db', '', False), ('shop.db', 'shop.db', False),
    ('shop.db', 'hall.db', True)])
def test_names_are_unique_for_a_camera(tmp_path, first, second, allowed):
    """What names no store belongs to all of them."""
    path = str(tmp_path / 'areas.json')
    write_plan(path, Plan([TILL._replace(store=store) for store in (first, second)]))
    if allowed:
        assert len(read_plan(path).areas) == 2
    else:
        with pytest.raises(ValueError, match='there is another area of this name'):
            read_plan(path)


def test_who_comes_in_crosses_a_line_to_its_left():
    """As seen from its first point to its second, in a picture whose y points down."""
    assert Line('', [(500, 900), (500, 100)], '').inner_side(
        [(400, 500), (600, 500), (500, 0)]).tolist() == [100, -100, 0]
    assert Line('', [(100, 500), (900, 500)], '').inner_side((0, 300)).tolist() == [200]


def test_a_file_that_cannot_be_written_is_one_line_and_stays(tmp_path):
    with pytest.raises(OSError, match='cannot write .*: No such file or directory$'):
        write_plan(str(tmp_path / 'none' / 'areas.json'), Plan([TILL]))
    (tmp_path / 'areas.json').mkdir()
    with pytest.raises(OSError, match='cannot write .*: Is a directory$'):
        write_plan(str(tmp_path / 'areas.json'), Plan([TILL]))
    assert os.listdir(str(tmp_path)) == ['areas.json']
