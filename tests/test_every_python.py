"""What an older or newer Python than the usual one could break: every import and every --help."""
import glob
import os
import subprocess
import sys

from helpers import ROOT

import pytest

MODULES = sorted(os.path.relpath(path, ROOT)[:-len('.py')].replace(os.sep, '.').replace(
    '.__init__', '') for path in glob.glob(
        os.path.join(glob.escape(ROOT), 'posesuite', '**', '*.py'), recursive=True))
SCRIPTS = sorted(
    os.path.relpath(path, ROOT) for folder in ('', 'benchmarks', 'models')
    for path in glob.glob(os.path.join(glob.escape(ROOT), folder, '*.py'))
    if os.path.basename(path) not in ('pose_engine.py', 'noxfile.py', 'setup.py'))


def python(*arguments: str) -> str:
    """What a Python process prints, which must have nothing to say on stderr."""
    done = subprocess.run([sys.executable, '-W', 'error::SyntaxWarning', *arguments], cwd=ROOT,
                          capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, '')
    return done.stdout


def test_every_module_is_imported():
    assert len(MODULES) > 40
    python('-c', 'import importlib, sys; [importlib.import_module(name) for name in sys.argv[1:]]',
           'pose_engine', *MODULES)


@pytest.mark.parametrize('script', SCRIPTS)
def test_help(script):
    assert 'usage: ' in python(script, '--help')
