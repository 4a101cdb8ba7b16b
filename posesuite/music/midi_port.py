"""An outside MIDI instrument, held by a process of its own: see MidiPort.

What comes on its standard input goes to the port. When that ends, for whatever reason, even that
the demo was killed, it ends the notes that still sound.
"""
import os
import signal
import subprocess
import sys
import time
from typing import Any

from posesuite.child import child_command
from posesuite.music.fluidsynth import AudioError

ALL_NOTES_OFF, RESET_ALL_CONTROLLERS = 123, 121
PROBLEM = 'error: '
PATIENCE = 4  # seconds to end the notes in
SETTLE = 0.2  # seconds: JACK loses what it gets in its first or last moment


class MidiPort:
    """A MIDI output, by its name or a unique part of it. Raises AudioError, here and in send."""

    def __init__(self, name: str) -> None:
        # In a session of its own no Ctrl-C of the terminal's reaches it.
        self._process = subprocess.Popen(
            child_command('posesuite.music.midi_port', name), bufsize=0, start_new_session=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        answer = self._process.stdout.readline().decode().strip()
        if not answer or answer.startswith(PROBLEM):
            self.close()
            raise AudioError(answer[len(PROBLEM):] or f'no answer from the MIDI port {name}')
        self.name = answer

    def send(self, message: bytes) -> None:
        try:
            self._process.stdin.write(message)
        except BrokenPipeError:
            raise AudioError(f'the MIDI port {self.name} is gone')

    def advance(self, seconds: float) -> None:
        """Nothing: it plays at once."""

    def close(self) -> None:
        self._process.stdin.close()
        self._process.stdout.close()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            print(f'the MIDI port {self.name} does not take its last messages', file=sys.stderr)


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # the demo ends on these, and with it the input
    try:
        import mido
        port = mido.open_output(_name(sys.argv[1], mido.get_output_names()))
    except ImportError:
        print(f'{PROBLEM}--midi-port needs two packages: pip install mido python-rtmidi')
    except Exception as error:  # each backend has its own; the demo says it
        print(PROBLEM + ' '.join(str(error).split()))
    else:
        with port:
            time.sleep(SETTLE)
            print(port.name, flush=True)
            relay(mido, port)
            time.sleep(SETTLE)


def relay(mido: Any, port: Any) -> None:
    """Sends what comes on the standard input to a port of mido's, and ends all notes after it."""
    parser, sounding, channels = mido.Parser(), set(), set()
    try:
        for data in iter(lambda: os.read(0, 4096), b''):
            parser.feed(data)
            for message in parser:
                channels.add(message.channel)
                if message.type == 'note_on':
                    sounding.add((message.channel, message.note))
                port.send(message)
                if message.type == 'note_off':
                    sounding.discard((message.channel, message.note))
    finally:
        for channel, note in sounding:
            port.send(mido.Message('note_off', channel=channel, note=note))
        for channel in channels:
            for control in ALL_NOTES_OFF, RESET_ALL_CONTROLLERS:
                port.send(mido.Message('control_change', channel=channel, control=control))


def _name(wanted: str, names: Any) -> str:
    """The one port of this name, or with this in its name. Raises ValueError."""
    found = [name for name in names if name == wanted] or [name for name in names if wanted in name]
    if len(set(found)) != 1:
        raise ValueError(f'--midi-port must name one of: {"; ".join(names) or "(there are none)"}, '
                         f'got {wanted}')
    return found[0]

