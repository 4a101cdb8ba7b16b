"""The pitch of a wrist that trembles: from its height at each frame to a note. No clock, no audio.

Lengths are in steps: the distance from one note of the ladder to the next.
"""
import abc
import math
import statistics
from collections import deque
from typing import Deque, Sequence

import numpy as np

BEND_RANGE = 12  # semitones by which the pitch wheel bends, up and down

HYSTERESIS = 0.3  # steps beyond the border to another note
LOG_ODDS = 8.0  # natural logarithm of the odds at which a note changes
WINDOW = 60  # frames over which the trembling is measured
# Median absolute second difference of white noise with a standard deviation of 1.
SECOND_DIFFERENCE = 0.6745 * math.sqrt(6)
# Frames over which a measured deviation may be half of the true one.
UNCERTAIN_FRAMES = 4.0
GLIDE_DEVIATION = 0.1  # steps; standard deviation of the trembling that a glide keeps
GLIDE_JUMP = 4.0  # standard deviations beyond which a glide stops averaging


class Pitch(abc.ABC):
    """What a wrist's height sounds like.

    notes: MIDI notes of the ladder, from low to high.
    Attributes: note, a MIDI note number; bend, semitones from the note to the pitch.
    """

    def __init__(self, notes: Sequence[int]) -> None:
        self._notes = notes
        self._places: Deque[float] = deque(maxlen=WINDOW)
        self.note, self.bend = notes[0], 0.0

    def follow(self, height: float) -> None:
        """Updates note and bend for the next frame.

        height: of the wrist, 0 at the lowest note and 1 at the highest; it may lie beyond.
        """
        place = height * (len(self._notes) - 1)
        self._places.append(place)
        if len(self._places) == 1:
            self._start(place)
        elif len(self._places) > 2:
            # Second differences leave out even movement, and their median leaves out jumps.
            deviation = statistics.median_low(
                np.abs(np.diff(self._places, 2)).tolist()) / SECOND_DIFFERENCE
            self._move(place, deviation * (1 + UNCERTAIN_FRAMES / len(self._places)))

    @abc.abstractmethod
    def _start(self, place: float) -> None:
        """Starts at a place, in steps from the lowest note."""

    @abc.abstractmethod
    def _move(self, place: float, deviation: float) -> None:
        """Moves to a later place; deviation: standard deviation of the trembling, in steps."""

    def _nearest(self, place: float) -> int:
        return min(max(round(place), 0), len(self._notes) - 1)


class Steps(Pitch):
    """The note at the wrist, which changes once the evidence for another one is strong enough.

    The evidence is Page's cumulative sum: a calm wrist changes the note at once, a trembling one
    the later the more it trembles. Among all tests with as few false changes this one is the
    quickest (Page 1954, https://doi.org/10.1093/biomet/41.1-2.100; Moustakides 1986,
    https://doi.org/10.1214/aos/1176350164).
    """

    def __init__(self, notes: Sequence[int]) -> None:
        super().__init__(notes)
        self._step = 0
        # The cumulative sum and its number of frames, for above (1) and below (-1) the note.
        self._evidence = {1: (0.0, 0), -1: (0.0, 0)}

    def _start(self, place: float) -> None:
        self._step = self._nearest(place)
        self.note = self._notes[self._step]
        self._evidence = {1: (0.0, 0), -1: (0.0, 0)}

    def _move(self, place: float, deviation: float) -> None:
        threshold = LOG_ODDS * deviation ** 2 / (2 * HYSTERESIS)
        for side, (total, frames) in self._evidence.items():
            total, frames = total + side * (place - self._step) - 0.5 - HYSTERESIS, frames + 1
            self._evidence[side] = (total, frames) if total > 0 else (0.0, 0)
            if total > threshold and self._nearest(self._step + side) != self._step:
                # The mean distance in these frames, without what chance may have added.
                distance = 0.5 + HYSTERESIS + total / frames - deviation / math.sqrt(frames)
                self._start(self._step + side * max(1, round(distance)))
                break


class Glide(Pitch):
    """The pitch at the wrist, averaged the more it trembles. The note stays that of its start.

    Beyond BEND_RANGE from that note another one starts.
    """

    def __init__(self, notes: Sequence[int]) -> None:
        super().__init__(notes)
        self._place = 0.0

    def _start(self, place: float) -> None:
        self._place = place
        self.note = self._notes[self._nearest(place)]
        self._bend()

    def _move(self, place: float, deviation: float) -> None:
        share = min(1.0, 2 / (1 + (deviation / GLIDE_DEVIATION) ** 2))
        if abs(place - self._place) > GLIDE_JUMP * deviation:
            share = 1.0
        self._place += share * (place - self._place)
        self._bend()

    def _bend(self) -> None:
        pitch = float(np.interp(self._place, range(len(self._notes)), self._notes))
        if abs(pitch - self.note) > BEND_RANGE:
            self.note = self._notes[self._nearest(self._place)]
        self.bend = pitch - self.note
