"""Sounds with known times, rendered, played and recorded: looked at as their hearer would."""
import argparse
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
import wave
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

from helpers import ROOT, need, wait_for
from posesuite.music import audio
from posesuite.music.audio import Audio, add_audio_options
from posesuite.music.fluidsynth import RATE, AudioError
from posesuite.music.players import Sound

import numpy as np
import pytest

GUITAR, BASS, VOICE = TRIO = (29, 33, 53)  # General MIDI programs
RANGES = {GUITAR: range(40, 77, 6), BASS: range(28, 53, 4), VOICE: range(48, 85, 6)}
FPS = 30
# No sound server, and an ALSA without a configuration: a machine without a sound card.
DEAF = {'PULSE_SERVER': 'unix:/nowhere', 'ALSA_CONFIG_PATH': os.devnull,
        'PIPEWIRE_REMOTE': '/nowhere', 'XDG_RUNTIME_DIR': '/nowhere'}
# A demo in short: plays notes at 30 frames a second, and ends as told.
DEMO = f"""
import argparse, signal, sys, time
sys.path.insert(0, {ROOT!r})
from posesuite.music.audio import Audio, AudioError, add_audio_options
from posesuite.music.players import Sound
parser = argparse.ArgumentParser()
parser.add_argument('--ending')
parser.add_argument('--frames', type=int, default=100000)
add_audio_options(parser)
args = parser.parse_args()
signal.signal(signal.SIGTERM, lambda *_: sys.exit())
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background has it ignored
try:
    with Audio(args, [29, 33, 53]) as audio:
        for frame in range(args.frames):
            audio.play([Sound(60 + frame // 30 % 3, 0.9), Sound(40, 0.5), None], frame / 30)
            print(frame, flush=True)
            time.sleep(1 / 30)
        if args.ending == 'exception':
            raise KeyError('oh')
except AudioError as error:
    sys.exit(f'error: {{error}}')
"""


@pytest.fixture(scope='module', autouse=True)
def synthesizer() -> None:
    """Skips all where FluidSynth or a SoundFont is missing, by its name."""
    try:
        import fluidsynth  # noqa: F401
    except (ImportError, OSError) as error:
        pytest.skip(f'no pyfluidsynth that finds its library: {error}')
    if not any(map(os.path.isfile, audio.SOUNDFONTS)):
        pytest.skip('no fluid-soundfont-gm')


def options(*arguments: Any) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_audio_options(parser)
    return parser.parse_args([str(argument) for argument in arguments])


def render(path: Any, frames: Sequence[Sequence[Optional[Sound]]],
           programs: Sequence[int] = TRIO, fps: float = FPS) -> np.ndarray:
    """The recording of frames, the places' sounds each: float [sample], both sides' mean."""
    with Audio(options('--mute', '--record', path), programs) as played:
        for number, sounds in enumerate(frames):
            played.play(sounds, number / fps)
    return samples(path)


def samples(path: Any) -> np.ndarray:
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
    return float(np.sqrt((sound[round(start * RATE):round(end * RATE)] ** 2).mean()))


def first_above(sound: np.ndarray, level: float) -> float:
    """The time of the first sample that is louder, in seconds."""
    return float(np.argmax(np.abs(sound) > level) / RATE)


@pytest.mark.parametrize('program', TRIO)
def test_pitch_onset_and_silence_over_the_range(program, tmp_path):
    """Each note: from frame 15 up to frame 45."""
    assert len(RANGES[program]) == 7
    for note in RANGES[program]:
        sound = render(tmp_path / 'a.wav', [[Sound(note, 0.8) if 15 <= frame < 45 else None]
                                            for frame in range(60)], [program])
        assert abs(cents_off(sound[round(0.6 * RATE):round(1.4 * RATE)], note)) < 20
        peak = np.abs(sound).max()
        assert peak > 1000
        # The pick or finger is heard first: FluidR3's lowest bass tones follow 40 ms after it.
        assert 0.5 <= first_above(sound, peak * 0.003) < 0.515
        assert np.abs(sound[:round(0.5 * RATE)]).max() <= 1  # dither
        assert np.abs(sound[round(1.6 * RATE):]).max() < peak / 1000  # 60 dB
        assert len(sound) > 1.9 * RATE


def test_a_change_of_note_is_heard_at_its_frame_and_without_gap(tmp_path):
    for program in TRIO:
        low, high = RANGES[program][2], RANGES[program][3]
        held, changed = ([[Sound(low if frame < 30 else note, 0.8)] for frame in range(60)]
                         for note in (low, high))
        still = render(tmp_path / 'a.wav', held, [program])
        sound = render(tmp_path / 'b.wav', changed, [program])
        assert 1.0 <= first_above(sound - still, np.abs(still).max() * 0.01) < 1.015
        assert abs(cents_off(sound[round(1.2 * RATE):round(1.9 * RATE)], high)) < 20
        window = 0.03  # longer than the period of the lowest note
        around = [loudness(sound, at, at + window) for at in np.arange(0.9, 1.2, 0.01)]
        assert len(around) == 30
        assert min(around) > 0.3 * loudness(sound, 0.7, 1.0)


@pytest.mark.parametrize('program', TRIO)
def test_loudness_follows_the_volume(program, tmp_path):
    volumes = 0.55 + 0.45 * np.sin(np.arange(240) / 19)
    sound = render(tmp_path / 'a.wav', [[Sound(RANGES[program][3], volume)] for volume in volumes],
                   [program])
    heard = [loudness(sound, frame / FPS + 0.01, frame / FPS + 0.05) for frame in range(20, 238)]
    ranks = (np.argsort(np.argsort(values)) for values in (heard, volumes[20:238]))
    assert len(heard) == 218
    assert np.corrcoef(*ranks)[0, 1] > 0.95
    assert max(heard) > 20 * min(heard)


def test_glide_bends_the_note(tmp_path):
    sound = render(tmp_path / 'a.wav',
                   [[Sound(60, 0.8, min(max(frame - 30, 0) / 6, 5))] for frame in range(120)],
                   [VOICE])
    for start, note in ((0.2, 60), (2.3, 65)):
        assert abs(cents_off(sound[round(start * RATE):round((start + 0.7) * RATE)], note)) < 20
    low = render(tmp_path / 'b.wav', [[Sound(72, 0.8, -12)]] * 30, [VOICE])
    assert abs(cents_off(low[round(0.2 * RATE):RATE], 60)) < 20


def test_a_note_ends_a_second_after_the_last_frame(tmp_path, port, monkeypatch):
    """As when a stream stalls: on what sounds by the time of the day, and in recordings."""
    import mido
    for name, value in port.items():
        monkeypatch.setenv(name, value)
    note = [Sound(60, 0.8), None, None]
    path = tmp_path / 'a.wav'
    with Audio(options('--mute', '--midi-port', 'Piano', '--record', path), TRIO) as played:
        played.play(note, 0)

        def begun_and_ended() -> List[str]:
            parser = mido.Parser()
            parser.feed(read(port['MESSAGES']))
            return [message.type for message in parser if message.type.startswith('note')]

        wait_for(lambda: begun_and_ended() == ['note_on', 'note_off'])
        played.play(note, 3)
        wait_for(lambda: begun_and_ended()[:3] == ['note_on', 'note_off', 'note_on'])
    sound = samples(path)
    assert loudness(sound, 0.5, 0.9) > 300
    assert np.abs(sound[round(1.1 * RATE):3 * RATE]).max() < np.abs(sound).max() / 1000


def song() -> List[List[Optional[Sound]]]:
    """Three places, 90 frames: leaps, glides, and a rest of the second."""
    return [[Sound(52 + frame // 10 % 5, 0.2 + frame % 15 / 20),
             None if 30 <= frame < 50 else Sound(33, 0.5 + 0.4 * np.sin(frame / 9)),
             Sound(67, 0.8, frame / 30)] for frame in range(90)]


def test_a_recording_is_the_same_at_any_speed(tmp_path):
    paths = [tmp_path / name for name in ('a.wav', 'b.wav', 'a.mid', 'b.mid')]
    with Audio(options('--mute', '--record', paths[0], '--record', paths[2]), TRIO) as played:
        for number, sounds in enumerate(song()):
            played.play(sounds, number / FPS)
            time.sleep(0.005 * (number % 5 == 0))
    render(paths[1], song())
    render_midi(paths[3], song())
    assert len(samples(paths[0])) > 2.9 * RATE
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert paths[2].read_bytes() == paths[3].read_bytes()


def render_midi(path: Any, frames: Sequence[Sequence[Optional[Sound]]]) -> List[Tuple[float, Any]]:
    """The messages of a recording of frames by their times in seconds, as mido reads them."""
    with Audio(options('--mute', '--record', path), TRIO) as played:
        for number, sounds in enumerate(frames):
            played.play(sounds, number / FPS)
    return messages_of(path)


def messages_of(path: Any) -> List[Tuple[float, Any]]:
    mido = pytest.importorskip('mido')
    now, messages = 0.0, []
    for message in mido.MidiFile(str(path)):
        now += message.time
        messages.append((now, message))
    return messages


def test_the_midi_file_has_each_note_at_its_frame(tmp_path):
    messages = render_midi(tmp_path / 'a.mid', song())
    assert messages[-1][1].type == 'end_of_track'
    assert [message.program for _, message in messages
            if message.type == 'program_change'] == list(TRIO)
    starts = [(at, message) for at, message in messages if message.type == 'note_on']
    wanted = sorted((frame / FPS, 0, 52 + frame // 10 % 5) for frame in range(0, 90, 10))
    wanted = sorted(wanted + [(0.0, 1, 33), (50 / FPS, 1, 33), (0.0, 2, 67)])
    assert len(starts) == len(wanted) == 12
    for (at, message), (time_, channel, note) in zip(
            sorted(starts, key=lambda start: (round(start[0], 2), start[1].channel)), wanted):
        assert (message.channel, message.note) == (channel, note)
        assert abs(at - time_) < 0.001
    assert hanging(message for _, message in messages) == set()
    wheel = [(at, message.pitch) for at, message in messages
             if message.type == 'pitchwheel' and message.channel == 2]
    assert wheel[0][1] == 0
    assert abs(wheel[-1][1] / 8192 * 12 - 88 / 30) < 0.01  # the last frame's is on its way
    control = [(message.control, message.value) for _, message in messages
               if message.type == 'control_change' and message.channel == 2]
    assert control[:3] == [(101, 0), (100, 0), (6, 12)]


def test_a_volume_never_jumps(tmp_path):
    frames = [[Sound(60, frame // 10 % 2), None, None] for frame in range(60)]
    steps = [(at, message.value) for at, message in render_midi(tmp_path / 'a.mid', frames)
             if message.type == 'control_change' and message.control == 11]
    assert len(steps) > 5 * 5
    for (start, before), (end, after) in zip(steps, steps[1:]):
        assert abs(after - before) <= 127 / 5
        assert end - start > 0.004
    values = [value for _, value in steps]
    assert (min(values), max(values)) == (0, 127)


def hanging(messages: Any) -> set:
    """The notes that still sound after messages of mido's."""
    sounding = set()
    for message in messages:
        if message.type == 'note_on':
            sounding.add((message.channel, message.note))
        elif message.type == 'note_off':
            sounding.discard((message.channel, message.note))
    return sounding


def test_what_jumps_in_time_is_left_out(tmp_path):
    path = tmp_path / 'a.wav'
    with Audio(options('--mute', '--record', path), TRIO) as played:
        for seconds in (0, 0.5, 3600, 3600.5, 7, 7.5):
            played.play([None] * 3, seconds)
    assert 1.5 < len(samples(path)) / RATE < 1.7


@contextlib.contextmanager
def demo(*arguments: Any, **environment: str) -> Iterator['subprocess.Popen[str]']:
    """DEMO in a process group of its own, as a shell has it, once it plays or has ended."""
    process = subprocess.Popen(
        [sys.executable, '-c', DEMO, *map(str, arguments)], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, start_new_session=True,
        env=dict(os.environ, **dict(DEAF, **environment)))
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def play_until(process: Any, frame: int) -> None:
    for line in process.stdout:
        if int(line) == frame:
            return
    pytest.fail(process.stderr.read())


def test_a_killed_demo_leaves_readable_recordings(tmp_path):
    with demo('--mute', '--record', tmp_path / 'a.wav', '--record', tmp_path / 'a.mid') as process:
        play_until(process, 75)
        process.kill()
        process.wait(60)
    sound = samples(tmp_path / 'a.wav')
    assert len(sound) > 2.4 * RATE
    assert abs(len(sound) * 4 + 44 - (tmp_path / 'a.wav').stat().st_size) < 1e4
    assert loudness(sound, 0.5, 1.1) > 100
    notes = [message.note for _, message in messages_of(tmp_path / 'a.mid')
             if message.type == 'note_on']
    assert notes[:3] == [60, 40, 61]


@pytest.fixture(scope='module')
def pulse(tmp_path_factory) -> Iterator[Dict[str, str]]:
    """The environment of a PulseAudio server whose one sink goes nowhere."""
    folder = str(tmp_path_factory.mktemp('pulse'))
    environment = dict(DEAF, PULSE_SERVER=f'unix:{folder}/native', XDG_RUNTIME_DIR=folder,
                       HOME=folder)
    need('parec')
    with subprocess.Popen(
            [need('pulseaudio'), '-n', '--daemonize=no', '--exit-idle-time=-1',
             '--use-pid-file=no', '-L', f'module-null-sink sink_name=nowhere rate={RATE}',
             '-L', f'module-native-protocol-unix socket={folder}/native auth-anonymous=1'],
            env=dict(os.environ, **environment), stderr=subprocess.DEVNULL) as server:
        wait_for(lambda: os.path.exists(f'{folder}/native'))
        yield environment
        server.terminate()


def test_live_sound_is_heard(pulse, tmp_path):
    path = tmp_path / 'heard.raw'
    with open(str(path), 'wb') as file, subprocess.Popen(
            ['parec', '-d', 'nowhere.monitor', '--format=s16le', f'--rate={RATE}', '--channels=1',
             '--latency-msec=20'], stdout=file, env=dict(os.environ, **pulse)) as recorder:
        wait_for(lambda: path.stat().st_size)
        with demo('--frames', 29, '--record', tmp_path / 'a.wav', **pulse) as process:
            _, said = process.communicate()
            assert process.returncode == 0
        time.sleep(0.3)
        recorder.terminate()
    assert said == 'sound: pulseaudio, buffer 23.2 ms\n'
    heard = np.fromfile(str(path), np.int16).astype(float)
    begin = first_above(heard, np.abs(heard).max() * 0.05)
    heard = heard[round((begin + 0.1) * RATE):round((begin + 0.8) * RATE)]
    assert np.abs(heard).max() > 1000
    assert abs(cents_off(heard, 60)) < 20
    assert len(samples(tmp_path / 'a.wav')) > 0.9 * RATE


def test_no_sound_card(tmp_path):
    with demo('--frames', 3) as process:
        _, said = process.communicate()
    assert process.returncode == 1
    assert len(said.splitlines()) == 1
    assert said.startswith('error: no sound card')
    assert '--record FILE.wav' in said
    with demo('--frames', 3, '--record', tmp_path / 'a.wav') as process:
        _, said = process.communicate()
    assert process.returncode == 0
    assert len(said.splitlines()) == 1
    assert 'nothing is heard' in said
    assert len(samples(tmp_path / 'a.wav')) > 0.06 * RATE
    with demo('--frames', 3, '--record', tmp_path / 'a.wav', '--audio-driver', 'gong') as process:
        _, said = process.communicate()
    assert process.returncode == 1
    assert len(said.splitlines()) == 1
    assert 'gong' in said


def error_of(*arguments: Any) -> str:
    with pytest.raises(AudioError) as caught, Audio(options(*arguments), TRIO):
        pass
    assert '\n' not in str(caught.value)
    return str(caught.value)


def test_no_soundfont(tmp_path, monkeypatch, capfd):
    take = tmp_path / 'a.wav'
    assert '/no/such.sf2' in error_of('--record', take, '--soundfont', '/no/such.sf2')
    text = tmp_path / 'text.sf2'
    text.write_text('no SoundFont')
    assert str(text) in error_of('--mute', '--record', take, '--soundfont', text)
    monkeypatch.setattr(audio, 'SOUNDFONTS', ())
    assert 'fluid-soundfont-gm' in error_of('--record', take)
    assert capfd.readouterr() == ('', '')


def test_no_library(tmp_path):
    script = 'import ctypes.util\nctypes.util.find_library = lambda name: None\n' + DEMO
    done = subprocess.run([sys.executable, '-c', script], stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith('error: no FluidSynth library: sudo apt-get install')
    assert len(done.stderr.splitlines()) == 1


def test_an_old_library(tmp_path, gxx):
    import fluidsynth
    source = tmp_path / 'old.cc'
    source.write_text('extern "C" void fluid_version(int *major, int *minor, int *micro)'
                      '{ *major = 1; *minor = 0; *micro = 9; }')
    subprocess.run([gxx, '-shared', '-fPIC', source, '-o',
                    tmp_path / os.path.basename(fluidsynth.lib)], check=True)
    with demo(LD_LIBRARY_PATH=str(tmp_path)) as process:
        _, said = process.communicate()
    assert said == ('error: FluidSynth 1.1.11 or later is needed, got 1.0.9: update it\n')


def test_recordings_that_cannot_be_written():
    for name in ('a.wav', 'a.mid'):
        assert f'/no/folder/{name}' in error_of('--mute', '--record', f'/no/folder/{name}')


@pytest.mark.parametrize('arguments', [['--record', 'a.mp3'], ['--gain', '11'], ['--gain', 'x'],
                                       ['--record', 'a\0.wav']])
def test_wrong_usage_is_status_2(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        options(*arguments)
    assert caught.value.code == 2


# A backend of mido's with two outputs, which write what they get into a file.
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


@pytest.fixture
def port(tmp_path) -> Dict[str, str]:
    """An environment in which mido has outputs that write into the file MESSAGES."""
    pytest.importorskip('mido')
    (tmp_path / 'two_outputs.py').write_text(BACKEND)
    return {'MIDO_BACKEND': 'two_outputs', 'MESSAGES': str(tmp_path / 'messages'),
            'PYTHONPATH': str(tmp_path)}


@pytest.mark.parametrize('ending', ['end', 'exception', 'SIGTERM', 'SIGINT', 'SIGKILL'])
def test_no_note_hangs_on_a_midi_instrument(port, ending):
    import mido
    arguments = [] if ending.startswith('SIG') else ['--frames', 40, '--ending', ending]
    with demo('--mute', '--midi-port', 'Piano', *arguments, **port) as process:
        play_until(process, 35)
        if ending.startswith('SIG'):  # Ctrl-C is the whole group's
            os.killpg(process.pid, getattr(signal, ending))
        process.wait(60)
    wait_for(lambda: read(port['MESSAGES']).endswith(b'\xff'))
    parser = mido.Parser()
    parser.feed(read(port['MESSAGES'])[:-1])
    messages = list(parser)
    assert [(message.channel, message.note) for message in messages
            if message.type == 'note_on'] == [(0, 60), (1, 40), (0, 61)]
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


# Prints what a MIDI instrument gets, a message a line.
INSTRUMENT = """
import rtmidi, time
port = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, 'instrument', 10000)
port.open_virtual_port('keys')
print('ready', flush=True)
while True:
    got = port.get_message()
    if got:
        print(*got[0], flush=True)
    else:
        time.sleep(0.01)
"""


@pytest.fixture
def instrument(monkeypatch) -> Iterator['subprocess.Popen[str]']:
    """INSTRUMENT, which others see as a port of a JACK server, and which ends in 20 s."""
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
        process = stack.enter_context(subprocess.Popen([sys.executable, '-c', INSTRUMENT], **quiet))
        timer = threading.Timer(20, process.kill)
        timer.start()
        stack.callback(process.kill)
        stack.callback(timer.cancel)
        assert process.stdout.readline() == 'ready\n'
        yield process


def test_a_killed_demo_silences_a_real_instrument(instrument):
    import mido
    with demo('--mute', '--midi-port', 'instrument:keys') as process:
        play_until(process, 35)
        process.kill()
    messages = []
    for line in instrument.stdout:
        messages.append(mido.Message.from_bytes(list(map(int, line.split()))))
        if sum(message.is_cc(121) for message in messages) == 3:
            break
    assert [(message.channel, message.note) for message in messages
            if message.type == 'note_on'] == [(0, 60), (1, 40), (0, 61)]
    assert hanging(messages) == set()
    assert sum(message.is_cc(121) for message in messages) == 3


def read(path: str) -> bytes:
    with open(path, 'rb') as file:
        return file.read()


def test_midi_port_names(port, monkeypatch):
    for name, value in port.items():
        monkeypatch.setenv(name, value)
    for name in ('Piano 1', 'Organ'):
        Audio(options('--mute', '--midi-port', name), TRIO).close()
    for name in ('1', 'Harp'):
        said = error_of('--mute', '--midi-port', name)
        assert 'Piano 1' in said
        assert 'Organ 1' in said
        assert name in said


def test_without_mido_the_message_says_so(tmp_path, monkeypatch):
    (tmp_path / 'mido.py').write_text('raise ImportError')
    monkeypatch.setenv('PYTHONPATH', str(tmp_path))
    assert 'pip install mido python-rtmidi' in error_of('--mute', '--midi-port', 'Piano')


def test_a_port_that_is_gone_is_an_error(port, monkeypatch):
    for name, value in port.items():
        monkeypatch.setenv(name, value)
    broken = BACKEND.replace('self._file.write(message.bin())',
                             'self._file.write(message.bin())\n'
                             '        if message.type == "note_on": raise OSError')
    with open(os.path.join(port['PYTHONPATH'], 'two_outputs.py'), 'w') as file:
        file.write(broken)
    with pytest.raises(AudioError) as caught, \
            Audio(options('--mute', '--midi-port', 'Piano'), TRIO) as played:
        for frame in range(300):
            played.play([Sound(60 + frame % 12, 0.8), None, None], frame / FPS)
            time.sleep(0.01)
    assert str(caught.value) == 'the MIDI port Piano 1 is gone'
