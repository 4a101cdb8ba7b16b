"""posesuite/publish/totals.py: what is published of a room does not tell of a few visitors."""
from posesuite.publish.totals import publishable


def room(visits, came=0, went=0):
    return {'time': '14:03:05', 'people': 1, 'visits': visits, 'came': came,
            'lines': [{'name': 'Door', 'came': came, 'went': went}], 'hours': [{'visits': 1}],
            'areas': [{'name': 'Till', 'kind': 'queue', 'people': 1, 'waited': 140,
                       'lately': None, 'usual': 80}]}


def test_small_counts_and_small_steps_are_withheld():
    seen = [publishable(room(visits), 5)['visits'] for visits in range(12)]
    assert seen == [0, None, None, None, None, 5, 5, 5, 5, 5, 10, 10]


def test_each_way_over_each_line_is_a_count_of_its_own():
    found = publishable(room(20, 6, 3), 5)
    assert found['lines'] == [{'name': 'Door', 'came': 5, 'went': None}]
    assert (found['visits'], found['came']) == (20, 5)


def test_what_is_so_now_is_told_but_for_one_persons_time():
    area, = publishable(room(9), 5)['areas']
    assert (area['people'], area['waited'], area['usual']) == (1, None, 80)


def test_nothing_is_withheld_on_demand():
    assert [publishable(room(visits), 1)['visits'] for visits in range(4)] == [0, 1, 2, 3]
    assert publishable(room(1), 1)['areas'][0]['waited'] == 140


def test_only_what_is_known_to_be_harmless_is_published():
    assert set(publishable(room(1), 1)) == {'visits', 'came', 'lines', 'areas'}
    assert publishable({}, 1) == {}
