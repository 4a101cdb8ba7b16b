"""External MIDI instruments: what they get, and that nothing hangs on them."""
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from typing import Any, Iterable, Iterator, List, Tuple

from helpers import need, wait_for
from posesuite.music.audio import Audio
from posesuite.music.output import AudioError
from posesuite.music.players import Sound
from sounds import BACKEND, FPS, TRIO, demo, hanging, parsed, play_until, sent

import pytest


@pytest.fixture
def mido_port(port, monkeypatch):
    """The environment of `port` in this process and its children."""
    for name, value in port.items():
        monkeypatch.setenv(name, value)
    return port


NOTES = [(0, 60), (1, 40), (0, 61)]  # the first ones of the demo, by channel


def begun(messages: Iterable[Any]) -> List[Tuple[int, int]]:
    return [(message.channel, message.note) for message in messages if message.type == 'note_on']


@pytest.mark.parametrize('ending', ['end', 'exception', 'SIGTERM', 'SIGINT', 'SIGKILL'])
def test_no_note_hangs_on_a_midi_instrument(port, ending):
    arguments = [] if ending.startswith('SIG') else ['--frames', 14, '--ending', ending]
    with demo('--mute', '--midi-port', 'Piano', *arguments, **port) as process:
        play_until(process, 12)
        if ending.startswith('SIG'):  # Ctrl-C is the whole group's
            os.killpg(process.pid, getattr(signal, ending))
        process.wait(60)
    wait_for(lambda: sent(port).endswith(b'\xff'))
    messages = parsed(sent(port)[:-1])
    assert begun(messages)[:3] == NOTES
    assert hanging(messages) == set()
    if ending != 'SIGKILL':  # they fade first
        volumes = [message.value for message in messages
                   if message.is_cc(11) and message.channel == 0][-5:]
        assert len(volumes) == 5
        assert volumes == sorted(volumes, reverse=True)
        assert volumes[-1] == 0
    for control in (123, 121):  # all notes off, and controllers as they were
        assert {message.channel for message in messages if message.type == 'control_change'
                and message.control == control} == {0, 1, 2}


def test_a_note_ends_a_second_after_the_last_frame(mido_port):
    """As when a stream stalls."""
    def types() -> List[str]:
        return [message.type for message in parsed(sent(mido_port))
                if message.type.startswith('note')]

    with Audio(TRIO, midi_port='Piano', mute=True) as played:
        played.play([Sound(60, 0.8), None, None], 0)
        wait_for(lambda: types() == ['note_on', 'note_off'])
        played.play([Sound(60, 0.8), None, None], 3)
        wait_for(lambda: types()[:3] == ['note_on', 'note_off', 'note_on'])


def test_velocities_follow_the_volume(mido_port):
    with Audio(TRIO, midi_port='Piano', mute=True) as played:
        played.play([Sound(60, 0.9), Sound(40, 0.2), None], 0)
    loud, soft = (message for message in parsed(sent(mido_port).rstrip(b'\xff'))
                  if message.type == 'note_on')
    assert loud.velocity > soft.velocity + 40


# Prints what a MIDI instrument gets, a message a line, until its standard input ends.
INSTRUMENT = """
import rtmidi, sys
port = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, 'instrument', 10000)
port.set_callback(lambda event, _: print(*event[0], flush=True))
port.open_virtual_port('keys')
print('ready', flush=True)
sys.stdin.read()
port.delete()
"""


@pytest.fixture
def instrument(monkeypatch) -> Iterator['subprocess.Popen[str]']:
    """INSTRUMENT, which others see as a port of a JACK server, and which ends in 60 s."""
    rtmidi = pytest.importorskip('rtmidi')
    if rtmidi.API_UNIX_JACK not in rtmidi.get_compiled_api():
        pytest.skip('no rtmidi with JACK')
    name = f'test{os.getpid()}'
    monkeypatch.setenv('JACK_DEFAULT_SERVER', name)
    monkeypatch.setenv('JACK_NO_START_SERVER', '1')
    monkeypatch.setenv('MIDO_BACKEND', 'mido.backends.rtmidi/UNIX_JACK')
    quiet = {'stderr': subprocess.DEVNULL, 'text': True, 'stdout': subprocess.PIPE}
    with subprocess.Popen([need('jackd'), '-n', name, '-r', '-d', 'dummy'], **quiet) as server, \
            contextlib.ExitStack() as stack:
        stack.callback(server.kill)
        stack.callback(wait_for, lambda: server.poll() is not None)
        stack.callback(server.terminate)  # first; what it leaves if killed keeps the next from work
        try:
            wait_for(lambda: os.path.exists(f'/dev/shm/jack_{name}_{os.getuid()}_0'), 10)
        except AssertionError:
            pytest.skip('jackd does not start here')
        process = stack.enter_context(subprocess.Popen([sys.executable, '-c', INSTRUMENT],
                                                       stdin=subprocess.PIPE, **quiet))
        timer = threading.Timer(60, process.kill)
        timer.start()
        stack.callback(timer.cancel)
        stack.callback(process.wait)
        stack.callback(process.stdin.close)  # a client that is killed delays the server's end
        assert process.stdout.readline() == 'ready\n'
        yield process


def test_a_killed_demo_silences_a_real_instrument(instrument):
    mido = pytest.importorskip('mido')
    with demo('--mute', '--midi-port', 'instrument:keys') as process:
        play_until(process, 12)
        process.kill()
    messages = []
    for line in instrument.stdout:
        messages.append(mido.Message.from_bytes(list(map(int, line.split()))))
        if sum(message.is_cc(121) for message in messages) == 3:
            break
    assert begun(messages)[:3] == NOTES
    assert hanging(messages) == set()
    assert sum(message.is_cc(121) for message in messages) == 3
    rtmidi = pytest.importorskip('rtmidi')
    others = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, 'observer')

    def nobody_sends() -> bool:  # the demo's port is closed
        with contextlib.suppress(rtmidi.InvalidPortError):  # it closes while it is asked its name
            return not others.get_ports()
        return False

    wait_for(nobody_sends)
    others.delete()


def error_of(name: str) -> str:
    with pytest.raises(AudioError) as caught:
        Audio(TRIO, midi_port=name, mute=True)
    assert '\n' not in str(caught.value)
    return str(caught.value)


@pytest.mark.usefixtures('mido_port')
def test_midi_port_names():
    for name in ('Piano 1', 'Organ'):
        Audio(TRIO, midi_port=name, mute=True).close()
    for name in ('1', 'Harp'):
        said = error_of(name)
        assert 'Piano 1' in said
        assert 'Organ 1' in said
        assert name in said


def test_without_mido_the_message_names_it(tmp_path, monkeypatch):
    (tmp_path / 'mido.py').write_text('raise ImportError')
    monkeypatch.setenv('PYTHONPATH', str(tmp_path))
    assert 'pip install mido python-rtmidi' in error_of('Piano')


def test_a_port_that_is_gone_is_an_error(mido_port):
    broken = BACKEND.replace('self._file.write(message.bin())',
                             'self._file.write(message.bin())\n'
                             '        if message.type == "note_on": raise OSError')
    with open(os.path.join(mido_port['PYTHONPATH'], 'two_outputs.py'), 'w') as file:
        file.write(broken)
    with pytest.raises(AudioError) as caught, Audio(TRIO, midi_port='Piano', mute=True) as played:
        for frame in range(3000):
            played.play([Sound(60 + frame % 12, 0.8), None, None], frame / FPS)
            time.sleep(0.01)
    assert str(caught.value) == 'the MIDI port Piano 1 is gone'
