"""What every script does alike: an orderly end on signals, whatever its camera does just then."""
import contextlib
import signal
import threading
import time

import streams
from cameras import CLIP, DEMO, demo
from posesuite import script
from posesuite.camera import Camera
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


def test_run_returns_the_exit_status(capfd):
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
