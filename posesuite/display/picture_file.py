"""A picture file that holds the last frame."""
from typing import Optional

from posesuite.display.output import DisplayError, Output
from posesuite.display.scene import Scene
from posesuite.files import written_whole

import cv2
import numpy as np


class PictureFile(Output):
    """The last frame as a PNG file, which is written at the end."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._last: Optional[Scene] = None

    def show(self, scene: Scene) -> bool:
        self._last = scene
        return True

    def close(self) -> None:
        scene, self._last = self._last, None
        if scene:
            try:
                write_png(self._path, scene.picture)
            except OSError as error:
                raise DisplayError(str(error))


def write_png(path: str, image: np.ndarray) -> None:
    """Writes an RGB image, uint8 [Y, X, 3], whole or not at all. Raises OSError with one line."""
    _, png = cv2.imencode('.png', cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    with written_whole(path, 'wb') as file:
        file.write(png.tobytes())
