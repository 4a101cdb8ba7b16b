"""The options of the music and of the sound."""
import argparse
from typing import Any

from posesuite.music import Audio, Trio, add_audio_options, add_music_options

import pytest


def options(*arguments: Any) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_music_options(parser)
    add_audio_options(parser)
    return parser.parse_args(list(map(str, arguments)))


def test_the_players_of_the_options():
    first, second = Trio.from_args(options('--instruments', 'alto sax', '34', '--octave', 3, 1,
                                           '--octaves', 1, '--scale', 'blues', '--key',
                                           'A')).players
    assert (first.program, first.notes) == (65, (57, 60, 62, 63, 64, 67, 69))
    assert (second.program, second.notes[0]) == (33, 33)
    assert len(Trio.from_args(options()).players) == 3
    assert Trio.from_args(options('--instruments', '1', '--octave', '-1', '--octaves', 10,
                                  )).players[0].notes[::50] == (0, 120)


def test_the_outputs_of_the_options(tmp_path):
    path = tmp_path / 'a.mid'
    Audio.from_args(options('--mute', '--record', path), [0]).close()
    assert path.read_bytes().startswith(b'MThd')


@pytest.mark.parametrize('arguments, reason', [
    (['--record', 'a.mp3'], "must end in .wav or .mid, got 'a.mp3'"),
    (['--record', 'a\0.wav'], 'must end in .wav or .mid'), (['--gain', '11'], 'must be 0 to 10'),
    (['--gain', 'x'], "must be 0 to 10, got 'x'"), (['--period-size', '100'], 'invalid choice'),
    (['--octaves', '9999999'], 'must be a whole number from 1 to 10'),
    (['--octaves', '0'], 'must be a whole number from 1 to 10'),
    (['--octave', '9' * 5000, '1', '1'], 'must be a whole number from -1 to 9'),
    (['--octave', '10'], 'must be a whole number from -1 to 9'), (['--gain', 'nan'], '0 to 10'),
    (['--instruments', 'kazoo'],
     "General MIDI instrument such as voice oohs, or 1 to 128, got 'kazoo'"),
    (['--scale', 'loud'], 'must be major pentatonic'), (['--key', 'H'], 'must be a key such as C')])
def test_wrong_usage_is_status_2(arguments, reason, capsys):
    with pytest.raises(SystemExit) as caught:
        options(*arguments)
    assert caught.value.code == 2
    assert reason in capsys.readouterr().err
