"""posesuite/visits/plots.py: where bars, cells, ways and lines lie."""
import math

from posesuite.visits.language import Words
from posesuite.visits.plots import (
    PLOT_WIDTH,
    Bar,
    Ground,
    Share,
    Way,
    bars,
    ground_map,
    nice,
    routes,
    shares,
    week,
)

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


def test_cells_of_few_visits_are_not_drawn():
    seconds, visits = np.zeros((36, 48)), np.zeros((36, 48), int)
    seconds[3, 7], visits[3, 7] = 600, 5
    seconds[4, 7], visits[4, 7] = 900, 4
    plot = ground_map(WORDS, '', '', Ground((640, 480)), seconds, visits, 5, 'Time')
    assert plot.drawing['cells'] == [{'x': 7, 'y': 3, 'step': 5, 'title': '10 min'}]
    assert plot.drawing['grid'] == (48, 36) and plot.drawing['height'] == 270
    assert plot.drawing['steps'] == ['under 2 min', '2–4 min', '4–6 min', '6–8 min',
                                     'over 8 min']
    assert ['back left', '100 %'] in plot.rows and len(plot.rows) == 9


def test_the_arrow_of_a_line_points_in():
    """In is to the left of the way from its first point to its second."""
    up = Ground((100, 100), lines=[('door', np.array([[.5, .9], [.5, .1]]))])
    drawing = ground_map(WORDS, '', '', up, np.zeros((2, 2)), np.zeros((2, 2)), 1, '').drawing
    x, _, to_x, _ = drawing['lines'][0]['arrow']
    assert to_x < x


def test_ways_are_as_thick_as_their_share():
    line = np.array([[0, 0], [.5, .5], [1, 1]])
    plot = routes(WORDS, '', '', Ground((200, 100)), [
        Way('A → B', line, .6, '60 %'), Way('B → A', line[::-1], .2, '20 %'),
        Way('beyond', line * NAN, .1, '10 %')], [('A', line[0], 'in')], ['', '', ''])
    widths = {way['number']: way['width'] for way in plot.drawing['routes']}
    assert set(widths) == {1, 2} and widths[1] > 2 * widths[2]
    assert [way['number'] for way in plot.drawing['routes']] == [2, 1]  # the main one on top
    there, back = ([float(number) for number in plot.drawing['routes'][i]['d'][1:].replace(
        ' L', ' ').split()] for i in (1, 0))
    assert there[0] < 0 < there[1] and there[4:] == pytest.approx([PLOT_WIDTH, 180], abs=6)
    assert back[0] > PLOT_WIDTH and back[1] < 180  # there and back each keep to their right
    assert plot.rows == [['1', 'A → B', '60 %'], ['2', 'B → A', '20 %'], ['', 'A', 'in']]


def test_shares():
    plot = shares('', '', [Share('globe', [(1, '100 %'), (NAN, 'few')])], ['', 'near', 'stopped'])
    near, stopped = plot.drawing['rows'][0]['parts']
    assert near['width'] > 100 and stopped['width'] == 0
    assert stopped['text'] == 'stopped: few' and plot.rows == [['globe', '100 %', 'few']]
