"""No script writes over what another of its options reads or writes."""
import os
import shutil
import subprocess
import sys
from typing import List

from helpers import ROOT

import pytest


@pytest.mark.parametrize('script, arguments', [
    ('pose_camera.py', ['--videosrc', 'a.jsonl', '--log', 'x.mp4', '--output', 'x.mp4']),
    ('pose_camera.py', ['--videosrc', 'pictures', '--output', 'pictures/1.png']),
    ('pose_camera.py', ['--videosrc', 'pictures/*.png', '--output', 'hard.png']),
    ('pose_camera.py', ['--videosrc', 'wall.jsonl', '--output', 'pictures/1.png']),
    ('synthesizer.py', ['--videosrc', 'wall.jsonl', '--mute', '--output', 'hard.png']),
    ('anonymizer.py', ['--videosrc', 'wall.jsonl', '--output', 'hard.png']),
    ('anonymizer.py', ['--videosrc', 'a.jsonl', '--store', 'x.mp4', '--output', 'X.mp4']),
    ('anonymizer.py', ['--videosrc', 'a.jsonl', '--store', 'a.jsonl']),
    ('synthesizer.py', ['--videosrc', 'pictures', '--mute', '--output', 'pictures/1.png']),
    ('synthesizer.py', ['--demo', '--mute', '--record', 'x.wav', '--record', './x.wav']),
    ('pose_log.py', ['convert', 'a.jsonl', 'hard.json']),
    ('visits.py', ['report', 'a.jsonl', '-o', 'hard.json']),
    ('visits.py', ['fleet', 'pictures', '--areas', 'a.jsonl', '-o', 'hard.json']),
    ('pose_trainer.py', ['watch', 'x.json', 'pictures', '--output', 'pictures/1.png']),
    ('pose_trainer.py', ['export', 'a.jsonl', 'hard.json']),
])
def test_it_is_wrong_usage_and_nothing_is_written(script: str, arguments: List[str], tmp_path):
    (tmp_path / 'pictures').mkdir()
    shutil.copy(os.path.join(ROOT, 'samples', 'one_person.jsonl'), str(tmp_path / 'a.jsonl'))
    (tmp_path / 'pictures' / '1.png').write_bytes(b'dear')
    os.link(str(tmp_path / 'pictures' / '1.png'), str(tmp_path / 'hard.png'))
    os.link(str(tmp_path / 'a.jsonl'), str(tmp_path / 'hard.json'))
    (tmp_path / 'wall.jsonl').write_text(
        '{"version":1,"source":"a","width":64,"height":48,"background":"hard.png"}\n')
    before = {path: path.read_bytes() for path in tmp_path.rglob('*') if path.is_file()}
    assert len(before) == 5
    done = subprocess.run([sys.executable, os.path.join(ROOT, script), *arguments],
                          cwd=str(tmp_path), capture_output=True, text=True)
    assert done.returncode == 2
    said, = done.stderr.splitlines()
    assert said.startswith('error: ')
    assert 'would overwrite' in said or 'two outputs would be the same file' in said
    assert {path: path.read_bytes() for path in tmp_path.rglob('*') if path.is_file()} == before
