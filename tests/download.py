"""Downloads what tests compare with into tests/data/: Google's test photograph, the answers of
Google's models on it, and these networks without the decoder. Tests that need them are skipped
where they are missing.

    python3 tests/download.py

Exit status: 0 when every file is here, 3 when one is missing, 2 for wrong usage.
"""
import os
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path[0] = os.path.dirname(HERE)

from posesuite.download import GOOGLE_URL, run  # noqa: E402

if __name__ == '__main__':
    sys.exit(run(__doc__, os.path.join(HERE, 'data'), GOOGLE_URL, 'python3 tests/download.py'))
