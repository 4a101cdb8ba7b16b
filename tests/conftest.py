"""Fixtures that several folders of tests use."""
import os
import signal
import subprocess
from typing import Dict, Iterator

from helpers import DOWNLOAD, ROOT, need

import pytest


def pytest_configure() -> None:
    """Lets SIGINT work in what tests start: a shell's background job ignores it, and so would they.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_terminal_summary(terminalreporter) -> None:
    """Says in a line how many tests were skipped, and how to run more of them."""
    reasons = [str(report.longrepr[-1]) for report in terminalreporter.stats.get('skipped', [])
               if isinstance(report.longrepr, tuple)]
    if reasons:
        lack = sum(DOWNLOAD in reason for reason in reasons)
        how = f'; for {lack} of them this installs what they need: {DOWNLOAD}' if lack else ''
        terminalreporter.write_line(f'skipped tests: {len(reasons)} (pytest -rs says why){how}')


@pytest.fixture(scope='session')
def gxx() -> str:
    """The compiler whose sanitizers the tests use; they are skipped where it is missing."""
    return need('g++')


@pytest.fixture(scope='session')
def sanitized_library(tmp_path_factory, gxx) -> str:
    """The decoder library built with the address and undefined-behaviour sanitizers."""
    path = str(tmp_path_factory.mktemp('sanitized') / 'posenet_decoder.so')
    flags = '-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all'
    subprocess.run(['sh', os.path.join(ROOT, 'posenet_decoder', 'build.sh'), path], check=True,
                   env=dict(os.environ, CXX=gxx, CXXFLAGS=flags))
    return path


@pytest.fixture(scope='session')
def quick_runtime() -> None:
    """Skips what looks hundreds of times: tflite-runtime's CPU kernels take ten times as long."""
    pytest.importorskip('ai_edge_litert', reason='tflite-runtime is too slow for this on the CPU')


@pytest.fixture(scope='session')
def screen() -> Iterator[Dict[str, str]]:
    """An environment with a screen and a window manager; without one, Qt's windows may stay blank.
    """
    need('xdotool')
    read, write = os.pipe()
    server = subprocess.Popen([need('Xvfb'), '-displayfd', str(write), '-screen', '0',
                               '1024x768x24', '-noreset'], pass_fds=[write],
                              stderr=subprocess.DEVNULL)
    os.close(write)
    with os.fdopen(read) as file:
        number = file.readline().strip()
    environment = dict(os.environ, DISPLAY=f':{number}')
    manager = subprocess.Popen([need('openbox')], env=environment, stderr=subprocess.DEVNULL)
    yield environment
    for process in (manager, server):
        process.terminate()
        process.wait()


@pytest.fixture(scope='session')
def synthesizer() -> None:
    """Skips the test where FluidSynth or a SoundFont is missing."""
    try:
        import fluidsynth  # noqa: F401
    except (ImportError, OSError) as error:
        pytest.skip(f'no pyfluidsynth that finds its library: {error}')
    from posesuite.music.soundfonts import soundfonts
    if not soundfonts():
        pytest.skip('no SoundFont: fluid-soundfont-gm')


@pytest.fixture
def port(tmp_path) -> Dict[str, str]:
    """An environment in which mido has outputs that write into the file MESSAGES."""
    pytest.importorskip('mido')
    from sounds import BACKEND
    (tmp_path / 'two_outputs.py').write_text(BACKEND)
    return {'MIDO_BACKEND': 'two_outputs', 'MESSAGES': str(tmp_path / 'messages'),
            'PYTHONPATH': str(tmp_path)}
