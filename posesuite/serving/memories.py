"""Memory that a client on the same machine shares: it writes frames there, the server reads them.

A client names an empty file of /dev/shm, which the server opens, and removes the name before it
writes a frame. So no file system names what shows people, and the memory is gone with the two.
"""
import os
import re
import secrets
import stat
import threading
import time
from typing import Dict

from posesuite.engine.wire import MEMORY_FOLDER, MEMORY_NAME
from posesuite.serving.pictures import PictureError

import numpy as np

MAX_MEMORIES = 64  # clients at a time
IDLE = 60.0  # seconds without a frame after which a memory is forgotten


class Memory:
    """One client's. Attribute used: when it was read last, in monotonic seconds."""

    def __init__(self, file: int) -> None:
        self._file = file
        self._frame = np.empty(0, np.uint8)
        self.used = time.monotonic()

    def frame(self, width: int, height: int) -> np.ndarray:
        """A copy of the frame, uint8 [Y, X, RGB], until the next one. Raises PictureError.

        It is read, not mapped: a client that shortens the file must not kill the server.
        """
        self.used = time.monotonic()
        if self._frame.shape != (height, width, 3):
            self._frame = np.empty((height, width, 3), np.uint8)
        if os.preadv(self._file, [self._frame], 0) != self._frame.nbytes:
            raise PictureError(f'the memory does not hold {width}x{height} pixels', 400)
        return self._frame

    def __del__(self) -> None:
        os.close(self._file)


class Memories:
    """The memories that clients share, by ids that cannot be guessed."""

    def __init__(self) -> None:
        self._memories: Dict[str, Memory] = {}
        self._lock = threading.Lock()

    def add(self, name: str) -> str:
        """Opens the file of a name in MEMORY_FOLDER; returns its id. Raises PictureError."""
        if not re.fullmatch(MEMORY_NAME, name):
            raise PictureError('no name of a memory', 400)
        try:
            file = os.open(os.path.join(MEMORY_FOLDER, name),
                           os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:  # another user's, or of another container or machine
            raise PictureError(f'the memory cannot be opened: {error.strerror}', 403)
        memory = Memory(file)
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise PictureError('the memory is no file', 400)
        with self._lock:
            self._forget_idle()
            if len(self._memories) >= MAX_MEMORIES:
                raise PictureError(f'{MAX_MEMORIES} clients share memory, as many as may', 503)
            id = secrets.token_hex(16)
            self._memories[id] = memory
        return id

    def _forget_idle(self) -> None:
        limit = time.monotonic() - IDLE
        self._memories = {id: memory for id, memory in self._memories.items()
                          if memory.used > limit}

    def get(self, id: str) -> Memory:
        """Raises PictureError if the memory is not known, for example after a restart."""
        with self._lock:
            self._forget_idle()
            if id not in self._memories:
                raise PictureError('no such memory', 404)
            return self._memories[id]

    def remove(self, id: str) -> None:
        with self._lock:
            self._memories.pop(id, None)
