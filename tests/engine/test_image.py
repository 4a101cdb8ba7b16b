"""Images of every kind into a network's input, and coordinates back."""
import os

from helpers import ROOT, bundled_model
from pose_engine import PoseEngine
from posesuite.engine.image import (
    INPUT_SCALES,
    PADDING,
    Decoded,
    Placement,
    as_array,
    fit,
    poses_in_image,
)
from posesuite.pose.skeleton import KEYPOINT_TYPES, KeypointType

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(scope='module')
def engine() -> PoseEngine:
    return PoseEngine(bundled_model())


def photo() -> Image.Image:
    return Image.open(os.path.join(ROOT, 'samples', 'couple.jpg')).convert('RGB')


@pytest.mark.parametrize('size', [(640, 480), (1920, 1440), (200, 150)])
def test_keypoints_come_in_the_images_own_pixels(engine, size):
    poses, _ = engine.DetectPosesInImage(photo().resize(size, Image.BILINEAR))
    expected, _ = engine.DetectPosesInImage(photo())
    assert len(poses) == len(expected) == 2
    for part in (KeypointType.LEFT_SHOULDER, KeypointType.RIGHT_HIP, KeypointType.NOSE):
        found = sorted(pose.keypoints[part].point for pose in poses)
        wanted = sorted(pose.keypoints[part].point for pose in expected)
        np.testing.assert_allclose(found, np.array(wanted) * size[0] / 640, atol=0.02 * max(size))


def test_the_aspect_ratio_is_kept(engine):
    """A person in a tall picture keeps its shape, and so is found where a stretched one is not."""
    poses, _ = engine.DetectPosesInImage(photo().crop((320, 60, 480, 480)).resize((320, 840)))
    assert len(poses) == 1
    nose, ankle = (poses[0].keypoints[part].point
                   for part in (KeypointType.NOSE, KeypointType.LEFT_ANKLE))
    assert 480 < ankle.y - nose.y < 640


@pytest.mark.parametrize('image_size, used', [
    ((640, 480), (471, 353)), ((481, 353), (481, 353)), ((300, 353), (300, 353)),
    ((962, 706), (481, 353)), ((1924, 1412), (481, 353)), ((100, 100), (353, 353)),
    ((2, 4000), (1, 353))])
@pytest.mark.parametrize('channels', [3, 4])
def test_fit_draws_at_the_top_left_and_pads_the_rest(image_size, used, channels):
    canvas = np.zeros((353, 481, 3), np.uint8)
    image = np.full((*image_size[::-1], channels), (200, 20, 90, 255)[:channels], np.uint8)
    assert fit(image, canvas) == Placement(used[0] / image_size[0], used[1] / image_size[1])
    assert (canvas[:used[1], :used[0]] == (200, 20, 90)).all()
    assert (canvas[used[1]:] == PADDING).all()
    assert (canvas[:, used[0]:] == PADDING).all()


def test_shrunk_a_little_each_pixel_is_one_of_the_images():
    """The bundled network was trained on such pixels; an average would be another picture."""
    image = np.random.RandomState(5).randint(0, 255, (480, 640, 3)).astype(np.uint8)
    canvas = np.zeros((353, 481, 3), np.uint8)
    placement = fit(image, canvas)
    ys = ((np.arange(353) + 0.5) / placement.scale_y).astype(int)
    xs = ((np.arange(471) + 0.5) / placement.scale_x).astype(int)
    same = (canvas[:, :471] == image[ys[:, None], xs]).all(axis=2)
    assert same.mean() > 0.99  # the rest lies between two pixels


def test_every_input_type_means_the_same():
    canvas = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, axis=2)
    assert (INPUT_SCALES[np.int8](canvas) == canvas.astype(int) - 128).all()
    assert (INPUT_SCALES[np.int32](canvas) == canvas).all()
    floats = INPUT_SCALES[np.float32](canvas)
    assert floats.dtype == np.float32
    np.testing.assert_allclose(floats, canvas / 127.5 - 1, atol=1e-6)


@pytest.mark.parametrize('mirror', [False, True])
def test_coordinates_go_back_and_stay_in_the_image(mirror):
    """A crop that begins at (100, 50) of an image of 640x480, shrunk to a half and to a quarter."""
    keypoints = np.zeros((1, 17, 2), np.float32)
    keypoints[0, 0] = 20, 10  # y, x
    keypoints[0, 1] = -400, 900
    keypoints[0, 2] = 900, -400
    scores = np.linspace(0, 1, 17, dtype=np.float32)[None]
    pose, = poses_in_image(Decoded(keypoints, scores, np.float32([0.5])),
                           Placement(0.5, 0.25, 100, 50), (640, 480), mirror)
    assert pose.score == 0.5
    assert list(pose.keypoints) == list(KEYPOINT_TYPES)
    points = [(120.5, 131.5), (639, 0), (0, 479)]
    for part, (x, y), score in zip(KEYPOINT_TYPES, points, scores[0]):
        assert pose.keypoints[part].point == (639 - x if mirror else x, y)
        assert pose.keypoints[part].score == score
    assert all(type(value) is float for point, score in pose.keypoints.values()
               for value in (*point, score))


def test_mirror_flips_x_and_keeps_left_and_right(engine):
    mirrored = PoseEngine(bundled_model(), mirror=True)
    poses, _ = engine.DetectPosesInImage(photo())
    flipped, _ = mirrored.DetectPosesInImage(photo())
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
    image = photo()
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
    if mode == '1':  # black and white dots leave nobody to find
        assert (as_array(image)[..., :3] == np.asarray(image.convert('RGB'))).all()
    else:
        assert len(poses) == 2


@pytest.mark.parametrize('name', ['read-only', 'negative strides', 'row gaps', 'Fortran order'])
def test_arrays_of_every_layout(engine, name):
    plain = np.asarray(photo())
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


@pytest.mark.parametrize('mode', ['RGB', 'P', 'I;16', 'F'])
def test_an_image_without_pixels_is_refused(engine, mode):
    with pytest.raises(ValueError, match='need an image with pixels, got 0x5'):
        engine.DetectPosesInImage(Image.new(mode, (0, 5)))


def test_grey_of_16_bits_keeps_its_upper_bits():
    grey = Image.fromarray(np.full((20, 20), 0x8000, np.uint16))
    assert (as_array(grey) == 127).all()
