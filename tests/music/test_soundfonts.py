"""The one list of the places of SoundFonts."""
import subprocess
import sys

from helpers import ROOT
from posesuite.music import soundfonts


def test_the_best_first(tmp_path, monkeypatch):
    folders = [tmp_path / name for name in ('a', 'b[1]', 'nowhere')]
    for folder, name in ((folders[0], 'choir.sf2'), (folders[0], 'default.sf2'),
                         (folders[1], 'FluidR3_GM.sf2'), (folders[1], 'Abc.sf3'),
                         (folders[0], 'readme.txt')):
        folder.mkdir(exist_ok=True)
        (folder / name).write_text('')
    (folders[0] / 'default-GM.sf2').symlink_to(tmp_path / 'uninstalled.sf2')
    monkeypatch.setattr(soundfonts, 'FOLDERS', tuple(map(str, folders)))
    assert soundfonts.soundfonts() == [str(path) for path in (
        folders[1] / 'FluidR3_GM.sf2', folders[0] / 'default.sf2', folders[0] / 'choir.sf2',
        folders[1] / 'Abc.sf3')]


def test_none(monkeypatch):
    monkeypatch.setattr(soundfonts, 'FOLDERS', ('/nowhere',))
    assert soundfonts.soundfonts() == []


def test_the_list_needs_no_other_package():
    """The installer and doctor.py ask for it where NumPy or OpenCV may not work."""
    code = ('import sys; from posesuite.music.soundfonts import soundfonts; soundfonts(); '
            'assert not {"numpy", "cv2", "mido", "fluidsynth"} & set(sys.modules)')
    subprocess.run([sys.executable, '-c', code], cwd=ROOT, check=True)
