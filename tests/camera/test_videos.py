"""Video files, and names that are none."""
import os
import subprocess
import sys

from cameras import CLIP, error_of, frames
from helpers import ROOT, need
from posesuite.camera import Camera

import cv2
import numpy as np
import pytest
from PIL import Image


def test_a_video_gives_every_frame_in_order():
    with Camera(CLIP) as camera:
        found = list(camera)
        assert (camera.source, camera.fps, camera.live) == (CLIP, 30, False)
    assert [frame.number for frame in found] == list(range(300))
    assert [frame.time for frame in found] == pytest.approx(np.arange(300) / 30, abs=0.002)
    assert all(frame.image.shape == (480, 640, 3) and frame.image.dtype == np.uint8
               for frame in found)
    assert {(frame.fault, frame.people) for frame in found} == {(None, None)}


def test_frames_are_rgb():
    first = frames(CLIP, frames=1)[0]
    expected = cv2.VideoCapture(CLIP).read()[1][..., ::-1]
    assert np.array_equal(first.image, expected)


@pytest.mark.parametrize('name', ['grey.avi', 'mjpeg.avi'])
def test_videos_of_other_formats(tmp_path, name):
    path = str(tmp_path / name)
    writer = cv2.VideoWriter(path, cv2.VideoWriter_fourcc(*'MJPG'), 10, (320, 240), name[0] == 'm')
    photograph = Image.open(os.path.join(ROOT, 'samples', 'couple.jpg'))
    image = np.asarray(photograph.convert('RGB').resize((320, 240)))
    for _ in range(5):
        writer.write(image[..., ::-1] if name[0] == 'm' else image[..., 1])
    writer.release()
    found = frames(path)
    assert [frame.time for frame in found] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4], abs=0.002)
    expected = image if name[0] == 'm' else image[..., 1:2]
    assert np.abs(found[2].image.astype(int) - expected).mean() < 6


def test_a_truncated_video_is_reported(avi, caplog):
    os.truncate(avi, os.path.getsize(avi) // 2)
    count = len(frames(avi))
    assert 30 < count < 70
    assert caplog.messages == [
        f'{avi} ends after {count} of 100 frames: it is truncated or damaged']


def test_a_video_of_a_variable_rate_is_not_called_truncated(tmp_path, caplog):
    """As phones and screen recorders write them. It has room for 28 frames."""
    path = str(tmp_path / 'a.mkv')
    subprocess.run([need('ffmpeg'), '-v', 'error', '-f', 'lavfi', '-i', 'testsrc=s=160x120:r=30',
                    '-t', '1', '-vf', "select='not(mod(n,3))'", path], check=True)
    assert len(frames(path)) == 10
    assert caplog.messages == []


def test_a_video_over_http_ends(avi):
    with subprocess.Popen([sys.executable, '-u', '-m', 'http.server', '--bind', '127.0.0.1', '0'],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          cwd=os.path.dirname(avi)) as server:
        url = server.stdout.readline().decode().split('(')[1].split(')')[0]
        with Camera(url + os.path.basename(avi)) as camera:
            assert not camera.live
            assert [frame.number for frame in camera] == list(range(100))
        assert error_of(f'{url}nothing.mp4').endswith('(FFmpeg: HTTP error 404 File not found)')
        server.kill()


@pytest.mark.parametrize('name', ['a.mp4', 'a.txt', 'a.jpg', 'a.jsonl', 'a'])
@pytest.mark.parametrize('data', ['empty', 'text', 'half a video', 'zeros'])
def test_other_files_are_an_error(tmp_path, capfd, name, data):
    path = tmp_path / name
    with open(CLIP, 'rb') as clip:
        path.write_bytes({'empty': b'', 'text': b'hello\n' * 1000, 'zeros': b'\0' * 5000,
                          'half a video': clip.read(100000)}[data])
    assert str(path) in error_of(str(path))
    assert capfd.readouterr().err == ''


@pytest.mark.parametrize('source', [
    '', ' ', '-', '--help', '../../nothing.mp4', '$(touch owned).mp4', '; touch owned', '*.jpg',
    'a\0b.mp4', 'a\0b.jsonl', 'x' * 5000, 'concat:a|b', 'file:///etc/passwd', 'ftp://x', '//', '\n',
    '::::', 'data:text/plain,x', '/dev/null', '/dev/zero', '/dev/nothing', '99', '9' * 30, '/proc'])
def test_hostile_names_are_an_error(tmp_path, monkeypatch, source, capfd):
    monkeypatch.chdir(tmp_path)
    error_of(source)
    assert capfd.readouterr().err == ''
    assert os.listdir(str(tmp_path)) == []


def test_a_missing_file_names_a_sample_that_is_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sample = error_of('nothing.mp4').split('try --videosrc ')[1].strip("'")
    assert len(frames(sample, frames=2)) == 2
