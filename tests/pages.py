"""The page of pose_web.py with a stub for its network; its modules run by node; its camera."""
import contextlib
import functools
import http.server
import json
import os
import shutil
import subprocess
import threading
from typing import Any, Iterator

from helpers import ROOT, need
from posesuite.web.facts import script
from posesuite.web.site import SHARED

import cv2
import numpy as np

PERSON, MOVER = (255, 0, 255), (255, 255, 0)  # RGB colours in camera_clip
WALL = (60, 140, 90)


def make_page(folder: Any) -> str:
    """Makes the page in a folder; returns its path."""
    root, web = str(folder), os.path.join(ROOT, 'web')
    shutil.copytree(os.path.join(web, 'page'), os.path.join(root, 'page'))
    for name in ('index.html', 'style.css', 'camera.js', 'errors.js', 'parts.js'):
        shutil.copy(os.path.join(web, name), root)
    for name, parts in SHARED.items():
        shutil.copy(os.path.join(ROOT, 'posesuite', *parts), os.path.join(root, name))
    write(root, 'page/facts.js', script())
    shutil.copy(os.path.join(ROOT, 'tests', 'web', 'stub_posenet.js'),
                os.path.join(root, 'posenet.js'))
    write(root, 'package.json', '{"type": "module"}')
    return root


def write(folder: str, name: str, text: str) -> None:
    with open(os.path.join(folder, name), 'w') as file:
        file.write(text)


def poses_of(path: str) -> Any:
    """The poses of each frame of a pose log, as the page's network would find them."""
    with open(path) as file:
        next(file)
        return [json.loads(line)['poses'] for line in file]


def by_node(page: str, code: str, **values: Any) -> Any:
    """What a module's code that imports from the page's gives to `answer`, by its JSON.

    values: the code's constants.
    """
    constants = ''.join(f'const {name} = {json.dumps(value)};\n' for name, value in values.items())
    write(page, 'run.js', f"""import fs from 'node:fs';
import vm from 'node:vm';
vm.runInThisContext(fs.readFileSync('page/classifier.js', 'utf8'));
const answer = value => console.log(JSON.stringify(value));
{constants}{code}""")
    done = subprocess.run([need('node'), 'run.js'], cwd=page, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def camera_clip(path: str) -> str:
    """Writes a second of a wall, of 640x480 pixels, for a camera that plays it over and over: at
    x = 480 stands a PERSON, and at the upper left something moves that is none.
    """
    with open(path, 'wb') as file:
        file.write(b'YUV4MPEG2 W640 H480 F15:1 Ip A1:1 C420jpeg\n')
        for number in range(15):
            image = np.full((480, 640, 3), WALL, np.uint8)
            image[80:420, 430:530] = PERSON
            image[40:100, 40 + 8 * number:100 + 8 * number] = MOVER
            file.write(b'FRAME\n' + cv2.cvtColor(image, cv2.COLOR_RGB2YUV_I420).tobytes())
    return path


class _Handler(http.server.SimpleHTTPRequestHandler):
    extensions_map = {**http.server.SimpleHTTPRequestHandler.extensions_map,
                      '.js': 'text/javascript'}

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@contextlib.contextmanager
def served(folder: str) -> Iterator[str]:
    """Serves a folder to this machine's browsers; returns its address."""
    handler = functools.partial(_Handler, directory=folder)
    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f'http://127.0.0.1:{server.server_address[1]}/'
        finally:
            server.shutdown()
            thread.join()
