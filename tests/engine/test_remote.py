"""RemoteEngine: a PoseEngine's verbs for the engine of a server, and a server that goes away."""
import contextlib
import logging
import os
import socket
import threading
from typing import Any, List

from helpers import bundled_model, need_package
from pose_engine import PoseEngine
from posesuite.engine import line, remote
from posesuite.engine.model_file import EngineError
from posesuite.engine.remote import RemoteEngine, RemoteFault
from posesuite.errors import DeviceFault
from posesuite.pose.finder import PeopleFinder

import numpy as np
import pytest
from PIL import Image

need_package('falcon')
need_package('uvicorn')
need_package('prometheus_client')

from figures import frame  # noqa: E402
from pose_servers import COUPLE, Engine, serving  # noqa: E402

TOKEN = 'sesame-sesame'


def grey(level: int, width: int = 64, height: int = 48) -> np.ndarray:
    return np.full((height, width, 3), level, np.uint8)


@pytest.fixture(params=['unix', 'http'])
def addresses(request, tmp_path) -> Any:
    return [str(tmp_path / 'poses.sock')] if request.param == 'unix' else [('127.0.0.1', 0)]


def test_the_answers_are_those_of_the_engine(monkeypatch, addresses):
    monkeypatch.setattr(line, 'ANSWER_TIMEOUT', 120)  # some runtimes need seconds for an image
    local, picture = PoseEngine(bundled_model()), Image.open(COUPLE)
    expected, _ = local.DetectPosesInImage(picture)
    heatmap = local.GetHeatmap('leftWrist')
    with serving(local, addresses=addresses) as server:
        engine = RemoteEngine(server.urls[0])
        poses, seconds = engine.DetectPosesInImage(picture)
        assert np.array_equal(engine.GetHeatmap(9), heatmap)
    assert len(poses) == len(expected) == 2
    assert seconds > 0
    for pose, other in zip(poses, expected):
        assert abs(pose.score - other.score) < 1e-4
        assert list(pose.keypoints) == list(other.keypoints)
        for part, (point, score) in pose.keypoints.items():
            assert point.distance(other.keypoints[part].point) < 0.02
            assert abs(score - other.keypoints[part].score) < 1e-4
    assert (engine.family, engine.device, engine.has_masks) == ('PoseNet', 'cpu', False)
    assert engine.input_size == local.input_size and engine.skeleton == local.skeleton
    assert engine.model_path == os.path.basename(local.model_path)


def test_a_mirror(addresses):
    with serving(addresses=addresses) as server:
        poses, mirrored = (RemoteEngine(server.urls[0], mirror=mirror).DetectPosesInImage(
            grey(1, 640, 480))[0] for mirror in (False, True))
    assert len(poses) == len(mirrored) == 2
    for pose, other in zip(poses, mirrored):
        for part, (point, score) in pose.keypoints.items():
            assert other.keypoints[part] == ((639 - point.x, point.y), score)


def test_what_the_network_does_not_have(server_engine):
    engine, seen = server_engine
    engine.DetectPosesInImage(grey(1))
    for verb in (engine.GetMask, engine.GetMasks, engine.GetMaskScores):
        with pytest.raises(EngineError, match='PoseNet has no masks: a BodyPix has'):
            verb()
    with pytest.raises(ValueError, match="no part toe"):
        engine.GetHeatmap('toe')
    assert len(seen) == 5
    assert engine.GetHeatmap(None).shape == (48, 64)


def test_images_of_any_kind(server_engine):
    engine, seen = server_engine
    engine.DetectPosesInImage(grey(1)[:, ::-1])
    engine.DetectPosesInImage(Image.new('L', (99, 20), 2))
    engine.DetectPosesInImage(Image.new('RGBA', (640, 480), (3, 3, 3, 255)))
    engine.DetectPosesInImage(grey(4, 16, 16))
    assert seen == [1, 2, 3, 4]
    for wrong in (grey(1)[0], np.zeros((48, 64, 3)), 'picture.jpg'):
        with pytest.raises((TypeError, ValueError), match='need a'):
            engine.DetectPosesInImage(wrong)
    with pytest.raises(ValueError, match='need 16 to 16384 a side'):
        engine.DetectPosesInImage(grey(1, 9, 9))


@pytest.fixture
def server_engine(addresses):
    """A RemoteEngine, and what its server's engine has seen."""
    engine = Engine()
    with serving(engine, addresses=addresses) as server:
        yield RemoteEngine(server.urls[0]), engine.seen


def test_before_the_first_image(server_engine):
    with pytest.raises(EngineError, match='there is no image yet'):
        server_engine[0].GetHeatmap(None)


def open_files() -> List[str]:
    """The names of this process's open files, as the system has them."""
    found = []
    for file in os.listdir('/proc/self/fd'):
        with contextlib.suppress(OSError):  # that of the folder itself
            found.append(os.readlink(f'/proc/self/fd/{file}'))
    return found


def test_memory_is_shared_and_nameless(server_engine, caplog):
    engine, seen = server_engine
    with caplog.at_level('INFO'):
        for level in range(1, 9):
            engine.DetectPosesInImage(grey(level))
            memory = [link for link in open_files() if '/dev/shm/posesuite-' in link]
            assert memory and all(link.endswith(' (deleted)') for link in memory)
    assert seen == list(range(1, 9))
    assert 'shares no memory' not in caplog.text


@pytest.mark.parametrize('why', ['no folder', 'full', 'another user'])
def test_without_shared_memory_frames_are_sent(monkeypatch, server_engine, caplog, why):
    engine, seen = server_engine
    if why == 'no folder':
        monkeypatch.setattr(remote, 'MEMORY_FOLDER', '/no/such/folder')
    elif why == 'full':
        def full(*_):
            raise OSError(28, 'No space left on device')
        monkeypatch.setattr(os, 'pwritev', full)
    else:  # the server looks elsewhere, as it does in another container
        from posesuite.serving import memories
        monkeypatch.setattr(memories, 'MEMORY_FOLDER', '/no/such/folder')
    with caplog.at_level(logging.INFO):
        for level in (1, 2, 3):
            engine.DetectPosesInImage(grey(level))
    assert seen == [1, 2, 3]
    assert len([line for line in caplog.messages if 'shares no memory' in line]) == 1


def test_several_threads_use_one(server_engine):
    engine, seen = server_engine
    errors = []

    def use(level: int) -> None:
        try:
            for _ in range(10):
                assert len(engine.DetectPosesInImage(grey(level))[0]) == 2
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=use, args=(level,)) for level in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert sorted(seen) == sorted(list(range(5)) * 10)


def test_a_server_that_goes_away_and_comes_back(tmp_path, caplog):
    """Frames meanwhile have a fault, and the camera goes on."""
    path = str(tmp_path / 'poses.sock')
    with serving(addresses=[path]):
        engine = RemoteEngine(f'unix:{path}')
        finder = PeopleFinder(engine, 0.5)
        assert len(finder.find(frame(0.0)).people) == 1
    for seconds in (0.1, 0.2):
        found = finder.find(frame(seconds))
        assert (found.people, found.frame.fault.text[:17]) == ({}, 'engine lost since')
    with pytest.raises(RemoteFault, match='unix:.*: ') as fault:
        engine.DetectPosesInImage(grey(1))
    assert isinstance(fault.value, DeviceFault)
    with caplog.at_level('INFO'), serving(addresses=[path]):
        assert len(finder.find(frame(0.3)).people) == 1
        assert len(finder.find(frame(0.4)).people) == 1
    assert 'the engine is back' in caplog.messages


def test_a_server_that_does_not_answer(monkeypatch, addresses):
    monkeypatch.setattr(line, 'ANSWER_TIMEOUT', 0.3)
    engine = Engine()
    with serving(engine, addresses=addresses) as server:
        client = RemoteEngine(server.urls[0])
        engine.held.clear()
        with pytest.raises(RemoteFault, match='timed out'):
            client.DetectPosesInImage(grey(1))
        engine.held.set()
        monkeypatch.setattr(line, 'ANSWER_TIMEOUT', 10)
        assert len(client.DetectPosesInImage(grey(2))[0]) == 2


def test_who_has_no_token(caplog):
    with serving(token=TOKEN) as server:
        with pytest.raises(EngineError, match='needs the header "Authorization'):
            RemoteEngine(server.urls[0])
        assert RemoteEngine(server.urls[0], TOKEN).DetectPosesInImage(grey(1))[0]
    assert TOKEN not in caplog.text


def test_what_is_no_server_of_poses():
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        address = f'http://127.0.0.1:{free.getsockname()[1]}/path?password=hunter2'
        with pytest.raises(EngineError, match='no server of poses answers at http://127.0.0.1:'
                           ) as error:
            RemoteEngine(address)
    assert 'hunter2' not in str(error.value) and '\n' not in str(error.value)
    with pytest.raises(EngineError, match='no server of poses answers at unix:/no/such.sock'):
        RemoteEngine('unix:/no/such.sock')


@pytest.mark.parametrize('answer', [
    b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}',
    b'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n[',
    b'HTTP/1.1 404 Not Found\r\nContent-Length: 6\r\n\r\n<html>', b'SSH-2.0-OpenSSH_9.2\r\n', b''])
def test_other_servers(answer):
    with socket.create_server(('127.0.0.1', 0)) if hasattr(socket, 'create_server') else (
            contextlib.closing(socket.socket())) as server:
        server.listen()

        def serve() -> None:
            with contextlib.suppress(OSError):  # it is closed
                while True:
                    connection, _ = server.accept()
                    with connection:
                        connection.recv(1 << 16)
                        connection.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        with pytest.raises(EngineError) as error:
            RemoteEngine(f'http://127.0.0.1:{server.getsockname()[1]}')
        assert '\n' not in str(error.value)


def test_a_server_with_a_rate_is_waited_for(addresses):
    from posesuite.serving.limits import Limits
    with serving(addresses=addresses, limits=Limits(rate=2)) as server:
        engine = RemoteEngine(server.urls[0])
        assert [len(engine.DetectPosesInImage(grey(1))[0]) for _ in range(6)] == [2] * 6
