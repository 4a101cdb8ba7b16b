"""How poses are compared."""
import json
import os
import shutil
import subprocess
import sys

from helpers import ROOT, bundled_model

import numpy as np
import pytest
from PIL import Image


def test_poses_are_counted_by_how_well_they_fit():
    """The better of two poses takes the person; the other one is unmatched."""
    pytest.importorskip('tqdm')
    from training.evaluate import Found, Tally, oks
    points = np.random.default_rng(0).uniform(50, 250, (17, 2))
    person = Found(points, np.ones(17), 1.)
    shifted = [Found(points + shift, np.ones(17), .5) for shift in (0, 10, 16, 24, 34, 80)]
    fits = [oks(pose, person) for pose in shifted]
    assert fits[0] == 1
    assert fits == sorted(fits, reverse=True)
    tally = Tally()
    for pose in shifted:
        tally.add('', np.zeros((300, 300, 3), np.uint8), [pose, shifted[-1]], [person], False)
    result = tally.result()
    assert result['reference_poses'] == len(shifted)
    assert result['found_by_oks'] == {str(least): sum(fit > least for fit in fits)
                                      for least in (.1, .3, .5, .75)}
    assert len(set(result['found_by_oks'].values())) == 4
    assert result['found'] == result['found_by_oks']['0.5']
    assert result['unmatched_a_picture'] == round(2 - result['found'] / len(shifted), 3)


def test_pictures_in_which_either_network_sees_somebody_are_counted(tmp_path):
    """A picture of two people lies among those that are said to show nobody."""
    pytest.importorskip('tqdm')
    photo = os.path.join(ROOT, 'samples', 'couple.jpg')
    folders = tmp_path / 'people', tmp_path / 'nobody'
    for folder in folders:
        folder.mkdir()
        shutil.copy(photo, str(folder))
    Image.new('RGB', (640, 480), 'gray').save(str(folders[1] / 'gray.png'))
    done = subprocess.run(
        [sys.executable, os.path.join(ROOT, 'training', 'evaluate.py'), bundled_model(),
         '--reference', bundled_model('481_641'), '--pictures', str(folders[0]),
         '--empty', str(folders[1])], capture_output=True, text=True, timeout=120, check=True)
    result = json.loads(done.stdout)
    assert (result['reference_poses'], result['found'], result['unmatched_a_picture']) == (2, 2, 0)
    assert result['false_poses_a_picture_without_people'] == 1
    assert result['pictures_without_people_with_a_pose'] == '1 of 2'
    assert result['the_same_of_the_reference'] == '1 of 2'
