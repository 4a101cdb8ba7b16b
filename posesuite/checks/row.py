"""What a check finds, and how it reports that to the process that started it."""
import importlib
import json
from typing import NamedTuple

from posesuite import PACKAGES
from posesuite.files import install_command

OK, ABSENT, BROKEN = 'ok', '--', '!!'
INSTALL = install_command(activate=True)


class Row(NamedTuple):
    """A row of the table: OK, ABSENT (and optional) or BROKEN; what was found; what to do."""
    state: str
    found: str
    cure: str = ''


def answer(row: Row) -> None:
    """Reports what a check found or, before something that may crash, what it is about to do."""
    print(json.dumps(row), flush=True)


def version(name: str) -> str:
    """A module's package with its version, read from the module itself."""
    answer(Row(BROKEN, f'importing {name}'))
    package = PACKAGES.get(name, name.replace('_', '-'))
    return f'{package} {importlib.import_module(name).__version__}'
