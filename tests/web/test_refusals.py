"""Browsers that lack what the network needs, and visitors who keep their camera to themselves."""
import os

from browsers import Chromium
from firefoxes import Firefox
from helpers import need
from sites import outcome

import pytest

MODULE = 'import("/posenet.js").then(module => module.%s)'


@pytest.fixture
def firefox(tmp_path):
    need('firefox-esr')
    os.mkdir(tmp_path / 'profile')
    started = []

    def start(**settings):
        started.append(Firefox(tmp_path / 'profile', **settings))
        return started[-1]

    yield start
    for each in started:
        each.close()


def test_no_webassembly(served, firefox):
    browser = firefox(**{'javascript.options.wasm': False})
    browser.open(served.url + 'posenet.d.ts')
    assert outcome(browser, MODULE % 'load()') == [
        'no-webassembly', 'this browser has no WebAssembly with SIMD: it takes Chrome or Edge 114, '
        'Firefox 114, Safari 16.4, or a newer one; some browsers turn it off in their strictest '
        'mode']


def test_no_permission_in_firefox(served, firefox):
    browser = firefox(**{'media.navigator.streams.fake': True, 'permissions.default.camera': 2,
                         'media.navigator.permission.disabled': False})
    browser.open(served.url + 'posenet.d.ts')
    code, line = outcome(browser, MODULE % 'openCamera()')
    assert code == 'no-permission' and 'allow it' in line


def test_no_permission_in_chromium(served, tmp_path):
    need('chromium')
    need('chromedriver')
    browser = Chromium(tmp_path, 900, 700, ['use-fake-device-for-media-stream',
                                            'deny-permission-prompts'])
    try:
        browser.open(served.url + 'posenet.d.ts')
        code, line = outcome(browser, MODULE % 'openCamera()')
        assert code == 'no-permission' and 'allow it' in line
    finally:
        browser.close()
