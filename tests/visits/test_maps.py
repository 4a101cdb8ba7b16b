"""posesuite/visits/maps.py: where cells, ways, lines and names lie."""
import math

from posesuite.language import Words
from posesuite.visits.maps import Ground, Way, ground_map, routes, short
from posesuite.visits.plots import PLOT_WIDTH

import numpy as np
import pytest

WORDS = Words('en')
NAN = math.nan


def test_cells_of_few_visits_are_not_drawn():
    seconds, visits = np.zeros((36, 48)), np.zeros((36, 48), int)
    seconds[3, 7], visits[3, 7] = 600, 5
    seconds[4, 7], visits[4, 7] = 900, 4
    plot = ground_map(WORDS, '', '', Ground((640, 480)), seconds, visits, 5, 'Time')
    assert plot.drawing['cells'] == [{'x': 7, 'y': 3, 'step': 5, 'title': '10 min'}]
    assert plot.drawing['grid'] == (48, 36) and plot.drawing['height'] == 270
    assert plot.drawing['steps'] == ['under 2 min', '2–4 min', '4–6 min', '6–8 min',
                                     'over 8 min']
    assert plot.header == ['Share of the time', 'left', 'middle', 'right']
    assert plot.rows == [['back', '100 %', '0 %', '0 %'], ['middle', *['0 %'] * 3],
                         ['front', *['0 %'] * 3]]


def test_the_arrow_of_a_line_points_in():
    """In is to the left of the way from its first point to its second."""
    up = Ground((100, 100), lines=[('door', np.array([[.5, .9], [.5, .1]]))])
    drawing = ground_map(WORDS, '', '', up, np.zeros((2, 2)), np.zeros((2, 2)), 1, '').drawing
    x, _, to_x, _ = drawing['lines'][0]['arrow']
    assert to_x < x


def test_ways_are_as_thick_as_their_share():
    line = np.array([[0, 0], [.5, .5], [1, 1]])
    plot = routes('', '', Ground((200, 100)), [
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


def test_a_scale_of_times_reads_well():
    """Steps of whole seconds, minutes or hours: never of 50 minutes."""
    for top, first in ((4, 'under 1 s'), (100, 'under 20 s'), (6800, 'under 30 min'),
                       (9000, 'under 30 min'), (9100, 'under 60 min'), (40000, 'under 5 h')):
        plot = ground_map(WORDS, '', '', Ground((9, 9)), np.full((2, 2), top), np.ones((2, 2)), 1,
                          '')
        assert plot.drawing['steps'][0] == first


def test_names_do_not_overlap():
    """Not even those of areas at one place, nor a route's number; all stay within the map."""
    here = np.array([[0, .5], [.02, .5], [.02, .52], [0, .52]])
    ground = Ground((100, 100), areas=[(f'area number {i}', here) for i in range(4)],
                    lines=[('a line', here[:2])])
    drawing = routes('', '', ground, [Way('A → A', here, .6, '60 %')], [('A', here[0], '')],
                     ['', '', '']).drawing
    places = [named['label'] for named in drawing['areas'] + drawing['lines'] + drawing['doors']]
    assert len(places) == 6 and np.diff(sorted(y for _x, y in places)).min() >= 14
    assert min(x for x, _y in places[:4]) > 50


def test_a_long_name_keeps_its_end():
    assert short('The first area of the hall on the left') == 'The first…on the left'
    assert short('Till') == 'Till'


def test_a_door_with_the_name_of_a_line_is_named_once():
    point = np.array([.5, .5])
    ground = Ground((100, 100), lines=[('Entrance', np.array([[.5, .4], [.5, .6]]))])
    plot = routes('', '', ground, [Way('Entrance → B', np.array([[.5, .5], [.8, .8]]), .6, '60 %')],
                  [('Entrance', point, 'in'), ('B', point + .3, 'out')], ['', '', ''])
    assert [door['name'] for door in plot.drawing['doors']] == ['', 'B']
    assert plot.drawing['ways'] == [{'number': 1, 'text': 'Entrance → B: 60 %'}]
