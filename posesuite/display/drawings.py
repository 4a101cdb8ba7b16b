"""Pictures with skeletons on them, one file for each picture that was looked at.

    paths = drawing_paths(['a.jpg', 'b.jpg'], 'folder')  # before anything is looked at
    save_drawing(paths[0], image, poses)
"""
import functools
import io
import os
import struct
from typing import List, Sequence

from posesuite.display.overlay import draw_people
from posesuite.files import check_outputs, written_whole
from posesuite.pose.pose import Pose

import numpy as np
from PIL import Image

USUAL = '.png'  # ending that a name gets if Pillow cannot write the format of its own ending
TRIAL_SIZE = (300, 200)  # pixels; icons hold no more than 256


def drawing_paths(pictures: Sequence[str], output: str) -> List[str]:
    """The paths of the drawings of pictures: the file `output` of the only picture, or files in
    the folder `output`.

    Raises OSError or ValueError, with one line, if a drawing cannot be written or would overwrite
    a picture or another drawing.
    """
    folder, _ = os.path.split(output)
    if os.path.isdir(output):
        folder, names = output, map(os.path.basename, pictures)
        paths = [os.path.join(output, name if _format(name) else name + USUAL) for name in names]
    elif _format(output):
        paths = [output]
    else:
        raise ValueError(f'cannot write {output}: its name must end in .jpg, .png or another '
                         'format that Pillow writes and reads')
    if not os.path.isdir(folder or '.') or not os.access(folder or '.', os.W_OK):
        raise OSError(f'cannot write {output}: it needs a folder that exists and is writable')
    check_outputs(paths, pictures)
    return paths


def save_drawing(path: str, image: Image.Image, poses: Sequence[Pose]) -> None:
    """Writes an RGB image with skeletons, as save_picture."""
    picture = np.array(image)
    draw_people(picture, dict(enumerate(poses)), numbers=False)
    save_picture(path, picture)


def save_picture(path: str, picture: np.ndarray) -> None:
    """Writes a picture, uint8 [Y, X, RGB], whole or not at all. Raises OSError with one line."""
    data = io.BytesIO()
    try:
        Image.fromarray(picture).save(data, _format(path))
    except (OSError, OverflowError, ValueError, struct.error) as error:  # such as: too wide
        raise OSError(f'cannot write {path}: {error}')
    with written_whole(path, 'wb') as file:
        file.write(data.getbuffer())


def _format(path: str) -> str:
    """Pillow's name of the format of a path's ending; '' if it does not write it whole."""
    return _format_of_ending(os.path.splitext(path)[1].lower())


@functools.lru_cache(maxsize=None)
def _format_of_ending(ending: str) -> str:
    name, data = Image.registered_extensions().get(ending, ''), io.BytesIO()
    try:
        Image.new('RGB', TRIAL_SIZE).save(data, name)
        with Image.open(data) as again:
            return name if again.size == TRIAL_SIZE else ''
    except (KeyError, OSError, ValueError):  # no such format, or this Pillow lacks its library
        return ''
