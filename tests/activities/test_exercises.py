"""Counters and postures, on simulated people before cameras at three heights."""
import os
from typing import Any, Dict, List, Optional, Sequence, Tuple

import athletes
import daily_life
from athletes import SIZE, SQUAT, STANDING, Camera, Key, Posture, random_camera, recording
from helpers import ROOT
from posesuite.activities.activities import Activities
from posesuite.activities.files import open_activity
from posesuite.activities.rules import Event
from posesuite.pose.log import read_log

import numpy as np
import pytest

HEIGHTS = 0.8, 1.5, 2.2  # metres of cameras
FRONT, PROFILE, ANY = (-30, 30), (70, 110), (0, 360)  # degrees by which people are turned
SHIPPED = 'hand_raised', 'sitting', 'standing', 'lying', 'plank', 'yoga'


def events(keys: Sequence[Key], names: Sequence[str], camera: Camera, rate: float = 15.0,
           rng: Optional[np.random.Generator] = None) -> List[Event]:
    """rng: of the network's errors; None: it makes none."""
    activities, found = Activities([open_activity(name) for name in names]), []
    clip = recording(keys, rng or np.random.default_rng(0), camera, rate, noisy=rng is not None)
    for time, pose in clip:
        found += activities.update({1: pose} if pose else {}, time, SIZE)[1]
    return found


def repeated(posture: Posture, count: int, half: float) -> List[Key]:
    keys = [Key(.1, STANDING), Key(1, STANDING)]
    for _ in range(count):
        keys += [Key(half, posture), Key(half, STANDING)]
    return [*keys, Key(.6, STANDING)]


@pytest.mark.parametrize('rate', [10, 15, 30])
@pytest.mark.parametrize('height', HEIGHTS)
def test_squats_are_counted_with_their_depth(height, rate):
    for turn in range(0, 360, 60 if rate == 10 else 120):
        found = events(repeated(SQUAT, 4, 1.0), ['squats', 'jumping_jacks'],
                       Camera(height, 4.5, turn), rate)
        assert [(event.event, event.count) for event in found] == [
            ('squat', number) for number in range(1, 5)], turn
        assert all(event.value > .7 for event in found)


def test_the_depth_of_squats():
    """Seen from the side at the height of the hips it is how far the thighs are from level."""
    depths = []
    for share in (.75, 1.0):
        half = {name: STANDING.get(name, 0) + share * (angle - STANDING.get(name, 0))
                for name, angle in SQUAT.items()}
        found = events(repeated(half, 2, 1.0), ['squats'], Camera(.9, 6, 90))
        assert len(found) == 2
        depths.append(found[0].value)
    assert .55 < depths[0] < .8 and .9 < depths[1] < 1.15


@pytest.mark.parametrize('rate', [10, 15, 30])
@pytest.mark.parametrize('height', HEIGHTS)
def test_jumping_jacks_are_counted(height, rate):
    for turn in (0, 30, -30, 180) if rate == 10 else (20, 200):
        found = events(repeated(athletes.JACK, 5, .45), ['squats', 'jumping_jacks'],
                       Camera(height, 4.5, turn), rate)
        assert [(event.event, event.count) for event in found] == [
            ('jumping jack', number) for number in range(1, 6)], turn


def test_other_movements_are_not_counted():
    arms = dict(STANDING, wing=165)
    lunge = dict(STANDING, lean=80)
    for posture in (arms, lunge, athletes.SITTING):
        keys = repeated(posture, 3, 1.0) if posture is not athletes.SITTING else [
            Key(.1, STANDING), Key(1, STANDING), Key(1, posture), Key(12, posture),
            Key(1, STANDING), Key(1, STANDING)]
        assert not events(keys, ['squats', 'jumping_jacks'], Camera(1.4, 4.5, 20))


@pytest.mark.parametrize('height', HEIGHTS)
def test_counts_with_the_errors_of_a_network(height):
    wrong: Dict[str, int] = {'squat': 0, 'jumping jack': 0}
    for seed in range(4):
        for name, make, turns in (('squat', daily_life.squats, ANY),
                                  ('jumping jack', daily_life.jacks, FRONT)):
            rng = np.random.default_rng((60, seed, int(10 * height)))
            count = int(rng.integers(3, 8))
            camera = random_camera(rng, height, rng.uniform(*turns))
            found = events(make(rng, count), ['squats', 'jumping_jacks'], camera, 20, rng)
            wrong[name] += [event.event for event in found] != [name] * count
    assert wrong['squat'] == 0 and wrong['jumping jack'] <= 1, wrong


POSTURES: Dict[str, Tuple[Posture, Any, str]] = {
    'standing': (STANDING, ANY, 'standing'),
    'sitting': (athletes.SITTING, ANY, 'sitting'),
    'lying on the back': (athletes.ON_BACK, ANY, 'lying'),
    'lying on the side': (athletes.ON_SIDE, ANY, 'lying'),
    'hand': (dict(STANDING, arm_l=150, elbow_l=20), ANY, 'hand raised'),
    'plank': (athletes.PLANK, PROFILE, 'plank'),
    'high': (dict(athletes.PLANK, hip=28, pitch=92, lean=-3), PROFILE, 'plank: hips high'),
    'low': (dict(athletes.PLANK, hip=-20, pitch=67), PROFILE, 'plank: hips low'),
    'raised arms': (dict(STANDING, wing=168, elbow=8), FRONT, 'raised arms'),
    'tree': (athletes.TREE, FRONT, 'tree'),
    'warrior': (athletes.WARRIOR, FRONT, 'warrior'),
    'triangle': (athletes.TRIANGLE, FRONT, 'triangle'),
    'dog': (athletes.DOG, PROFILE, 'downward dog')}
NOT_BOTH = {'plank: hips high': 'plank: hips low', 'plank: hips low': 'plank: hips high',
            'sitting': 'standing', 'lying': 'plank'}


@pytest.mark.parametrize('name', POSTURES)
def test_postures(name):
    posture, turns, wanted = POSTURES[name]
    keys = [Key(.1, STANDING), Key(.5, STANDING), Key(1.2, posture), Key(1.6, posture)]
    files = [open_activity(file) for file in SHIPPED]
    for height in HEIGHTS:
        for turn in np.linspace(*turns, 4, endpoint=False) + (turns[1] - turns[0]) / 8:
            activities = Activities(files)
            for time, pose in recording(keys, np.random.default_rng(0),
                                        Camera(height, 4.5, turn), 10, noisy=False):
                labels, _ = activities.update({1: pose}, time, SIZE)
            assert wanted in labels[1], (height, turn, labels)
            assert NOT_BOTH.get(wanted) not in labels[1], (height, turn)
            assert ('sitting' in labels[1]) == (wanted == 'sitting'), (height, turn)


def test_a_straight_plank_has_no_fault():
    found = events([Key(.1, STANDING), Key(2, athletes.PLANK), Key(4, athletes.PLANK)], ['plank'],
                   Camera(1.0, 4.5, 90))
    assert [event.event for event in found] == ['plank']


def test_who_stands_with_feet_apart_and_swings_the_arms_does_no_jumping_jack():
    activities = Activities([open_activity('squats'), open_activity('jumping_jacks')])
    found: List[Event] = []
    for frame in read_log(os.path.join(ROOT, 'samples', 'one_person.jsonl'))[1]:
        found += activities.update(frame.people, frame.time, (frame.width, frame.height))[1]
    assert not found
