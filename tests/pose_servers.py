"""Servers of poses in this process, with an engine that the test plays, and a plain client."""
import contextlib
import http.client
import json
import os
import threading
import time
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

from figures import standing
from helpers import ROOT, need_package
from posesuite.engine.model_file import EngineError
from posesuite.pose.pose import Pose
from posesuite.pose.skeleton import SEVENTEEN
from posesuite.serving.server import PoseServer

import numpy as np

for _name in ('falcon', 'uvicorn', 'prometheus_client'):  # else who imports this is skipped
    need_package(_name)

COUPLE = os.path.join(ROOT, 'samples', 'couple.jpg')  # 640x480


class Engine:
    """Finds one person in each image, the brighter the left edge the surer.

    Attributes: seen (the red values of the images' first pixels, in order), seconds (that an image
    takes), error (what it raises instead), held (while it is clear, images wait).
    """
    family, device, has_masks, input_size, skeleton = 'PoseNet', 'cpu', False, (641, 481), SEVENTEEN
    model_path = COUPLE

    def __init__(self, seconds: float = 0.0) -> None:
        self.seen: List[int] = []
        self.seconds, self.error = seconds, None
        self.held = threading.Event()
        self.held.set()

    def DetectPosesInImage(self, img: np.ndarray) -> Tuple[List[Pose], float]:
        assert img.dtype == np.uint8 and img.shape[2] == 3
        self.held.wait(30)
        time.sleep(self.seconds)
        self._image = img
        self.seen.append(int(img[0, 0, 0]))
        if self.error:
            raise self.error
        scores = 0.9, 0.2
        return [standing(200 * number + 100, 200)._replace(score=score)
                for number, score in enumerate(scores)], 0.01

    def GetHeatmap(self, part: Any) -> np.ndarray:
        if part not in (None, 'nose'):
            raise ValueError(f'no part {part}')
        return np.full(self._image.shape[:2], self._image[0, 0, 0] / 255, np.float32)

    def GetMaskScores(self) -> np.ndarray:
        raise EngineError('PoseNet has no masks: a BodyPix has')

    GetMasks = GetMaskScores


class Answer(NamedTuple):
    status: int
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def ask(server: PoseServer, method: str, path: str, body: Any = None,
        headers: Optional[Dict[str, str]] = None) -> Answer:
    """What a server answers to one request."""
    connection = http.client.HTTPConnection('127.0.0.1', port_of(server), timeout=30)
    with contextlib.closing(connection):
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())


def port_of(server: PoseServer) -> int:
    return int(next(url for url in server.urls if url.startswith('http')).split(':')[2].strip('/'))


@contextlib.contextmanager
def serving(engine: Optional[Any] = None, **options: Any) -> Iterator[PoseServer]:
    """A server on a free port. options: keywords of PoseServer."""
    options.setdefault('addresses', [('127.0.0.1', 0)])
    with PoseServer(engine or Engine(), **options) as server:
        yield server
