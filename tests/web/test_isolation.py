"""A build on a host of static files that sends no headers: no threads at first, the same poses."""
import functools
import http.server
import os
import subprocess
import sys
import threading

from helpers import ROOT, bundled_model, wait_for
from pose_engine import PoseEngine
from sites import MODEL, open_module, show

import numpy as np
import pytest
from PIL import Image


class Plain(http.server.SimpleHTTPRequestHandler):
    extensions_map = {**http.server.SimpleHTTPRequestHandler.extensions_map,
                      '.js': 'text/javascript', '.wasm': 'application/wasm'}

    def log_message(self, *_):
        """Says nothing."""


def test_a_host_without_headers(litert, browser, tmp_path):
    folder = str(tmp_path / 'site')
    subprocess.run([sys.executable, os.path.join(ROOT, 'pose_web.py'), '--build', folder,
                    '--model', MODEL], check=True)
    image = np.array(Image.open(os.path.join(ROOT, 'samples', 'couple.jpg')))
    poses, _ = PoseEngine(bundled_model()).DetectPosesInImage(image)
    scores = [pytest.approx(pose.score, abs=1e-4) for pose in poses]
    handler = functools.partial(Plain, directory=folder)
    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f'http://127.0.0.1:{server.server_address[1]}/'
        for isolated in (False, True):
            open_module(browser, url)
            assert browser.run('crossOriginIsolated') is isolated
            show(browser, image)
            assert browser.run('net.estimateMultiplePoses(frame).then(poses => '
                               'poses.map(({score}) => score))') == scores
            browser.run("navigator.serviceWorker.register('/service_worker.js').then(() => 0)")
            browser.run('navigator.serviceWorker.ready.then(() => 0)')
            wait_for(lambda: browser.run('navigator.serviceWorker.controller !== null'))
        server.shutdown()
