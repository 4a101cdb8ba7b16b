"""The masks of a BodyPix built for the Edge TPU, with a stand-in for the device."""
import shutil

from helpers import shared

import pytest

CODE = """
from pose_engine import PoseEngine
import numpy as np
for device, model in zip(('edgetpu', 'cpu'), models):
    engine = PoseEngine(model, device=device)
    poses = detect(engine)
    masks = engine.GetMasks()
    assert np.array_equal(masks.sum(0), engine.GetMask())
    print(json.dumps([engine.device, len(poses), [int((mask > 0).sum()) for mask in masks]]))
"""


def test_the_edgetpu_s_build_has_the_same_masks(child, tmp_path):
    tflite_files = pytest.importorskip('tflite_files')
    name = 'bodypix_mobilenet_v1_075_640_480_16_quant_decoder'
    cpu, edgetpu = (shutil.copy(shared('models', 'bodypix', f'{name}{ending}.tflite'),
                                str(tmp_path)) for ending in ('', '_edgetpu'))
    tflite_files.compiled_part(cpu, edgetpu, str(tmp_path / 'stand_in_480_640.tflite'))
    ours, expected = child.run(CODE, edgetpu, cpu)
    assert ours[0] == 'edgetpu'
    assert ours[1] == expected[1] == 2
    assert min(expected[2]) > 5000
    assert ours[2] == expected[2]
