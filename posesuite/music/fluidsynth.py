"""What audio.py plays on: FluidSynth, and files. Each takes MIDI messages as bytes.

An output has send(message), advance(seconds), which says how far the clock of those who play has
come, and close().
"""
import contextlib
import ctypes
import enum
import os
import struct
import sys
import wave
from typing import Any, Iterator

from posesuite.errors import SuiteError

RATE = 44100  # samples a second
PERIODS = 2  # of the audio driver's buffer
ONE_PERIOD = ('pipewire', 'pulseaudio')  # drivers whose buffer is one of them
# Held notes of FluidR3's guitar and bass fall by 20 dB in 7 s. Here the left hand alone says how
# loud a note is, so the generator sustainVolEnv (37) is set to no fall: by NRPN 120, SoundFont's
# own (SF 2.01, 9.6), to a value below its least.
HOLD = (99, 120), (98, 37), (38, 0), (6, 52)
OLDEST, LOG_LEVELS = (1, 1, 11), 5  # of FluidSynth; this is Debian 10's
LONGEST_WAV = (1 << 30) - 64  # samples: its header counts bytes, 4 a sample, with 32 bits
TICKS_PER_BEAT, BEATS_PER_SECOND = 960, 2  # of MIDI files that say nothing of their tempo
END_OF_TRACK = b'\x00\xff\x2f\x00'
TRACK = 18  # where in a MIDI file the length of its first track is


class Kind(enum.IntEnum):
    """Of a MIDI message: its first byte, which has the channel in its lower half."""
    NOTE_OFF = 0x80
    NOTE_ON = 0x90
    CONTROL = 0xB0
    PROGRAM = 0xC0
    BEND = 0xE0


class AudioError(SuiteError):
    """What keeps a sound from being heard or recorded, in one line for the user."""


class Synthesizer:
    """FluidSynth, without reverb and chorus, which would sound on when a player is gone.

    soundfont: the path of its instruments.
    gain: of all, 0 to 10.
    Raises AudioError, here and in send for an instrument that the SoundFont lacks.
    """

    def __init__(self, soundfont: str, gain: float) -> None:
        self._library, self._path = _library(), soundfont
        with _quiet():
            self._synth = self._library.Synth(gain, RATE, 16, **{
                'synth.reverb.active': 0, 'synth.chorus.active': 0,
                'synth.dynamic-sample-loading': 1})  # reads what our instruments need, not all
            self._soundfont = self._synth.sfload(soundfont)
        for level in range(LOG_LEVELS):  # for the driver's thread, which goes on
            self._library._fl.fluid_set_log_function(level, None, None)
        if self._soundfont < 0:
            self.close()
            raise AudioError(f'{soundfont} is no SoundFont that FluidSynth can read')

    def start(self, driver: str, size: int) -> float:
        """Plays from now on, if FluidSynth's audio driver of this name opens.

        size: samples of one of the PERIODS of its buffer. Returns the buffer in seconds; 0 without.
        """
        # Synth.start would not tell a failure, and opens a MIDI input besides.
        for name, value in (('driver', driver), ('periods', PERIODS), ('period-size', size)):
            self._synth.setting(f'audio.{name}', value)
        with _quiet():
            self._synth.audio_driver = self._library.new_fluid_audio_driver(
                self._synth.settings, self._synth.synth)
        if not self._synth.audio_driver:
            return 0.0
        return size * (1 if driver in ONE_PERIOD else PERIODS) / RATE

    def samples(self, count: int) -> bytes:
        """The next samples, int16 [count, 2], of a synthesizer that was not started."""
        return self._synth.get_samples(count).tobytes()

    def send(self, message: bytes) -> None:
        kind, channel, data = message[0] & 0xF0, message[0] & 0x0F, message[1:]
        if kind == Kind.NOTE_ON:
            self._synth.noteon(channel, *data)
        elif kind == Kind.NOTE_OFF:
            self._synth.noteoff(channel, data[0])
        elif kind == Kind.CONTROL:
            self._synth.cc(channel, *data)
        elif kind == Kind.BEND:
            self._synth.pitch_bend(channel, data[0] + (data[1] << 7) - 8192)
        elif self._synth.program_select(channel, self._soundfont, 0, data[0]) < 0:
            raise AudioError(f'{self._path} has no instrument {data[0] + 1}: take another '
                             '--soundfont or instrument')
        else:
            for control in HOLD:
                self._synth.cc(channel, *control)

    def advance(self, seconds: float) -> None:
        """Nothing: its driver has a clock of its own."""

    def close(self) -> None:
        self._synth.delete()


def _library() -> Any:
    """pyfluidsynth, with a FluidSynth that serves. Raises AudioError."""
    try:
        with contextlib.redirect_stdout(None):  # where CI is set it says what it found
            import fluidsynth
    except (ImportError, OSError) as error:
        if getattr(error, 'name', None) == 'fluidsynth':
            raise AudioError('no pyfluidsynth: pip install pyfluidsynth')
        raise AudioError('no FluidSynth library: sudo apt-get install fluidsynth (Fedora: dnf '
                         'install fluidsynth, macOS: brew install fluid-synth)')
    version = ctypes.c_int(), ctypes.c_int(), ctypes.c_int()
    fluidsynth.fluid_version(*version)
    version = tuple(number.value for number in version)
    if version < OLDEST:
        needed, found = ('.'.join(map(str, numbers)) for numbers in (OLDEST, version))
        raise AudioError(f'FluidSynth {needed} or later is needed, got {found}: update it')
    return fluidsynth


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keeps what libraries write to the standard error from it: ALSA's knows no other way."""
    kept = os.dup(2)
    try:
        with open(os.devnull, 'w') as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


class WavFile:
    """A WAV file, 16 bits stereo, which a synthesizer of its own renders by the players' clock.

    It is whole after each call of advance: a killed demo's can be read. FluidSynth begins notes
    at blocks of 64 samples, 1.5 ms.
    """

    def __init__(self, path: str, synthesizer: Synthesizer) -> None:
        self.send = synthesizer.send
        self._path, self._synthesizer = path, synthesizer
        self._file = _open(path)
        self._wave = wave.open(self._file, 'wb')  # noqa: SIM115
        self._wave.setparams((2, 2, RATE, 0, 'NONE', ''))

    def advance(self, seconds: float) -> None:
        written = self._wave.tell()
        place = round(seconds * RATE)
        if written < LONGEST_WAV <= place:
            print(f'{self._path} is as long as a WAV can be and ends here', file=sys.stderr)
        count = min(place, LONGEST_WAV) - written
        if count > 0:
            with _writing(self._path):
                self._wave.writeframes(self._synthesizer.samples(count))

    def close(self) -> None:
        with _writing(self._path), self._file:
            self._wave.close()
        self._synthesizer.close()


class MidiFile:
    """A standard MIDI file, of one track. It is whole each second: a killed demo's can be read."""

    def __init__(self, path: str) -> None:
        self._path, self._file = path, _open(path)
        self._ticks = self._now = self._length = self._written = 0
        self._events = b''  # to be written
        with _writing(path):
            self._file.write(b'MThd' + struct.pack('>LHHH', 6, 0, 1, TICKS_PER_BEAT) + b'MTrk')
        self._write()

    def advance(self, seconds: float) -> None:
        self._now = round(seconds * BEATS_PER_SECOND * TICKS_PER_BEAT)
        if self._now - self._written >= BEATS_PER_SECOND * TICKS_PER_BEAT:
            self._write()

    def send(self, message: bytes) -> None:
        self._events += _variable_length(self._now - self._ticks) + message
        self._ticks = self._now

    def _write(self) -> None:
        with _writing(self._path):
            self._file.seek(TRACK + 4 + self._length)
            self._file.write(self._events + END_OF_TRACK)
            self._length += len(self._events)
            self._file.seek(TRACK)
            self._file.write(struct.pack('>L', self._length + len(END_OF_TRACK)))
        self._events, self._written = b'', self._now

    def close(self) -> None:
        with self._file:
            self._write()


def _variable_length(number: int) -> bytes:
    """A number as MIDI files have it: 7 bits a byte, the highest first, all but the last marked."""
    digits = [number & 0x7F]
    while number > 0x7F:
        number >>= 7
        digits.append(number & 0x7F | 0x80)
    return bytes(reversed(digits))


def _open(path: str) -> Any:
    with _writing(path):
        return open(path, 'wb', buffering=0)


@contextlib.contextmanager
def _writing(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise AudioError(f'cannot write {path}: {error.strerror or error}')
