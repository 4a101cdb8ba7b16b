"""Video files, which play whatever ends their demo."""
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from typing import Any, List

from figures import coloured, sure
from helpers import ROOT, children, default_signals, need, wait_for
from posesuite.display import Display, DisplayError
from posesuite.display.video_writers import RESERVE
from videos import frames_of

import numpy as np
import pytest


def write(path: Any, frames: int, step: float = 1 / 30, sizes: Any = ((320, 240),)) -> None:
    """Writes frames that are step seconds apart; the sizes (width, height) take turns."""
    with Display(output=str(path)) as display:
        for n in range(frames):
            if not display.show(coloured(n, n * step, sizes[n % len(sizes)]), {3: sure()}, 'text'):
                break


@pytest.mark.parametrize('name, codec', [('out.mp4', 'h264'), ('out.avi', 'mjpeg')])
def test_a_video_has_every_frame_at_the_rate_of_the_source(tmp_path, name, codec):
    need('ffmpeg')
    path = tmp_path / name
    write(path, 90)
    probe = subprocess.run(
        ['ffprobe', '-v', 'error', '-count_frames', '-of', 'json', '-show_streams', str(path)],
        stdout=subprocess.PIPE, check=True)
    stream, = json.loads(probe.stdout)['streams']
    assert int(stream['nb_read_frames']) == 90
    assert (stream['codec_name'], stream['width'], stream['height']) == (codec, 320, 240)
    assert stream['pix_fmt'] in ('yuv420p', 'yuvj420p')
    assert stream['avg_frame_rate'] == '30/1'
    frames = frames_of(path)
    assert len(frames) == 90
    for n in (0, 45, 89):
        assert np.abs(np.mean(frames[n][150:200, 200:], axis=(0, 1)) - (n, 100, 200)).max() < 12
    assert np.abs(np.float32(frames[0][50, 100]) - (255, 255, 255)).max() < 90  # the nose


@pytest.mark.parametrize('name, said', [('out.mp4', ['an .avi does']), ('out.avi', [])])
def test_without_ffmpeg_opencv_writes(monkeypatch, tmp_path, caplog, name, said):
    monkeypatch.setenv('PATH', str(tmp_path))
    write(tmp_path / name, 30)
    assert len(caplog.messages) == len(said)
    assert all(words in message for words, message in zip(said, caplog.messages))
    assert len(frames_of(tmp_path / name)) == 30


def test_without_ffmpeg_an_avi_plays_if_the_demo_is_killed(start, tmp_path):
    path = tmp_path / 'out.avi'
    demo = start('--output', str(path), env=dict(os.environ, PATH=str(tmp_path)))
    wait_for(lambda: path.exists() and path.stat().st_size > 100000)
    demo.kill()
    demo.wait()
    assert len(frames_of(path)) > 5


@pytest.mark.parametrize('step, frames', [(1 / 10, 28), (1 / 60, 5)])
def test_timestamps_decide(tmp_path, step, frames):
    """Ten frames: at 10 a second the last one is shown at 0.9 s, which is frame 27 at 30."""
    need('ffmpeg')
    write(tmp_path / 'out.mp4', 10, step)
    assert len(frames_of(tmp_path / 'out.mp4')) == frames


@pytest.mark.parametrize('step', [1e7, -1])
def test_a_jump_of_the_clock_fills_no_disk(tmp_path, step):
    need('ffmpeg')
    write(tmp_path / 'out.mp4', 5, step)
    assert len(frames_of(tmp_path / 'out.mp4')) == 5


def test_odd_and_changing_sizes(tmp_path):
    need('ffmpeg')
    write(tmp_path / 'out.mp4', 6, sizes=((321, 241), (640, 200)))
    frames = frames_of(tmp_path / 'out.mp4')
    assert [frame.shape for frame in frames] == [(242, 322, 3)] * 6
    assert frames[1][:60].max() < 40  # the bar above a wide picture


@pytest.mark.parametrize('size, reduced', [((20000, 100), (42, 8192)), ((60, 17000), (8192, 30))])
def test_what_a_video_cannot_hold_is_reduced(tmp_path, size, reduced):
    need('ffmpeg')
    with Display(output=str(tmp_path / 'out.mp4'), draw=lambda *_: None) as display:
        display.show(coloured(0, 0.0, size), {})
    assert [frame.shape for frame in frames_of(tmp_path / 'out.mp4')] == [(*reduced, 3)]


@pytest.mark.parametrize('name', ['-vf.mp4', 'a%d$(touch x);b.mp4', 'tcp:host.avi'])
def test_a_name_is_only_a_name(monkeypatch, tmp_path, name):
    need('ffmpeg')
    monkeypatch.chdir(tmp_path)
    write(name, 3)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert len(frames_of(tmp_path / name)) == 3


@pytest.mark.parametrize('frames', [1, 500])
def test_a_full_disk_is_reported_in_the_middle_and_at_the_end(tmp_path, frames):
    need('ffmpeg')
    path = tmp_path / 'full.avi'
    path.symlink_to('/dev/full')
    with pytest.raises(DisplayError) as failed:
        write(path, frames)
    assert str(failed.value).startswith(f'ffmpeg cannot write {path}: ')
    assert 'No space left on device' in str(failed.value)
    assert '\n' not in str(failed.value)


def tone(begin: float, end: float) -> bytes:
    """16-bit stereo samples of 440 Hz, which sounds in every odd second."""
    time = np.arange(round(begin * 44100), round(end * 44100)) / 44100
    wave = np.sin(time * 440 * 2 * np.pi) * 8000 * (time.astype(int) % 2)
    return np.repeat(wave.astype('<i2'), 2).tobytes()


@pytest.mark.parametrize('name, fps', [('out.mp4', 30), ('out.avi', 30), ('out.mp4', 1)])
def test_sound_is_in_time_with_the_picture(tmp_path, name, fps):
    """Also from a source that began before the first frame and once stood still for a minute."""
    need('ffmpeg')
    path, times = str(tmp_path / name), [0.5 + n / fps for n in range(5 * fps)]
    with Display(output=path, fps=fps) as display:
        heard = 0.0
        for n, time_ in enumerate(times):
            late = 60 * (n > 2 * fps)
            begin, heard = (heard if n != 2 * fps + 1 else heard - 60), time_
            assert display.show(coloured(n, time_ + late), {}, '', tone(begin, heard))
    sound = np.frombuffer(subprocess.run(
        ['ffmpeg', '-loglevel', 'error', '-i', path, '-f', 's16le', '-ac', '1', '-ar', '44100',
         '-'], stdout=subprocess.PIPE, check=True).stdout, '<i2')
    assert len(frames_of(path)) == 5 * fps
    assert 5 - 1 / fps - .05 < len(sound) / 44100 < 5.1
    loud = np.abs(sound[:len(sound) // 441 * 441].reshape(-1, 441).astype(int)).mean(1) > 1000
    changes = np.flatnonzero(np.diff(loud.astype(int))) / 100  # seconds
    expected = np.arange(0.5, times[-1] - 0.5)
    assert len(changes) == len(expected)
    assert np.abs(changes - expected).max() < 0.05


@pytest.fixture(params=['demo', 'pose_camera'])
def any_demo(request, demo_command) -> List[str]:
    """A command that shows frames for some seconds; --output is to be added."""
    if request.param == 'demo':
        return demo_command
    return [sys.executable, os.path.join(ROOT, 'pose_camera.py'), '--realtime', '--videosrc',
            os.path.join(ROOT, 'samples', 'three_people.jsonl')]


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_the_file_plays_whatever_ends_the_demo_and_whenever(any_demo, tmp_path, number):
    """Demos run side by side in sessions of their own; like a terminal's Ctrl-C, the signal reaches
    the whole process group.
    """
    need('ffmpeg')
    delays = (0, 0.2) if 'pose_camera' in any_demo[1] else (0, 0.03, 0.1, 0.4)  # seconds
    demos = []
    for i, delay in enumerate(delays):
        path = tmp_path / (f'{i}.avi' if i % 2 else f'{i}.mp4')
        demos.append((path, delay, subprocess.Popen(
            [*any_demo, '--output', str(path)], start_new_session=True,
            preexec_fn=default_signals, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)))
    for path, delay, demo in demos:
        wait_for(lambda path=path, demo=demo: path.exists() or demo.poll() is not None)
        time.sleep(delay)
        os.killpg(demo.pid, number)
    for path, _, demo in demos:
        _, errors = demo.communicate(timeout=10)
        assert demo.returncode == (-number if number == signal.SIGKILL else 0), errors
        assert number == signal.SIGKILL or not errors
        wait_for(lambda path=path: frames_of(path))


@pytest.mark.parametrize('name', ['out.mp4', 'out.avi'])
def test_the_file_plays_if_ffmpeg_is_killed_too(start, tmp_path, name):
    """As when the power fails."""
    need('ffmpeg')
    path = tmp_path / name
    demo = start('--output', str(path))
    wait_for(lambda: path.exists() and frames_of(path))
    ffmpeg, = children(demo)
    demo.kill()
    os.kill(ffmpeg, signal.SIGKILL)
    assert frames_of(path)


def test_without_ffmpeg_a_file_is_completed_before_the_disk_is_full(monkeypatch, tmp_path):
    monkeypatch.setenv('PATH', str(tmp_path))
    path, free = tmp_path / 'out.mp4', [RESERVE + 1] * 20 + [RESERVE - 1]
    usage = shutil.disk_usage(str(tmp_path))
    monkeypatch.setattr(shutil, 'disk_usage', lambda _: usage._replace(free=free.pop(0)))
    with pytest.raises(DisplayError, match='disk has less than 16 MB left'):
        write(path, 30)
    assert len(frames_of(path)) == 20


def test_a_service_that_is_stopped_has_its_ffmpeg_stopped_too(start, tmp_path):
    """systemd signals all processes of a service."""
    need('ffmpeg')
    path = tmp_path / 'out.avi'
    demo = start('--output', str(path))
    wait_for(lambda: path.exists() and path.stat().st_size)
    ffmpeg, = children(demo)
    os.kill(ffmpeg, signal.SIGTERM)
    assert demo.wait(10) == 0, demo.stderr.read()
    assert frames_of(path)
