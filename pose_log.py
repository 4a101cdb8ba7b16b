"""Works on pose logs, which every demo writes with --log and plays with --videosrc.

examples:
  python3 pose_log.py convert samples/two_crossing.jsonl two_crossing.csv
  python3 pose_log.py convert samples/two_crossing.jsonl coco.json
  python3 pose_log.py events visit.jsonl --activities fall     # what people did, a line each
  python3 pose_log.py measure visit.jsonl                      # ratios of bodies, angles, gait
  python3 pose_log.py measure visit.jsonl --csv angles.csv
  python3 pose_log.py subject visit.jsonl one.jsonl            # who is in view longest, alone
  python3 pose_log.py subject visit.jsonl one.jsonl --click    # who is clicked on
"""
import argparse
import json
import logging
import signal
import sys
from typing import Optional, Tuple

from posesuite import script
from posesuite.activities import ActivityWatch, add_activity_options, check_activity_options
from posesuite.arguments import between, whole
from posesuite.files import private, written_whole
from posesuite.pose import read_log
from posesuite.pose.event import event_as_json
from posesuite.pose.export import convert
from posesuite.pose.measuring import measure_log
from posesuite.pose.subject import Tracks, at, clicked, keep_subject

LOGGER = logging.getLogger('posesuite')


def main() -> int:
    if hasattr(signal, 'SIGPIPE'):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` ends it quietly
    args = parse_args()
    return script.run(COMMANDS[args.command], args)


def convert_log(args: argparse.Namespace) -> int:
    try:
        count = convert(args.log, args.output)
    except KeyboardInterrupt:
        LOGGER.error('interrupted; %s was not written', args.output)
        return 1
    LOGGER.info('%s: %s frames', args.output, count)
    return 0


def events(args: argparse.Namespace) -> None:
    from posesuite.visits import read_live_plan  # which takes a moment to import
    areas = read_live_plan(args.areas, None).areas
    with ActivityWatch.from_args(args, areas) as activities:
        for frame in read_log(args.log)[1]:
            for event in activities.update_log(frame)[1]:
                print(json.dumps(event_as_json(event)), flush=True)


def measure(args: argparse.Namespace) -> None:
    if args.csv == '-':
        people, say = measure_log(args.log, sys.stdout), LOGGER.info
    elif args.csv:
        with written_whole(args.csv, newline='', opener=private) as file:
            people, say = measure_log(args.log, file), print
    else:
        people, say = measure_log(args.log), print
    for id, person in people.items():
        for line in person.lines(id):
            say(line)


def subject(args: argparse.Namespace) -> None:
    tracks = Tracks.of(args.log)
    id = choose(args, tracks)
    if id is None:
        raise ValueError(f'{args.log}: nobody was chosen')
    if id not in tracks.seen:
        raise ValueError(f'{args.log} has no person {id}; it has '
                         f'{", ".join(map(str, list(tracks.seen)[:20])) or "nobody"}')
    ids = [id] if args.same_id else tracks.followed(id)
    if args.output is None:
        count = keep_subject(args.log, ids, sys.stdout.buffer)
    else:
        with written_whole(args.output, 'wb', opener=private) as file:
            count = keep_subject(args.log, ids, file)
    LOGGER.info('person %s%s is in %s frames', id, '' if len(ids) == 1 else
                f', with the ids {", ".join(map(str, ids))},', count)


def choose(args: argparse.Namespace, tracks: Tracks) -> Optional[int]:
    if args.id is not None:
        return args.id
    if args.click is None:
        return tracks.longest()
    if args.click:
        return clicked(at(args.log, args.at), *args.click)
    from posesuite.display.chooser import choose_person, spread
    return choose_person(spread(read_log(args.log)[1], args.at), 'pose_log')


COMMANDS = {'convert': convert_log, 'events': events, 'measure': measure, 'subject': subject}


def parse_args() -> argparse.Namespace:
    parser = script.parser(__doc__)
    commands = parser.add_subparsers(dest='command', metavar=' | '.join(COMMANDS))
    command = {name: commands.add_parser(name, help=text) for name, text in (
        ('convert', 'convert a log to CSV or COCO'),
        ('events', 'print what people do, or the events that are in the log, as lines of JSON'),
        ('measure', 'measure bodies and gait, with the uncertainty from the scores'),
        ('subject', 'keep one person'))}
    for each in command.values():
        each.add_argument('log', help='a pose log, as --log writes it')
    command['convert'].add_argument('output', help='.csv: a row a pose; .json: COCO keypoints; '
                                                   'overwritten if it exists')
    add_activity_options(command['events'])
    command['events'].add_argument('--areas', metavar='AREAS.json',
                                   help='areas that rules may name')
    command['measure'].add_argument('--csv', nargs='?', const='-', metavar='FILE',
                                    help='a row a pose, into a file or, without a name, on '
                                         'standard output')
    command['subject'].add_argument('output', nargs='?',
                                    help='the log to write (default: standard output)')
    which = command['subject'].add_mutually_exclusive_group()
    which.add_argument('--id', type=whole(0, 1 << 53), metavar='N',
                       help='who has this id (default: who is in view longest)')
    which.add_argument('--longest', action='store_true', help='who is in view longest')
    which.add_argument('--click', nargs='?', const=(), type=_place, metavar='X,Y',
                       help='who is clicked on in a window or, with a place in pixels, is there')
    command['subject'].add_argument('--at', type=between(0, 1e12), default=0.0, metavar='SECONDS',
                                    help='of the frame for --click (default: %(default)g)')
    command['subject'].add_argument('--same-id', action='store_true',
                                    help='do not go on with another id that appears where the '
                                         'person was lost')
    args = parser.parse_args()
    if args.command is None:
        parser.error(f'a command is needed: {", ".join(COMMANDS)}')
    if args.command == 'convert' and not args.output.lower().endswith(('.csv', '.json')):
        parser.error(f'the output must end in .csv or .json, got {args.output}')
    if args.command == 'events':
        check_activity_options(parser, args)
    outputs = [getattr(args, 'output', None), getattr(args, 'csv', None)]
    script.refuse_overwriting(parser, [path for path in outputs if path != '-'], [args.log])
    return args


def _place(text: str) -> Tuple[float, float]:
    try:
        x, y = map(float, text.split(','))
        return x, y
    except ValueError:
        raise argparse.ArgumentTypeError(f'must be X,Y in pixels, got {text[:40]!r}')


if __name__ == '__main__':
    sys.exit(main())
