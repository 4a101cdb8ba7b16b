"""Cameras at this machine, with a stand-in for the kernel's driver: see v4l2_stand_in.c."""
import itertools
import os
import signal
import stat
import struct
import subprocess
import time
from typing import Callable, Iterator, List

from cameras import demo
from helpers import ROOT
from posesuite.camera import Camera, CameraError, devices
from streams import picture

import numpy as np
import pytest


def test_no_camera_names_what_is_there():
    if os.path.exists('/dev/video0'):
        pytest.skip('there is a camera')
    with pytest.raises(CameraError) as error, Camera():
        pass
    assert str(error.value).startswith('no camera /dev/video0: there is ')
    assert 'try --videosrc ' in str(error.value)


@pytest.fixture(scope='session')
def stand_in(tmp_path_factory, gxx) -> str:
    """The library for LD_PRELOAD."""
    path = str(tmp_path_factory.mktemp('v4l2') / 'v4l2_stand_in.so')
    source = os.path.join(ROOT, 'tests', 'camera', 'v4l2_stand_in.c')
    subprocess.run([gxx, '-x', 'c', '-shared', '-fPIC', '-o', path, source, '-ldl'], check=True)
    return path


@pytest.fixture
def device() -> Iterator[Callable[..., str]]:
    """Makes a camera for the stand-in from its frames; returns its path."""
    paths = []

    def make(*data: bytes, hangs: bool = False) -> str:
        paths.append(f'/dev/shm/video_test_{os.getpid()}_{len(paths)}')
        os.mknod(paths[-1], stat.S_IFSOCK | 0o600)  # a file would be a video
        with open(f'{paths[-1]}.frames', 'wb') as file:
            for frame in data:
                file.write(struct.pack('<I', len(frame)) + frame)
            file.write(b'\xff' * 4 * hangs)
        return paths[-1]
    if not os.path.isdir('/dev/shm'):
        pytest.skip('no /dev/shm')
    yield make
    for path in paths:
        os.unlink(path)
        os.unlink(f'{path}.frames')


def lines_of(*arguments: str, stand_in: str) -> List[List[str]]:
    """What the demo prints of each frame of the camera: [number, fault]."""
    with demo(*arguments, LD_PRELOAD=stand_in) as process:
        out, err = process.communicate(timeout=20)
    assert (process.returncode, 'Traceback' in err) == (0, False), err
    return [line.split(' ', 1) for line in out.splitlines()[:-1]]


@pytest.mark.parametrize('options', [(), ('--jpeg',)])
def test_a_camera_delivers_frames_until_it_is_unplugged(device, stand_in, options):
    jpegs = [picture(i * 10, (640, 480)) for i in range(20)]
    blocks = np.random.RandomState(0).randint(0, 255, (24, 16)).astype(np.uint8)
    raw = [blocks.repeat(20, axis=0).repeat(80, axis=1).tobytes()] * 20  # 640x480 in YUYV
    found = lines_of('--videosrc', device(*(jpegs if options else raw)), '--frames', '40',
                     *options, stand_in=stand_in)
    assert len(found) == 40
    faults = [fault for fault, _ in itertools.groupby(fault for _, fault in found)]
    assert faults[:3] == ['', faults[1], ''] and faults[1].startswith('camera lost since ')


def test_half_a_jpeg_of_a_camera_is_truncated(device, stand_in):
    jpegs = [picture(i * 10, (640, 480)) for i in range(20)]
    jpegs[5::5] = [jpeg[:len(jpeg) // 2] for jpeg in jpegs[5::5]]
    found = lines_of('--videosrc', device(*jpegs), '--frames', '15', '--jpeg', stand_in=stand_in)
    assert 2 <= [fault for _, fault in found].count('truncated') <= 3


def test_a_driver_that_hangs_does_not_hang_the_demo(device, stand_in):
    path = device(*[picture(i, (640, 480)) for i in range(5)], hangs=True)
    with demo('--videosrc', path, '--jpeg', LD_PRELOAD=stand_in) as process:
        process.stdout.readline()
        began = time.monotonic()
        while 'camera lost since ' not in process.stdout.readline():
            assert time.monotonic() - began < 7
        process.send_signal(signal.SIGINT)
        began = time.monotonic()
        assert process.communicate(timeout=10)[0].endswith('end\n')
        assert process.returncode == 0 and time.monotonic() - began < 3


def test_a_format_that_the_camera_lacks_is_an_error(device, stand_in):
    path = device(picture())
    with demo('--videosrc', path, '--h264', LD_PRELOAD=stand_in) as process:
        assert process.communicate(timeout=20) == (
            '', f'error: {path} delivers YUYV instead of H264\n')
    assert process.returncode == 1


def test_a_camera_is_found_again_by_its_id(device, tmp_path, monkeypatch):
    monkeypatch.setattr(devices, 'BY_ID', str(tmp_path / '*'))
    first, second = device(), device()
    link = tmp_path / 'usb-Camera-1'
    link.symlink_to(first)
    camera = devices.Device(first, (640, 480), None, None)
    assert camera.find() == first
    link.unlink()
    with pytest.raises(CameraError):
        camera.find()
    link.symlink_to(second)
    assert camera.find() == second
