"""The engine: golden results on a photograph, then images, options and files of every kind."""
import csv
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from typing import Dict, List

import pose_engine
from helpers import ROOT, SIZES, google_model, run_sanitized, shared
from pose_engine import PoseEngine
from posesuite.engine.device import EngineError
from posesuite.pose.pose import Keypoint, Point, Pose
from posesuite.pose.skeleton import KeypointType

import numpy as np
import pytest
from PIL import Image

LITERT = importlib.util.find_spec('ai_edge_litert') is not None


def photo() -> Image.Image:
    return Image.open(shared('photos', 'test_couple.jpg')).convert('RGB')


def resized(size: str) -> Image.Image:
    height, width = map(int, size.split('_'))
    return photo().resize((width, height), Image.NEAREST)


@pytest.fixture(scope='module')
def engine() -> PoseEngine:
    return PoseEngine(google_model(SIZES[0]))


def reference(size: str) -> List[List[Dict[str, str]]]:
    name = f'posenet_mobilenet_v1_075_{size}_quant_decoder_reference.csv'
    with open(shared('reference', name)) as file:
        rows = list(csv.DictReader(file))
    poses = [[row for row in rows if row['pose_id'] == str(i)]
             for i in range(1 + max(int(row['pose_id']) for row in rows))]
    assert [len(pose) for pose in poses] == [17, 17]
    return poses


def check_golden(poses: List[Pose], size: str, pixels: float, score: float) -> None:
    expected = reference(size)
    assert len(poses) == len(expected)
    for pose, rows in zip(poses, expected):
        assert pose.score == pytest.approx(float(rows[0]['pose_score']), abs=0.02)
        for (part, keypoint), row in zip(pose.keypoints.items(), rows):
            assert str(part) == row['keypoint_label']
            assert keypoint.point.x == pytest.approx(float(row['keypoint_x']), abs=pixels)
            assert keypoint.point.y == pytest.approx(float(row['keypoint_y']), abs=pixels)
            assert keypoint.score == pytest.approx(float(row['keypoint_score']), abs=score)


def sure_points(poses: List[Pose]) -> np.ndarray:
    """Keypoints that score over 0.5, [n, 2] as (x, y), people from left to right."""
    poses = sorted(poses, key=lambda pose: pose.keypoints[KeypointType.NOSE].point.x)
    return np.array([keypoint.point for pose in poses for keypoint in pose.keypoints.values()
                     if keypoint.score > 0.5])


# The data types


def test_keypoint_types_are_the_17_in_order_and_print_their_names():
    assert len(KeypointType) == 17
    assert [int(part) for part in KeypointType] == list(range(17))
    assert str(KeypointType.NOSE) == 'NOSE'
    assert '%-14s|' % KeypointType.RIGHT_ANKLE == 'RIGHT_ANKLE   |'
    assert f'{KeypointType.LEFT_EYE} {KeypointType.NOSE:>6}' == 'LEFT_EYE   NOSE'
    assert (KeypointType.LEFT_WRIST, KeypointType.RIGHT_WRIST) == (9, 10)


def test_distance():
    assert Point(0, 0).distance(Point(3, 4)) == 5


# Golden


@pytest.mark.parametrize('size', SIZES)
def test_golden(size):
    poses, inference_time = PoseEngine(google_model(size)).DetectPosesInImage(resized(size))
    # The network's kernels differ: the older runtime's answers are 1.8 px away.
    check_golden(poses, size, pixels=1.5 if LITERT else 2, score=0.06)
    assert 0 < inference_time < 60
    assert isinstance(poses[0], Pose)
    assert isinstance(poses[0].keypoints[KeypointType.NOSE], Keypoint)
    assert list(poses[0].keypoints) == list(KeypointType)


@pytest.mark.parametrize('size', SIZES)
def test_a_model_without_the_op_finds_the_same_people(size):
    """Its heatmaps and offsets are clipped, so it answers less exactly than the whole model."""
    name = f'posenet_mobilenet_v1_075_{size}_quant.tflite'
    engine = PoseEngine(shared('models', 'components', name))
    poses, _ = engine.DetectPosesInImage(resized(size))
    check_golden(poses, size, pixels=17, score=0.2)


@pytest.mark.parametrize('size', SIZES[:2])
def test_the_four_output_form_finds_the_same_people(tmp_path, size):
    tflite_files = pytest.importorskip('tflite_files')
    path = tflite_files.four_outputs(google_model(size), str(tmp_path / 'four.tflite'))
    poses, _ = PoseEngine(path, device='cpu').DetectPosesInImage(resized(size))
    check_golden(poses, size, pixels=14, score=0.2)


@pytest.mark.parametrize('with_op', [True, False])
@pytest.mark.parametrize('size', [(640, 480), (1280, 500)])
def test_heatmaps_are_high_where_keypoints_are(with_op, size):
    """In pixels of the image, whatever its size; the maps' cells are 16 pixels of the input."""
    engine = PoseEngine(google_model(SIZES[0]) if with_op else shared(
        'models', 'components', 'posenet_mobilenet_v1_075_353_481_quant.tflite'), device='cpu')
    image = Image.open(os.path.join(ROOT, 'samples', 'couple.jpg')).resize(size)
    poses, _ = engine.DetectPosesInImage(image)
    assert len(poses) == 2
    for part in (KeypointType.NOSE, KeypointType.LEFT_WRIST):
        heatmap = engine.GetHeatmap(part)
        assert (heatmap.shape, heatmap.dtype) == (size[::-1], np.float32)
        assert 0 <= heatmap.min() < 0.01
        assert 0.5 < heatmap.max() <= 1
        for pose in poses:
            x, y = (round(value) for value in pose.keypoints[part].point)
            assert heatmap[y - 12:y + 13, x - 12:x + 13].max() > 0.5
    assert heatmap.mean() < 0.1


def test_an_empty_picture_has_no_poses(engine):
    poses, _ = engine.DetectPosesInImage(np.full((353, 481, 3), 90, np.uint8))
    assert poses == []


def test_the_example_of_the_readme(tmp_path):
    """As it stands there, with the output that stands there."""
    with open(os.path.join(ROOT, 'README.md')) as file:
        blocks = file.read().split('```')
    example = next(block for block in blocks if "Image.open('couple.jpg')" in block)
    printed = blocks[blocks.index(example) + 2]
    name = 'posenet_mobilenet_v1_075_481_641_quant_decoder'
    (tmp_path / 'models' / 'mobilenet').mkdir(parents=True)
    for ending in ('.tflite', '_edgetpu.tflite'):
        shutil.copy(google_model('481_641', ending[:-len('.tflite')]),
                    str(tmp_path / 'models' / 'mobilenet' / (name + ending)))
    shutil.copy(os.path.join(ROOT, 'samples', 'couple.jpg'), str(tmp_path))
    done = subprocess.run([sys.executable, '-c', example.partition('\n')[2]], cwd=str(tmp_path),
                          env=dict(os.environ, PYTHONPATH=ROOT), capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    actual, expected = (re.findall(r'Pose Score:  (\S+)|(\w+) +x=(\d+) +y=(\d+) +score=(\S+)', text)
                        for text in (done.stdout.decode(), printed))
    assert len(actual) == 2 * 18
    assert [row[1] for row in actual] == [row[1] for row in expected]
    if LITERT:  # which printed it; the older runtime's network sees a knee elsewhere
        for row, wanted in zip(actual, expected):
            numbers, wanted = ([float(text or 0) for text in each[2:4] + (each[0] or each[4],)]
                               for each in (row, wanted))
            assert numbers[:2] == pytest.approx(wanted[:2], abs=3)
            assert numbers[2] == pytest.approx(wanted[2], abs=0.11)


# Images


@pytest.mark.parametrize('size', [(640, 628), (1920, 1885), (200, 196)])
def test_keypoints_come_in_the_images_own_pixels(engine, size):
    whole = photo()
    crop = whole.crop((300, 100, 1500, 1278))
    small, large = crop.resize(size, Image.BILINEAR), crop.resize((1200, 1178), Image.BILINEAR)
    poses, _ = engine.DetectPosesInImage(small)
    expected, _ = PoseEngine(google_model('481_641')).DetectPosesInImage(large)
    assert len(poses) == len(expected) == 2
    scale = np.array(size) / (1200, 1178)
    for part in (KeypointType.LEFT_SHOULDER, KeypointType.RIGHT_HIP, KeypointType.NOSE):
        found = sorted(pose.keypoints[part].point for pose in poses)
        wanted = sorted(pose.keypoints[part].point for pose in expected)
        np.testing.assert_allclose(found, np.array(wanted) * scale, atol=0.02 * max(size))


def test_the_aspect_ratio_is_kept(engine):
    """A person in a tall picture keeps its shape, and so is found where a stretched one is not."""
    tall = photo().crop((560, 200, 960, 1278))
    poses, _ = engine.DetectPosesInImage(tall)
    assert len(poses) == 1
    nose, ankle = (poses[0].keypoints[part].point
                   for part in (KeypointType.NOSE, KeypointType.LEFT_ANKLE))
    assert 600 < ankle.y - nose.y < 780


def test_mirror_flips_x_and_keeps_left_and_right():
    plain = PoseEngine(google_model(SIZES[0]))
    mirrored = PoseEngine(google_model(SIZES[0]), mirror=True)
    image = photo().resize((640, 426), Image.BILINEAR)
    poses, _ = plain.DetectPosesInImage(image)
    flipped, _ = mirrored.DetectPosesInImage(image)
    assert len(poses) == len(flipped) == 2
    for pose, other in zip(poses, flipped):
        assert pose.score == other.score
        for part, keypoint in pose.keypoints.items():
            point = other.keypoints[part].point
            assert point.x == pytest.approx(639 - keypoint.point.x)
            assert point.y == keypoint.point.y


@pytest.mark.parametrize('mode', ['RGB', 'RGBA', 'RGBX', 'RGBa', 'L', 'LA', 'La', 'P', 'PA', '1',
                                  'CMYK', 'YCbCr', 'HSV', 'LAB', 'I', 'I;16', 'F'])
def test_pil_images_of_every_mode(engine, mode):
    image = resized(SIZES[0])
    if mode in ('I', 'I;16'):
        grey = np.asarray(image.convert('L')).astype(np.uint16) * 257
        image = Image.fromarray(grey if mode == 'I;16' else grey.astype(np.int32))
    elif mode == 'LAB':
        from PIL import ImageCms
        profiles = [ImageCms.createProfile(name) for name in ('sRGB', 'LAB')]
        image = ImageCms.profileToProfile(image, *profiles, outputMode='LAB')
    elif mode in ('La', 'RGBa', 'PA'):
        image = image.convert({'La': 'LA', 'RGBa': 'RGBA', 'PA': 'P'}[mode]).convert(mode)
    else:
        image = image.convert(mode)
    assert image.mode == mode
    poses, _ = engine.DetectPosesInImage(image)
    assert len(poses) == 2 if mode != '1' else poses  # black and white dots leave one of them


@pytest.mark.parametrize('name', ['read-only', 'negative strides', 'row gaps', 'Fortran order'])
def test_arrays_of_every_layout(engine, name):
    plain = np.asarray(photo().resize((640, 426)))
    array = {'read-only': plain.copy(), 'negative strides': plain[::-1][::-1].copy()[::-1][::-1],
             'row gaps': np.pad(plain, ((0, 0), (0, 50), (0, 0)))[:, :640],
             'Fortran order': np.asfortranarray(plain)}[name]
    if name == 'negative strides':
        array = plain[::-1, ::-1].copy()[::-1, ::-1]
    array.flags.writeable = False
    poses, _ = engine.DetectPosesInImage(array)
    expected, _ = engine.DetectPosesInImage(plain)
    assert len(poses) == 2
    assert poses == expected


@pytest.mark.parametrize('shape', [(1, 1, 3), (1, 5000, 3), (5000, 1, 3), (2, 40000, 3),
                                   (4320, 7680, 3)])
def test_sizes_at_the_edge(engine, shape):
    poses, _ = engine.DetectPosesInImage(np.zeros(shape, np.uint8))
    assert poses == []


@pytest.mark.parametrize('image, got', [
    (np.zeros((480, 640), np.uint8), r'uint8 \[480, 640\]'),
    (np.zeros((480, 640, 4), np.uint8), r'uint8 \[480, 640, 4\]'),
    (np.zeros((480, 640, 3), np.float32), r'float32 \[480, 640, 3\]'),
    (np.zeros((0, 640, 3), np.uint8), r'uint8 \[0, 640, 3\]'),
    (np.zeros((1, 480, 640, 3), np.uint8), r'uint8 \[1, 480, 640, 3\]'),
])
def test_other_arrays_are_refused_with_what_was_got(engine, image, got):
    with pytest.raises(ValueError, match=r'need a uint8 array \[Y, X, RGB\], got ' + got):
        engine.DetectPosesInImage(image)


@pytest.mark.parametrize('image', [None, 'couple.jpg', [[1, 2, 3]], b''])
def test_what_is_no_image_is_refused(engine, image):
    with pytest.raises(TypeError, match='got ' + type(image).__name__):
        engine.DetectPosesInImage(image)


def test_fuzzed_images_under_the_sanitizers(sanitized_library):
    script = os.path.join(ROOT, 'tests', 'fuzz_engine.py')
    done = run_sanitized([script, sanitized_library, google_model(SIZES[0])])
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    assert done.stdout.decode().split()[-1] == 'rounds'


# Options


def test_max_poses_keeps_the_shapes(engine):
    one = PoseEngine(google_model(SIZES[0]), max_poses=np.int64(1))
    poses, _ = one.DetectPosesInImage(resized(SIZES[0]))
    assert len(poses) == 1
    assert len(poses[0].keypoints) == 17
    expected, _ = engine.DetectPosesInImage(resized(SIZES[0]))
    assert poses[0].score == pytest.approx(expected[0].score, abs=1e-6)


@pytest.mark.parametrize('components', ['', 'components'])
def test_score_threshold_and_nms_radius(components):
    path = (shared('models', 'components', 'posenet_mobilenet_v1_075_353_481_quant.tflite')
            if components else google_model(SIZES[0]))
    image = resized(SIZES[0])
    loose = PoseEngine(path, score_threshold=0.01).DetectPosesInImage(image)[0]
    strict = PoseEngine(path, score_threshold=0.85).DetectPosesInImage(image)[0]
    assert len(strict) == 1 < 2 < len(loose)
    assert len(PoseEngine(path, nms_radius=0).DetectPosesInImage(image)[0]) > 2
    assert len(PoseEngine(path, nms_radius=400).DetectPosesInImage(image)[0]) == 1


@pytest.mark.parametrize('option', [{'max_poses': 0}, {'score_threshold': -0.1},
                                    {'score_threshold': float('nan')}, {'nms_radius': -1},
                                    {'num_threads': 0}, {'max_poses': 1001}])
def test_options_out_of_range(option):
    name, value = next(iter(option.items()))
    with pytest.raises(ValueError, match=f'{name} must be .* got {value}'):
        PoseEngine(google_model(SIZES[0]), **option)


def test_unknown_device():
    with pytest.raises(ValueError, match='device must be auto, cpu, .* got gpu'):
        PoseEngine(google_model(SIZES[0]), device='gpu')


def test_threads_default_to_one_a_core():
    """Counted in a child: the interpreter's workers are threads of its process."""
    script = ('import os, sys; from pose_engine import PoseEngine; import numpy as np\n'
              'def threads(**options):\n'
              '    engine = PoseEngine(sys.argv[1], **options)\n'
              '    engine.DetectPosesInImage(np.zeros((353, 481, 3), np.uint8))\n'
              '    return len(os.listdir("/proc/self/task"))\n'
              'print(threads(num_threads=1), threads(), threads(num_threads=3))')
    done = subprocess.run([sys.executable, '-c', script, google_model(SIZES[0])], check=True,
                          env=dict(os.environ, PYTHONPATH=ROOT), stdout=subprocess.PIPE)
    one, default, three = map(int, done.stdout.split())
    pools = (three - one) // 2  # the older runtime has two
    assert pools >= 1
    assert default - one == pools * (min(4, os.cpu_count()) - 1)


# Files


def broken_models() -> Dict[str, bytes]:
    with open(google_model(SIZES[0]), 'rb') as file:
        model = file.read()
    flipped = bytearray(model)
    flipped[500000] ^= 1
    return {'is empty': b'', 'is a web page': b'<!DOCTYPE html><html></html>',
            'is a Git LFS pointer': b'version https://git-lfs.github.com/spec/v1\noid sha256:0\n',
            'is no TensorFlow Lite model': os.urandom(1000).replace(b'TFL3', b''),
            'is damaged': bytes(flipped), 'is damaged: ': model[:700000]}


@pytest.mark.parametrize('index', range(6))
def test_damaged_model_files_are_refused_for_what_they_are(tmp_path, index):
    what, content = list(broken_models().items())[index]
    path = tmp_path / os.path.basename(google_model(SIZES[0]))
    path.write_bytes(content)
    with pytest.raises(EngineError, match=what) as raised:
        PoseEngine(str(path))
    assert path.name in str(raised.value)
    assert '\n' not in str(raised.value)


def test_a_model_of_ones_own_needs_no_known_hash(tmp_path):
    path = tmp_path / 'mine.tflite'
    shutil.copy(google_model(SIZES[0]), str(path))
    poses, _ = PoseEngine(str(path)).DetectPosesInImage(resized(SIZES[0]))
    assert len(poses) == 2


def test_a_truncated_model_of_ones_own_is_refused(tmp_path):
    with open(google_model(SIZES[0]), 'rb') as file:
        model = file.read()
    for length in (8, 12, 100, 5000, len(model) // 2, len(model) - 10000, len(model) - 1000):
        path = tmp_path / 'mine.tflite'
        path.write_bytes(model[:length])
        script = ('import sys; from pose_engine import *\n'
                  'try: PoseEngine(sys.argv[1])\n'
                  'except EngineError as error: print(error)')
        done = subprocess.run([sys.executable, '-c', script, str(path)], stdout=subprocess.PIPE,
                              env=dict(os.environ, PYTHONPATH=ROOT))
        assert done.returncode == 0, length
        assert 'mine.tflite' in done.stdout.decode(), length


def test_a_missing_model_names_the_installer():
    with pytest.raises(EngineError, match='no model nowhere.tflite .*install_requirements.sh'):
        PoseEngine('nowhere.tflite')


def test_a_missing_decoder_names_the_installer(monkeypatch):
    monkeypatch.setattr(pose_engine, 'POSENET_SHARED_LIB', '/nowhere/posenet_decoder.so')
    with pytest.raises(EngineError, match='no /nowhere/posenet_decoder.so: sh install'):
        PoseEngine(google_model(SIZES[0]))


def test_models_that_are_no_posenet(tmp_path):
    tflite_files = pytest.importorskip('tflite_files')
    model = tflite_files.read(google_model(SIZES[0]))
    code = model.operatorCodes[model.subgraphs[0].operators[-1].opcodeIndex]
    code.customCode = b'SomebodysOp'
    with pytest.raises(EngineError, match='op.tflite does not load as a PoseNet.*SomebodysOp'):
        PoseEngine(tflite_files.write(model, str(tmp_path / 'op.tflite')))
    model = tflite_files.read(google_model(SIZES[0]))
    model.subgraphs[0].outputs = [model.subgraphs[0].operators[0].outputs[0]]
    model.subgraphs[0].operators = model.subgraphs[0].operators[:1]
    with pytest.raises(EngineError, match='outputs.tflite does not load as a PoseNet: it has nei'):
        PoseEngine(tflite_files.write(model, str(tmp_path / 'outputs.tflite')))
    component = shared('models', 'components', 'posenet_mobilenet_v1_075_353_481_decoder.tflite')
    with pytest.raises(EngineError, match='does not load as a PoseNet: .*image'):
        PoseEngine(component)


def test_the_library_is_found_from_any_folder(tmp_path):
    done = subprocess.run(
        [sys.executable, '-c', 'import sys; from pose_engine import PoseEngine as E;'
         'print(E(sys.argv[1]).input_size)', os.path.abspath(google_model(SIZES[0]))],
        cwd=str(tmp_path), env=dict(os.environ, PYTHONPATH=ROOT), stdout=subprocess.PIPE)
    assert done.stdout.decode().strip() == '(481, 353)'


def test_memory_reaches_a_plateau(engine):
    """10,000 frames take long; these show a leak of 1 kB a frame as well."""
    image = np.zeros((353, 481, 3), np.uint8)
    frames = 1500 if LITERT else 200  # the older runtime takes 0.3 s a frame

    def resident() -> int:
        with open('/proc/self/statm') as file:
            return int(file.read().split()[1]) * 4096

    for _ in range(frames // 10):
        engine.DetectPosesInImage(image)
    before = resident()
    for _ in range(frames):
        engine.DetectPosesInImage(image)
    assert resident() - before < 1000 * frames
