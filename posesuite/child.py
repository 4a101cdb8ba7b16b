"""A module of the suite as a process of its own."""
import sys
from typing import List

from posesuite.files import PACKAGE

# Loads this very package under its name, wherever else one of that name may lie.
_CODE = '''
import importlib.util, os, sys
sys.path[:] = [path for path in sys.path if path]
spec = importlib.util.spec_from_file_location('posesuite', os.path.join({package!r}, '__init__.py'))
sys.modules['posesuite'] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sys.modules['posesuite'])
importlib.import_module('posesuite.core_dumps').forbid_as_parent_does()
sys.exit(importlib.import_module({module!r}).main())
'''


def child_command(module: str, *arguments: str) -> List[str]:
    """The command that runs the main() of a module of posesuite with this Python.

    Neither the working directory nor PYTHONPATH can bring in another package of that name.
    """
    return [sys.executable, '-c', _CODE.format(package=PACKAGE, module=module), *arguments]
