"""What an output of music is: a synthesizer, a file or a port that receives MIDI messages."""
import abc
import contextlib
import enum
from typing import Any, Iterator

from posesuite.errors import SuiteError

# Numbers of MIDI's controllers.
DATA_MSB, DATA_LSB, EXPRESSION = 6, 38, 11
NRPN_LSB, NRPN_MSB, RPN_LSB, RPN_MSB = 98, 99, 100, 101
ALL_SOUND_OFF, RESET_ALL_CONTROLLERS, ALL_NOTES_OFF = 120, 121, 123


class Kind(enum.IntEnum):
    """The kind of a MIDI message: its first byte, whose lower half is the channel."""
    NOTE_OFF = 0x80
    NOTE_ON = 0x90
    CONTROL = 0xB0
    PROGRAM = 0xC0
    BEND = 0xE0


class AudioError(SuiteError):
    """What keeps music from being heard or recorded, in one line for the user."""


class Output(abc.ABC):
    """A receiver of MIDI messages; a context manager. Every method may raise AudioError."""

    def __enter__(self) -> 'Output':
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    @abc.abstractmethod
    def send(self, message: bytes) -> None:
        """Plays or records one whole message, now."""

    def advance(self, seconds: float) -> None:  # noqa: B027 most outputs have nothing to do
        """Moves the performance's clock to `seconds`; outputs with their own ignore it."""

    @abc.abstractmethod
    def close(self) -> None:
        """Completes a file, or releases a device."""


@contextlib.contextmanager
def writing(path: str) -> Iterator[None]:
    """Turns an OSError into an AudioError that names the file."""
    try:
        yield
    except OSError as error:  # one without strerror is written_whole's, which names it already
        raise AudioError(f'cannot write {path}: {error.strerror}' if error.strerror
                         else str(error))
