"""posesuite/visits/plan_editor.py: what clicks and keys draw; test_areas_editor.py has a window."""
from typing import Any, Tuple

import visitors
from posesuite.visits.areas import Area, Blackout, Line, Plan
from posesuite.visits.floor import Floor, floor_from
from posesuite.visits.plan_editor import MODES, PlanEditor, place_from

import cv2
import numpy as np
import pytest

ROOM = np.full((480, 640, 3), 90, np.uint8)
TILL = Area('Till', [(100, 100), (500, 100), (500, 500)], '')
SQUARE = (64, 48), (320, 48), (320, 240)  # pixels
MESSAGE = np.s_[542:]  # rows of the picture below the room
FLOOR = (64, 432), (576, 432), (448, 240), (192, 240)  # pixels


def editor_with(*areas: Area) -> PlanEditor:
    return PlanEditor(ROOM, Plan(list(areas)))


def click(editor: PlanEditor, *points: Any, button: int = cv2.EVENT_LBUTTONDOWN) -> None:
    for x, y in points:
        editor.on_mouse(button, x, y, 0)


def type_in(editor: PlanEditor, text: str) -> None:
    for key in text:
        editor.press(key)


@pytest.mark.parametrize('close', ['\r', 'right', 'first corner'])
def test_corners_and_a_name_make_an_area(close):
    editor = editor_with()
    click(editor, (64, 48), (320, 48), (320, 240))
    if close == '\r':
        editor.press(close)
    elif close == 'right':
        click(editor, (5, 5), button=cv2.EVENT_RBUTTONDOWN)
    else:
        click(editor, (67, 50))
    assert not editor.plan.areas
    type_in(editor, 'tall\b\b\bill \r')
    assert editor.plan.areas == [Area('Till', [(100, 100), (500, 100), (500, 500)], '')]
    editor.press('q')
    assert not editor.editing


def test_what_is_wrong_is_reported_and_nothing_is_lost():
    editor = editor_with(TILL)
    empty = editor.picture()

    def said_something() -> bool:
        return bool((editor.picture()[MESSAGE] != empty[MESSAGE]).any())

    click(editor, (10, 400), (50, 400))
    assert not said_something()
    editor.press('\r')
    assert said_something()
    editor.press('q')
    assert editor.editing
    click(editor, (50, 440))
    type_in(editor, '\rTill\r')  # there is one
    assert editor.plan.areas == [TILL] and said_something()
    type_in(editor, '\b\b\b\b\r')  # no name
    assert editor.plan.areas == [TILL]
    type_in(editor, 'q\r')
    assert [area.name for area in editor.plan.areas] == ['Till', 'Q']


def test_an_area_that_crosses_itself_is_refused():
    """The corner that would do so is not taken, and neither is the line that closes it."""
    editor = editor_with()
    click(editor, (64, 48), (320, 240), (320, 48))
    before = editor.picture()
    click(editor, (64, 400))  # under the first line
    assert (editor.picture()[MESSAGE] != before[MESSAGE]).any()
    click(editor, (576, 48), (576, 400))
    type_in(editor, '\rTill\r')
    assert editor.plan.areas == []
    type_in(editor, '\b\b\rTill\r')
    assert [len(area.polygon) for area in editor.plan.areas] == [3]


def test_names_in_other_scripts_are_typed_and_drawn():
    """Each letter as itself, not as one that the font lacks."""
    editor = editor_with()
    click(editor, *SQUARE)
    empty, drawn = editor.picture(), []
    type_in(editor, '\rx')
    for letter in 'éüßяa':
        editor.press(letter)
        drawn.append(editor.picture()[505:540])
        editor.press('\b')
    assert all((a != b).any() for i, a in enumerate(drawn) for b in drawn[:i])
    type_in(editor, '\béü ß я\t\x00\r')
    assert [area.name for area in editor.plan.areas] == ['Éü ß я']
    assert (editor.picture()[:480] != empty[:480]).any()


def test_going_back():
    editor = editor_with(TILL)
    click(editor, (10, 400), (50, 400))
    type_in(editor, '\b\b')
    assert editor.plan.areas == [TILL]
    editor.press('\b')
    assert editor.plan.areas == []
    click(editor, (10, 400), (50, 400), (50, 440))
    type_in(editor, '\rname\x1b')
    assert editor.plan.areas == [] and editor.editing
    editor.press('\x1b')
    assert not editor.editing


@pytest.mark.parametrize('key, kind', [('a', 'area'), ('d', 'display'), ('w', 'queue')])
def test_kinds_of_areas(key, kind):
    editor = editor_with()
    editor.press(key)
    click(editor, *SQUARE)
    type_in(editor, '\rtill\r')
    assert editor.plan == Plan([TILL._replace(kind=kind)])


def test_a_line_is_two_points_and_a_name():
    editor = editor_with()
    editor.press('l')
    click(editor, (64, 48), (66, 50))  # too close
    click(editor, (320, 240))
    type_in(editor, 'door\r')
    assert editor.plan == Plan(lines=[Line('Door', [(100, 100), (500, 500)], '')])


def test_the_arrow_of_a_line_points_in():
    """Down the picture, left is on the picture's right."""
    editor = editor_with()
    before = editor.picture().astype(int)
    editor.press('l')
    click(editor, (320, 100), (320, 300))
    type_in(editor, 'i\r')
    drawn = np.abs(editor.picture().astype(int) - before)[60:400].max(2) > 40
    assert drawn[:, 326:360].sum() > 2 * drawn[:, 280:314].sum() > 0
    assert editor.plan.lines[0].inner_side([(600, 500), (400, 500)]).tolist() == [100, -100]


@pytest.mark.parametrize('close', ['\r', 'right', 'first corner'])
def test_a_blackout_has_no_name(close):
    editor = editor_with()
    editor.press('b')
    click(editor, *SQUARE)
    if close == '\r':
        editor.press(close)
    else:
        click(editor, SQUARE[0], button=cv2.EVENT_LBUTTONDOWN if close == 'first corner'
              else cv2.EVENT_RBUTTONDOWN)
    assert editor.plan == Plan(blackouts=[Blackout(TILL.polygon, '')])
    assert (np.abs(editor.picture()[60:100, 280:310].astype(int) - 118) < 6).all()  # covered


def draw_floor(editor: PlanEditor, *places: str, points: Any = FLOOR) -> None:
    editor.press('f')
    for point, place in zip(points, places):
        click(editor, point)
        type_in(editor, place + '\r')


def test_four_points_with_their_places_are_the_floor():
    editor = editor_with(TILL)
    draw_floor(editor, '0 0', '4, 0', '4.0;6,5', '0,6.5')
    assert editor.plan == Plan([TILL], floors=[Floor(
        [(100, 900), (900, 900), (700, 500), (300, 500)], [(0, 0), (4, 0), (4, 6.5), (0, 6.5)],
        '')])
    draw_floor(editor, '1 1', '5 1', '5 7', '1 7')  # in place of it
    assert [floor.metres[0] for floor in editor.plan.floors] == [(1, 1)]


def test_a_floor_is_drawn_in_metres():
    """Along the middle of the picture, at the rows where the grid's lines must be."""
    editor = editor_with()
    before = editor.picture().astype(int)
    draw_floor(editor, '0 0', '4 0', '4 6', '0 6')
    drawn = np.abs(editor.picture().astype(int) - before).max(2)
    rows = editor.plan.floors[0].to_picture([(1.5, y) for y in range(1, 6)], above=0) * (.64, .48)
    found = [drawn[round(y) - 1:round(y) + 2, round(x)].max() > 60 for x, y in rows]
    assert found == [True] * 5
    assert (drawn[round(rows[0][1]) + 5:432 - 5, round(rows[0][0])] < 60).all()


@pytest.mark.parametrize('places, points', [
    (('0 0', '1 0', '2 0', '0 6'), FLOOR),  # three in a line
    (('0 0', '4 6', '4 0', '0 6'), FLOOR),  # crossed
    (('0 0', '4 0', '4 6', '0 6'), (FLOOR[0], FLOOR[1], FLOOR[1], FLOOR[3])),
    (('0 0', '4 0', '4 6', '1001 0\b\b\b\b\b\b'), FLOOR)])
def test_a_wrong_floor_is_refused_and_can_be_corrected(places, points):
    editor = editor_with()
    draw_floor(editor, *places, points=points)
    assert editor.plan == Plan()
    editor.press('\x1b')
    assert editor.editing
    draw_floor(editor, '0 0', '4 0', '4 6', '0 6')
    assert len(editor.plan.floors) == 1


def test_a_place_is_taken_back_with_its_point():
    editor = editor_with()
    draw_floor(editor, '0 0', '4 0', '4 6')
    click(editor, FLOOR[0])
    type_in(editor, '3\b\b\b')  # the text, the point, and the one before it
    click(editor, FLOOR[2])
    type_in(editor, '4 7\r')
    click(editor, FLOOR[3])
    type_in(editor, '0 7\r')
    assert editor.plan.floors[0].metres == [(0, 0), (4, 0), (4, 7), (0, 7)]


def test_the_floor_may_not_be_the_mirror_image_of_another_cameras():
    other = floor_from({'points': [[100, 900], [900, 900], [700, 500], [300, 500]],
                        'metres': [[0, 0], [4, 0], [4, 6], [0, 6]]}, 'hall.db')
    editor = PlanEditor(ROOM, Plan(), 'shop.db', [other])
    draw_floor(editor, '0 0', '4 0', '4 -6', '0 -6')
    assert editor.plan == Plan()
    editor.press('\x1b')
    draw_floor(editor, '4 6', '0 6', '0 0', '4 0')
    assert [floor.store for floor in editor.plan.floors] == ['shop.db']


def test_a_room_is_measured_by_clicks():
    """Within 3 % at any place of the picture, from corners of the simulator's floor."""
    corners = np.array([(2.0, 1.0), (6.0, 1.0), (6.0, 5.0), (2.0, 5.0)])
    editor = editor_with()
    draw_floor(editor, *(f'{x} {y}' for x, y in corners), points=[
        tuple(map(round, point)) for point in visitors.project(
            np.column_stack([corners, np.zeros(4)])).tolist()])
    places = np.random.RandomState(0).rand(1000, 2) * (8, 6)
    seen = visitors.project(np.column_stack([places, np.zeros(1000)])) * 1000 / (640, 480)
    inside = ((seen > 0) & (seen < 1000)).all(1)
    assert inside.sum() > 500
    error = np.linalg.norm(editor.plan.floors[0].to_metres(seen, above=0) - places, axis=1)
    assert (error / np.linalg.norm(places, axis=1))[inside].max() < 0.03


def test_modes_are_kept_apart():
    """A mode is not left amid a part, keys of no mode do nothing, and each has its own undo."""
    editor = editor_with(TILL)
    editor.press('l')
    click(editor, SQUARE[0])
    type_in(editor, 'bqz')
    assert editor.editing
    click(editor, SQUARE[1])
    type_in(editor, 'x\r')
    assert len(editor.plan.lines) == 1
    type_in(editor, 'd\b')  # there is no display
    assert editor.plan.areas == [TILL]
    type_in(editor, 'L\bA\b')
    assert editor.plan == Plan()


def test_modes_are_chosen_by_key_or_click():
    """Each is shown, and clicks there are no corners; nor do they change what is being drawn."""
    editor, by_key, by_click = editor_with(), [], []
    for mode in MODES:
        editor.press(mode.key)
        by_key.append(editor.picture())
    for number in range(len(MODES)):
        click(editor, (20 + number * 640 // len(MODES), 490))
        by_click.append(editor.picture())
    assert (np.array(by_key) == by_click).all()
    assert all((a != b).any() for i, a in enumerate(by_key) for b in by_key[:i])
    click(editor, (64, 48), (20, 490), (20, 560), (700, 490))
    type_in(editor, '1 1\r')
    assert (editor.picture()[:480] != by_key[-1][:480]).any()


def test_the_place_under_the_pointer_is_shown():
    editor = editor_with()
    draw_floor(editor, '0 0', '4 0', '4 6', '0 6')
    said = []
    for y in (430, 300, 20):
        editor.on_mouse(cv2.EVENT_MOUSEMOVE, 320, y, 0)
        said.append(editor.picture()[MESSAGE])
    assert all((a != b).any() for i, a in enumerate(said) for b in said[:i])


@pytest.mark.parametrize('text, place', [
    ('2 3', (2, 3)), (' 2.5  0 ', (2.5, 0)), ('2,5 0,5', (2.5, .5)), ('2,5', (2, 5)),
    ('2, 5', (2, 5)), ('-1.5;2', (-1.5, 2))])
def test_places_that_are_typed(text: str, place: Tuple[float, float]):
    assert place_from(text) == place


@pytest.mark.parametrize('text', ['', '2', '1 2 3', 'a b', 'nan 0', '0 inf', '1001 0', '1e9 0'])
def test_places_that_are_none(text: str):
    with pytest.raises(ValueError):
        place_from(text)
