"""Checks of the machine: Python, packages, window, cameras, sound, what demos publish by."""
import ctypes.util
import glob
import importlib.util
import os
import platform
import sys
from typing import Dict, List

from posesuite import PACKAGES
from posesuite.checks.row import ABSENT, BROKEN, INSTALL, OK, Row, answer, version
from posesuite.files import INSTALLED, command

WITHOUT_WINDOW = f'without one: {command("simple_pose.py")} --output picture.jpg'


def check_python() -> Row:
    found = f'{platform.python_version()} on {platform.system()} {platform.machine()}'
    if (3, 7) <= sys.version_info[:2] <= (3, 13):
        return Row(OK, found)
    return Row(BROKEN, f'{found}: need 3.7 to 3.13', 'install it with another Python' if INSTALLED
               else 'PYTHON=python3.11 sh install_requirements.sh')


def check_venv() -> Row:
    in_use = sys.prefix != sys.base_prefix
    return Row(OK, sys.prefix) if in_use else Row(ABSENT, 'none in use', INSTALL)


def check_packages() -> Row:
    missing = [package for name, package in PACKAGES.items() if not importlib.util.find_spec(name)]
    if missing:
        return Row(BROKEN, f'missing: {", ".join(missing)}', INSTALL)
    return Row(OK, '; '.join(map(version, PACKAGES)))


def check_pycoral() -> Row:
    spec = importlib.util.find_spec('pycoral')  # this runs nothing of it
    if not spec:
        return Row(ABSENT, 'none, which is fine')
    if any(os.path.exists(f'{folder}/utils/edgetpu.py')
           for folder in spec.submodule_search_locations or []):
        return Row(OK, "Coral's own")
    return Row(BROKEN, "PyPI's pycoral, a program that has nothing to do with Coral",
               'python3 -m pip uninstall pycoral')


def check_window() -> Row:
    import cv2
    import numpy as np
    gui = cv2.getBuildInformation().partition('GUI:')[2].split()[0]
    if gui == 'NONE':
        return Row(ABSENT, 'none: this is opencv-python-headless', WITHOUT_WINDOW)
    if platform.system() == 'Linux' and not any(
            map(os.environ.get, ('DISPLAY', 'WAYLAND_DISPLAY'))):
        return Row(ABSENT, 'no display: $DISPLAY and $WAYLAND_DISPLAY are not set', WITHOUT_WINDOW)
    answer(Row(BROKEN, 'opening a window'))
    cv2.imshow('doctor', np.zeros((120, 160, 3), np.uint8))
    cv2.waitKey(100)
    cv2.destroyAllWindows()
    return Row(OK, f'a window opens ({gui})')


def check_cameras(root: str = '/') -> Row:
    """root: where dev/ and sys/ are."""
    nodes = sorted(glob.glob(f'{root}/dev/video[0-9]*'), key=lambda node: (len(node), node))
    if not nodes:
        return Row(ABSENT, 'none: no /dev/video*')
    names: Dict[str, List[str]] = {}
    for video in map(os.path.basename, nodes):
        try:
            with open(f'{root}/sys/class/video4linux/{video}/name', errors='replace') as file:
                name = file.read().strip()
        except OSError:  # a container may have the device without this
            name = 'without a name'
        names.setdefault(name, []).append(f'/dev/{video}')
    found = '\n'.join(f'{name}: {", ".join(its)}' for name, its in names.items())
    if not all(os.access(node, os.R_OK | os.W_OK) for node in nodes):
        return Row(BROKEN, f'{found}\nno permission',
                   'sudo usermod -aG video "$USER", then log in again')
    return Row(OK, found)


def check_sound() -> Row:
    from posesuite.music.soundfonts import soundfonts
    library = ctypes.util.find_library('fluidsynth')
    fonts = list(map(os.path.basename, soundfonts()))
    found = f'{library or "no FluidSynth"}; {", ".join(fonts) or "no SoundFont"}'
    if library and fonts:
        return Row(OK, found)
    return Row(ABSENT, found, 'sudo apt install fluidsynth fluid-soundfont-gm')


def check_publish() -> Row:
    needed = {'paho': ('paho-mqtt', 'mqtt://'), 'pythonosc': ('python-osc', 'osc://')}
    missing = {package: scheme for name, (package, scheme) in needed.items()
               if not importlib.util.find_spec(name)}
    if not missing:
        return Row(OK, ', '.join(package for package, _ in needed.values()))
    return Row(ABSENT, '; '.join(f'--publish {scheme} needs {package}'
                                 for package, scheme in missing.items()),
               f'{sys.executable or "python3"} -m pip install {" ".join(missing)}')
