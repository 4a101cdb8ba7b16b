"""Videos that are interlaced, turned or anamorphic, pipes, and names that look like something else.
"""
import functools
import io
import os
import shutil
import subprocess
import threading
from typing import Any, Callable

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


def make(path: Any, *options: str, size: str = '160x120', moves: bool = False) -> str:
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


@pytest.fixture(scope='module')
def made(tmp_path_factory) -> Callable[..., str]:
    """make(), by name and options, once for all tests, which leave the file as it is."""
    return functools.lru_cache(maxsize=None)(lambda name, *options, **more: make(
        tmp_path_factory.mktemp('video') / name, *options, **more))


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
def test_interlaced_video_shows_what_was_filmed(made, name):
    plain = frames(made('plain.mp4', moves=True))
    found = frames(made(name, *INTERLACED[name], moves=True))
    assert len(found) >= 9 and [frame.number for frame in found] == list(range(len(found)))
    for frame, expected in zip(found, plain):
        assert frame.fault is None and frame.image.shape == (120, 160, 3)
        assert np.abs(frame.image.astype(int) - expected.image).mean() < 12


def test_dv_is_read(tmp_path):
    found = frames(make(tmp_path / 'a.dv', '-r', '25', '-vf', 'setsar=16/15', '-frames:v', '4',
                        size='720x576'))
    assert {quarters(frame.image) for frame in found} == {QUARTERS} and len(found) == 4
    assert found[0].image.shape[0] == 576 and abs(found[0].image.shape[1] - 768) < 30


def test_film_before_the_interlaced_part_is_kept(tmp_path, made):
    parts = [make(tmp_path / 'film.ts', '-c:v', 'mpeg2video', moves=True),
             made('still.ts', *INTERLACED['mpeg2.ts'])]
    with open(parts[0], 'ab') as film, open(parts[1], 'rb') as rest:
        film.write(rest.read())
    found = frames(parts[0])
    numbers = [frame.number for frame in found]
    assert len(found) > 15 and numbers == sorted(set(numbers))
    assert quarters(found[-1].image) == QUARTERS


@pytest.mark.skipif(not ffmpeg.FAILS_ON_INTERLACED, reason='this OpenCV reads interlaced video')
def test_interlaced_video_without_the_ffmpeg_program_is_an_error(tmp_path, made, monkeypatch):
    path = made('still.ts', *INTERLACED['mpeg2.ts'])
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
def test_a_turned_video_is_upright(made, codec, name, angle):
    path = turned(made(name, '-c:v', codec), angle)
    expected = subprocess.run([need('ffmpeg'), '-v', 'error', '-i', path, '-frames:v', '1', '-f',
                               'image2pipe', '-c:v', 'png', '-'], stdout=subprocess.PIPE).stdout
    turn = quarters(np.asarray(Image.open(io.BytesIO(expected)).convert('RGB')))
    with Camera(path) as camera:
        found = list(camera)
        assert camera.size == ((160, 120) if angle == 180 else (120, 160))
    assert len(found) == 10
    assert turn != QUARTERS and {quarters(frame.image) for frame in found} == {turn}


@pytest.mark.parametrize('name', ['rot90.mov', 'rot180.mov'])
def test_turned_jpegs_of_a_camera(name):
    found = frames(shared('cases', '08-rotated-mjpeg', name))
    assert len(found) == 15
    assert found[0].image.shape == ((240, 320, 3) if name == 'rot90.mov' else (320, 240, 3))


@pytest.mark.parametrize('codec, name, aspect, width', [
    ('libx264', 'a.mp4', '16/11', 233), ('mjpeg', 'a.mov', '1/2', 80)])
def test_pixels_become_square(tmp_path, codec, name, aspect, width):
    path = make(tmp_path / name, '-c:v', codec, '-vf', f'setsar={aspect}')
    image = frames(path)[0].image
    assert image.shape == (120, width, 3) and quarters(image) == QUARTERS
    assert frames(turned(path, 90))[0].image.shape == (width, 120, 3)


def test_both_fields_of_an_interlaced_jpeg_fill_the_picture(tmp_path, made):
    """Capture cards write a JPEG for each field; decoders stop after the first."""
    whole, fields = cv2.imread(made('a.png', '-frames:v', '1')), io.BytesIO()
    for first in (0, 1):
        Image.fromarray(whole[first::2]).save(fields, 'JPEG')
    with open(made('a.avi', '-c:v', 'rawvideo', '-frames:v', '1'), 'rb') as file:
        raw = file.read()
    jpegs = fields.getvalue().ljust(160 * 120 * 3 // 2, b'\0')  # in the place of the raw frame
    at = raw.index(b'00dc', raw.index(b'movi')) + 8
    path = tmp_path / 'fields.avi'
    path.write_bytes(raw[:at].replace(b'I420', b'MJPG') + jpegs + raw[at + len(jpegs):])
    frame, = frames(str(path))
    assert frame.image.shape == (120, 160, 3) and quarters(frame.image) == QUARTERS


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


def test_a_name_that_is_not_utf8_of_an_interlaced_or_broken_video(tmp_path, made):
    name = os.fsdecode(os.path.join(os.fsencode(str(tmp_path)), b'\xff.ts'))
    shutil.copy(made('still.ts', *INTERLACED['mpeg2.ts']), name)
    assert {quarters(frame.image) for frame in frames(name)} == {QUARTERS}
    os.truncate(name, 100)
    assert error_of(name).startswith(f'{tmp_path}/?.ts is not a readable video')


@functools.lru_cache(maxsize=None)
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


@pytest.mark.parametrize('source', ['-', '/dev/stdin', '/dev/fd/0'])
def test_what_can_be_read_only_once_is_not_repeated(source):
    with demo('--videosrc', source, '--loop', stdin=subprocess.PIPE) as process:
        assert process.communicate(stream_of(CLIP), timeout=60) == (b'', (
            f'error: {source} cannot be repeated, because it can be read only once\n').encode())


@pytest.mark.skipif(not ffmpeg.FAILS_ON_INTERLACED, reason='this OpenCV reads interlaced video')
def test_what_to_do_about_an_interlaced_pipe_is_said(made):
    """FFmpeg's complaint cannot be heard, as a pipe cannot be opened once more."""
    with open(made('mpeg2.ts', *INTERLACED['mpeg2.ts'], moves=True), 'rb') as video, \
            demo('--videosrc', '-', stdin=subprocess.PIPE) as process:
        out, err = process.communicate(4 * video.read(), timeout=60)
    assert len(out.splitlines()) > 35 and err.count(b'\n') == 1
    assert b'if it is interlaced' in err and b'yadif' in err


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
