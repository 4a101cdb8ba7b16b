"""anonymizer-export.service and .timer, as systemd reads them."""
import os
import re
import shutil
import subprocess
import sys

from helpers import ROOT
from posesuite.fleet.export import MARGIN

import pytest

NAMES = 'anonymizer-export.service', 'anonymizer-export.timer'


def test_the_units_are_such(tmp_path):
    analyze = shutil.which('systemd-analyze') or pytest.skip('no systemd-analyze')
    for name in NAMES:
        with open(os.path.join(ROOT, name)) as file:
            unit = file.read()
        for pattern, own in ((r'ExecStart=(\S+)', sys.executable),
                             (r'WorkingDirectory=(\S+)', ROOT)):
            found = re.search(pattern, unit)
            unit = unit.replace(found.group(1), own) if found else unit
        (tmp_path / name).write_text(unit)
    done = subprocess.run([analyze, 'verify', *(str(tmp_path / name) for name in NAMES)],
                          capture_output=True, text=True)
    assert [line for line in done.stderr.splitlines() if 'anonymizer' in line] == []
    assert done.returncode == 0, done.stderr


def test_they_fit_the_anonymizer_and_the_export():
    units = {}
    for name in ('anonymizer.service', *NAMES):
        with open(os.path.join(ROOT, name)) as file:
            units[name] = file.read()
    store = re.search(r'--store (\S+)', units['anonymizer.service']).group(1)
    assert f'visits.py export {store} --to ${{FLEET}} --camera ${{CAMERA}}' in units[NAMES[0]]
    assert 'User=anonymizer\n' in units[NAMES[0]]
    hour, minute = re.search(r'OnCalendar=\*-\*-\* (\d\d):(\d\d)', units[NAMES[1]]).groups()
    assert (int(hour) * 60 + int(minute)) * 60000 > MARGIN
