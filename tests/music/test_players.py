import argparse
import math
import os
from typing import Dict, Iterable, List, Optional

from posesuite.music import players as music
from posesuite.music.players import (
    INSTRUMENTS,
    SCALES,
    Player,
    Sound,
    Trio,
    instrument,
    key,
    note_name,
    notes,
    scale,
)
from posesuite.pose.log import read_log
from posesuite.pose.pose import Keypoint, Point, Pose
from posesuite.pose.skeleton import KEYPOINT_TYPES
from posesuite.pose.skeleton import KeypointType as K

import numpy as np
import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HEIGHT = 480  # pixels of the picture
RATE = 30.0  # frames a second
# People who stand and look ahead, to their left and up, in metres; a child has a larger head.
ADULT = np.array([(0, 1.55), (.03, 1.59), (-.03, 1.59), (.08, 1.57), (-.08, 1.57), (.18, 1.38),
                  (-.18, 1.38), (.23, 1.1), (-.23, 1.1), (.25, .86), (-.25, .86), (.1, .92),
                  (-.1, .92), (.1, .5), (-.1, .5), (.1, .08), (-.1, .08)])
CHILD = np.array([(0, .97), (.03, 1.01), (-.03, 1.01), (.08, .99), (-.08, .99), (.12, .82),
                  (-.12, .82), (.15, .66), (-.15, .66), (.16, .5), (-.16, .5), (.07, .51),
                  (-.07, .51), (.07, .28), (-.07, .28), (.07, .05), (-.07, .05)])
LADDER = notes(SCALES['major pentatonic'], key('C'), 3, 2)
TOP = len(LADDER) - 1
CALM = np.zeros(2)


def pose(right: float = .5, left: float = .5, body: np.ndarray = ADULT, distance: float = 3.0,
         off: np.ndarray = CALM, hidden: Iterable[K] = (), x: float = 320.0) -> Pose:
    """Someone with wrists so high between the hips (0) and above the head (1).

    distance: to the camera in metres; off: of the right wrist, in metres.
    """
    body, hips = body.copy(), body[K.LEFT_HIP, 1]
    reach = music.REACH * (body[K.LEFT_SHOULDER, 1] - hips)
    body[K.LEFT_WRIST, 1] = hips + left * reach
    body[K.RIGHT_WRIST, 1] = hips + right * reach
    body[K.RIGHT_WRIST] += off
    points = (body - (0, 1.2)) * (620 / distance, -620 / distance) + (x, HEIGHT / 2)
    return Pose({part: Keypoint(Point(*point), 0.1 if part in hidden else 0.9)
                 for part, point in zip(KEYPOINT_TYPES, points.tolist())}, 0.9)


def heard(places: Iterable[float], player: Optional[Player] = None, noise: float = 0.0,
          seed: int = 0, **options) -> List[Sound]:
    """What is heard of a right wrist at places in steps of the ladder, a frame each.

    noise: its standard deviation in heights of the body.
    """
    player, rng = player or Player(LADDER, 0), np.random.default_rng(seed)
    tall = options.get('body', ADULT)[:, 1].max() / .92
    steps = len(player.notes) - 1
    return [player.update(pose(place / steps, off=rng.normal(0, noise * tall, 2), **options),
                          frame / RATE, HEIGHT) for frame, place in enumerate(places)]


def runs(sounds: Iterable[Sound]) -> List[int]:
    """The notes one after another."""
    result = []
    for sound in sounds:
        if result[-1:] != [sound.note]:
            result.append(sound.note)
    return result


def up_and_down(top: int, frames: int) -> np.ndarray:
    return np.concatenate([np.zeros(30), np.linspace(0, top, frames), np.full(30, top),
                           np.linspace(top, 0, frames), np.zeros(30)])


def ranks(values: List[float]) -> np.ndarray:
    return np.argsort(np.argsort(values))


# Scales, keys, instruments

def test_scales_by_name_and_by_semitones():
    assert scale('minor pentatonic') == scale('Minor-Pentatonic') == scale('MINOR_pentatonic')
    assert scale('minor') == (0, 2, 3, 5, 7, 8, 10)
    assert scale('0,3,5,7,10') == scale('0, 3,5, 7,10') == SCALES['minor pentatonic']
    assert scale('7,0') == scale('0,7,7') == (0, 7)
    assert len(SCALES) == 6
    assert all(scale(name) == semitones for name, semitones in SCALES.items())


@pytest.mark.parametrize('text', ['', 'locrian', '0,12', '0,-3', '0,,3', '0;3', '1' * 5000, '٣',
                                  'majorpentatonic', '0,1.5'])
def test_other_scales_are_refused(text):
    with pytest.raises(argparse.ArgumentTypeError) as error:
        scale(text)
    assert str(error.value) == (
        'must be major pentatonic, minor pentatonic, major, minor, blues, chromatic, or semitones '
        f'from 0 to 11 as 0,3,5,7,10, got {text!r}')


def test_keys():
    assert [key(text) for text in ('C', 'C#', 'Db', 'd', 'F#', 'Bb', 'b', 'bb', 'Cb', 'B#')] == [
        0, 1, 1, 2, 6, 10, 11, 10, 11, 0]


@pytest.mark.parametrize('text', ['', 'H', 'C##', 'Cm', ' C', 'C\n', '0', 'BB'])
def test_other_keys_are_refused(text):
    with pytest.raises(argparse.ArgumentTypeError) as error:
        key(text)
    assert str(error.value) == f'must be a key as C, F# or Bb, got {text!r}'


def test_instruments_are_those_of_general_midi():
    assert len(INSTRUMENTS) == len(set(INSTRUMENTS)) == 128
    # One of each family, by its number in the standard
    for number, name in {1: 'Acoustic Grand Piano', 9: 'Celesta', 17: 'Drawbar Organ',
                         25: 'Acoustic Guitar (nylon)', 33: 'Acoustic Bass', 41: 'Violin',
                         49: 'String Ensemble 1', 57: 'Trumpet', 65: 'Soprano Sax', 73: 'Piccolo',
                         81: 'Lead 1 (square)', 89: 'Pad 1 (new age)', 97: 'FX 1 (rain)',
                         105: 'Sitar', 113: 'Tinkle Bell', 121: 'Guitar Fret Noise',
                         128: 'Gunshot'}.items():
        assert INSTRUMENTS[number - 1] == name
        assert instrument(str(number)) == instrument(name) == number - 1
    assert [instrument(name.upper()) for name in INSTRUMENTS] == list(range(128))


def test_instruments_by_part_of_the_name():
    assert instrument('overdriven') == instrument('30') == 29
    assert instrument('fingered bass') == instrument('bass finger') == 33
    assert instrument('voice-oohs') == 53
    assert instrument('flute') == INSTRUMENTS.index('Flute')  # though there is a Pan Flute


@pytest.mark.parametrize('text, reason', [
    ('grand piano', 'one instrument, got {}: Acoustic Grand Piano, Electric Grand Piano'),
    ('guitar', 'one instrument, got {}: Acoustic Guitar (nylon), Acoustic Guitar (steel), Electric '
     'Guitar (jazz), Electric Guitar (clean), Electric Guitar (muted), Overdriven Guitar, '
     'Distortion Guitar, Guitar Harmonics, …')] + [
    (text, 'a General MIDI instrument as voice oohs, or 1 to 128, got {}')
    for text in ('', '-', '0', '129', '9' * 5000, 'theremin', '٣')])
def test_other_instruments_are_refused(text, reason):
    with pytest.raises(argparse.ArgumentTypeError) as error:
        instrument(text)
    assert str(error.value) == f'must be {reason.format(repr(text))}'


def test_a_ladder_ends_with_its_key():
    assert notes(SCALES['major'], 0, 4, 1) == (60, 62, 64, 65, 67, 69, 71, 72)
    assert LADDER == (48, 50, 52, 55, 57, 60, 62, 64, 67, 69, 72)
    assert notes((2, 7), key('F#'), -1, 2) == (8, 13, 20, 25, 32)
    assert len(notes(SCALES['chromatic'], 0, 3, 2)) == 25


@pytest.mark.parametrize('octave, octaves', [(9, 1), (-2, 3), (4, 0), (4, -1), (-1, 11)])
def test_ladders_that_midi_has_not_are_refused(octave, octaves):
    with pytest.raises(ValueError) as error:
        notes(SCALES['major'], 0, octave, octaves)
    assert str(error.value) == (f'{octaves} octaves from octave {octave} on: must be 1 or more, '
                                'and within C-1 and G9')


def test_note_names():
    assert [note_name(number) for number in (0, 54, 60, 127)] == ['C-1', 'F#3', 'C4', 'G9']


# One player

@pytest.mark.parametrize('distance', [1.0, 5.0])
@pytest.mark.parametrize('body', [ADULT, CHILD], ids=['adult', 'child'])
@pytest.mark.parametrize('name', SCALES)
def test_a_sweep_gives_every_note_once(name, body, distance):
    ladder = notes(SCALES[name], key('Bb'), 2, 2)
    sounds = heard(up_and_down(len(ladder) - 1, 300), Player(ladder, 0), body=body,
                   distance=distance)
    assert runs(sounds) == list(ladder + ladder[-2::-1])


@pytest.mark.parametrize('noise', [.005, .01, .02])
def test_a_sweep_that_trembles_gives_every_note_once(noise):
    for seed in range(8):
        sounds = heard(up_and_down(TOP, 450), noise=noise, seed=seed)
        # The very first frame may be off by its own trembling, and a note is then taken back.
        assert runs(sounds[5:]) in (list(LADDER + LADDER[-2::-1]), [50, *LADDER, *LADDER[-2::-1]])


def test_the_same_arms_play_the_same_at_any_distance_and_age():
    places = up_and_down(TOP, 300)
    first = heard(places)
    for body in (ADULT, CHILD):
        for distance in (1.0, 5.0):
            sounds = heard(places, body=body, distance=distance)
            assert len(sounds) == len(first)
            assert [s.note for s in sounds] == [s.note for s in first]
            assert np.allclose([s.volume for s in sounds], .5)


@pytest.mark.parametrize('hold', [4, 5, 6, 15, 30])
def test_a_step_sounds_in_its_own_frame(hold):
    steps = [*range(TOP + 1), *range(TOP - 1, -1, -1), 7, 0, TOP]
    places = np.repeat([0, *steps], hold)
    assert [s.note for s in heard(places)] == [LADDER[place] for place in places]


def test_a_step_in_noise_is_heard_soon():
    late = []
    for seed in range(20):
        sounds = heard([4.0] * 60 + [5.0] * 90, noise=.02, seed=seed)
        late.append([s.note for s in sounds[60:]].index(LADDER[5]))
    assert np.median(late) <= 15  # frames


@pytest.mark.parametrize('noise', [.005, .01, .02])
@pytest.mark.parametrize('border', [.5, 4.5, 9.5])
def test_a_wrist_that_trembles_on_a_border_does_not_flutter(border, noise):
    for seed in range(4):
        assert len(runs(heard([border] * 1800, noise=noise, seed=seed))) - 1 <= 6


def test_a_note_heard_without_care_would_flutter():
    # So the noise above is no easy one: the nearest note at each frame, as in the published demo.
    rng = np.random.default_rng(0)
    reach = music.REACH * (1.38 - .92)
    places = np.round(4.5 + rng.normal(0, .02 * 1.59 / .92, 1800) / reach * TOP)
    assert np.count_nonzero(np.diff(places)) > 500


def test_a_calm_wrist_past_a_border_keeps_its_note_for_a_while():
    calm = [4.0] * 15
    assert runs(heard(calm + [4.4, 4.7, 4.4, 4.7])) == [LADDER[4]]
    assert runs(heard(calm + [4.4, 4.9, 4.4, 4.3])) == [LADDER[4], LADDER[5]]


def test_the_volume_follows_the_left_wrist_all_the_time():
    # The published demo set it when a note began, and not again.
    player = Player(LADDER, 0)
    lefts = np.concatenate([np.linspace(0, 1, 50), np.linspace(1, .3, 50)])
    sounds = [player.update(pose(.5, left), frame / RATE, HEIGHT)
              for frame, left in enumerate(lefts)]
    assert runs(sounds) == [LADDER[5]]
    volumes = [sound.volume for sound in sounds]
    assert np.corrcoef(ranks(volumes), ranks(list(lefts)))[0, 1] > .99
    assert np.allclose(volumes, lefts)


def test_beyond_the_ladder():
    player = Player(LADDER, 0)
    assert player.update(pose(-.5, -.5), 0.0, HEIGHT) == Sound(LADDER[0], 0.0)
    assert player.update(pose(1.5, 1.5), 1.0, HEIGHT) == Sound(LADDER[-1], 1.0)


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
                for part, (point, score) in pose(1, .2).keypoints.items()}
    for shown in (pose(1, .2), Pose(mirrored, .9)):
        note, volume, bend = player.update(shown, 0.0, HEIGHT)
        assert (note, bend) == (LADDER[-1], 0)
        assert volume == pytest.approx(.2)


@pytest.mark.parametrize('part', [K.LEFT_WRIST, K.RIGHT_WRIST, None])
def test_what_is_not_seen_is_silent_after_a_while(part):
    player = Player(LADDER, 0)
    for frame in range(30):
        sound = player.update(pose(.3, .7), frame / RATE, HEIGHT)
    last = 29 / RATE
    for frame in range(30, 60):
        lost = part and pose(.9 if part == K.RIGHT_WRIST else .3, .1 if part == K.LEFT_WRIST else
                             .7, hidden=[part])
        now = player.update(lost, frame / RATE, HEIGHT)
        assert now == player.sound
        if frame / RATE - last < .29:
            assert now == pytest.approx(sound)
        elif frame / RATE - last > .31:
            assert now is None
    assert player.update(pose(.9, .7), 2.0, HEIGHT) == pytest.approx(Sound(LADDER[9], .7))


def test_a_wrist_that_is_back_in_time_goes_on():
    player = Player(LADDER, 0)
    hidden = [[], [], [], *[[K.RIGHT_WRIST]] * 6, [], []]
    sounds = [player.update(pose(.5, hidden=parts), frame / RATE, HEIGHT)
              for frame, parts in enumerate(hidden)]
    assert [sound.note for sound in sounds] == [LADDER[5]] * len(hidden)


def test_the_body_is_averaged_and_the_wrists_are_not():
    player = Player(LADDER, 0)
    for frame in range(30):
        player.update(pose(.5), frame / RATE, HEIGHT)
    low, high = player.ladder
    closer = pose(.5, distance=2.0)
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
    player, shown = Player(LADDER, 0), pose(1, 0)
    assert player.ladder is None
    player.update(shown, 0.0, HEIGHT)
    assert player.ladder == pytest.approx((shown.keypoints[K.LEFT_WRIST].point.y,
                                           shown.keypoints[K.RIGHT_WRIST].point.y))


def test_without_hips_the_torso_is_guessed_by_the_shoulders():
    hips = [K.LEFT_HIP, K.RIGHT_HIP]
    player = Player(LADDER, 0)
    sounds = [player.update(pose(place / TOP, hidden=hips), frame / RATE, HEIGHT)
              for frame, place in enumerate(np.repeat(range(TOP + 1), 10))]
    off = np.abs([LADDER.index(s.note) - place for s, place in
                  zip(sounds, np.repeat(range(TOP + 1), 10))])
    assert off.max() == 1
    # Hips once seen are remembered, and shoulders that are narrow from the side say nothing.
    player = Player(LADDER, 0)
    player.update(pose(.5), 0.0, HEIGHT)
    low, high = player.ladder
    thin = ADULT * (.1, 1)
    for frame in range(1, 60):
        player.update(pose(.5, body=thin, hidden=hips), frame / RATE, HEIGHT)
    assert player.ladder == pytest.approx((low, high))


@pytest.mark.parametrize('hidden', [
    [K.LEFT_SHOULDER, K.RIGHT_SHOULDER],
    [K.LEFT_SHOULDER, K.LEFT_HIP, K.RIGHT_HIP]])
def test_a_body_of_which_too_little_is_seen(hidden):
    player = Player(LADDER, 0)
    assert player.update(pose(hidden=hidden), 0.0, HEIGHT) is None
    first = player.update(pose(), .1, HEIGHT)
    assert first.note == LADDER[5]
    assert player.update(pose(hidden=hidden), .2, HEIGHT) == first


def test_points_in_one_place_are_no_error():
    flat = Pose({part: Keypoint(Point(0.0, 0.0), .9) for part in KEYPOINT_TYPES}, .9)
    assert Player(LADDER, 0).update(flat, 0.0, HEIGHT) is None


def test_one_side_of_the_body_is_enough():
    player = Player(LADDER, 0)
    sounds = [player.update(pose(.5, hidden=[K.LEFT_HIP, K.LEFT_SHOULDER]), 0.0, HEIGHT)]
    assert runs(sounds) == [LADDER[5]]


def test_the_pictures_height_as_the_range():
    player = Player(LADDER, 0, by_image=True)
    for frame, (right, left) in enumerate([(479.9, 0), (0.1, 480), (240, 240), (-50, 600)]):
        keypoints = dict(pose(hidden=[K.LEFT_HIP, K.RIGHT_HIP]).keypoints)
        keypoints[K.RIGHT_WRIST] = Keypoint(Point(0, right), .9)
        keypoints[K.LEFT_WRIST] = Keypoint(Point(0, left), .9)
        sound = player.update(Pose(keypoints, .9), float(frame), HEIGHT)
        assert player.ladder == (480, 0)
        assert sound.note == LADDER[[0, TOP, 5, TOP][frame]]
        assert sound.volume == [1, 0, .5, 0][frame]


def test_a_glide_passes_through_all_pitches():
    places = up_and_down(TOP, 300)
    sounds = heard(places, Player(LADDER, 0, glide=True))
    pitch = np.array([sound.note + sound.bend for sound in sounds])
    wanted = np.interp(places, range(TOP + 1), LADDER)
    assert np.abs(pitch - wanted)[3:].max() < .01
    assert max(abs(sound.bend) for sound in sounds) <= music.BEND_RANGE
    assert len(runs(sounds)) <= 5  # two octaves are one change beyond what a note bends


def test_a_glide_steadies_a_wrist_that_trembles():
    sounds = heard([4.5] * 600, Player(LADDER, 0, glide=True), noise=.02)
    assert np.std([sound.note + sound.bend for sound in sounds[60:]]) < .4  # semitones
    assert len(runs(sounds)) == 1


def test_a_glide_follows_a_jump_at_once():
    pitch = [sound.note + sound.bend for sound in
             heard([3.0] * 60 + [8.0] * 2, Player(LADDER, 0, glide=True), noise=.01)]
    assert abs(pitch[59] - LADDER[3]) < 1
    assert abs(pitch[60] - LADDER[8]) < 2


def test_without_glide_nothing_bends():
    assert all(sound.bend == 0 for sound in heard(up_and_down(TOP, 60), noise=.01))


@pytest.mark.parametrize('times', [
    [0, .1, .2, 0, .1], [5, 4, 3, 2, 1], [0, 1e9, 0], [0, 0, 0, 0], [0, .5, 1, 1.5],
    [-3, -2.9, 7]])
def test_times_may_jump(times):
    player = Player(LADDER, 0)
    trio = Trio([Player(LADDER, 0)])
    for time in times:
        for sound in (player.update(pose(.7, .3), time, HEIGHT),
                      trio.update({1: pose(.7, .3)}, time, HEIGHT)[0]):
            assert sound.note == LADDER[7]
            assert sound.volume == pytest.approx(.3)


@pytest.mark.parametrize('time', [-5.0, 60.0])
def test_a_jump_in_time_ends_what_sounded(time):
    player = Player(LADDER, 0)
    player.update(pose(), 0.0, HEIGHT)
    assert player.update(None, time, HEIGHT) is None
    assert player.update(pose(.2), time + .1, HEIGHT).note == LADDER[2]


# Places

def trio() -> Trio:
    return Trio([Player(notes(SCALES['major'], 0, octave, 2), 0) for octave in (2, 3, 4)])


def octaves(sounds: List[Optional[Sound]]) -> List[Optional[int]]:
    return [sound and sound.note // 12 - 1 for sound in sounds]


def crowd(*identities: int) -> Dict[int, Pose]:
    return {identity: pose(0, x=100.0 * identity) for identity in identities}


def test_everyone_has_a_place_of_their_own():
    players = trio()
    assert octaves(players.update({}, 0.0, HEIGHT)) == [None] * 3
    assert players.places == {}
    assert octaves(players.update(crowd(7), .1, HEIGHT)) == [2, None, None]
    assert octaves(players.update(crowd(3, 7), .2, HEIGHT)) == [2, 3, None]
    assert octaves(players.update(crowd(9, 3, 7), .3, HEIGHT)) == [2, 3, 4]
    assert players.places == {7: 0, 3: 1, 9: 2}


def test_of_those_who_come_together_the_smallest_identity_is_first():
    players = trio()
    players.update(crowd(17, 9, 3), 0.0, HEIGHT)
    assert players.places == {3: 0, 9: 1, 17: 2}


def test_a_fourth_person_waits_until_a_place_is_free():
    players = trio()
    for frame in range(30):
        sounds = players.update(crowd(1, 2, 3, 4), frame / RATE, HEIGHT)
        assert octaves(sounds) == [2, 3, 4]
        assert players.places == {1: 0, 2: 1, 3: 2}
    gone = 29 / RATE
    for frame in range(30, 90):
        time = frame / RATE
        sounds = players.update(crowd(1, 3, 4), time, HEIGHT)
        if time - gone < .99:
            assert players.places == {1: 0, 2: 1, 3: 2}
            if not .29 < time - gone < .31:
                assert octaves(sounds) == [2, 3 if time - gone < .3 else None, 4]
        elif time - gone > 1.01:
            assert players.places == {1: 0, 4: 1, 3: 2}
            assert octaves(sounds) == [2, 3, 4]


def test_who_is_back_within_a_second_has_their_place():
    players = trio()
    players.update(crowd(1, 2), 0.0, HEIGHT)
    for frame in range(1, 10):
        players.update(crowd(2, 5), frame / 10, HEIGHT)
    assert octaves(players.update(crowd(1, 2, 5), .95, HEIGHT)) == [2, 3, 4]
    assert players.places == {1: 0, 2: 1, 5: 2}


def test_places_go_with_identities_not_with_where_they_stand():
    players = Trio([Player(LADDER, 0), Player(LADDER, 0)])
    for frame in range(60):
        people = {1: pose(.2, x=100 + 8 * frame), 2: pose(.8, x=580 - 8 * frame)}
        if frame % 2:
            people = dict(reversed(list(people.items())))
        sounds = players.update(people, frame / RATE, HEIGHT)
        assert [sound.note for sound in sounds] == [LADDER[2], LADDER[8]]


def test_the_next_owner_begins_anew():
    players = Trio([Player(LADDER, 0)])
    for frame in range(30):
        players.update({1: pose(.9, distance=1.5)}, frame / RATE, HEIGHT)
    assert players.update({2: pose(.3, body=CHILD, distance=5.0)}, 1.5, HEIGHT) == [None]
    sounds = players.update({2: pose(.3, body=CHILD, distance=5.0)}, 2.0, HEIGHT)
    assert [sound.note for sound in sounds] == [LADDER[3]]


def test_places_is_a_new_dict_at_each_frame():
    players = trio()
    players.update(crowd(1), 0.0, HEIGHT)
    before = players.places
    players.update(crowd(1, 2), .1, HEIGHT)
    assert before == {1: 0}


@pytest.mark.parametrize('time', [-1.0, 100.0])
def test_a_jump_in_time_frees_the_places_of_those_gone(time):
    players = trio()
    players.update(crowd(1, 2), 0.0, HEIGHT)
    assert octaves(players.update(crowd(2, 3), time, HEIGHT)) == [2, 3, None]
    assert players.places == {2: 1, 3: 0}


def test_three_people_of_the_samples_keep_their_places():
    players, count = trio(), 0
    for frame in read_log(os.path.join(ROOT, 'samples', 'three_people.jsonl'))[1]:
        sounds = players.update(frame.people, frame.time, 480)
        assert sum(sound is not None for sound in sounds) == 3
        assert {identity: players.places[identity] for identity in frame.people} == {
            0: 0, 1: 1, 2: 2}
        count += 1
    assert count == 300
