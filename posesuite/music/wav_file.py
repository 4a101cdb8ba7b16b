"""WAV files, rendered by a synthesizer of their own while the music plays."""
import logging
import wave

from posesuite.music.fluidsynth import RATE, Synthesizer
from posesuite.music.output import AudioError, Output, writing

MAX_SAMPLES = (1 << 30) - 64  # samples of 4 bytes; a WAV file's header counts bytes with 32 bits
LOGGER = logging.getLogger(__name__)


class WavFile(Output):
    """A WAV file, 16 bits, stereo, on the performance's clock. Raises AudioError.

    It is whole after every call of advance, so that a killed demo's can be played. FluidSynth
    begins notes at blocks of 64 samples, 1.5 ms.

    synthesizer: one that was not started; it is closed with the file, or if the file cannot be
    opened.
    """

    def __init__(self, path: str, synthesizer: Synthesizer) -> None:
        self._path, self._synthesizer = path, synthesizer
        try:
            with writing(path):
                self._file = open(path, 'wb', buffering=0)  # noqa: SIM115
        except AudioError:
            synthesizer.close()
            raise
        self._wave = wave.open(self._file, 'wb')  # noqa: SIM115
        self._wave.setparams((2, 2, RATE, 0, 'NONE', ''))

    def send(self, message: bytes) -> None:
        self._synthesizer.send(message)

    def advance(self, seconds: float) -> None:
        written, place = self._wave.tell(), round(seconds * RATE)
        if written < MAX_SAMPLES <= place:
            LOGGER.warning('%s has reached the maximum length of a WAV file and ends here',
                           self._path)
        count = min(place, MAX_SAMPLES) - written
        if count > 0:
            with writing(self._path):
                self._wave.writeframes(self._synthesizer.samples(count))

    def close(self) -> None:
        try:
            with writing(self._path), self._file:
                self._wave.close()
        finally:
            self._synthesizer.close()
