"""Every benchmark runs, for about a second, and prints figures."""
import glob
import os
import re
import shutil
import subprocess
import sys

from helpers import ROOT, bundled_model

import pytest

BENCHMARKS = sorted(glob.glob(os.path.join(glob.escape(ROOT), 'benchmarks', '*.py')))
SHORT = {  # arguments with which a run is short
    'anonymizer': ['--hours', '1', '--fps', '1'],
    'background': ['--model', bundled_model(), '--kinds', 'empty rooms', '--photos'],
    'decoder': ['--calls', '3'],
    'display': ['--frames', '8', '--clients', '1', '--runs', '1', '--model', bundled_model()],
    'engine': ['--frames', '2'],
    'edgetpu_process': ['--frames', '3'],
    'music': ['--runs', '1'],
    'pose_camera': ['--frames', '20', '--runs', '1'],
    'report': ['--days', '2'],
    'tracker': ['--seeds', '1000', '1001']}


@pytest.mark.parametrize('path', BENCHMARKS, ids=os.path.basename)
def test_benchmark(path, tmp_path):
    name = os.path.basename(path)[:-len('.py')]
    arguments = list(SHORT.get(name, []))
    if name == 'background':
        (tmp_path / 'empty').mkdir()
        shutil.copy(os.path.join(ROOT, 'samples', 'couple.jpg'), str(tmp_path / 'empty' / '1.jpg'))
        arguments.append(str(tmp_path))
    done = subprocess.run([sys.executable, path, *arguments], capture_output=True, text=True,
                          timeout=120)
    assert done.returncode == 0, done.stderr
    assert re.search(r'\d', done.stdout)
