"""posesuite/visits/areas.py: areas.json is read, checked and written."""
import json
import os

from posesuite.visits.areas import Area, read_areas, write_areas

import pytest

TILL = Area('Till', [(100, 100), (500, 100), (500, 500)], '')
DOOR = Area('Door', [(0, 0), (100, 0), (100, 100)], 'hall.db')
SQUARE = [[0, 0], [9, 0], [9, 9]]


@pytest.mark.parametrize('text, reason', [
    ('{', 'is not JSON'), ('[]', 'lists 99 areas or fewer'),
    ('{"areas": {}}', 'lists 99 areas or fewer'),
    (json.dumps({'areas': [{}] * 100}), 'lists 99 areas or fewer'),
    ([3], 'area 1: need "name"'),
    ([{'name': 'a' * 61, 'polygon': SQUARE}], 'text of 1 to 60'),
    ([{'name': 'a\nb', 'polygon': SQUARE}], 'printable'),
    ([{'name': 'till'}], r"area 1 \('till'\): need \"polygon\""),
    ([{'name': 'till', 'polygon': SQUARE[:2]}], 'at least 3 points'),
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
        read_areas(str(path), ['/a/shop.db'])
    assert '\n' not in str(error.value)
    assert str(path) in str(error.value)


def test_a_file_is_read_as_it_was_written(tmp_path):
    path = str(tmp_path / 'areas.json')
    write_areas(path, [TILL, DOOR])
    assert read_areas(path) == [TILL, DOOR]
    assert os.listdir(str(tmp_path)) == ['areas.json']


def test_a_file_that_cannot_be_written_is_one_line_and_stays(tmp_path):
    with pytest.raises(OSError, match='cannot write .*: No such file or directory$'):
        write_areas(str(tmp_path / 'none' / 'areas.json'), [TILL])
    (tmp_path / 'areas.json').mkdir()
    with pytest.raises(OSError, match='cannot write .*: Is a directory$'):
        write_areas(str(tmp_path / 'areas.json'), [TILL])
    assert os.listdir(str(tmp_path)) == ['areas.json']
