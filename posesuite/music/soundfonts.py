"""Where SoundFonts, the files with the instruments, lie on this machine.

    soundfonts()  # ['/usr/share/sounds/sf2/FluidR3_GM.sf2', ...]

Only the standard library is imported here: the installer and doctor.py run where packages may be
missing.
"""
import glob
import os
from typing import List, Tuple

FOLDERS = ('/usr/share/sounds/sf2', '/usr/share/sounds/sf3',  # Debian and its derivatives
           '/usr/share/soundfonts',  # Fedora, Arch
           '/opt/homebrew/share/soundfonts', '/usr/local/share/soundfonts')
# The files with all General MIDI instruments, the best first; Debian's and Arch's defaults are
# links to one of them.
PREFERRED = ('FluidR3_GM.sf2', 'default-GM.sf2', 'default-GM.sf3', 'TimGM6mb.sf2', 'default.sf2')
INSTALL = ('sudo apt-get install fluid-soundfont-gm (Fedora: fluid-soundfont-gm, Arch: '
           'soundfont-fluid)')


def soundfonts() -> List[str]:
    """The paths of the SoundFonts in FOLDERS, the best first; empty where there are none."""
    found = [path for folder in FOLDERS
             for path in sorted(glob.glob(os.path.join(glob.escape(folder), '*.sf[23]')))
             if os.path.isfile(path)]
    return sorted(found, key=_rank)


def _rank(path: str) -> Tuple[int, int]:
    folder, name = os.path.split(path)
    return (PREFERRED.index(name) if name in PREFERRED else len(PREFERRED), FOLDERS.index(folder))
