"""Pictures moved, mixed and fitted, and what the teacher sees in them."""
import pathlib

from helpers import google_model
from training_data import write_pictures

import numpy as np
import pytest

torch = pytest.importorskip('torch')


@pytest.mark.parametrize('kind', ['WHOLE', 'CUT'])
def test_keypoints_move_with_their_picture(kind):
    """A dot drawn at a keypoint is where the view says; a mirror swaps left and right."""
    from posesuite.pose.skeleton import MIRRORED
    from training import views
    from training.scenes import HEIGHT, OUTSIDE, SEEN, WIDTH
    from training.views import move_keypoints, placement

    import cv2
    kind, size = {'WHOLE': (views.WHOLE, views.SIZE), 'CUT': (views.CUT, views.CUT_SIZE)}[kind]
    rng, mirrors, seen, scales = np.random.default_rng(0), 0, 0, []
    for _ in range(40):
        keypoints = np.zeros((6, 17, 3), np.float32)
        keypoints[1, 5] = rng.uniform(40, WIDTH - 40), rng.uniform(40, HEIGHT - 40), SEEN
        image = np.zeros((HEIGHT, WIDTH), np.float32)
        cv2.circle(image, tuple(keypoints[1, 5, :2].round().astype(int).tolist()), 6, 1., -1)
        matrix, mirror = placement(rng, keypoints, (WIDTH, HEIGHT), size, kind)
        scales.append(abs(np.linalg.det(matrix[:, :2])) ** .5)
        moved = move_keypoints(keypoints, matrix, mirror, size)
        x, y, state = moved[1, MIRRORED[5] if mirror else 5]
        mirrors += mirror
        assert not moved[[0, 2, 3, 4, 5]].any()
        if state == OUTSIDE:
            assert not (1 <= x < size[0] - 1 and 1 <= y < size[1] - 1)
            continue
        seen += 1
        view = cv2.warpAffine(image, matrix, size)
        rows, columns = np.nonzero(view > .5)
        if 16 < x < size[0] - 16 and 16 < y < size[1] - 16:
            assert (columns.mean(), rows.mean()) == pytest.approx((x, y), abs=1.5)
    assert 5 < mirrors < 25
    assert seen > 25
    # A cut has people about as large as a whole view has them.
    assert .6 < np.median(scales) < 1.1


def test_views_are_fitted_by_the_engine(tmp_path):
    """A tall picture that is not varied is what PoseEngine feeds its network, keypoints with it."""
    from posesuite.engine.image import fit
    from training import shards
    from training.scenes import MAX_PEOPLE, SEEN
    from training.views import Views
    picture = np.random.default_rng(0).integers(0, 256, (480, 300, 3), np.uint8)
    keypoints = np.zeros((1, MAX_PEOPLE, 17, 3), np.float32)
    keypoints[0, 0] = 299, 240, SEEN
    shards.write_shard(shards.shard_path(tmp_path, 0), images=picture[None], keypoints=keypoints,
                       areas=np.zeros((1, MAX_PEOPLE), np.float32))
    views = Views(shards.find_shards(tmp_path), None, 1, 0, vary=False)
    view = views.view(np.random.default_rng(0))
    canvas = np.zeros((353, 481, 3), np.uint8)
    assert view.image.shape == (353, 481, 3)
    fit(picture, canvas)
    assert (view.image == canvas).all()
    assert view.used == (221, 353)
    assert view.keypoints[0, :, :2] == pytest.approx(np.tile([299 * 221 / 300, 176.5], (17, 1)))


def test_views_vary_as_cameras_do(tmp_path):
    """Some leave a grey bar at the right or below, kept while colours change; nobody is in it."""
    from training.scenes import OUTSIDE
    from training.views import Views
    views = Views(write_pictures(tmp_path, 4), None, 8, 0)
    tall = wide = whole = 0
    rng = np.random.default_rng(0)
    for _ in range(150):
        view = views.view(rng)
        width, height = view.used
        tall, wide = tall + (width < 470), wide + (height < 345)
        whole += (width, height) == (481, 353)
        inside = view.keypoints[view.keypoints[..., 2] > OUTSIDE][:, :2]
        assert (inside <= view.used).all()
        assert (view.image[height:] == 128).all() and (view.image[:, width:] == 128).all()
    assert tall > 10 and wide > 3 and whole > 60
    batch = next(iter(views))
    assert batch.images.shape == (8, 3, 353, 481)
    grey = (batch.images[:, :, :, -1] == 0).flatten(1).all(1)
    assert 0 < grey.sum() < 8


def test_teacher_sees_what_the_student_sees(tmp_path):
    """Its maps in a batch are its answer to the very bytes of the batch."""
    from training.teacher import HINTS, Teacher
    from training.views import Views
    path = pathlib.Path(google_model('353_481'))
    batch = next(iter(Views(write_pictures(tmp_path, 4), path, 2, 0)))
    assert batch.has_teacher
    assert batch.has_truth.all()
    assert len(batch.hints) == len(HINTS) == 3
    teacher = Teacher(path)
    for n, image in enumerate(batch.images):
        seen = ((image + 1) * 128).permute(1, 2, 0).numpy()
        assert (seen == seen.astype(np.uint8)).all()
        answer = teacher.look(np.ascontiguousarray(seen.astype(np.uint8)))
        maps = [batch.heatmaps, batch.short_offsets, batch.mid_offsets, *batch.hints]
        assert len(answer) == len(maps) == 6
        for expected, got in zip(answer, maps):
            assert expected.any()
            assert (got[n].numpy() == expected).all()


def test_views_of_another_size(tmp_path):
    """A picture in a quarter of the area, keypoints and the teacher's maps with it."""
    from training.views import CUT_SIZE, Views
    path = pathlib.Path(google_model('353_481'))
    batch = next(iter(Views(write_pictures(tmp_path, 4), path, 3, 0, vary=False, size=CUT_SIZE)))
    assert batch.images.shape == (3, 3, 177, 241)
    assert batch.heatmaps.shape == (3, 17, 12, 16)
    assert batch.hints[0].shape == (3, 192, 23, 31)
    known = batch.keypoints[batch.has_truth][:, 0]
    assert len(known)
    assert known[..., :2].numpy() == pytest.approx(np.tile([200, 150], known.shape[:2] + (1,)) *
                                                   177 / 480, abs=.5)
