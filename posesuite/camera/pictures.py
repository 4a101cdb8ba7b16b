"""Images as uint8 RGB arrays: of files, of folders, and of what OpenCV delivers."""
import glob
import io
import logging
import os
import time
import warnings
from typing import IO, Iterator, List, Optional, Tuple, Union

from posesuite.camera.base import CameraError, Source
from posesuite.pose.pose import Fault, FaultKind, Frame

import cv2
import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

FORMATS = ('JPEG', 'PNG', 'WEBP', 'BMP')  # Pillow's names of what is opened
ENDINGS = ('.jpg', '.jpeg', '.png', '.webp', '.bmp')
MIN_SIZE = 16  # pixels: one cell of the network's maps
START_OF_SCAN, END_OF_IMAGE = b'\xff\xda', b'\xff\xd9'  # JPEG markers, which no scan contains
MISSING = 128  # level that a JPEG decoder gives to blocks that are missing
LOGGER = logging.getLogger(__name__)


class Pictures(Source):
    """One picture, or those of a folder or a glob, sorted by name."""

    @staticmethod
    def matches(source: str) -> bool:
        return (os.path.isdir(source) or source.lower().endswith(ENDINGS)
                or glob.has_magic(source) and not os.path.isfile(source))

    def frames(self) -> Iterator[Frame]:
        paths = self._paths()
        for number, path in enumerate(paths):
            try:
                image = np.asarray(open_image(path))
            except CameraError as error:
                if len(paths) == 1:
                    raise
                LOGGER.warning('%s', error)
                continue
            yield Frame(image, number, number / self.fps, time.monotonic(),
                        name=os.path.basename(path))

    def _paths(self) -> List[str]:
        pattern = self._source
        folder, name = os.path.split(pattern)
        if os.path.isdir(pattern):
            folder, name = pattern, '*'
        if os.path.isdir(folder):  # a folder's name may have brackets
            folder = glob.escape(folder)
        paths = [pattern] if os.path.isfile(pattern) else sorted(
            glob.glob(os.path.join(folder, name)))
        paths = [path for path in paths if path.lower().endswith(ENDINGS)]
        if not paths:
            raise CameraError(f'no pictures at {self.name!r}: need {", ".join(ENDINGS)}')
        return paths


def open_image(file: Union[str, IO[bytes]], name: str = '') -> Image.Image:
    """Opens a picture, upright and as RGB; name: what error messages call it.

    Raises CameraError if it is not a JPEG, PNG, WebP or BMP file, or damaged, too small or too
    large.
    """
    name = name or str(file)
    with warnings.catch_warnings():
        warnings.simplefilter('error', Image.DecompressionBombWarning)
        try:
            image = Image.open(file, formats=FORMATS)
            if min(image.size) < MIN_SIZE:
                raise ValueError(f'it has {image.width}x{image.height} pixels, '
                                 f'need {MIN_SIZE}x{MIN_SIZE} or more')
            return ImageOps.exif_transpose(image).convert('RGB')
        except UnidentifiedImageError:
            raise CameraError(f'{name}: not a JPEG, PNG, WebP or BMP picture')
        except (Image.DecompressionBombError, Image.DecompressionBombWarning):
            raise CameraError(f'{name}: more than {Image.MAX_IMAGE_PIXELS} pixels')
        except (OSError, SyntaxError, ValueError) as error:  # Pillow raises all of them
            raise CameraError(f'{name}: {getattr(error, "strerror", None) or error}')


def as_rgb(image: np.ndarray, name: str) -> np.ndarray:
    """Converts what OpenCV delivers, grey, BGR or BGRA of 8 or 16 bits, to uint8 [Y, X, RGB].

    name: what the error message calls the source. Raises CameraError for any other array.
    """
    channels = image.shape[2] if image.ndim == 3 else 1
    convert = {1: cv2.COLOR_GRAY2RGB, 3: cv2.COLOR_BGR2RGB, 4: cv2.COLOR_BGRA2RGB}.get(channels)
    if image.dtype == np.uint16:
        image = (image >> 8).astype(np.uint8)
    if (convert is None or image.dtype != np.uint8 or image.ndim < 2
            or min(image.shape[:2]) < MIN_SIZE):
        raise CameraError(f'{name} delivers {image.dtype} {list(image.shape)}, need 8 or 16 bit '
                          f'grey, BGR or BGRA of {MIN_SIZE}x{MIN_SIZE} or more')
    return cv2.cvtColor(image, convert)


def decode_jpeg(data: bytes, name: str) -> Optional[Tuple[np.ndarray, Optional[Fault]]]:
    """Decodes a JPEG that may be cut off: (uint8 [Y, X, RGB], fault), or None if nothing shows.

    OpenCV would fill the missing part with an earlier frame or whatever is in memory.
    """
    if data.rfind(END_OF_IMAGE) > data.rfind(START_OF_SCAN):
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        return None if image is None else (as_rgb(image, name), None)
    try:
        image = np.asarray(open_image(io.BytesIO(data + END_OF_IMAGE), name))
    except CameraError:
        return None
    # OpenCV up to 4.8 itself may drop the last bytes, which costs no pixels.
    truncated = (image[-8:, -8:] == MISSING).all()
    return image, Fault.of(FaultKind.TRUNCATED) if truncated else None
