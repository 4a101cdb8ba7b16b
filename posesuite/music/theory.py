"""Scales, keys, General MIDI's instruments, and ladders of notes. Pure functions.

    ladder = notes(SCALES['major pentatonic'], key('C'), octave=3, octaves=2)
    program = instrument('overdriven guitar')  # 29
"""
import difflib
import heapq
import re
from typing import List, Sequence, Tuple

SCALES = {  # semitones of each scale above its key
    'major pentatonic': (0, 2, 4, 7, 9), 'minor pentatonic': (0, 3, 5, 7, 10),
    'major': (0, 2, 4, 5, 7, 9, 11), 'minor': (0, 2, 3, 5, 7, 8, 10),
    'blues': (0, 3, 5, 6, 7, 10), 'chromatic': tuple(range(12)),
}
NOTE_NAMES = ('C', 'C#', 'D', 'D#', 'E', 'F', 'F#', 'G', 'G#', 'A', 'A#', 'B')
INSTRUMENTS = tuple(re.split(r',\s+', '''\
    Acoustic Grand Piano, Bright Acoustic Piano, Electric Grand Piano, Honky-tonk Piano,
    Electric Piano 1, Electric Piano 2, Harpsichord, Clavinet,
    Celesta, Glockenspiel, Music Box, Vibraphone, Marimba, Xylophone, Tubular Bells, Dulcimer,
    Drawbar Organ, Percussive Organ, Rock Organ, Church Organ,
    Reed Organ, Accordion, Harmonica, Tango Accordion,
    Acoustic Guitar (nylon), Acoustic Guitar (steel), Electric Guitar (jazz),
    Electric Guitar (clean), Electric Guitar (muted), Overdriven Guitar, Distortion Guitar,
    Guitar Harmonics,
    Acoustic Bass, Electric Bass (finger), Electric Bass (pick), Fretless Bass,
    Slap Bass 1, Slap Bass 2, Synth Bass 1, Synth Bass 2,
    Violin, Viola, Cello, Contrabass, Tremolo Strings, Pizzicato Strings, Orchestral Harp, Timpani,
    String Ensemble 1, String Ensemble 2, Synth Strings 1, Synth Strings 2,
    Choir Aahs, Voice Oohs, Synth Voice, Orchestra Hit,
    Trumpet, Trombone, Tuba, Muted Trumpet, French Horn, Brass Section, Synth Brass 1,
    Synth Brass 2,
    Soprano Sax, Alto Sax, Tenor Sax, Baritone Sax, Oboe, English Horn, Bassoon, Clarinet,
    Piccolo, Flute, Recorder, Pan Flute, Blown Bottle, Shakuhachi, Whistle, Ocarina,
    Lead 1 (square), Lead 2 (sawtooth), Lead 3 (calliope), Lead 4 (chiff),
    Lead 5 (charang), Lead 6 (voice), Lead 7 (fifths), Lead 8 (bass + lead),
    Pad 1 (new age), Pad 2 (warm), Pad 3 (polysynth), Pad 4 (choir),
    Pad 5 (bowed), Pad 6 (metallic), Pad 7 (halo), Pad 8 (sweep),
    FX 1 (rain), FX 2 (soundtrack), FX 3 (crystal), FX 4 (atmosphere),
    FX 5 (brightness), FX 6 (goblins), FX 7 (echoes), FX 8 (sci-fi),
    Sitar, Banjo, Shamisen, Koto, Kalimba, Bagpipe, Fiddle, Shanai,
    Tinkle Bell, Agogo, Steel Drums, Woodblock, Taiko Drum, Melodic Tom, Synth Drum,
    Reverse Cymbal,
    Guitar Fret Noise, Breath Noise, Seashore, Bird Tweet, Telephone Ring, Helicopter, Applause,
    Gunshot'''.strip()))  # of General MIDI, by program, 0 to 127
MAX_LISTED = 8  # instruments in a message that asks for one of several
NEAREST = 3  # instruments that are named instead of an unknown one
MAX_SHOWN = 40  # characters of a wrong text in a message


def scale(text: str) -> Tuple[int, ...]:
    """The semitones of a scale above its key, by its name or as '0,3,5,7,10'.

    Raises ValueError with one line.
    """
    if re.fullmatch('[0-9]{1,2}( *, *[0-9]{1,2})*', text.strip()):
        semitones = tuple(sorted({int(number) for number in text.split(',')}))
        if semitones[-1] < 12:
            return semitones
    for name, semitones in SCALES.items():
        if _words(name) == _words(text):
            return semitones
    raise ValueError(
        f"must be {', '.join(SCALES)}, or semitones from 0 to 11 such as 0,3,5,7,10, "
        f'got {text[:MAX_SHOWN]!r}')


def key(text: str) -> int:
    """The semitones of a key above C: 'C', 'F#', 'Bb'. Raises ValueError with one line."""
    if not re.fullmatch('[A-Ga-g][#b]?', text):
        raise ValueError(f'must be a key such as C, F# or Bb, got {text[:MAX_SHOWN]!r}')
    return (NOTE_NAMES.index(text[0].upper()) + text.count('#') - text[1:].count('b')) % 12


def instrument(text: str) -> int:
    """The program (0 to 127) of a General MIDI instrument, by its number from 1 or its name.

    The words that distinguish a name from all others are enough. Raises ValueError with one line.
    """
    if re.fullmatch('[0-9]{1,3}', text) and 1 <= int(text) <= 128:
        return int(text) - 1
    words, names = _words(text), [_words(name) for name in INSTRUMENTS]
    if words in names:
        return names.index(words)
    # Either word may be the longer one: many call General MIDI's 'finger' bass 'fingered'.
    found = [program for program, name in enumerate(names) if words and all(
        any(b.startswith(a) or b.isalpha() and a.startswith(b) for b in name) for a in words)]
    if len(found) == 1:
        return found[0]
    if found:
        listed = ', '.join(INSTRUMENTS[program] for program in found[:MAX_LISTED])
        more = ', …' * (len(found) > MAX_LISTED)
        raise ValueError(f'must be one instrument, got {text[:MAX_SHOWN]!r}: {listed}{more}')
    raise ValueError(f'must be a General MIDI instrument such as voice oohs, or 1 to 128, got '
                     f'{text[:MAX_SHOWN]!r}; the nearest are {", ".join(_nearest(text))}')


def notes(scale: Sequence[int], key: int, octave: int, octaves: int) -> Tuple[int, ...]:
    """The MIDI notes of a scale over some octaves, from low to high, ending on its first note.

    scale: semitones above the key; key: semitones above C; octave: that of the lowest note, where
    4 begins at middle C, which is note 60. Raises ValueError for notes that MIDI does not have.
    """
    first = 12 * (octave + 1) + key
    last = first + 12 * octaves + scale[0]
    if octaves < 1 or first + scale[0] < 0 or last > 127:
        raise ValueError(f'{octaves} octaves from octave {octave} on: must be 1 or more, and '
                         f'within C-1 and G9')
    return tuple(first + 12 * number + semitone for number in range(octaves)
                 for semitone in scale) + (last,)


def note_name(number: int) -> str:
    """A MIDI note's name: 'C4' for 60, 'F#3' for 54."""
    return f'{NOTE_NAMES[number % 12]}{number // 12 - 1}'


def _nearest(text: str) -> List[str]:
    """The NEAREST instruments whose names are the most similar to a text, the best first."""
    words = _words(text[:MAX_SHOWN]) or [text[:MAX_SHOWN]]

    def similarity(name: str) -> Tuple[float, float]:
        each = [max(difflib.SequenceMatcher(None, word, other).ratio() for other in _words(name))
                for word in words]
        return sum(each) / len(each), difflib.SequenceMatcher(None, ' '.join(words), name).ratio()

    return heapq.nlargest(NEAREST, INSTRUMENTS, similarity)


def _words(text: str) -> List[str]:
    return re.findall('[a-z0-9]+', text.lower())
