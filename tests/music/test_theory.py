"""Scales, keys, instruments and ladders."""
from playing import LADDER
from posesuite.music.theory import (
    INSTRUMENTS,
    SCALES,
    instrument,
    key,
    note_name,
    notes,
    scale,
)

import pytest


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
    with pytest.raises(ValueError) as error:
        scale(text)
    assert str(error.value) == (
        'must be major pentatonic, minor pentatonic, major, minor, blues, chromatic, or semitones '
        f'from 0 to 11 such as 0,3,5,7,10, got {text[:40]!r}')


def test_keys():
    assert [key(text) for text in ('C', 'C#', 'Db', 'd', 'F#', 'Bb', 'b', 'bb', 'Cb', 'B#')] == [
        0, 1, 1, 2, 6, 10, 11, 10, 11, 0]


@pytest.mark.parametrize('text', ['', 'H', 'C##', 'Cm', ' C', 'C\n', '0', 'BB'])
def test_other_keys_are_refused(text):
    with pytest.raises(ValueError) as error:
        key(text)
    assert str(error.value) == f'must be a key such as C, F# or Bb, got {text!r}'


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
     'Distortion Guitar, Guitar Harmonics, …')])
def test_the_words_of_several_instruments_are_refused(text, reason):
    with pytest.raises(ValueError) as error:
        instrument(text)
    assert str(error.value) == f'must be {reason.format(repr(text))}'


@pytest.mark.parametrize('text, nearest', [
    ('kazoo', 'Koto'), ('trumpit', 'Trumpet'), ('Vioolin', 'Violin'), ('elektric bas', 'Electric'),
    ('church orgn', 'Church Organ'), ('pianno', 'Piano'), ('', ''), ('-', ''), ('0', ''),
    ('129', ''), ('9' * 5000, ''), ('q ' * 50000, ''), ('٣', '')], ids=lambda text: text[:20])
def test_instead_of_an_unknown_instrument_the_nearest_three_are_named(text, nearest):
    with pytest.raises(ValueError) as error:
        instrument(text)
    start, _, named = str(error.value).partition('; the nearest are ')
    assert start == (f'must be a General MIDI instrument such as voice oohs, or 1 to 128, got '
                     f'{text[:40]!r}')
    names = named.split(', ')
    assert len(set(names) & set(INSTRUMENTS)) == 3
    assert nearest in names[0]


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
