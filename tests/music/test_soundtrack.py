"""The sound of synthesizer.py's video files, taken out of them as a player would hear it."""
import logging
import os
import subprocess
import sys
from typing import Any, List

from helpers import ROOT, need
from playing import LADDER, RATE, at, write_log
from posesuite.music import soundfonts
from posesuite.music.audio import Audio
from posesuite.music.fluidsynth import RATE as SAMPLE_RATE
from posesuite.music.players import Sound
from sounds import TRIO, cents_off, loudness, samples

import numpy as np
import pytest

STEPS, HOLD = [0, 5, 3, 10], 24  # places on the ladder, and the frames of each


def film(tmp_path: Any, name: str, *arguments: str) -> np.ndarray:
    """Films known wrists, with a second of nobody before and after.

    Returns the sound: float [sample].
    """
    frames: List[Any] = [{}] * 30 + [at(STEPS[n // HOLD]) for n in range(HOLD * len(STEPS))]
    log = write_log(tmp_path / 'log.jsonl', frames + [{}] * 30)
    video, heard = str(tmp_path / name), tmp_path / 'heard.wav'
    done = subprocess.run([sys.executable, os.path.join(ROOT, 'synthesizer.py'), '--videosrc', log,
                           '--mute', '--output', video, *arguments], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, '')
    subprocess.run([need('ffmpeg'), '-v', 'error', '-y', '-i', video, '-vn', '-ac', '2', '-ar',
                    str(SAMPLE_RATE), str(heard)], check=True)
    return samples(heard)


@pytest.mark.usefixtures('synthesizer')
@pytest.mark.parametrize('name', ['stage.mp4', 'stage.avi'])
def test_a_video_has_its_sound(tmp_path: Any, name: str):
    """Each note has its pitch and is there with its frames."""
    sound = film(tmp_path, name)
    assert len(sound) / SAMPLE_RATE == pytest.approx((60 + HOLD * len(STEPS)) / RATE, abs=0.15)
    assert loudness(sound, 0.2, 0.9) < 5
    for number, step in enumerate(STEPS):
        begin = (30 + number * HOLD) / RATE
        assert loudness(sound, begin + 0.1, begin + HOLD / RATE - 0.05) > 300
        middle = sound[round((begin + 0.2) * SAMPLE_RATE):round((begin + 0.7) * SAMPLE_RATE)]
        assert abs(cents_off(middle, LADDER[step])) < 20
    first = np.argmax(np.abs(sound) > np.abs(sound).max() * 0.2) / SAMPLE_RATE
    assert first == pytest.approx(30 / RATE, abs=0.06)
    end = (30 + HOLD * len(STEPS)) / RATE
    assert loudness(sound, end + 0.6, end + 0.95) < 5  # the wrists are waited for, 0.3 s


@pytest.mark.usefixtures('synthesizer')
def test_it_sounds_from_the_first_frame_whatever_its_time():
    """A camera's first frame comes a while after it was opened."""
    with Audio(TRIO, mute=True, video='a.mp4') as audio:
        lengths = []
        for seconds in (7.5, 7.6, 7.7, 9.7):
            audio.play([Sound(60, 0.8), None, None], seconds)
            lengths.append(len(audio.soundtrack()))
    assert lengths == [0] + [round(step * SAMPLE_RATE) * 4 for step in (0.1, 0.1, 2.0)]


def test_a_video_without_sound_says_why(monkeypatch: Any, caplog: Any):
    monkeypatch.setattr(soundfonts, 'FOLDERS', ())
    with caplog.at_level(logging.INFO), Audio(TRIO, mute=True, video='a.mp4') as audio:
        audio.play([Sound(60, 0.8), None, None], 0.0)
        assert audio.soundtrack() is None
    said, = (record.getMessage() for record in caplog.records)
    assert said.startswith('a.mp4 has no sound: no SoundFont') or 'FluidSynth' in said


def test_without_a_video_there_is_none():
    with Audio(TRIO, mute=True) as audio:
        audio.play([None] * 3, 0.0)
        assert audio.soundtrack() is None
