"""Converts pose logs, which every demo writes with --log and plays with --videosrc.

The ending of the second name chooses the format:
  .csv   a row a pose: frame, time, id, score, then nose_x, nose_y, nose_score, left_eye_x, ...
  .json  COCO keypoints: an image a frame, an annotation a pose with score and track_id

examples:
  python3 pose_log.py convert samples/two_crossing.jsonl two_crossing.csv
  python3 pose_log.py convert samples/two_crossing.jsonl coco.json
"""
import argparse
import logging
import sys

from posesuite import script
from posesuite.pose.export import convert

LOGGER = logging.getLogger('posesuite')


def main() -> int:
    return script.run(convert_log, parse_args())


def convert_log(args: argparse.Namespace) -> int:
    try:
        count = convert(args.log, args.output)
    except KeyboardInterrupt:
        LOGGER.error('interrupted; %s was not written', args.output)
        return 1
    LOGGER.info('%s: %s frames', args.output, count)
    return 0


def parse_args() -> argparse.Namespace:
    parser = script.parser(__doc__)
    commands = parser.add_subparsers(dest='command', metavar='convert')
    command = commands.add_parser('convert', help='convert a log to CSV or COCO')
    command.add_argument('log', help='a pose log, as --log writes it')
    command.add_argument('output', help='a .csv or .json file; overwritten if it exists')
    args = parser.parse_args()
    if args.command is None:
        parser.error('a command is needed: convert')
    if not args.output.lower().endswith(('.csv', '.json')):
        parser.error(f'the output must end in .csv or .json, got {args.output}')
    script.refuse_overwriting(parser, [args.output], [args.log])
    return args


if __name__ == '__main__':
    sys.exit(main())
