"""One player: from a pose to a sound."""
import math
import os
from typing import List

from figures import ADULT, CHILD, musician
from helpers import ROOT
from playing import HEIGHT, LADDER, RATE, TOP, heard, runs, up_and_down
from posesuite.music.players import Player, Sound, Trio
from posesuite.pose.log import read_log
from posesuite.pose.pose import Keypoint, Point, Pose
from posesuite.pose.skeleton import KEYPOINT_TYPES
from posesuite.pose.skeleton import KeypointType as K

import numpy as np
import pytest


def ranks(values: List[float]) -> np.ndarray:
    return np.argsort(np.argsort(values))


def test_the_same_arms_play_the_same_at_any_distance_and_age():
    places = up_and_down(TOP, 300)
    first = heard(places)
    for body in (ADULT, CHILD):
        for distance in (1.0, 5.0):
            sounds = heard(places, body=body, distance=distance)
            assert len(sounds) == len(first)
            assert [s.note for s in sounds] == [s.note for s in first]
            assert np.allclose([s.volume for s in sounds], .5)


def test_the_volume_follows_the_left_wrist_all_the_time():
    # The published demo set it when a note began, and not again.
    player = Player(LADDER, 0)
    lefts = np.concatenate([np.linspace(0, 1, 50), np.linspace(1, .3, 50)])
    sounds = [player.update(musician(.5, left), frame / RATE, HEIGHT)
              for frame, left in enumerate(lefts)]
    assert runs(sounds) == [LADDER[5]]
    volumes = [sound.volume for sound in sounds]
    assert np.corrcoef(ranks(volumes), ranks(list(lefts)))[0, 1] > .99
    assert np.allclose(volumes, lefts)


def test_beyond_the_ladder():
    player = Player(LADDER, 0)
    assert player.update(musician(-.5, -.5), 0.0, HEIGHT) == Sound(LADDER[0], 0.0)
    assert player.update(musician(1.5, 1.5), 1.0, HEIGHT) == Sound(LADDER[-1], 1.0)


def test_the_wrists_are_found_in_an_engines_poses():
    # The published demo looked them up by names that the engine no longer used, and never sounded.
    player, count = Player(LADDER, 0), 0
    for frame in read_log(os.path.join(ROOT, 'samples', 'one_person.jsonl'))[1]:
        sound = player.update(frame.people[0], frame.time, 480)
        count += sound is not None and sound.note in LADDER
    assert count == 300


def test_left_and_right_are_the_persons_own():
    player = Player(LADDER, 0)
    mirrored = {part: Keypoint(Point(640 - point.x, point.y), score)
                for part, (point, score) in musician(1, .2).keypoints.items()}
    for shown in (musician(1, .2), Pose(mirrored, .9)):
        note, volume, bend = player.update(shown, 0.0, HEIGHT)
        assert (note, bend) == (LADDER[-1], 0)
        assert volume == pytest.approx(.2)


@pytest.mark.parametrize('part', [K.LEFT_WRIST, K.RIGHT_WRIST, None])
def test_what_is_not_seen_is_silent_after_a_while(part):
    player = Player(LADDER, 0)
    for frame in range(30):
        sound = player.update(musician(.3, .7), frame / RATE, HEIGHT)
    last = 29 / RATE
    for frame in range(30, 60):
        lost = part and musician(.9 if part == K.RIGHT_WRIST else .3,
                                 .1 if part == K.LEFT_WRIST else .7, hidden=[part])
        now = player.update(lost, frame / RATE, HEIGHT)
        assert now == player.sound
        if frame / RATE - last < .29:
            assert now == pytest.approx(sound)
        elif frame / RATE - last > .31:
            assert now is None
    assert player.update(musician(.9, .7), 2.0, HEIGHT) == pytest.approx(Sound(LADDER[9], .7))


def test_a_wrist_that_is_back_in_time_goes_on():
    player = Player(LADDER, 0)
    hidden = [[], [], [], *[[K.RIGHT_WRIST]] * 6, [], []]
    sounds = [player.update(musician(.5, hidden=parts), frame / RATE, HEIGHT)
              for frame, parts in enumerate(hidden)]
    assert [sound.note for sound in sounds] == [LADDER[5]] * len(hidden)


def test_the_body_is_averaged_and_the_wrists_are_not():
    player = Player(LADDER, 0)
    for frame in range(30):
        player.update(musician(.5), frame / RATE, HEIGHT)
    low, high = player.ladder
    closer = musician(.5, distance=2.0)
    player.update(closer, 1.0, HEIGHT)
    share = 1 - math.exp(-1 / 30 / .5)
    aim = Player(LADDER, 0)
    aim.update(closer, 0.0, HEIGHT)
    assert player.ladder == pytest.approx((low + share * (aim.ladder[0] - low),
                                           high + share * (aim.ladder[1] - high)))
    for frame in range(31, 121):
        sound = player.update(closer, frame / RATE, HEIGHT)
    assert player.ladder == pytest.approx(aim.ladder, abs=1)
    assert sound.note == LADDER[5]


def test_the_ladder_is_in_the_poses_pixels():
    player, shown = Player(LADDER, 0), musician(1, 0)
    assert player.ladder is None
    player.update(shown, 0.0, HEIGHT)
    assert player.ladder == pytest.approx((shown.keypoints[K.LEFT_WRIST].point.y,
                                           shown.keypoints[K.RIGHT_WRIST].point.y))


def test_without_hips_the_torso_is_guessed_by_the_shoulders():
    hips = [K.LEFT_HIP, K.RIGHT_HIP]
    player = Player(LADDER, 0)
    sounds = [player.update(musician(place / TOP, hidden=hips), frame / RATE, HEIGHT)
              for frame, place in enumerate(np.repeat(range(TOP + 1), 10))]
    off = np.abs([LADDER.index(s.note) - place for s, place in
                  zip(sounds, np.repeat(range(TOP + 1), 10))])
    assert off.max() == 1
    # Hips once seen are remembered, and shoulders that are narrow from the side change nothing.
    player = Player(LADDER, 0)
    player.update(musician(.5), 0.0, HEIGHT)
    low, high = player.ladder
    thin = ADULT * (.1, 1)
    for frame in range(1, 60):
        player.update(musician(.5, body=thin, hidden=hips), frame / RATE, HEIGHT)
    assert player.ladder == pytest.approx((low, high))


@pytest.mark.parametrize('hidden', [
    [K.LEFT_SHOULDER, K.RIGHT_SHOULDER],
    [K.LEFT_SHOULDER, K.LEFT_HIP, K.RIGHT_HIP]])
def test_a_body_of_which_too_little_is_seen(hidden):
    player = Player(LADDER, 0)
    assert player.update(musician(hidden=hidden), 0.0, HEIGHT) is None
    first = player.update(musician(), .1, HEIGHT)
    assert first.note == LADDER[5]
    assert player.update(musician(hidden=hidden), .2, HEIGHT) == first


def test_points_in_one_place_are_no_error():
    flat = Pose({part: Keypoint(Point(0.0, 0.0), .9) for part in KEYPOINT_TYPES}, .9)
    assert Player(LADDER, 0).update(flat, 0.0, HEIGHT) is None


def test_one_side_of_the_body_is_enough():
    player = Player(LADDER, 0)
    sounds = [player.update(musician(.5, hidden=[K.LEFT_HIP, K.LEFT_SHOULDER]), 0.0, HEIGHT)]
    assert runs(sounds) == [LADDER[5]]


def test_the_pictures_height_as_the_range():
    player = Player(LADDER, 0, by_image=True)
    for frame, (right, left) in enumerate([(479.9, 0), (0.1, 480), (240, 240), (-50, 600)]):
        keypoints = dict(musician(hidden=[K.LEFT_HIP, K.RIGHT_HIP]).keypoints)
        keypoints[K.RIGHT_WRIST] = Keypoint(Point(0, right), .9)
        keypoints[K.LEFT_WRIST] = Keypoint(Point(0, left), .9)
        sound = player.update(Pose(keypoints, .9), float(frame), HEIGHT)
        assert player.ladder == (480, 0)
        assert sound.note == LADDER[[0, TOP, 5, TOP][frame]]
        assert sound.volume == [1, 0, .5, 0][frame]


@pytest.mark.parametrize('times', [
    [0, .1, .2, 0, .1], [5, 4, 3, 2, 1], [0, 1e9, 0], [0, 0, 0, 0], [0, .5, 1, 1.5],
    [-3, -2.9, 7]])
def test_times_may_jump(times):
    player = Player(LADDER, 0)
    trio = Trio([Player(LADDER, 0)])
    for time in times:
        for sound in (player.update(musician(.7, .3), time, HEIGHT),
                      trio.update({1: musician(.7, .3)}, time, HEIGHT)[0]):
            assert sound.note == LADDER[7]
            assert sound.volume == pytest.approx(.3)


@pytest.mark.parametrize('time', [-5.0, 60.0])
def test_a_jump_in_time_ends_what_sounded(time):
    player = Player(LADDER, 0)
    player.update(musician(), 0.0, HEIGHT)
    assert player.update(None, time, HEIGHT) is None
    assert player.update(musician(.2), time + .1, HEIGHT).note == LADDER[2]
