"""pose_web.py as its user starts it, and images for a page that it serves."""
import base64
import os
import subprocess
import sys
from typing import Any, List

from helpers import ROOT

import numpy as np

MODEL = 'posenet_rendered_mobilenet_v1_075_353_481_quant_decoder'
LOAD = "import('/posenet.js').then(async posenet => { self.net = await posenet.load(%s) })"
FRAME = '''(() => {
  const rgb = Uint8Array.from(atob("%s"), c => c.charCodeAt(0));
  self.frame = new ImageData(%d, %d);
  frame.data.fill(255);
  for (let i = 0; i < rgb.length; ++i) frame.data[i + Math.floor(i / 3)] = rgb[i];
})()'''


class Served:
    """pose_web.py --serve. Attribute: url."""

    def __init__(self, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, os.path.join(ROOT, 'pose_web.py'), '--serve', '0', '--model', MODEL,
             *arguments], stderr=subprocess.PIPE)
        self.url = next(word for line in self._process.stderr for word in line.decode().split()
                        if word.startswith('http'))

    def end(self) -> int:
        """Stops the server; returns its exit status."""
        self._process.terminate()
        self._process.wait()
        self._process.stderr.close()
        return self._process.returncode


def open_module(browser: Any, url: str, config: str = '{}') -> None:
    """Opens a page of a site that does nothing by itself, and loads a network as `net`."""
    browser.open(url + 'posenet.d.ts')
    browser.run(LOAD % config)


def show(browser: Any, image: np.ndarray) -> None:
    """Gives a page an image, uint8 [Y, X, RGB], as the ImageData `frame`."""
    pixels = base64.b64encode(np.ascontiguousarray(image).tobytes()).decode()
    browser.run(FRAME % (pixels, image.shape[1], image.shape[0]))


def outcome(browser: Any, expression: str) -> List[str]:
    """The code and the message of the PoseNetError with which a promise fails."""
    return browser.run(f'({expression}).then(() => ["", "no error"], '
                       'error => [error.code ?? error.name, error.message])')
