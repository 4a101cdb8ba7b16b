"""Connections of a server: uvicorn's protocol, behind the door that the demos' web server has.

When there is no room, an idle connection is closed for the new one; one that sends no whole head in
time is closed, too. So neither idle nor slow clients lock others out.
"""
import asyncio
import itertools
from typing import Any, Optional, Type

from posesuite.display.web_door import Door

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_TIMEOUT = 10  # seconds for the first head to arrive
LOCAL = 'local'  # in place of an address: of a client of a Unix socket


def protocol_behind(door: Door) -> Type[H11Protocol]:
    """uvicorn's protocol for connections that a door admits."""
    numbers = itertools.count(1)

    class Admitted(H11Protocol):
        _visitor: Any = None
        _timer: Optional[asyncio.TimerHandle] = None

        def connection_made(self, transport: Any) -> None:
            self._visitor = door.admit(transport)
            if self._visitor is None:
                transport.abort()
                return
            super().connection_made(transport)
            if self.client is None:
                self.client = LOCAL, next(numbers)
            self._timer = self.loop.call_later(HEAD_TIMEOUT, self._without_head)

        def _without_head(self) -> None:
            if self.cycle is None:
                self.transport.abort()

        def data_received(self, data: bytes) -> None:
            if self._visitor is None:
                return
            super().data_received(data)
            if self.cycle is not None and not self.cycle.response_complete:
                self._visitor.waits = False

        def on_response_complete(self) -> None:
            self._visitor.wait()
            super().on_response_complete()

        def connection_lost(self, exc: Optional[Exception]) -> None:
            if self._visitor is not None:
                self._timer.cancel()
                door.leave(self._visitor)
                super().connection_lost(exc)

    return Admitted
