"""The latency from the camera to the synthesizer."""
import time
from typing import List, Optional, Sequence

from posesuite.music.players import Sound

import numpy as np


class Delays:
    """Measures the time from the capture of a frame to the note that begins with it."""

    def __init__(self) -> None:
        self._notes: List[Optional[int]] = []
        self._seconds: List[float] = []
        self._inference_times: List[float] = []

    def add(self, sounds: Sequence[Optional[Sound]], captured: float,
            inference_time: float) -> None:
        """Counts a frame whose sounds were just played, if a note begins with it.

        captured: time.monotonic() at its capture; inference_time: of the network, in seconds.
        """
        notes = [sound and sound.note for sound in sounds]
        before = self._notes or [None] * len(notes)
        if any(note is not None and note != old for note, old in zip(notes, before)):
            self._seconds.append(time.monotonic() - captured)
            self._inference_times.append(inference_time)
        self._notes = notes

    def line(self, buffer: float) -> str:
        """The statistics in one line; buffer: seconds of the audio driver's."""
        if not self._seconds:
            return 'no note was played'
        p50, p95 = np.percentile(self._seconds, [50, 95]) * 1000
        network = np.median(self._inference_times) * 1000
        return (f'from capture to note: p50 {p50:.1f} ms, p95 {p95:.1f} ms, of which the network '
                f'{network:.1f} ms; {len(self._seconds)} notes. The audio buffer adds '
                f'{buffer * 1000:.1f} ms')
