"""Videos that are interlaced, turned or anamorphic, pipes, and names that look like something else.
"""
import os
import subprocess
import threading
from typing import Any

from cameras import CLIP, demo, error_of, frames
from helpers import need, shared
from posesuite.camera import Camera, ffmpeg
from streams import picture

import cv2
import numpy as np
import pytest
from PIL import Image

# A picture whose quarters have a grey of their own: top left, top right, bottom left, bottom right.
QUARTERS = (40, 90, 140, 190)
LEVELS = "'40+50*gte(X,W/2)+100*gte(Y,H/2)'"


def quarters(image: np.ndarray) -> tuple:
    """The greys in the middle of the quarters, to the nearest of QUARTERS."""
    height, width = image.shape[:2]
    return tuple(min(QUARTERS, key=lambda grey: abs(grey - int(image[y, x, 1])))
                 for y in (height // 4, 3 * height // 4) for x in (width // 4, 3 * width // 4))


def make(path: Any, *options: str, size: str = '320x240', moves: bool = False) -> str:
    """Makes a second of video, ten frames, with the ffmpeg program; returns its path."""
    source = f'testsrc=s={size}:r=10:d=1' if moves else f'color=s={size}:r=10:d=1,format=gray'
    filters = [] if moves else ['-vf', f'geq=lum={LEVELS}']
    if '-vf' in options:
        at = options.index('-vf') + 1
        filters = ['-vf', ','.join([*filters[1:], options[at]])]
        options = (*options[:at - 1], *options[at + 1:])
    subprocess.run([need('ffmpeg'), '-v', 'error', '-y', '-f', 'lavfi', '-i', source, *filters,
                    '-pix_fmt', 'yuv420p', *options, str(path)], check=True)
    return str(path)


def turned(path: str, angle: int) -> str:
    """A copy of a video that is to be turned by an angle when it is shown."""
    copy = os.path.join(os.path.dirname(path), f'turned{os.path.splitext(path)[1]}')
    subprocess.run([need('ffmpeg'), '-v', 'error', '-y', '-i', path, '-c', 'copy',
                    '-metadata:s:v', f'rotate={angle}', copy], check=True)
    if not cv2.VideoCapture(copy).get(cv2.CAP_PROP_ORIENTATION_META):
        pytest.skip('this ffmpeg writes no rotation')
    return copy


INTERLACED = {
    'h264.mp4': ('-c:v', 'libx264', '-flags', '+ildct+ilme', '-x264opts', 'tff=1'),
    'mpeg2.ts': ('-c:v', 'mpeg2video', '-flags', '+ildct+ilme'),
    'mpeg4.avi': ('-c:v', 'mpeg4', '-flags', '+ildct+ilme')}


@pytest.mark.parametrize('name', INTERLACED)
def test_interlaced_video_shows_what_was_filmed(tmp_path, name):
    path = make(tmp_path / name, *INTERLACED[name], moves=True)
    plain = frames(make(tmp_path / 'plain.mp4', moves=True))
    found = frames(path)
    assert len(found) >= 9 and [frame.number for frame in found] == list(range(len(found)))
    for frame, expected in zip(found, plain):
        assert frame.fault is None and frame.image.shape == (240, 320, 3)
        assert np.abs(frame.image.astype(int) - expected.image).mean() < 12


def test_dv_is_read(tmp_path):
    found = frames(make(tmp_path / 'a.dv', '-r', '25', '-vf', 'setsar=16/15', size='720x576'))
    assert {quarters(frame.image) for frame in found} == {QUARTERS} and len(found) >= 24
    assert found[0].image.shape[0] == 576 and abs(found[0].image.shape[1] - 768) < 30


def test_film_before_the_interlaced_part_is_kept(tmp_path):
    parts = [make(tmp_path / 'film.ts', '-c:v', 'mpeg2video', moves=True),
             make(tmp_path / 'interlaced.ts', *INTERLACED['mpeg2.ts'])]
    with open(parts[0], 'ab') as film, open(parts[1], 'rb') as rest:
        film.write(rest.read())
    found = frames(parts[0])
    numbers = [frame.number for frame in found]
    assert len(found) > 15 and numbers == sorted(set(numbers))
    assert quarters(found[-1].image) == QUARTERS


@pytest.mark.skipif(not ffmpeg.FAILS_ON_INTERLACED, reason='this OpenCV reads interlaced video')
def test_interlaced_video_without_the_ffmpeg_program_is_an_error(tmp_path, monkeypatch):
    path = make(tmp_path / 'a.ts', *INTERLACED['mpeg2.ts'])
    monkeypatch.setenv('PATH', str(tmp_path))
    assert error_of(path) == (f'{path} is interlaced, which OpenCV {cv2.__version__} cannot read: '
                              'install the ffmpeg program')


def test_a_still_film_is_read_to_its_end(tmp_path):
    black = make(tmp_path / 'black.mp4', '-vf', 'geq=lum=0')
    assert [frame.number for frame in frames(black)] == list(range(10))
    assert [frame.number for frame in frames(make(tmp_path / 'still.mp4'))] == list(range(10))
    assert len(frames(make(tmp_path / 'one.mp4', '-frames:v', '1'))) == 1


def test_the_people_of_an_interlaced_clip(tmp_path):
    assert [frame.fault for frame in frames(shared(
        'cases', '02-interlaced-is-black', 'interlaced.mp4'))] == [None] * 20


@pytest.mark.parametrize('codec, name', [('libx264', 'a.mp4'), ('mjpeg', 'a.mov')])
@pytest.mark.parametrize('angle', [90, 180, 270])
def test_a_turned_video_is_upright(tmp_path, codec, name, angle):
    path = turned(make(tmp_path / name, '-c:v', codec), angle)
    expected = str(tmp_path / 'expected.png')
    subprocess.run([need('ffmpeg'), '-v', 'error', '-i', path, '-frames:v', '1', expected],
                   check=True)
    with Camera(path) as camera:
        found = list(camera)
        assert camera.size == ((320, 240) if angle == 180 else (240, 320))
    assert len(found) == 10
    turn = quarters(np.asarray(Image.open(expected).convert('RGB')))
    assert turn != QUARTERS and {quarters(frame.image) for frame in found} == {turn}


@pytest.mark.parametrize('name', ['rot90.mov', 'rot180.mov'])
def test_turned_jpegs_of_a_camera(name):
    found = frames(shared('cases', '08-rotated-mjpeg', name))
    assert len(found) == 15
    assert found[0].image.shape == ((240, 320, 3) if name == 'rot90.mov' else (320, 240, 3))


@pytest.mark.parametrize('codec, name, aspect, width', [
    ('libx264', 'a.mp4', '16/11', 465), ('mjpeg', 'a.mov', '1/2', 160)])
def test_pixels_become_square(tmp_path, codec, name, aspect, width):
    path = make(tmp_path / name, '-c:v', codec, '-vf', f'setsar={aspect}')
    image = frames(path)[0].image
    assert image.shape == (240, width, 3) and quarters(image) == QUARTERS
    assert frames(turned(path, 90))[0].image.shape == (width, 240, 3)


def test_a_video_none_of_whose_frames_can_be_decoded_is_an_error(avi):
    with open(avi, 'rb') as file:
        data = file.read()
    with open(avi, 'wb') as file:  # whole as a container, its JPEGs without their contents
        file.write(data.replace(picture()[:2], b'\0\0'))
    with demo('--videosrc', avi) as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (1, '') and err.count('\n') == 1
    assert f'error: {avi}: none of its 100 frames can be decoded' in err


def test_an_error_says_what_ffmpeg_says(tmp_path):
    with open(CLIP, 'rb') as file:
        (tmp_path / 'half.mp4').write_bytes(file.read(100000))
    assert error_of(str(tmp_path / 'half.mp4')).endswith('(FFmpeg: moov atom not found)')


@pytest.mark.parametrize('name', ['clip [x].mp4', 'what?.mp4', '*.mp4', b'na\xefve.mp4', '%03d.mp4',
                                  'a:b.mp4', 'concat:a|b.mp4', "it's.mp4", '-f.mp4', ' .mp4'])
def test_any_name_that_exists_is_a_video(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    with open(CLIP, 'rb') as clip, open(name, 'wb') as file:
        file.write(clip.read())
    assert len(frames(os.fsdecode(name), frames=3)) == 3


def test_a_name_that_is_not_utf8_of_an_interlaced_or_broken_video(tmp_path):
    name = os.fsdecode(os.path.join(os.fsencode(str(tmp_path)), b'\xff.ts'))
    os.rename(make(tmp_path / 'a.ts', *INTERLACED['mpeg2.ts']), name)
    assert {quarters(frame.image) for frame in frames(name)} == {QUARTERS}
    os.truncate(name, 100)
    assert error_of(name).startswith(f'{tmp_path}/?.ts is not a readable video')


def stream_of(path: str) -> bytes:
    """A clip as MPEG-TS."""
    return subprocess.run([need('ffmpeg'), '-v', 'error', '-i', path, '-frames:v', '20', '-f',
                           'mpegts', '-'], stdout=subprocess.PIPE, check=True).stdout


def test_a_named_pipe_is_opened_once(tmp_path):
    data, pipe = stream_of(CLIP), str(tmp_path / 'pipe [1]')
    os.mkfifo(pipe)

    def write() -> None:
        with open(pipe, 'wb') as file:
            file.write(data)
    threading.Thread(target=write, daemon=True).start()
    assert len(frames(pipe)) == 20


@pytest.mark.parametrize('source', ['-', '/dev/stdin', '/dev/fd/0'])
def test_standard_input(source):
    with demo('--videosrc', source, stdin=subprocess.PIPE) as process:
        out, err = process.communicate(stream_of(CLIP), timeout=60)
        assert (process.returncode, err) == (0, b'') and len(out.splitlines()) == 21
    with open(CLIP, 'rb') as file, demo('--videosrc', source, '--frames', '3',
                                        stdin=file) as process:
        assert process.communicate(timeout=60)[0].splitlines()[-1] == b'end'


def test_a_pipe_that_cannot_be_read_in_one_go():
    with demo('--videosrc', '-', stdin=subprocess.PIPE) as process, open(CLIP, 'rb') as clip:
        err = process.communicate(clip.read(), timeout=60)[1]
    assert process.returncode == 1
    assert err.startswith(b'error: - ') and b'such as MPEG-TS or Matroska' in err


def test_a_file_below_dev_is_no_camera():
    path = f'/dev/shm/clip_{os.getpid()}.mp4'
    with open(CLIP, 'rb') as clip, open(path, 'wb') as file:
        file.write(clip.read())
    try:
        assert len(frames(path, frames=3)) == 3
    finally:
        os.unlink(path)


def test_an_animated_gif_plays(tmp_path):
    images = [Image.new('RGB', (64, 64), (50 * i, 0, 0)) for i in range(1, 5)]
    images[0].save(str(tmp_path / 'a.gif'), save_all=True, append_images=images[1:], duration=100)
    found = frames(str(tmp_path / 'a.gif'))
    assert [frame.name for frame in found] == [''] * 4
    assert [frame.image[9, 9, 0] for frame in found] == pytest.approx([50, 100, 150, 200], abs=3)
