"""MIDI files as a sequencer reads them, and while they are being written."""
import os
from typing import List, Optional

from posesuite.music import midi_file
from posesuite.music.audio import Audio
from posesuite.music.midi_file import MidiFile
from posesuite.music.output import AudioError
from posesuite.music.players import Sound
from sounds import FPS, TRIO, hanging, messages_of, notes_of, record

import numpy as np
import pytest

mido = pytest.importorskip('mido')


def song() -> List[List[Optional[Sound]]]:
    """Three places, 90 frames: leaps, glides, and a rest of the second."""
    return [[Sound(52 + frame // 10 % 5, 0.2 + frame % 15 / 20),
             None if 30 <= frame < 50 else Sound(33, 0.5 + 0.4 * np.sin(frame / 9)),
             Sound(67, 0.8, frame / 30)] for frame in range(90)]


@pytest.fixture(scope='module')
def take(tmp_path_factory) -> str:
    """A recording of the song."""
    path = str(tmp_path_factory.mktemp('midi') / 'take.mid')
    record([path], song())
    return path


def test_a_track_for_the_tempo_and_one_for_each_player(take):
    file = mido.MidiFile(take)
    assert file.type == 1
    assert [track.name for track in file.tracks] == [
        '', 'Overdriven Guitar', 'Electric Bass (finger)', 'Voice Oohs']
    assert [message.type for message in file.tracks[0]] == ['set_tempo', 'end_of_track']
    for number, track in enumerate(file.tracks[1:]):
        channels = {message.channel for message in track if not message.is_meta}
        assert channels == {number}
        assert {message.type for message in track if message.is_meta} == {
            'track_name', 'end_of_track'}
        assert [message.program for message in track
                if message.type == 'program_change'] == [TRIO[number]]


def test_each_note_is_at_its_frame(take):
    starts = sorted((round(at, 2), *rest) for at, *rest in notes_of(take))
    wanted = [(frame / FPS, 0, 52 + frame // 10 % 5) for frame in range(0, 90, 10)]
    wanted = sorted(wanted + [(0.0, 1, 33), (50 / FPS, 1, 33), (0.0, 2, 67)])
    assert len(starts) == len(wanted) == 12
    for (at, *rest), (time, *wanted_rest) in zip(starts, wanted):
        assert rest == wanted_rest
        assert at == pytest.approx(time, abs=0.006)
    for at, _, _ in notes_of(take):
        assert abs(at * FPS - round(at * FPS)) < 0.001 * FPS
    assert hanging(message for _, message in messages_of(take)) == set()


def test_the_velocity_is_the_left_wrists_height_at_the_start(take):
    volumes = [0.2 + frame % 15 / 20 for frame in range(0, 90, 10)]
    velocities = [message.velocity for _, message in messages_of(take)
                  if message.type == 'note_on' and message.channel == 0]
    assert len(velocities) == len(volumes) == 9
    assert velocities == [round(64 + 63 * volume) for volume in volumes]


def test_bends_are_of_an_octave(take):
    bends = [message.pitch for _, message in messages_of(take)
             if message.type == 'pitchwheel' and message.channel == 2]
    assert bends[0] == 0
    assert abs(bends[-1] / 8192 * 12 - 88 / 30) < 0.05  # the last frame's is on its way
    controllers = [(message.control, message.value) for _, message in messages_of(take)
                   if message.type == 'control_change' and message.channel == 2]
    assert controllers[:3] == [(101, 0), (100, 0), (6, 12)]


def test_the_file_is_whole_after_every_second(tmp_path):
    path = tmp_path / 'a.mid'
    with Audio(TRIO, recordings=[str(path)], mute=True) as audio:
        for frame in range(3 * FPS + 1):
            audio.play([Sound(60 + frame // FPS, 0.8), None, Sound(50, 0.8)], frame / FPS)
            if frame and frame % FPS == 0:
                messages = [message for _, message in messages_of(path)]
                assert hanging(messages) == set()
                assert [message.note for message in messages if message.type == 'note_on'
                        and message.channel == 0] == list(range(60, 60 + frame // FPS))
    assert os.listdir(str(tmp_path)) == ['a.mid']
    assert len(notes_of(path)) == 5


def test_a_long_file_is_rarely_written_anew(tmp_path):
    path, files, seconds = tmp_path / 'a.mid', set(), 600
    with MidiFile(str(path), ['One', 'Two']) as file:
        for second in range(seconds):
            for step in range(20):
                file.advance(second + step / 20)
                file.send(bytes((0xB0, 11, step)))
            files.add(path.stat().st_ino)
            if second % 150 == 149:
                assert len(messages_of(path)) > 20 * second
    assert len(files) < 8
    assert 20 * seconds * 4 < path.stat().st_size < 20 * seconds * 6
    assert [message.value for _, message in messages_of(path)
            if message.type == 'control_change'] == list(range(20)) * seconds


def test_a_note_longer_than_the_room(tmp_path, monkeypatch):
    """The ends of notes that a killed demo would need find room, too."""
    monkeypatch.setattr(midi_file, 'MIN_ROOM', 64)
    path = tmp_path / 'a.mid'
    with MidiFile(str(path), ['One']) as file:
        for second in range(40):
            file.send(bytes((0x90, second, 100)))
            file.advance(second + 1)
            assert hanging(message for _, message in messages_of(path)) == set()
            assert len(notes_of(path)) == second + 1


def test_a_file_that_cannot_be_written_any_more(tmp_path):
    folder = tmp_path / 'stick'
    folder.mkdir()
    file = MidiFile(str(folder / 'a.mid'), ['One'])
    file.send(bytes((0x90, 60, 100)))
    file.advance(1)
    folder.rename(tmp_path / 'pulled')
    file.send(bytes((0x80, 60, 0)))
    for action in (lambda: file.advance(2), file.close):
        with pytest.raises(AudioError) as caught:
            action()
        assert str(caught.value) == (f'cannot write {folder / "a.mid"}: No such file or directory')
    assert len(notes_of(tmp_path / 'pulled' / 'a.mid')) == 1


def test_without_mido_the_message_names_it(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__('sys').modules, 'mido', None)
    with pytest.raises(AudioError, match='pip install mido'):
        MidiFile(str(tmp_path / 'a.mid'), ['One'])
