"""What the process reports to systemd."""
import socket

from canary import running
from figures import frame
from posesuite.privacy import Systemd, process

import pytest


@pytest.fixture
def systemd(tmp_path, monkeypatch):
    """A socket that receives what systemd would."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(str(tmp_path / 'notify'))
        notify.settimeout(30)
        monkeypatch.setenv('NOTIFY_SOCKET', str(tmp_path / 'notify'))
        yield notify


def test_systemd_is_notified_while_frames_arrive(systemd, tmp_path, canaries):
    with running(tmp_path, '--videosrc', canaries, '--realtime', '--headless',
                 NOTIFY_SOCKET=str(tmp_path / 'notify')):
        assert [systemd.recv(100) for _ in range(2)] == [b'READY=1', b'WATCHDOG=1']


def test_the_watchdog_starves_without_frames(systemd, monkeypatch):
    monkeypatch.setattr(process, 'WATCHDOG_INTERVAL', 0)
    notifier = Systemd()
    for fault in ('camera lost since 12:00', 'frozen since 12:00'):
        notifier.feed(frame(0, fault))
    notifier.notify('STOPPING=1')
    for fault in ('black', ''):
        notifier.feed(frame(0, fault))
    assert [systemd.recv(100) for _ in range(3)] == [b'STOPPING=1', b'WATCHDOG=1', b'WATCHDOG=1']


def test_the_watchdog_is_fed_once_a_second(systemd):
    notifier = Systemd()
    for _ in range(5):
        notifier.feed(frame(0))
    systemd.setblocking(False)
    assert systemd.recv(100) == b'WATCHDOG=1'
    with pytest.raises(BlockingIOError):
        systemd.recv(100)


def test_without_systemd_nothing_happens(monkeypatch):
    monkeypatch.delenv('NOTIFY_SOCKET', raising=False)
    Systemd().notify('READY=1')
