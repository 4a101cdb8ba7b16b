"""The options of a script that has a camera."""
import argparse

from posesuite.arguments import between, whole

RESOLUTIONS = ('480x360', '640x480', '1280x720')
MAX_FPS = 1000  # frames per second that a camera may be asked for
MAX_FRAMES = 10 ** 9  # after which a demo may be asked to stop


def add_camera_options(parser: argparse.ArgumentParser, positional: bool = True,
                       several: bool = False) -> None:
    """Adds the options that Camera.from_args reads.

    positional: whether the source can be named without --videosrc, too.
    several: whether there may be several sources, as Cameras.from_args reads them.
    """
    group = parser.add_argument_group('camera')
    source = group.add_mutually_exclusive_group()
    source.add_argument('--videosrc', metavar='SOURCE', action='append' if several else 'store',
                        help='a camera (/dev/video0 or its number), a video, a picture, a folder '
                             'or glob of pictures, an rtsp:// or http(s):// stream, a pose log, or '
                             '- for a video on standard input (default: the first camera)'
                             + '; may be repeated to watch several' * several)
    if positional:
        source.add_argument('videosrc', nargs='?', default=argparse.SUPPRESS, metavar='SOURCE',
                            action='append' if several else 'store',
                            help='the same, without the name of the option')
    group.add_argument('--res', choices=RESOLUTIONS, default='640x480',
                       help="the camera's resolution (default: %(default)s)")
    form = group.add_mutually_exclusive_group()
    form.add_argument('--jpeg', action='store_const', dest='format', const='MJPG',
                      help='receive JPEG from the camera, which many need for higher rates')
    form.add_argument('--h264', action='store_const', dest='format', const='H264',
                      help='receive H.264 from the camera')
    group.add_argument('--fps', type=whole(1, MAX_FPS), metavar='N',
                       help="the camera's frames per second (default: the camera decides)")
    group.add_argument('--frames', type=whole(1, MAX_FRAMES), metavar='N',
                       help='stop after N frames')
    pace = group.add_mutually_exclusive_group()
    pace.add_argument('--realtime', action='store_true',
                      help='play a file at its own pace, and drop frames that are late (default '
                           'where it is shown in a window or to browsers)')
    pace.add_argument('--full-speed', action='store_true',
                      help='process every frame of a file as fast as possible (default with '
                           '--headless and --output)')
    group.add_argument('--loop', action='store_true',
                       help='repeat a file until it is stopped')
    group.add_argument('--picture-time', type=between(0.1, 86400), default=3.0, metavar='SECONDS',
                       help='for which each picture of a folder is shown in a window or to '
                            'browsers; the space bar goes on at once (default: %(default)g)')
    group.add_argument('--wait', action='store_true',
                       help='wait for a source that is not there yet')


def plays_in_realtime(args: argparse.Namespace) -> bool:
    """Whether a file plays at its own pace: if asked for, or if somebody watches."""
    shown = getattr(args, 'serve', None) or not getattr(args, 'headless', True)
    watched = shown and not getattr(args, 'output', None)
    return args.realtime or bool(watched and not args.full_speed)

