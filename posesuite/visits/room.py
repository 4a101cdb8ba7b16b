"""The picture of the empty room that a store keeps: its edges or, if the owner wants, all of it."""
import contextlib
import sqlite3
from typing import NamedTuple, Optional, Tuple

import cv2
import numpy as np

MAX_WIDTH = 1280  # pixels of a stored picture
QUALITY = 85  # of a JPEG, in %


class StoredRoom(NamedTuple):
    """A room as a store keeps it. whole: whether the picture is the room itself, a JPEG file; else
    it is a PNG file of the room's edges, white on black. picture: the file's bytes.
    """
    whole: bool
    picture: bytes

    @property
    def media_type(self) -> str:
        """Of the file, for a page."""
        return 'image/jpeg' if self.whole else 'image/png'

    def image(self) -> np.ndarray:
        """The picture, uint8 [Y, X, RGB]. Raises ValueError with one line."""
        image = None
        with contextlib.suppress(cv2.error):  # raised for no bytes at all
            image = cv2.imdecode(np.frombuffer(self.picture, np.uint8), cv2.IMREAD_COLOR)
        if image is None:
            raise ValueError("the store's picture of the room is damaged")
        return np.ascontiguousarray(image[:, :, ::-1])


def room_row(image: np.ndarray, whole: bool) -> Tuple[int, bytes]:
    """The columns whole and picture of a room, uint8 [Y, X, RGB]."""
    scale = min(1, MAX_WIDTH / image.shape[1])
    image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    if whole:
        _, file = cv2.imencode('.jpg', image[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    else:
        _, file = cv2.imencode('.png', room_edges(image))
    return int(whole), file.tobytes()


def room_edges(image: np.ndarray) -> np.ndarray:
    """The edges of an image, uint8 [Y, X, RGB]: uint8 [Y, X], 255 on edges. They show a room but no
    face.
    """
    grey = cv2.GaussianBlur(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), (0, 0), image.shape[1] / 400)
    return cv2.Canny(grey, 25, 60)


def read_room(store: sqlite3.Connection) -> Optional[StoredRoom]:
    """The room that an open store keeps, or None."""
    if not store.execute("SELECT count(*) FROM sqlite_master WHERE name = 'rooms'").fetchone()[0]:
        return None
    found = store.execute('SELECT whole, picture FROM rooms ORDER BY run DESC').fetchone()
    if found and not isinstance(found[1], bytes):  # SQLite's columns accept any type
        raise ValueError(f'the store holds a value of a wrong type: {found[1]!r:.40}')
    return found and StoredRoom(bool(found[0]), found[1])
