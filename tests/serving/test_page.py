"""The server's page, in a browser."""
import json

from browsers import Chromium
from helpers import need, wait_for
from pose_servers import COUPLE, serving

import pytest

TOKEN = 'sesame-sesame'


@pytest.fixture
def browser(tmp_path):
    need('chromedriver')
    need('chromium')
    made = Chromium(tmp_path, 800, 900)
    yield made
    made.close()


def choose(browser: Chromium, id: str, keys: str) -> None:
    """Types into an element, or chooses a file for it."""
    element = browser('/element', using='css selector', value=f'#{id}')
    browser(f'/element/{next(iter(element.values()))}/value', text=keys)


def test_the_page_describes_the_server_and_tries_a_picture(browser):
    with serving(token=TOKEN) as server:
        browser('/url', url=server.urls[0])
        paths = wait_for(lambda: browser.run('document.querySelectorAll("#paths h2").length'))
        assert paths == 7
        choose(browser, 'file', COUPLE)
        answer = 'document.getElementById("answer").textContent'
        assert 'Authorization: Bearer TOKEN' in wait_for(lambda: browser.run(answer))
        choose(browser, 'token', TOKEN)
        browser.run('document.getElementById("file").dispatchEvent(new Event("change"))')
        wait_for(lambda: 'keypoints' in browser.run(answer))
        assert len(json.loads(browser.run(answer))) == 1
        size = 'document.getElementById("picture").width'
        assert wait_for(lambda: browser.run(size)) == 640
        messages = browser('/se/log', type='browser')
    assert [each['message'] for each in messages
            if each['level'] == 'SEVERE' and '401' not in each['message']] == []
