"""The display: frames to all outputs in order, in a thread of its own."""
import logging
import subprocess
import sys
import threading
import time
from typing import Any, List

from figures import LEFT_HALF, coloured, sure
from posesuite.display import Display, DisplayError

import cv2
import pytest

PEOPLE = {3: sure()}


def picture(path: Any) -> Any:
    return cv2.imread(str(path))[:, :, ::-1]


def test_without_outputs_everything_is_accepted():
    with Display() as display:
        assert all(display.show(coloured(n, n / 30), PEOPLE) for n in range(3))


def test_a_frame_is_shown_while_the_demo_works_on_the_next(tmp_path):
    shown, go_on = [], threading.Event()

    def draw(image: Any, people: Any) -> None:
        assert go_on.wait(10)
        shown.append(image[0, -1, 0])

    with Display(output=str(tmp_path / 'out.avi'), draw=draw) as display:
        assert display.show(coloured(0, 0.0), {})
        assert shown == []  # show did not wait
        go_on.set()
        for n in range(1, 10):
            assert display.show(coloured(n, n / 30), {})
            assert len(shown) >= n  # the frame before is out
    assert shown == list(range(10))


def test_where_windows_need_the_main_thread_it_does_everything(monkeypatch, tmp_path):
    """As on macOS."""
    monkeypatch.setattr(sys, 'platform', 'darwin')
    threads: List[threading.Thread] = []
    with Display(output=str(tmp_path / 'out.avi'),
                 draw=lambda *_: threads.append(threading.current_thread())) as display:
        assert display.show(coloured(0, 0.0), {})
    assert threads == [threading.current_thread()]


@pytest.mark.parametrize('platform', ['linux', 'darwin'])
def test_an_error_is_raised_by_the_next_show_and_by_close(monkeypatch, tmp_path, platform):
    def draw(*_: Any) -> None:
        raise DisplayError('out of paint')

    monkeypatch.setattr(sys, 'platform', platform)
    display = Display(output=str(tmp_path / 'out.avi'), draw=draw)
    assert display.show(coloured(0, 0.0), {})
    with pytest.raises(DisplayError, match='out of paint'):
        display.show(coloured(1, 0.1), {})
    with pytest.raises(DisplayError, match='out of paint'):
        display.close()
    display.close()  # it is closed now


def test_an_output_that_cannot_be_opened_closes_those_before_it(tmp_path):
    with pytest.raises(DisplayError, match='no such host'):
        Display(output=str(tmp_path / 'out.png'), serve=('no such host', 0))
    assert not list(tmp_path.iterdir())
    assert not [thread for thread in threading.enumerate() if 'ThreadPool' in thread.name]


def test_mirror_is_for_all_outputs(tmp_path):
    path = tmp_path / 'out.png'
    with Display(output=str(path), mirror=True) as display:
        display.show(coloured(9, 0.0), PEOPLE)
    assert picture(path)[200, 319].tolist() == list(LEFT_HALF)
    assert picture(path)[200, 0].tolist() == [9, 100, 200]
    assert picture(path)[50, 319 - 100].tolist() == [255, 255, 255]  # the nose


def test_a_demo_may_draw_people_itself(tmp_path):
    def draw(image: Any, people: Any) -> None:
        image[:10] = len(people)

    path = tmp_path / 'out.png'
    with Display(output=str(path), draw=draw) as display:
        display.show(coloured(0, 0.0), PEOPLE)
    assert (picture(path)[:10] == 1).all()
    assert picture(path)[50, 100].tolist() == list(LEFT_HALF)  # no nose


def test_stats_are_logged_at_the_end_and_once(caplog):
    caplog.set_level(logging.INFO, 'posesuite')
    with Display(stats=True) as display:
        for n in range(10):
            display.show(coloured(n, n / 30), {})
        display.close()
    line, = caplog.messages
    assert line.startswith('from capture to display: p50 ') and '; 10 frames, ' in line


def test_latency_counts_from_capture(caplog):
    caplog.set_level(logging.INFO, 'posesuite')
    with Display(stats=True) as display:
        display.show(coloured(0, 0.0)._replace(captured=time.monotonic() - 2), {})
    assert 2000 <= float(caplog.messages[0].split()[5]) < 3000


@pytest.mark.parametrize('arguments, reason', [
    (['--output', 'nowhere/out.mp4'], 'a folder that exists'),
    (['--serve', '203.0.113.1:8080'], 'cannot listen on 203.0.113.1:8080'),
])
def test_what_cannot_be_used_gets_one_line(demo_command, arguments, reason):
    done = subprocess.run([*demo_command, *arguments], capture_output=True, text=True)
    assert done.returncode == 1
    line, = done.stderr.splitlines()
    assert line.startswith('error: ') and reason in line
