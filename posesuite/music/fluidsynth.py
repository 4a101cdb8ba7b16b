"""FluidSynth as an output: it plays through an audio driver, or renders samples for a file."""
import contextlib
import ctypes
import os
from typing import Any, Iterator

from posesuite.music.output import (
    DATA_LSB,
    DATA_MSB,
    NRPN_LSB,
    NRPN_MSB,
    AudioError,
    Kind,
    Output,
)

RATE = 44100  # samples a second
PERIODS = 2  # number of periods of the audio driver's buffer
ONE_PERIOD = ('pipewire', 'pulseaudio')  # drivers whose buffer is a single period
# Held notes of FluidR3's guitar and bass fall by 20 dB in 7 s. Here the left wrist alone controls
# the loudness, so the generator sustainVolEnv (37) is set to no fall: by SoundFont's own NRPN 120
# (SF 2.01, 9.6), to a value below its minimum.
HOLD = ((NRPN_MSB, 120), (NRPN_LSB, 37), (DATA_LSB, 0), (DATA_MSB, 52))
MIN_VERSION = (1, 1, 11)  # oldest version of FluidSynth that is used; Debian 10 has it
LOG_LEVELS = 5  # number of FluidSynth's log levels
CHANNELS = 16  # number of MIDI's channels


class Synthesizer(Output):
    """FluidSynth without reverb and chorus, which would sound on after a player has left.

    soundfont: the path of the file with the instruments; gain: of everything, 0 to 10.
    Raises AudioError, in send for an instrument that the SoundFont lacks.
    """

    def __init__(self, soundfont: str, gain: float) -> None:
        self._library, self._path = _library(), soundfont
        with _quiet_stderr():
            self._synth = self._library.Synth(gain, RATE, CHANNELS, **{
                'synth.reverb.active': 0, 'synth.chorus.active': 0,
                'synth.dynamic-sample-loading': 1})  # loads the samples of our instruments only
            self._soundfont = self._synth.sfload(soundfont)
        for level in range(LOG_LEVELS):  # for the driver's thread, which logs later
            self._library._fl.fluid_set_log_function(level, None, None)
        if self._soundfont < 0:
            self.close()
            raise AudioError(f'{soundfont} is no SoundFont that FluidSynth can read')

    def start(self, driver: str, period_size: int) -> float:
        """Plays from now on, if FluidSynth's audio driver of this name opens.

        period_size: samples of one period of the driver's buffer. Returns the delay of the whole
        buffer in seconds; 0 if the driver does not open.
        """
        # Synth.start would not report a failure, and it opens a MIDI input as well.
        for name, value in (('driver', driver), ('periods', PERIODS),
                            ('period-size', period_size)):
            self._synth.setting(f'audio.{name}', value)
        with _quiet_stderr():
            self._synth.audio_driver = self._library.new_fluid_audio_driver(
                self._synth.settings, self._synth.synth)
        if not self._synth.audio_driver:
            return 0.0
        return period_size * (1 if driver in ONE_PERIOD else PERIODS) / RATE

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
            raise AudioError(f'{self._path} has no instrument {data[0] + 1}: choose another '
                             'instrument or another --soundfont')
        else:
            for control in HOLD:
                self._synth.cc(channel, *control)

    def close(self) -> None:
        self._synth.delete()


def _library() -> Any:
    """pyfluidsynth with a FluidSynth library that is new enough. Raises AudioError."""
    try:
        with contextlib.redirect_stdout(None):  # where CI is set it prints the library's path
            import fluidsynth
    except (ImportError, OSError) as error:
        if getattr(error, 'name', None) == 'fluidsynth':
            raise AudioError('no pyfluidsynth: pip install pyfluidsynth')
        raise AudioError('no FluidSynth library: sudo apt-get install fluidsynth (Fedora: dnf '
                         'install fluidsynth, macOS: brew install fluid-synth)')
    numbers = ctypes.c_int(), ctypes.c_int(), ctypes.c_int()
    fluidsynth.fluid_version(*numbers)
    version = tuple(number.value for number in numbers)
    if version < MIN_VERSION:
        needed, found = ('.'.join(map(str, each)) for each in (MIN_VERSION, version))
        raise AudioError(f'FluidSynth {needed} or later is needed, got {found}: update it')
    return fluidsynth


@contextlib.contextmanager
def _quiet_stderr() -> Iterator[None]:
    """Discards what libraries write to the standard error; ALSA's cannot be silenced otherwise."""
    kept = os.dup(2)
    try:
        with open(os.devnull, 'w') as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
