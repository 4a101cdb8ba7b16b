"""Up to three people in front of a camera play music with their arms.

The height of the right wrist is the pitch, that of the left one the volume, both from the hips to
above the head. Each of the three has an instrument of their own; others wait, drawn in grey.

examples:
  python3 synthesizer.py --demo                    # hear and see it without a camera
  python3 synthesizer.py --mirror                  # screen and camera both face you
  python3 synthesizer.py --scale blues --key A --instruments "alto sax" "acoustic bass" --octave 3 1
  python3 synthesizer.py --activities my.json --change tree flute --change warrior blues
  python3 synthesizer.py --demo --mute --headless --record take.wav --record take.mid
"""
import argparse
import logging
import sys

from pose_engine import PoseEngine
from posesuite import script
from posesuite.activities import ActivityWatch, add_activity_options, check_activity_options
from posesuite.camera import Camera, add_camera_options, files_of
from posesuite.display import Display, add_display_options
from posesuite.engine import add_engine_options, open_engine
from posesuite.files import own_file
from posesuite.music import Audio, Delays, Trio, add_audio_options, add_music_options, stage
from posesuite.pose import PeopleFinder, PoseLog
from posesuite.publish import Publishers, add_publish_options, check_publish_options

DEMO = own_file('samples', 'trio.jsonl')
LOGGER = logging.getLogger('posesuite')


def main() -> int:
    return script.run(demo, parse_args())


def demo(args: argparse.Namespace) -> None:
    trio, delays = args.trio, Delays()
    with ActivityWatch.from_args(args) as activities, \
            script.stopped_by_signals(Camera.from_args(args)) as camera:
        engine = None if camera.has_poses else open_engine(
            PoseEngine, args, camera.size, tracking=not camera.pictures)
        finder = PeopleFinder(engine, args.threshold, lying=activities.lying)
        with Audio.from_args(args, trio.programs,
                             may_be_silent=args.demo) as audio, \
                PoseLog(args.log, camera.source, engine and engine.model_path, camera.fps) as log, \
                Publishers.from_args(args, kinds=activities.kinds) as publishers, \
                Display.from_args(args, 'synthesizer', camera, draw=stage.painter(trio)) as display:
            for frame in camera:
                frame, people, _, inference_time = finder.find(frame)
                labels, events = activities.update(frame, people)
                trio.change(events)
                sounds = trio.update(people, frame.time, frame.image.shape[0])
                audio.play(sounds, frame.time, trio.programs)
                delays.add(sounds, frame.captured, inference_time)
                log.write(frame, people, events)
                publishers.publish(frame, people, events)
                text = stage.text(trio) if args.serve else ''
                if not display.show(frame, people, text, audio.soundtrack(), labels):
                    break
    if args.stats:
        LOGGER.info(delays.line(audio.buffer))


def parse_args() -> argparse.Namespace:
    parser = script.parser(__doc__)
    parser.add_argument('--demo', action='store_true',
                        help='three stick figures play, without a camera')
    add_music_options(parser)
    add_audio_options(parser)
    add_camera_options(parser)
    add_engine_options(parser)
    add_display_options(parser)
    add_activity_options(parser)
    add_publish_options(parser)
    parser.add_argument('--log', metavar='FILE.jsonl', help='write the poses of every frame')
    args = parser.parse_args()
    check_activity_options(parser, args)
    check_publish_options(parser, args)
    if args.change and not args.activities:
        parser.error('--change needs --activities, such as --activities hand_raised')
    if args.demo:
        if args.videosrc:
            parser.error('--demo is a source of its own: leave --videosrc out')
        args.videosrc = DEMO
    heard = not args.mute or bool(args.midi_port)
    if heard and args.full_speed:
        parser.error('--full-speed needs --mute and no --midi-port: what is heard plays at its own '
                     'pace')
    args.realtime = args.realtime or heard
    script.refuse_overwriting(parser, [*args.record, args.output, args.log],
                              [*files_of(args.videosrc), args.soundfont, *args.activities])
    try:
        args.trio = Trio.from_args(args)
    except ValueError as error:
        parser.error(str(error))
    return args


if __name__ == '__main__':
    sys.exit(main())
