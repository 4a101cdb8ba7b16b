"""The page's anonymizer: what it shows of a room, by a network that sees people in one colour."""
from browsers import Chromium
from figures import standing
from helpers import need
from pages import make_page, served
from posesuite.pose.json_poses import pose_as_json

import pytest

# A room with a poster that the network takes for a person, and one that it may learn to.
SCENE = """
const {Room} = await import('/page/room.js');
const canvas = new OffscreenCanvas(320, 240);
const pen = canvas.getContext('2d', {willReadFrequently: true});
pen.scale(.5, .5);
const people = ['255,0,255'];  // colours in which the network sees people
let time = 0;

function draw({mover = 0, person = false, moved = 0}) {
  pen.fillStyle = 'rgb(60 140 90)';
  pen.fillRect(0, 0, 640, 480);
  const box = (style, x, y, w, h) => { pen.fillStyle = style; pen.fillRect(x + moved, y, w, h); };
  box('#223', 0, 400, 640, 80);
  box('#fff', 250, 60, 60, 60);
  box('rgb(0 255 255)', 300, 300, 40, 40);
  box('rgb(255 0 255)', 560, 200, 60, 80);
  box('rgb(255 255 0)', 40 + mover, 40, 60, 60);
  if (person) box('rgb(255 0 254)', 180, 150, 80, 250);
}

// Looks at the pixels of a view, and is sure where they have one of the colours.
async function examine(view) {
  const {width, height} = view, cells = 40, scores = new Float32Array(cells * cells);
  const {data} = view.getContext('2d').getImageData(0, 0, width, height);
  const [cellWidth, cellHeight] = [width / cells, height / cells];
  for (let i = 0; i < cells * cells; i++) {
    const x = Math.floor((i % cells + .5) * cellWidth);
    const y = Math.floor((Math.floor(i / cells) + .5) * cellHeight), pixel = 4 * (y * width + x);
    if (people.includes(String(data.slice(pixel, pixel + 3)))) scores[i] = .9;
  }
  return {poses: [], heat: {width: cells, height: cells, scores, cellWidth, cellHeight,
    left: cellWidth / 2, top: cellHeight / 2, imageWidth: width, imageHeight: height}};
}

// Lets the room see some seconds; move: what there is at a frame.
async function see(room, seconds, move, {poses = [], rate = 5} = {}) {
  for (let i = 0; i < seconds * rate; i++) {
    draw(move(i));
    await room.see(canvas, poses, time += 1 / rate, examine);
  }
}

// How many of the room's pixels have each of some colours.
function count(room) {
  const {data} = room.image.getContext('2d').getImageData(0, 0, 320, 240), found = {};
  const names = {'128,128,128': 'grey', '60,140,90': 'wall', '255,0,255': 'poster',
    '0,255,255': 'other', '255,0,254': 'person', '255,255,0': 'mover', '34,34,51': 'floor',
    '255,255,255': 'window'};
  for (let i = 0; i < data.length; i += 4) {
    const name = names[`${data[i]},${data[i + 1]},${data[i + 2]}`] || 'blurred';
    found[name] = (found[name] || 0) + 1;
  }
  return found;
}
const still = () => ({}), moving = i => ({mover: 20 * (i % 5)});
const room = new Room({width: 320, height: 240});
"""
ALL = 320 * 240  # pixels
SOMEBODY = str([pose_as_json(standing(110, 200, 150))])


@pytest.fixture(scope='module')
def browser(tmp_path_factory):
    need('chromedriver')
    need('chromium')
    folder = tmp_path_factory.mktemp('browser')
    chromium = Chromium(folder / 'profile', 800, 600)
    with served(make_page(folder / 'page')) as url:
        chromium('/url', url=url + 'style.css')
        yield chromium
    chromium.close()


def test_only_what_is_surely_empty_is_shown(browser):
    before, waits, after = browser.run_async(SCENE + """
        const before = count(room);
        await see(room, 4, moving, {poses: POSES});
        const waits = [room.text, count(room)];
        await see(room, 6, moving);
        return [before, waits, count(room)];""".replace('POSES', SOMEBODY))
    assert before == {'grey': ALL}
    assert waits == ['Waiting for everyone to leave the picture …', {'grey': ALL}]
    assert after['wall'] > ALL / 3 and after['other'] == 400
    assert after['grey'] > 50 * 30 + 30 * 40
    assert set(after) == {'grey', 'wall', 'floor', 'window', 'other'}


def test_who_does_not_leave_is_not_shown(browser):
    """After some seconds the room around them is."""
    found = browser.run_async(SCENE + """
        await see(room, 20, () => ({person: true}), {poses: POSES});
        return count(room);""".replace('POSES', SOMEBODY))
    assert found['wall'] > ALL / 4
    assert 'person' not in found


def test_who_comes_later_is_not_shown(browser):
    found = browser.run_async(SCENE + """
        await see(room, 6, still);
        const shown = [count(room)];
        await see(room, 60, () => ({person: true}), {rate: 1});
        return [...shown, count(room)];""")
    assert [each['wall'] > ALL / 3 for each in found] == [True, True]
    assert not any('person' in each for each in found)


def test_doubts_pass_and_come(browser):
    first, calm, betrayed = browser.run_async(SCENE + """
        await see(room, 6, moving);
        const found = [count(room)];
        await see(room, 400, still, {rate: 1});
        found.push(count(room));
        people.push('0,255,255');
        await see(room, 120, still, {rate: 1});
        return [...found, count(room)];""")
    assert 'mover' not in first and calm['mover'] == 900
    assert 'poster' not in calm and 'poster' not in betrayed
    assert calm['other'] == 400 and 'other' not in betrayed
    assert betrayed['wall'] > ALL / 4


def test_a_camera_that_moves_starts_again(browser):
    found, text = browser.run_async(SCENE + """
        await see(room, 6, still);
        pen.filter = 'invert(1)';
        await see(room, 2, () => ({moved: 100}));
        return [count(room), room.text];""")
    assert found == {'grey': ALL}
    assert 'The camera was moved' in text
