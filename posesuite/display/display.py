"""Display: shows the frames of a demo in a window, in a file, to browsers, or not at all.

    with Display(window='pose_camera') as display:
        display.show(frame, people, 'PoseNet: 14.0ms')

A thread draws and shows a frame while the demo works on the next one.
"""
import argparse
import contextlib
import logging
import sys
from concurrent.futures import Executor, Future
from typing import Any, Callable, Dict, Iterable, List, Optional, Sequence, Tuple

from posesuite.display.files import open_file
from posesuite.display.grid import Grid
from posesuite.display.keys import Keys, MoreKeys
from posesuite.display.latency import Latency
from posesuite.display.output import Output
from posesuite.display.palette import Palette
from posesuite.display.scene import Draw, Scene, mirrored
from posesuite.display.server_process import Numbers, ServerProcess
from posesuite.display.window import WindowOutput
from posesuite.display.worker import SameThread, Worker
from posesuite.pose.pose import Frame, People
from posesuite.tokens import token_from_environment

LOGGER = logging.getLogger(__name__)


class Display:
    """Shows frames with their people in any number of outputs; a context manager.

    window: the title of a window; None opens none.
    output: the path of a .mp4 or .avi, or of a .png that gets the last frame.
    serve: the host and port of a server for browsers; port 0 is any free one.
    token: what browsers must send; beyond this machine a new one is made up if it is None.
    host_names: further names that browsers may know the server by, such as a proxy's.
    title: of the page for browsers, and the beginning of the names of saved pictures; default: the
        window's.
    mirror: whether the picture is flipped as a mirror does, to begin with.
    stats: whether the latency is logged at the end.
    draw: draws people on a picture in place: uint8 [Y, X, RGB], and poses in its pixels by id;
        default: skeletons with the ids beside them. Browsers get frame.image as it is and draw the
        skeletons themselves.
    may_save: whether the window's key s saves the picture in the working directory.
    fps: the source's frames per second, which a video file gets.
    keys: more keys of the window, each with a help text and a function, which is called in the
        display's thread.
    source: the path of what is read; a file of that name is never overwritten.
    on_click: called in the display's thread with x and y of a click in the window, in pixels of the
        frame.
    numbers: called in another thread, about once a second while a browser waits for them: what the
        owner's view of the page shows, which then has one, as web_numbers.html reads it.
    cameras: the names of several cameras, whose frames are shown beside each other.
    on_end: called in the display's thread when q, Esc or the window's close button ends the display
        while no frame comes.

    Creating, show() and close() raise DisplayError.
    """

    def __init__(self, *, window: Optional[str] = None, output: Optional[str] = None,
                 serve: Optional[Tuple[str, int]] = None, token: Optional[str] = None,
                 host_names: Iterable[str] = (), title: Optional[str] = None,
                 mirror: bool = False, stats: bool = False, draw: Optional[Draw] = None,
                 may_save: bool = True, fps: float = 30.0,
                 keys: Optional[MoreKeys] = None, source: Optional[str] = None,
                 on_click: Optional[Callable[[int, int], None]] = None,
                 numbers: Optional[Numbers] = None,
                 on_end: Optional[Callable[[], None]] = None,
                 cameras: Sequence[str] = ()) -> None:
        title = title or window or 'poses'
        self._mirror, self._draw, self._palette = mirror, draw, Palette()
        self._stats, self._latency = stats, Latency()
        self._grid = Grid(cameras) if len(cameras) > 1 else None
        # macOS allows windows in the main thread only.
        self._worker: Executor = (SameThread() if sys.platform == 'darwin'
                                  else Worker(self._idle))
        self._pending: Optional[Future] = None  # the frame that is being shown
        self._outputs: List[Output] = []
        self._on_end, self._ended = on_end, False
        self._on_click, self._width = on_click, 0  # of the frame that is shown
        self._failed: Optional[Exception] = None  # what ended it while no frame came
        with contextlib.ExitStack() as opened:
            opened.callback(self._worker.shutdown)
            if output:
                self._open(opened, open_file, output, fps, source)
            if serve:
                self._open(opened, ServerProcess, serve, token, title, host_names, numbers)
            if window:
                self._open(opened, WindowOutput, window, Keys(title, self._flip, may_save, keys),
                           self._click if on_click else None)
            self._opened = opened.pop_all()

    @classmethod
    def from_args(cls, args: argparse.Namespace, title: str, camera: Any = None,
                  **more: Any) -> 'Display':
        """The display that add_display_options describes.

        camera: the Camera whose frames are shown, in whose window the space bar skips pictures.
        more: further keywords of Display.
        """
        alone = not (args.headless or args.output or args.serve)
        if camera is not None:
            more = dict({'fps': camera.fps, 'on_end': camera.stop,
                         'cameras': [each.source for each in camera.each]}, **more)
            if camera.pictures:
                more['keys'] = dict(more.get('keys', {}), space=('next picture', camera.skip))
        source = getattr(args, 'videosrc', None)
        source = source if isinstance(source, str) else None  # several are checked by the script
        token = args.token or args.token_file or (token_from_environment() if args.serve else None)
        display = cls(window=title if alone else None, output=args.output, serve=args.serve,
                      token=token, host_names=args.allow_host, title=title, mirror=args.mirror,
                      stats=args.stats, source=source, **more)
        if args.token:
            LOGGER.warning('other users of this machine can see what --token says: --token-file '
                           'hides it')
        return display

    def _open(self, opened: contextlib.ExitStack, make: Callable[..., Output],
              *arguments: Any) -> None:
        """Adds an output, which the display's thread makes and closes."""
        output = self._worker.submit(make, *arguments).result()
        opened.callback(lambda: self._worker.submit(output.close).result())
        self._outputs.append(output)

    def _flip(self) -> None:
        self._mirror = not self._mirror

    def _click(self, x: int, y: int) -> None:
        self._on_click(self._width - 1 - x if self._mirror else x, y)

    def show(self, frame: Frame, people: People, text: str = '',
             sound: Optional[bytes] = None,
             labels: Optional[Dict[int, Sequence[str]]] = None) -> bool:
        """Shows a frame with its people, in pixels of the frame, and a line of text.

        sound: what was heard since the frame before, for the video file: 16-bit stereo samples,
            44100 a second, b'' for none yet. A file has sound if its first frame has some, be it
            empty. It is fitted to the frames' times.
        labels: what people do, by their ids, which is written beside them.
        Returns False once q, Esc or the window's close button has ended the display. It waits until
        the frame before is shown, so that no frame is dropped and the delay does not grow.
        """
        if self._failed:
            raise self._failed
        if self._pending and not self._pending.result() or self._ended:
            return False
        self._pending = self._worker.submit(self._show, frame, people, text, sound, labels)
        return True

    def _show(self, frame: Frame, people: People, text: str, sound: Optional[bytes],
              labels: Optional[Dict[int, Sequence[str]]]) -> bool:
        captured, self._width = frame.captured, frame.image.shape[1]
        if self._mirror:
            frame, people = mirrored(frame, people)
        if self._grid and self._outputs:
            frame, people, labels = self._grid.put(frame, people, labels or {})
        scene = Scene(frame, people, text, self._latency.rate(), self._draw, sound,
                      self._palette.update(people), labels)
        goes_on = all(output.show(scene) for output in self._outputs)
        self._latency.add(captured)
        return goes_on

    def _idle(self) -> None:
        """Lets the window react while no frame comes."""
        if self._ended:
            return
        try:
            self._ended = not all(output.idle() for output in self._outputs)
        except Exception as error:
            self._failed, self._ended = error, True
        if self._ended and self._on_end:
            self._on_end()

    def close(self) -> None:
        """Waits for the last frame and closes all outputs; a file is then complete."""
        pending, self._pending = self._pending, None
        with self._opened:
            if pending:
                pending.result()
        summary = self._latency.summary()
        if self._stats and summary:
            LOGGER.info('%s', summary)
        self._stats = False

    def __enter__(self) -> 'Display':
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()
