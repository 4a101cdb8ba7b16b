"""The files of --output, by their names."""
from figures import coloured, sure
from posesuite.display import Display, DisplayError
from posesuite.display.files import open_file
from posesuite.display.picture_file import write_png

import cv2
import numpy as np
import pytest


@pytest.mark.parametrize('path, reason', [
    ('out.gif', 'must end in'), ('out', 'must end in'), ('a\0.mp4', 'must end in'),
    ('nowhere/out.mp4', 'a folder that exists'), ('nowhere/out.png', 'a folder that exists'),
    ('folder.avi', 'a folder that exists'), ('read.mp4', 'the source itself'),
])
def test_what_cannot_be_written_gets_one_line(monkeypatch, tmp_path, path, reason):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'folder.avi').mkdir()
    (tmp_path / 'read.mp4').write_bytes(b'film')
    with pytest.raises(DisplayError, match=reason) as refused:
        open_file(path, 30, './read.mp4')
    assert '\n' not in str(refused.value)
    assert (tmp_path / 'read.mp4').read_bytes() == b'film'


def test_png_is_the_last_frame(tmp_path):
    path = tmp_path / 'out.png'
    with Display(output=str(path)) as display:
        for n in range(5):
            assert display.show(coloured(n, n / 30), {3: sure()}, 'text')
            assert not path.exists()
    picture = cv2.imread(str(path))[:, :, ::-1]
    assert picture[200, 300].tolist() == [4, 100, 200]
    assert picture[50, 100].tolist() == [255, 255, 255]  # the nose
    assert [file.name for file in tmp_path.iterdir()] == ['out.png']


def test_without_a_frame_there_is_no_png(tmp_path):
    with Display(output=str(tmp_path / 'out.png')):
        pass
    assert not list(tmp_path.iterdir())


def test_a_png_that_cannot_be_written_is_reported(tmp_path):
    display = Display(output=str(tmp_path / 'out.png'))
    display.show(coloured(0, 0.0), {})
    (tmp_path / 'out.png.part').mkdir()
    with pytest.raises(DisplayError, match='cannot write .*out.png: Is a directory'):
        display.close()


def test_a_png_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / 'picture.png'
    write_png(str(path), coloured(7, 0.0).image)
    assert np.array_equal(cv2.imread(str(path))[:, :, ::-1], coloured(7, 0.0).image)
    before = path.read_bytes()
    (tmp_path / 'picture.png.part').symlink_to('/dev/full')
    with pytest.raises(OSError, match='No space left on device'):
        write_png(str(path), coloured(8, 0.0).image)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ['picture.png']
