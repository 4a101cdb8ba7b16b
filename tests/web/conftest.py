import os
from typing import Any, Iterator

from browsers import Chromium
from firefoxes import Firefox
from helpers import need
from posesuite.web.litert import RuntimeFilesError, litert_files
from sites import Served

import pytest

BROWSERS = 'chromium', 'firefox-esr'


@pytest.fixture(scope='session')
def litert() -> None:
    """Skips the test where LiteRT.js is not here and cannot be fetched."""
    try:
        litert_files()
    except RuntimeFilesError as error:
        pytest.skip(str(error))


@pytest.fixture
def served(litert) -> Iterator[Served]:
    server = Served()
    yield server
    server.end()


@pytest.fixture(params=BROWSERS)
def browser(request, tmp_path) -> Iterator[Any]:
    """A real browser of each kind, in turn; it has no camera."""
    need(request.param)
    os.mkdir(tmp_path / 'profile')
    if request.param == 'chromium':
        need('chromedriver')
        started: Any = Chromium(tmp_path / 'profile', 900, 700)
    else:
        started = Firefox(tmp_path / 'profile')
    yield started
    started.close()
