"""doctor.py in a copy of the suite where one thing is broken for real."""
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Dict, NamedTuple, Tuple

from helpers import ROOT

import pytest

NEEDED = ['Python', 'packages', 'runtime', 'decoder', 'models', 'CPU run']
CRASH = '*(volatile int *)0 = 1;'


class Row(NamedTuple):
    """A row of the table, its lines joined by spaces."""
    state: str
    found: str
    cure: str


def copy(folder: Path, *names: str) -> None:
    """Copies these files, and the library, from the checkout."""
    for name in names:
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(os.path.join(ROOT, name), str(folder / name))
    shutil.copytree(os.path.join(ROOT, 'posesuite'), str(folder / 'posesuite'),
                    ignore=shutil.ignore_patterns('__pycache__'))


def doctor(tree: Path, *args: str, python: str = sys.executable,
           **changes: str) -> 'subprocess.CompletedProcess[str]':
    """Runs doctor.py from another folder, as anyone may, without a display."""
    env = {key: value for key, value in os.environ.items()
           if key not in ('DISPLAY', 'WAYLAND_DISPLAY')}
    return subprocess.run([python, str(tree / 'doctor.py'), *args], capture_output=True,
                          text=True, env=dict(env, **changes), cwd='/', timeout=300)


def rows_of(table: str) -> Dict[str, Row]:
    """Reads the table."""
    assert max(map(len, table.splitlines())) <= 80
    rows = {}
    for text in re.split(r'\n(?=\S)', table):
        state, name, rest = text[:2], text[4:17].strip(), ' '.join(text[17:].split())
        found, _, cure = rest.partition('-> ')
        rows[name] = Row(state, found.strip(), cure)
    return rows


def examine(tree: Path, *args: str, **options: str) -> Tuple[int, Dict[str, Row]]:
    """Returns doctor.py's exit status and its rows by their names; args: which checks it does."""
    process = doctor(tree, *args, **options)
    table = process.stdout
    if not args:
        table, _, verdict = process.stdout.rpartition('\n\n')
        does = {0: 'run', 1: 'do not run'}[process.returncode]
        assert verdict == f'The demos {does} on the CPU.\n'
    assert process.stderr == ''
    return process.returncode, rows_of(table)


def compile_library(path: Path, code: str) -> None:
    """Compiles a shared library of C code."""
    compiler = shutil.which('cc') or pytest.skip('no C compiler: apt-get install gcc')
    path.with_suffix('.c').write_text(code)
    if path.exists():
        path.unlink()
    subprocess.run([compiler, '-shared', '-fPIC', '-o', str(path), str(path.with_suffix('.c'))],
                   check=True)


def compile_libedgetpu(folder: Path, create: str) -> None:
    """Compiles a libedgetpu whose delegate's creation is the given C code."""
    compile_library(folder / 'libedgetpu.so.1', '''
        #include <stdlib.h>
        void *tflite_plugin_create_delegate(char **k, char **v, size_t n, void (*e)(const char *))
        { %s return NULL; }
        void tflite_plugin_destroy_delegate(void *delegate) {}''' % create)
