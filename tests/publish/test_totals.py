"""posesuite/publish/totals.py: what is published of a room does not tell of a few visitors."""
from posesuite.publish.totals import Totals


def room(visits, came=0, went=0):
    return {'time': '14:03:05', 'people': 1, 'visits': visits, 'came': came,
            'lines': [{'name': 'Door', 'came': came, 'went': went}], 'hours': [{'visits': 1}],
            'areas': [{'name': 'Till', 'kind': 'queue', 'people': 1, 'waited': 140,
                       'lately': None, 'usual': 80}]}


def test_small_counts_and_small_steps_are_withheld():
    totals = Totals(5)
    seen = [totals.of(room(visits))['visits'] for visits in [*range(13), 0, 3, 5, 6]]
    assert seen == [0, None, None, None, None, 5, 5, 5, 5, 5, 10, 10, 10, 0, None, 5, 5]


def test_a_new_day_that_begins_with_few_visits_tells_nothing():
    totals = Totals(5)
    assert [totals.of(room(visits))['visits'] for visits in (70, 2, 4, 5)] == [70, None, None, 5]


def test_each_way_over_each_line_is_a_count_of_its_own():
    found = Totals(5).of(room(20, 6, 3))
    assert found['lines'] == [{'name': 'Door', 'came': 6, 'went': None}]
    assert (found['visits'], found['came']) == (20, 6)


def test_what_is_so_now_is_told_but_for_one_persons_time():
    area = Totals(5).of(room(9))['areas'][0]
    assert (area['people'], area['waited'], area['usual']) == (1, None, 80)


def test_nothing_is_withheld_on_demand():
    totals = Totals(1)
    assert [totals.of(room(visits))['visits'] for visits in (0, 1, 2, 0, 1)] == [0, 1, 2, 0, 1]
    assert totals.of(room(1))['areas'][0]['waited'] == 140


def test_only_what_is_known_to_be_harmless_is_published():
    assert set(Totals(1).of(room(1))) == {'visits', 'came', 'lines', 'areas'}
    assert Totals(1).of({}) == {}
