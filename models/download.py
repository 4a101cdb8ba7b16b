"""Downloads the model files that SHA256SUMS lists under mobilenet/ and that are missing or damaged.

    python3 models/download.py

Exit status: 0 when every file is here, 3 when one is missing, 2 for wrong usage.
"""
import os
import sys

sys.path[0] = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))

from posesuite.engine.download import main  # noqa: E402

if __name__ == '__main__':
    sys.exit(main())
