"""posesuite/visits/plots.py: where bars, and cells lie."""
import math

from posesuite.language import Words
from posesuite.visits.plots import UNSEEN, Bar, Share, bars, nice, shares, week

import numpy as np
import pytest

WORDS = Words('en')
NAN = math.nan


def test_nice_steps():
    assert [nice(value) for value in (0.03, 1, 1.1, 4, 5, 51, 1001)] == [
        pytest.approx(step) for step in (0.05, 1, 2, 5, 5, 100, 2000)]


def test_bars_are_as_high_as_their_values():
    plot = bars(WORDS, 'Visits', '', [Bar(9, 10, '9', '9-10', [10], 5), Bar(10, 12, '10', '10-12', [
        NAN], why_blank='few'), Bar(12, 13, '12', '12-13', [20], 15)], ['Hour', 'Visits', 'usual'])
    drawn = plot.drawing['bars']
    assert [len(bar['parts']) for bar in drawn] == [1, 0, 1]
    low, high = drawn[0]['parts'][0], drawn[2]['parts'][0]
    assert high['height'] == pytest.approx(2 * low['height'])
    assert low['y'] + low['height'] == pytest.approx(plot.drawing['floor'])
    assert drawn[1]['width'] == pytest.approx(2 * drawn[0]['width'])  # two hours are as wide as two
    assert plot.drawing['floor'] - drawn[0]['usual'] == pytest.approx(low['height'] / 2)
    assert drawn[0]['title'] == '9-10: Visits 10; usual 5'
    assert drawn[1]['title'] == '10-12: Visits few'
    assert plot.rows == [['9-10', '10', '5'], ['10-12', 'few', ''], ['12-13', '20', '15']]
    assert [tick['text'] for tick in plot.drawing['ticks']] == ['0', '5', '10', '15', '20']


def test_two_series_stand_side_by_side():
    plot = bars(WORDS, '', '', [Bar(0, 1, '', 'all', [3, 2])], ['', 'in', 'out'])
    first, second = plot.drawing['bars'][0]['parts']
    assert first['x'] + first['width'] == pytest.approx(second['x'])
    assert (first['series'], second['series']) == (0, 1)
    assert plot.drawing['series'] == ['in', 'out']


def test_values_are_written_on_all_bars_or_none():
    for count, said in ((10, True), (40, False)):
        plot = bars(WORDS, '', '', [Bar(i, i + 1, '', 'all', [i * 100]) for i in range(count)],
                    ['', ''])
        assert plot.drawing['says_values'] == said


def test_a_value_is_not_where_the_usual_mark_is():
    """Else it would be read as the usual value."""
    near, below, far = bars(WORDS, '', '', [Bar(i, i + 1, '', 'all', [10], usual) for i, usual in (
        (0, 10.5), (1, 5), (2, 20))], ['', 'Visits', 'usual']).drawing['bars']
    for bar, inside in ((near, True), (below, False), (far, False)):
        part, = bar['parts']
        assert part['inside'] == inside
        assert not part['text_y'] - 9 <= bar['usual'] <= part['text_y']


def test_what_is_blank_is_said():
    found = [Bar(0, 1, '', 'a', [3]), Bar(1, 2, '', 'b', [NAN], why_blank='few'),
             Bar(2, 3, '', 'c', [NAN], why_blank=UNSEEN)]
    for some, few, unseen in ((found[:1], '', False), (found[:2], 'few', False),
                              (found, 'few', True), (found[::2], '', True)):
        drawing = bars(WORDS, '', '', some, ['', '']).drawing
        assert (drawing['few'], drawing['unseen']) == (few, unseen)


def test_labels_do_not_overlap():
    plot = bars(WORDS, '', '', [Bar(day, day + 1, '12 Dec', 'day', [1]) for day in range(60)],
                ['', ''])
    places = [label['x'] for label in plot.drawing['labels']]
    assert 4 < len(places) < 12 and np.diff(places).min() > 35


def test_of_nothing_nothing_is_drawn():
    plot = bars(WORDS, '', '', [Bar(0, 1, '', 'all', [NAN], why_blank='few')], ['', ''])
    assert plot.drawing['bars'][0]['parts'] == [] and plot.rows == [['all', 'few']]


def test_a_week_has_equal_steps():
    values = np.full((7, 3), NAN)
    values[0] = 1, 5, 10
    plot = week(WORDS, '', '', [9, 10, 11], values, [['few'] * 3] * 7, 'visits an hour')
    assert [cell['step'] for cell in plot.drawing['cells']] == [1, 3, 5] + [0] * 18
    assert plot.drawing['steps'] == ['under 2', '2–4', '4–6', '6–8', 'over 8']
    assert plot.drawing['cells'][1]['title'] == 'Monday, 10:00–11:00: 5'
    assert plot.rows[0] == ['Monday', '1', '5', '10'] and plot.rows[1][1:] == ['few'] * 3


def test_shares():
    plot = shares('', '', [Share('globe', [(1, '100 %'), (NAN, 'few')])], ['', 'near', 'stopped'])
    near, stopped = plot.drawing['rows'][0]['parts']
    assert near['width'] > 100 and stopped['width'] == 0
    assert stopped['text'] == 'stopped: few' and plot.rows == [['globe', '100 %', 'few']]
