"""The suite as a page: poses in a visitor's own browser, from their own camera, with nothing sent.

examples:
  python3 pose_web.py --serve 8000               # on this machine: http://127.0.0.1:8000/
  python3 pose_web.py --serve 0.0.0.0:8000 --certificate board.pem   # for phones, by https
  python3 pose_web.py --build site               # a folder for any web server
  python3 pose_web.py --build site --model posenet_mobilenet_v1_075_353_481_quant_decoder

The network and the decoder run in the browser, which after the first visit needs no connection.
The runtime, LiteRT.js, is fetched once (19 MB). docs/web.md has more, and what programs can import.
"""
import argparse
import logging
import sys

from posesuite import script
from posesuite.display.web_options import web_address
from posesuite.web.server import serve_site
from posesuite.web.site import make_site, write_site

LOGGER = logging.getLogger('posesuite')


def main() -> int:
    return script.run(make_page, parse_args())


def make_page(args: argparse.Namespace) -> None:
    site = make_site(args.model)
    if args.build:
        write_site(site, args.build)
        LOGGER.info('%s: %d files, %.1f MB', args.build, len(site),
                    sum(map(len, site.values())) / 1e6)
    else:
        serve_site(site, args.serve, args.certificate)


def parse_args() -> argparse.Namespace:
    parser = script.parser(__doc__)
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument('--serve', type=web_address, metavar='[HOST:]PORT',
                       help='serve the page; without HOST only on this machine')
    where.add_argument('--build', metavar='DIR', help='write the page to a folder')
    parser.add_argument('--model', action='append', default=[], metavar='FILE',
                        help='a PoseNet for the page, by its path or its name; may be given '
                             "several times (default: Google's of 481x353 and 641x481 if they "
                             'are downloaded, and the bundled ones)')
    parser.add_argument('--certificate', metavar='FILE',
                        help='a PEM file with a certificate and its key: serve by https')
    args = parser.parse_args()
    if args.certificate and not args.serve:
        parser.error('--certificate is for --serve')
    return args


if __name__ == '__main__':
    sys.exit(main())
