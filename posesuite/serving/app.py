"""The server's application for ASGI: routes, who may ask, and errors as JSON of one line."""
import asyncio
import hmac
import ipaddress
import logging
from typing import Any, Iterable, List, Optional

from posesuite.display.web_door import Door, network_of
from posesuite.errors import SuiteError, one_line
from posesuite.files import own_file
from posesuite.serving.api import Api, client_of, put
from posesuite.serving.door import LOCAL
from posesuite.serving.limits import MAX_PICTURES, Busy
from posesuite.serving.pictures import PictureError

import falcon
import falcon.asgi

OPEN = '/', '/openapi.json', '/healthz'  # paths that need no token: they say nothing of anybody
LINGER_TIMEOUT = 2  # seconds to read the rest of a refused request, or its answer may get lost
HEADERS = {'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff'}
POLICY = ("default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'unsafe-inline'; "
          "connect-src 'self'; img-src blob:; base-uri 'none'; form-action 'none'; "
          "frame-ancestors 'none'")
LOGGER = logging.getLogger(__name__)


class Guard:
    """Middleware that lets in requests that name this server and have its token, and counts all.

    token: None for none. names: that Host may have, beside addresses. local: whether only this
    machine can reach it, so that Host must be a loopback address.
    """

    def __init__(self, token: Optional[str], names: Iterable[str], local: bool, door: Door,
                 metrics: Any) -> None:
        self._token, self._names, self._local = token, set(names), local
        self._door, self._metrics = door, metrics

    async def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        for name, value in HEADERS.items():
            resp.set_header(name, value)
        if client_of(req)[1] != LOCAL and not self._is_own(req.host.lower().rstrip('.')):
            raise falcon.HTTPForbidden(description='not under this name: start the server with '
                                       '--allow-host NAME if the name is yours')
        if self._token and req.path not in OPEN and req.method != 'OPTIONS':
            await self._check_token(req)

    def _is_own(self, host: str) -> bool:
        """Whether Host is ours. In a DNS rebinding attack it is the name of a foreign page."""
        if host in self._names:
            return True
        try:
            return ipaddress.ip_address(host.strip('[]')).is_loopback or not self._local
        except ValueError:
            return False

    async def _check_token(self, req: falcon.Request) -> None:
        scheme, _, given = (req.get_header('Authorization') or '').partition(' ')
        visitor, host = req.scope['visitor'], req.scope['client'][0]
        if scheme.lower() == 'bearer' and hmac.compare_digest(
                given.strip().encode('utf-8', 'replace'), self._token.encode()):
            visitor.trusted = True
            return
        if given:
            visitor.wait()  # may be closed if there is no room
            await asyncio.sleep(self._door.delay(host if host == LOCAL else network_of(host)))
        raise falcon.HTTPUnauthorized(
            description='needs the header "Authorization: Bearer TOKEN"', challenges=['Bearer'])

    async def process_response(self, req: falcon.Request, resp: falcon.Response, resource: Any,
                               succeeded: bool) -> None:
        path = req.uri_template or 'other'
        self._metrics.answered(path, falcon.http_status_to_code(resp.status))
        if not succeeded and not req.get_header('Expect'):
            try:
                await asyncio.wait_for(req.stream.exhaust(), LINGER_TIMEOUT)
            except Exception:  # the client has gone, or sends for too long
                resp.set_header('Connection', 'close')


class Pages:
    """The OpenAPI document and its page, which loads nothing from elsewhere."""

    def __init__(self) -> None:
        self._page, self._document = (text_of(name) for name in ('page.html', 'openapi.json'))

    async def on_get(self, _: Any, resp: falcon.Response) -> None:
        resp.content_type, resp.text = 'text/html; charset=utf-8', self._page
        resp.set_header('Content-Security-Policy', POLICY)

    async def on_get_document(self, _: Any, resp: falcon.Response) -> None:
        resp.content_type, resp.text = 'application/json', self._document


def text_of(name: str) -> str:
    with open(own_file('serving', name), encoding='utf-8') as file:
        return file.read()


def application(api: Api, guard: Guard, max_bytes: int,
                origins: Iterable[str] = ()) -> falcon.asgi.App:
    """origins: of pages whose scripts may use the server from a browser."""
    middleware: List[Any] = [guard]
    if origins:
        middleware.append(falcon.CORSMiddleware(allow_origins=list(origins)))
    app = falcon.asgi.App(middleware=middleware)
    pages = Pages()
    for path, resource, suffix in (
            ('/', pages, None), ('/openapi.json', pages, 'document'), ('/v1/poses', api, 'poses'),
            ('/v1/models', api, 'models'), ('/v1/maps', api, 'maps'),
            ('/v1/memories', api, 'memories'), ('/v1/memories/{id}', api, 'memory'),
            ('/healthz', api, 'health'), ('/metrics', api, 'metrics')):
        app.add_route(path, resource, suffix=suffix)
    form = app.req_options.media_handlers[falcon.MEDIA_MULTIPART].parse_options
    form.max_body_part_count, form.max_body_part_buffer_size = MAX_PICTURES, max_bytes
    app.set_error_serializer(_serialized)
    app.add_error_handler(Exception, _unexpected)
    for kind in PictureError, Busy, SuiteError:
        app.add_error_handler(kind, _refused)
    return app


def _serialized(_: Any, resp: falcon.Response, error: falcon.HTTPError) -> None:
    put(resp, {'error': one_line(error.description and Exception(error.description)
                                 or Exception(error.title))})


async def _refused(_: Any, resp: falcon.Response, error: SuiteError, __: Any) -> None:
    resp.status = getattr(error, 'status', 500)
    put(resp, {'error': one_line(error)})
    if isinstance(error, Busy):
        resp.set_header('Retry-After', str(error.seconds))


async def _unexpected(req: falcon.Request, resp: falcon.Response, error: Exception,
                      _: Any) -> None:
    LOGGER.error('%s %s failed: %s: %s', req.method, req.path, type(error).__name__,
                 one_line(error))
    resp.status = 500
    put(resp, {'error': 'the server failed, and its log says how'})
