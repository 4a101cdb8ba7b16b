"""posesuite/privacy/blackout.py: what is blacked out is neither shown nor counted."""
import json

from canary import CANARY, CLIP, GREY, SET, assert_no_canary, frames_of, is_planted, planted, run
from figures import frame, standing
from posesuite.privacy.blackout import Blackout
from posesuite.visits.queries import open_store
from posesuite.visits.room import read_room
from stores import everything

import cv2
import numpy as np
import pytest

LEFT = [(0, 0), (500, 0), (500, 1000), (0, 1000)]  # half of the picture
SCREEN = [(100, 200), (300, 200), (300, 400), (100, 400)]  # pixels 64..192 x 96..192
EVERYWHERE = [(0, 0), (1000, 0), (1000, 1000), (0, 1000)]


def picture() -> np.ndarray:
    return np.random.RandomState(0).randint(130, 256, (480, 640, 3)).astype(np.uint8)


def test_the_covered_parts_are_grey_and_the_others_as_they_were():
    image = picture()
    before = image.copy()
    seen = Blackout([SCREEN]).cover(frame(1, image=image)).image
    covered = (seen == GREY).all(2)
    assert covered[96:192, 64:192].all() and covered.sum() < 130 * 98
    assert (seen[~covered] == image[~covered]).all()
    assert (image == before).all()  # others may still use it


@pytest.mark.parametrize('size', [(480, 640), (1, 1), (7, 5), (1080, 1920)])
def test_it_covers_up_to_the_rims_at_any_size(size):
    image = np.full((*size, 3), 200, np.uint8)
    assert (Blackout([EVERYWHERE]).cover(frame(0, image=image)).image == GREY).all()
    half = (Blackout([LEFT]).cover(frame(0, image=image)).image == GREY).all(2)
    assert half[:, :size[1] // 2].all() and (half.sum(1) <= size[1] // 2 + 1).all()


def test_without_polygons_nothing_is_copied():
    one = frame(0, image=picture())
    assert Blackout().cover(one) is one
    people = {1: standing()}
    assert Blackout().outside(one, people) is people


@pytest.mark.parametrize('pose, there', [
    (standing(x=200), True), (standing(x=440), False), (standing(x=322), False),
    (standing(x=-50), True),  # beyond the rim
    (standing(x=700), False),
    # The feet are there, and nothing else; or most of the body without them.
    (standing(x=440, LEFT_ANKLE=(200, 400), RIGHT_ANKLE=(200, 400)), True),
    (standing(x=200, LEFT_ANKLE=(440, 400), RIGHT_ANKLE=(440, 400)), True),
    # A hand that reaches in is not enough.
    (standing(x=340, LEFT_WRIST=(200, 300), LEFT_ELBOW=(250, 250)), False),
    # The ankles are not sure: the lowest sure parts are knees.
    (standing(x=440, LEFT_ANKLE=None, RIGHT_ANKLE=None), False),
    (standing(x=200, LEFT_ANKLE=None, RIGHT_ANKLE=None), True)])
def test_people_are_where_their_feet_or_most_of_them_are(pose, there):
    left = Blackout([LEFT]).outside(frame(0, image=picture()), {7: pose, 8: standing(x=500)})
    assert set(left) == ({8} if there else {7, 8})


def test_a_pose_without_any_sure_part_is_somewhere_too():
    unsure = standing(x=200)
    unsure = unsure._replace(keypoints={part: keypoint._replace(score=0.1)
                                        for part, keypoint in unsure.keypoints.items()})
    assert Blackout([LEFT]).outside(frame(0, image=picture()), {1: unsure}) == {}


def test_several_blackouts_count_together():
    both = Blackout([[(0, 0), (1000, 0), (1000, 500), (0, 500)],
                     [(0, 500), (1000, 500), (1000, 1000), (0, 1000)]])
    assert both.outside(frame(0, image=picture()), {1: standing()}) == {}


@pytest.fixture
def areas(tmp_path):
    """A file in which the canary's place is blacked out."""
    corners = [(240, 160), (400, 160), (400, 320), (240, 320)]
    path = tmp_path / 'areas.json'
    path.write_text(json.dumps({'blackout': [
        {'polygon': [[x / 0.64, y / 0.48] for x, y in corners]}]}))
    return str(path)


def test_nothing_of_it_is_shown_or_kept_of_an_empty_room(tmp_path, areas):
    """Not even as a part of the proven background, which is kept."""
    room = frames_of(CLIP)[0]
    writer = cv2.VideoWriter(str(tmp_path / 'room.avi'), cv2.VideoWriter_fourcc(*'FFV1'), 30,
                             (640, 480))
    for _ in range(60):
        writer.write(planted(room))
    writer.release()
    (tmp_path / 'out').mkdir()
    out = str(tmp_path / 'out' / 'out.png')
    done = run('--videosrc', tmp_path / 'room.avi', '--blackout', areas, '--output', out,
               '--store', tmp_path / 'out' / 'visits.db', '--keep-background')
    assert SET in done.stderr
    shown = cv2.imread(out)
    assert not is_planted(shown)
    assert (shown[CANARY][4:-4, 4:-4] == GREY).all()
    assert (shown[:150] != GREY).any(2).mean() > 0.5  # the room is shown
    with open_store(str(tmp_path / 'out' / 'visits.db')) as store:
        kept = read_room(store)
    assert kept.whole and np.abs(kept.image().astype(int) - shown[:, :, ::-1])[:380].mean() < 3
    assert_no_canary(tmp_path / 'out')


def test_nobody_is_counted_there(tmp_path):
    """Of people in a log, too, whom no network looks for."""
    path = tmp_path / 'areas.json'
    counts = []
    for number, polygon in enumerate((SCREEN, EVERYWHERE)):
        path.write_text(json.dumps({'blackout': [{'polygon': polygon}]}))
        store = tmp_path / f'{number}.db'
        run('--videosrc', CLIP.replace('.mp4', '.jsonl'), '--blackout', path, '--headless',
            '--store', store, '--log', tmp_path / f'{number}.jsonl', '--keep', '36500d')
        counts.append(len(everything(store)['visits']))
        log = (tmp_path / f'{number}.jsonl').read_text()
        assert ('keypoints' in log) == (number == 0)
    assert counts[0] > 0 == counts[1]


@pytest.mark.parametrize('blackouts, arguments, reason', [
    ([], [], 'has no blackout'),
    ([{'polygon': SCREEN, 'store': 'hall.db'}], [], 'for hall.db, and --store is not given'),
    ([{'polygon': SCREEN, 'store': 'hall.db'}], ['--store', 'shop.db'], '--store is shop.db'),
    ([{'polygon': SCREEN[:2]}], [], 'blackout 1: need "polygon"')])
def test_a_blackout_that_would_cover_nothing_is_refused(tmp_path, blackouts, arguments, reason):
    path = tmp_path / 'areas.json'
    path.write_text(json.dumps({'areas': [], 'blackout': blackouts}))
    done = run('--videosrc', CLIP, '--headless', '--blackout', path, *arguments, status=1,
               cwd=str(tmp_path))
    assert done.stderr.count('\n') == 1 and done.stderr.startswith(f'error: {path}')
    assert reason in done.stderr


def test_a_missing_file_is_one_line(tmp_path):
    path = tmp_path / 'none.json'
    done = run('--videosrc', CLIP, '--headless', '--blackout', path, status=1)
    assert done.stderr == f'error: cannot read {path}: No such file or directory\n'
