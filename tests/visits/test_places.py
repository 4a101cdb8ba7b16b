"""posesuite/visits/places.py: maps of the floor, ways and what people do, against known people."""
import datetime
import math
from typing import Any

import passers
from posesuite.language import Words
from posesuite.visits.areas import Area, Plan
from posesuite.visits.measure import measure
from posesuite.visits.places import Seen, attention_plots, floor_maps, picture, picture_maps

import numpy as np
import pytest

WORDS = Words('en')
PLAN = Plan([passers.display()], passers.lines(), [], [passers.floor()])


@pytest.fixture(scope='module')
def found(tmp_path_factory) -> Any:
    """Two days of people, and their room."""
    days = passers.people(datetime.date(2026, 3, 2), 2, 120, seed=3)
    path = str(tmp_path_factory.mktemp('places') / 'hall.db')
    passers.write_store(days, path)
    return days, measure(path, 'hall', PLAN.areas, lines=PLAN.lines, floor=PLAN.floors[0])


def test_people_stop_where_they_stop(found):
    """Before the display, in metres: that is where the strongest colour is on the plan."""
    room = found[1]
    plot = floor_maps(WORDS, [Seen(room, PLAN, PLAN.floors[0])], 5)[0]
    assert plot.title == 'Where people stop, from above'
    across, down = plot.drawing['grid']
    line, = (line for line in plot.drawing['lines'] if line['name'] == 'east')
    # The scale and the place of the plan, from the ends of a line whose metres are known.
    ends = np.array(line['ends']).reshape(2, 2)
    metres = passers.door_ends('east')
    scale = (ends[1] - ends[0]) / (metres[1] - metres[0])
    assert abs(scale[0]) == pytest.approx(abs(scale[1]), rel=0.05)
    strongest = max(cell['step'] for cell in plot.drawing['cells'])
    cells = [(cell['x'] + 0.5, cell['y'] + 0.5) for cell in plot.drawing['cells']
             if cell['step'] == strongest]
    places = np.array(cells) * 360 / across
    seen = (places - ends[0]) / scale + metres[0]
    assert np.abs(seen.mean(0) - passers.BEFORE).max() < 0.4
    assert plot.drawing['metres']['step'] == '1 m'


def test_times_on_the_floor_are_those_in_the_picture(found):
    room = found[1]
    shown = np.where(room.map_visits >= 2, room.map, 0).sum()
    plan = floor_maps(WORDS, [Seen(room, PLAN, PLAN.floors[0])], 2)[1]
    hours = {'s': 1, 'min': 60, 'h': 3600}
    total = sum(float(number) * hours[unit] for number, unit in (
        cell['title'].split() for cell in plan.drawing['cells']))
    assert total == pytest.approx(shown, rel=0.02)


def test_ways_and_their_shares(found):
    room = found[1]
    plots = {plot.title: plot for plot in picture_maps(WORDS, room, 5, picture(room, PLAN, ''))}
    assert list(plots) == ['Where people stop', 'Where people are', 'Ways']
    ways = plots['Ways'].drawing['routes']
    assert 4 <= len(ways) == len(room.routes.routes) <= 6
    assert max(ways, key=lambda way: way['width'])['number'] == 1
    assert len(plots['Ways'].drawing['doors']) == len(passers.DOORS)


def test_what_people_do(found):
    days, room = found
    plot, = attention_plots(WORDS, room, 5)
    (name, passed, stopped, faced, reached), = plot.rows
    people = [passer for day in days for passer in day]
    assert name == 'display' and passed.startswith('100 %')
    for said, truth in ((stopped, [p.stops for p in people]), (faced, [p.faces for p in people]),
                        (reached, [p.reaches for p in people])):
        number = int(said.split('(')[1].rstrip(')'))
        assert number == pytest.approx(sum(truth), rel=0.1)


def test_what_was_not_recorded_is_said(found):
    room = found[1]
    use = room.areas[0]
    use = use._replace(attention=use.attention._replace(faced=math.nan, reached=3.0))
    plot, = attention_plots(WORDS, room._replace(areas=[use]), 5)
    assert plot.rows[0][3:] == ['not recorded', 'fewer than 5']


def test_cells_of_few_visits_are_blank_on_the_floor_too(found):
    room = found[1]
    plots = floor_maps(WORDS, [Seen(room, PLAN, PLAN.floors[0])], 10 ** 6)
    assert [plot.drawing['cells'] for plot in plots] == [[], []]


def test_doors_have_the_names_of_their_lines(found):
    """Also if nobody is seen to cross them, and of no other: without lines they have letters."""
    room = found[1]
    assert {door.name for door in room.routes.doors} == set(passers.DOORS)
    doors = [door._replace(name=name) for name, door in zip('ABC', room.routes.doors)]
    for lines, names in ((room.lines, set(passers.DOORS)), (room.lines[:1], {'east', 'B', 'C'}),
                         ([], {'A', 'B', 'C'})):
        plot, = (plot for plot in picture_maps(
            WORDS, room._replace(lines=lines, routes=room.routes._replace(doors=doors)), 5,
            picture(room, PLAN, '')) if plot.title == 'Ways')
        assert {row[1] for row in plot.rows if not row[0]} == names


def test_ways_name_the_areas_on_them(found):
    room = found[1]
    whole = Area('the hall', [(0, 0), (1000, 0), (1000, 1000), (0, 1000)], '')
    use = room.areas[0]._replace(area=whole)
    plots = picture_maps(WORDS, room._replace(areas=[use]), 5, picture(room, PLAN, ''))
    assert all(' → the hall → ' in row[1] for row in plots[2].rows if row[0])
