"""An external MIDI instrument, held by a process of its own: see MidiPort.

That process sends what it reads from its standard input to the port. At the end of the input, for
whatever reason, even if the demo was killed, it ends the notes that still sound.
"""
import logging
import os
import signal
import subprocess
import sys
import time
from typing import Any, List

from posesuite.child import child_command
from posesuite.errors import one_line
from posesuite.music.output import ALL_NOTES_OFF, RESET_ALL_CONTROLLERS, AudioError, Output

PROBLEM = 'error: '  # beginning of an answer of the process that is no port's name
TIMEOUT = 4  # seconds for the process to end the notes and itself
SETTLE_TIME = 0.2  # seconds; JACK loses what it gets just after opening or just before closing
LOGGER = logging.getLogger(__name__)


class MidiPort(Output):
    """A MIDI output, by its name or a unique part of it. Raises AudioError, in send too.

    Attribute name: the whole name of the port.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        # A session of its own keeps the terminal's Ctrl-C away from it.
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

    def close(self) -> None:
        self._process.stdin.close()
        self._process.stdout.close()
        try:
            self._process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            LOGGER.warning('the MIDI port %s does not accept its last messages', self.name)


def main() -> None:
    """The work of the process, whose argument is the port's name or a part of it.

    It answers with one line: the whole name, or PROBLEM and what is wrong.
    """
    for name in ('SIGINT', 'SIGTERM', 'SIGHUP'):
        if hasattr(signal, name):  # the demo ends on these, and so does the input
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    try:
        import mido
        port = mido.open_output(_chosen(sys.argv[1], mido.get_output_names()))
    except ImportError:
        print(f'{PROBLEM}--midi-port needs two packages: pip install mido python-rtmidi')
    except Exception as error:  # each of mido's backends has its own; the demo reports it
        print(PROBLEM + one_line(error))
    else:
        with port:
            time.sleep(SETTLE_TIME)
            print(port.name, flush=True)
            relay(mido, port)
            time.sleep(SETTLE_TIME)


def relay(mido: Any, port: Any) -> None:
    """Sends the standard input to one of mido's ports, then ends all notes."""
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


def _chosen(wanted: str, names: List[str]) -> str:
    """The one port with this name, or else with this in its name. Raises ValueError."""
    found = [name for name in names if name == wanted] or [name for name in names if wanted in name]
    if len(set(found)) != 1:
        raise ValueError(f'--midi-port must name one of: {"; ".join(names) or "(there are none)"}, '
                         f'got {wanted}')
    return found[0]
