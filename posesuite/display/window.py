"""A window on the screen."""
import contextlib
import ctypes
import ctypes.util
import subprocess
from typing import Callable, Optional, Tuple

from posesuite.child import child_command
from posesuite.display.keys import ESCAPE, Keys
from posesuite.display.output import DisplayError, Output
from posesuite.display.scene import Scene

import cv2
import numpy as np

NO_DISPLAY = ('no display to open a window on: use --serve 8080 to watch in a browser, '
              '--output FILE.mp4 to write a video, or --headless')
MAX_WIDTH = 1280  # pixels of a new window
SHARE = 0.85  # of the screen's height that a new window takes at most; the rest is for its frame
CHARACTER_SETS = {1: 'iso8859_2', 2: 'iso8859_3', 3: 'iso8859_4', 5: 'iso8859_6', 6: 'koi8_u',
                  7: 'iso8859_7', 12: 'iso8859_8', 13: 'tis_620'}  # by the high byte of X11's keys
PROBE_TIMEOUT = 30  # seconds for a child process to open a window


class WindowOutput(Output):
    """The window of a demo, which obeys keys. Raises DisplayError.

    on_click: called with x and y of a left click, in pixels of the picture as it is shown.
    """

    def __init__(self, title: str, keys: Keys,
                 on_click: Optional[Callable[[int, int], None]] = None) -> None:
        def on_mouse(event: int, x: int, y: int, _: int) -> None:
            if event == cv2.EVENT_LBUTTONDOWN:
                on_click(x, y)

        self._window, self._keys = Window(title, on_mouse if on_click else None), keys
        self._scene: Optional[Scene] = None

    def show(self, scene: Scene) -> bool:
        self._scene = scene
        key = self._window.show(self._keys.listed_on(scene.picture))
        return key is not None and self._keys.press(key, scene.picture)

    def idle(self) -> bool:
        return self._scene is None or self.show(self._scene)

    def close(self) -> None:
        self._window.close()


class Window:
    """A resizable window that keeps the aspect ratio of its picture.

    on_mouse: called with OpenCV's event, x and y in pixels of the picture, and flags, in the thread
        that calls show.
    no_display: the text of the error if there is no display.
    Raises DisplayError.
    """

    def __init__(self, title: str, on_mouse: Optional[Callable[[int, int, int, int], None]] = None,
                 no_display: str = NO_DISPLAY) -> None:
        if not _can_open_windows():
            raise DisplayError(no_display)
        try:
            cv2.namedWindow(title, cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO | cv2.WINDOW_GUI_NORMAL)
        except cv2.error:
            raise DisplayError(no_display)
        if on_mouse:
            cv2.setMouseCallback(title, lambda event, x, y, flags, _: on_mouse(event, x, y, flags))
        self._title, self._sized = title, False
        self._poll_key = getattr(cv2, 'pollKey', None) or (lambda: cv2.waitKeyEx(1))

    def show(self, image: np.ndarray, wait: int = 0) -> Optional[str]:
        """Shows an RGB image; returns the key that was pressed, '' for none, None once closed.

        wait: milliseconds to wait for a key.
        """
        if not self._sized:
            height, width = image.shape[:2]
            screen_width, screen_height = screen_size() or (MAX_WIDTH, height / SHARE)
            scale = min(1, min(MAX_WIDTH, screen_width) / width, SHARE * screen_height / height)
            cv2.resizeWindow(self._title, round(width * scale), round(height * scale))
            self._sized = True
        cv2.imshow(self._title, cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
        key = cv2.waitKeyEx(wait) if wait else self._poll_key()
        try:
            if cv2.getWindowProperty(self._title, cv2.WND_PROP_VISIBLE) < 1:
                return None
        except cv2.error:  # OpenCV with Qt raises it once the last window is closed
            return None
        return character(key)

    def close(self) -> None:
        """Closes the window, if the user has not done so."""
        with contextlib.suppress(cv2.error):
            cv2.destroyWindow(self._title)


def character(code: int) -> str:
    """The character of a key by its code of waitKeyEx; '' for none and for keys such as arrows.

    Codes are those of X11, but Qt's letters of Latin-1 are negative and always capital.
    """
    if code == -1:
        return ''
    if code < 0:
        return chr(code & 0xff).lower()
    if 0x1000000 <= code <= 0x110ffff:
        return chr(code - 0x1000000)
    kind, low = code >> 8 & 0xff, code & 0xff  # GTK has modifiers above them
    if kind == 0xff:
        return {0x08: '\b', 0x0d: '\r', 0x8d: '\r', 0x1b: ESCAPE}.get(low, '')
    if kind in CHARACTER_SETS:
        return bytes([low]).decode(CHARACTER_SETS[kind], 'ignore')
    return '' if kind or not low else chr(low)


def screen_size() -> Optional[Tuple[int, int]]:
    """Width and height of the X screen, which OpenCV does not tell; None if there is none."""
    name = ctypes.util.find_library('X11')
    if name is None:
        return None
    x11 = ctypes.CDLL(name)
    x11.XOpenDisplay.restype = ctypes.c_void_p
    display = ctypes.c_void_p(x11.XOpenDisplay(None))
    if not display:
        return None
    screen = x11.XDefaultScreen(display)
    found = x11.XDisplayWidth(display, screen), x11.XDisplayHeight(display, screen)
    x11.XCloseDisplay(display)
    return found


def _can_open_windows() -> bool:
    """Whether a child process can open a window: without a display, Qt aborts the process."""
    try:
        return subprocess.run(child_command(__name__), stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              timeout=PROBE_TIMEOUT).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def main() -> None:
    """Opens a window and ends, in a process of its own."""
    cv2.namedWindow('OpenCV')
