"""doctor.py as a user runs it: the whole table, a table of some checks, wrong usage."""
from pathlib import Path

from doctoring import NEEDED, copy, doctor, examine
from helpers import ROOT

import pytest


def test_healthy(tree: Path) -> None:
    status, rows = examine(tree)
    assert status == 0
    assert {name: rows[name].state for name in NEEDED} == dict.fromkeys(NEEDED, 'ok')
    assert not any(rows[name].cure for name in NEEDED)
    assert rows['models'].found == '6 of 6 model files are whole'
    assert 'ms' in rows['CPU run'].found


def test_some_checks(tree: Path) -> None:
    status, rows = examine(tree, 'sound', 'PYTHON')
    assert status == 0
    assert list(rows) == ['sound', 'Python']


def test_nothing_is_there(tmp_path: Path, bare_python: str) -> None:
    copy(tmp_path, 'doctor.py')
    status, rows = examine(tmp_path, python=bare_python, PYTHONPATH='')
    assert status == 1
    assert rows['packages'].found == 'missing: numpy, opencv-python, pillow'
    assert rows['packages'].cure == 'sh install_requirements.sh && . .venv/bin/activate'
    assert rows['decoder'].state == rows['runtime'].state == rows['CPU run'].state == '!!'


@pytest.mark.parametrize('argument', ['--nonsense', 'nonsense', '--probe=nonsense', '--timeout=x',
                                      '--timeout=nan', '--timeout=inf', '--timeout=0'])
def test_wrong_usage(argument: str) -> None:
    process = doctor(Path(ROOT), argument)
    assert process.returncode == 2
    assert process.stdout == ''
    assert 'error: ' in process.stderr


def test_help() -> None:
    process = doctor(Path(ROOT), '--help')
    assert process.returncode == 0
    assert 'python3 doctor.py' in process.stdout
    assert '--probe' not in process.stdout
