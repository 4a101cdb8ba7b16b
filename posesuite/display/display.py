"""Shows what a demo sees: in a window, a video file, browsers, or not at all.

    parser = argparse.ArgumentParser()
    add_display_options(parser)
    with Display(parser.parse_args(), 'pose_camera', fps=30) as display:
        display.show(frame, people, 'PoseNet: 14.0ms')
"""
import argparse
import os
import sys
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Callable, Dict, Optional, Tuple

from posesuite.display import overlay
from posesuite.display.files import DisplayError, PictureFile, VideoFile, write_png
from posesuite.display.server import ServerProcess
from posesuite.display.window import Window
from posesuite.pose.pose import Frame, Keypoint, Point, Pose

import cv2
import numpy as np

KEYS = {'q, Esc': 'end', 'm': 'mirror', 's': 'save the picture', 'h': 'hide or show the keys'}
ESCAPE = '\x1b'
WARNING = (240, 228, 66)
LATEST = 10000  # frames that --stats speaks of


def add_display_options(parser: argparse.ArgumentParser) -> None:
    """Adds --headless, --output, --serve, --token, --mirror and --stats."""
    group = parser.add_argument_group('display', 'without the first three, a window: ' + ', '.join(
        f'{key}: {what}' for key, what in KEYS.items()))
    group.add_argument('--headless', action='store_true', help='show nothing')
    group.add_argument('--output', type=_output, metavar='FILE', help='no window; write a .mp4 or '
                       '.avi at the pace of the source, or the last picture as .png')
    group.add_argument('--serve', type=_address, metavar='[HOST:]PORT',
                       help='no window; show it to browsers. Without HOST to those on this machine '
                       'only; with 0.0.0.0 to all that reach it and know the token')
    group.add_argument('--token', type=_token, help='that browsers must name, 8 characters or more '
                       '(default: made up for each run, and shown)')
    group.add_argument('--mirror', action='store_true',
                       help='flip the picture as a mirror does; left and right stay the person\'s')
    group.add_argument('--stats', action='store_true',
                       help='say at the end how long frames took from capture to display')


def _output(path: str) -> str:
    if os.path.splitext(path)[1].lower() not in ('.mp4', '.avi', '.png') or '\0' in path:
        raise argparse.ArgumentTypeError(f'must end in .mp4, .avi or .png, got {path!r}')
    return path


def _address(text: str) -> Tuple[str, int]:
    host, colon, port = text.rpartition(':')
    if (bool(host) != bool(colon) or not port.isdecimal() or len(port) > 5 or int(port) > 65535
            or (':' in host and (host[0], host[-1]) != ('[', ']'))):
        raise argparse.ArgumentTypeError(
            f'must be PORT, HOST:PORT or [IPv6]:PORT, the port 0 to 65535, got {text!r}')
    return host.strip('[]') or '127.0.0.1', int(port)


def _token(text: str) -> str:
    if len(text) < 8:
        raise argparse.ArgumentTypeError(f'must have 8 characters or more, got {len(text)}')
    return text


class Display:
    """Where a demo's pictures go, by its options; a context manager.

    title: the demo's name.
    draw: puts people on a picture in place: uint8 [Y, X, RGB], and poses in its pixels by id. Not
        used for browsers, which get frame.image as it is and draw the poses themselves.
    may_save: whether the key s saves the picture in the working directory.
    fps: the source's rate, for a video file.
    keys: further ones of the window: what each does, in words and as a function that a thread of
        the display calls.
    Raises DisplayError, here and in show and close.

    A thread of its own draws and puts out, while the demo goes on with its next frame.
    """

    def __init__(self, args: argparse.Namespace, title: str,
                 draw: Callable[[np.ndarray, Dict[int, Pose]], None] = overlay.draw_people,
                 may_save: bool = True, fps: float = 30.0,
                 keys: Optional[Dict[str, Tuple[str, Callable[[], None]]]] = None) -> None:
        self._title, self._draw, self._may_save, self._keys = title, draw, may_save, keys or {}
        self._mirror, self._stats, self._help = args.mirror, args.stats, False
        self._window = self._file = self._server = None
        self._delays = deque(maxlen=LATEST)  # seconds
        self._times = deque(maxlen=LATEST)
        # macOS has windows in the main thread only.
        self._worker = None if sys.platform == 'darwin' else ThreadPoolExecutor(1)
        self._work = None
        if args.output:
            source = getattr(args, 'videosrc', None)
            self._file = (PictureFile if args.output.lower().endswith('.png') else VideoFile)(
                args.output, fps)
            if os.path.exists(source or '') and os.path.exists(args.output) and os.path.samefile(
                    source, args.output):
                raise DisplayError(f'{args.output} is what is read: name another --output')
        if args.serve:
            try:
                self._server = ServerProcess(args.serve, args.token, title)
            except OSError as error:
                raise DisplayError(f'--serve cannot listen on {args.serve[0]}:{args.serve[1]}: '
                                   f'{error.strerror or error}')
            print(f'serving at {self._server.url}', file=sys.stderr)
            if not self._server.on_loopback:
                print('whoever has this address sees the picture, which travels unencrypted',
                      file=sys.stderr)
        elif not args.output and not args.headless:
            self._window = self._do(Window, title).result()

    @classmethod
    def from_args(cls, args: argparse.Namespace, title: str, **more: Any) -> 'Display':
        """The display that add_display_options describes; more: further keywords of Display."""
        return cls(args, title, **more)

    def show(self, frame: Frame, people: Dict[int, Pose], text: str = '') -> bool:
        """Shows a frame with its people, by id in pixels of the frame, and a line of text.

        Returns False once q, Esc or the close button ended it. Waits for the frame before to be
        out: none is lost, and none gets old.
        """
        if self._work and not self._work.result():
            return False
        self._work = self._do(self._put_out, frame, people, text)
        return True

    def _do(self, function: Callable[..., Any], *arguments: Any) -> Future:
        if self._worker:
            return self._worker.submit(function, *arguments)
        done = Future()
        done.set_result(function(*arguments))
        return done

    def _put_out(self, frame: Frame, people: Dict[int, Pose], text: str) -> bool:
        go_on = self._draw_and_put_out(frame, people, text)
        self._times.append(time.monotonic())
        self._delays.append(self._times[-1] - frame.captured)
        return go_on

    def _draw_and_put_out(self, frame: Frame, people: Dict[int, Pose], text: str) -> bool:
        image, fault = frame.image, frame.fault.text if frame.fault else ''
        if self._mirror:
            image, people = _mirrored(image, people)
        if self._server:
            self._server.show(image, people, {
                'frame': frame.number, 'time': round(frame.time, 4), 'fault': fault,
                'text': text, 'fps': round(self._rate(30), 2)})
        if not self._window and not self._file:
            return True
        image = image.copy()
        self._draw(image, people)
        height, width = image.shape[:2]
        margin = 0.02 * width
        overlay.shadow_text(image, margin, height - margin, text)
        overlay.shadow_text(image, margin, 0.09 * width, fault, WARNING, 1.8)
        if self._file and not self._file.show(image, frame.time):
            return False
        return not self._window or self._show_window(image)

    def _show_window(self, image: np.ndarray) -> bool:
        picture = image
        if self._help:
            picture = image.copy()
            keys = dict(KEYS, **{key: what for key, (what, _) in self._keys.items()})
            for i, (key, what) in enumerate(keys.items()):
                if key != 's' or self._may_save:
                    overlay.shadow_text(picture, 0.02 * image.shape[1],
                                        (0.16 + 0.06 * i) * image.shape[1], f'{key}: {what}',
                                        size=1.4)
        key = self._window.show(picture)
        key = key and key.lower()
        if key == 'm':
            self._mirror = not self._mirror
        elif key == 'h':
            self._help = not self._help
        elif key in self._keys:
            self._keys[key][1]()
        elif key == 's' and self._may_save:
            path = time.strftime(f'{self._title}_%Y-%m-%d_%H-%M-%S.png')
            try:
                write_png(path, image)
                print(f'saved {os.path.abspath(path)}', file=sys.stderr)
            except OSError as error:
                print(f'cannot save {os.path.abspath(path)}: {error.strerror}', file=sys.stderr)
        return key not in ('q', ESCAPE, None)

    def _rate(self, frames: int) -> float:
        """Frames a second over the latest ones."""
        first = max(0, len(self._times) - frames - 1)
        if len(self._times) - first < 2:
            return 0.0
        return (len(self._times) - first - 1) / max(1e-6, self._times[-1] - self._times[first])

    def close(self) -> None:
        """Ends all that is shown; a file is then complete."""
        work, self._work = self._work, None
        try:
            if work:
                work.result()
        finally:
            for output in (self._window, self._server, self._file):
                if output:
                    self._do(output.close).result()
            if self._worker:
                self._worker.shutdown()
        if self._stats and self._delays:
            p50, p95 = np.percentile(self._delays, [50, 95]) * 1000
            print(f'from capture to display: p50 {p50:.1f} ms, p95 {p95:.1f} ms; '
                  f'{len(self._delays)} frames, {self._rate(LATEST):.2f} a second', file=sys.stderr)
        self._stats = False

    def __enter__(self) -> 'Display':
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


def _mirrored(image: np.ndarray, people: Dict[int, Pose]) -> Tuple[np.ndarray, Dict[int, Pose]]:
    """A picture and its people as a mirror shows them; whose left is left stays so."""
    right = image.shape[1] - 1
    return cv2.flip(image, 1), {
        identity: pose._replace(keypoints={
            part: Keypoint(Point(right - point.x, point.y), score)
            for part, (point, score) in pose.keypoints.items()})
        for identity, pose in people.items()}
