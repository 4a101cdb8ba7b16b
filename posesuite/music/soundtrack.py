"""The music of a video file, which gets it frame by frame."""
from posesuite.music.fluidsynth import RATE, Synthesizer
from posesuite.music.output import Output


class Soundtrack(Output):
    """Samples on the performance's clock, until they are taken.

    synthesizer: one that was not started; it is closed with the soundtrack.
    """

    def __init__(self, synthesizer: Synthesizer) -> None:
        self._synthesizer = synthesizer
        self._samples = bytearray()
        self._count = 0  # samples so far

    def send(self, message: bytes) -> None:
        self._synthesizer.send(message)

    def advance(self, seconds: float) -> None:
        count = round(seconds * RATE) - self._count
        if count > 0:
            self._samples += self._synthesizer.samples(count)
            self._count += count

    def take(self) -> bytes:
        """The samples since the last call, int16 [count, 2], RATE a second."""
        samples = bytes(self._samples)
        self._samples.clear()
        return samples

    def close(self) -> None:
        self._synthesizer.close()
