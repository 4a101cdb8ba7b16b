"""What the tests of fleets share."""
import glob
import os
from typing import Any, Dict


def contents(address: Any) -> Dict[str, bytes]:
    """All files of a folder, by their paths in it."""
    found: Dict[str, bytes] = {}
    for path in glob.glob(os.path.join(str(address), '**'), recursive=True):
        if os.path.isfile(path):
            with open(path, 'rb') as file:
                found[os.path.relpath(path, str(address))] = file.read()
    return found
