"""Sound looked at as its hearer would, MIDI as its player would, and a demo in short."""
import contextlib
import os
import subprocess
import sys
import wave
from typing import Any, Iterable, Iterator, List, Optional, Sequence, Set, Tuple

from helpers import ROOT
from posesuite.music.audio import Audio
from posesuite.music.fluidsynth import RATE
from posesuite.music.players import Sound

import numpy as np
import pytest

GUITAR, BASS, VOICE = TRIO = (29, 33, 53)  # General MIDI programs
FPS = 30
Frames = Sequence[Sequence[Optional[Sound]]]  # of each frame, the places' sounds


# Recordings

def record(paths: Sequence[Any], frames: Frames, programs: Sequence[int] = TRIO) -> None:
    """Plays frames into files."""
    with Audio(programs, recordings=list(map(str, paths)), mute=True) as audio:
        for number, sounds in enumerate(frames):
            audio.play(sounds, number / FPS)


def render(path: Any, frames: Frames, programs: Sequence[int] = TRIO) -> np.ndarray:
    """The WAV recording of frames: float [sample], the mean of both sides."""
    record([path], frames, programs)
    return samples(path)


def samples(path: Any) -> np.ndarray:
    """A WAV file: float [sample], the mean of both sides."""
    with wave.open(str(path)) as file:
        assert file.getparams()[:3] == (2, 2, RATE)
        return np.frombuffer(file.readframes(file.getnframes()), np.int16).reshape(-1, 2).mean(1)


def cents_off(sound: np.ndarray, note: float) -> float:
    """How far a sound's pitch is from that of a MIDI note, looked for within half an octave."""
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), 1 << 19))
    cents = np.arange(-600, 601)
    pitches = 440 * 2 ** ((note - 69) / 12 + cents / 1200)
    harmonics = np.outer(pitches, np.arange(1, 9)) * (1 << 19) / RATE
    return cents[np.argmax(np.sqrt(spectrum[harmonics.round().astype(int)]).sum(1))]


def loudness(sound: np.ndarray, start: float, end: float) -> float:
    """The root mean square between two times in seconds."""
    return float(np.sqrt((sound[round(start * RATE):round(end * RATE)] ** 2).mean()))


def first_above(sound: np.ndarray, level: float) -> float:
    """The time of the first sample that is louder, in seconds."""
    return float(np.argmax(np.abs(sound) > level) / RATE)


# MIDI

def messages_of(path: Any) -> List[Tuple[float, Any]]:
    """The messages of a MIDI file by their times in seconds, as mido reads them."""
    mido = pytest.importorskip('mido')
    now, messages = 0.0, []
    for message in mido.MidiFile(str(path)):
        now += message.time
        messages.append((now, message))
    return messages


def notes_of(path: Any) -> List[Tuple[float, int, int]]:
    """Time, channel and note of each note of a MIDI file."""
    return [(now, message.channel, message.note) for now, message in messages_of(path)
            if message.type == 'note_on' and message.velocity]


def parsed(data: bytes) -> List[Any]:
    """The messages in bytes that went to a MIDI port."""
    mido = pytest.importorskip('mido')
    parser = mido.Parser()
    parser.feed(data)
    return list(parser)


def hanging(messages: Iterable[Any]) -> Set[Tuple[int, int]]:
    """Channel and number of the notes that still sound after messages of mido's."""
    sounding = set()
    for message in messages:
        if message.type == 'note_on':
            sounding.add((message.channel, message.note))
        elif message.type == 'note_off':
            sounding.discard((message.channel, message.note))
    return sounding


# A demo in short: it plays notes of 30 frames a second, and ends as a test demands.
DEMO = f"""
import argparse, signal, sys, time
sys.path.insert(0, {ROOT!r})
from posesuite import script
from posesuite.music import Audio, add_audio_options
from posesuite.music.players import Sound
parser = argparse.ArgumentParser()
parser.add_argument('--ending')
parser.add_argument('--frames', type=int, default=100000)
parser.add_argument('--hold', type=int, default=10)  # frames of a note
parser.add_argument('--pace', type=float, default=1 / 30)  # seconds from frame to frame
add_audio_options(parser)
signal.signal(signal.SIGTERM, lambda *_: sys.exit())
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background has it ignored

def play(args):
    with Audio.from_args(args, [29, 33, 53]) as audio:
        for frame in range(args.frames):
            audio.play([Sound(60 + frame // args.hold % 3, 0.9), Sound(40, 0.5), None], frame / 30)
            print(frame, flush=True)
            time.sleep(args.pace)
        if args.ending == 'exception':
            raise KeyError('oh')

sys.exit(script.run(play, parser.parse_args()))
"""
# No sound server, and an ALSA without a configuration: a machine without a sound card.
NO_SOUND_CARD = {'PULSE_SERVER': 'unix:/nowhere', 'ALSA_CONFIG_PATH': os.devnull,
                 'PIPEWIRE_REMOTE': '/nowhere', 'XDG_RUNTIME_DIR': '/nowhere'}


@contextlib.contextmanager
def demo(*arguments: Any, code: str = DEMO,
         **environment: str) -> Iterator['subprocess.Popen[str]']:
    """DEMO without a sound card, in a process group of its own, as a shell has it."""
    process = subprocess.Popen(
        [sys.executable, '-c', code, *map(str, arguments)], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, start_new_session=True,
        env=dict(os.environ, **dict(NO_SOUND_CARD, **environment)))
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def play_until(process: Any, frame: int) -> None:
    """Waits for a frame of DEMO; the test fails with its message if it ends before."""
    for line in process.stdout:
        if int(line) == frame:
            return
    pytest.fail(process.stderr.read())


# A backend of mido's with two outputs, which write what they get into the file MESSAGES, and a
# byte FF when they are closed.
BACKEND = """
import os
from mido.ports import BaseOutput
def get_devices():
    return [dict(name=name, is_input=False, is_output=True) for name in ('Piano 1', 'Organ 1')]
class Output(BaseOutput):
    def _open(self, **arguments):
        self._file = open(os.environ['MESSAGES'], 'ab', buffering=0)
    def _send(self, message):
        self._file.write(message.bin())
    def _close(self):
        self._file.write(bytes([0xFF]))
"""


def sent(environment: Any) -> bytes:
    """What BACKEND's outputs got so far."""
    try:
        with open(environment['MESSAGES'], 'rb') as file:
            return file.read()
    except FileNotFoundError:
        return b''
