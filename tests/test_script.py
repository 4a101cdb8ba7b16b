"""What every script does alike: errors in lines, and an orderly end on signals, whatever its camera
does just then.
"""
import contextlib
import signal
import threading
import time

import streams
from cameras import CLIP, DEMO, demo
from posesuite import script
from posesuite.camera import Camera, CameraError
from posesuite.errors import SuiteError
from streams import mjpeg_server, picture

import pytest

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


def one_connection(send, connection):
    """A camera that is lost after 5 frames and does not come back."""
    if connection == 0:
        for i in range(5):
            send(picture(i * 10))


def assert_normal_end(process, number):
    began = time.monotonic()
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert time.monotonic() - began < 5
    assert process.returncode == 0
    assert out.endswith('end\n')
    assert 'Traceback' not in err


@pytest.mark.parametrize('number', SIGNALS)
def test_a_signal_is_a_normal_end_of_a_file(number):
    with demo('--videosrc', CLIP, '--realtime') as process:
        process.stdout.readline()
        assert_normal_end(process, number)


@pytest.mark.parametrize('camera, number', [
    (streams.endless, signal.SIGINT), (one_connection, signal.SIGTERM)], ids=['live', 'lost'])
def test_a_signal_is_a_normal_end_of_a_stream(camera, number):
    with mjpeg_server(camera) as url, demo('--videosrc', url) as process:
        line = process.stdout.readline()
        while camera is one_connection and 'camera lost' not in line:
            line = process.stdout.readline()
        assert_normal_end(process, number)


@pytest.mark.parametrize('options, number', [
    ([], signal.SIGTERM), (['--wait'], signal.SIGINT)], ids=['opens', 'waits'])
def test_a_signal_is_a_normal_end_of_opening(options, number):
    with streams.silent_server() as (url, connected), demo('--videosrc', url, *options) as process:
        connected()
        assert_normal_end(process, number)


def test_a_second_signal_ends_the_process():
    busy = DEMO.replace('flush=True)', "flush=True), time.sleep(60)")
    # Python goes on with an interrupted sleep after the first signal.
    with demo('--videosrc', CLIP, code=busy) as process:
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        with pytest.raises(Exception, match='timed out'):
            process.wait(0.3)
        process.send_signal(signal.SIGINT)
        assert process.wait(5) == -signal.SIGINT


def test_an_ignored_signal_stays_ignored():
    nohup = 'import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n' + DEMO
    with demo('--videosrc', CLIP, '--realtime', '--frames', '30', code=nohup) as process:
        process.stdout.readline()
        process.send_signal(signal.SIGHUP)
        out, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    assert len(out.splitlines()) == 30  # 29 more frames and the end


def test_the_handlers_are_as_before():
    before = [signal.getsignal(number) for number in SIGNALS]
    for source in (CLIP, 'nothing.mp4'):
        with contextlib.suppress(RuntimeError), script.stopped_by_signals(Camera(source)) as camera:
            assert [signal.getsignal(number) for number in SIGNALS] != before
            next(iter(camera))
        assert [signal.getsignal(number) for number in SIGNALS] == before


def test_both_of_two_cameras_stop():
    with script.stopped_by_signals(Camera(CLIP, realtime=True)) as first, \
            Camera(CLIP, realtime=True) as second:
        threading.Timer(0.2, signal.pthread_kill,
                        (threading.main_thread().ident, signal.SIGTERM)).start()
        assert len(list(first)) < 200
        second.stop()
        assert len(list(second)) == 0


@pytest.fixture
def dumping(monkeypatch):
    """Leaves it to the tests' own process whether it may dump core."""
    monkeypatch.setattr(script, 'forbid_core_dumps', lambda: None)


def test_run_returns_the_exit_status(capfd, dumping):
    def fails(_):
        raise ValueError('two\nlines')

    def interrupted(_):
        raise KeyboardInterrupt
    assert script.run(lambda _: None, None) == 0
    assert script.run(lambda _: 3, None) == 3
    assert script.run(interrupted, None) == 130
    assert capfd.readouterr().err == ''
    assert script.run(fails, None) == 1
    assert capfd.readouterr().err == 'error: two lines\n'


class Failing:
    """An output that cannot be completed; a context manager."""

    def __init__(self, name):
        self._name = name

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            raise OSError(28, 'No space left on device')
        except OSError as error:
            raise SuiteError(f'cannot write {self._name}: {error.strerror}')


def test_every_output_that_fails_is_named(capfd, dumping):
    def demo(_):
        with Failing('log'), Failing('store'), Failing('video'):
            raise CameraError('the camera is lost')
    assert script.run(demo, None) == 1
    assert capfd.readouterr().err == (
        'error: the camera is lost\n'
        'error: cannot write video: No space left on device\n'
        'error: cannot write store: No space left on device\n'
        'error: cannot write log: No space left on device\n')


@pytest.mark.parametrize('number', SIGNALS)
def test_a_script_without_a_camera_leaves_no_unfinished_file(tmp_path, number):
    code = f"""
import sys, time
from posesuite import files, script
def work(_):
    with files.written_whole({str(tmp_path / 'report')!r}) as file:
        print('writes', flush=True)
        time.sleep(60)
sys.exit(script.run(work, None))
"""
    with demo(code=code) as process:
        process.stdout.readline()
        assert len(list(tmp_path.iterdir())) == 1
        process.send_signal(number)
        _, err = process.communicate(timeout=20)
    assert process.returncode == 128 + number
    assert err == ''
    assert not list(tmp_path.iterdir())
