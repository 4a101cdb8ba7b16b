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
import datetime
import os
import sys
import threading
from typing import Optional

from pose_engine import PoseEngine
from posesuite import script
from posesuite.camera import Camera, add_camera_options
from posesuite.display import Display, add_display_options
from posesuite.engine import add_engine_options, engine_options
from posesuite.pose import PeopleFinder, PoseLog, read_log
from posesuite.privacy import EVIDENCE, Background, Curtain, Systemd, forbid_core_dumps
from posesuite.visits import VisitStore, edit_areas, keep_days, room_to_draw_on


def main() -> int:
    args = parse_args()
    forbid_core_dumps()
    return script.run(draw_areas if args.edit_areas else demo, args)


def demo(args: argparse.Namespace) -> None:
    with script.stopped_by_signals(Camera.from_args(args)) as camera:
        engine = None if camera.has_poses else open_engine(args)
        background = None if camera.has_poses or args.no_background else Background(
            engine, args.background_delay)
        curtain = Curtain(background, args.show_live_while_waiting)
        finder = PeopleFinder(engine, args.threshold, trusts_faulty=False)
        systemd, anew = Systemd(), threading.Event()
        with PoseLog(args.log, camera.source, engine and engine.model_path, camera.fps) as log, \
                VisitStore(args.store, args.keep, camera.source, start_of(camera)) as store, \
                Display.from_args(args, 'anonymizer', may_save=not args.show_live_while_waiting,
                                  fps=camera.fps,
                                  keys={'b': ('take the background anew', anew.set)}) as display:
            systemd.tell('READY=1')
            for frame in camera:
                systemd.feed(frame)
                people, poses, _ = finder.find(frame)
                if background:
                    if anew.is_set():
                        anew.clear()
                        background.drop('')
                    background.update(frame, poses)
                frame, text = curtain.close(frame)  # no pixel of the camera's gets past this line
                log.write(frame, people)
                store.write(frame, people)
                if not display.show(frame, people, text):
                    break


def draw_areas(args: argparse.Namespace) -> None:
    with script.stopped_by_signals(Camera.from_args(args)) as camera:
        background = None if args.no_background or camera.has_poses else Background(
            open_engine(args), args.background_delay)
        room = room_to_draw_on(camera, background)
    if room is not None:
        edit_areas(args.edit_areas, room, os.path.basename(args.store or ''))


def open_engine(args: argparse.Namespace) -> PoseEngine:
    """The engine, which also finds poses that are too faint to be shown but may be somebody."""
    return PoseEngine(score_threshold=min(EVIDENCE, args.threshold), **engine_options(args))


def start_of(camera: Camera) -> Optional[datetime.datetime]:
    """When the recording of a pose log began, if it says so. Raises OSError or ValueError."""
    if not camera.has_poses:
        return None
    header, frames = read_log(camera.source)
    frames.close()
    return datetime.datetime.fromisoformat(header['start']) if 'start' in header else None


def parse_args() -> argparse.Namespace:
    parser = script.parser(__doc__)
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
