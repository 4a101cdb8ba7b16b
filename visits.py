"""Reports on, or deletes, what the anonymizer stored of its visitors.

The report is a page of plots and tables: where people are, when, for how long, which way they go.
A fleet is a folder, or a bucket of S3, to which many cameras export their stores, day by day.

examples:
  python3 visits.py report visits.db -o report.html
  python3 visits.py report hall.db shop.db -o report.html --areas areas.json --csv tables
  python3 visits.py report visits.db -o may.html --since 2025-05-01 --until 2025-06-01
  python3 visits.py report visits.db -o bericht.html --language de
  python3 visits.py forget visits.db               # deletes the store and those set aside from it
  python3 visits.py export visits.db --to fleet --camera museum/hall --keep 366d
  python3 visits.py fleet fleet -o fleet.html --csv tables
  python3 visits.py forget fleet --camera museum/hall --since 2025-05-01 --until 2025-05-02
"""
import argparse
import sys

from posesuite import fleet as fleets
from posesuite import script
from posesuite.arguments import between, positive
from posesuite.visits import LANGUAGES, MIN_VISIT, forget, local_date, make_report


def main() -> int:
    args = parse_args()
    return script.run({'report': report, 'forget': delete, 'export': export,
                       'fleet': report_on_fleet}[args.command], args)


def report(args: argparse.Namespace) -> None:
    make_report(args.stores, args.output, areas=args.areas, csv_folder=args.csv,
                min_visits=args.min_visits, since=args.since, until=args.until, title=args.title,
                language=args.language, min_stay=args.min_stay)


def delete(args: argparse.Namespace) -> None:
    if not fleets.is_fleet(args.store):
        forget(args.store)
        return
    for camera, day in fleets.forget_days(args.store, args.camera, args.since, args.until,
                                          args.keep):
        print(f'deleted {camera} {day}')


def export(args: argparse.Namespace) -> None:
    done = fleets.export(args.store, args.to, args.camera, args.keep, args.since, args.today)
    for day in done.written:
        print(f'exported {args.camera} {day}')
    for day in done.deleted:
        print(f'deleted {args.camera} {day}')


def report_on_fleet(args: argparse.Namespace) -> None:
    fleets.make_report(args.fleet, args.output, engine=args.engine, areas=args.areas,
                       csv_folder=args.csv, min_visits=args.min_visits,
                       choice=fleets.Choice(args.site, args.since, args.until), title=args.title,
                       language=args.language, settings=dict(args.setting))


def parse_args() -> argparse.Namespace:
    parser = script.parser(__doc__)
    commands = parser.add_subparsers(dest='command', metavar='report | forget | export | fleet')
    commands.required = True
    report_parser = commands.add_parser('report', help='write a page of plots and tables')
    report_parser.add_argument('stores', nargs='+', metavar='STORE',
                               help='one or more, one per camera')
    add_page_options(report_parser)
    report_parser.add_argument('--min-stay', type=between(0, 3600), default=MIN_VISIT,
                               metavar='SECONDS', help='do not count shorter visits, which may be '
                                                       'nobody (default: %(default)g)')
    report_parser.add_argument('--since', type=local_date, metavar='DATE',
                               help='omit earlier visits: 2025-05-01, or 2025-05-01T14:30')
    report_parser.add_argument('--until', type=local_date, metavar='DATE', help='omit later visits')
    forget_parser = commands.add_parser('forget', help='delete a store, or days of a fleet, for '
                                                       'good')
    forget_parser.add_argument('store', metavar='STORE|FLEET')
    fleets.add_forget_options(forget_parser)
    export_parser = commands.add_parser('export', help="write a store's days into a fleet")
    export_parser.add_argument('store', metavar='STORE')
    fleets.add_export_options(export_parser)
    fleet_parser = commands.add_parser('fleet', help='write a page on all cameras of a fleet')
    fleet_parser.add_argument('fleet', metavar='FLEET', help='a folder, or s3://bucket/folder')
    add_page_options(fleet_parser)
    fleets.add_fleet_options(fleet_parser)
    args = parser.parse_args()
    if args.command == 'report':
        script.refuse_overwriting(report_parser, [args.output], [*args.stores, args.areas])
    if args.command == 'fleet':
        script.refuse_overwriting(fleet_parser, [args.output], [args.areas])
    if args.command == 'forget':
        fleets.check_forget_options(forget_parser, args)
    return args


def add_page_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('-o', '--output', required=True, metavar='REPORT.html',
                        help='the page to write')
    parser.add_argument('--areas', metavar='AREAS.json',
                        help='areas, lines and the floor, from anonymizer.py --edit-areas')
    parser.add_argument('--csv', metavar='FOLDER', help='write the tables there too')
    parser.add_argument('--min-visits', type=positive, default=5, metavar='N',
                        help='leave figures blank that are based on fewer visits '
                             '(default: %(default)s)')
    parser.add_argument('--title', default='', help="the page's title")
    parser.add_argument('--language', choices=LANGUAGES, default='',
                        help='of the page (default: that of the locale)')


if __name__ == '__main__':
    sys.exit(main())
