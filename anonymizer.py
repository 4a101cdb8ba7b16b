"""Shows the people in front of a camera as skeletons, over a picture of the empty room.

It waits for everybody to leave the frame and keeps a picture of the room in memory, grey where
anything in it may be a person. From then on nothing that the camera sees is shown, served or
written, only skeletons. While it waits they are drawn on grey.

examples:
  python3 anonymizer.py --mirror                   # screen and camera both face you
  python3 anonymizer.py --serve 8080 --store visits.db --keep 30d
  python3 anonymizer.py --videosrc samples/in_and_out.mp4 --background-delay 0.4 --output out.mp4
  python3 anonymizer.py --edit-areas areas.json    # draw areas, lines, blackouts, the floor
  python3 anonymizer.py --store visits.db --blackout areas.json
  python3 anonymizer.py --serve 8080 --store visits.db --areas areas.json  # numbers in a browser
  python3 anonymizer.py --areas areas.json --publish mqtt://broker/hall  # Home Assistant finds it
  python3 visits.py report visits.db -o report.html --areas areas.json
"""
import argparse
import logging
import os
import sys
from functools import partial
from typing import Any, Dict, Optional

from pose_engine import PoseEngine
from posesuite import script
from posesuite.activities import ActivityWatch, add_activity_options, check_activity_options
from posesuite.arguments import between
from posesuite.camera import Camera, add_camera_options, files_of
from posesuite.display import Display, add_display_options
from posesuite.engine import add_engine_options, bodypix_model, default_model, open_engine
from posesuite.pose import PeopleFinder, PoseLog
from posesuite.privacy import EVIDENCE, Background, Blackout, Curtain, Systemd
from posesuite.publish import Publishers, add_publish_options, check_publish_options
from posesuite.visits import (
    Live,
    VisitStore,
    edit_areas,
    keep_days,
    read_blackouts,
    read_live_plan,
    room_to_draw_on,
)

LOGGER = logging.getLogger('posesuite')


def main() -> int:
    args = parse_args()
    return script.run(draw_areas if args.edit_areas else demo, args)


def demo(args: argparse.Namespace) -> None:
    blackout = Blackout(read_blackouts(args.blackout, args.store))
    plan = read_live_plan(args.areas, args.store)
    with ActivityWatch.from_args(args, plan.areas) as activities, \
            script.stopped_by_signals(Camera.from_args(args)) as camera:
        engine = None if camera.has_poses else open_sharp_engine(args, camera)
        background = open_background(args, camera, engine)
        curtain = Curtain(background, args.show_live_while_waiting)
        systemd = Systemd()
        finder = PeopleFinder(engine, args.threshold, trusts_faulty=False, lying=activities.lying)
        with PoseLog(args.log, camera.source, engine and engine.model_path, camera.fps) as log, \
                VisitStore(args.store, args.keep, camera.source, camera.started,
                           whole_room=args.keep_background, areas=plan.areas) as store, \
                Live(plan, args.store, camera.started,
                     served=bool(args.serve or args.publish)) as live, \
                Publishers.from_args(args, live.numbers, activities.kinds) as publishers, \
                Display.from_args(args, 'anonymizer', camera, numbers=live.numbers,
                                  may_save=not shows_doubts(args),
                                  **window_controls(args, curtain)) as display:
            systemd.notify('READY=1')
            for frame in camera:
                systemd.feed(frame)
                frame, people, poses, _ = finder.find(blackout.cover(frame))
                people = blackout.outside(frame, people)
                if engine and engine.family != 'PoseNet':  # the faint poses of others mean nothing
                    poses = list(people.values())
                frame, text = curtain.close(frame, poses)  # no pixel of the camera passes this line
                labels, events = activities.update(frame, people)
                log.write(frame, people, events)
                store.write(frame, people, labels, events)
                live.write(frame, people, text, curtain.share)
                publishers.publish(frame, people, events)
                store.keep_room(background and background.image)
                if not display.show(frame, people, text, labels=labels):
                    break


def draw_areas(args: argparse.Namespace) -> None:
    blackout = Blackout(read_blackouts(args.blackout, args.store))
    with script.stopped_by_signals(Camera.from_args(args)) as camera:
        engine = None if camera.has_poses or args.no_background else open_sharp_engine(args, camera)
        background = open_background(args, camera, engine)
        room = room_to_draw_on(map(blackout.cover, camera), background and background.look)
    if room is not None:
        edit_areas(args.edit_areas, room, os.path.basename(args.store or ''))


def open_sharp_engine(args: argparse.Namespace, camera: Camera) -> PoseEngine:
    """An engine that also finds poses too faint to be shown, which may be a person."""
    return open_engine(PoseEngine, args, camera.size,
                       score_threshold=min(EVIDENCE, args.threshold))


def open_background(args: argparse.Namespace, camera: Camera,
                    engine: Optional[PoseEngine]) -> Optional[Background]:
    """The background; None without an engine, and with --no-background."""
    if engine is None or args.no_background:
        return None
    return Background(open_examiner(engine, camera), args.background_delay, open_witness())


def open_examiner(engine: PoseEngine, camera: Camera) -> PoseEngine:
    """The network that examines the background: the engine if it is a PoseNet, whose heatmaps show
    every part of everybody, else another one that is.
    """
    if engine.family == 'PoseNet':
        return engine
    path = default_model(camera.size or (640, 480), 'cpu')
    LOGGER.info('%s cannot tell whether a room is empty; %s examines the background',
                engine.family, os.path.basename(path))
    return PoseEngine(path, device='cpu', score_threshold=EVIDENCE)


def open_witness() -> Optional[PoseEngine]:
    """A BodyPix, which examines the background as well; None if it was not downloaded."""
    path = bodypix_model()
    return PoseEngine(path, device='cpu', score_threshold=EVIDENCE) if path else None


def shows_doubts(args: argparse.Namespace) -> bool:
    """Whether the window may show what nobody else must see."""
    return args.show_live_while_waiting or args.settle_doubts


def window_controls(args: argparse.Namespace, curtain: Curtain) -> Dict[str, Any]:
    """Display's keywords of what the window reacts to."""
    keys = {'b': ('renew the background', curtain.renew)}
    if not args.settle_doubts:
        return {'keys': keys}
    keys['y'] = 'show the patch that was clicked: nobody is there', partial(curtain.answer, True)
    keys['n'] = 'leave it grey', partial(curtain.answer, False)
    return {'keys': keys, 'on_click': curtain.click}


def parse_args() -> argparse.Namespace:
    parser = script.parser(__doc__)
    add_camera_options(parser)
    add_engine_options(parser)
    add_display_options(parser)
    add_activity_options(parser)
    add_publish_options(parser)
    group = parser.add_argument_group('background', 'in a window, the key b renews it')
    group.add_argument('--background-delay', type=between(0, 3600), default=2.0,
                       metavar='SECONDS',
                       help='how long the empty room is watched (default: %(default)g)')
    group.add_argument('--no-background', action='store_true', help='always draw on grey')
    group.add_argument('--edit-areas', metavar='AREAS.json',
                       help='only draw areas, counting lines, blackouts and the floor with the '
                       'mouse: on the background, or with --no-background on an edge drawing of '
                       'what the camera sees')
    group.add_argument('--blackout', metavar='AREAS.json',
                       help='its blackouts are grey in every picture, and nobody is counted there')
    group.add_argument('--show-live-while-waiting', action='store_true',
                       help="to set the camera up: the window shows the camera's image until the "
                       'first background is set')
    group.add_argument('--settle-doubts', action='store_true',
                       help='on a screen that only you see: a click on a grey patch shows what is '
                       'there for two seconds and asks whether to show it from then on')
    parser.add_argument('--areas', metavar='AREAS.json',
                        help='what --serve and --publish count today: who comes in and goes out '
                        'over its lines, who waits in its areas; with --store, whether people at '
                        'its areas and displays face them and reach for them is stored, too; with '
                        '--activities, rules may name its areas')
    parser.add_argument('--log', metavar='FILE.jsonl', help='write the poses of every frame')
    parser.add_argument('--store', metavar='FILE.db',
                        help='store where people are, for the reports of visits.py')
    parser.add_argument('--keep-background', action='store_true',
                        help="keep the background in the store, for the report's maps; without "
                        'it only its edges')
    parser.add_argument('--keep', type=keep_days, default='30d', metavar='TIME',
                        help='delete older data from the store; 30d or 12h, for example '
                        '(default: %(default)s)')
    args = parser.parse_args()
    check_activity_options(parser, args)
    check_publish_options(parser, args)
    if shows_doubts(args) and (args.output or args.serve or args.headless or args.no_background):
        parser.error(('--settle-doubts' if args.settle_doubts else '--show-live-while-waiting')
                     + ' needs a window and a background')
    if args.keep_background and (not args.store or args.no_background):
        parser.error('--keep-background needs --store and a background')
    if args.areas and not (args.serve or args.publish or args.store or args.activities):
        parser.error('--areas needs --serve, whose page counts what is there, --publish, which '
                     'sends the counts, --store, for who faces it, or --activities; a report has '
                     '--areas of its own')
    # A file may be edited while its own blackouts are applied.
    read = [*files_of(args.videosrc), *args.activities, args.areas,
            None if args.edit_areas else args.blackout]
    script.refuse_overwriting(parser, [args.output, args.log, args.store, args.edit_areas], read)
    args.full_speed = args.full_speed or bool(args.edit_areas)  # nobody watches the frames then
    return args


if __name__ == '__main__':
    sys.exit(main())
