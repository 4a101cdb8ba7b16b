"""People painted or blurred where a mask has them, or all but people."""
from posesuite.display.mask import COLOR, MARGIN, MASKS, draw_mask

import numpy as np
import pytest

HEIGHT, WIDTH = 240, 320
PERSON = slice(80, 160), slice(100, 220)
CORNERS = [(0, 0), (0, WIDTH - 1), (HEIGHT - 1, 0), (HEIGHT - 1, WIDTH - 1)]


def image() -> np.ndarray:
    """Fine stripes, black and white, in which the person's are red."""
    stripes = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    stripes[:, ::2] = 255
    stripes[PERSON][..., 1:] = 0
    return stripes


def mask() -> np.ndarray:
    people = np.zeros((HEIGHT, WIDTH), np.uint8)
    people[PERSON] = 255
    return people


def test_people_are_painted_to_the_last_pixel_and_a_little_beyond():
    painted = draw_mask(image(), mask(), 'paint')
    assert (painted[PERSON] == COLOR).all()
    changed = np.argwhere((painted != image()).any(2))
    reach = 1.6 * MARGIN * WIDTH
    assert changed.min(0).tolist() >= [80 - reach, 100 - reach]
    assert changed.max(0).tolist() <= [159 + reach, 219 + reach]


def test_a_background_is_painted_up_to_the_people():
    painted = draw_mask(image(), mask(), 'paint-background')
    assert [painted[corner].tolist() for corner in CORNERS] == [list(COLOR)] * 4
    assert np.array_equal(painted[90:150, 110:210], image()[90:150, 110:210])


def test_blurred_people_lose_their_details_and_keep_their_colour():
    blurred = draw_mask(image(), mask(), 'blur')
    inside = blurred[100:140, 130:190].astype(int)
    assert inside.std((0, 1)).max() < 8  # of stripes that have 127
    assert inside.mean((0, 1)).tolist() == pytest.approx([127, 0, 0], abs=25)
    assert np.array_equal(blurred[:60], image()[:60])


def test_a_blurred_background_takes_no_colour_from_the_people():
    blurred = draw_mask(image(), mask(), 'blur-background').astype(int)
    assert blurred[:60].std() < 8
    outside = (mask() == 0) & (np.abs(blurred - blurred[..., :1]).max(2) > 12)
    assert outside.mean() < 0.02  # at the soft edge alone
    assert np.array_equal(blurred[90:150, 110:210], image()[90:150, 110:210])


@pytest.mark.parametrize('how', MASKS)
@pytest.mark.parametrize('size', [(1, 1), (1, 500), (500, 1), (3, 2)])
def test_pictures_of_any_size(how, size):
    picture = np.full((*size, 3), 90, np.uint8)
    picture.flags.writeable = False
    for value in 0, 255:
        drawn = draw_mask(picture, np.full(size, value, np.uint8), how)
        assert (drawn.shape, drawn.dtype) == (picture.shape, np.uint8)
        if (value > 0) == how.endswith('background'):
            assert (drawn == 90).all()
