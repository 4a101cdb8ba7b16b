"""The options of activities, which every demo has."""
import argparse
from typing import Any, List

from posesuite.activities.files import listed
from posesuite.activities.hooks import command


def add_activity_options(parser: argparse.ArgumentParser) -> None:
    """Adds --activities and --on-event."""
    group = parser.add_argument_group('activities')
    group.add_argument('--activities', action=_Files, default=[], metavar='FILE',
                       help='say what people do: a file of pose_trainer.py or of rules, or the '
                            'name of one that is shipped, such as fall; may be repeated; list '
                            'shows the names')
    group.add_argument('--on-event', type=_command, metavar='COMMAND',
                       help='run it, without a shell, for each event of --activities, such as '
                            '\'notify-send "{event}, person {id}"\'; {time} is in seconds, {value} '
                            'a confidence or depth, {count} of repetitions')


def check_activity_options(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    """Makes it wrong usage if --on-event has no activities."""
    if args.on_event and not args.activities:
        parser.error('--on-event needs --activities, such as --activities fall')


class _Files(argparse.Action):
    """Adds a name; prints the shipped ones for 'list'."""

    def __call__(self, parser: argparse.ArgumentParser, namespace: argparse.Namespace,
                 value: Any, _: Any = None) -> None:
        if value == 'list':
            print(listed())
            parser.exit()
        setattr(namespace, self.dest, [*getattr(namespace, self.dest), value])


def _command(line: str) -> List[str]:
    try:
        return command(line)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error))
