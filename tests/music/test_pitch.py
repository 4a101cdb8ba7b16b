"""The pitch of a right wrist, calm or trembling, stepping or gliding."""
from figures import ADULT, CHILD, HAND_ABOVE_HEAD
from playing import LADDER, TOP, heard, runs, up_and_down
from posesuite.music.pitch import BEND_RANGE
from posesuite.music.players import Player
from posesuite.music.theory import SCALES, key, notes

import numpy as np
import pytest


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
    reach = HAND_ABOVE_HEAD * (1.38 - .92)
    places = np.round(4.5 + rng.normal(0, .02 * 1.59 / .92, 1800) / reach * TOP)
    assert np.count_nonzero(np.diff(places)) > 500


def test_a_calm_wrist_past_a_border_keeps_its_note_for_a_while():
    calm = [4.0] * 15
    assert runs(heard(calm + [4.4, 4.7, 4.4, 4.7])) == [LADDER[4]]
    assert runs(heard(calm + [4.4, 4.9, 4.4, 4.3])) == [LADDER[4], LADDER[5]]


def test_a_glide_passes_through_all_pitches():
    places = up_and_down(TOP, 300)
    sounds = heard(places, Player(LADDER, 0, glide=True))
    pitch = np.array([sound.note + sound.bend for sound in sounds])
    wanted = np.interp(places, range(TOP + 1), LADDER)
    assert np.abs(pitch - wanted)[3:].max() < .01
    assert max(abs(sound.bend) for sound in sounds) <= BEND_RANGE
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
