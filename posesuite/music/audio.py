"""Makes the sounds of players heard, and records them.

    parser = argparse.ArgumentParser()
    add_audio_options(parser)
    with Audio(parser.parse_args(), programs=[29, 33, 53]) as audio:
        audio.play([Sound(60, 0.8), None, None], seconds)
"""
import argparse
import contextlib
import os
import sys
import threading
import time as clock
from typing import Any, Callable, Optional, Sequence, Tuple

from posesuite.music.fluidsynth import AudioError, Kind, MidiFile, Synthesizer, WavFile
from posesuite.music.midi_port import MidiPort
from posesuite.music.players import BEND_RANGE, Sound

DRIVERS = 'pipewire', 'pulseaudio', 'alsa', 'coreaudio', 'wasapi', 'dsound'  # FluidSynth's names
# Samples: the first that a driver bears. Sound servers take any, and then have gaps.
PERIOD_SIZES = {'pipewire': (256,), 'pulseaudio': (1024,)}
OTHER_PERIOD_SIZES = (64, 256, 1024)
SOUNDFONTS = (
    '/usr/share/sounds/sf2/FluidR3_GM.sf2',  # Debian and those after it
    '/usr/share/sounds/sf2/default-GM.sf2', '/usr/share/sounds/sf3/default-GM.sf3',
    '/usr/share/sounds/sf2/TimGM6mb.sf2',
    '/usr/share/soundfonts/FluidR3_GM.sf2', '/usr/share/soundfonts/default.sf2',  # Fedora, Arch
    '/opt/homebrew/share/soundfonts/default.sf2', '/usr/local/share/soundfonts/default.sf2')
VELOCITY = 100  # of all notes: how loud they are is the expression's
VOLUME_RANGE = 127  # the highest expression
EXPRESSION, ALL_SOUND_OFF = 11, 120  # controllers
# The pitch wheel's range, by MIDI's registered parameter 0; then none is chosen, against mishaps.
SET_BEND_RANGE = ((101, 0), (100, 0), (6, BEND_RANGE), (38, 0), (101, 127), (100, 127))
STEP = 0.005  # seconds between two steps of a volume or bend on its way
WAY = 0.03  # seconds until these are where a frame wants them: till the next frame, as a rule
STALE = 1.0  # seconds without a frame, as from a stream that stalls, after which notes end
LONGEST_GAP = 10  # seconds; longer ones between two frames are left out of recordings


def add_audio_options(parser: argparse.ArgumentParser) -> None:
    """Adds --audio-driver, --soundfont, --gain, --record, --midi-port and --mute."""
    group = parser.add_argument_group('sound')
    group.add_argument('--audio-driver', metavar='NAME',
                       help=f"default: the first of {', '.join(DRIVERS)} that opens")
    group.add_argument('--period-size', type=int, choices=[64, 128, 256, 512, 1024, 2048],
                       metavar='SAMPLES', help='of the audio buffer, 64 to 2048: more where it '
                       'crackles, less for less delay (default: what suits the driver)')
    group.add_argument('--soundfont', metavar='FILE.sf2',
                       help='the instruments (default: that of the system)')
    group.add_argument('--gain', type=_gain, default=1.2, metavar='FACTOR',
                       help='how loud all is, 0 to 10 (default: %(default)g)')
    group.add_argument('--record', type=_recording, action='append', default=[], metavar='FILE',
                       help='write a .wav or .mid, also without a sound card; may be repeated')
    group.add_argument('--midi-port', metavar='NAME', help='play an outside instrument, too: a '
                       'port by its name or a part of it, a channel for each place')
    group.add_argument('--mute', action='store_true', help='without the sound of this machine')


def _gain(text: str) -> float:
    if not 0 <= float(text) <= 10:
        raise argparse.ArgumentTypeError(f'must be 0 to 10, got {text}')
    return float(text)


def _recording(path: str) -> str:
    if os.path.splitext(path)[1].lower() not in ('.wav', '.mid') or '\0' in path:
        raise argparse.ArgumentTypeError(f'must end in .wav or .mid, got {path!r}')
    return path


class Audio:
    """Where sounds go, by the options; a context manager.

    programs: a General MIDI program for each place, 0 to 127; place n plays on channel n.
    Attribute buffer: seconds that the audio driver's own buffer delays what is heard; 0 without.
    Raises AudioError, here and in play and close.

    What is heard goes by the time of the day, what is recorded by that of the frames: a log gives
    the same file at any speed.
    """

    def __init__(self, args: argparse.Namespace, programs: Sequence[int]) -> None:
        self.buffer = self._seconds = self._last = 0.0
        self._played = clock.monotonic()
        self._silence = [None] * len(programs)
        self._lock, self._ended, self._error = threading.Lock(), threading.Event(), None
        files, live = [], []
        with contextlib.ExitStack() as stack:  # closes what is open if the rest fails
            for path in args.record:
                files.append(MidiFile(path) if path.lower().endswith('.mid')
                             else WavFile(path, _synthesizer(args)))
                stack.callback(files[-1].close)
            if args.midi_port:
                live.append(MidiPort(args.midi_port))
                stack.callback(live[-1].close)
            if not args.mute:
                synthesizer = _synthesizer(args)
                stack.callback(synthesizer.close)
                if self._start(synthesizer, args):
                    live.append(synthesizer)
            self._files = _Performance(files, programs, 0.0)
            self._live = _Performance(live, programs, clock.monotonic())
            self._outputs = stack.pop_all()
        if live:
            thread = threading.Thread(target=self._advance, daemon=True)
            thread.start()
            self._outputs.callback(thread.join)
        self._outputs.callback(self._ended.set)  # is called first

    @classmethod
    def from_args(cls, args: argparse.Namespace, programs: Sequence[int]) -> 'Audio':
        """The sound that add_audio_options describes."""
        return cls(args, programs)

    def _start(self, synthesizer: Synthesizer, args: argparse.Namespace) -> bool:
        """Lets a synthesizer be heard, unless no driver opens and something else is played."""
        for driver in [args.audio_driver] if args.audio_driver else DRIVERS:
            sizes = PERIOD_SIZES.get(driver, OTHER_PERIOD_SIZES)
            for size in [args.period_size] if args.period_size else sizes:
                self.buffer = synthesizer.start(driver, size)
                if self.buffer:
                    print(f'sound: {driver}, buffer {self.buffer * 1000:.1f} ms', file=sys.stderr)
                    return True
        problem = f"no sound card opens with {args.audio_driver or 'any audio driver'}"
        if args.audio_driver or not (args.record or args.midi_port):
            raise AudioError(f'{problem}: --record FILE.wav plays into a file')
        print(f'{problem}: nothing is heard here', file=sys.stderr)
        return False

    def __enter__(self) -> 'Audio':
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def play(self, sounds: Sequence[Optional[Sound]], time: float) -> None:
        """Plays the sounds of a frame, one or None for each place.

        time: of the frame, in seconds on its source's clock. A note begins at once, and in
        recordings at this time; its volume and bend reach those of the frame within WAY.
        """
        if self._error:
            raise self._error
        with self._lock:
            self._played = clock.monotonic()
            self._live.play(sounds, self._played)
        step = time - self._last
        if step > STALE:
            self._files.play(self._silence, self._seconds + STALE)
        # What jumps is no time: a camera that came back, a file of several parts.
        self._seconds += step if 0 <= step <= LONGEST_GAP else WAY
        self._last = time
        self._files.play(sounds, self._seconds)

    def _advance(self) -> None:
        """The thread: takes volumes and bends that are heard along."""
        while not self._ended.wait(STEP):
            try:
                with self._lock:
                    now = clock.monotonic()
                    if now - self._played > STALE:
                        self._live.play(self._silence, now)
                    self._live.advance(now)
            except AudioError as error:
                self._error = error  # the main thread's to raise
                return

    def close(self) -> None:
        """Lets all notes fade, and completes the files."""
        if self._ended.is_set():
            return
        with self._outputs:
            self._files.play(self._silence, self._seconds)
            self._files.advance(self._seconds + WAY + STEP)
            with self._lock:
                self._live.play(self._silence, clock.monotonic())
            clock.sleep(WAY + STEP)  # while the thread lets them fade
            with self._lock:
                self._live.advance(clock.monotonic())


def _synthesizer(args: argparse.Namespace) -> Synthesizer:
    """FluidSynth with the SoundFont of the options or of the system. Raises AudioError."""
    for path in [args.soundfont] if args.soundfont else SOUNDFONTS:
        if os.path.isfile(path):
            return Synthesizer(path, args.gain)
    if args.soundfont:
        raise AudioError(f'no SoundFont {args.soundfont}')
    raise AudioError('no SoundFont: sudo apt-get install fluid-soundfont-gm (Fedora: '
                     'fluid-soundfont-gm, Arch: soundfont-fluid), or name one with --soundfont')


class _Performance:
    """Sounds as MIDI messages, by one clock, for the outputs that go by it."""

    def __init__(self, outputs: Sequence[Any], programs: Sequence[int], now: float) -> None:
        self._outputs, self._now = outputs, now
        self._channels = [_Channel(number, self._send) for number in range(len(programs))]
        for number, program in enumerate(programs):
            self._send(Kind.PROGRAM | number, program)
            for control in SET_BEND_RANGE:
                self._send(Kind.CONTROL | number, *control)

    def _send(self, *message: int) -> None:
        for output in self._outputs:
            output.send(bytes(message))

    def play(self, sounds: Sequence[Optional[Sound]], now: float) -> None:
        self.advance(now)
        for channel, sound in zip(self._channels, sounds):
            channel.play(sound, now)

    def advance(self, until: float) -> None:
        """Takes volumes and bends along, and with them the outputs, in steps."""
        while self._now < until:
            self._now = min(self._now + STEP, until)
            for output in self._outputs:
                output.advance(self._now)
            for channel in self._channels:
                channel.advance(self._now)


class _Channel:
    """One place's sounds, as MIDI messages on its channel: a note at a time."""

    def __init__(self, number: int, send: Callable[..., None]) -> None:
        self._number, self._send = number, send
        self._note = None  # that sounds
        self._fades = False  # on its way to volume 0, which ends it
        # The volume and bend go from here to there, since a time.
        self._here = self._there = (0.0, 0.0)
        self._since = 0.0
        self._sent = {}  # the data of the last volume and bend, by kind

    def play(self, sound: Optional[Sound], now: float) -> None:
        here = self._at(now)
        if sound is None:
            if self._note is not None and not self._fades:
                self._fades = True
                self._here, self._there, self._since = here, (0.0, here[1]), now
            return
        if self._fades:
            self._end()
        old, self._note = self._note, sound.note
        if old is None:
            here = sound.volume, sound.bend  # how a note begins is its instrument's
        elif old != sound.note:
            here = here[0], sound.bend
        self._here, self._there, self._since = here, (sound.volume, sound.bend), now
        self._send_controls(now)
        if old != sound.note:
            self._send(Kind.NOTE_ON | self._number, sound.note, VELOCITY)
            if old is not None:
                self._send(Kind.NOTE_OFF | self._number, old, 0)

    def advance(self, now: float) -> None:
        self._send_controls(now)
        if self._fades and now >= self._since + WAY:
            self._end()

    def _end(self) -> None:
        """Ends the note, and its instrument's release with it, which may take seconds."""
        self._send(Kind.NOTE_OFF | self._number, self._note, 0)
        self._send(Kind.CONTROL | self._number, ALL_SOUND_OFF, 0)
        self._note, self._fades = None, False

    def _at(self, now: float) -> Tuple[float, float]:
        share = min(1.0, (now - self._since) / WAY)
        return tuple(here + share * (there - here)
                     for here, there in zip(self._here, self._there))

    def _send_controls(self, now: float) -> None:
        """Sends the volume and bend of now, if they differ from those sent last."""
        if self._note is None:
            return
        volume, bend = self._at(now)
        wheel = max(0, min(round(8192 + bend / BEND_RANGE * 8192), 16383))
        for kind, data in ((Kind.CONTROL, (EXPRESSION, round(volume * VOLUME_RANGE))),
                           (Kind.BEND, (wheel & 0x7F, wheel >> 7))):
            if self._sent.get(kind) != data:
                self._sent[kind] = data
                self._send(kind | self._number, *data)
