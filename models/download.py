"""Downloads models into the folders beside it; see --help."""
import os
import sys

sys.path[0] = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))

from posesuite.download import main  # noqa: E402

if __name__ == '__main__':
    sys.exit(main())
