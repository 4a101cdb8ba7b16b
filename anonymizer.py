"""Shows the people in front of a camera as skeletons, over a picture of the room without anybody.

It waits until no one is in the frame, and keeps that picture, in memory. From then on nothing that
the camera sees is shown, served or written, only skeletons. While it waits they are on grey.

examples:
  python3 anonymizer.py --mirror                   # screen and camera both face you
  python3 anonymizer.py --serve 8080 --store visits.db --keep 30d
  python3 anonymizer.py --videosrc samples/in_and_out.mp4 --background-delay 0.4 --output out.mp4
  python3 anonymizer.py --edit-areas areas.json    # draw what the report is to tell apart
  python3 visits.py report visits.db -o report.html --areas areas.json
"""
import argparse
import ctypes
import datetime
import os
import socket
import sys
import threading
import time
from typing import Optional, Tuple

import numpy as np

from areas_editor import edge_drawing, edit_areas
from background import EVIDENCE, GREY, Background
from camera import Camera, CameraError, add_camera_options
from camera_sources import Frame, say
from display import Display, DisplayError, add_display_options
from pose_engine import EngineError, PoseEngine, __version__
from pose_log import PoseLog, read_log
from pose_runtime import add_engine_options, default_model
from pose_tracker import PoseTracker
from visits import VisitStore, keep_days

WAITING, SET = 'Waiting for everyone to leave the frame...', 'Background set.'
SET_SHOWN = 5.0  # seconds
FEED = 1.0  # seconds between signs of life to systemd
PR_SET_DUMPABLE = 4  # of Linux' prctl


def main() -> int:
    args = parse_args()
    forbid_core_dumps()
    try:
        with Camera(args) as camera:
            if args.edit_areas:
                room = room_to_draw_on(args, camera)
            else:
                run(args, camera)
        if args.edit_areas and room is not None:
            edit_areas(args.edit_areas, room, os.path.basename(args.store or ''))
    except (CameraError, DisplayError, EngineError, OSError, ValueError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    return 0


def run(args: argparse.Namespace, camera: Camera) -> None:
    engine = background = start = None
    if camera.has_poses:  # a pose log, whose frames show no room
        start = start_of(args.videosrc)
    else:
        engine = make_engine(args)
        if not args.no_background:
            background = Background(engine, args.background_delay)
    curtain = Curtain(background, args.show_live_while_waiting)
    tracker, systemd, anew = PoseTracker(), Systemd(), threading.Event()
    with PoseLog(args.log, camera.source, engine and engine.model_path, camera.fps) as log, \
            VisitStore(args.store, args.keep, camera.source, start) as store, \
            Display(args, 'anonymizer', may_save=not args.show_live_while_waiting, fps=camera.fps,
                    keys={'b': ('take the background anew', anew.set)}) as display:
        systemd.tell('READY=1')
        for frame in camera:
            systemd.feed(frame)
            poses, people = [], frame.people or {}
            if frame.fault:
                people = {}  # rather than those of a moment ago
            elif engine:
                poses, _ = engine.DetectPosesInImage(frame.image)
                people = tracker.update([pose for pose in poses if pose.score >= args.threshold],
                                        frame.time)
            if background:
                if anew.is_set():
                    anew.clear()
                    background.drop('')
                background.update(frame, poses)
            frame, text = curtain.close(frame)  # no pixel of the camera's gets past this line
            log.write(frame, people)
            store.add(frame, people)
            if not display.show(frame, people, text):
                break


def make_engine(args: argparse.Namespace) -> PoseEngine:
    return PoseEngine(args.model or default_model(args.res), device=args.device,
                      score_threshold=min(EVIDENCE, args.threshold))


def room_to_draw_on(args: argparse.Namespace, camera: Camera) -> Optional[np.ndarray]:
    """The empty room, or its edges where there is to be no background; None if it is not known."""
    if args.no_background or camera.has_poses:
        return next((edge_drawing(frame.image) for frame in camera if not frame.fault), None)
    engine = make_engine(args)
    background = Background(engine, args.background_delay)
    say(WAITING)
    for frame in camera:
        background.update(frame, engine.DetectPosesInImage(frame.image)[0])
        if background.image is not None:
            return background.image
    say('no picture of the empty room; with --no-background areas are drawn on its edges')
    return None


class Curtain:
    """What anybody gets to see of a room: its background, or grey.

    background: None if there is to be none.
    live_at_first: the camera's own picture until there is one for the first time.
    """

    def __init__(self, background: Optional[Background], live_at_first: bool) -> None:
        self._background, self._live = background, live_at_first
        self._set_at: Optional[float] = None
        self._said = set()  # since the background came or went

    def close(self, frame: Frame) -> Tuple[Frame, str]:
        """A frame with another picture, and the line of text to it, which is also said."""
        image, text = np.full_like(frame.image, GREY), ''
        if self._background and self._background.image is None:
            if self._set_at is not None:
                self._set_at, self._said = None, set()
            doubt = self._background.doubt
            text = WAITING + (f' ({doubt})' if doubt else '')
            image = frame.image if self._live else image
        elif self._background:
            if self._set_at is None:
                self._set_at, self._said, self._live = frame.time, set(), False
            image = self._background.image
            text = SET if frame.time - self._set_at < SET_SHOWN else ''
        if text and text not in self._said:
            self._said.add(text)
            say(text)
        return frame._replace(image=image), text


class Systemd:
    """Tells systemd, if that started the demo, how it is: see sd_notify(3)."""

    def __init__(self) -> None:
        address = os.environ.get('NOTIFY_SOCKET', '')
        self._address = '\0' + address[1:] if address.startswith('@') else address
        self._fed = 0.0

    def tell(self, state: str) -> None:
        if self._address:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
                notify.sendto(state.encode(), self._address)

    def feed(self, frame: Frame) -> None:
        """Feeds the watchdog, but not with frames that stand for a lost or frozen camera."""
        if (time.monotonic() - self._fed >= FEED
                and not frame.fault.startswith(('camera lost', 'frozen'))):
            self._fed = time.monotonic()
            self.tell('WATCHDOG=1')


def forbid_core_dumps() -> None:
    """Keeps the system from writing this process's memory, which has camera frames, to a disk."""
    if sys.platform != 'win32':
        import resource
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == 'linux':  # where a program may take cores in spite of that limit
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


def start_of(path: str) -> Optional[datetime.datetime]:
    """When the recording of a pose log began, if it says so. Raises OSError or ValueError."""
    header, frames = read_log(path)
    frames.close()
    return datetime.datetime.fromisoformat(header['start']) if 'start' in header else None


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    add_camera_options(parser)
    add_engine_options(parser)
    add_display_options(parser)
    group = parser.add_argument_group('background', 'in a window, b takes it anew')
    group.add_argument('--background-delay', type=_seconds, default=2.0, metavar='SECONDS',
                       help='for which nobody must be there (default: %(default)g)')
    group.add_argument('--no-background', action='store_true', help='grey for good')
    group.add_argument('--edit-areas', metavar='AREAS.json',
                       help='only draw the areas of the report with the mouse: on the background, '
                       'or with --no-background on an edge drawing of what the camera sees')
    group.add_argument('--show-live-while-waiting', action='store_true',
                       help='to set the camera up: the window shows what it sees until the first '
                       'background is set')
    parser.add_argument('--log', metavar='FILE.jsonl', help='write the poses of every frame')
    parser.add_argument('--store', metavar='FILE.db',
                        help='keep where people are, for visits.py to report')
    parser.add_argument('--keep', type=keep_days, default='30d', metavar='TIME',
                        help='delete from the store what is older, as 30d or 12h '
                        '(default: %(default)s)')
    parser.add_argument('--version', action='version', version=__version__)
    args = parser.parse_args()
    if args.show_live_while_waiting and (args.output or args.serve or args.no_background):
        parser.error('--show-live-while-waiting is for the window only, and for a background')
    return args


def _seconds(text: str) -> float:
    if not 0 <= float(text) <= 3600:
        raise argparse.ArgumentTypeError(f'must be 0 to 3600, got {text}')
    return float(text)


if __name__ == '__main__':
    sys.exit(main())
