"""RemoteEngine: an engine behind the address of a pose_server.py, with PoseEngine's verbs.

On the same machine frames travel by shared memory, else as raw pixels.
"""
import contextlib
import http.client
import io
import json
import logging
import os
import secrets
import threading
import time
from typing import Any, Dict, List, Optional, Tuple

from posesuite.engine.image import as_array, people_in_image
from posesuite.engine.line import BUSY, Line, Refused
from posesuite.engine.model_file import EngineError
from posesuite.engine.wire import FRAME_TYPE, MEMORY_FOLDER
from posesuite.errors import DeviceFault, one_line
from posesuite.pose.json_poses import pose_from_json
from posesuite.pose.pose import Keypoint, Point, Pose
from posesuite.pose.skeleton import JSON_NAMES, KeypointType, Skeleton

import numpy as np

LOGGER = logging.getLogger(__name__)


class RemoteFault(EngineError, DeviceFault):
    """The server does not answer; it may be back later."""
    what = 'engine'


class RemoteEngine:
    """A PoseEngine's verbs for an engine of a server. Several threads may use one.

    address: http://HOST[:PORT][/PATH], https://… or unix:PATH.
    token: the server's. mirror: as in PoseEngine.

    Attributes: as PoseEngine's, where model_path is the file's name at the server; model_sha256.
    Raises EngineError; each verb raises RemoteFault if the server is away at the moment.
    """

    def __init__(self, address: str, token: Optional[str] = None, mirror: bool = False) -> None:
        self.mirror = mirror
        self._line = Line(address, token)
        self._lock = threading.Lock()  # for what follows
        self._memory: Optional[_Memory] = None
        self._shares = self._line.is_local and os.path.isdir(MEMORY_FOLDER)
        self._last: Optional[np.ndarray] = None  # image
        self._since: Optional[float] = None  # time.time() since when the server is away
        try:
            model = json.loads(self._line.ask('GET', '/v1/models')[0])['models'][0]
            self.model_path, self.model_sha256 = str(model['name']), str(model['sha256'])
            self.family, self.device = str(model['family']), str(model['device'])
            self.input_size = int(model['input']['width']), int(model['input']['height'])
            self.has_masks = bool(model['masks'])
            self.skeleton = Skeleton(tuple(map(str, model['parts'])),
                                     tuple((int(a), int(b)) for a, b in model['bones']))
        except Refused as error:
            raise EngineError(f'{self._line.name}: {one_line(error)}')
        except (OSError, http.client.HTTPException) as error:
            raise EngineError(f'no server of poses answers at {self._line.name} '
                              f'({one_line(error) or type(error).__name__}): start pose_server.py '
                              'there')
        except (IndexError, KeyError, TypeError, ValueError):
            raise EngineError(f'what answers at {self._line.name} is no server of poses')

    def DetectPosesInImage(self, img: Any) -> Tuple[List[Pose], float]:
        """As PoseEngine's; inference_time is the server's network alone, without the way there."""
        image = _pixels(img)
        with self._lock:
            self._last = None
            body, seconds = self._ask('/v1/poses', image, threshold=0)
            self._last = image
        poses = [pose_from_json(pose) for pose in json.loads(body)]
        return [self._turned(pose, image.shape[1]) for pose in poses], seconds

    def GetHeatmap(self, part: Optional[KeypointType]) -> np.ndarray:
        """As PoseEngine's, as are the following; each runs the network on the last image again."""
        try:
            name = None if part is None else JSON_NAMES[KeypointType(part)]
        except ValueError:
            name = str(part)
        return self._array('heatmap', name)

    def GetAffinity(self, bone: Optional[str]) -> np.ndarray:
        return self._array('affinity', bone)

    def GetMask(self) -> np.ndarray:
        return people_in_image(self.GetMaskScores())

    def GetMaskScores(self) -> np.ndarray:
        return self._array('mask', None)

    def GetMasks(self) -> np.ndarray:
        return self._array('masks', None)

    def GetParts(self) -> List[Dict[str, Keypoint]]:
        right = self._last_image().shape[1] - 1.0
        people = json.loads(self._read('parts', None))
        return [{name: Keypoint(Point(right - part['position']['x'] if self.mirror else
                                      part['position']['x'], part['position']['y']), part['score'])
                 for name, part in parts.items()} for parts in people]

    def _turned(self, pose: Pose, width: int) -> Pose:
        """A pose as `mirror` wants it; width: of the image in pixels."""
        if not self.mirror:
            return pose
        keypoints = type(pose.keypoints)(
            (part, Keypoint(Point(width - 1.0 - point.x, point.y), score))
            for part, (point, score) in pose.keypoints.items())
        box = pose.box and pose.box._replace(left=width - 1.0 - pose.box.right,
                                             right=width - 1.0 - pose.box.left)
        return pose._replace(keypoints=keypoints, box=box)

    def _array(self, kind: str, part: Optional[str]) -> np.ndarray:
        return np.load(io.BytesIO(self._read(kind, part)), allow_pickle=False)

    def _read(self, kind: str, part: Optional[str]) -> bytes:
        image = self._last_image()
        with self._lock:
            return self._ask('/v1/maps', image, kind=kind, **({'part': part} if part else {}))[0]

    def _last_image(self) -> np.ndarray:
        if self._last is None:
            raise EngineError('there is no image yet: call DetectPosesInImage first')
        return self._last

    def _ask(self, path: str, image: np.ndarray, **query: Any) -> Tuple[bytes, float]:
        """The server's answer about an image, and the seconds of its network."""
        try:
            answer = self._line.when_free(lambda: self._send(path, image, query))
            self._since = None
            return answer
        except Refused as error:
            if error.status == 400:
                raise ValueError(one_line(error))
            if error.status not in BUSY:
                raise EngineError(f'{self._line.name}: {one_line(error)}')
            why = one_line(error)
        except (OSError, http.client.HTTPException) as error:
            why = one_line(error) or type(error).__name__
        except BaseException:  # such as KeyboardInterrupt, after which nobody reads the answer
            self._line.close()
            raise
        self._since = self._since or time.time()
        raise RemoteFault(f'{self._line.name}: {why}', self._since)

    def _send(self, path: str, image: np.ndarray, query: Dict[str, Any]) -> Tuple[bytes, float]:
        height, width = image.shape[:2]
        query = dict(query, width=width, height=height)
        if self._shares:
            try:
                if self._memory is None:
                    self._memory = _Memory(self._line)
                self._memory.write(image)
                return self._line.ask('POST', path, dict(query, memory=self._memory.id))
            except Refused as error:
                if error.status == 404 and self._memory:  # the server has started anew
                    self._memory = _Memory(self._line)
                    self._memory.write(image)
                    return self._line.ask('POST', path, dict(query, memory=self._memory.id))
                if error.status != 403:
                    raise
            except _NoMemory:
                pass
            self._shares, self._memory = False, None
            LOGGER.info('%s shares no memory with this program: frames are sent', self._line.name)
        return self._line.ask('POST', path, query, image.data.cast('B'), FRAME_TYPE)


def _pixels(img: Any) -> np.ndarray:
    """An image as PoseEngine takes it, as uint8 [Y, X, RGB] in one piece."""
    return np.ascontiguousarray(as_array(img)[:, :, :3])


class _NoMemory(Exception):
    """There is no room for a frame in MEMORY_FOLDER."""


class _Memory:
    """A file in memory that the server reads. Attribute id: the server's for it.

    Its name is gone before a frame is written, so that none is left behind.
    """

    def __init__(self, line: 'Line') -> None:
        name = f'posesuite-{secrets.token_hex(16)}'
        path = os.path.join(MEMORY_FOLDER, name)
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except OSError:
            raise _NoMemory
        try:
            self.id = json.loads(line.ask('POST', '/v1/memories', body=name.encode())[0])['id']
        finally:
            os.unlink(path)

    def write(self, image: np.ndarray) -> None:
        try:
            if os.pwritev(self._file, [image.data], 0) == image.nbytes:
                return
        except OSError:
            pass
        raise _NoMemory

    def __del__(self) -> None:
        with contextlib.suppress(AttributeError, OSError):
            os.close(self._file)
