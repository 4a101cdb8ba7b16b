"""Fixtures that several of these tests use: demos in processes of their own, and web servers."""
import os
import subprocess
import sys
from typing import Any, Callable, Iterable, Iterator, List, Optional

from helpers import TESTS, default_signals
from serving import Demo as ServedDemo

import pytest

Demo = 'subprocess.Popen[bytes]'


@pytest.fixture(scope='session')
def demo_command() -> List[str]:
    """A demo that runs until it is stopped; display options are to be added."""
    return [sys.executable, os.path.join(TESTS, 'display', 'demo.py')]


@pytest.fixture
def start(demo_command) -> Iterator[Callable[..., Demo]]:
    """Starts a demo, and kills it after the test if it still runs."""
    started = []

    def start_demo(*arguments: str, **options: Any) -> Demo:
        started.append(subprocess.Popen([*demo_command, *arguments], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, preexec_fn=default_signals,
                                        **options))
        return started[-1]

    yield start_demo
    for demo in started:
        demo.kill()
        demo.communicate()


@pytest.fixture
def serve() -> Iterator[Callable[..., ServedDemo]]:
    """Starts a web server in this process, and ends it after the test."""
    demos = []

    def start_server(address: Any = ('127.0.0.1', 0), token: Optional[str] = None,
                     names: Iterable[str] = (), numbers: Any = None) -> ServedDemo:
        demos.append(ServedDemo(address, token, names, numbers))
        return demos[-1]

    yield start_server
    for demo in demos:
        demo.close()
