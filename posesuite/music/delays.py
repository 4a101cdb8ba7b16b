"""How long notes take from the camera to the synthesizer."""
import time
from typing import List, Optional

from posesuite.music.players import Sound

import numpy as np


class Delays:
    """From the capture of a frame to the note that it begins."""

    def __init__(self) -> None:
        self._notes: List[Optional[int]] = []
        self._seconds: List[float] = []
        self._inference_times: List[float] = []

    def add(self, sounds: List[Optional[Sound]], captured: float,
            inference_time: float) -> None:
        notes = [sound and sound.note for sound in sounds]
        if any(note is not None and note != before
               for note, before in zip(notes, self._notes or [None] * len(notes))):
            self._seconds.append(time.monotonic() - captured)
            self._inference_times.append(inference_time)
        self._notes = notes

    def line(self, buffer: float) -> str:
        """buffer: seconds of the audio driver's."""
        if not self._seconds:
            return 'no note was played'
        p50, p95 = np.percentile(self._seconds, [50, 95]) * 1000
        network = np.median(self._inference_times) * 1000
        return (f'from capture to note: p50 {p50:.1f} ms, p95 {p95:.1f} ms, of which the network '
                f'{network:.1f} ms; {len(self._seconds)} notes. The audio buffer adds '
                f'{buffer * 1000:.1f} ms')
