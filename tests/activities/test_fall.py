"""The fall rule: what falls, what only looks like it, and what the rule makes of odd sources."""
from typing import Any, List, Optional, Sequence, Tuple

import daily_life
from athletes import (
    BENT,
    CROUCHED,
    KNEELING,
    ON_BACK,
    ON_SIDE,
    SITTING,
    SIZE,
    STANDING,
    Camera,
    Key,
    Posture,
    random_camera,
    recording,
)
from posesuite.activities.activities import Activities
from posesuite.activities.files import open_activity
from posesuite.activities.rules import Event
from posesuite.pose.pose import Pose
from posesuite.pose.skeleton import FACE
from posesuite.pose.tracker import PoseTracker

import numpy as np
import pytest

Recording = List[Tuple[float, Optional[Pose]]]
HEIGHTS = 0.8, 1.5, 2.4  # metres of cameras
HARMLESS = dict(daily_life.HARMLESS, **daily_life.MORE_HARMLESS)
STAND = [Key(.1, STANDING), Key(2, STANDING)]
FRONT, SIDE = Camera(), Camera(1.4, 4.5, 70)


def events(found: Recording, ids: Any = lambda time: 1) -> List[Event]:
    """What the rule says of a recording; ids: the person's id by the time."""
    activities = Activities([open_activity('fall')])
    return [event for time, pose in found for event in
            activities.update({ids(time): pose} if pose else {}, time, SIZE)[1]]


def falling(posture: Posture, seconds: float = .8, after: float = 4.0) -> Sequence[Key]:
    return [*STAND, Key(seconds, posture, way='falling'), Key(after, posture)]


def clean(keys: Sequence[Key], camera: Camera = FRONT, rate: float = 15.0) -> Recording:
    return recording(keys, np.random.default_rng(0), camera, rate, noisy=False)


@pytest.mark.parametrize('height', HEIGHTS)
def test_simulated_falls_are_found(height):
    found = []
    for seed in range(8):
        rng = np.random.default_rng((50, seed, int(10 * height)))
        found.append(len(events(recording(daily_life.fall(rng), rng, random_camera(rng, height)))))
    assert len(found) == 8 and found.count(1) >= 7 and max(found) == 1, found


@pytest.mark.parametrize('what', sorted(HARMLESS))
def test_daily_life_is_no_fall(what):
    wrong = 0
    for height in HEIGHTS:
        rng = np.random.default_rng((51, 0, int(10 * height)))
        camera = random_camera(rng, height, 0 if what == 'leaves below' else None)
        keys = HARMLESS[what](rng)
        wrong += len(events(recording(keys, rng, camera, rate=10)))
    assert wrong == 0


@pytest.mark.parametrize('turn', range(0, 360, 45))
@pytest.mark.parametrize('posture', [ON_BACK, ON_SIDE], ids=['back', 'side'])
def test_every_direction(turn, posture):
    for height in HEIGHTS:
        found = events(clean(falling(posture), Camera(height, 4.5, turn)))
        assert [event.event for event in found] == ['fall'], height
        assert 2.8 < found[0].time < 6.0


@pytest.mark.parametrize('rate', [5, 8, 10, 30, 60])
def test_every_rate(rate):
    found = events(clean(falling(ON_BACK), SIDE, rate))
    assert [event.id for event in found] == [1]


def test_the_tracker_may_lose_who_falls():
    found = events(clean(falling(ON_SIDE)), lambda time: 1 if time < 2.6 else 7)
    assert [event.id for event in found] == [7]


def test_somebody_else_who_lies_there_has_not_fallen():
    """The first one leaves, long after an id is used again for somebody who lies."""
    stands = clean([*STAND])
    lies = [(time + 10, pose) for time, pose in clean([Key(4, ON_BACK)], SIDE)]
    assert not events(stands + lies)


def test_a_source_that_begins_anew_forgets():
    first = clean([*STAND])
    second = clean([Key(4, ON_BACK)], SIDE)
    assert not events(first + second)


@pytest.mark.parametrize('begin', [2.2, 2.7, 3.2])
def test_not_found_for_a_moment(begin):
    found = [(time, None if begin < time < begin + .9 else pose)
             for time, pose in clean(falling(ON_BACK), SIDE)]
    assert len(events(found)) == 1


def test_who_lies_on_the_face_has_none():
    found = [(time, pose and pose._replace(keypoints={
        part: keypoint._replace(score=.1) if part in FACE else keypoint
        for part, keypoint in pose.keypoints.items()}))
             for time, pose in clean(falling(ON_BACK), SIDE)]
    assert len(events(found)) == 1


def test_who_gets_up_again_may_fall_again():
    keys = [*falling(ON_SIDE), Key(1.5, STANDING), *falling(ON_BACK)]
    assert len(events(clean(keys, SIDE))) == 2


def test_lying_down_slowly_is_no_fall():
    keys = [*STAND, Key(3.5, ON_BACK), Key(4, ON_BACK)]
    assert not events(clean(keys, SIDE))


@pytest.mark.parametrize('turn', [0, 180])
@pytest.mark.parametrize('posture', [
    BENT, dict(CROUCHED, lean=45), dict(KNEELING, lean=35), SITTING,
    dict(STANDING, lean=35, arm=60, hip_l=85, knee_l=90, hip_r=-5, knee_r=95)],
                         ids=['bends', 'crouches', 'kneels', 'sits', 'on one knee'])
def test_going_down_fast_and_staying_is_no_fall_along_the_line_of_sight(posture, turn):
    for height in HEIGHTS:
        assert not events(clean(falling(posture, .6), Camera(height, 4.5, turn))), height


@pytest.mark.parametrize('turn', [-30, 0, 30])
def test_crouching_down_towards_a_high_camera_is_no_fall(turn):
    """Neither trunk nor legs look upright then, but the arms hang."""
    keys = falling(dict(CROUCHED, lean=45), .7)
    for seed in range(4):
        rng = np.random.default_rng(seed)
        assert not events(recording(keys, rng, Camera(2.7, 4, turn), 10)), seed


@pytest.mark.parametrize('turn', [0, 90, 180])
def test_lying_down_from_the_edge_of_a_bed_is_no_fall(turn):
    keys = [*STAND, Key(1.2, SITTING), Key(1, SITTING), Key(1.6, ON_BACK, .38),
            Key(4, ON_BACK, .38)]
    for height in HEIGHTS:
        assert not events(clean(keys, Camera(height, 4.5, turn))), height


@pytest.mark.parametrize('turn', [0, 90, 180])
def test_lying_down_after_dropping_onto_the_floor_is_no_fall(turn):
    sits = dict(SITTING, hip=115, knee=120, lean=-15)
    keys = [*falling(sits, .5, after=1), Key(1.6, ON_BACK), Key(4, ON_BACK)]
    for height in HEIGHTS:
        assert not events(clean(keys, Camera(height, 4.5, turn))), height


def test_leaving_at_the_lower_rim_is_no_fall():
    keys = [Key(.1, STANDING), *daily_life.walk(np.random.default_rng(1), 3, 4.3)]
    assert not events(clean(keys, Camera(1.4, 4.5, 0)))


def test_with_the_tracker():
    rng, tracker = np.random.default_rng(5), PoseTracker()
    activities, found = Activities([open_activity('fall')]), []
    for time, pose in recording(falling(ON_SIDE), rng, Camera(1.6, 4.5, 30), 15):
        people = tracker.update([pose] if pose else [], time)
        found += activities.update(people, time, SIZE)[1]
    assert [event.event for event in found] == ['fall']
