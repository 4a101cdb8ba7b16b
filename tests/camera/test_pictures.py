"""Pictures of files and folders, and what OpenCV delivers, as RGB."""
import io
import os
import struct
import time
import warnings

from cameras import error_of, frames
from helpers import shared
from posesuite.camera import Camera, CameraError, pictures
from posesuite.camera.pictures import as_rgb, decode_jpeg, open_image
from posesuite.engine.image import as_array
from posesuite.pose.pose import FaultKind
from streams import picture

import cv2
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
    message, = caplog.messages
    assert message.startswith(f'{tmp_path}/b.png: not a JPEG, PNG, WebP, BMP, TIFF, GIF')


def test_numbers_in_names_are_sorted_by_their_value(tmp_path):
    names = ['frame2.png', 'frame10.png', 'frame 3b.png', 'frame02.png', 'Frame1.png', '7.png']
    for name in names:
        Image.new('L', (16, 16)).save(str(tmp_path / name))
    assert [frame.name for frame in frames(str(tmp_path))] == [
        '7.png', 'Frame1.png', 'frame02.png', 'frame2.png', 'frame10.png', 'frame 3b.png']


def test_names_tell_pictures_of_several_folders_apart(tmp_path):
    for folder in ('a', 'b', 'b/c'):
        (tmp_path / folder).mkdir()
        Image.new('L', (16, 16)).save(str(tmp_path / folder / '1.png'))
    assert [frame.name for frame in frames(str(tmp_path / '*' / '*.png'))] == ['a/1.png', 'b/1.png']
    assert len({frame.name for frame in frames(str(tmp_path / '**' / '*.png'))}) == 3
    assert [frame.name for frame in frames(str(tmp_path / 'b' / '*.png'))] == ['1.png']
    assert error_of(f'{tmp_path}/').startswith(f"no pictures at '{tmp_path}/': need .jpg, ")


def test_files_that_are_left_out_are_counted(tmp_path, caplog):
    Image.new('L', (16, 16)).save(str(tmp_path / 'a.png'))
    for name in ('b.heic', 'c.HEIC', 'notes', 'd.txt', '.hidden'):
        (tmp_path / name).touch()
    (tmp_path / 'folder').mkdir()
    assert len(frames(str(tmp_path), loop=True, frames=3)) == 3  # said once
    assert caplog.messages == [
        f'{tmp_path}: 4 of 5 files are left out, because their names do not end as those of '
        'pictures: 2 .heic, 1 .txt, 1 without an ending']
    assert error_of(str(tmp_path / '*c')).startswith(
        f"no pictures at '{tmp_path}/*c' (1 .heic): need .jpg, ")


@pytest.mark.parametrize('ending, format', [
    ('.jfif', 'JPEG'), ('.jpe', 'JPEG'), ('.tif', 'TIFF'), ('.TIFF', 'TIFF'), ('.gif', 'GIF'),
    ('.pgm', 'PPM'), ('.apng', 'PNG'), ('.avif', 'AVIF')])
def test_what_pillow_reads_is_read(tmp_path, ending, format):
    path = tmp_path / f'a{ending}'
    if format not in pictures.FORMATS:
        pytest.skip(f'this Pillow reads no {format}')
    Image.new('L', (32, 32), 99).convert('L' if format == 'PPM' else 'RGB').save(str(path), format)
    image, = frames(str(tmp_path))
    assert image.name == path.name and np.abs(image.image.astype(int) - 99).max() <= 3


@pytest.mark.parametrize('orientation', range(1, 9))
@pytest.mark.parametrize('ending', ['.jpg', '.png', '.tif', '.webp'])
def test_pictures_are_upright(tmp_path, orientation, ending):
    path = str(tmp_path / f'a{ending}')
    stored = {1: None, 2: Image.FLIP_LEFT_RIGHT, 3: Image.ROTATE_180, 4: Image.FLIP_TOP_BOTTOM,
              5: Image.TRANSPOSE, 6: Image.ROTATE_90, 7: Image.TRANSVERSE,
              8: Image.ROTATE_270}[orientation]  # what a camera does that is held like this
    upright = Image.fromarray(np.repeat(np.repeat(np.array(
        [[20, 80], [140, 200], [60, 240]], np.uint8), 16, 0), 16, 1)).convert('RGB')
    exif = Image.Exif()
    exif[0x112] = orientation
    picture = upright if stored is None else upright.transpose(stored)
    picture.save(path, exif=exif.tobytes(), quality=95)
    image = np.asarray(open_image(path))
    assert image.shape == (48, 32, 3)
    assert np.abs(image.astype(int) - np.asarray(upright)).max() < 12


def odd_exif(tag: int, kind: int, value: bytes) -> bytes:
    """EXIF data with orientation 6 and an entry of the given type, one value in four bytes."""
    return b'Exif\0\0II*\0\x08\0\0\0\x02\0' + b''.join(
        struct.pack('<HHI4s', *entry) for entry in sorted([
            (0x112, 3, 1, b'\x06\0\0\0'), (tag, kind, 1, value)])) + b'\0' * 4


@pytest.mark.parametrize('tag', [0x100, 0x128, 0x11a, 0x132, 0x8769, 0x8825, 0xa005])
@pytest.mark.parametrize('value', [b'\xff' * 4, b'\x26\0\0\0'])
def test_odd_exif_does_not_matter(tag, value):
    for kind in range(19):
        file = io.BytesIO()
        Image.new('RGB', (32, 16), 'red').save(file, 'JPEG', exif=odd_exif(tag, kind, value))
        with warnings.catch_warnings():
            warnings.simplefilter('error')  # would be seen on stderr
            assert open_image(file, 'x').size == (16, 32)


MOTOROLA = b'MM\0*\0\0\0\x08\0\x01\x01\x12\0%c\0\0\0\x01%b\0\0\0\0'  # kind, value of orientation


@pytest.mark.parametrize('value, turned', [
    (b'', 0), (b'\xff' * 10, 0), (b'Exif\0\0', 0), (b'Exif\0\0II*\0' + b'\xff' * 4, 0),
    *((b'Exif\0\0' + MOTOROLA % kind, 1) for kind in (
        (1, b'\6\0\0\0'), (3, b'\0\6\0\0'), (4, b'\0\0\0\6')))])
def test_exif_of_other_forms(value, turned):
    file = io.BytesIO()
    Image.new('RGB', (32, 16), 'red').save(file, 'JPEG', exif=value)
    assert open_image(file, 'x').size == ((16, 32) if turned else (32, 16))


@pytest.mark.parametrize('name', ['x_16', 'x_gps_neg', 'x_rat_float', 'x_ver_neg'])
def test_odd_exif_of_the_field(name):
    path = shared('cases', '07-exif-struct-error', f'{name}.jpg')
    with Image.open(path) as image:
        assert open_image(path).size == image.size[::-1]


GREY = np.linspace(0, 1, 64 * 48).reshape(48, 64)


@pytest.mark.parametrize('name, values', [
    ('16.png', (GREY * 65535).astype(np.uint16)), ('16.tif', (GREY * 65535).astype(np.uint16)),
    ('12.png', (GREY * 4095).astype(np.uint16)), ('32.tif', (GREY * 65535).astype(np.int32)),
    ('24.tif', (GREY * (2 ** 24 - 1)).astype(np.int32)), ('unit.tif', GREY.astype(np.float32)),
    ('float.tif', (GREY * 255).astype(np.float32)), ('8.tif', (GREY * 255).astype(np.uint8)),
    ('nan.tif', np.where(GREY < 0.01, np.nan, GREY).astype(np.float32)),
    ('inf.tif', np.where(GREY < 0.01, np.inf, GREY).astype(np.float32)),
    ('16.pgm', (GREY * 65535).astype(np.uint16))])
def test_grey_of_any_depth(tmp_path, name, values):
    path = str(tmp_path / name)
    # Older releases of Pillow read PGMs of 16 bits but do not write them.
    cv2.imwrite(path, values) if '.pgm' in name else Image.fromarray(values).save(path)
    image = np.asarray(open_image(path)).astype(int)
    assert image.shape == (48, 64, 3)
    assert np.abs(image - GREY[..., None] * 255).max() < 4
    with Image.open(path) as picture:  # the engine makes the same of it
        assert np.array_equal(image, as_array(picture)[..., :3])


def test_the_people_of_a_picture_of_16_bits():
    image = np.asarray(open_image(shared('cases', '06-grey16-png', 'grey16.png')))
    assert 50 < image.mean() < 200 and (image == 255).mean() < 0.1


@pytest.mark.parametrize('mode, format', [
    ('1', 'PNG'), ('L', 'PNG'), ('P', 'PNG'), ('P', 'GIF'), ('RGBA', 'PNG'), ('LA', 'PNG'),
    ('CMYK', 'JPEG'), ('CMYK', 'TIFF'), ('YCbCr', 'JPEG'), ('RGBA', 'WebP'), ('RGBA', 'TIFF')])
def test_pictures_of_any_mode(mode, format):
    colour = Image.new('RGB', (32, 32), (255, 255, 255))
    colour.paste((0, 0, 0), (0, 0, 16, 32))
    file = io.BytesIO()
    colour.convert(mode).save(file, format)
    image = np.asarray(open_image(file, 'x'))
    assert image.shape == (32, 32, 3)
    assert image[8:24, :12].max() < 40 and image[8:24, 20:].min() > 215


@pytest.mark.parametrize('format', ['PNG', 'WebP', 'TIFF', 'GIF'])
def test_what_is_transparent_stays_hidden(format):
    image = Image.new('RGBA', (32, 32), (255, 0, 0, 0))
    image.paste((0, 0, 255, 255), (0, 0, 16, 32))
    file = io.BytesIO()
    image.save(file, format, **({'exact': True, 'lossless': True} if format == 'WebP' else {}))
    pixels = np.asarray(open_image(file, 'x'))
    assert (pixels[:, :16] == (0, 0, 255)).all() and (pixels[:, 16:] == 255).all()


@pytest.mark.parametrize('format', ['GIF', 'PNG', 'WebP', 'TIFF'])
def test_of_a_file_with_several_pictures_the_first_is_taken(caplog, format):
    file, pages = io.BytesIO(), [Image.new('RGB', (32, 32), c) for c in ('red', 'lime', 'blue')]
    pages[0].save(file, format, save_all=True, append_images=pages[1:])
    image = np.asarray(open_image(file, 'x'))
    assert image[9, 9, 0] > 250 and image[9, 9, 1:].max() < 5
    assert caplog.messages == ['x has several pictures, of which only the first is looked at']


@pytest.mark.parametrize('format', ['JPEG', 'PNG', 'TIFF', 'GIF', 'WebP', 'BMP', 'PPM'])
def test_damaged_pictures_are_an_error_or_a_picture(format):
    file = io.BytesIO()
    Image.open(io.BytesIO(picture(0, (64, 64)))).save(file, format)
    random = np.random.RandomState(0)
    for _ in range(60):
        data = bytearray(file.getvalue())
        for at in random.randint(0, min(len(data), 400), 5):
            data[at] = random.randint(256)
        data = data[:random.randint(len(data) // 2, len(data) + 1)]
        with warnings.catch_warnings():
            warnings.simplefilter('error')
            try:
                assert open_image(io.BytesIO(data), 'x').mode == 'RGB'
            except CameraError as error:
                assert str(error).startswith('x: ') and '\n' not in str(error)


def test_an_address_is_no_picture_and_not_shown():
    with pytest.raises(CameraError, match=r'^http://h: No such file or directory$'):
        open_image('http://me:secret@h/secret.jpg')


def test_only_damaged_pictures_are_an_error(tmp_path, caplog):
    for name in ('a.png', 'b.png'):
        (tmp_path / name).write_bytes(b'')
    assert error_of(str(tmp_path)) == f'none of the 2 pictures at {str(tmp_path)!r} can be read'
    assert len(caplog.messages) == 2


def test_photographs_are_no_film(tmp_path):
    for name in 'ab':
        Image.new('L', (16, 16)).save(str(tmp_path / f'{name}.png'))
    with Camera(str(tmp_path), realtime=True) as camera:
        assert camera.pictures
        time.sleep(0.2)
        assert [frame.name for frame in camera] == ['a.png', 'b.png']  # none is dropped
    assert not Camera('clip.mp4').pictures


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
    path = tmp_path / 'a.png'
    camera = Camera(str(path))
    Image.new('RGB', (16, 16)).save(str(path))
    with camera:
        assert len(list(camera)) == 1
    assert os.listdir(str(tmp_path)) == ['a.png']
