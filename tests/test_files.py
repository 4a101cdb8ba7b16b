"""posesuite/files.py: outputs that would overwrite what is dear to somebody."""
import os
import stat
from typing import Any, List

from posesuite.files import check_outputs, private, written_whole

import pytest


@pytest.fixture
def folder(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The working directory, with a picture, other names of it, and two empty folders."""
    monkeypatch.chdir(tmp_path)
    for name in ('a', 'b', 'pictures [1]'):
        os.mkdir(name)
    for name in ('in.jpg', 'other.png.part', 'pictures [1]/1.png', 'pictures [1]/2.png'):
        (tmp_path / name).write_bytes(b'dear')
    os.link('in.jpg', 'hard.jpg')
    os.symlink('in.jpg', 'soft.jpg')
    os.symlink('a', 'linked')
    os.symlink('new.png', 'dangling.png')
    return tmp_path


@pytest.mark.usefixtures('folder')
@pytest.mark.parametrize('source, output', [
    ('in.jpg', 'in.jpg'), ('in.jpg', './a/../in.jpg'), ('in.jpg', 'hard.jpg'),
    ('in.jpg', 'soft.jpg'), ('soft.jpg', 'hard.jpg'), ('other.png.part', 'other.png'),
    ('pictures [1]', 'pictures [1]/1.png'), ('pictures ?1]/*.png', 'pictures [1]/2.png')])
def test_an_input_is_not_overwritten(source, output):
    with pytest.raises(ValueError) as error:
        check_outputs([output], [source])
    assert str(error.value).startswith(f'{output} would overwrite ')


@pytest.mark.usefixtures('folder')
@pytest.mark.parametrize('outputs', [
    ['a/x.png', 'a/x.png'], ['a/x.png', 'b/../a/x.png'], ['a/x.png', 'linked/x.png'],
    ['a/x.png', 'a/X.PNG'], ['a/\u00e9.png', 'a/e\u0301.png'], ['hard.jpg', 'soft.jpg'],
    ['dangling.png', 'new.png'], ['b/1.png', 'a/2.png', 'b/1.png']])
def test_an_output_is_not_overwritten(outputs: List[str]):
    with pytest.raises(ValueError) as error:
        check_outputs(outputs)
    assert f'the same file, {outputs[0]} and {outputs[-1]}: ' in str(error.value)


@pytest.mark.usefixtures('folder')
def test_other_files_may_be_written():
    check_outputs(['a/1.png', 'b/1.png', '/dev/null', '/dev/null/x', 'nowhere/1.png', 'hard.jpg'],
                  ['pictures [1]', 'nothing.jpg', '0', 'rtsp://host/in.jpg'])


def test_private_files_are_their_owners_alone(tmp_path):
    path = tmp_path / 'a'
    path.touch(0o644)
    with open(str(path), 'a', opener=private):
        pass
    with written_whole(str(tmp_path / 'b'), opener=private):
        pass
    for name in 'ab':
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
