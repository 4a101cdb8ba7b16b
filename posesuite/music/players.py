"""Makes notes of poses: scales, instruments, players and their places. No audio in it, no clock.

    ladder = notes(SCALES['major pentatonic'], key('C'), octave=3, octaves=2)
    trio = Trio([Player(ladder, instrument('overdriven guitar'))])
    sounds = trio.update(people, frame.time, frame.image.shape[0])  # [Sound or None]
"""
import argparse
import math
import re
import statistics
from collections import deque
from typing import Deque, Dict, List, NamedTuple, Optional, Sequence, Tuple

from posesuite.pose.pose import Point, Pose
from posesuite.pose.skeleton import KeypointType as K

import numpy as np

SCALES = {  # semitones above the key
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
    Gunshot'''.strip()))  # of General MIDI, by program
BEND_RANGE = 12  # semitones that a note bends up or down at most

SEEN = 0.2  # keypoints that score less are not
HOLD = 0.3  # seconds that a wrist which is not seen is taken to be where it was
KEEP = 1.0  # seconds that a place waits for its owner
REACH = 1.8  # torsos from the hips to the wrist of a hand above the head, whose top is at 1.7
TORSO = 1.4  # shoulders' widths; 1.3 to 1.5 by the exact poses in samples/, of those who face us
SMALLEST = 1.0  # pixels of a torso
STEADY = 0.5  # seconds over which a body is averaged, so that only arms make music

# How a trembling wrist's note is found; lengths in steps from a note to the next
HYSTERESIS = 0.3  # that a wrist must be past the border to another note
SURE = 8.0  # natural logarithm of the odds that it is
RECENT = 60  # frames that show how much a wrist trembles
WHITE = 0.6745 * math.sqrt(6)  # median |second difference| of white noise of deviation 1
DOUBT = 4.0  # frames: what is measured in as few may be half of what is true
STILL = 0.1  # standard deviation that is left of the trembling in a glide
SNAP = 4.0  # standard deviations beyond which a glide jumps


class Sound(NamedTuple):
    """What a player wants to be heard at a frame."""
    note: int  # MIDI note number, 0 to 127; 60 is C4
    volume: float  # 0 to 1
    bend: float = 0.0  # semitones that the pitch is above the note


def scale(text: str) -> Tuple[int, ...]:
    """The semitones of a scale by its name, or as '0,3,5,7,10'. Raises ArgumentTypeError."""
    if re.fullmatch('[0-9]{1,2}( *, *[0-9]{1,2})*', text.strip()):
        semitones = tuple(sorted({int(number) for number in text.split(',')}))
        if semitones[-1] < 12:
            return semitones
    for name, semitones in SCALES.items():
        if _words(name) == _words(text):
            return semitones
    raise argparse.ArgumentTypeError(
        f"must be {', '.join(SCALES)}, or semitones from 0 to 11 as 0,3,5,7,10, got {text!r}")


def key(text: str) -> int:
    """The semitones of a key above C: 'C', 'F#', 'Bb'. Raises ArgumentTypeError."""
    if not re.fullmatch('[A-Ga-g][#b]?', text):
        raise argparse.ArgumentTypeError(f'must be a key as C, F# or Bb, got {text!r}')
    return (NOTE_NAMES.index(text[0].upper()) + text.count('#') - text[1:].count('b')) % 12


def instrument(text: str) -> int:
    """The program (0 to 127) of a General MIDI instrument, by its number from 1 or its name.

    Of a name, the words that set it apart will do. Raises ArgumentTypeError.
    """
    if re.fullmatch('[0-9]{1,3}', text) and 1 <= int(text) <= 128:
        return int(text) - 1
    words, names = _words(text), [_words(name) for name in INSTRUMENTS]
    if words in names:
        return names.index(words)
    # Either may be the longer: General MIDI's 'finger' is called 'fingered' by many.
    found = [program for program, name in enumerate(names) if words and all(
        any(b.startswith(a) or b.isalpha() and a.startswith(b) for b in name) for a in words)]
    if len(found) == 1:
        return found[0]
    these = ', '.join(INSTRUMENTS[program] for program in found[:8])
    raise argparse.ArgumentTypeError(
        f'must be one instrument, got {text!r}: {these}{", …" * (len(found) > 8)}' if found else
        f'must be a General MIDI instrument as voice oohs, or 1 to 128, got {text!r}')


def notes(scale: Sequence[int], key: int, octave: int, octaves: int) -> Tuple[int, ...]:
    """The MIDI notes of some octaves of a scale from low to high, and the one that they lead to.

    key: semitones above C; octave: of the lowest note, 4 for that from middle C, which is note 60.
    Raises ValueError for notes that MIDI does not have.
    """
    first = 12 * (octave + 1) + key
    ladder = tuple(first + 12 * number + semitone for number in range(octaves)
                   for semitone in scale) + (first + 12 * octaves + scale[0],)
    if octaves < 1 or ladder[0] < 0 or ladder[-1] > 127:
        raise ValueError(f'{octaves} octaves from octave {octave} on: must be 1 or more, and '
                         f'within C-1 and G9')
    return ladder


def note_name(number: int) -> str:
    """A MIDI note's name: 'C4' for 60, 'F#3' for 54."""
    return f'{NOTE_NAMES[number % 12]}{number // 12 - 1}'


class Player:
    """One place among those who play: makes sound of its owner's pose.

    The right wrist's height is the pitch, the left one's the volume, from the hips to above the
    head. Lengths are in torsos, so that neither distance nor age matters.

    notes: MIDI notes from low to high; program: of General MIDI, 0 to 127.
    by_image: heights are from the picture's lower edge to its upper one instead.
    glide: the pitch goes through all that lies between the notes.

    Attributes: notes, program, sound (the latest; None for silence), ladder (y of the lowest and
    of the highest note, in pixels of the latest pose; None while unknown).
    """

    def __init__(self, notes: Sequence[int], program: int, by_image: bool = False,
                 glide: bool = False) -> None:
        self.notes, self.program = tuple(notes), program
        self._by_image, self._pitch_type = by_image, _Glide if glide else _Steps
        self._forget()

    def update(self, pose: Optional[Pose], time: float, image_height: int) -> Optional[Sound]:
        """What is to be heard at a frame; None for silence.

        pose: the owner's, in the pixels of an image that is so high; None while they are not seen.
        time: of the frame in seconds; when it jumps, the player starts over.
        """
        if not 0 <= time - self._time < HOLD:
            self._forget()
        if pose:
            self._measure(pose, time - self._time, image_height)
            self._time = time
            left, right = self._height(pose, K.LEFT_WRIST), self._height(pose, K.RIGHT_WRIST)
            if left is not None:
                self._volume, self._left_seen = min(max(left, 0.0), 1.0), time
            if right is not None:
                if time - self._right_seen >= HOLD:
                    self._pitch = self._pitch_type(self.notes)
                self._pitch.follow(right)
                self._right_seen = time
        self.sound = None
        if time - min(self._left_seen, self._right_seen) < HOLD:
            self.sound = Sound(self._pitch.note, self._volume, self._pitch.bend)
        return self.sound

    def _forget(self) -> None:
        self.sound: Optional[Sound] = None
        self.ladder: Optional[Tuple[float, float]] = None
        self._time = self._left_seen = self._right_seen = -math.inf  # when there was a pose, wrist

    def _measure(self, pose: Pose, step: float, image_height: int) -> None:
        """Puts the ladder, or moves it `step` seconds later, to where the body is."""
        ladder = (image_height, 0.0) if self._by_image else _ladder(pose, self.ladder)
        if ladder and self.ladder:
            share = 1 - math.exp(-step / STEADY)
            ladder = tuple(old + share * (new - old) for old, new in zip(self.ladder, ladder))
        self.ladder = ladder or self.ladder

    def _height(self, pose: Pose, part: K) -> Optional[float]:
        """How high up the ladder a keypoint is, 0 to 1 or beyond; None if it is not seen."""
        point, score = pose.keypoints[part]
        if score < SEEN or not self.ladder:
            return None
        low, high = self.ladder
        return (low - point.y) / (low - high)


class _Pitch:
    """What a wrist's height sounds like, though it trembles; lengths are in steps of the ladder.

    Attributes: note, of MIDI, and bend, the semitones that the pitch is above it.
    """

    def __init__(self, notes: Sequence[int]) -> None:
        self._notes = notes
        self._places: Deque[float] = deque(maxlen=RECENT)
        self.note, self.bend = notes[0], 0.0

    def follow(self, height: float) -> None:
        """Takes in how high the wrist is in the next frame: 0 to 1, or beyond the ladder."""
        place = height * (len(self._notes) - 1)
        self._places.append(place)
        if len(self._places) == 1:
            self._start(place)
        elif len(self._places) > 2:
            # Second differences leave out even movement, and their median leaves out jumps.
            off = statistics.median_low(np.abs(np.diff(self._places, 2)).tolist()) / WHITE
            self._move(place, off * (1 + DOUBT / len(self._places)))

    def _nearest(self, place: float) -> int:
        return min(max(round(place), 0), len(self._notes) - 1)


class _Steps(_Pitch):
    """The note where the wrist is, left for another when there is proof enough.

    The proof is Page's cumulative sum: a calm wrist is believed at once, one that trembles the
    later the more it does, and of all ways to err as rarely this is the quickest (Page 1954,
    https://doi.org/10.1093/biomet/41.1-2.100; Moustakides 1986,
    https://doi.org/10.1214/aos/1176350164).
    """

    def _start(self, place: float) -> None:
        self._step = self._nearest(place)
        self.note = self._notes[self._step]
        self._proof = {1: (0.0, 0), -1: (0.0, 0)}  # that it is above, below; of how many frames

    def _move(self, place: float, deviation: float) -> None:
        enough = SURE * deviation ** 2 / (2 * HYSTERESIS)
        for side, (proof, frames) in self._proof.items():
            proof, frames = proof + side * (place - self._step) - 0.5 - HYSTERESIS, frames + 1
            self._proof[side] = (proof, frames) if proof > 0 else (0.0, 0)
            if proof > enough and self._nearest(self._step + side) != self._step:
                # Where it was in these frames, less what chance may have added
                away = 0.5 + HYSTERESIS + proof / frames - deviation / math.sqrt(frames)
                self._start(self._step + side * max(1, round(away)))
                break


class _Glide(_Pitch):
    """The pitch where the wrist is, averaged the more it trembles; the note is that of its start.

    One who goes beyond what a note bends starts another.
    """

    def _start(self, place: float) -> None:
        self._place = place
        self.note = self._notes[self._nearest(place)]
        self._bend()

    def _move(self, place: float, deviation: float) -> None:
        share = min(1.0, 2 / (1 + (deviation / STILL) ** 2))  # leaves STILL of the deviation
        if abs(place - self._place) > SNAP * deviation:
            share = 1.0
        self._place += share * (place - self._place)
        self._bend()

    def _bend(self) -> None:
        pitch = float(np.interp(self._place, range(len(self._notes)), self._notes))
        if abs(pitch - self.note) > BEND_RANGE:
            self.note = self._notes[self._nearest(self._place)]
        self.bend = pitch - self.note


def _ladder(pose: Pose, before: Optional[Tuple[float, float]]) -> Optional[Tuple[float, float]]:
    """y of the hips and of REACH above them, in pixels; None if too little is seen.

    before: the same in an earlier frame. Without hips, as close to the camera, the torso is as
    long as it was, or as the shoulders' width asks for if that is more: from the side they are
    narrow.
    """
    shoulders = _seen(pose, K.LEFT_SHOULDER, K.RIGHT_SHOULDER)
    hips = _seen(pose, K.LEFT_HIP, K.RIGHT_HIP)
    if not shoulders:
        return None
    if hips:
        torso = _middle(hips).distance(_middle(shoulders))
        low = _middle(hips).y
    else:
        torso = max(TORSO * shoulders[0].distance(shoulders[-1]),
                    (before[0] - before[1]) / REACH if before else 0.0)
        low = _middle(shoulders).y + torso
    return (low, low - REACH * torso) if torso >= SMALLEST else None


def _seen(pose: Pose, *parts: K) -> List[Point]:
    return [pose.keypoints[part].point for part in parts if pose.keypoints[part].score >= SEEN]


def _middle(points: List[Point]) -> Point:
    """Of one or two."""
    return Point((points[0].x + points[-1].x) / 2, (points[0].y + points[-1].y) / 2)


class Trio:
    """Those who play, and whose places these are.

    Attributes: players, one a place; places, the place of everyone who has one by identity: a new
    dict at each frame, for other threads to read.
    """

    def __init__(self, players: Sequence[Player]) -> None:
        self.players = tuple(players)
        self.places: Dict[int, int] = {}
        self._seen: Dict[int, float] = {}  # when the owners were, last

    def update(self, people: Dict[int, Pose], time: float,
               image_height: int) -> List[Optional[Sound]]:
        """What each place wants to be heard at a frame; None for silence.

        people: poses by identity, in pixels of an image that is so high; time: in seconds. Who
        comes gets the first free place, the smallest identity first, and keeps it until a second
        after they were last seen. Others wait.
        """
        places = {identity: place for identity, place in self.places.items()
                  if identity in people or 0 <= time - self._seen[identity] < KEEP}
        for identity in sorted(set(people) - set(places)):
            free = set(range(len(self.players))) - set(places.values())
            if free:
                places[identity] = min(free)
        self._seen = {identity: time if identity in people else self._seen[identity]
                      for identity in places}
        self.places = places
        owners = {place: identity for identity, place in places.items()}
        return [player.update(people.get(owners.get(place)), time, image_height)
                for place, player in enumerate(self.players)]


def _words(text: str) -> List[str]:
    return re.findall('[a-z0-9]+', text.lower())
