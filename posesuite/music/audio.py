"""Makes the players' sounds audible, and records them.

    with Audio(programs=[29, 33, 53], recordings=['take.wav', 'take.mid']) as audio:
        audio.play([Sound(60, 0.8), None, None], frame.time)
"""
import argparse
import contextlib
import logging
import os
import threading
import time as clock
from typing import Any, List, Optional, Sequence

from posesuite.music.fluidsynth import Synthesizer
from posesuite.music.midi_file import MidiFile
from posesuite.music.midi_port import MidiPort
from posesuite.music.output import AudioError
from posesuite.music.performance import FINE, MIDI, RAMP, STEP, Performance
from posesuite.music.players import Sound
from posesuite.music.soundfonts import INSTALL, soundfonts
from posesuite.music.soundtrack import Soundtrack
from posesuite.music.theory import INSTRUMENTS
from posesuite.music.wav_file import WavFile

DRIVERS = 'pipewire', 'pulseaudio', 'alsa', 'coreaudio', 'wasapi', 'dsound'  # FluidSynth's names
# Period sizes in samples, the smallest first, of which the first that a driver accepts is used.
# Sound servers accept any size, and crackle if it is too small.
PERIOD_SIZES = {'pipewire': (256,), 'pulseaudio': (1024,)}
OTHER_PERIOD_SIZES = (64, 256, 1024)
RECORD = '--record FILE.wav plays into a file'  # advice where nothing is heard
VIDEOS = ('.mp4', '.avi')  # endings of the files of a display that can have sound
STALL_TIME = 1.0  # seconds without a frame after which notes end, as when a stream stalls
MAX_STEP = 10  # seconds between two frames of a recording; a longer step is a timestamp jump
LOGGER = logging.getLogger(__name__)


class Audio:
    """Plays sounds on this machine, on a MIDI port and into files; a context manager.

    programs: a General MIDI program (0 to 127) for each place; place n plays on channel n.
    driver: FluidSynth's name of an audio driver; by default the first of DRIVERS that opens.
    period_size: samples of a period of its buffer; by default what suits the driver.
    soundfont: the file with the instruments; by default the best one of this machine.
    gain: of everything that FluidSynth plays, 0 to 10.
    recordings: paths of files to write, .wav or .mid.
    midi_port: the name of an external MIDI instrument, or a unique part of it.
    mute: do not play on this machine.
    may_be_silent: go on if this machine cannot play, though nothing else does.
    video: the name of a video file that gets what soundtrack() returns, if one is written.

    Attribute buffer: seconds of delay in the audio driver's buffer; 0 without a driver.
    Raises AudioError, in play and close too.

    What is heard follows the time of day; a recording follows the frames' timestamps, so that a
    pose log gives the same file at any speed.
    """

    def __init__(self, programs: Sequence[int], driver: Optional[str] = None,
                 period_size: Optional[int] = None, soundfont: Optional[str] = None,
                 gain: float = 1.2, recordings: Sequence[str] = (),
                 midi_port: Optional[str] = None, mute: bool = False, may_be_silent: bool = False,
                 video: Optional[str] = None) -> None:
        self.buffer = 0.0
        self._soundfont, self._gain = soundfont, gain
        self._seconds = 0.0  # of the recordings
        self._last: Optional[float] = None  # timestamp of the latest frame
        self._played = clock.monotonic()
        self._lock, self._ended = threading.Lock(), threading.Event()
        self._error: Optional[AudioError] = None
        self._files: List[Performance] = []
        self._live: List[Performance] = []
        self._soundtrack: Optional[Soundtrack] = None
        with contextlib.ExitStack() as stack:  # closes what is open if the rest fails
            for path in recordings:
                if path.lower().endswith('.mid'):
                    file = MidiFile(path, [INSTRUMENTS[program] for program in programs])
                    touch = MIDI
                else:
                    file, touch = WavFile(path, self._synthesizer()), FINE
                self._files.append(Performance(stack.enter_context(file), touch, programs, 0.0))
            if midi_port:
                port = stack.enter_context(MidiPort(midi_port))
                self._live.append(Performance(port, MIDI, programs, clock.monotonic()))
            if video:
                self._soundtrack = self._open_soundtrack(stack, video, programs)
            if not mute:
                self._start(stack, driver, period_size, programs, may_be_silent)
            self._outputs = stack.pop_all()
        if self._live:
            thread = threading.Thread(target=self._advance, daemon=True)
            thread.start()
            self._outputs.callback(thread.join)
        self._outputs.callback(self._ended.set)  # is called first

    @classmethod
    def from_args(cls, args: argparse.Namespace, programs: Sequence[int], **more: Any) -> 'Audio':
        """The outputs that add_audio_options describes, and the sound of a display's video file.

        more: further keywords of Audio.
        """
        output = getattr(args, 'output', None) or ''
        return cls(programs, args.audio_driver, args.period_size, args.soundfont, args.gain,
                   args.record, args.midi_port, args.mute,
                   video=output if output.lower().endswith(VIDEOS) else None, **more)

    def __enter__(self) -> 'Audio':
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def play(self, sounds: Sequence[Optional[Sound]], time: float,
             programs: Sequence[int] = ()) -> None:
        """Plays the sounds of a frame, one or None for each place.

        time: the frame's timestamp in seconds. A note begins at once, and in recordings at this
        time; its volume and bend reach those of the frame within RAMP.
        programs: of General MIDI, one a place, if they may have changed.
        """
        if self._error:
            raise self._error
        with self._lock:
            self._played = clock.monotonic()
            for performance in self._live:
                performance.play(sounds, self._played, programs)
        step = 0.0 if self._last is None else time - self._last
        self._last = time
        if step > STALL_TIME:
            self._silence_files(self._seconds + STALL_TIME)
        # A timestamp jump is not elapsed time: a camera reconnected, a file has several parts.
        self._seconds += step if 0 <= step <= MAX_STEP else RAMP
        for performance in self._files:
            performance.play(sounds, self._seconds, programs)

    def soundtrack(self) -> Optional[bytes]:
        """What the video file hears since the last call: int16 [count, 2], RATE samples a second.

        None without a video file, or if this machine cannot make sound for one.
        """
        return self._soundtrack.take() if self._soundtrack else None

    def close(self) -> None:
        """Lets all notes fade, completes the files and releases the devices."""
        if self._ended.is_set():
            return
        with self._outputs:
            self._silence_files(self._seconds)
            for performance in self._files:
                performance.advance(self._seconds + RAMP + STEP)
            with self._lock:
                for performance in self._live:
                    performance.silence(clock.monotonic())
            if self._live:
                clock.sleep(RAMP + STEP)  # while the thread lets them fade
            with self._lock:
                for performance in self._live:
                    performance.advance(clock.monotonic())

    def _synthesizer(self) -> Synthesizer:
        """FluidSynth with the SoundFont. Raises AudioError."""
        if self._soundfont and not os.path.isfile(self._soundfont):
            raise AudioError(f'no SoundFont {self._soundfont}')
        paths = [self._soundfont] if self._soundfont else soundfonts()
        if not paths:
            raise AudioError(f'no SoundFont: {INSTALL}, or name one with --soundfont')
        return Synthesizer(paths[0], self._gain)

    def _open_soundtrack(self, stack: contextlib.ExitStack, video: str,
                         programs: Sequence[int]) -> Optional[Soundtrack]:
        """The sound of a video; None, with a warning, if this machine cannot make it."""
        try:
            soundtrack = stack.enter_context(Soundtrack(self._synthesizer()))
            self._files.append(Performance(soundtrack, FINE, programs, 0.0))
            return soundtrack
        except AudioError as error:
            LOGGER.warning('%s has no sound: %s', video, error)
            return None

    def _start(self, stack: contextlib.ExitStack, driver: Optional[str],
               period_size: Optional[int], programs: Sequence[int], may_be_silent: bool) -> None:
        """Plays on this machine through an audio driver.

        If none opens, or there is no synthesizer, it is an error only if nothing else plays, or if
        the driver or the SoundFont was asked for by name.
        """
        recorded = bool(self._files or self._live)
        needed = driver or self._soundfont or not (recorded or may_be_silent)
        try:
            synthesizer = stack.enter_context(self._synthesizer())
            problem = self._connect(synthesizer, driver, period_size)
        except AudioError as error:
            if needed:
                raise
            problem = str(error)
        if not problem:
            self._live.append(Performance(synthesizer, FINE, programs, clock.monotonic()))
        elif needed:
            raise AudioError(f'{problem}: {RECORD}')
        else:
            LOGGER.warning('%s: nothing is heard on this machine%s', problem,
                           '' if recorded else f'; {RECORD}')

    def _connect(self, synthesizer: Synthesizer, driver: Optional[str],
                 period_size: Optional[int]) -> str:
        """Opens an audio driver; returns why none opens, or ''."""
        for name in [driver] if driver else DRIVERS:
            for size in ([period_size] if period_size else
                         PERIOD_SIZES.get(name, OTHER_PERIOD_SIZES)):
                self.buffer = synthesizer.start(name, size)
                if self.buffer:
                    LOGGER.info('sound: %s, buffer %.1f ms', name, self.buffer * 1000)
                    return ''
        return f'no sound card opens with {driver or "any audio driver"}'

    def _silence_files(self, seconds: float) -> None:
        for performance in self._files:
            performance.silence(seconds)

    def _advance(self) -> None:
        """The thread: moves the volumes and bends that are heard."""
        while not self._ended.wait(STEP):
            try:
                with self._lock:
                    now = clock.monotonic()
                    for performance in self._live:
                        if now - self._played > STALL_TIME:
                            performance.silence(now)
                        performance.advance(now)
            except AudioError as error:
                self._error = error  # play() raises it in the caller's thread
                return
