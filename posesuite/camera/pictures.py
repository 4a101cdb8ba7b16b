"""Images as uint8 RGB arrays: of files, of folders, and of what OpenCV delivers."""
import collections
import glob
import importlib.util
import io
import logging
import os
import re
import struct
import time
import warnings
from typing import IO, Any, Iterator, List, Optional, Tuple, Union

from posesuite.camera.base import CameraError, Source, shown
from posesuite.engine.image import eight_bits
from posesuite.errors import one_line
from posesuite.pose.pose import Fault, FaultKind, Frame

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

# Pillow's names of what is opened: the formats of cameras, phones and browsers, and two of science.
# None of them runs a program or refers to other files, as EPS, WMF and others do.
FORMATS = ('JPEG', 'PNG', 'WebP', 'BMP', 'TIFF', 'GIF', 'PPM') + (
    ('AVIF',) if importlib.util.find_spec('PIL.AvifImagePlugin') else ())  # since Pillow 11.3
ENDINGS = ('.jpg', '.jpeg', '.jpe', '.jfif', '.png', '.apng', '.webp', '.bmp', '.tif', '.tiff',
           '.gif', '.ppm', '.pgm', '.pbm', '.avif')
FILMS = ('.gif',)  # of these endings, a file that is named itself plays as a video
SEQUENCES = ('PNG', 'WEBP', 'TIFF', 'GIF', 'AVIF')  # formats of which a file may hold several
EXIF = b'Exif\0\0'  # what EXIF data may begin with
ORIENTATION = 0x112  # the EXIF tag
TYPES = {1: 'B', 4: 'I'}  # of EXIF values that have not two bytes, as struct has them
# What turns a picture upright, by its orientation.
TRANSPOSES = {2: Image.FLIP_LEFT_RIGHT, 3: Image.ROTATE_180, 4: Image.FLIP_TOP_BOTTOM,
              5: Image.TRANSPOSE, 6: Image.ROTATE_270, 7: Image.TRANSVERSE, 8: Image.ROTATE_90}
MIN_SIZE = 16  # pixels: one cell of the network's maps
START_OF_SCAN, END_OF_IMAGE = b'\xff\xda', b'\xff\xd9'  # JPEG markers, which no scan contains
MISSING = 128  # level that a JPEG decoder gives to blocks that are missing
LOGGER = logging.getLogger(__name__)


class Pictures(Source):
    """One picture, or those of a folder or a glob, sorted by name, frame2 before frame10."""
    pictures = True

    @staticmethod
    def matches(source: str) -> bool:
        if os.path.isfile(source):
            return source.lower().endswith(ENDINGS) and not source.lower().endswith(FILMS)
        return (os.path.isdir(source) or not os.path.exists(source)
                and (glob.has_magic(source) or source.lower().endswith(ENDINGS)))

    def frames(self) -> Iterator[Frame]:
        paths = self._paths()
        folder = os.path.commonpath([os.path.dirname(path) for path in paths])
        opened = 0
        for number, path in enumerate(paths):
            try:
                image = np.asarray(open_image(path))
            except CameraError as error:
                if len(paths) == 1:
                    raise
                self.warn(str(error))
                continue
            opened += 1
            yield Frame(image, number, number / self.fps, time.monotonic(),
                        name=os.path.relpath(path, folder or '.').replace(os.sep, '/'))
        if not opened:
            raise CameraError(f'none of the {len(paths)} pictures at {self.name!r} can be read')

    def _paths(self) -> List[str]:
        """The files to open; says how many others are there. Raises CameraError if none is."""
        if os.path.isfile(self._source):
            return [self._source]
        folder, name = os.path.split(self._source)
        if os.path.isdir(self._source):
            folder, name = self._source, '*'
        if os.path.isdir(folder):  # a folder's name may have brackets
            folder = glob.escape(folder)
        files = [path for path in glob.glob(os.path.join(folder, name), recursive=True)
                 if not os.path.isdir(path)]
        paths = sorted((path for path in files if path.lower().endswith(ENDINGS)), key=_natural)
        others = collections.Counter(os.path.splitext(path)[1].lower() or 'without an ending'
                                     for path in files if not path.lower().endswith(ENDINGS))
        left_out = ', '.join(f'{count} {ending}' for ending, count in sorted(others.items()))
        if not paths:
            raise CameraError(f'no pictures at {self.name!r}{left_out and f" ({left_out})"}: need '
                              f'{", ".join(ENDINGS)}')
        if left_out:
            self.warn(f'{self.name}: {sum(others.values())} of {len(files)} files are left out, '
                      f'because their names do not end as those of pictures: {left_out}')
        return paths


def _natural(path: str) -> List[Any]:
    """A key that sorts numbers in names by their value."""
    parts = re.split('([0-9]+)', path.casefold())
    return [int(part) if part.isdigit() else part for part in parts] + [path]


def open_image(file: Union[str, IO[bytes]], name: str = '') -> Image.Image:
    """Opens a picture, upright and as RGB; of a file with several the first one, which is logged.

    name: what error messages call it. Transparent places become white, as viewers show them.
    Raises CameraError if it is of none of FORMATS, or damaged, too small or too large.
    """
    name = name or shown(str(file))
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # what Pillow minds in metadata
        warnings.simplefilter('error', Image.DecompressionBombWarning)
        try:
            image = Image.open(file, formats=FORMATS)
            if min(image.size) < MIN_SIZE:
                raise ValueError(f'it has {image.width}x{image.height} pixels, '
                                 f'need {MIN_SIZE}x{MIN_SIZE} or more')
            several = image.format in SEQUENCES and getattr(image, 'is_animated', False)
            image.load()
            # Pillow turns TIFF images itself, and its older releases leave the tag as it was.
            orientation = 1 if image.format == 'TIFF' else _orientation(image)
            image = _as_rgb(image)
        except UnidentifiedImageError:
            raise CameraError(f'{name}: not a {", ".join(FORMATS[:-1])} or {FORMATS[-1]} picture, '
                              'or damaged at its beginning')
        except (Image.DecompressionBombError, Image.DecompressionBombWarning):
            raise CameraError(f'{name}: more than {Image.MAX_IMAGE_PIXELS} pixels')
        except Exception as error:  # damaged files make Pillow's decoders raise anything
            raise CameraError(f'{name}: {getattr(error, "strerror", None) or one_line(error)}')
    if several:
        LOGGER.warning('%s has several pictures, of which only the first is looked at', name)
    return image.transpose(TRANSPOSES[orientation]) if orientation in TRANSPOSES else image


def _orientation(image: Image.Image) -> int:
    """A picture's orientation, 1 to 8; 1 where it says nothing that can be read."""
    try:
        found = 'exif' in image.info and _exif_orientation(image.info['exif'])
        return int(found or image.getexif().get(ORIENTATION, 1))  # which XMP may have, too
    except Exception:  # the rest of the metadata may be damaged, which the picture does not need
        return 1


def _exif_orientation(exif: bytes) -> int:
    """The orientation in EXIF data, 0 if there is none. Raises struct.error if they end too early.

    Pillow gives up at the first entry that is damaged.
    """
    exif = exif[len(EXIF):] if exif.startswith(EXIF) else exif
    order = '>' if exif.startswith(b'MM') else '<'
    start, = struct.unpack_from(f'{order}I', exif, 4)
    count, = struct.unpack_from(f'{order}H', exif, start)
    for entry in range(start + 2, start + 2 + 12 * count, 12):
        tag, kind = struct.unpack_from(f'{order}HH', exif, entry)
        if tag == ORIENTATION:
            return struct.unpack_from(order + TYPES.get(kind, 'H'), exif, entry + 8)[0]
    return 0


def _as_rgb(image: Image.Image) -> Image.Image:
    if image.mode[0] in 'IF':
        return Image.fromarray(eight_bits(image)).convert('RGB')
    if image.mode in ('La', 'RGBa'):
        image = image.convert(image.mode.upper())
    if image.mode in ('LA', 'PA', 'RGBA') or 'transparency' in image.info:
        image = image.convert('RGBA')
        image = Image.alpha_composite(Image.new('RGBA', image.size, 'white'), image)
    return image.convert('RGB')


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
