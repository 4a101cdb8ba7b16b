"""What is heard on this machine: with a sound server, without a sound card, and what lacks."""
import os
import subprocess
import sys
from typing import Any, Dict, Iterator

from helpers import ROOT, need, wait_for
from posesuite.music import soundfonts
from posesuite.music.audio import Audio
from posesuite.music.fluidsynth import RATE
from posesuite.music.output import AudioError
from sounds import (
    DEMO,
    NO_SOUND_CARD,
    TRIO,
    cents_off,
    demo,
    first_above,
    samples,
)

import numpy as np
import pytest

pytestmark = pytest.mark.usefixtures('synthesizer')


@pytest.fixture(scope='module')
def pulse(tmp_path_factory) -> Iterator[Dict[str, str]]:
    """The environment of a PulseAudio server whose one sink goes nowhere."""
    folder = str(tmp_path_factory.mktemp('pulse'))
    environment = dict(NO_SOUND_CARD, PULSE_SERVER=f'unix:{folder}/native', XDG_RUNTIME_DIR=folder,
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
        with demo('--frames', 29, '--hold', 30, '--record', tmp_path / 'a.wav', **pulse) as process:
            _, said = process.communicate()
            assert process.returncode == 0
        size = path.stat().st_size
        wait_for(lambda: path.stat().st_size > size + 0.3 * RATE * 2)
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
    assert '--record' not in said
    assert process.returncode == 0
    assert len(said.splitlines()) == 1
    assert 'nothing is heard' in said
    assert len(samples(tmp_path / 'a.wav')) > 0.06 * RATE
    with demo('--frames', 3, '--record', tmp_path / 'a.wav', '--audio-driver', 'gong') as process:
        _, said = process.communicate()
    assert process.returncode == 1
    assert len(said.splitlines()) == 1
    assert 'gong' in said


@pytest.mark.parametrize('lacking', ['sound card', 'library'])
def test_the_demo_goes_on_without_sound(lacking, tmp_path):
    """It says so in a line, with what the user can do instead."""
    script = os.path.join(ROOT, 'synthesizer.py')
    if lacking == 'library':
        code = tmp_path / 'without.py'
        code.write_text('import ctypes.util, runpy\n'
                        'ctypes.util.find_library = lambda name: None\n'
                        f'runpy.run_path({script!r}, run_name="__main__")\n')
        script = str(code)
    done = subprocess.run(
        [sys.executable, script, '--demo', '--headless', '--frames', '10'], text=True,
        capture_output=True, env=dict(os.environ, PYTHONPATH=ROOT, **NO_SOUND_CARD))
    assert done.returncode == 0, done.stderr
    said, = done.stderr.splitlines()
    assert said.startswith(f'no {"sound card" if lacking == "sound card" else "FluidSynth"}')
    assert said.endswith('nothing is heard on this machine; --record FILE.wav plays into a file')


def error_of(**options: Any) -> str:
    with pytest.raises(AudioError) as caught, Audio(TRIO, **options):
        pass
    assert '\n' not in str(caught.value)
    return str(caught.value)


def test_no_soundfont(tmp_path, monkeypatch, capfd):
    recordings = [str(tmp_path / 'a.wav')]
    assert '/no/such.sf2' in error_of(recordings=recordings, soundfont='/no/such.sf2')
    text = tmp_path / 'text.sf2'
    text.write_text('no SoundFont')
    assert str(text) in error_of(recordings=recordings, soundfont=str(text), mute=True)
    monkeypatch.setattr(soundfonts, 'FOLDERS', ())
    assert 'fluid-soundfont-gm' in error_of(recordings=recordings)
    assert capfd.readouterr() == ('', '')


def test_an_instrument_that_the_soundfont_lacks(tmp_path):
    with pytest.raises(AudioError) as caught:
        Audio([200], recordings=[str(tmp_path / 'a.wav')], mute=True)
    assert 'has no instrument 201' in str(caught.value)


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


@pytest.mark.parametrize('name', ['a.wav', 'a.mid'])
def test_recordings_that_cannot_be_written(name):
    said = error_of(recordings=[f'/no/folder/{name}'], mute=True)
    assert said == f'cannot write /no/folder/{name}: No such file or directory'
