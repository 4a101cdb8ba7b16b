import os
from typing import Any, Iterator

import pages
from browsers import Chromium
from firefoxes import Firefox
from helpers import need
from page_visits import CAMERA, Page
from pages import camera_clip, make_page
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


@pytest.fixture(scope='module')
def visitor(tmp_path_factory) -> Iterator[Page]:
    """The page with a stub for its network, in a Chromium whose camera plays a clip."""
    need('chromedriver')
    need('chromium')
    folder = tmp_path_factory.mktemp('visitor')
    (folder / 'downloads').mkdir()
    clip = camera_clip(str(folder / 'camera.y4m'))
    chromium = Chromium(folder / 'profile', 1280, 800, [
        *CAMERA, f'use-file-for-fake-video-capture={clip}'], folder / 'downloads')
    with pages.served(make_page(folder / 'page')) as url:
        yield Page(chromium, url, str(folder / 'page'), str(folder / 'downloads'))
    chromium.close()


@pytest.fixture
def page(visitor) -> Iterator[Page]:
    """The same for a test: nothing in it may break the page's policy, or fail unheard."""
    yield visitor
    errors = [entry['message'] for entry in visitor.browser('/se/log', type='browser')
              if entry['level'] == 'SEVERE']
    assert [error for error in errors if 'service_worker.js' not in error
            and 'bad HTTP response code (404)' not in error] == []
