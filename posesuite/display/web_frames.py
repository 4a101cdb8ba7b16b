"""The latest frames of a demo, for browsers that wait for them."""
import asyncio
import json
from typing import Any, Callable, Dict, Optional, Tuple

import cv2
import numpy as np

MAX_PICTURES = 8  # latest pictures that are kept, for browsers that have just received their event
NUMBERS_INTERVAL = 1.0  # seconds from numbers to numbers of a browser
STALL_TIMEOUT = 5  # seconds without a frame until the state is 'stalled'
HEARTBEAT_INTERVAL = 5  # seconds between comments to browsers that wait for poses
JPEG_QUALITY = 80  # percent


def sse_event(data: Any, number: int = 0, name: str = '') -> bytes:
    """A Server-Sent Event with JSON data; number: its id, 0 for none."""
    return ((f'id: {number}\n' if number else '') + (f'event: {name}\n' if name else '')
            + f'data: {json.dumps(data)}\n\n').encode()


END = sse_event({}, name='end')
HEARTBEAT = b':\n\n'


class Frames:
    """The latest frames, and a way to wait for newer ones.

    ask: called when browsers wait for a frame and none was asked for since the last one.
    To be created in the event loop.
    """

    def __init__(self, ask: Callable[[], None]) -> None:
        self._ask = ask
        self._changed = asyncio.get_event_loop().create_future()  # replaced at every change
        self._end = asyncio.get_event_loop().create_future()  # is done at the end
        self._asked = False  # whether the demo was asked for a frame that has not arrived yet
        self._id = 0  # of the latest frame
        self._event, self._fault, self._frame = b'', '', None  # of the latest frame
        self._numbers = HEARTBEAT  # event of the latest numbers
        self._pictures: Dict[int, _Picture] = {}  # by id

    def show(self, image: np.ndarray, event: Dict[str, Any],
             numbers: Optional[Dict[str, Any]] = None) -> None:
        """Accepts a frame of the demo, uint8 [Y, X, RGB], the event that browsers receive, and the
        numbers for an owner's view, None if they have not changed.
        """
        self._asked = False
        self._id += 1
        self._event = sse_event(event, self._id)
        self._fault, self._frame = event['fault'], event['frame']
        if numbers is not None:
            self._numbers = sse_event(numbers)
        self._pictures[self._id] = _Picture(image)
        self._pictures.pop(self._id - MAX_PICTURES, None)
        self._wake()

    def end(self) -> None:
        """Lets those who wait know that the demo has ended."""
        self._end.set_result(None)
        self._wake()

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.get_event_loop().create_future()
        changed.set_result(None)

    async def _wait_for_newer(self, after: int, timeout: float) -> bool:
        """Asks the demo for a frame newer than an id; returns False if none arrives in time."""
        if self._id <= after and not self._end.done():
            if not self._asked:
                self._asked = True
                self._ask()
            await asyncio.wait([self._changed], timeout=timeout)
        return self._id > after

    async def next_event(self, after: Optional[int]) -> Tuple[int, bytes]:
        """The id and the event of the latest frame newer than an id, or than now for None.

        While there is none, the event is a comment, and at the end of the demo END.
        """
        after = self._id if after is None else after
        if await self._wait_for_newer(after, HEARTBEAT_INTERVAL):
            return self._id, self._event
        return after, END if self._end.done() else HEARTBEAT

    async def next_numbers(self, after: Optional[int]) -> Tuple[int, bytes]:
        """As next_event, the numbers of that frame instead, and NUMBERS_INTERVAL after others."""
        if after is not None:
            await asyncio.wait([self._end], timeout=NUMBERS_INTERVAL)
        number, event = await self.next_event(after)
        return number, event if event in (END, HEARTBEAT) else self._numbers

    async def picture(self, number: int) -> Tuple[int, bytes]:
        """The picture of an id as JPEG, or if it is not kept, a new one; and its actual id."""
        if number not in self._pictures:
            if not number or number > self._id:
                await self._wait_for_newer(self._id, STALL_TIMEOUT)
            number = self._id
        picture = self._pictures.get(number)
        return number, await picture.jpeg() if picture else b''

    async def health(self) -> Dict[str, Any]:
        """The state ('ok', 'fault' or 'stalled'), the fault's text and the frame's number."""
        fresh = await self._wait_for_newer(self._id, STALL_TIMEOUT)
        return {'state': 'stalled' if not fresh else 'fault' if self._fault else 'ok',
                'fault': self._fault, 'frame': self._frame}


class _Picture:
    """A picture that is encoded once, on the first request for it, in another thread."""

    def __init__(self, image: np.ndarray) -> None:
        self._image, self._jpeg = image, None

    async def jpeg(self) -> bytes:
        if self._jpeg is None:
            self._jpeg = asyncio.get_event_loop().run_in_executor(None, jpeg_of, self._image)
            self._image = None
        return await asyncio.shield(self._jpeg)  # for all who wait, even if one of them leaves


def jpeg_of(image: np.ndarray) -> bytes:
    """A picture, uint8 [Y, X, RGB], as JPEG."""
    _, jpeg = cv2.imencode('.jpg', cv2.cvtColor(image, cv2.COLOR_RGB2BGR),
                           [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return jpeg.tobytes()
