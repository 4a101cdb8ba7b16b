"""What works on this machine and, for what does not, what to type.

    python3 doctor.py                    ok = works, -- = absent and optional, !! = broken
    python3 doctor.py decoder 'CPU run'  only these checks

No camera is opened, no image is looked at, nothing is sent.

Exit status: 0 when the demos would run on the CPU as far as it was checked, 1 when they would not,
2 for wrong usage.
"""
import os
import signal
import sys
from typing import Any

from posesuite import script
from posesuite.checks import Doctor, add_doctor_options


def open_engine(*args: Any, **options: Any) -> Any:
    from pose_engine import PoseEngine  # it needs packages that may be missing
    return PoseEngine(*args, **options)


def main() -> int:
    if hasattr(signal, 'SIGPIPE'):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` ends it quietly
    parser = script.parser(__doc__)
    add_doctor_options(parser)
    args = parser.parse_args()
    script.protect(args)
    doctor = Doctor(open_engine, [sys.executable, os.path.abspath(__file__)], args.timeout)
    if args.probe:
        doctor.probe(args.probe)
        return 0
    try:
        return 0 if doctor.run(args.checks) else 1
    except KeyboardInterrupt:
        return script.INTERRUPTED


if __name__ == '__main__':
    sys.exit(main())
