"""What messages and help advise: files that exist, options that there are, and no deletions."""
import ast
import glob
import os
import re
import sys
from typing import Iterator, List, Tuple

from helpers import ROOT

import pytest

# Options of other programs that messages and commands name.
OTHERS = {'--force-reinstall', '--no-install-recommends', '--disable-pip-version-check',
          '--only-binary', '--retries', '--no-index', '--system-site-packages', '--version',
          '--help', '--data-binary', '--silent', '--pack-destination'}
ELSEWHERE = {'pycoral/utils/edgetpu.py', 'edgetpu.py'}  # files of other projects
FILE = re.compile(r'(?<![\w./{}<$*-])((?:[\w-]+/)*[\w-]+\.(?:py|sh|md|service|toml|cc|h))\b')
TEXT = ast.Constant if sys.version_info >= (3, 8) else ast.Str  # how Python parses strings
OPTION = re.compile(r'(?<![\w-])--[a-z][a-z0-9-]*[a-z0-9]')


def scripts() -> List[str]:
    found = [path for pattern in ('*.py', 'posesuite/**/*.py', 'models/*.py')
             for path in glob.glob(os.path.join(glob.escape(ROOT), pattern), recursive=True)]
    return sorted(path for path in found
                  if os.path.basename(path) not in ('setup.py', 'noxfile.py'))


def parse(path: str) -> ast.AST:
    with open(path, encoding='utf-8') as file:
        return ast.parse(file.read())


def texts() -> Iterator[Tuple[str, str]]:
    """(where, text) of every string in the scripts and the library, docstrings too."""
    for path in scripts():
        for node in ast.walk(parse(path)):
            value = getattr(node, 's' if TEXT is not ast.Constant else 'value', None)
            if isinstance(node, TEXT) and isinstance(value, str):
                yield f'{os.path.relpath(path, ROOT)}:{node.lineno}', value
    with open(os.path.join(ROOT, 'install_requirements.sh'), encoding='utf-8') as file:
        for number, line in enumerate(file, 1):
            yield f'install_requirements.sh:{number}', line


@pytest.fixture(scope='module')
def said() -> List[Tuple[str, str]]:
    return list(texts())


def exists(where: str, name: str) -> bool:
    """Whether there is such a file, in a folder that a user looks into or beside the text."""
    return any(os.path.exists(os.path.join(ROOT, folder, name))
               for folder in ('', 'models', os.path.dirname(where)))


def test_every_file_that_a_message_names_exists(said):
    named = [(where, name) for where, text in said for name in FILE.findall(text)]
    assert len(named) > 50
    assert [(where, name) for where, name in named
            if not exists(where, name) and name not in ELSEWHERE] == []


def known_options() -> set:
    """The options that the scripts and the installer have."""
    with open(os.path.join(ROOT, 'install_requirements.sh'), encoding='utf-8') as file:
        options = set(re.findall(r'^\s*(--[a-z-]+)\)', file.read(), re.M))
    for path in scripts():
        for node in ast.walk(parse(path)):
            if isinstance(node, ast.Call) and getattr(node.func, 'attr', '') == 'add_argument':
                for argument in node.args:
                    text = getattr(argument, 'value', getattr(argument, 's', ''))
                    options.update(OPTION.findall(text))
    return options


def test_every_option_that_a_message_names_exists(said):
    known = known_options()
    assert {'--videosrc', '--edgetpu', '--keep'} <= known
    named = [(where, option) for where, text in said for option in OPTION.findall(text)]
    assert len(named) > 100
    assert [(where, option) for where, option in named if option not in known | OTHERS] == []


@pytest.mark.parametrize('advice', [
    r'\bdelete (it|them|that|this|the file)\b', r'\brm -r?f? ?[{~/]', r'\bsudo rm\b',
    r'\bchmod (-R )?777\b'])
def test_no_message_advises_to_delete_what_the_user_made(said, advice):
    assert [where for where, text in said if re.search(advice, text, re.I)
            and not where.startswith('install_requirements.sh')] == []
