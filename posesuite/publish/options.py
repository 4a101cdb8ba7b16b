"""The options of publishers, which every demo with a camera has."""
import argparse

from posesuite.arguments import between, whole
from posesuite.publish.targets import target, this_machine


def add_publish_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options that Publishers.from_args reads."""
    group = parser.add_argument_group(
        'publishing', 'Passwords come from a file (?secret_file=FILE at the end of an address) or '
        'the environment; see docs/publish.md.')
    group.add_argument('--publish', type=target, action='append', default=[], metavar='URL',
                       help='send events and numbers to mqtt://[user@]host/topic or mqtts://, '
                            'where Home Assistant finds them, to a webhook https://, or to '
                            'influx://host/database, and poses to osc://host:port; may be given '
                            'several times')
    group.add_argument('--publish-poses', action='store_true',
                       help='send the poses of every frame to MQTT, too; poses may identify '
                            'people')
    group.add_argument('--publish-every', type=between(1, 86400), default=10.0,
                       metavar='SECONDS',
                       help='time between numbers; MQTT also has them when they change '
                            '(default: %(default)g)')
    group.add_argument('--publish-min', type=whole(1, 1000), default=5, metavar='VISITS',
                       help="tell a day's counts of visits in steps of so many, and smaller ones "
                            'not at all; 1 tells all (default: %(default)d)')
    group.add_argument('--publish-name', type=_name, default=this_machine(), metavar='NAME',
                       help="this camera's name in what is published (default: %(default)s)")


def check_publish_options(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    """Makes it wrong usage if poses go nowhere."""
    if args.publish_poses and not any(one.kind == 'mqtt' for one in args.publish):
        parser.error('--publish-poses needs --publish mqtt://')


def _name(text: str) -> str:
    if not text.strip() or len(text) > 60 or not text.isprintable() or set(text) & set('/+#'):
        raise argparse.ArgumentTypeError(
            f'must be 1 to 60 printable characters without / + and #, got {text[:80]!r}')
    return text
