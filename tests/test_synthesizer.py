"""synthesizer.py, played by pose logs with known wrists: what is heard, seen, and left behind."""
import fcntl
import os
import pty
import re
import signal
import subprocess
import sys
import termios
from typing import Any, Dict, Iterable, List, Tuple

from figures import musician
from helpers import ROOT, default_signals, wait_for
from playing import LADDER, RATE, TOP, at, write_log
from posesuite.music.fluidsynth import RATE as SAMPLE_RATE
from posesuite.music.theory import SCALES, notes
from posesuite.pose.pose import Pose
from sounds import cents_off, hanging, loudness, messages_of, notes_of, parsed, samples, sent
from videos import frames_of, write_clip

import cv2
import numpy as np
import pytest

SCRIPT = os.path.join(ROOT, 'synthesizer.py')
CYAN, MAGENTA, YELLOW, GREY = (0, 255, 255), (255, 0, 255), (255, 255, 0), (150, 150, 150)
People = Dict[int, Pose]


def run(*arguments: Any, status: int = 0) -> 'subprocess.CompletedProcess[str]':
    done = subprocess.run([sys.executable, SCRIPT, *map(str, arguments)], capture_output=True,
                          text=True, timeout=120, env=dict(os.environ, CI='true'))
    assert done.returncode == status, done.stderr
    return done


def play(tmp_path: Any, frames: Iterable[People],
         *recordings: str) -> List[Tuple[float, int, int]]:
    """Plays frames into take.mid and other recordings; returns the notes of take.mid."""
    log = write_log(tmp_path / 'log.jsonl', frames)
    files = [part for name in ('take.mid', *recordings) for part in ('--record', tmp_path / name)]
    done = run('--mute', '--headless', '--videosrc', log, *files)
    assert done.stdout == ''  # where CI is set, pyfluidsynth would write there
    return notes_of(tmp_path / 'take.mid')


@pytest.mark.usefixtures('synthesizer')
def test_known_wrists_are_heard_at_their_frame_and_pitch(tmp_path):
    steps = [0, 3, 5, 4, 10, 7]
    hold = 20  # frames
    played = play(tmp_path, [at(steps[n // hold]) for n in range(hold * len(steps))] + [{}] * 30,
                  'take.wav')
    sound = samples(tmp_path / 'take.wav')
    assert [note for _, _, note in played] == [LADDER[step] for step in steps]
    for number, (begin, _, note) in enumerate(played):
        assert begin == pytest.approx(number * hold / RATE, abs=0.015)
        middle = sound[round((begin + 0.25) * SAMPLE_RATE):round((begin + 0.6) * SAMPLE_RATE)]
        assert abs(cents_off(middle, note)) < 20
    # The old note's tone is gone with the frame that brings the new one.
    gone = hold * len(steps) / RATE
    assert loudness(sound, gone - 0.2, gone) > 300
    assert np.abs(sound[round((gone + 0.4) * SAMPLE_RATE):]).max() < np.abs(sound).max() / 1000


def test_a_distance_makes_no_difference(tmp_path):
    heard = [play(tmp_path, [at(n // 10, distance=distance) for n in range(110)])
             for distance in (1.5, 5.0)]
    assert heard[0] == heard[1]
    assert [note for _, _, note in heard[0]] == list(LADDER)


@pytest.mark.usefixtures('synthesizer')
def test_loudness_follows_the_left_wrist_within_a_note(tmp_path):
    """The published demo took the volume at a note's start only."""
    volumes = 0.55 + 0.4 * np.sin(np.arange(150) / 14)
    assert len(play(tmp_path, [at(5, left=left) for left in volumes], 'take.wav')) == 1
    sound = samples(tmp_path / 'take.wav')
    heard = [loudness(sound, n / RATE, (n + 1) / RATE) for n in range(1, 151)]
    ranks = (np.argsort(np.argsort(values)) for values in (heard[10:-1], volumes[10:-1]))
    assert np.corrcoef(*ranks)[0, 1] > 0.95


@pytest.mark.parametrize('seed', range(3))
def test_a_trembling_wrist_does_not_flutter(tmp_path, seed):
    """The published demo's did. Noise is 2 % of the body's height, for a minute on a border."""
    rng = np.random.RandomState(seed)
    played = play(tmp_path, [at(4.5, off=rng.normal(0, 0.02 * 1.7, 2))
                             for _ in range(round(60 * RATE))])
    assert 1 <= len(played) <= 12


def test_a_sweep_plays_each_note_once(tmp_path):
    played = play(tmp_path, [at(step) for step in
                             [0] * 10 + list(np.linspace(0, TOP, 90)) + [TOP] * 10])
    assert [note for _, _, note in played] == list(LADDER)


def test_three_cross_and_leave_and_keep_their_instruments(tmp_path):
    """Three in a row who change sides; one is hidden meanwhile, one leaves, a fourth waits."""
    def people(n: int) -> People:
        found = {identity: musician((2 + identity) / TOP, 0.8, x=x) for identity, x in (
            (4, 120 + 4 * n), (7, 320), (9, 520 - 4 * n), (11, 600))}
        if 40 <= n < 60:
            del found[7]  # behind the others, for 0.67 s
        if n >= 100:
            del found[4]
        return found

    played = play(tmp_path, [people(n) for n in range(160)])
    first = [(channel, note) for begin, channel, note in played if begin < 0.1]
    assert first == [(place, notes(SCALES['major pentatonic'], 0, octave, 2)[step])
                     for place, octave, step in ((0, 3, 6), (1, 2, 9), (2, 4, 10))]
    again = [(channel, note) for begin, channel, note in played if 0.1 < begin < 3]
    assert again == [(1, dict(first)[1])]  # who was hidden, on the same instrument
    (begin, channel, _), = [event for event in played if event[0] > 3]
    assert channel == 0 and 4.3 <= begin < 4.4  # the fourth, a second after the place was free


def test_people_are_drawn_as_their_instruments(tmp_path):
    people = {identity: musician(0.5, 0.5, x=80 + 150 * identity, distance=4.5)
              for identity in range(4)}
    log = write_log(tmp_path / 'log.jsonl', [people] * 5)
    run('--mute', '--videosrc', log, '--output', tmp_path / 'stage.png')
    image = cv2.imread(str(tmp_path / 'stage.png'))[:, :, ::-1].astype(int)
    for number, color in enumerate((CYAN, MAGENTA, YELLOW, GREY)):
        of_color = np.abs(image - color).max(2) < 12
        assert of_color.sum() > 300
        columns = np.nonzero(of_color)[1]
        assert abs(np.median(columns) - (80 + 150 * number)) < 70


def test_the_demo_plays_its_tune(tmp_path):
    """The melody of its own log, and the picture."""
    run('--demo', '--mute', '--output', tmp_path / 'stage.png', '--record', tmp_path / 'take.mid')
    played = notes_of(tmp_path / 'take.mid')
    melody = [note for _, channel, note in played if channel == 0]
    g, a, c, d, e = LADDER[3:8]
    assert melody[:8] == [g, c, e, c, e, d, c, a]
    assert {channel for _, channel, _ in played} == {0, 1, 2}
    assert cv2.imread(str(tmp_path / 'stage.png')).shape == (480, 640, 3)


def test_the_sample_log_is_what_its_maker_makes(tmp_path):
    made = tmp_path / 'trio.jsonl'
    subprocess.run([sys.executable, os.path.join(ROOT, 'samples', 'make_trio.py'), str(made)],
                   check=True)
    with open(os.path.join(ROOT, 'samples', 'trio.jsonl')) as file:
        assert file.read() == made.read_text()


@pytest.mark.usefixtures('quick_runtime')
def test_a_clip_is_played_through_the_network(tmp_path):
    """And the latency from capture to note contains the network's time."""
    clip = str(tmp_path / 'clip.avi')
    write_clip(clip, frames_of(os.path.join(ROOT, 'samples', 'three_people.mp4'))[:60], RATE)
    done = run('--mute', '--headless', '--stats', '--videosrc', clip, '--record',
               tmp_path / 'take.mid')
    assert {channel for _, channel, _ in notes_of(tmp_path / 'take.mid')} == {0, 1, 2}
    line, = (line for line in done.stderr.splitlines() if line.startswith('from capture to note'))
    p50, network, count, buffer = map(float, re.match(
        r'.*p50 ([\d.]+) ms.*network ([\d.]+) ms; (\d+) notes.*adds ([\d.]+) ms', line).groups())
    assert count > 10 and 0 < network <= p50 and buffer == 0


ENDINGS = {'Ctrl-C': signal.SIGINT, 'SIGTERM': signal.SIGTERM, 'SIGHUP': signal.SIGHUP,
           'SIGKILL': signal.SIGKILL}


def start(env: Dict[str, str], *arguments: str) -> 'subprocess.Popen[bytes]':
    """The demo's tune on an external instrument, at its own pace."""
    return subprocess.Popen([sys.executable, SCRIPT, '--demo', '--mute', '--midi-port',
                             'Piano', *arguments], env=env, stderr=subprocess.PIPE)


def begun(data: bytes) -> int:
    """How many notes began in MIDI messages."""
    return sum(message.type == 'note_on' for message in parsed(data))


def end(demo: 'subprocess.Popen[bytes]', ending: str, env: Dict[str, str]) -> None:
    """Ends a demo that plays."""
    if ending in ENDINGS:
        demo.send_signal(ENDINGS[ending])
    elif ending == 'q':
        window = wait_for(lambda: subprocess.run(
            ['xdotool', 'search', '--onlyvisible', '--name', '^synthesizer$'], env=env,
            stdout=subprocess.PIPE).stdout.decode().split())[0]
        subprocess.run(['xdotool', 'windowfocus', '--sync', window, 'key', 'q'], env=env)


@pytest.mark.parametrize('ending', [*ENDINGS, 'q', 'exception'])
def test_no_ending_leaves_a_note_on_an_instrument(port, screen, tmp_path, request, ending):
    env = dict(screen, **port)
    arguments = [] if ending == 'q' else ['--headless']
    if ending == 'exception':  # the disk that the recording goes to is full
        request.getfixturevalue('synthesizer')
        (tmp_path / 'take.wav').symlink_to('/dev/full')
        arguments += ['--record', str(tmp_path / 'take.wav')]
    demo = start(env, *arguments)
    try:
        # The demo ends of itself in the exception's case, after its first notes; how long it takes
        # to start does not matter.
        wait_for(lambda: begun(sent(env)) > (0 if ending == 'exception' else 3))
        end(demo, ending, env)
        _, errors = demo.communicate(timeout=60)
    finally:
        demo.kill()
    status = {'SIGKILL': -signal.SIGKILL, 'exception': 1}.get(ending, 0)
    assert demo.returncode == status, errors
    wait_for(lambda: sent(env).endswith(b'\xff'))
    messages = parsed(sent(env)[:-1])
    assert messages and hanging(messages) == set()


def test_a_closed_terminal_is_an_orderly_end(tmp_path):
    """The terminal's other end goes away, as with a lost ssh: SIGHUP, and stderr is gone."""
    take = tmp_path / 'take.mid'
    control, terminal = pty.openpty()
    demo = subprocess.Popen(
        [sys.executable, SCRIPT, '--demo', '--mute', '--realtime', '--headless', '--record', take],
        stdin=terminal, stdout=terminal, stderr=terminal,
        preexec_fn=lambda: (os.setsid(), fcntl.ioctl(0, termios.TIOCSCTTY, 0), default_signals()))
    try:
        os.close(terminal)
        wait_for(lambda: take.exists() and len(notes_of(take)) > 3)
        os.close(control)
        assert demo.wait(30) == 0
    finally:
        demo.kill()
    messages = messages_of(take)
    assert hanging(message for _, message in messages) == set()
    assert max(time for time, _ in messages) % 1 != 0  # it was completed, not cut at a second
    assert os.listdir(str(tmp_path)) == ['take.mid']


@pytest.mark.parametrize('arguments, reason', [
    (['--instruments', 'kazoo'], 'General MIDI'), (['--instruments', '1', '2', '3', '4'], 'one to'),
    (['--octave', '3'], 'must name one for each of 3'),
    (['--demo', '--full-speed'], 'needs --mute'),
    (['--demo', '--full-speed', '--mute', '--midi-port', 'Piano'], 'no --midi-port'),
    (['--octave', '30', '1', '1'], 'octave'), (['--octaves', '9999999'], '1 to 10'),
    (['--octave', '9', '1', '1'], 'within C-1 and G9'),
    (['--record', 'x.wav', '--record', './X.WAV'], 'the same file'),
    (['--record', 'x.wav', '--log', 'x.wav'], 'the same file'),
    (['--videosrc', SCRIPT, '--log', SCRIPT], 'would overwrite'),
    (['--scale', 'loud'], 'major pentatonic'), (['--key', 'H'], 'key'),
    (['--demo', '--videosrc', 'x'], '--demo'), (['--record', 'x.mp3'], '.wav')])
def test_wrong_usage_is_status_2(arguments, reason):
    assert reason in run(*arguments, status=2).stderr.splitlines()[-1]


def test_help_and_version():
    assert '--demo' in run('--help').stdout
    assert re.match(r'\d+\.\d+', run('--version').stdout)
