"""The library under the scripts. Each folder is a subject, and imports point down to pose/."""
import importlib.util
import os
import sys

__version__ = '0.2.0'

_NEEDED = {'numpy': 'numpy', 'cv2': 'opencv-python', 'PIL': 'pillow'}  # modules and their packages

# Scripts that run without any of these.
_STANDALONE = ('doctor.py', 'download.py', 'assets.py')


def _check_packages() -> None:
    """Names the packages that are missing and the command that installs them.

    A script of the suite then ends with exit status 1; for any other importer it is an ImportError.
    """
    missing = [package for module, package in _NEEDED.items()
               if importlib.util.find_spec(module) is None]
    if not missing:
        return
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    installer = os.path.join(root, 'install_requirements.sh')
    cure = (f'pip install {" ".join(missing)}' if not os.path.exists(installer) else
            f'. {root}/.venv/bin/activate' if os.path.exists(f'{root}/.venv/bin/activate') else
            f'sh {installer} && . {root}/.venv/bin/activate')
    text = f'this Python lacks {", ".join(missing)}: {cure}'
    script = os.path.realpath(getattr(sys.modules.get('__main__'), '__file__', None) or '')
    if os.path.basename(script) in _STANDALONE:
        return
    if os.path.dirname(script) == os.path.realpath(root):
        sys.exit(f'error: {text}')
    raise ImportError(text)


_check_packages()
