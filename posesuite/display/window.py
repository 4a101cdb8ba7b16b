"""A window on the screen."""
import subprocess
import sys
from typing import Callable, Optional

from posesuite.display.files import DisplayError

import cv2
import numpy as np

NO_DISPLAY = ('no display to open a window on: take --serve 8080 to look with a browser, --output '
              'FILE.mp4 for a video, or --headless')
LARGEST = 1280  # pixels, to begin with


class Window:
    """A window that can be resized and keeps its picture's shape.

    on_mouse: called with OpenCV's event, x and y in pixels of the picture, and flags, by the thread
        that calls show.
    cure: what is said where there is no display.
    Raises DisplayError.
    """

    def __init__(self, title: str, on_mouse: Optional[Callable[[int, int, int, int], None]] = None,
                 cure: str = NO_DISPLAY) -> None:
        # Where Qt finds no display it aborts the process, so another one tries.
        try:
            tried = subprocess.run([sys.executable, '-c', 'import cv2; cv2.namedWindow("OpenCV")'],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, timeout=30)
            if tried.returncode != 0:
                raise DisplayError(cure)
            cv2.namedWindow(title, cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO | cv2.WINDOW_GUI_NORMAL)
        except (cv2.error, subprocess.TimeoutExpired):
            raise DisplayError(cure)
        if on_mouse:
            cv2.setMouseCallback(title, lambda event, x, y, flags, _: on_mouse(event, x, y, flags))
        self._title, self._sized = title, False
        self._poll_key = getattr(cv2, 'pollKey', None) or (lambda: cv2.waitKey(1))

    def show(self, image: np.ndarray, wait: int = 0) -> Optional[str]:
        """Shows an RGB image; returns the key that was pressed, or '', or None once closed.

        wait: milliseconds for a key to come.
        """
        if not self._sized:
            height, width = image.shape[:2]
            scale = min(1, LARGEST / width)
            cv2.resizeWindow(self._title, round(width * scale), round(height * scale))
            self._sized = True
        cv2.imshow(self._title, cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
        key = cv2.waitKey(wait) if wait else self._poll_key()
        try:
            if cv2.getWindowProperty(self._title, cv2.WND_PROP_VISIBLE) < 1:
                return None
        except cv2.error:  # as OpenCV's Qt says it of the last window
            return None
        return chr(key & 0xff) if key >= 0 else ''

    def close(self) -> None:
        cv2.destroyAllWindows()
