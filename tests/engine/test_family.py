"""A new family of networks, or a new runtime, is one file."""
import re
import sys

from helpers import bundled_model
from pose_engine import EngineError, KeypointType, PoseEngine
from posesuite.engine import families, runtimes
from posesuite.pose.skeleton import KEYPOINT_TYPES

import numpy as np
import pytest

tflite_files = pytest.importorskip('tflite_files')

FAMILY = '''
from posesuite.engine import family
from posesuite.engine.image import Decoded

import numpy as np


class Family(family.Family):
    """One person in [1, 1, 17, 3]: y and x in pixels, and a score in percent."""

    @staticmethod
    def matches(outputs):
        return [output['shape'].tolist() for output in outputs] == [[1, 1, 17, 3]]

    def decode(self, outputs):
        keypoints = outputs[0][0]
        scores = keypoints[..., 2] / 100
        return Decoded(keypoints[..., :2], scores, scores.mean(axis=1))
'''
RUNTIME = '''
from posesuite.engine.network import Network

import numpy as np


def matches(path, model):
    return path.endswith('.numbers')


def load(choice, num_threads, op_libraries):
    return Numbers(np.array(choice.model.split(), float))


class Numbers(Network):
    """Finds one person: the file's numbers are y, x and score of the keypoints."""

    def __init__(self, keypoints):
        self.input_size = 40, 30
        self._output = keypoints.reshape(1, 1, 17, 3)
        self.tensors = self.outputs = [{'name': 'keypoints', 'dtype': np.int64,
                                        'shape': np.array(self._output.shape)}]
        self._input = np.zeros((30, 40, 3), np.uint8)

    def input(self):
        return self._input

    def run(self):
        return [self._output]

    def read(self, tensor):
        return self._output.copy()
'''


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder whose files count as families, and as runtimes where their name says so."""
    for package in (families, runtimes):
        (tmp_path / package.__name__.rpartition('.')[2]).mkdir()
        monkeypatch.setattr(package, '__path__', [
            *package.__path__, str(tmp_path / package.__name__.rpartition('.')[2])])
    yield tmp_path
    for name in ('families.stand_in', 'runtimes.stand_in'):
        sys.modules.pop('posesuite.engine.' + name, None)


def test_a_file_in_families_is_a_new_family(folder):
    (folder / 'families' / 'stand_in.py').write_text(FAMILY)
    engine = PoseEngine(tflite_files.pixels_are_keypoints(str(folder / 'pixels.tflite')))
    assert (engine.input_size, engine.device) == ((1, 17), 'cpu')
    image = np.zeros((17, 1, 3), np.uint8)  # each pixel is a keypoint: y, x, score
    image[:, 0, 0], image[:, 0, 2] = range(17), range(20, 37)
    (pose,), _ = engine.DetectPosesInImage(image)
    assert pose.score == pytest.approx(0.28)
    for part in KEYPOINT_TYPES:
        assert pose.keypoints[part].point == (0, part)
        assert pose.keypoints[part].score == pytest.approx(0.2 + part / 100)
    (pose,), _ = engine.DetectPosesInImage(np.repeat(image, 4, axis=0).repeat(4, axis=1))
    assert pose.keypoints[KeypointType.RIGHT_ANKLE].point == (1.5, 65.5)
    with pytest.raises(EngineError, match='^this network has no heatmaps$'):
        engine.GetHeatmap(KeypointType.NOSE)


def test_a_family_refuses_options_that_it_does_not_have(folder):
    (folder / 'families' / 'stand_in.py').write_text(FAMILY)
    path = tflite_files.pixels_are_keypoints(str(folder / 'pixels.tflite'))
    with pytest.raises(EngineError, match='this network has no max_poses and no nms_radius'):
        PoseEngine(path, max_poses=2, nms_radius=3)


def test_a_file_in_runtimes_is_a_new_runtime(folder):
    (folder / 'families' / 'stand_in.py').write_text(FAMILY)
    (folder / 'runtimes' / 'stand_in.py').write_text(RUNTIME)
    path = folder / 'person.numbers'
    path.write_text(' '.join(f'{2 * part} {part} 50' for part in KEYPOINT_TYPES
                             for part in [int(part)]))
    (pose,), _ = PoseEngine(str(path)).DetectPosesInImage(np.zeros((60, 80, 3), np.uint8))
    assert pose.keypoints[KeypointType.LEFT_EYE].point == (2.5, 4.5)


def test_outputs_of_no_family_are_refused(tmp_path):
    path = tflite_files.pixels_are_keypoints(str(tmp_path / 'pixels.tflite'))
    with pytest.raises(EngineError) as raised:
        PoseEngine(path)
    assert str(raised.value).startswith(
        f'{path} does not load: its outputs [1, 1, 17, 3] are those of no known family (')
    assert {'movenet', 'posenet'} <= set(re.findall(r'\w+', str(raised.value).rpartition('(')[2]))


def test_files_of_no_runtime_are_refused(tmp_path):
    (tmp_path / 'model.unknown').write_text('?')
    with pytest.raises(EngineError, match='model.unknown does not load: no runtime runs such a'):
        PoseEngine(str(tmp_path / 'model.unknown'))


def test_models_that_are_no_posenet_are_refused(tmp_path):
    model = tflite_files.read(bundled_model())
    code = model.operatorCodes[model.subgraphs[0].operators[-1].opcodeIndex]
    code.customCode = b'SomebodysOp'
    with pytest.raises(EngineError, match='op.tflite does not load: .*SomebodysOp'):
        PoseEngine(tflite_files.write(model, str(tmp_path / 'op.tflite')))
    component = tflite_files.decoder_alone(bundled_model(), str(tmp_path / 'decoder.tflite'))
    with pytest.raises(EngineError, match=r'does not load: its input \[1, 23, 31, \d+\] is no im'):
        PoseEngine(component)
