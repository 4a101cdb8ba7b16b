"""The library under the scripts. Each folder is a subject, and imports point down to pose/."""
import importlib.util
import os
import shlex
import sys
from typing import List

__version__ = '0.2.0'

PACKAGES = {'numpy': 'numpy', 'cv2': 'opencv-python', 'PIL': 'pillow'}  # modules and their packages
# Scripts that run without any of these.
_STANDALONE = ('doctor', 'pose-doctor', 'download', 'assets')


def _check_packages() -> None:
    """Names the packages that are missing and the command that brings them.

    A script of the suite then ends with exit status 1; for any other importer it is an ImportError.
    """
    missing = [package for module, package in PACKAGES.items()
               if importlib.util.find_spec(module) is None]
    script = getattr(sys.modules.get('__main__'), '__file__', None) or ''
    name = os.path.splitext(os.path.basename(os.path.realpath(script)))[0]
    if not missing or name in _STANDALONE:
        return
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    text = f'this Python lacks {", ".join(missing)}; type: {_cure(root, missing)}'
    if _is_own(os.path.abspath(script), root):
        sys.exit(f'error: {text}')
    raise ImportError(text)


def _cure(root: str, missing: List[str]) -> str:
    """What to type: use .venv, or make it; where the suite is installed, only what is missing."""
    installer = os.path.join(root, 'install_requirements.sh')
    activate = os.path.join(root, '.venv', 'bin', 'activate')
    if not os.path.exists(installer):
        return f'{sys.executable} -m pip install {" ".join(missing)}'
    steps = [] if os.path.exists(activate) else [f'sh {shlex.quote(installer)}']
    return ' && '.join([*steps, f'. {shlex.quote(activate)}'])


def _is_own(script: str, root: str) -> bool:
    """Whether this is a script of the suite, also in a folder such as benchmarks/, or one that pip
    made for it.
    """
    folder, root = os.path.dirname(os.path.realpath(script)), os.path.realpath(root)
    if os.path.exists(os.path.join(root, 'posesuite', 'models')):
        name = os.path.basename(script)
        return os.path.exists(os.path.join(root, 'posesuite', 'scripts',
                                           f'{name.replace("-", "_")}.py'))
    return root in (folder, os.path.dirname(folder))


_check_packages()
