"""Files that are repeated, and pictures that are shown one after the other."""
import argparse
import threading
import time
from typing import Any, List

from cameras import CLIP, LOG, frames
from posesuite.camera import Camera, add_camera_options

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def folder(tmp_path) -> str:
    """A folder of three pictures."""
    for name in 'abc':
        Image.new('RGB', (64, 48), (90, 90, 90)).save(str(tmp_path / f'{name}.png'))
    return str(tmp_path)


@pytest.mark.parametrize('source', [CLIP, LOG])
def test_a_loop_goes_on_where_the_file_ends(source):
    seen = frames(source, loop=True, frames=650)  # of 300
    assert len(seen) == 650
    assert [frame.number for frame in seen] == list(range(650))
    assert np.allclose(np.diff([frame.time for frame in seen]), 1 / 30, atol=0.002)
    for again in (seen[300], seen[600]):
        assert np.array_equal(again.image, seen[0].image)
        assert again.people == seen[0].people


def test_a_loop_plays_at_the_pace_of_the_file():
    began = time.monotonic()
    assert len(frames(LOG, loop=True, realtime=True, frames=15)) == 15
    assert 0.4 < time.monotonic() - began < 3


def arrivals(camera: Camera) -> List[float]:
    """When the pictures came and when they ended, seconds from the first one."""
    times = []
    for _ in camera:
        times.append(time.monotonic())
    return [moment - times[0] for moment in [*times, time.monotonic()]]


def test_each_picture_is_kept_for_its_time_and_so_is_the_last(folder):
    with Camera(folder, picture_time=0.3) as camera:
        times = arrivals(camera)
    assert len(times) == 4
    assert np.abs(np.diff(times) - 0.3).max() < 0.2
    with Camera(folder, picture_time=0.3, frames=1) as camera:
        assert arrivals(camera)[-1] > 0.29


def test_a_picture_can_be_skipped_and_a_signal_ends_it(folder):
    with Camera(folder, picture_time=3600) as camera:
        pictures = iter(camera)
        next(pictures)
        threading.Timer(0.1, camera.skip).start()
        assert next(pictures).name == 'b.png'
        threading.Timer(0.1, camera.stop).start()
        assert list(pictures) == []


def test_pictures_that_nobody_sees_are_not_waited_for(folder):
    def camera(*arguments: str, **options: Any) -> Camera:
        parser = argparse.ArgumentParser()
        add_camera_options(parser)
        args = parser.parse_args([folder, '--picture-time', '3600', *arguments])
        return Camera.from_args(argparse.Namespace(**vars(args), **options))

    for shown in ({'headless': True}, {'headless': False, 'output': 'a.mp4'}):
        with camera(**shown) as files:
            assert len(list(files)) == 3
    with camera(headless=False) as files:
        pictures = iter(files)
        next(pictures)
        threading.Timer(0.3, files.stop).start()
        assert list(pictures) == []
