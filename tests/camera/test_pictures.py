"""Pictures of files and folders, and what OpenCV delivers, as RGB."""
import os

from cameras import error_of, frames
from posesuite.camera import CameraError
from posesuite.camera.pictures import as_rgb, decode_jpeg, open_image
from posesuite.pose.pose import FaultKind
from streams import picture

import numpy as np
import pytest
from PIL import Image


def test_pictures_of_a_folder_or_a_glob_are_sorted_by_name(tmp_path):
    for name, shade in (('b.png', 1), ('a.webp', 2), ('c.BMP', 3), ('[d].jpg', 4)):
        Image.new('RGB', (16, 16), (shade,) * 3).save(str(tmp_path / name))
    (tmp_path / 'notes.txt').write_text('no picture')
    found = frames(str(tmp_path))
    assert [int(frame.image[0, 0, 0]) for frame in found] == [4, 2, 1, 3]
    assert [frame.number for frame in found] == [0, 1, 2, 3]
    assert [frame.name for frame in found] == ['[d].jpg', 'a.webp', 'b.png', 'c.BMP']
    assert len(frames(str(tmp_path / '?.png'))) == len(frames(str(tmp_path / '[d].jpg'))) == 1


def test_a_bad_picture_among_good_ones_is_reported_and_left_out(tmp_path, caplog):
    Image.new('RGB', (16, 16)).save(str(tmp_path / 'a.png'))
    (tmp_path / 'b.png').write_bytes(b'')
    Image.new('RGB', (16, 16)).save(str(tmp_path / 'c.png'))
    assert [frame.number for frame in frames(str(tmp_path))] == [0, 2]
    assert caplog.messages == [f'{tmp_path}/b.png: not a JPEG, PNG, WebP, BMP, TIFF, '
                               'GIF, PPM or AVIF picture']


def test_a_folder_without_pictures(tmp_path):
    assert error_of(str(tmp_path)).startswith(f'no pictures at {str(tmp_path)!r}: need .jpg, ')


def test_pictures_are_upright(tmp_path):
    exif = Image.Exif()
    exif[0x112] = 6
    Image.new('RGB', (32, 16)).save(str(tmp_path / 'a.jpg'), exif=exif)
    assert frames(str(tmp_path / 'a.jpg'))[0].image.shape == (32, 16, 3)


@pytest.mark.parametrize('name', ['bomb.png', 'bomb.mp4'])
def test_a_picture_bomb_is_refused(tmp_path, name):
    path = str(tmp_path / name)
    Image.new('1', (10000, 10000)).save(path, 'PNG')
    assert error_of(path).endswith(f'more than {Image.MAX_IMAGE_PIXELS} pixels')


def test_a_picture_that_is_too_small_is_refused(tmp_path):
    path = str(tmp_path / 'dot.png')
    Image.new('L', (15, 16)).save(path)
    with pytest.raises(CameraError, match=r'it has 15x16 pixels, need 16x16 or more'):
        open_image(path)


def test_half_a_picture_is_an_error(tmp_path):
    path = tmp_path / 'half.jpg'
    path.write_bytes(picture()[:3000])
    assert error_of(str(path)).startswith(f'{path}: image file is truncated')


def test_half_a_jpeg_of_a_stream_is_truncated():
    jpeg = picture()
    image, fault = decode_jpeg(jpeg, 'x')
    assert image.shape == (240, 320, 3) and fault is None
    image, fault = decode_jpeg(jpeg[:len(jpeg) // 2], 'x')
    assert image.shape == (240, 320, 3) and fault.kind is FaultKind.TRUNCATED
    assert np.abs(np.diff(image[-20:, :, 0].astype(int))).max() == 0
    assert decode_jpeg(jpeg[:200], 'x') is None
    assert decode_jpeg(b'', 'x') is None


@pytest.mark.parametrize('shape, dtype', [((480, 640), 'uint8'), ((480, 640), 'uint16'),
                                          ((480, 640, 1), 'uint8'), ((480, 640, 4), 'uint8')])
def test_other_formats_become_rgb(shape, dtype):
    image = np.full(shape, 200 if dtype == 'uint8' else 200 << 8, dtype)
    rgb = as_rgb(image, 'x')
    assert (rgb.shape, rgb.dtype) == ((480, 640, 3), np.uint8)
    assert (rgb == 200).all()


def test_odd_strides_become_rgb():
    image = np.random.RandomState(0).randint(0, 255, (100, 100, 3)).astype(np.uint8)
    assert np.array_equal(as_rgb(image[::-2, ::3], 'x'), image[::-2, ::3, ::-1])


@pytest.mark.parametrize('shape, dtype', [((480, 640, 3), 'float32'), ((480, 640, 2), 'uint8'),
                                          ((1, 1, 3), 'uint8'), ((480,), 'uint8'),
                                          ((480, 640, 3), 'int32')])
def test_other_arrays_are_refused(shape, dtype):
    with pytest.raises(CameraError, match=f'x delivers {dtype} .*, need 8 or 16 bit grey'):
        as_rgb(np.zeros(shape, dtype), 'x')


def test_no_picture_is_opened_before_the_camera_is_entered(tmp_path):
    from posesuite.camera import Camera
    path = tmp_path / 'a.png'
    camera = Camera(str(path))
    Image.new('RGB', (16, 16)).save(str(path))
    with camera:
        assert len(list(camera)) == 1
    assert os.listdir(str(tmp_path)) == ['a.png']
