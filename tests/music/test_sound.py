"""Sounds with known times, rendered and looked at as their hearer would."""
import time

from posesuite.music.audio import Audio
from posesuite.music.fluidsynth import RATE
from posesuite.music.players import Sound
from sounds import (
    BASS,
    FPS,
    GUITAR,
    TRIO,
    VOICE,
    cents_off,
    demo,
    first_above,
    loudness,
    messages_of,
    play_until,
    record,
    render,
    samples,
)

import numpy as np
import pytest

pytestmark = pytest.mark.usefixtures('synthesizer')

RANGES = {GUITAR: range(40, 77, 6), BASS: range(28, 53, 4), VOICE: range(48, 85, 6)}


@pytest.mark.parametrize('program', TRIO)
def test_pitch_onset_and_silence_over_the_range(program, tmp_path):
    """Each note: from frame 15 up to frame 45."""
    assert len(RANGES[program]) == 7
    for note in RANGES[program]:
        sound = render(tmp_path / 'a.wav', [[Sound(note, 0.8) if 15 <= frame < 45 else None]
                                            for frame in range(60)], [program])
        assert abs(cents_off(sound[round(0.6 * RATE):round(1.4 * RATE)], note)) < 20
        peak = np.abs(sound).max()
        assert peak > 1000
        # The pick or finger is heard first: FluidR3's lowest bass tones follow 40 ms after it.
        assert 0.5 <= first_above(sound, peak * 0.003) < 0.515
        assert np.abs(sound[:round(0.5 * RATE)]).max() <= 1  # dither
        assert np.abs(sound[round(1.6 * RATE):]).max() < peak / 1000  # 60 dB
        assert len(sound) > 1.9 * RATE


def test_a_change_of_note_is_heard_at_its_frame_and_without_gap(tmp_path):
    for program in TRIO:
        low, high = RANGES[program][2], RANGES[program][3]
        held, changed = ([[Sound(low if frame < 30 else note, 0.8)] for frame in range(60)]
                         for note in (low, high))
        still = render(tmp_path / 'a.wav', held, [program])
        sound = render(tmp_path / 'b.wav', changed, [program])
        assert 1.0 <= first_above(sound - still, np.abs(still).max() * 0.01) < 1.015
        assert abs(cents_off(sound[round(1.2 * RATE):round(1.9 * RATE)], high)) < 20
        window = 0.03  # longer than the period of the lowest note
        around = [loudness(sound, at, at + window) for at in np.arange(0.9, 1.2, 0.01)]
        assert len(around) == 30
        assert min(around) > 0.3 * loudness(sound, 0.7, 1.0)


@pytest.mark.parametrize('program', TRIO)
def test_loudness_follows_the_volume(program, tmp_path):
    volumes = 0.55 + 0.45 * np.sin(np.arange(240) / 19)
    sound = render(tmp_path / 'a.wav', [[Sound(RANGES[program][3], volume)] for volume in volumes],
                   [program])
    heard = [loudness(sound, frame / FPS + 0.01, frame / FPS + 0.05) for frame in range(20, 238)]
    ranks = (np.argsort(np.argsort(values)) for values in (heard, volumes[20:238]))
    assert len(heard) == 218
    assert np.corrcoef(*ranks)[0, 1] > 0.95
    assert max(heard) > 20 * min(heard)


def test_glide_bends_the_note(tmp_path):
    sound = render(tmp_path / 'a.wav',
                   [[Sound(60, 0.8, min(max(frame - 30, 0) / 6, 5))] for frame in range(120)],
                   [VOICE])
    for start, note in ((0.2, 60), (2.3, 65)):
        assert abs(cents_off(sound[round(start * RATE):round((start + 0.7) * RATE)], note)) < 20
    low = render(tmp_path / 'b.wav', [[Sound(72, 0.8, -12)]] * 30, [VOICE])
    assert abs(cents_off(low[round(0.2 * RATE):RATE], 60)) < 20


def test_a_recorded_note_ends_a_second_after_the_last_frame(tmp_path):
    """As when a stream stalls."""
    path = tmp_path / 'a.wav'
    with Audio(TRIO, recordings=[str(path)], mute=True) as played:
        for seconds in (0, 3):
            played.play([Sound(60, 0.8), None, None], seconds)
    sound = samples(path)
    assert loudness(sound, 0.5, 0.9) > 300
    assert np.abs(sound[round(1.1 * RATE):3 * RATE]).max() < np.abs(sound).max() / 1000


def test_a_recording_is_the_same_at_any_speed(tmp_path):
    frames = [[Sound(52 + frame // 10 % 5, 0.2 + frame % 15 / 20), None,
               Sound(67, 0.8, frame / 30)] for frame in range(45)]
    slow, fast = ([tmp_path / f'{speed}{ending}' for ending in ('.wav', '.mid')]
                  for speed in ('slow', 'fast'))
    with Audio(TRIO, recordings=list(map(str, slow)), mute=True) as played:
        for number, sounds in enumerate(frames):
            played.play(sounds, number / FPS)
            time.sleep(0.005 * (number % 5 == 0))
    record(fast, frames)
    assert len(samples(slow[0])) > 1.4 * RATE
    for one, other in zip(slow, fast):
        assert one.read_bytes() == other.read_bytes()


def test_a_timestamp_jump_is_not_elapsed_time(tmp_path):
    path = tmp_path / 'a.wav'
    with Audio(TRIO, recordings=[str(path)], mute=True) as played:
        for seconds in (0, 0.5, 3600, 3600.5, 7, 7.5):
            played.play([None] * 3, seconds)
    assert 1.5 < len(samples(path)) / RATE < 1.7


def test_a_killed_demo_leaves_readable_recordings(tmp_path):
    with demo('--mute', '--pace', 0.003, '--hold', 30, '--record', tmp_path / 'a.wav', '--record',
              tmp_path / 'a.mid') as process:
        play_until(process, 75)
        process.kill()
        process.wait(60)
    sound = samples(tmp_path / 'a.wav')
    assert len(sound) > 2.4 * RATE
    assert abs(len(sound) * 4 + 44 - (tmp_path / 'a.wav').stat().st_size) < 1e4
    assert loudness(sound, 0.5, 1.1) > 100
    messages = messages_of(tmp_path / 'a.mid')
    assert [message.note for _, message in messages
            if message.type == 'note_on'][:3] == [60, 40, 61]
    assert messages[-1][0] >= 1
