"""A module of the suite as a process of its own."""
import sys
from typing import List

from posesuite.files import CHECKOUT


def child_command(module: str, *arguments: str) -> List[str]:
    """The command that runs a module's main() with this Python and this very suite.

    Neither the working directory nor PYTHONPATH can bring in another package of the same name.
    """
    code = (f'import sys; sys.path[:1] = [{CHECKOUT!r}]; '
            f'from {module} import main; sys.exit(main())')
    return [sys.executable, '-c', code, *arguments]
