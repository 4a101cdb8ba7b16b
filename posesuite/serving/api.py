"""What a server answers: /v1/poses, /v1/maps, /v1/models, /v1/memories, /metrics, /healthz, and the
OpenAPI document with its page.
"""
import asyncio
import collections
import functools
import io
import ipaddress
import json
from typing import Any, Callable, Deque, Dict, Hashable, List, Optional, Tuple

from posesuite.display.web_door import network_of
from posesuite.engine.wire import FRAME_TYPE, MAPS, NPY_TYPE, model_as_json
from posesuite.errors import DeviceFault, SuiteError, one_line
from posesuite.pose.json_poses import pose_as_json
from posesuite.serving.door import LOCAL
from posesuite.serving.limits import MAX_PICTURES, Busy, Limits, Rates, Room
from posesuite.serving.memories import Memories
from posesuite.serving.pictures import PictureError, check_size, decoder, frame_of
from posesuite.serving.turns import Done, EngineQueue, QueueFull

import falcon
import numpy as np

THRESHOLD = 0.4  # lowest score of a pose unless a request says otherwise, as in the demos
AHEAD = 2  # pictures of one request that wait or run at a time
Prepare = Callable[[], np.ndarray]


class Api:
    """Responders for Falcon, named after the routes.

    engine: a PoseEngine. queue: its. metrics: a Metrics.
    """

    def __init__(self, engine: Any, queue: EngineQueue, metrics: Any, limits: Limits) -> None:
        self._engine, self._queue, self._metrics, self._limits = engine, queue, metrics, limits
        self._model = model_as_json(engine)
        self._memories, self._rates, self._room = Memories(), Rates(limits.rate), Room()
        self._seconds = 0.05  # of a picture, about
        self._fault = ''  # of the engine, as the last picture found it

    async def on_get_models(self, _: Any, resp: falcon.Response) -> None:
        put(resp, {'models': [self._model]})

    async def on_get_health(self, _: Any, resp: falcon.Response) -> None:
        resp.status = 503 if self._fault else 200
        put(resp, {'state': 'fault' if self._fault else 'ok', 'fault': self._fault})

    async def on_get_metrics(self, _: Any, resp: falcon.Response) -> None:
        from posesuite.serving.metrics import CONTENT_TYPE
        resp.content_type, resp.data = CONTENT_TYPE, self._metrics.text()

    async def on_post_memories(self, req: falcon.Request, resp: falcon.Response) -> None:
        if client_of(req)[1] != LOCAL and not ipaddress.ip_address(
                req.remote_addr.partition('%')[0]).is_loopback:
            raise PictureError('memory is shared on the same machine only', 403)
        name = await read(req, 1000)
        put(resp, {'id': self._memories.add(name.decode('ascii', 'replace'))})

    async def on_delete_memory(self, req: falcon.Request, resp: falcon.Response, id: str) -> None:
        self._memories.remove(id)
        resp.status = 204

    async def on_post_poses(self, req: falcon.Request, resp: falcon.Response) -> None:
        threshold = number(req, 'threshold', THRESHOLD)
        if (req.content_type or '').startswith('multipart/'):
            put(resp, await self._batch(req, threshold))
            return
        done = await self._one(req)
        put(resp, poses_of(done, threshold))
        resp.set_header('Server-Timing', timing(done))

    async def on_post_maps(self, req: falcon.Request, resp: falcon.Response) -> None:
        kind = req.get_param('kind') or ''
        if kind not in MAPS:
            raise PictureError(f'kind must be one of {", ".join(MAPS)}, got {kind[:40]!r}', 400)
        part = req.get_param('part')
        done = await self._one(req, functools.partial(read_map, kind=kind, part=part))
        if isinstance(done.more, np.ndarray):
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, done.more, allow_pickle=False)
            resp.content_type, resp.data = NPY_TYPE, buffer.getvalue()
        else:
            put(resp, done.more)
        resp.set_header('Server-Timing', timing(done))

    async def _one(self, req: falcon.Request,
                   read_more: Optional[Callable[[Any], Any]] = None) -> Done:
        """The answer for a request's only picture."""
        client, address = client_of(req)
        self._rates.check(address)
        if self._queue.full:
            raise self._busy()
        if not req.get_param('memory'):
            check_length(req, 3 * self._limits.max_pixels if req.content_type == FRAME_TYPE else
                         self._limits.max_bytes)
        with self._room.held(req.content_length or 0):
            prepare = await self._picture(req)
            return await self._answer(client, prepare, read_more)

    async def _picture(self, req: falcon.Request) -> Prepare:
        pixels = self._limits.max_pixels
        if req.get_param('memory') or req.content_type == FRAME_TYPE:
            width, height = (req.get_param_as_int(name, required=True, min_value=1)
                             for name in ('width', 'height'))
            check_size(width, height, pixels)
            if req.get_param('memory'):
                memory = self._memories.get(req.get_param('memory'))
                return lambda: memory.frame(width, height)
            frame = frame_of(await read(req, width * height * 3), width, height)
            return lambda: frame
        return decoder(await read(req, self._limits.max_bytes), 'the picture', pixels)

    async def _batch(self, req: falcon.Request, threshold: float) -> List[Dict[str, Any]]:
        """The answers for the pictures of a form, in their order."""
        check_length(req, MAX_PICTURES * self._limits.max_bytes)
        client, address = client_of(req)
        answers: List[Dict[str, Any]] = []
        pending: Deque[Tuple[str, Any]] = collections.deque()

        async def finish() -> None:
            name, answer = pending.popleft()
            try:
                answers.append({'image': name, 'poses': poses_of(await answer, threshold)})
            except PictureError as error:
                answers.append({'image': name, 'poses': None, 'error': one_line(error)})

        form = await req.get_media()
        try:
            with self._room.held((AHEAD + 1) * self._limits.max_bytes):
                async for part in form:
                    name = part.filename or part.name or str(len(answers) + len(pending) + 1)
                    data = await part.stream.read(self._limits.max_bytes + 1)
                    await part.stream.exhaust()
                    await self._rates.wait(address)
                    pending.append((name, asyncio.ensure_future(self._part(client, data, name))))
                    if len(pending) >= AHEAD:
                        await finish()
                while pending:
                    await finish()
        finally:
            for _, answer in pending:
                answer.cancel()
        if not answers:
            raise PictureError('the form has no pictures', 400)
        return answers

    async def _part(self, client: Hashable, data: bytes, name: str) -> Done:
        if len(data) > self._limits.max_bytes:
            raise PictureError(f'{name} has more than {self._limits.max_bytes} bytes', 413)
        return await self._answer(client, decoder(data, name, self._limits.max_pixels))

    async def _answer(self, client: Hashable, prepare: Prepare,
                      read_more: Optional[Callable[[Any], Any]] = None) -> Done:
        try:
            future = asyncio.wrap_future(self._queue.submit(client, prepare, read_more))
            done = await asyncio.wait_for(future, self._limits.deadline)
        except QueueFull:
            raise self._busy()
        except asyncio.TimeoutError:
            raise Busy(f'not answered within {self._limits.deadline:g} s', self._backlog())
        except DeviceFault as error:
            self._fault = one_line(error)
            raise Busy(self._fault)
        except PictureError:
            raise
        except SuiteError as error:  # of the engine, for good
            self._fault = one_line(error)
            raise
        self._fault = ''
        self._seconds += 0.1 * (done.network - self._seconds)
        self._metrics.looked_at(len(done.poses), done.waited, done.network)
        return done

    def _backlog(self) -> float:
        """Seconds that what waits will take, about."""
        return len(self._queue) * self._seconds

    def _busy(self) -> Busy:
        return Busy(f'{len(self._queue)} pictures wait, which is as many as may', self._backlog())


def client_of(req: falcon.Request) -> Tuple[Hashable, str]:
    """Whose turn a request takes, and the address that its rate belongs to.

    Each connection of this machine is a client, and each network address of others.
    """
    host, port = req.scope['client']
    if host == LOCAL:
        return (host, port), host
    address = network_of(host)
    return ((address, port) if ipaddress.ip_address(host.partition('%')[0]).is_loopback
            else address), address


def read_map(engine: Any, kind: str, part: Optional[str]) -> Any:
    """Reads of an engine's last image. Raises PictureError."""
    try:
        return MAPS[kind](engine, part)
    except SuiteError as error:  # the network has none
        raise PictureError(one_line(error), 501)
    except ValueError as error:
        raise PictureError(one_line(error), 400)


def number(req: falcon.Request, name: str, default: float) -> float:
    """A parameter from 0 to 1. Raises PictureError."""
    try:
        value = float(req.get_param(name) or default)
        if 0 <= value <= 1:
            return value
    except ValueError:
        pass
    raise PictureError(f'{name} must be 0 to 1, got {req.get_param(name)[:40]!r}', 400)


def check_length(req: falcon.Request, limit: int) -> None:
    """Raises PictureError if a body is too long, or does not say how long it is."""
    if req.content_length is None:
        raise PictureError('the request has no Content-Length', 411)
    if req.content_length > limit:
        raise PictureError(f'{req.content_length} bytes are more than {limit}', 413)


async def read(req: falcon.Request, limit: int) -> bytes:
    """A body. Raises PictureError if it is too long."""
    check_length(req, limit)
    return await req.stream.read()


def poses_of(done: Done, threshold: float) -> List[Dict[str, Any]]:
    return [pose_as_json(pose) for pose in done.poses if pose.score >= threshold]


def timing(done: Done) -> str:
    """Where the time went, as HTTP's Server-Timing has it, in milliseconds."""
    return ', '.join(f'{name};dur={seconds * 1000:.3f}' for name, seconds in (
        ('wait', done.waited), ('decode', done.prepared), ('network', done.network)))


def put(resp: falcon.Response, value: Any) -> None:
    resp.content_type, resp.text = 'application/json', json.dumps(value) + '\n'
