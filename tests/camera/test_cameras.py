"""Several sources as one: turns, and sources that die, stall or are not there."""
import argparse
import threading
import time
from typing import Any, List

from cameras import CLIP, LOG
from figures import numbered
from helpers import wait_for
from posesuite.camera import Camera, CameraError, Cameras, add_camera_options
from posesuite.camera import cameras as module
from posesuite.pose.pose import FaultKind, Frame

import pytest


class Source:
    """Stands for a Camera: frames of a pace, then a stall, an error or the end.

    Attribute yielded: how many frames it has handed over.
    """

    def __init__(self, name: str, count: int = 10 ** 6, pace: float = 0.0, live: bool = True,
                 error: str = '', stalls: bool = False, begins: bool = True,
                 step: float = 1 / 30) -> None:
        self.source, self.fps, self.live = name, 30.0, live
        self.size, self.has_poses, self.pictures = None, False, False
        self._count, self._pace, self._error = count, pace, error
        self._stalls, self._begins = stalls, begins
        self._step, self._stopped = step, threading.Event()
        self.yielded = 0

    def __enter__(self) -> 'Source':
        if not self._begins:
            raise CameraError(self._error)
        return self

    def __exit__(self, *_: Any) -> None:
        self.stop()

    def stop(self) -> None:
        self._stopped.set()

    def skip(self) -> None:
        pass

    def __iter__(self) -> Any:
        for number in range(self._count):
            if self._stopped.wait(self._pace):
                return
            self.size = 64, 48
            self.yielded += 1
            yield numbered(number, number * self._step)
        if self._stalls:
            self._stopped.wait(60)
        if self._error:
            raise CameraError(self._error)


def taken(cameras: Cameras, count: int) -> List[Frame]:
    """So many frames of cameras, or all until their end."""
    found = []
    for frame in cameras:
        found.append(frame)
        if len(found) == count:
            break
    return found


def test_live_sources_take_turns_however_fast_they_are():
    with Cameras([Source('fast'), Source('fast too'), Source('slow', pace=0.001)]) as cameras:
        wait_for(lambda: all(each.yielded for each in cameras.each))
        found = []
        for frame in cameras:
            time.sleep(0.01)  # a network
            found.append(frame.camera)
            if len(found) == 90:
                break
    assert [found.count(number) for number in range(3)] == [30, 30, 30]
    assert found[:6] in ([0, 1, 2] * 2, [1, 2, 0] * 2, [2, 0, 1] * 2)


def test_only_the_newest_frame_of_a_live_source_is_handed_over():
    source, other = Source('camera', pace=0.002), Source('other', pace=0.01)
    with Cameras([source, other]) as cameras:
        wait_for(lambda: source.yielded > 50)
        behind = []
        for frame in cameras:
            if frame.camera == 0:
                behind.append(source.yielded - 1 - frame.number)
                time.sleep(0.05)
            if len(behind) == 10:
                break
    assert max(behind[1:]) <= 3


def test_every_frame_of_files_is_handed_over():
    with Cameras([Source('a', 40, live=False), Source('b', 25, live=False)]) as cameras:
        found = taken(cameras, 1000)
    assert [[frame.number for frame in found if frame.camera == number] for number in (0, 1)] == [
        list(range(40)), list(range(25))]
    assert [frame.camera for frame in found[:50]] in ([0, 1] * 25, [1, 0] * 25)


def test_a_source_that_stalls_costs_the_others_nothing():
    with Cameras([Source('stalls', 3, stalls=True), Source('a', pace=0.001),
                  Source('b', pace=0.001)]) as cameras:
        began = time.monotonic()
        found = [frame.camera for frame in taken(cameras, 200)]
        assert time.monotonic() - began < 10
    assert found.count(0) <= 3
    assert abs(found.count(1) - found.count(2)) < 40


def test_a_source_that_dies_is_reported_once_and_costs_the_others_nothing(caplog):
    with Cameras([Source('dies', 3, error='dies: gone', live=False),
                  Source('a', 100, pace=0.001, live=False)]) as cameras:
        found = taken(cameras, 1000)
    dead = [frame for frame in found if frame.camera == 0]
    assert [frame.fault and frame.fault.kind for frame in dead] == [None] * 3 + [FaultKind.LOST]
    assert dead[-1].people == {}
    assert len(found) == 104
    assert caplog.messages == ['dies: gone']


def test_when_all_have_died_the_error_is_raised():
    with Cameras([Source('a', 3, error='a: gone'), Source('b', 3, error='b: gone')]) as cameras, \
            pytest.raises(CameraError, match='a: gone'):
        taken(cameras, 1000)


def test_files_go_on_together_by_their_times():
    """One with twice the frames a second has twice the turns, whichever is read faster."""
    fast, slow = Source('fast', 40, live=False, step=1 / 60), Source('slow', 20, 0.02, live=False)
    with Cameras([fast, slow]) as cameras:
        found = taken(cameras, 1000)
    assert len(found) == 60
    assert [frame.time for frame in found] == sorted(frame.time for frame in found)


def test_a_file_that_stalls_delays_the_others_once():
    with Cameras([Source('pipe', 3, live=False, stalls=True),
                  Source('a', 200, live=False)]) as cameras:
        began = time.monotonic()
        assert len([frame for frame in taken(cameras, 203) if frame.camera == 1]) == 200
        assert time.monotonic() - began < 5


def test_a_file_that_cannot_be_read_is_an_error_at_once():
    cameras = Cameras([Source('a'), Source('b', begins=False, error='b: no such file')])
    with pytest.raises(CameraError, match='b: no such file'), cameras:
        pass


def test_a_source_that_does_not_answer_delays_the_start_a_little(monkeypatch):
    monkeypatch.setattr(module, 'GRACE', 0.3)
    began = time.monotonic()
    with Cameras([Source('silent', 0, stalls=True), Source('a')]) as cameras:
        assert 0.2 < time.monotonic() - began < 5
        assert {frame.camera for frame in taken(cameras, 20)} == {1}


def test_none_answers(monkeypatch):
    monkeypatch.setattr(module, 'START_TIMEOUT', 0.3)
    with pytest.raises(CameraError, match='none of a, b answers'), Cameras([
            Source('a', 0, stalls=True), Source('b', 0, stalls=True)]):
        pass


def test_stop_ends_iterating():
    with Cameras([Source('a', pace=0.01), Source('b', 0, stalls=True)]) as cameras:
        threading.Timer(0.3, cameras.stop).start()
        assert 0 < len(taken(cameras, 10 ** 6)) < 100


def parsed(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_camera_options(parser, several=True)
    return parser.parse_args(arguments)


def test_real_sources():
    cameras = Cameras.from_args(parsed('--videosrc', CLIP, '--videosrc', LOG, '--full-speed',
                                       '--frames', '50'))
    assert cameras.source == f'{CLIP}, {LOG}'
    with cameras:
        assert (cameras.size, cameras.fps, cameras.has_poses, cameras.pictures) == (
            (640, 480), 30.0, False, False)
        found = list(cameras)
    assert [frame.number for frame in found if frame.camera == 0] == list(range(25))
    assert [frame.people is None for frame in found[:2]] == [True, False]


def test_one_source_is_a_camera():
    for arguments in (['--videosrc', CLIP], [CLIP]):
        camera = Cameras.from_args(parsed(*arguments))
        assert isinstance(camera, Camera)
        assert [each.source for each in camera.each] == [CLIP]
    assert parsed().videosrc is None


def test_a_camera_that_is_not_there_is_waited_for_while_the_others_go_on(caplog):
    with Cameras.from_args(parsed('--videosrc', '/dev/video99', '--videosrc', CLIP, '--realtime')
                           ) as cameras:
        found = taken(cameras, 20)
    assert {frame.fault and frame.fault.kind for frame in found if frame.camera == 0} <= {
        FaultKind.LOST}
    assert len([frame for frame in found if frame.camera == 1]) >= 5
    assert [line for line in caplog.messages if '/dev/video99' in line]
