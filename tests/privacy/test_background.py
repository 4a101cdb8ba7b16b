"""Nobody gets into the background: clips of people against the empty room of the same clip."""
from typing import List

from helpers import SIZES, bundled_model
from pose_engine import PoseEngine
from posesuite.pose.pose import Fault, FaultKind, Frame
from posesuite.privacy import EVIDENCE, Background
from posesuite.privacy import background as background_module
from posesuite.privacy.background import PATIENCE
from posesuite.privacy.evidence import GREY
from rooms import DELAY, PROOF, RATE, noisy, read_clip, strange, watch

import numpy as np
import pytest


@pytest.fixture(scope='module')
def engine(quick_runtime) -> PoseEngine:
    return PoseEngine(bundled_model(SIZES[0]), device='cpu', score_threshold=EVIDENCE)


@pytest.fixture(scope='module')
def clip() -> List[np.ndarray]:
    return read_clip()


@pytest.fixture
def proven(engine, clip) -> Background:
    """A background that is set."""
    background = watch(engine, clip[:1] * PROOF)
    assert background.image is not None, background.doubt
    return background


def test_an_empty_room_is_accepted_as_it_is(proven, clip):
    assert strange(proven, clip[0]) == 0
    assert (proven.image == GREY).all(2).mean() < 0.1


def test_progress_is_from_the_first_frame_to_the_last(engine, clip):
    background, seen = Background(engine, DELAY), []
    for i, image in enumerate(clip[:1] * PROOF):
        background.update(Frame(image, i, i / RATE, 0.0), [])
        if background.image is not None:
            break
        seen.append(background.progress)
    assert len(seen) > 20 and background.image is not None
    assert 0 < seen[0] < 0.1 and 0.9 < seen[-1] <= 1
    assert seen == sorted(seen)
    assert background.progress == 0


def test_light_that_flickers_is_no_movement(engine, clip):
    images = [np.uint8(np.clip(clip[0] * (0.9 + 0.05 * (i % 3)), 0, 255)) for i in range(PROOF)]
    background = watch(engine, images)
    assert background.image is not None, background.doubt
    assert (background.image == GREY).all(2).mean() < 0.1


def test_a_screen_in_the_room_stays_grey(engine, clip):
    images = [clip[0].copy() for _ in range(PROOF)]
    for i, image in enumerate(images):
        image[110:215, 432:560] = 80 + 40 * (i // 3 % 3)
    background = watch(engine, images)
    assert background.image is not None, background.doubt
    assert (background.image[110:215, 432:560] == GREY).all()
    assert 0.04 < (background.image == GREY).all(2).mean() < 0.2


def test_a_room_where_everything_moves_is_refused(engine, clip):
    images = [np.roll(clip[0], 40 * i, axis=1) for i in range(PROOF)]
    background = watch(engine, images, missed=lambda i: True)
    assert background.image is None and background.doubt == 'too much movement'


@pytest.mark.parametrize('number', [42, 45, 48, 110, 195, 250])
def test_a_person_who_stands_still(engine, clip, number):
    """At the rim, behind others, before the wall: stopped as they walk."""
    assert watch(engine, clip[number:number + 1] * PROOF).image is None


def test_a_person_who_is_missed_in_single_frames(engine, clip):
    assert watch(engine, clip[60:61] * PROOF, missed=lambda i: i % 2).image is None
    assert watch(engine, clip[60:61] * PROOF, missed=lambda i: i % 3).image is None


def test_a_person_who_is_missed_in_all_frames_is_found_in_the_picture(engine, clip):
    background = watch(engine, clip[60:61] * PROOF, missed=lambda i: True)
    assert background.image is not None and 0.3 < background.share < 0.95
    assert strange(background, clip[0]) == 0


def test_who_does_not_leave_becomes_a_grey_part_of_the_room(engine, clip):
    """As a poster would; it waits for them to leave until then."""
    background, seconds = Background(engine, DELAY), 0.0
    poses, _ = engine.DetectPosesInImage(clip[60])
    for i, image in enumerate(noisy(clip[60:61] * 3 * PROOF)):
        seconds = i / RATE if i < PROOF else PATIENCE + i / RATE
        background.update(Frame(image, i, seconds, 0.0), poses)
        if background.image is not None:
            break
    assert seconds > PATIENCE
    assert 0.3 < background.share < 0.95
    assert strange(background, clip[0]) == 0


def test_once_they_have_left_their_part_is_shown_after_minutes(engine, clip, proven, monkeypatch):
    monkeypatch.setattr(background_module, 'VIEWS_LATER', 100)
    background, shares = watch(engine, clip[60:61] * PROOF, missed=lambda i: True), []
    for seconds in (20, 50, 100, 200, 400):
        for i, image in enumerate(noisy(clip[:1] * 20)):
            background.update(Frame(image, i, seconds + i / RATE, 0.0), [])
        shares.append(background.share)
        assert strange(background, clip[0]) == 0
    assert shares[0] == shares[2] < proven.share - 0.02
    assert shares[4] == pytest.approx(proven.share, abs=0.01)


@pytest.mark.parametrize('start', [30, 150])
def test_a_person_who_walks_through_and_is_missed_all_the_time(engine, clip, start):
    background = watch(engine, clip[start:start + PROOF], missed=lambda i: True)
    assert strange(background, clip[0]) == 0


@pytest.mark.parametrize('empty', [8, 14])
def test_a_person_who_comes_back_at_the_last_moment(engine, clip, empty):
    images = clip[:1] * empty + clip[40:40 + PROOF]
    background = watch(engine, images, missed=lambda i: i < 16)
    assert strange(background, clip[0]) == 0


def test_a_person_who_comes_during_the_proof(engine, clip):
    assert watch(engine, clip[:1] * 20 + clip[60:60 + PROOF]).image is None


def test_a_person_who_has_just_left(engine, clip):
    background = watch(engine, clip[255:] + clip[-1:] * PROOF)
    assert background.image is not None, background.doubt
    assert strange(background, clip[0]) == 0


@pytest.mark.parametrize('fault', ['truncated', 'black', 'covered', 'frozen since 12:00',
                                   'camera lost since 12:00'])
def test_faulty_frames_prove_nothing(engine, clip, fault):
    background = watch(engine, clip[:1] * PROOF, missed=lambda i: True, fault=fault)
    assert background.image is None and background.doubt == fault


def test_a_fault_a_gap_or_another_size_restarts(engine, clip):
    small = np.ascontiguousarray(clip[0][::2, ::2])
    truncated = Fault.of(FaultKind.TRUNCATED)

    def shown(frames) -> bool:
        background = Background(engine, DELAY)
        for i, (image, fault, seconds) in enumerate(frames):
            background.update(Frame(image, i, seconds, 0.0, fault), [])
        return background.image is not None
    assert shown((clip[0], None, i / RATE) for i in range(PROOF))
    assert not shown((clip[0], None if i % 12 else truncated, i / RATE) for i in range(3 * PROOF))
    assert not shown((clip[0] if i % 2 else small, None, i / RATE) for i in range(PROOF))
    assert not shown((clip[0], None, i / RATE + i // 12 * 11) for i in range(3 * PROOF))
    assert not shown((clip[0], None, i / RATE - i // 12) for i in range(3 * PROOF))


def test_look_finds_the_poses_itself(engine, clip):
    for image, is_set in ((clip[0], True), (clip[60], False)):
        background = Background(engine, DELAY)
        for i in range(PROOF):
            assert background.look(Frame(image, i, i / RATE, 0.0)) is background.image
        assert (background.image is not None) == is_set


@pytest.mark.parametrize('turn, doubt', [
    (lambda image: np.roll(image, 40, axis=1), 'the camera was moved'),
    (lambda image: np.ascontiguousarray(image[::2, ::2]), 'the image size changed')])
def test_a_moved_camera_and_another_size_drop_the_background(proven, clip, turn, doubt):
    doubts = []
    for i in range(RATE + 2):  # a second of it
        proven.update(Frame(turn(clip[0]), i, 100 + i / RATE, 0.0), [])
        doubts.append(proven.doubt)
    assert proven.image is None
    assert doubt in doubts


def test_drop_restarts_with_the_next_frame(proven, clip):
    proven.drop('')
    assert proven.image is None and proven.doubt == ''
    for i in range(PROOF):
        proven.update(Frame(clip[0], i, 10 + i / RATE, 0.0), [])
    assert proven.image is not None
