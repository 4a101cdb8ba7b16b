"""Connections of a server: uvicorn's protocol, behind the door that the demos' web server has.

When there is no room, a connection whose request has not arrived yet is closed for the new one; one
that sends no whole request in time is closed, too. So idle and slow clients lock nobody out.
"""
import asyncio
import itertools
from typing import Any, Optional, Type

from posesuite.display.web_door import Door

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_TIMEOUT = 10  # seconds for the first head to arrive
BODY_TIMEOUT = 60  # seconds for a whole body to arrive after its head
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
            self._expect(HEAD_TIMEOUT)

        def _expect(self, seconds: float) -> None:
            """Closes the connection if what is to arrive does not in time."""
            self._expect_nothing()
            self._timer = self.loop.call_later(seconds, self.transport.abort)

        def _expect_nothing(self) -> None:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

        def handle_events(self) -> None:
            before = self.cycle
            super().handle_events()
            if self.cycle is None or self.cycle.response_complete:
                return
            self.scope['visitor'] = self._visitor
            if not self.cycle.more_body:
                self._expect_nothing()
                self._visitor.waits = False
            elif self.cycle is not before:
                self._expect(BODY_TIMEOUT)

        def on_response_complete(self) -> None:
            self._expect_nothing()
            self._visitor.wait()
            super().on_response_complete()

        def connection_lost(self, exc: Optional[Exception]) -> None:
            if self._visitor is not None:
                self._expect_nothing()
                door.leave(self._visitor)
                super().connection_lost(exc)

    return Admitted
