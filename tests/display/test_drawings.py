"""posesuite/display/drawings.py: where drawings go, and in which formats."""
import os
from typing import Any

from figures import standing
from posesuite.display.drawings import drawing_paths, save_drawing

import pytest
from PIL import Image


@pytest.mark.parametrize('name', ['a.jpg', 'a.JPEG', 'a.png', 'a.webp', 'a.bmp', 'a.tif', 'a.gif'])
def test_a_drawing_has_the_size_and_format_of_its_name(name: str, tmp_path: Any):
    path, = drawing_paths(['in.jpg'], str(tmp_path / name))
    save_drawing(path, Image.new('RGB', (640, 480)), [standing()])
    with Image.open(path) as image:
        assert image.size == (640, 480)
        assert len(image.convert('RGB').getcolors(1 << 20)) > 2
    assert os.listdir(str(tmp_path)) == [name]


@pytest.mark.parametrize('name', ['a', 'a.', 'a.xyz', 'a.ico', 'a.icns', 'a.pdf', 'a.h5', 'a.xpm'])
def test_other_names_are_refused(name: str, tmp_path: Any):
    with pytest.raises(ValueError) as error:
        drawing_paths(['in.jpg'], str(tmp_path / name))
    assert str(error.value).startswith(f'cannot write {tmp_path / name}: ')


def test_in_a_folder_every_picture_has_a_file(tmp_path: Any):
    pictures = ['a/1.jpg', '2.PNG', 'b/3', '4.h5', '5.jpg']
    assert drawing_paths(pictures, str(tmp_path)) == [
        str(tmp_path / name) for name in ('1.jpg', '2.PNG', '3.png', '4.h5.png', '5.jpg')]
    with pytest.raises(ValueError, match='two outputs'):
        drawing_paths(['a/1', '1.png'], str(tmp_path))


@pytest.mark.parametrize('name, size', [('a.jpg', (66000, 1)), ('a.gif', (66000, 1)),
                                        ('a.webp', (17000, 1))])
def test_a_picture_too_wide_for_its_format_is_one_line_and_no_file(name, size, tmp_path):
    with pytest.raises(OSError) as error:
        save_drawing(str(tmp_path / name), Image.new('RGB', size), [])
    assert str(error.value).startswith(f'cannot write {tmp_path / name}: ')
    assert os.listdir(str(tmp_path)) == []
