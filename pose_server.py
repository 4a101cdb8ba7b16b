"""Serves one network to many programs and machines: a picture in, poses as JSON out.

examples:
  python3 pose_server.py                             # on this machine, at http://127.0.0.1:8090
  curl --data-binary @samples/couple.jpg http://127.0.0.1:8090/v1/poses
  python3 pose_server.py --listen 0.0.0.0:8090 --token-file token --rate 10
  python3 pose_server.py --listen unix:poses.sock    # several cameras share one Edge TPU:
  python3 pose_camera.py hall.mp4 --engine unix:poses.sock
"""
import argparse
import sys

from pose_engine import PoseEngine
from posesuite import script
from posesuite.engine import add_engine_options, engine_options
from posesuite.serving import PoseServer, add_server_options

# The lowest score of a pose that a client may ask for: what anonymizer.py takes for a person.
FAINTEST = 0.15


def main() -> int:
    return script.run(serve, parse_args())


def serve(args: argparse.Namespace) -> None:
    engine = PoseEngine(score_threshold=min(FAINTEST, args.threshold), **engine_options(args))
    with script.stopped_by_signals(PoseServer.from_args(args, engine)) as server:
        server.wait()


def parse_args() -> argparse.Namespace:
    parser = script.parser(__doc__)
    add_engine_options(parser, remote=False)
    add_server_options(parser)
    return parser.parse_args()


if __name__ == '__main__':
    sys.exit(main())
