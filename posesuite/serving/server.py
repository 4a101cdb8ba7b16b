"""PoseServer: an engine behind addresses, until it is stopped.

    with PoseServer(engine, [('127.0.0.1', 8090), '/run/poses.sock']) as server:
        server.wait()
"""
import argparse
import asyncio
import contextlib
import ipaddress
import logging
import os
import secrets
import socket
import stat
import threading
from typing import Any, Iterable, Optional

from posesuite.display.web_door import Door
from posesuite.display.web_options import TOKEN_SOURCES
from posesuite.display.web_server import listening, own_address, url_of
from posesuite.engine.extras import extra_command
from posesuite.errors import SuiteError
from posesuite.serving.limits import Limits
from posesuite.serving.options import DEFAULT, UNIX, Address, limits_of
from posesuite.serving.turns import EngineQueue
from posesuite.tokens import token_from_environment

PACKAGES = 'falcon', 'uvicorn', 'prometheus_client'
END_TIMEOUT = 3  # seconds in which requests are answered once the server is to end
IDLE_TIMEOUT = 60  # seconds without a request after which a connection is closed
MAX_HEAD = 1 << 14  # bytes of a request's line and headers
LOGGER = logging.getLogger(__name__)


class ServerError(SuiteError):
    """A server cannot start: one line that says why."""


class PoseServer:
    """Serves an engine in a thread; a context manager, to be entered once.

    engine: a PoseEngine. addresses: hosts and ports (0 is any free one), and paths of Unix sockets.
    token: that requests must bring; beyond this machine one is made up if it is None.
    names: further names that clients may know the server by. origins: see application().
    Attributes: urls; token.
    Raises ServerError, on entering, too.
    """

    def __init__(self, engine: Any, addresses: Iterable[Address] = (DEFAULT,), *,
                 token: Optional[str] = None, names: Iterable[str] = (),
                 origins: Iterable[str] = (), limits: Limits = Limits()) -> None:  # noqa: B008
        try:
            from posesuite.serving import api, app
            from posesuite.serving.door import protocol_behind
            from posesuite.serving.metrics import Metrics

            import uvicorn
        except ImportError as error:
            raise ServerError(f'a server needs {", ".join(PACKAGES)} ({error}); type: '
                              f'{extra_command(" ".join(PACKAGES))}')
        self._opened = contextlib.ExitStack()
        with contextlib.ExitStack() as opened:
            self._sockets = [self._listen(opened, address) for address in addresses]
            bound = [ipaddress.ip_address(place[0].partition('%')[0]) for place in map(
                socket.socket.getsockname, self._sockets) if not isinstance(place, str)]
            local = all(address.is_loopback for address in bound)
            names = {'localhost', *names, *(address[0].lower() for address in addresses
                                            if not isinstance(address, str))}
            self._made_up = not local and token is None
            if not local:
                token = token or secrets.token_urlsafe(16)
                name = socket.gethostname().lower()
                names |= {name, f'{name}.local'}
            self.token = token
            self.urls = [_url(each) for each in self._sockets]
            door = Door()
            self._queue = EngineQueue(engine, limits.queue)
            opened.callback(self._queue.close)
            metrics = Metrics(engine, self._queue.__len__, door.__len__)
            application = app.application(
                api.Api(engine, self._queue, metrics, limits),
                app.Guard(token, names, local, door, metrics), limits.max_bytes, origins)
            self._server = uvicorn.Server(uvicorn.Config(
                application, http=protocol_behind(door), loop='asyncio', ws='none', lifespan='off',
                log_config=None, access_log=False, server_header=False,
                timeout_keep_alive=IDLE_TIMEOUT, timeout_graceful_shutdown=END_TIMEOUT,
                h11_max_incomplete_event_size=MAX_HEAD))
            self._opened = opened.pop_all()
        self._thread = threading.Thread(target=self._serve, name='server', daemon=True)
        self._error: Optional[BaseException] = None

    @classmethod
    def from_args(cls, args: argparse.Namespace, engine: Any) -> 'PoseServer':
        """The server that add_server_options describes."""
        token = args.token or args.token_file or token_from_environment()
        server = cls(engine, args.listen or [DEFAULT], token=token, names=args.allow_host,
                     origins=args.allow_origin, limits=limits_of(args))
        if args.token:
            LOGGER.warning('other users of this machine can see what --token says: --token-file '
                           'hides it')
        return server

    def _listen(self, opened: contextlib.ExitStack, address: Address) -> socket.socket:
        try:
            made = (_unix_socket(address) if isinstance(address, str) else listening(address))
        except OSError as error:
            place = UNIX + address if isinstance(address, str) else ':'.join(map(str, address))
            raise ServerError(f'--listen cannot listen on {place}: {error.strerror or error}')
        opened.callback(made.close)
        if isinstance(address, str):
            opened.callback(_remove, address)
        return made

    def __enter__(self) -> 'PoseServer':
        self._thread.start()
        for url in self.urls:
            LOGGER.info('serving at %s', url)
        if self._made_up:
            LOGGER.info('clients send the header "Authorization: Bearer %s"', self.token)
        elif self.token:
            LOGGER.info('clients send the token of %s as "Authorization: Bearer TOKEN"',
                        TOKEN_SOURCES)
        return self

    def _serve(self) -> None:
        # Whoever sends what is no HTTP is not to fill a journal.
        logging.getLogger('uvicorn.error').setLevel(logging.ERROR)
        try:
            asyncio.run(self._server.serve(self._sockets))
        except BaseException as error:
            self._error = error

    def wait(self) -> None:
        """Until the server is stopped. Raises ServerError if it ends by itself."""
        while self._thread.is_alive():
            self._thread.join(0.5)
        if self._error is not None:
            raise ServerError(f'the server failed: {self._error!r}')

    def stop(self) -> None:
        """Answers what was asked and ends; may be called by a signal handler."""
        self._server.should_exit = True

    def __exit__(self, *_: Any) -> None:
        self.stop()
        self._thread.join()
        self._opened.close()


def _url(bound: socket.socket) -> str:
    place = bound.getsockname()
    if isinstance(place, str):
        return UNIX + place
    unspecified = ipaddress.ip_address(place[0].partition('%')[0]).is_unspecified
    return url_of(own_address() if unspecified else place[0], place[1], None)


def _unix_socket(path: str) -> socket.socket:
    """Listens at a path that only this user may use; replaces what an earlier server left there.

    Raises OSError.
    """
    if os.path.exists(path) and stat.S_ISSOCK(os.stat(path).st_mode):
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(path)
                raise OSError('another server listens there')
            except ConnectionRefusedError:
                os.unlink(path)
    made = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    try:
        made.bind(path)
        made.listen(128)
    except OSError:
        made.close()
        raise
    finally:
        os.umask(before)
    return made


def _remove(path: str) -> None:
    with contextlib.suppress(OSError):
        os.unlink(path)
