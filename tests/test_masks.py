"""pose_camera.py --mask, run as its user runs it, on a photograph, a clip and a log."""
import os
import subprocess
import sys
from typing import Any

from helpers import ROOT, bundled_model, shared
from posesuite.display.mask import COLOR

import cv2
import numpy as np
import pytest

SAMPLES = os.path.join(ROOT, 'samples')


def run(*arguments: Any, status: int = 0) -> str:
    """pose_camera.py; returns what it said, without what the runtime says of itself."""
    done = subprocess.run([sys.executable, os.path.join(ROOT, 'pose_camera.py'),
                           *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == status, done.stderr
    return ''.join(line for line in done.stderr.splitlines(True) if not line.startswith('INFO:'))


def bodypix() -> str:
    return shared('models', 'bodypix', 'bodypix_mobilenet_v1_075_640_480_16_quant_decoder.tflite')


def difference(tmp_path: Any, *arguments: Any) -> np.ndarray:
    """How far each pixel of the sample photograph is from itself, 0 to 255."""
    photo = os.path.join(SAMPLES, 'couple.jpg')
    path = str(tmp_path / 'masked.png')
    run(photo, '--output', path, '--threshold', 1, '--model', bodypix(), *arguments)
    return cv2.absdiff(cv2.imread(path), cv2.imread(photo)).max(2)[:440].astype(int)


@pytest.mark.parametrize('how', ['paint', 'blur'])
def test_masks_hide_people_or_all_but_people(tmp_path, how):
    man, house = (slice(170, 250), slice(230, 265)), (slice(10, 120), slice(20, 160))
    people = difference(tmp_path, '--mask', how)
    assert people[man].mean() > 8 > 5 > people[house].mean()
    background = difference(tmp_path, '--mask', f'{how}-background')
    assert background[house].mean() > 8 > 5 > background[man].mean()


def test_a_clip_is_masked_into_a_clip(tmp_path):
    """--mask alone paints people."""
    clip, output = os.path.join(SAMPLES, 'three_people.mp4'), str(tmp_path / 'masked.avi')
    assert run(clip, '--frames', 3, '--output', output, '--model', bodypix(), '--mask') == ''
    video, painted = cv2.VideoCapture(output), []
    while True:
        good, frame = video.read()
        if not good:
            break
        painted.append((np.abs(frame[:, :, ::-1].astype(int) - COLOR).max(2) < 12).mean())
    assert len(painted) == 3
    assert min(painted) > 0.03


def test_a_mask_needs_a_network_that_has_one(tmp_path):
    output = tmp_path / 'masked.mp4'
    said = run(os.path.join(SAMPLES, 'three_people.mp4'), '--frames', 3, '--output', output,
               '--model', bundled_model(), '--mask', status=1)
    assert said == 'error: PoseNet has no masks: a BodyPix has\n'
    assert not output.exists()


def test_a_log_has_no_picture_to_mask():
    log = os.path.join(SAMPLES, 'three_people.jsonl')
    assert run(log, '--frames', 3, '--headless', '--mask') == ''
