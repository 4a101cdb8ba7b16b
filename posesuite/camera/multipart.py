"""JPEGs over HTTP whose parts call themselves something else than image/jpeg, or nothing.

Browsers show them, FFmpeg does not.
"""
import http.client
import urllib.request
from typing import Optional, Tuple
from urllib.parse import unquote, urlsplit, urlunsplit

from posesuite.camera import base
from posesuite.camera.base import CameraError, shown

import numpy as np

MAX_PART = 1 << 25  # bytes of a JPEG
MAX_HEADER = 1 << 12  # bytes of a line of a part's header


class MultipartJpegs:
    """A stream of JPEGs; what is used of a cv2.VideoCapture that leaves them undecoded.

    Raises CameraError if the address serves no such stream.
    """

    def __init__(self, address: str) -> None:
        try:
            self._response = _open(address)
            kind = self._response.headers
        except (OSError, http.client.HTTPException, ValueError) as error:
            code = getattr(error, 'code', None)
            raise CameraError(f'{shown(address)} cannot be opened as a stream'
                              f'{f" (HTTP status {code})" if code else ""}')
        if kind.get_content_maintype() != 'multipart':
            self.release()
            raise CameraError(f'{shown(address)} contains no frame')
        self._in_header = False  # whether the boundary before a part has been read already
        # Cameras differ in which dashes belong to it.
        boundary = str(kind.get_param('boundary', 'frame')).strip('-"')
        self._boundary = b'--' + boundary.encode('latin-1', 'replace')

    def read(self) -> Tuple[bool, Optional[np.ndarray]]:
        """(whether there is one, the next JPEG as uint8 [1, bytes]), as OpenCV gives it."""
        data = b''
        try:
            while not data:  # as before the first part, where the stream may say something else
                length = self._header()
                data = self._response.read(length) if length else self._up_to_boundary()
        except (EOFError, OSError, http.client.HTTPException, ValueError):
            data = b''
        return bool(data), np.frombuffer(data, np.uint8).reshape(1, -1)

    def get(self, _: int) -> float:
        """No property is known."""
        return 0.0

    def release(self) -> None:
        """Closes the connection."""
        self._response.close()

    def _header(self) -> int:
        """Reads a part's header; returns its Content-Length, 0 if it has none."""
        length, begun = 0, self._in_header
        self._in_header = False
        while True:
            line = self._response.readline(MAX_HEADER)
            if not line:
                raise EOFError('the stream ends')
            name, _, value = line.partition(b':')
            if name.strip().lower() == b'content-length':
                length = max(0, int(value))
                if length > MAX_PART:
                    raise ValueError(f'a part of {length} bytes')
            begun = begun or bool(line.strip())
            if begun and not line.strip():
                return length

    def _up_to_boundary(self) -> bytes:
        data = bytearray()
        while len(data) <= MAX_PART:
            line = self._response.readline(MAX_PART)
            found = line.find(self._boundary)
            if not line or found >= 0:
                self._in_header = True
                return bytes(data + line[:max(found, 0)])
            data += line
        raise ValueError(f'a part of more than {MAX_PART} bytes')


def _open(address: str) -> 'http.client.HTTPResponse':
    """The answer of an address, which may hold a user and password."""
    parts = urlsplit(address)
    bare = urlunsplit(parts._replace(netloc=parts.netloc.rpartition('@')[2]))
    passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
    passwords.add_password(None, bare, unquote(parts.username or ''), unquote(parts.password or ''))
    return urllib.request.build_opener(
        urllib.request.HTTPBasicAuthHandler(passwords),
        urllib.request.HTTPDigestAuthHandler(passwords)).open(bare, timeout=base.TIMEOUT)
