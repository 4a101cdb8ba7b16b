"""A visit to the page in a Chromium whose camera plays a clip."""
import json
import os
import re

from browsers import Chromium
from helpers import wait_for
from pages import write

CAMERA = ['use-fake-device-for-media-stream', 'use-fake-ui-for-media-stream',
          'autoplay-policy=no-user-gesture-required']


class Page:
    """The page in a Chromium; opened anew for each test.

    folder: the page's; downloads: where the browser saves files.
    """

    def __init__(self, browser: Chromium, url: str, folder: str, downloads: str) -> None:
        self.browser, self._url, self._folder, self._downloads = browser, url, folder, downloads
        self.run, self.run_async, self.type = browser.run, browser.run_async, browser.type

    def open(self, poses) -> 'Page':
        """Opens it with a network that finds these poses, frame by frame."""
        write(self._folder, 'poses.json', json.dumps(poses))
        self.browser('/url', url=self._url)
        wait_for(lambda: self.text('state') == 'Ready')
        return self

    def text(self, id: str) -> str:
        return self.run(f"document.getElementById('{id}').textContent")

    def click(self, selector: str) -> None:
        element, = self.browser('/element', using='css selector', value=selector).values()
        self.browser(f'/element/{element}/click')

    def press(self, key: str) -> None:
        self.browser('/actions', actions=[{'type': 'key', 'id': 'keyboard', 'actions': [
            {'type': 'keyDown', 'value': key}, {'type': 'keyUp', 'value': key}]}])

    def set(self, id: str, value: object) -> None:
        """Sets a control as a visitor does."""
        self.run(f"(target => {{target.value = {json.dumps(value)}; target.dispatchEvent("
                 f"new Event('input', {{bubbles: true}}))}})(document.getElementById('{id}'))")

    def view(self, name: str) -> None:
        self.click(f'label:has([value={name}])')

    def start(self) -> None:
        """Starts the camera; returns once a frame was looked at."""
        self.click('#camera')
        wait_for(lambda: 'frames a second' in self.text('rate'))

    def saved(self, pattern: str) -> str:
        """The path of the file of such a name that the page saves."""
        def found():
            names = [name for name in os.listdir(self._downloads) if re.fullmatch(pattern, name)]
            return names and os.path.join(self._downloads, names[0])
        path = wait_for(found, 20)
        moved = os.path.join(self._folder, os.path.basename(path))
        os.rename(path, moved)
        return moved

    def pixels(self, before: str = '0') -> list:
        """Every 37th pixel of the canvas, as [r, g, b]; before: an expression to evaluate first."""
        return self.run(before + ", (data => Array.from({length: data.length / 148 | 0}, (_, i) => "
                        "Array.from(data.slice(148 * i, 148 * i + 3))))(document.getElementById("
                        "'canvas').getContext('2d').getImageData(0, 0, 640, 480).data)")


def near(pixel, color, by=60):
    return max(abs(a - b) for a, b in zip(pixel, color)) < by
