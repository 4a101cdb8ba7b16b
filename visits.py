"""Reports on, or deletes, what the anonymizer stored of its visitors.

The report is a page of plots and tables: where people are, when, for how long, which way they go.

examples:
  python3 visits.py report visits.db -o report.html
  python3 visits.py report hall.db shop.db -o report.html --areas areas.json --csv tables
  python3 visits.py report visits.db -o may.html --since 2025-05-01 --until 2025-06-01
  python3 visits.py report visits.db -o bericht.html --language de
  python3 visits.py forget visits.db               # deletes the store and those set aside from it
"""
import argparse
import sys

from posesuite import script
from posesuite.arguments import between, positive
from posesuite.visits import LANGUAGES, MIN_VISIT, forget, local_date, make_report


def main() -> int:
    args = parse_args()
    return script.run({'report': report, 'forget': delete}[args.command], args)


def report(args: argparse.Namespace) -> None:
    make_report(args.stores, args.output, areas=args.areas, csv_folder=args.csv,
                min_visits=args.min_visits, since=args.since, until=args.until, title=args.title,
                language=args.language, min_stay=args.min_stay)


def delete(args: argparse.Namespace) -> None:
    forget(args.store)


def parse_args() -> argparse.Namespace:
    parser = script.parser(__doc__)
    commands = parser.add_subparsers(dest='command', metavar='report | forget')
    commands.required = True
    report_parser = commands.add_parser('report', help='write a page of plots and tables')
    report_parser.add_argument('stores', nargs='+', metavar='STORE',
                               help='one or more, one per camera')
    report_parser.add_argument('-o', '--output', required=True, metavar='REPORT.html',
                               help='the page to write')
    report_parser.add_argument('--areas', metavar='AREAS.json',
                               help='areas, lines and the floor, from anonymizer.py --edit-areas')
    report_parser.add_argument('--csv', metavar='FOLDER', help='write the tables there too')
    report_parser.add_argument('--min-visits', type=positive, default=5, metavar='N',
                               help='leave figures blank that are based on fewer visits '
                                    '(default: %(default)s)')
    report_parser.add_argument('--min-stay', type=between(0, 3600), default=MIN_VISIT,
                               metavar='SECONDS', help='do not count shorter visits, which may be '
                                                       'nobody (default: %(default)g)')
    report_parser.add_argument('--since', type=local_date, metavar='DATE',
                               help='omit earlier visits: 2025-05-01, or 2025-05-01T14:30')
    report_parser.add_argument('--until', type=local_date, metavar='DATE', help='omit later visits')
    report_parser.add_argument('--title', default='', help="the page's title")
    report_parser.add_argument('--language', choices=LANGUAGES, default='',
                               help='of the page (default: that of the locale)')
    forget_parser = commands.add_parser('forget', help='delete a store for good')
    forget_parser.add_argument('store', metavar='STORE')
    args = parser.parse_args()
    if args.command == 'report':
        script.refuse_overwriting(report_parser, [args.output], [*args.stores, args.areas])
    return args


if __name__ == '__main__':
    sys.exit(main())
