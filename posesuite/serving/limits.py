"""What clients may ask of a server."""
import asyncio
import contextlib
import math
import time
from typing import Dict, Iterator, NamedTuple, Optional, Tuple

from posesuite.errors import SuiteError

MAX_PICTURES = 16  # of a request
MAX_BYTES_HELD = 256 << 20  # bytes of all requests' pictures, before they are decoded
BURST = 2.0  # seconds' worth of pictures that a client with a rate may send at once


class Limits(NamedTuple):
    """The limits that a server's owner chooses."""
    max_bytes: int = 10 << 20  # of a picture as it is sent
    max_pixels: int = 16_000_000  # of a picture once it is decoded
    rate: Optional[float] = None  # pictures a second of one address; None for any
    queue: int = 100  # pictures that may wait
    deadline: float = 30.0  # seconds until a picture must be answered


class Busy(SuiteError):
    """No room at present. seconds: after which to try again."""

    def __init__(self, message: str, seconds: float = 1.0, status: int = 503) -> None:
        super().__init__(message)
        self.seconds, self.status = max(1, math.ceil(seconds)), status


class Rates:
    """How many pictures each address may still send: a token bucket for each.

    rate: pictures a second; None for any.
    """

    def __init__(self, rate: Optional[float]) -> None:
        self._rate = rate
        self._size = max(1.0, BURST * rate) if rate else 0.0
        self._buckets: Dict[str, Tuple[float, float]] = {}  # pictures left, and when that was

    def _left(self, address: str, now: float) -> float:
        left, then = self._buckets.get(address, (self._size, now))
        return min(self._size, left + (now - then) * (self._rate or 0))

    def check(self, address: str) -> None:
        """Counts a picture. Raises Busy if it is one too many."""
        if self._rate is None:
            return
        now = time.monotonic()
        left = self._left(address, now)
        if left < 1:
            raise Busy(f'more than {self._rate:g} pictures a second', (1 - left) / self._rate, 429)
        self._buckets = {known: bucket for known, bucket in self._buckets.items()
                         if self._left(known, now) < self._size}  # the others are full again
        self._buckets[address] = left - 1, now

    async def wait(self, address: str) -> None:
        """Counts a picture when it is no longer one too many."""
        while True:
            try:
                return self.check(address)
            except Busy:
                await asyncio.sleep(1 / max(self._rate or 0, 1))


class Room:
    """Bytes that all requests together may hold."""

    def __init__(self) -> None:
        self._held = 0

    @contextlib.contextmanager
    def held(self, size: int) -> Iterator[None]:
        """Raises Busy if there is no room."""
        if self._held + size > MAX_BYTES_HELD:
            raise Busy(f'other requests hold {self._held >> 20} MB of pictures')
        self._held += size
        try:
            yield
        finally:
            self._held -= size
