"""MoveNet for one person: its outputs, its crop, its inputs."""
import shutil
from typing import Any, List, Tuple

from helpers import shared
from pose_engine import EngineError, PoseEngine
from posesuite.engine.device import RUNTIMES, import_runtime
from posesuite.engine.families.movenet import crop_region, whole_image
from posesuite.engine.image import fit_region
from posesuite.pose.pose import Box
from posesuite.pose.skeleton import KEYPOINT_TYPES

import numpy as np
import pytest
from PIL import Image

tflite_files = pytest.importorskip('tflite_files')

def lightning() -> str:
    return shared('models', 'movenet', 'movenet_single_pose_lightning_ptq.tflite')


def photo(name: str) -> Image.Image:
    return Image.open(shared('photos', name)).convert('RGB')


def raw_outputs(image: np.ndarray) -> np.ndarray:
    """What the network itself answers, [17, 3], run without the engine."""
    interpreter = import_runtime(*RUNTIMES).Interpreter(lightning())
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]['index'], image[None])
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]['index'])[0, 0]


def places_and_scores(pose: Any) -> Tuple[np.ndarray, np.ndarray]:
    return (np.array([pose.keypoints[part].point for part in KEYPOINT_TYPES]),
            np.array([pose.keypoints[part].score for part in KEYPOINT_TYPES]))


@pytest.mark.parametrize('name', ['p1.jpg', 'p2.jpg', 'golf.jpg', 'test_couple.jpg'])
def test_an_image_of_the_input_s_size_is_decoded_as_published(name):
    """Places are shares of the input, here in pixels; pixel centres lie at whole numbers."""
    image = photo(name).resize((192, 192), Image.BILINEAR)
    expected = raw_outputs(np.asarray(image))
    (pose,), _ = PoseEngine(lightning(), score_threshold=0).DetectPosesInImage(image)
    places, scores = places_and_scores(pose)
    assert places == pytest.approx(np.clip(expected[:, 1::-1] * 192 - 0.5, 0, 191), abs=1e-3)
    assert scores == pytest.approx(expected[:, 2], abs=1e-6)
    counted = expected[:, 2][expected[:, 2] > 0.1]
    assert pose.score == pytest.approx(counted.mean(), abs=1e-5)


@pytest.mark.parametrize('size', [(600, 471), (300, 500), (64, 700), (5, 5)])
def test_an_image_lies_in_the_middle_of_a_black_square(size):
    """As the published code pads it, but by whole pixels of the input."""
    image = np.random.default_rng(0).integers(0, 255, (*size[::-1], 3), np.uint8)
    engine = PoseEngine(lightning(), score_threshold=0)
    (pose,), _ = engine.DetectPosesInImage(image)
    side = max(size)
    left, top = (side - size[0]) / 2, (side - size[1]) / 2
    canvas = np.empty((192, 192, 3), np.uint8)
    fit_region(image, canvas, whole_image(size))
    expected = raw_outputs(canvas)
    for (x, y), (share_y, share_x, _) in zip(places_and_scores(pose)[0], expected):
        for place, share, margin, pixels in (x, share_x, left, size[0]), (y, share_y, top, size[1]):
            there = min(max(share * side - margin - 0.5, 0), pixels - 1)
            assert place == pytest.approx(there, abs=2.2 * side / 192)


def test_a_person_is_found_where_a_person_is():
    (pose,), _ = PoseEngine(lightning()).DetectPosesInImage(photo('p1.jpg'))
    assert pose.score > 0.7
    nose, ankle = pose.keypoints['nose'].point, pose.keypoints['leftAnkle'].point
    assert nose.y < pose.keypoints['leftHip'].point.y < ankle.y
    assert PoseEngine(lightning()).DetectPosesInImage(np.full((480, 640, 3), 90, np.uint8))[0] == []


def test_mirrored_and_as_array_and_from_pil():
    image = photo('p2.jpg')
    engine = PoseEngine(lightning())
    (pose,), _ = engine.DetectPosesInImage(image)
    assert engine.DetectPosesInImage(np.asarray(image))[0] == [pose]
    engine.mirror = True
    (mirrored,), _ = engine.DetectPosesInImage(image)
    assert mirrored.keypoints['nose'].point.x == pytest.approx(
        image.width - 1 - pose.keypoints['nose'].point.x)


def test_what_it_cannot_do_is_a_line():
    engine = PoseEngine(lightning())
    engine.DetectPosesInImage(photo('p1.jpg'))
    assert (engine.family, engine.has_masks) == ('MoveNet', False)
    with pytest.raises(EngineError, match='^MoveNet has no heatmaps$'):
        engine.GetHeatmap('nose')
    with pytest.raises(EngineError, match='^MoveNet has no masks: a BodyPix has$'):
        engine.GetMask()
    for option in ({'nms_radius': 3}, {'image_scale_factor': 0.5}):
        with pytest.raises(EngineError, match=f'does not load: MoveNet has no {list(option)[0]}$'):
            PoseEngine(lightning(), **option)


# The crop


def reference_crop(keypoints: np.ndarray, height: int, width: int) -> Any:
    """The crop for the next frame as the published tutorial computes it, in its words.

    keypoints: [17, 3] as shares y, x of the image, and a score. Returns None for the whole image,
    else y_min, x_min, y_max, x_max as shares.
    """
    named = {part.name.lower(): (keypoints[part][0] * height, keypoints[part][1] * width)
             for part in KEYPOINT_TYPES}
    score = {part.name.lower(): keypoints[part][2] for part in KEYPOINT_TYPES}
    if not ((score['left_hip'] > .2 or score['right_hip'] > .2)
            and (score['left_shoulder'] > .2 or score['right_shoulder'] > .2)):
        return None
    center_y = (named['left_hip'][0] + named['right_hip'][0]) / 2
    center_x = (named['left_hip'][1] + named['right_hip'][1]) / 2
    ranges = {'torso_y': 0.0, 'torso_x': 0.0, 'body_y': 0.0, 'body_x': 0.0}
    for joint in ('left_shoulder', 'right_shoulder', 'left_hip', 'right_hip'):
        ranges['torso_y'] = max(ranges['torso_y'], abs(center_y - named[joint][0]))
        ranges['torso_x'] = max(ranges['torso_x'], abs(center_x - named[joint][1]))
    for joint in named:
        if score[joint] >= .2:
            ranges['body_y'] = max(ranges['body_y'], abs(center_y - named[joint][0]))
            ranges['body_x'] = max(ranges['body_x'], abs(center_x - named[joint][1]))
    half = max(ranges['torso_x'] * 1.9, ranges['torso_y'] * 1.9, ranges['body_y'] * 1.2,
               ranges['body_x'] * 1.2)
    half = min(half, max(center_x, width - center_x, center_y, height - center_y))
    if half > max(width, height) / 2:
        return None
    return ((center_y - half) / height, (center_x - half) / width,
            (center_y + half) / height, (center_x + half) / width)


def test_the_crop_is_the_published_one():
    rng = np.random.default_rng(1)
    cropped = 0
    for _ in range(500):
        width, height = (int(side) for side in rng.integers(40, 1000, 2))
        keypoints = np.concatenate([rng.uniform(0.3, 0.5, 2) + rng.uniform(0, 0.3, (17, 2))
                                    * rng.uniform(0.1, 1), rng.uniform(0, 0.6, (17, 1))], axis=1)
        expected = reference_crop(keypoints, height, width)
        found = crop_region(keypoints[:, 1::-1] * (width, height), keypoints[:, 2],
                            (width, height))
        assert (found is None) == (expected is None)
        if found is not None:
            cropped += 1
            top, left, bottom, right = expected
            assert found == pytest.approx(
                Box(left * width, top * height, right * width, bottom * height))
    assert 100 < cropped < 450


def small_person() -> Tuple[np.ndarray, List[int]]:
    """A frame of 1000x800 with a person of 100 pixels or so, and where it was put."""
    frame = np.full((800, 1000, 3), 120, np.uint8)
    person = np.asarray(photo('p1.jpg').resize((217, 232)))
    frame[300:532, 150:367] = person
    return frame, [150, 300]


def test_a_clip_follows_a_person_who_is_far_away():
    frame, corner = small_person()
    (near,), _ = PoseEngine(lightning()).DetectPosesInImage(photo('p1.jpg'))
    tracking = PoseEngine(lightning(), tracking=True, score_threshold=0)
    scores, errors = [], []
    for _ in range(4):
        (pose,), _ = tracking.DetectPosesInImage(frame)
        scores.append(pose.score)
        errors.append(np.median(np.linalg.norm(
            places_and_scores(pose)[0] - corner - places_and_scores(near)[0], axis=1)))
    assert scores[-1] > scores[0] + 0.05
    assert errors[-1] < 10


def test_images_that_are_no_clip_do_not_depend_on_each_other():
    frame, _ = small_person()
    engine = PoseEngine(lightning(), score_threshold=0)
    first = engine.DetectPosesInImage(frame)[0]
    engine.DetectPosesInImage(np.asarray(photo('p2.jpg').resize((1000, 800))))
    assert engine.DetectPosesInImage(frame)[0] == first


def test_an_image_of_another_size_and_an_empty_one_begin_anew():
    frame, _ = small_person()
    engine = PoseEngine(lightning(), tracking=True, score_threshold=0)
    first = engine.DetectPosesInImage(frame)[0]
    assert engine.DetectPosesInImage(frame)[0] != first  # it is cropped now
    engine.DetectPosesInImage(photo('p2.jpg'))
    assert engine.DetectPosesInImage(frame)[0] == first
    for _ in range(3):
        engine.DetectPosesInImage(np.full(frame.shape, 90, np.uint8))
    assert engine.DetectPosesInImage(frame)[0] == first


# The Edge TPU


def test_the_edgetpu_s_build_finds_the_same_person(child, tmp_path):
    """With a stand-in for the device, which computes its part by the CPU's file."""
    edgetpu = shutil.copy(lightning().replace('.tflite', '_edgetpu.tflite'), str(tmp_path))
    cpu = shutil.copy(lightning(), str(tmp_path))
    tflite_files.compiled_part(lightning(), edgetpu, str(tmp_path / 'stand_in_192_192.tflite'))
    code = """
for device in 'edgetpu', 'cpu':
    engine = PoseEngine(models[0 if device == 'edgetpu' else 1], device=device)
    print(json.dumps([engine.device, as_lists(detect(engine))]))
"""
    (device, (pose,)), (_, (expected,)) = child.run(
        code, edgetpu, cpu, photo=shared('photos', 'p1.jpg'))
    assert device == 'edgetpu'
    assert child.device_log() == ["open ''", 'invoke', 'close']
    assert pose[0] == pytest.approx(expected[0], abs=0.02)
    assert pose[0] > 0.5
    for keypoint, other in zip(pose[1], expected[1]):
        assert keypoint == pytest.approx(other, abs=1)


# Other inputs


@pytest.mark.parametrize('kind', ['UINT8', 'INT8', 'INT32', 'FLOAT32'])
@pytest.mark.parametrize('side', [192, 256])
def test_inputs_of_every_type_see_the_same_image(tmp_path, kind, side):
    """The network answers with the mean of the image's pixels, as every y, x and score."""
    path = tflite_files.mean_is_everything(str(tmp_path / 'mean.tflite'), side, kind, [1, 1, 17, 3])
    engine = PoseEngine(path, score_threshold=0)
    assert engine.input_size == (side, side)
    image = np.full((100, 100, 3), 51, np.uint8)
    (pose,), _ = engine.DetectPosesInImage(image)
    for keypoint in pose.keypoints.values():
        assert keypoint.score == pytest.approx(0.2, abs=0.01)
        assert keypoint.point == pytest.approx((19.5, 19.5), abs=0.6)


@pytest.mark.parametrize('value', [np.nan, np.inf, -np.inf, 3e38, -3e38])
@pytest.mark.parametrize('shape', [(1, 6, 56), (1, 1, 17, 3)])
def test_outputs_that_are_no_numbers_become_no_coordinates(tmp_path, value, shape):
    rng = np.random.default_rng(2)
    image = np.zeros((480, 640, 3), np.uint8)
    for share in (0.1, 1):
        values = rng.uniform(0, 1, shape).astype(np.float32)
        values[rng.uniform(0, 1, shape) < share] = value
        path = tflite_files.constant_network(str(tmp_path / 'odd.tflite'), [1, 192, 192, 3],
                                             values)
        engine = PoseEngine(path, score_threshold=0, tracking=True)
        for _ in range(3):
            for pose in engine.DetectPosesInImage(image)[0]:
                places, scores = places_and_scores(pose)
                assert (places >= 0).all() and (places <= (639, 479)).all()
                assert (scores >= 0).all() and (scores <= 1).all() and 0 <= pose.score <= 1
                assert pose.box is None or all(0 <= side <= 639 for side in pose.box)


def test_the_whole_image_is_in_the_middle_of_a_square():
    assert whole_image((640, 480)) == Box(0, -80, 640, 560)
    assert whole_image((100, 300)) == Box(-100, 0, 200, 300)
