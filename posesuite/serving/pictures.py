"""Pictures of requests: compressed ones within limits, and frames as raw pixels."""
import io
import warnings
from typing import Callable

from posesuite.camera.pictures import open_image
from posesuite.errors import SuiteError, one_line

import numpy as np
from PIL import Image

FORMATS = 'JPEG', 'PNG', 'WEBP'  # Pillow's names
MAX_SIDE = 1 << 14  # pixels of a frame, as in a pose log
MIN_SIDE = 16  # pixels, as of any picture


class PictureError(SuiteError):
    """A picture that cannot be used. status: of HTTP."""

    def __init__(self, message: str, status: int = 422) -> None:
        super().__init__(message)
        self.status = status


def decoder(data: bytes, name: str, max_pixels: int) -> Callable[[], np.ndarray]:
    """What decodes a JPEG, PNG or WebP, upright, to uint8 [Y, X, RGB]. Only its head is read now.

    name: what messages call it. Raises PictureError, as the decoder does.
    """
    if not data:
        raise PictureError(f'{name} is empty: send a JPEG, PNG or WebP', 400)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            head = Image.open(io.BytesIO(data), formats=FORMATS)
    except Exception:  # damaged pictures make Pillow raise anything
        raise PictureError(f'{name} is no JPEG, PNG or WebP, or damaged at its beginning', 415)
    if head.width * head.height > max_pixels:
        raise PictureError(f'{name} has {head.width}x{head.height} pixels, more than '
                           f'{max_pixels}: send a smaller one', 413)

    def decode() -> np.ndarray:
        try:
            return np.asarray(open_image(io.BytesIO(data), name))
        except SuiteError as error:
            raise PictureError(one_line(error))
    return decode


def check_size(width: int, height: int, max_pixels: int) -> None:
    """Raises PictureError if a frame is too small or too large."""
    if not MIN_SIDE <= min(width, height) <= max(width, height) <= MAX_SIDE:
        raise PictureError(f'a frame of {width}x{height} pixels: need {MIN_SIDE} to {MAX_SIDE} '
                           'a side', 400)
    if width * height > max_pixels:
        raise PictureError(f'a frame of {width}x{height} pixels: more than {max_pixels}', 413)


def frame_of(data: bytes, width: int, height: int) -> np.ndarray:
    """Raw pixels as uint8 [Y, X, RGB]. Raises PictureError."""
    if len(data) != width * height * 3:
        raise PictureError(f'{width}x{height} pixels have {width * height * 3} bytes, got '
                           f'{len(data)}', 400)
    return np.frombuffer(data, np.uint8).reshape(height, width, 3)
